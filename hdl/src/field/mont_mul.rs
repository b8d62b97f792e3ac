//! The fully pipelined Montgomery multiplier: r = a*b/R mod p, one product a cycle.
//!
//! L + 1 stages of three cycles ([`super::mont_stage`]), then the carry-save result, which lies
//! below 2p, is resolved and reduced by a [`ModAdd`]: latency 3 (L + 1) + 2, that is 53 cycles for
//! 256 bits and 77 for 384.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::{ports, twin, word::U};
use rust_hdl::prelude::*;

use super::add_sub::ModAdd;
use super::join::Join;
use super::mont_stage::{MontStage, STAGE_LATENCY};
use super::native::NativeWord;
use super::FieldParams;

/// Carry-save lanes to a reduced residue.
#[derive(LogicBlock)]
pub struct Resolve<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub y: Signal<In, U<LW>>,
    pub r: Signal<Out, U<W>>,
    low: Join<16, W>,
    high: Join<16, W>,
    sum: ModAdd<W>,
}

impl<const L: usize, const W: usize, const LW: usize> Resolve<L, W, LW> {
    /// Cycles from lanes to residue.
    pub const LATENCY: usize = ModAdd::<W>::LATENCY;

    /// For a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        Self {
            clock: Default::default(),
            y: Default::default(),
            r: Default::default(),
            low: Default::default(),
            high: Default::default(),
            sum: ModAdd::new(params),
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
        self.r.next = self.sum.r.val();
    }
}

/// The RTL of [`MontMul`].
#[derive(LogicBlock)]
pub struct MontMulRtl<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    stage: Vec<MontStage<L, W, LW>>,
    a_delay: Vec<Delay<U<W>>>,
    b_delay: Vec<Delay<U<16>>>,
    resolve: Resolve<L, W, LW>,
    _stages: usize,
}

impl<const L: usize, const W: usize, const LW: usize> MontMulRtl<L, W, LW> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = STAGE_LATENCY * (L + 1) + Resolve::<L, W, LW>::LATENCY;

    /// A multiplier in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            stage: (0..L + 1).map(|_| MontStage::new(params)).collect(),
            // The last stage gets no digit of b and so needs no a.
            a_delay: (0..L).map(|s| Delay::new(if s == 0 { 0 } else { STAGE_LATENCY })).collect(),
            b_delay: (0..L).map(|s| Delay::new(STAGE_LATENCY * s)).collect(),
            resolve: Resolve::new(params),
            _stages: L + 1,
        }
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for MontMulRtl<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, resolve);
        for s in 0..self._stages {
            self.stage[s].clock.next = self.clock.val();
            self.stage[s].a.next = 0.into();
            self.stage[s].b.next = 0.into();
        }
        for s in 0..L {
            self.a_delay[s].clock.next = self.clock.val();
            self.b_delay[s].clock.next = self.clock.val();
            self.b_delay[s].d.next = self.b.val().get_bits::<16>(s * 16);
            self.stage[s].a.next = self.a_delay[s].q.val();
            self.stage[s].b.next = self.b_delay[s].q.val();
        }
        self.a_delay[0].d.next = self.a.val();
        self.stage[0].y.next = 0.into();
        for s in 1..L {
            self.a_delay[s].d.next = self.a_delay[s - 1].q.val();
        }
        // The last assignment of a loop wins: the last stage's result.
        self.resolve.y.next = 0.into();
        for s in 1..self._stages {
            self.stage[s].y.next = self.stage[s - 1].r.val();
            self.resolve.y.next = self.stage[s].r.val();
        }
        self.r.next = self.resolve.r.val();
    }
}

ports!([const L: usize, const W: usize, const LW: usize] MontMulRtl<L, W, LW> { in: a, b; out: r });

twin! {
    /// r = a*b/R mod p for reduced operands, one product a cycle: [`MontMulRtl`] or its twin.
    ///
    /// L digits of 16 bits, W = 16 L bits a word, LW = 23 (L + 1): use the aliases
    /// [`MontMul256`](super::MontMul256) and [`MontMul384`](super::MontMul384).
    pub struct MontMul[const L: usize, const W: usize, const LW: usize][L, W, LW] for MontMulRtl<L, W, LW> {
        in a: U<W>, b: U<W>;
        out r: U<W>
    }
}

impl<const L: usize, const W: usize, const LW: usize> MontMul<L, W, LW> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = MontMulRtl::<L, W, LW>::LATENCY;

    /// A multiplier in a field of W-bit words.
    pub fn new(params: &FieldParams, fidelity: Fidelity) -> Self {
        let native = NativeWord::new(params);
        Self::twin(MontMulRtl::new(params), Self::LATENCY, fidelity, move |(a, b)| (native.mul(&a, &b),))
    }
}
