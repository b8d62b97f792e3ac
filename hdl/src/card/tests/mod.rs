//! The card as a whole, against memories that misbehave as far as AXI lets them.

mod bench;
mod engines;
mod faults;
mod memory;
mod moves;
mod queue;
mod registers;
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
