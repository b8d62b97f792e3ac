//! The grammar of the commands for boards.

use clap::{Args, ValueEnum};
use gristmill_bitstreams::flow::Router;
use std::path::PathBuf;

/// `gristmill build`.
#[derive(Args, Debug)]
pub struct Build {
    /// The board: ulx3s-85f, ecpix5-85f
    #[arg(long, value_name = "BOARD", required_unless_present_any = ["check", "tools_only"])]
    pub board: Option<String>,
    /// The card's configuration: the name of a built-in one, or a TOML file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "ecp5-85k")]
    pub config: String,
    /// Where the image goes, a folder: made anew, whole or not at all [default: image-BOARD]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the placement: another one is another attempt at the clock [default: the board's]
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// The card's clock [default: the board's]
    #[arg(long, value_name = "MHZ", value_parser = mhz)]
    pub freq: Option<u64>,
    /// Where yosys, nextpnr-ecp5 and ecppack come from
    #[arg(long, value_enum, default_value = "pinned")]
    pub tools: ToolsArg,
    /// nextpnr's router
    #[arg(long, value_enum, default_value = "router2")]
    pub router: RouterArg,
    /// Stop after the Verilog
    #[arg(long, conflicts_with = "synth_only")]
    pub verilog_only: bool,
    /// Stop after synthesis: area by module, no clock, no bitstream
    #[arg(long)]
    pub synth_only: bool,
    /// Build nothing: say of each image in DIR (default: the source's bitstreams/images) whether it is what
    /// this source would make; exit code 0 all fresh, 1 some stale
    #[arg(long, conflicts_with_all = ["board", "tools_only", "verilog_only", "synth_only"])]
    pub check: bool,
    /// Build nothing: install the tools if need be, and say which they are
    #[arg(long, conflicts_with_all = ["board", "out", "verilog_only", "synth_only"])]
    pub tools_only: bool,
}

/// Where tools come from.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolsArg {
    /// Exact packages from PyPI, in the cache folder: the same bitstream from the same source
    Pinned,
    /// The programs on PATH
    Native,
    /// The programs on PATH if they are new enough, else the packages
    Auto,
}

/// `gristmill program`.
#[derive(Args, Debug)]
pub struct Program {
    /// The board: ulx3s-85f, ecpix5-85f
    #[arg(long, value_name = "BOARD")]
    pub board: String,
    /// The image's folder [default: the source's bitstreams/images/BOARD]
    #[arg(long, value_name = "DIR")]
    pub image: Option<PathBuf>,
    /// Also an image that is not what this source would make
    #[arg(long)]
    pub force: bool,
    /// Into the flash, where it outlives the power, instead of into the part
    #[arg(long)]
    pub flash: bool,
    /// The card's serial link, to read its identity back, such as serial:/dev/ttyUSB0 [default: found by USB id]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
}

/// `--router`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RouterArg {
    /// One connection after the other; takes apart what is in the way
    Router1,
    /// All at once over shared wires, then again and again where they are shared
    Router2,
}

impl From<RouterArg> for Router {
    fn from(arg: RouterArg) -> Self {
        match arg {
            RouterArg::Router1 => Router::Router1,
            RouterArg::Router2 => Router::Router2,
        }
    }
}

/// Megahertz, as hertz.
fn mhz(text: &str) -> Result<u64, String> {
    let hz = text.parse::<f64>().ok().map(|mhz| mhz * 1e6).filter(|hz| (1e6..=1e9).contains(hz));
    let whole = hz.filter(|hz| hz.fract() == 0.0).map(|hz| hz as u64);
    whole.ok_or_else(|| format!("`{text}` is not a whole number of Hz from 1 to 1000 MHz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        assert_eq!(mhz("60"), Ok(60_000_000));
        assert_eq!(mhz("62.5"), Ok(62_500_000));
        for wrong in ["", "0", "nan", "inf", "-60", "60MHz", "1e9", "60.0000001"] {
            assert!(mhz(wrong).is_err(), "{wrong}");
        }
    }
}
