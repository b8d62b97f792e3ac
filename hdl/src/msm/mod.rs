//! Multi-scalar multiplication: sum of s_i * P_i by signed windows and buckets (Pippenger).
//!
//! | part | does |
//! |---|---|
//! | [`Recoder`] | scalars to signed digits, one operand (bucket, +-P) a cycle |
//! | [`BankedTracker`] | which buckets hold a point, and which operands go in this cycle |
//! | [`Parking`] | sums that wait for a cycle in which the adder, or a bank, has nothing else |
//! | [`PacedTracker`] | the same for a serial adder: two operands, over several cycles |
//! | [`Summation`] | the order in which the buckets of all segments are summed |
//! | [`Pace`] | when the adder takes an addition, and when what stands around it moves |
//! | [`TagRing`] | where the sums of a serial adder belong |
//! | [`Msm`] | the engine: these around one point adder and two memories of points |
//! | [`Slicer`] | scalars into slices, one for each of several adders |
//! | [`Lanes`] | the engine with several adders: an [`Msm`] for the windows of each |
//! | [`WideMsm`] | the engine for coordinates of 384 bits, with one adder or several, behind streams of 256 |
//! | [`ManyMsm`] | any engine but that with one adder for coordinates of 256 bits |
//! | [`model`] | what must come out, on plain integers |
//! | [`CycleModel`] | how many cycles it takes, without points |
//!
//! How it works, what it costs and what the counters mean: `docs/msm.md`.

mod banked_tracker;
mod config;
mod cycles;
mod engine;
mod lanes;
pub mod model;
mod pace;
mod paced_tracker;
mod parking;
mod point;
mod ram2;
mod recoder;
mod redc;
mod redc_serial;
mod summation;
mod tag_ring;
mod wide;

use gristmill_hdl_kit::either;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::{Bit, Bits};

pub use banked_tracker::BankedTracker;
pub use config::MsmConfig;
pub use cycles::{digits, CycleModel, Cycles};
pub use engine::{Msm, Reduced};
pub use lanes::{Lanes, Slicer};
pub use pace::Pace;
pub use paced_tracker::PacedTracker;
pub use parking::Parking;
pub use point::{Operand, Point};
pub use ram2::Ram2;
pub use recoder::Recoder;
pub use redc::Redc;
pub use redc_serial::RedcSerial;
pub use summation::Summation;
pub use tag_ring::TagRing;
pub use wide::{AnyMsm384, Narrow, WideMsm, Widen};

/// Engine for curves over 256-bit words (BN254).
pub type Msm256 = Msm<16, 256, 391>;
/// Engine with several adders for curves over 256-bit words.
pub type Lanes256 = Lanes<16, 256, 391>;
/// Engine for curves over 384-bit words (BLS12-381, BLS12-377).
pub type Msm384 = Msm<24, 384, 575>;
/// Engine with several adders for curves over 384-bit words.
pub type Lanes384 = Lanes<24, 384, 575>;

either! {
    /// An engine whose events are counts: with lanes, or for coordinates of 384 bits.
    pub struct ManyMsm as ManyMsmKind {
        Lanes: Lanes256, Wide: WideMsm;
        in reset: Bit, start: Bit, count: U<32>, montgomery: Bit, base_data: U<256>, base_valid: Bit,
            scalar_data: U<256>, scalar_valid: Bit, out_ready: Bit;
        out base_ready: Bit, scalar_ready: Bit, out_data: U<256>, out_valid: Bit, done: Bit, ready: Bit,
            scalar_error: Bit, scalar_index: U<32>, busy: Bit, counts: Bits<20>, adds: U<64>;
    }
}

#[cfg(test)]
pub(crate) mod tests;
