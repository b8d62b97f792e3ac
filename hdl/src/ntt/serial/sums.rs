//! Sum and difference of two residues, 32 bits a cycle: what a digit-serial butterfly ends with.
//!
//! Products come every 17 cycles, so two modular adders as wide as the word would stand idle most
//! of the time. Here each of the two results has a lane of two 32-bit additions: the plain sum
//! P = a + r or a - r, and from it Q = P - p or P + p. After eight steps their last carries say
//! which of the two lies in 0 .. p.
//!
//! P shifts into the registers from which the operands shift out, so four words of registers are
//! all there is. Which lane adds and which subtracts is an input: that costs 32 gates a lane,
//! where exchanging the results would cost a gate for each bit of both words.

use crate::field::FieldParams;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Steps of 32 bits.
const STEPS: usize = 8;

/// One result, 32 bits a step.
#[derive(LogicBlock)]
pub struct SumLane {
    pub clock: Signal<In, Clock>,
    /// Begins in the next cycle; takes `minus`.
    pub start: Signal<In, Bit>,
    /// Subtract.
    pub minus: Signal<In, Bit>,
    /// A step is done.
    pub step: Signal<In, Bit>,
    /// The step's digits of a, r and p.
    pub a: Signal<In, U<32>>,
    pub r: Signal<In, U<32>>,
    pub p: Signal<In, U<32>>,
    /// The step's digit of P.
    pub digit: Signal<Out, U<32>>,
    /// After the last step: Q, and whether it is the result.
    pub q: Signal<Out, U<256>>,
    pub take_q: Signal<Out, Bit>,
    minus_q: DFF<Bit>,
    carry: DFF<U<1>>,
    q_carry: DFF<U<1>>,
    q_word: DFF<U<256>>,
    r_signed: Signal<Local, U<32>>,
    p_signed: Signal<Local, U<32>>,
    sum: Signal<Local, U<34>>,
    sum_digit: Signal<Local, U<32>>,
    q_sum: Signal<Local, U<34>>,
    q_digit: Signal<Local, U<32>>,
    one: Constant<U<34>>,
    bit_one: Constant<U<1>>,
    bit_zero: Constant<U<1>>,
}

impl Default for SumLane {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            start: Default::default(),
            minus: Default::default(),
            step: Default::default(),
            a: Default::default(),
            r: Default::default(),
            p: Default::default(),
            digit: Default::default(),
            q: Default::default(),
            take_q: Default::default(),
            minus_q: Default::default(),
            carry: Default::default(),
            q_carry: Default::default(),
            q_word: Default::default(),
            r_signed: Default::default(),
            p_signed: Default::default(),
            sum: Default::default(),
            sum_digit: Default::default(),
            q_sum: Default::default(),
            q_digit: Default::default(),
            one: Constant::new(1u64.into()),
            bit_one: Constant::new(1u64.into()),
            bit_zero: Constant::new(0u64.into()),
        }
    }
}

impl Logic for SumLane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, minus_q, carry, q_carry, q_word);
        // P = a + r or a + ~r + 1; Q = P + ~p + 1 or P + p. A one below both operands' lowest bits
        // carries the carry in, so that each is one addition.
        self.r_signed.next = self.r.val();
        self.p_signed.next = !self.p.val();
        if self.minus_q.q.val() {
            self.r_signed.next = !self.r.val();
            self.p_signed.next = self.p.val();
        }
        self.sum.next = ((bit_cast_u::<34, 32>(self.a.val()) << 1) | self.one.val())
            + ((bit_cast_u::<34, 32>(self.r_signed.val()) << 1) | bit_cast_u::<34, 1>(self.carry.q.val()));
        self.sum_digit.next = self.sum.val().get_bits::<32>(1);
        self.q_sum.next = ((bit_cast_u::<34, 32>(self.sum_digit.val()) << 1) | self.one.val())
            + ((bit_cast_u::<34, 32>(self.p_signed.val()) << 1) | bit_cast_u::<34, 1>(self.q_carry.q.val()));
        self.q_digit.next = self.q_sum.val().get_bits::<32>(1);
        if self.step.val() {
            self.carry.d.next = self.sum.val().get_bits::<1>(33);
            self.q_carry.d.next = self.q_sum.val().get_bits::<1>(33);
            self.q_word.d.next = (self.q_word.q.val() >> 32) | (bit_cast_u::<256, 32>(self.q_digit.val()) << 224);
        }
        if self.start.val() {
            self.minus_q.d.next = self.minus.val();
            self.carry.d.next = self.bit_zero.val();
            self.q_carry.d.next = self.bit_one.val();
            if self.minus.val() {
                self.carry.d.next = self.bit_one.val();
                self.q_carry.d.next = self.bit_zero.val();
            }
        }
        // a + r - p is the result if it is not negative, a - r + p if a - r is.
        self.take_q.next = self.q_carry.q.val().any();
        if self.minus_q.q.val() {
            self.take_q.next = !self.carry.q.val().any();
        }
        self.digit.next = self.sum_digit.val();
        self.q.next = self.q_word.q.val();
    }
}

