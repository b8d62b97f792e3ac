//! The sum of a word's halves, exact, for Karatsuba's product; chunks of 64 bits with carry select.

use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

use super::join::Join;

/// 64 bits of the sum for both carries in; registered, then chosen and registered again.
#[derive(LogicBlock)]
pub struct HalfChunk {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<64>>,
    pub b: Signal<In, U<64>>,
    /// Next cycle: the carry into this chunk, and those out of it without and with a carry in.
    pub carry: Signal<In, Bit>,
    pub made: Signal<Out, U<1>>,
    pub passed: Signal<Out, U<1>>,
    pub r: Signal<Out, U<64>>,
    sum0: DFF<U<65>>,
    sum1: DFF<U<65>>,
    chosen: DFF<U<64>>,
    one: Constant<U<65>>,
}

impl Default for HalfChunk {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            carry: Default::default(),
            made: Default::default(),
            passed: Default::default(),
            r: Default::default(),
            sum0: Default::default(),
            sum1: Default::default(),
            chosen: Default::default(),
            one: Constant::new(1u64.into()),
        }
    }
}

impl Logic for HalfChunk {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, sum0, sum1, chosen);
        self.sum0.d.next = bit_cast_u::<65, 64>(self.a.val()) + bit_cast_u::<65, 64>(self.b.val());
        self.sum1.d.next = (bit_cast_u::<65, 64>(self.a.val()) + bit_cast_u::<65, 64>(self.b.val())) + self.one.val();
        self.made.next = self.sum0.q.val().get_bits::<1>(64);
        self.passed.next = self.sum1.q.val().get_bits::<1>(64);
        self.chosen.d.next = self.sum0.q.val().get_bits::<64>(0);
        if self.carry.val() {
            self.chosen.d.next = self.sum1.q.val().get_bits::<64>(0);
        }
        self.r.next = self.chosen.q.val();
    }
}

/// r = (a mod 2^(W/2)) + floor(a / 2^(W/2)): W/2 + 1 bits, two cycles later. W is a multiple of 128, at most 384.
#[derive(LogicBlock)]
pub struct HalfSum<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    chunk: Vec<HalfChunk>,
    high: Signal<Local, U<W>>,
    made: Signal<Local, U<4>>,
    passed: Signal<Local, U<4>>,
    sums: Signal<Local, U<4>>,
    carries: Signal<Local, U<4>>,
    top: DFF<Bit>,
    top_word: Signal<Local, U<64>>,
    joined: Join<64, W>,
    half: Constant<Bits<10>>,
    one: Constant<U<64>>,
    _chunks: usize,
    _parts: usize,
}

impl<const W: usize> HalfSum<W> {
    /// Cycles from operand to result.
    pub const LATENCY: usize = 2;

    /// For words of W bits.
    pub fn new() -> Self {
        assert!(W.is_multiple_of(128) && W <= 384, "HalfSum: a width of {W} bits");
        Self {
            clock: Default::default(),
            a: Default::default(),
            r: Default::default(),
            chunk: (0..W / 128).map(|_| HalfChunk::default()).collect(),
            high: Default::default(),
            made: Default::default(),
            passed: Default::default(),
            sums: Default::default(),
            carries: Default::default(),
            top: Default::default(),
            top_word: Default::default(),
            joined: Default::default(),
            half: Constant::new(((W / 2) as u64).into()),
            one: Constant::new(1u64.into()),
            _chunks: W / 128,
            _parts: W / 64,
        }
    }
}

impl<const W: usize> Default for HalfSum<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const W: usize> Logic for HalfSum<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, top);
        self.high.next = self.a.val() >> self.half.val();
        self.made.next = 0.into();
        self.passed.next = 0.into();
        for i in 0..self._chunks {
            self.chunk[i].clock.next = self.clock.val();
            self.chunk[i].a.next = self.a.val().get_bits::<64>(i * 64);
            self.chunk[i].b.next = self.high.val().get_bits::<64>(i * 64);
            self.made.next = self.made.val() | (self.chunk[i].made.val().to_bits::<4>() << i);
            self.passed.next = self.passed.val() | (self.chunk[i].passed.val().to_bits::<4>() << i);
        }
        // As in `select_sum`: the sum of both carries out has a carry at bit i just where chunk i has one.
        self.sums.next = self.made.val() + self.passed.val();
        self.carries.next = self.sums.val() ^ (self.made.val() ^ self.passed.val());
        // The upper half is empty but for the carry: the part behind the last chunk keeps it.
        self.top_word.next = 0.into();
        if self.top.q.val() {
            self.top_word.next = self.one.val();
        }
        self.top.d.next = false;
        for i in 0..self._parts {
            self.joined.part[i].next = 0.into();
        }
        for i in 0..self._chunks {
            self.chunk[i].carry.next = self.carries.val().get_bit(i);
            self.top.d.next = self.carries.val().get_bit(i + 1);
            self.joined.part[i + 1].next = self.top_word.val();
        }
        for i in 0..self._chunks {
            self.joined.part[i].next = self.chunk[i].r.val();
        }
        self.r.next = self.joined.whole.val();
    }
}
