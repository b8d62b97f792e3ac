//! Multi-scalar multiplication: sum of s_i * P_i by signed windows and buckets (Pippenger).
//!
//! | part | does |
//! |---|---|
//! | [`Recoder`] | scalars to signed digits, one operand (bucket, +-P) a cycle |
//! | [`BankedTracker`] | which buckets hold a point, and which operands go in this cycle |
//! | [`Parking`] | sums that wait for a cycle in which the adder has nothing else |
//! | [`PacedTracker`] | the same for a serial adder: two operands, over several cycles |
//! | [`Summation`] | the order in which the buckets of all segments are summed |
//! | [`Pace`] | when the adder takes an addition, and when what stands around it moves |
//! | [`TagRing`] | where the sums of a serial adder belong |
//! | [`Msm`] | the engine: these around one point adder and two memories of points |
//! | [`Slicer`] | scalars into slices, one for each of several adders |
//! | [`Lanes`] | the engine with several adders: an [`Msm`] for the windows of each |
//! | [`WideMsm`] | the engine for coordinates of 384 bits, behind streams of 256 |
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
pub use wide::{Narrow, WideMsm, Widen};

/// Engine for curves over 256-bit words (BN254).
pub type Msm256 = Msm<16, 256, 391>;
/// Engine with several adders for curves over 256-bit words.
pub type Lanes256 = Lanes<16, 256, 391>;
/// Engine for curves over 384-bit words (BLS12-381, BLS12-377).
pub type Msm384 = Msm<24, 384, 575>;

#[cfg(test)]
pub(crate) mod tests;
