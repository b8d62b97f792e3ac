//! Modular addition or subtraction, as each cycle asks, II = 1: one unit for a schedule of sums.
//!
//! First a + b or a - b, then minus or plus p, one after the other, so that both are plain
//! additions of two operands (where [`ModAdd`](super::ModAdd) computes them beside each other in half of the
//! cycles and twice the logic). Each is cut into chunks of 32 bits that are summed for both
//! possible carries and chosen in the next cycle.

use gristmill_hdl_kit::word::{bit_cast_u, U};
use gristmill_hdl_kit::{ports, word};
use rust_hdl::prelude::*;

use super::join::Join;
use super::FieldParams;

/// Bits of a chunk.
const CHUNK_BITS: usize = 32;

/// 32 bits of a sum for both carries in, registered; in the next cycle the one that `carry` chooses.
#[derive(LogicBlock)]
pub struct SumChunk {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<32>>,
    pub b: Signal<In, U<32>>,
    pub carry: Signal<In, Bit>,
    /// Carries out without and with a carry in.
    pub carry0: Signal<Out, U<1>>,
    pub carry1: Signal<Out, U<1>>,
    pub r: Signal<Out, U<32>>,
    s0: DFF<U<33>>,
    s1: DFF<U<33>>,
    one: Constant<U<34>>,
    with_carry: Signal<Local, U<34>>,
}

impl Default for SumChunk {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            carry: Default::default(),
            carry0: Default::default(),
            carry1: Default::default(),
            r: Default::default(),
            s0: Default::default(),
            s1: Default::default(),
            one: Constant::new(1u64.into()),
            with_carry: Default::default(),
        }
    }
}

impl Logic for SumChunk {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s0, s1);
        self.s0.d.next = bit_cast_u::<33, 32>(self.a.val()) + bit_cast_u::<33, 32>(self.b.val());
        // a + b + 1 as one carry chain: a 1 beside the lowest bits of both.
        self.with_carry.next = ((bit_cast_u::<34, 32>(self.a.val()) << 1) | self.one.val())
            + ((bit_cast_u::<34, 32>(self.b.val()) << 1) | self.one.val());
        self.s1.d.next = self.with_carry.val().get_bits::<33>(1);
        self.carry0.next = self.s0.q.val().get_bits::<1>(32);
        self.carry1.next = self.s1.q.val().get_bits::<1>(32);
        self.r.next = self.s0.q.val().get_bits::<32>(0);
        if self.carry.val() {
            self.r.next = self.s1.q.val().get_bits::<32>(0);
        }
    }
}

/// a + b + carry_in of the next cycle, modulo 2^W, and the carry out; both one cycle later.
#[derive(LogicBlock)]
pub struct ChunkedSum<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    /// In the cycle of the result.
    pub carry_in: Signal<In, Bit>,
    pub r: Signal<Out, U<W>>,
    pub carry_out: Signal<Out, Bit>,
    chunk: Vec<SumChunk>,
    carry0: Signal<Local, U<18>>,
    carry1: Signal<Local, U<18>>,
    first: Signal<Local, U<18>>,
    carries: Signal<Local, U<18>>,
    joined: Join<32, W>,
    one: Constant<U<18>>,
    _chunks: usize,
}

impl<const W: usize> Default for ChunkedSum<W> {
    fn default() -> Self {
        assert!(W.is_multiple_of(CHUNK_BITS) && W / CHUNK_BITS <= 16, "ChunkedSum: a width of {W} bits");
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            carry_in: Default::default(),
            r: Default::default(),
            carry_out: Default::default(),
            chunk: (0..W / CHUNK_BITS).map(|_| SumChunk::default()).collect(),
            carry0: Default::default(),
            carry1: Default::default(),
            first: Default::default(),
            carries: Default::default(),
            joined: Default::default(),
            one: Constant::new(1u64.into()),
            _chunks: W / CHUNK_BITS,
        }
    }
}

