//! The digit-serial Montgomery multiplier: one stage, three products going round in it.
//!
//! The stage takes three cycles a digit and a product L + 1 passes ([`super::mont_stage`]), so
//! three products in their slots give one every L + 1 cycles: 17 for 256 bits, 25 for 384, with
//! about 1/(L + 1) of the pipelined multiplier's hardware. A product takes 3 (L + 1) + 2 cycles.

use gristmill_hdl_kit::{ports, word::U};
use rust_hdl::prelude::*;

use super::mont_stage::{MontStage, STAGE_LATENCY};
use super::resolve::Resolve;
use super::FieldParams;

/// r = a*b/R mod p for reduced operands.
///
/// A product is taken in each cycle in which `in_valid` and `in_ready` are high; its result stands
/// in `r` for one cycle with `out_valid` high and the `tag` it came with in `out_tag`. There is no
/// back-pressure on results. Results come in the order of the operands. `in_ready` does not
/// depend on `in_valid`. Use the aliases [`MontMulSerial256`](super::MontMulSerial256) and
/// [`MontMulSerial384`](super::MontMulSerial384).
#[derive(LogicBlock)]
pub struct MontMulSerial<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub tag: Signal<In, U<16>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub r: Signal<Out, U<W>>,
    pub out_tag: Signal<Out, U<16>>,
    pub out_valid: Signal<Out, Bit>,
    stage: MontStage<L, W, LW>,
    resolve: Resolve<L, W, LW>,
    // The slots, going round in step with the stage: a, what is left of b, passes done.
    a1: DFF<U<W>>,
    a2: DFF<U<W>>,
    a3: DFF<U<W>>,
    b1: DFF<U<W>>,
    b2: DFF<U<W>>,
    b3: DFF<U<W>>,
    pass1: DFF<U<6>>,
    pass2: DFF<U<6>>,
    pass3: DFF<U<6>>,
    tag1: DFF<U<16>>,
    tag2: DFF<U<16>>,
    tag3: DFF<U<16>>,
    busy1: DFF<Bit>,
    busy2: DFF<Bit>,
    busy3: DFF<Bit>,
    // Of the slot that comes round: it goes on, or its product is complete. From registers, since whole words hang on it.
    held: DFF<Bit>,
    finished: DFF<Bit>,
    // Beside the resolver.
    out_tag1: DFF<U<16>>,
    out_tag2: DFF<U<16>>,
    out_tag3: DFF<U<16>>,
    out_tag4: DFF<U<16>>,
    out_busy1: DFF<Bit>,
    out_busy2: DFF<Bit>,
    out_busy3: DFF<Bit>,
    out_busy4: DFF<Bit>,
    free: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    b_now: Signal<Local, U<W>>,
    one: Constant<U<6>>,
    passes: Constant<U<6>>,
}

