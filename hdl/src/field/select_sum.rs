//! Two additions at once, of which one is chosen by a sign: the core of every modular sum.
//!
//! A modular addition needs a + b and a + b - p, a modular subtraction a - b and a - b + p. Both
//! candidates are computed side by side and the second's sign chooses. A W-bit carry chain would
//! set the clock, so each addition is cut into chunks of 32 bits that are summed for both
//! possible carries (carry select); the chunks' carries are resolved one cycle later by an
//! addition of W/32 bits. Latency 2 whatever W is; the price is twice the adder bits.

use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

use super::join::Join;

/// Bits of a chunk.
pub const CHUNK_BITS: usize = 32;

/// 32 bits of both sums, for both carries in; registered, then chosen and registered again.
#[derive(LogicBlock)]
pub struct Chunk {
    pub clock: Signal<In, Clock>,
    pub s_a: Signal<In, U<32>>,
    pub s_b: Signal<In, U<32>>,
    pub t_a: Signal<In, U<32>>,
    pub t_b: Signal<In, U<32>>,
    /// Next cycle: the carries into this chunk, and whether T is the result.
    pub s_carry: Signal<In, Bit>,
    pub t_carry: Signal<In, Bit>,
    pub take_t: Signal<In, Bit>,
    /// Carries out of this chunk without (generate) and with (propagate) a carry in.
    pub s_generate: Signal<Out, U<1>>,
    pub s_propagate: Signal<Out, U<1>>,
    pub t_generate: Signal<Out, U<1>>,
    pub t_propagate: Signal<Out, U<1>>,
    /// T's highest bit in this chunk without and with a carry in.
    pub t_high0: Signal<Out, Bit>,
    pub t_high1: Signal<Out, Bit>,
    pub r: Signal<Out, U<32>>,
    s0: DFF<U<33>>,
    s1: DFF<U<33>>,
    t0: DFF<U<33>>,
    t1: DFF<U<33>>,
    chosen: DFF<U<32>>,
    one: Constant<U<33>>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            s_a: Default::default(),
            s_b: Default::default(),
            t_a: Default::default(),
            t_b: Default::default(),
            s_carry: Default::default(),
            t_carry: Default::default(),
            take_t: Default::default(),
            s_generate: Default::default(),
            s_propagate: Default::default(),
            t_generate: Default::default(),
            t_propagate: Default::default(),
            t_high0: Default::default(),
            t_high1: Default::default(),
            r: Default::default(),
            s0: Default::default(),
            s1: Default::default(),
            t0: Default::default(),
            t1: Default::default(),
            chosen: Default::default(),
            one: Constant::new(1u64.into()),
        }
    }
}

impl Logic for Chunk {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s0, s1, t0, t1, chosen);
        self.s0.d.next = bit_cast_u::<33, 32>(self.s_a.val()) + bit_cast_u::<33, 32>(self.s_b.val());
        self.s1.d.next = (bit_cast_u::<33, 32>(self.s_a.val()) + bit_cast_u::<33, 32>(self.s_b.val())) + self.one.val();
        self.t0.d.next = bit_cast_u::<33, 32>(self.t_a.val()) + bit_cast_u::<33, 32>(self.t_b.val());
        self.t1.d.next = (bit_cast_u::<33, 32>(self.t_a.val()) + bit_cast_u::<33, 32>(self.t_b.val())) + self.one.val();
        self.s_generate.next = self.s0.q.val().get_bits::<1>(32);
        self.s_propagate.next = self.s1.q.val().get_bits::<1>(32);
        self.t_generate.next = self.t0.q.val().get_bits::<1>(32);
        self.t_propagate.next = self.t1.q.val().get_bits::<1>(32);
        self.t_high0.next = self.t0.q.val().get_bit(31);
        self.t_high1.next = self.t1.q.val().get_bit(31);
        if self.take_t.val() {
            self.chosen.d.next = self.t0.q.val().get_bits::<32>(0);
            if self.t_carry.val() {
                self.chosen.d.next = self.t1.q.val().get_bits::<32>(0);
            }
        } else {
            self.chosen.d.next = self.s0.q.val().get_bits::<32>(0);
            if self.s_carry.val() {
                self.chosen.d.next = self.s1.q.val().get_bits::<32>(0);
            }
        }
        self.r.next = self.chosen.q.val();
    }
}

