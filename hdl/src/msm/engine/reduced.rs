//! The engine with sizes that no scalar asks for, so small that a solver sees through all its states.

use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::twin::Fidelity;
use rust_hdl::prelude::*;

use crate::curve::{PointAdder256, BN254};
use crate::field::BN254_FR;
use crate::msm::config::TURNAROUND;
use crate::msm::{BankedTracker, Msm256, MsmConfig, Parking, Summation};

/// Sizes of an engine for formal verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// Windows of one segment each: chains of the summation.
    pub windows: usize,
    /// Buckets of a window.
    pub buckets_per_window: usize,
    /// Places of the FIFO of sums, at least 5.
    pub stall_depth: usize,
    /// The adder's latency in cycles.
    pub latency: usize,
}

impl Reduced {
    /// Buckets of all windows.
    pub fn buckets(&self) -> usize {
        self.windows * self.buckets_per_window
    }
}

impl Msm256 {
    /// The pipelined engine in `sizes`: every block of it is the card's own, built smaller. It is meant for its Verilog, where the
    /// recoder (which sends operands of full scalars) and the adder (which takes 62 cycles) have to be replaced; infinity is Z = 0
    /// and the Z of an operand from the recoder is 1. See `hdl/formal`.
    ///
    /// # Panics
    /// If the sizes make no engine.
    pub fn reduced(sizes: &Reduced) -> Self {
        assert!(sizes.buckets().is_multiple_of(2) && sizes.stall_depth > 4, "{sizes:?} make no engine");
        let turnaround = sizes.latency + TURNAROUND;
        let config =
            MsmConfig { curve: Curve::Bn254, window_bits: 2, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
        let bank = || Ram::with_style(sizes.buckets() / 2, RamStyle::Ultra).apart();
        let mut msm = Self::with_adder(&config, &BN254, &BN254_FR, PointAdder256::new(&BN254, Fidelity::Twin));
        msm.banked = vec![BankedTracker::new(sizes.buckets())];
        msm.buckets = bank();
        msm.odd = vec![bank()];
        msm.summation = Summation::new(sizes.windows, sizes.buckets_per_window, turnaround, 0);
        msm.chains = Ram::new(2 * sizes.windows).apart();
        msm.results = Fifo::new(sizes.stall_depth);
        // One behind the first.
        msm.parking = vec![Parking::new(2)];
        msm.tag = vec![Delay::new(sizes.latency)];
        msm.one = Constant::new(1u64.into());
        msm.urgent = Constant::new((sizes.stall_depth as u64 - 4).into());
        msm.last_wiped = Constant::new((sizes.buckets().max(turnaround + 5) as u64 - 1).into());
        msm.last_sum = Constant::new((2 * sizes.windows as u64 - 1).into());
        msm
    }
}
