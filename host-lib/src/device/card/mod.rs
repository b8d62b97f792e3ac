//! Cards: the engine on top of the driver, behind any transport.
//!
//! | module | is |
//! |---|---|
//! | [`engine`] | one open card: lock, recovery after errors, identity, counters |
//! | [`msm`], [`combine`] | MSMs: resident bases, commands, segment sums |
//! | [`ntt`], [`factors`] | transforms: commands, factor blocks, four steps over the host |
//! | [`columns`] | longer ones in card memory |
//! | [`elements`] | the fields of vectors |
//! | [`vectors`] | vectors that stay in card memory |
//! | [`goldilocks`] | transforms over Goldilocks |
//! | [`find`] | cards in this machine's slots |
//! | [`residency`], [`kept`] | which bases lie in card memory, which in host memory for the card |
//! | [`words`] | arkworks' types as the card's words |
//! | `simulated`, `in_process` | the simulated card in this process (feature `sim`) |

mod columns;
mod combine;
#[cfg(all(test, target_os = "linux"))]
mod curves_tests;
mod elements;
mod engine;
mod factors;
mod find;
mod goldilocks;
#[cfg(all(feature = "sim", target_os = "linux"))]
mod in_process;
mod kept;
#[cfg(all(test, feature = "sim", target_os = "linux"))]
mod kept_tests;
mod msm;
mod multiples;
mod ntt;
mod residency;
#[cfg(all(test, feature = "sim", target_os = "linux"))]
mod secrets_tests;
#[cfg(all(feature = "sim", target_os = "linux"))]
mod simulated;
#[cfg(all(test, target_os = "linux"))]
mod soft;
mod vectors;
mod words;

#[cfg(all(feature = "sim", target_os = "linux"))]
pub use simulated::{default_config, load_config, load_config_with, over_goldilocks};

use super::{DeviceName, Options, cost::Link, engine::Engine};
use crate::{Error, Result};
use engine::{CardEngine, Nature};
use gristmill_driver::{Card, Limits, Transport};
use std::sync::Arc;

/// Opens a card or simulated card by name.
pub(crate) fn open(name: &DeviceName, options: &Options) -> Result<Arc<dyn Engine>> {
    let (transport, nature) = connect(name, options)?;
    let card = Card::open_with(transport, driver_options(options)).map_err(|e| unavailable(name, e.to_string()))?;
    Ok(Arc::new(CardEngine::new(card, nature)))
}

/// The way to a card or simulated card, for who drives it without this library's engine: a
/// benchmark of the link, a bring-up tool. [`gristmill_driver::Card`] takes it.
///
/// # Errors
/// [`Error::DeviceName`] and [`Error::DeviceUnavailable`]; the latter for `auto` and `cpu` too.
pub fn transport(name: &str, options: &Options) -> Result<Box<dyn Transport>> {
    match name.parse()? {
        name @ (DeviceName::Auto | DeviceName::Cpu) => Err(unavailable(
            &name,
            "this takes a card by its name: sim, vfio:BDF, vfio-user:SOCKET or serial:PORT".into(),
        )),
        name => Ok(connect(&name, options)?.0),
    }
}

fn unavailable(name: &DeviceName, reason: String) -> Error {
    Error::DeviceUnavailable { device: name.to_string(), reason }
}

fn connect(name: &DeviceName, options: &Options) -> Result<(Box<dyn Transport>, Nature)> {
    match name {
        DeviceName::Auto | DeviceName::Cpu => Err(Error::Internal(format!("{name} is no card"))),
        DeviceName::Sim | DeviceName::SimVerilator | DeviceName::SimNetlist => simulated(name, options),
        DeviceName::Vfio(_) | DeviceName::VfioUser(_) | DeviceName::Serial(_) => {
            if options.config.is_some() || options.curve.is_some() {
                let reason = "a configuration or curve can be given to simulated cards in this process only (sim, sim:verilator, sim:netlist)";
                return Err(unavailable(name, reason.into()));
            }
            let transport = gristmill_driver::open(&name.to_string()).map_err(|e| unavailable(name, e.to_string()))?;
            Ok((transport, Nature { kind: "card", ..Nature::default() }))
        }
    }
}

fn driver_options(options: &Options) -> gristmill_driver::Options {
    let limits = Limits { least_cycles: options.time_outs.cycles, wall: options.time_outs.wall, ..Limits::default() };
    gristmill_driver::Options { limits, wait: options.wait, ..gristmill_driver::Options::default() }
}

#[cfg(all(feature = "sim", target_os = "linux"))]
fn simulated(name: &DeviceName, options: &Options) -> Result<(Box<dyn Transport>, Nature)> {
    simulated::open(name, options)
}

#[cfg(not(all(feature = "sim", target_os = "linux")))]
fn simulated(name: &DeviceName, _options: &Options) -> Result<(Box<dyn Transport>, Nature)> {
    Err(Error::DeviceUnavailable {
        device: name.to_string(),
        reason: "this build has no simulator; build with the feature `sim` (on Linux), or use the device `cpu`".into(),
    })
}

/// A card of this machine for the device `auto`, if there is one that can be opened. Never a
/// simulator, and never a serial port: what is behind one is not known without writing to it.
pub(crate) fn find(options: &Options) -> Option<(DeviceName, Arc<dyn Engine>, Link)> {
    find::cards().into_iter().find_map(|(address, link)| {
        let name = DeviceName::Vfio(address);
        let options = Options { config: None, curve: None, ..options.clone() };
        match open(&name, &options) {
            Ok(engine) => Some((name, engine, link)),
            Err(error) => {
                tracing::warn!(device = %name, %error, "a card is there but cannot be opened");
                None
            }
        }
    })
}
