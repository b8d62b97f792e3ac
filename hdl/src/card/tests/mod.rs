//! The card as a whole, against memories that misbehave as far as AXI lets them.

mod adders;
mod batches;
mod bench;
mod columns;
mod curves;
mod elementwise;
pub(crate) mod engines;
mod faults;
mod goldilocks;
mod memory;
pub(crate) mod moves;
mod queue;
mod queues;
mod registers;
mod serial;
mod speed;
mod verilog;

use super::Card;
use crate::config::CardConfig;
use bench::Bench;
use memory::Manner;

fn bench(manner: Manner, seed: u64) -> Bench {
    let mut bench = Bench::new(Card::without_engines(&CardConfig::tiny()), manner, seed);
    bench.idle(1);
    bench
}

/// No kernel uses a construct that means another thing in Verilog.
#[test]
fn sources_pass_the_check() {
    let folder = |name: &str| format!("{}/src/{name}", env!("CARGO_MANIFEST_DIR"));
    let report =
        gristmill_hdl_kit::source_check::check(&["bus", "queue", "card"].map(folder)).expect("readable sources");
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.kernels >= 9, "{} kernels", report.kernels);
}
