//! The netlist of `--device sim:netlist` and `gristmill sim --engine netlist`: from the cache, or synthesized.

use crate::error::CliError;
use std::path::PathBuf;

/// The device that needs one.
pub const DEVICE: &str = "sim:netlist";
/// The configuration that it has if none is named.
#[cfg(feature = "sim")]
pub const CONFIG: &str = "ecp5-85k";

/// The netlist of a configuration: synthesized if it is not in the cache, which takes minutes.
#[cfg(all(feature = "sim", feature = "bitstreams"))]
pub fn build(config: Option<&str>) -> Result<PathBuf, CliError> {
    use gristmill_bitstreams::netlist::{Part, card};
    let config = gristmill::device::load_config(config.unwrap_or(CONFIG))?;
    let mut say = |line: &str| crate::output::complain(format_args!("{line}"));
    Ok(card(&config, Part::Whole, &mut say)?)
}

/// This build has no synthesis.
#[cfg(not(all(feature = "sim", feature = "bitstreams")))]
pub fn build(_config: Option<&str>) -> Result<PathBuf, CliError> {
    Err(CliError::NotOffered {
        option: "device",
        value: format!("{DEVICE} without --netlist in a build without the features `sim` and `bitstreams`"),
        choices: "--netlist FILE.v, or a build with both features",
    })
}