impl<const L: usize, const W: usize, const LW: usize> MontMulSerial<L, W, LW> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = STAGE_LATENCY * (L + 1) + Resolve::<L, W, LW>::LATENCY;
    /// Products that go round at a time.
    pub const SLOTS: usize = STAGE_LATENCY;
    /// Cycles a product when all slots are busy.
    pub const INTERVAL: usize = L + 1;

    /// A multiplier in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            a: Default::default(),
            b: Default::default(),
            tag: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            r: Default::default(),
            out_tag: Default::default(),
            out_valid: Default::default(),
            stage: MontStage::new(params),
            resolve: Resolve::new(params),
            a1: Default::default(),
            a2: Default::default(),
            a3: Default::default(),
            b1: Default::default(),
            b2: Default::default(),
            b3: Default::default(),
            pass1: Default::default(),
            pass2: Default::default(),
            pass3: Default::default(),
            tag1: Default::default(),
            tag2: Default::default(),
            tag3: Default::default(),
            busy1: Default::default(),
            busy2: Default::default(),
            busy3: Default::default(),
            held: Default::default(),
            finished: Default::default(),
            out_tag1: Default::default(),
            out_tag2: Default::default(),
            out_tag3: Default::default(),
            out_tag4: Default::default(),
            out_busy1: Default::default(),
            out_busy2: Default::default(),
            out_busy3: Default::default(),
            out_busy4: Default::default(),
            free: Default::default(),
            last: Default::default(),
            b_now: Default::default(),
            one: Constant::new(1u64.into()),
            passes: Constant::new((L as u64 + 1).into()),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for MontMulSerial<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, a1, a2, a3, b1, b2, b3, pass1, pass2, pass3, tag1, tag2, tag3);
        dff_setup!(self, clock, busy1, busy2, busy3, held, finished, out_tag1, out_tag2, out_tag3, out_tag4);
        dff_setup!(self, clock, out_busy1, out_busy2, out_busy3, out_busy4);
        clock!(self, clock, stage, resolve);
        self.last.next = self.pass2.q.val() == self.passes.val();
        self.finished.d.next = self.busy2.q.val() & self.last.val();
        self.held.d.next = self.busy2.q.val() & !self.last.val();
        self.free.next = !self.held.q.val();
        self.in_ready.next = self.free.val();
        // What enters the stage: the slot that comes round, or a new product in its place.
        self.stage.a.next = self.a3.q.val();
        self.stage.y.next = self.stage.r.val();
        self.b_now.next = self.b3.q.val();
        self.a1.d.next = self.a3.q.val();
        self.pass1.d.next = self.pass3.q.val() + self.one.val();
        self.tag1.d.next = self.tag3.q.val();
        self.busy1.d.next = self.busy3.q.val();
        if self.free.val() {
            self.stage.a.next = self.a.val();
            self.stage.y.next = 0.into();
            self.b_now.next = self.b.val();
            self.a1.d.next = self.a.val();
            self.pass1.d.next = self.one.val();
            self.tag1.d.next = self.tag.val();
            self.busy1.d.next = self.in_valid.val();
        }
        self.stage.b.next = self.b_now.val().get_bits::<16>(0);
        self.b1.d.next = self.b_now.val() >> 16;
        self.a2.d.next = self.a1.q.val();
        self.a3.d.next = self.a2.q.val();
        self.b2.d.next = self.b1.q.val();
        self.b3.d.next = self.b2.q.val();
        self.pass2.d.next = self.pass1.q.val();
        self.pass3.d.next = self.pass2.q.val();
        self.tag2.d.next = self.tag1.q.val();
        self.tag3.d.next = self.tag2.q.val();
        self.busy2.d.next = self.busy1.q.val();
        self.busy3.d.next = self.busy2.q.val();
        // What leaves.
        self.resolve.y.next = self.stage.r.val();
        self.out_tag1.d.next = self.tag3.q.val();
        self.out_busy1.d.next = self.finished.q.val();
        self.out_tag2.d.next = self.out_tag1.q.val();
        self.out_busy2.d.next = self.out_busy1.q.val();
        self.out_tag3.d.next = self.out_tag2.q.val();
        self.out_busy3.d.next = self.out_busy2.q.val();
        self.out_tag4.d.next = self.out_tag3.q.val();
        self.out_busy4.d.next = self.out_busy3.q.val();
        self.r.next = self.resolve.r.val();
        self.out_tag.next = self.out_tag4.q.val();
        self.out_valid.next = self.out_busy4.q.val();
        if self.reset.val() {
            self.busy1.d.next = false;
            self.busy2.d.next = false;
            self.busy3.d.next = false;
            self.held.d.next = false;
            self.finished.d.next = false;
            self.out_busy1.d.next = false;
            self.out_busy2.d.next = false;
            self.out_busy3.d.next = false;
            self.out_busy4.d.next = false;
        }
    }
}

ports!([const L: usize, const W: usize, const LW: usize] MontMulSerial<L, W, LW> {
    in: reset, a, b, tag, in_valid;
    out: in_ready, r, out_tag, out_valid
});
