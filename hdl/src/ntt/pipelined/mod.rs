//! The pipelined engine: B butterflies a cycle, vectors that come and go meanwhile.
//!
//! A word's way, in files:
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | [`PipelinedNtt`], all of this behind the streams |
//! | [`transfers`] | control of loads and stores: which word goes where, in which order |
//! | [`blocks`] | the factors that multiply a vector before and after |
//! | [`banks`] | the two memories, and the ways between banks and butterflies |
//! | [`stages`] | control of the butterflies: addresses, order, hazards |
//! | [`twiddles`] | the table of twiddles |
//! | [`wing`] | the butterfly, of either kind of field |
//! | [`reverse`] | an index turned around |
//! | [`cycles`] | how long all that takes |

pub mod banks;
pub mod blocks;
pub mod cycles;
pub mod engine;
pub mod reverse;
pub mod stages;
pub mod transfers;
pub mod twiddles;
pub mod wing;

pub use cycles::{Shape, Timing};
pub use engine::PipelinedNtt;

/// log2 of the most butterflies side by side.
pub const MOST_LOG_WINGS: u32 = 3;

use rust_hdl::prelude::{Bits, Constant, ToBits};

/// The digits of m bits of an index, by place: bit j of their exclusive or is the parity of the index under mask j, and has weight j.
fn fold(m: u32) -> (Vec<Constant<Bits<32>>>, Vec<Constant<Bits<4>>>) {
    let every_mth = |digit: u32| (digit..32).step_by(m as usize).map(|bit| 1u64 << bit).sum::<u64>();
    let masks = (0..m).map(|digit| Constant::new(every_mth(digit).to_bits())).collect();
    (masks, (0..m).map(|digit| Constant::new((1u64 << digit).to_bits())).collect())
}