/// `word_0` = a + r and `word_1` = a - r mod p for reduced a and r, or exchanged with `swap`.
///
/// Taken in a cycle with `start`, `LATENCY` cycles later the results stand, until the next start.
/// A start before that spoils what is under way.
#[derive(LogicBlock)]
pub struct SerialSums {
    pub clock: Signal<In, Clock>,
    pub start: Signal<In, Bit>,
    pub swap: Signal<In, Bit>,
    pub a: Signal<In, U<256>>,
    pub r: Signal<In, U<256>>,
    pub word_0: Signal<Out, U<256>>,
    pub word_1: Signal<Out, U<256>>,
    lane_0: SumLane,
    lane_1: SumLane,
    // At first the operands r and a, at last P of lanes 0 and 1.
    r_then_p: DFF<U<256>>,
    a_then_p: DFF<U<256>>,
    at: DFF<U<4>>,
    step: Signal<Local, Bit>,
    p_digit: Signal<Local, U<32>>,
    p: Vec<Constant<U<32>>>,
    index: Vec<Constant<U<4>>>,
    one: Constant<U<4>>,
    first: Constant<U<4>>,
}

impl SerialSums {
    /// Cycles from operands to results.
    pub const LATENCY: usize = STEPS + 1;

    /// In a field of 256-bit words.
    pub fn new(field: &FieldParams) -> Self {
        field.assert_fits(256);
        let digit = |j: usize| field.digit(2 * j) | (field.digit(2 * j + 1) << 16);
        SerialSums {
            clock: Default::default(),
            start: Default::default(),
            swap: Default::default(),
            a: Default::default(),
            r: Default::default(),
            word_0: Default::default(),
            word_1: Default::default(),
            lane_0: Default::default(),
            lane_1: Default::default(),
            r_then_p: Default::default(),
            a_then_p: Default::default(),
            at: Default::default(),
            step: Default::default(),
            p_digit: Default::default(),
            p: (0..STEPS).map(|j| Constant::new(digit(j).into())).collect(),
            index: (0..STEPS).map(|j| Constant::new((j as u64 + 1).into())).collect(),
            one: Constant::new(1u64.into()),
            first: Constant::new(1u64.into()),
        }
    }
}

impl Logic for SerialSums {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, r_then_p, a_then_p, at);
        clock!(self, clock, lane_0, lane_1);
        // Step j is done while `at` is j + 1; before the first start `at` is zero, after a last step
        // nine, and nothing moves.
        self.step.next = false;
        self.p_digit.next = 0.into();
        for j in 0..8 {
            if self.at.q.val() == self.index[j].val() {
                self.step.next = true;
                self.p_digit.next = self.p[j].val();
            }
        }
        self.lane_0.start.next = self.start.val();
        self.lane_1.start.next = self.start.val();
        self.lane_0.minus.next = self.swap.val();
        self.lane_1.minus.next = !self.swap.val();
        self.lane_0.step.next = self.step.val();
        self.lane_1.step.next = self.step.val();
        self.lane_0.a.next = self.a_then_p.q.val().get_bits::<32>(0);
        self.lane_1.a.next = self.a_then_p.q.val().get_bits::<32>(0);
        self.lane_0.r.next = self.r_then_p.q.val().get_bits::<32>(0);
        self.lane_1.r.next = self.r_then_p.q.val().get_bits::<32>(0);
        self.lane_0.p.next = self.p_digit.val();
        self.lane_1.p.next = self.p_digit.val();
        if self.step.val() {
            self.at.d.next = self.at.q.val() + self.one.val();
            self.r_then_p.d.next =
                (self.r_then_p.q.val() >> 32) | (bit_cast_u::<256, 32>(self.lane_0.digit.val()) << 224);
            self.a_then_p.d.next =
                (self.a_then_p.q.val() >> 32) | (bit_cast_u::<256, 32>(self.lane_1.digit.val()) << 224);
        }
        if self.start.val() {
            self.at.d.next = self.first.val();
            self.r_then_p.d.next = self.r.val();
            self.a_then_p.d.next = self.a.val();
        }
        self.word_0.next = self.r_then_p.q.val();
        if self.lane_0.take_q.val() {
            self.word_0.next = self.lane_0.q.val();
        }
        self.word_1.next = self.a_then_p.q.val();
        if self.lane_1.take_q.val() {
            self.word_1.next = self.lane_1.q.val();
        }
    }
}

gristmill_hdl_kit::ports!(SerialSums { in: start, swap, a, r; out: word_0, word_1 });
