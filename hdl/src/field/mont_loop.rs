//! The stage of a Montgomery multiplier in a loop, without control: what a fixed schedule needs.
//!
//! As in [`MontMulSerial`](super::MontMulSerial) three products go round in one stage, each for
//! L + 1 passes of three cycles, but nothing tells who is where: `load` puts new operands into the
//! slot that comes round (into its register before the stage, so that no choice stands before the multipliers), and the result stands at the outputs in a known cycle. Loads L + 1 cycles
//! apart always meet a slot whose product has just left, since L + 1 is no multiple of three.
//! The result leaves as two words to be added: the schedule has an adder for that anyway.

use gristmill_hdl_kit::{ports, word::U};
use rust_hdl::prelude::*;

use super::join::Join;
use super::mont_stage::{MontStage, STAGE_LATENCY};
use super::FieldParams;

/// low + high = a*b/R mod p, or that plus p, for reduced operands; below 2p.
///
/// Operands are taken in a cycle with `load`; the result stands at the outputs for one cycle,
/// [`LATENCY`](Self::LATENCY) cycles later. Two loads are [`INTERVAL`](Self::INTERVAL) cycles or a multiple of that
/// apart, or `LATENCY` or more; else the first one's result is lost, and nothing more.
#[derive(LogicBlock)]
pub struct MontLoop<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub load: Signal<In, Bit>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub low: Signal<Out, U<W>>,
    pub high: Signal<Out, U<W>>,
    stage: MontStage<L, W, LW>,
    low_join: Join<16, W>,
    high_join: Join<16, W>,
    // The slots, going round in step with the stage: a, and what is left of b.
    a1: DFF<U<W>>,
    a2: DFF<U<W>>,
    a3: DFF<U<W>>,
    b1: DFF<U<W>>,
    b2: DFF<U<W>>,
    b3: DFF<U<W>>,
    /// What comes round is new.
    fresh: DFF<Bit>,
}

impl<const L: usize, const W: usize, const LW: usize> MontLoop<L, W, LW> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = 1 + STAGE_LATENCY * (L + 1);
    /// Cycles between loads.
    pub const INTERVAL: usize = L + 1;

    /// A loop in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        assert!(!(L + 1).is_multiple_of(STAGE_LATENCY), "MontLoop: {L} digits would meet their own slot");
        Self {
            clock: Default::default(),
            load: Default::default(),
            a: Default::default(),
            b: Default::default(),
            low: Default::default(),
            high: Default::default(),
            stage: MontStage::new(params),
            low_join: Default::default(),
            high_join: Default::default(),
            a1: Default::default(),
            a2: Default::default(),
            a3: Default::default(),
            b1: Default::default(),
            b2: Default::default(),
            b3: Default::default(),
            fresh: Default::default(),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for MontLoop<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, a1, a2, a3, b1, b2, b3, fresh);
        clock!(self, clock, stage);
        self.stage.a.next = self.a3.q.val();
        self.stage.y.next = self.stage.r.val();
        if self.fresh.q.val() {
            self.stage.y.next = 0.into();
        }
        self.stage.b.next = self.b3.q.val().get_bits::<16>(0);
        self.a1.d.next = self.a3.q.val();
        self.a2.d.next = self.a1.q.val();
        self.a3.d.next = self.a2.q.val();
        self.b1.d.next = self.b3.q.val() >> 16;
        self.b2.d.next = self.b1.q.val();
        self.b3.d.next = self.b2.q.val();
        self.fresh.d.next = self.load.val();
        if self.load.val() {
            self.a3.d.next = self.a.val();
            self.b3.d.next = self.b.val();
        }
        // The highest lane's upper bits are zero, because the value is below 2p < 2^W.
        self.high_join.part[0].next = 0.into();
        for j in 0..L {
            self.low_join.part[j].next = self.stage.r.val().get_bits::<16>(j * 23);
        }
        for j in 1..L {
            self.high_join.part[j].next = self.stage.r.val().get_bits::<7>((j - 1) * 23 + 16).to_bits::<16>();
        }
        self.low.next = self.low_join.whole.val();
        self.high.next = self.high_join.whole.val();
    }
}

ports!([const L: usize, const W: usize, const LW: usize] MontLoop<L, W, LW> { in: load, a, b; out: low, high });
