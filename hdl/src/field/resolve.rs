//! The end of a digit-serial multiplication: carry-save lanes to a reduced residue.

use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::join::Join;
use super::mod_sum::ModSum;
use super::FieldParams;

/// Carry-save lanes to a reduced residue.
#[derive(LogicBlock)]
pub struct Resolve<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub y: Signal<In, U<LW>>,
    pub r: Signal<Out, U<W>>,
    low: Join<16, W>,
    high: Join<16, W>,
    sum: ModSum<W>,
}

impl<const L: usize, const W: usize, const LW: usize> Resolve<L, W, LW> {
    /// Cycles from lanes to residue.
    pub const LATENCY: usize = ModSum::<W>::LATENCY;

    /// For a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        Self {
            clock: Default::default(),
            y: Default::default(),
            r: Default::default(),
            low: Default::default(),
            high: Default::default(),
            sum: ModSum::new(params),
        }
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for Resolve<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum);
        // The highest lane's upper bits are zero, because the value is below 2p < 2^W.
        self.high.part[0].next = 0.into();
        for j in 0..L {
            self.low.part[j].next = self.y.val().get_bits::<16>(j * 23);
        }
        for j in 1..L {
            self.high.part[j].next = self.y.val().get_bits::<7>((j - 1) * 23 + 16).to_bits::<16>();
        }
        self.sum.a.next = self.low.whole.val();
        self.sum.b.next = self.high.whole.val();
        self.sum.subtract.next = false;
        self.r.next = self.sum.r.val();
    }
}
