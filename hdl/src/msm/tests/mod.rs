//! The engine against its model and arkworks; its parts against theirs; Verilog against both.

pub(crate) mod bench;
mod blocks;
mod curves;
mod cycles;
mod distributions;
mod engine;
pub(crate) mod on_curve;
mod pins;
mod serial;
mod verilog;

use bench::{Bench, Command, Stalls};

/// No kernel of the engine uses a construct that means another thing in Verilog.
#[test]
fn sources_pass_the_check() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/msm");
    let report = gristmill_hdl_kit::source_check::check(&[folder]).expect("readable sources");
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.kernels >= 5);
}
