//! Cards: the engine on top of the driver, behind any transport.
//!
//! Not there yet: every name is answered with an error that says so.

use super::{DeviceName, Options, engine::Engine};
use crate::{Error, Result};
use std::sync::Arc;

/// Opens a card or simulated card by name.
pub(crate) fn open(name: &DeviceName, _options: &Options) -> Result<Arc<dyn Engine>> {
    Err(Error::DeviceUnavailable {
        device: name.to_string(),
        reason: "this build has no card back end; use the device `cpu`".into(),
    })
}

/// A card of this machine for the device `auto`, if there is one that can be opened. Never a
/// simulator.
pub(crate) fn find(_options: &Options) -> Option<(DeviceName, Arc<dyn Engine>)> {
    None
}
