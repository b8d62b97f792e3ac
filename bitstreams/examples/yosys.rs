//! Runs the yosys that the estimates take (the one named in GRISTMILL_YOSYS, a new enough one of the path, or the pinned
//! one) with the given arguments, in this folder: for scripts.

use gristmill_bitstreams::estimate::yosys::Yosys;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let yosys = match Yosys::find() {
        Ok(yosys) => yosys,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    match yosys.tool().command(Path::new(".")).args(std::env::args_os().skip(1)).status() {
        Ok(status) => ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)),
        Err(e) => {
            eprintln!("yosys: {e}");
            ExitCode::FAILURE
        }
    }
}