impl<const W: usize> Logic for ChunkedSum<W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.carry0.next = 0.into();
        self.carry1.next = 0.into();
        for i in 0..self._chunks {
            self.chunk[i].clock.next = self.clock.val();
            self.chunk[i].a.next = self.a.val().get_bits::<32>(i * 32);
            self.chunk[i].b.next = self.b.val().get_bits::<32>(i * 32);
            self.carry0.next = self.carry0.val() | (self.chunk[i].carry0.val().to_bits::<18>() << i);
            self.carry1.next = self.carry1.val() | (self.chunk[i].carry1.val().to_bits::<18>() << i);
            self.joined.part[i].next = self.chunk[i].r.val();
        }
        // Adding what chunks generate and what they propagate has a carry at bit i just where chunk i has one.
        self.first.next = 0.into();
        if self.carry_in.val() {
            self.first.next = self.one.val();
        }
        self.carries.next =
            ((self.carry0.val() + self.carry1.val()) + self.first.val()) ^ (self.carry0.val() ^ self.carry1.val());
        // The last assignment of a loop wins: the carry out of the highest chunk.
        self.carry_out.next = false;
        for i in 0..self._chunks {
            self.chunk[i].carry.next = self.carries.val().get_bit(i);
            self.carry_out.next = self.carries.val().get_bit(i + 1);
        }
        self.r.next = self.joined.whole.val();
    }
}

/// r = a + b mod p, or a - b mod p with `subtract`, for reduced operands; also a + b for any
/// a + b < 2p, as the results of [`MontLoop`](super::MontLoop) are.
#[derive(LogicBlock)]
pub struct ModSum<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub subtract: Signal<In, Bit>,
    pub r: Signal<Out, U<W>>,
    plain: ChunkedSum<W>,
    reduced: ChunkedSum<W>,
    subtract1: DFF<Bit>,
    subtract2: DFF<Bit>,
    subtract3: DFF<Bit>,
    sum: DFF<U<W>>,
    sum_again: DFF<U<W>>,
    over: DFF<Bit>,
    over_again: DFF<Bit>,
    result: DFF<U<W>>,
    p: Constant<U<W>>,
    not_p: Constant<U<W>>,
}

impl<const W: usize> ModSum<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = 4;

    /// A unit in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(W);
        let p: word::U<W> = params.prime().into();
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            subtract: Default::default(),
            r: Default::default(),
            plain: Default::default(),
            reduced: Default::default(),
            subtract1: Default::default(),
            subtract2: Default::default(),
            subtract3: Default::default(),
            sum: Default::default(),
            sum_again: Default::default(),
            over: Default::default(),
            over_again: Default::default(),
            result: Default::default(),
            p: Constant::new(p),
            not_p: Constant::new(super::add_sub::complement(&params.prime())),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const W: usize> Logic for ModSum<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, subtract1, subtract2, subtract3, sum, sum_again, over, over_again, result);
        clock!(self, clock, plain, reduced);
        // a + b, or a + ~b + 1 with a carry out unless a < b.
        self.plain.a.next = self.a.val();
        self.plain.b.next = self.b.val();
        if self.subtract.val() {
            self.plain.b.next = !self.b.val();
        }
        self.subtract1.d.next = self.subtract.val();
        self.plain.carry_in.next = self.subtract1.q.val();
        self.sum.d.next = self.plain.r.val();
        self.over.d.next = self.plain.carry_out.val();
        self.subtract2.d.next = self.subtract1.q.val();
        // That + ~p + 1 with a carry out unless it is below p, or + p.
        self.reduced.a.next = self.sum.q.val();
        self.reduced.b.next = self.not_p.val();
        if self.subtract2.q.val() {
            self.reduced.b.next = self.p.val();
        }
        self.subtract3.d.next = self.subtract2.q.val();
        self.sum_again.d.next = self.sum.q.val();
        self.over_again.d.next = self.over.q.val();
        self.reduced.carry_in.next = !self.subtract3.q.val();
        self.result.d.next = self.sum_again.q.val();
        if (self.subtract3.q.val() && (!self.over_again.q.val()))
            || ((!self.subtract3.q.val()) && self.reduced.carry_out.val())
        {
            self.result.d.next = self.reduced.r.val();
        }
        self.r.next = self.result.q.val();
    }
}

ports!([const W: usize] ModSum<W> { in: a, b, subtract; out: r });