/// S = s_a + s_b and T = t_a + t_b (+ 1 if so built), modulo 2^W; r = T if T's bit W-1 is 0, else S.
///
/// W is a multiple of 32 and at most 512. Bit W-1 is the sign: the caller's T lies between
/// -2^(W-1) and 2^(W-1).
#[derive(LogicBlock)]
pub struct SelectSum<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub s_a: Signal<In, U<W>>,
    pub s_b: Signal<In, U<W>>,
    pub t_a: Signal<In, U<W>>,
    pub t_b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    chunk: Vec<Chunk>,
    s_generate: Signal<Local, U<18>>,
    s_propagate: Signal<Local, U<18>>,
    t_generate: Signal<Local, U<18>>,
    t_propagate: Signal<Local, U<18>>,
    s_carries: Signal<Local, U<18>>,
    t_carries: Signal<Local, U<18>>,
    t_last_carry: Signal<Local, Bit>,
    t_high0: Signal<Local, Bit>,
    t_high1: Signal<Local, Bit>,
    take_t: Signal<Local, Bit>,
    joined: Join<32, W>,
    t_carry_in: Constant<U<18>>,
    _chunks: usize,
}

impl<const W: usize> SelectSum<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = 2;

    /// `t_carry_in` adds 1 to T.
    pub fn new(t_carry_in: bool) -> Self {
        assert!(W.is_multiple_of(CHUNK_BITS) && W / CHUNK_BITS <= 16, "SelectSum: a width of {W} bits");
        Self {
            clock: Default::default(),
            s_a: Default::default(),
            s_b: Default::default(),
            t_a: Default::default(),
            t_b: Default::default(),
            r: Default::default(),
            chunk: (0..W / CHUNK_BITS).map(|_| Chunk::default()).collect(),
            s_generate: Default::default(),
            s_propagate: Default::default(),
            t_generate: Default::default(),
            t_propagate: Default::default(),
            s_carries: Default::default(),
            t_carries: Default::default(),
            t_last_carry: Default::default(),
            t_high0: Default::default(),
            t_high1: Default::default(),
            take_t: Default::default(),
            joined: Default::default(),
            t_carry_in: Constant::new((t_carry_in as u64).into()),
            _chunks: W / CHUNK_BITS,
        }
    }
}

impl<const W: usize> Logic for SelectSum<W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.s_generate.next = 0.into();
        self.s_propagate.next = 0.into();
        self.t_generate.next = 0.into();
        self.t_propagate.next = 0.into();
        for i in 0..self._chunks {
            self.chunk[i].clock.next = self.clock.val();
            self.chunk[i].s_a.next = self.s_a.val().get_bits::<32>(i * 32);
            self.chunk[i].s_b.next = self.s_b.val().get_bits::<32>(i * 32);
            self.chunk[i].t_a.next = self.t_a.val().get_bits::<32>(i * 32);
            self.chunk[i].t_b.next = self.t_b.val().get_bits::<32>(i * 32);
            self.s_generate.next = self.s_generate.val() | (self.chunk[i].s_generate.val().to_bits::<18>() << i);
            self.s_propagate.next = self.s_propagate.val() | (self.chunk[i].s_propagate.val().to_bits::<18>() << i);
            self.t_generate.next = self.t_generate.val() | (self.chunk[i].t_generate.val().to_bits::<18>() << i);
            self.t_propagate.next = self.t_propagate.val() | (self.chunk[i].t_propagate.val().to_bits::<18>() << i);
            self.joined.part[i].next = self.chunk[i].r.val();
        }
        // Adding generate and propagate has a carry at bit i just where chunk i has one: a chunk
        // that generates has both bits set, one that only propagates has one, one that kills none.
        self.s_carries.next =
            (self.s_generate.val() + self.s_propagate.val()) ^ (self.s_generate.val() ^ self.s_propagate.val());
        self.t_carries.next = ((self.t_generate.val() + self.t_propagate.val()) + self.t_carry_in.val())
            ^ (self.t_generate.val() ^ self.t_propagate.val());
        // The last assignment of a loop wins: the highest chunk's sign.
        self.t_last_carry.next = false;
        self.t_high0.next = false;
        self.t_high1.next = false;
        for i in 0..self._chunks {
            self.t_last_carry.next = self.t_carries.val().get_bit(i);
            self.t_high0.next = self.chunk[i].t_high0.val();
            self.t_high1.next = self.chunk[i].t_high1.val();
        }
        self.take_t.next = !self.t_high0.val();
        if self.t_last_carry.val() {
            self.take_t.next = !self.t_high1.val();
        }
        for i in 0..self._chunks {
            self.chunk[i].s_carry.next = self.s_carries.val().get_bit(i);
            self.chunk[i].t_carry.next = self.t_carries.val().get_bit(i);
            self.chunk[i].take_t.next = self.take_t.val();
        }
        self.r.next = self.joined.whole.val();
    }
}
