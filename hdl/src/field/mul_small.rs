//! Multiplication by a small constant k = 2^i + 2^j by additions, II = 1.
//!
//! k*x mod p = k*x - q*p with q below k. The top eight bits of x give q or q - 1 (k <= 15), so
//! one cycle looks that guess g up by thresholds and the next two compute k*x - g*p and
//! k*x - (g+1)*p side by side and choose: three cycles, where doubling and adding by modular
//! additions takes four times two for k = 9. Everything is modulo 2^W, since both lie between
//! -p and 2p.

use gristmill_hdl_kit::{ports, word::U};
use num_bigint::BigUint;
use rust_hdl::prelude::*;

use super::add_sub::complement;
use super::select_sum::SelectSum;
use super::FieldParams;

/// r = k * a mod p for reduced a; k is one of 3, 5, 6, 9, 10 and 12.
#[derive(LogicBlock)]
pub struct MulSmall<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    operand: DFF<U<W>>,
    guess: DFF<U<4>>,
    sum: SelectSum<W>,
    top_byte: Signal<Local, U<8>>,
    high_term: Signal<Local, U<W>>,
    low_term: Signal<Local, U<W>>,
    s_neg: Signal<Local, U<W>>,
    t_neg: Signal<Local, U<W>>,
    s_majority: Signal<Local, U<W>>,
    t_majority: Signal<Local, U<W>>,
    shifted: Signal<Local, U<W>>,
    number: Vec<Constant<U<4>>>,
    threshold: Vec<Constant<U<8>>>,
    multiple: Vec<Constant<U<W>>>,
    top_shift: Constant<Bits<10>>,
    high_shift: Constant<Bits<3>>,
    low_shift: Constant<Bits<3>>,
    one: Constant<U<W>>,
    _k: usize,
}

impl<const W: usize> MulSmall<W> {
    /// Cycles from operand to result.
    pub const LATENCY: usize = 1 + SelectSum::<W>::LATENCY;

    /// A multiplier by `k` in a field of W-bit words.
    pub fn new(params: &FieldParams, k: u32) -> Self {
        params.assert_fits(W);
        assert!(k.count_ones() == 2 && k < 16, "MulSmall: {k} is not 3, 5, 6, 9, 10 or 12");
        let p = params.prime();
        // g >= i only if every x with that top byte has k*x >= i*p.
        let unit = BigUint::from(k) << (params.bits() - 8);
        let threshold = |i: u32| -> BigUint { (BigUint::from(i) * &p + &unit - 1u32) / &unit };
        Self {
            clock: Default::default(),
            a: Default::default(),
            r: Default::default(),
            operand: Default::default(),
            guess: Default::default(),
            sum: SelectSum::new(false),
            top_byte: Default::default(),
            high_term: Default::default(),
            low_term: Default::default(),
            s_neg: Default::default(),
            t_neg: Default::default(),
            s_majority: Default::default(),
            t_majority: Default::default(),
            shifted: Default::default(),
            number: (0..k).map(|i| Constant::new((i as u64).into())).collect(),
            threshold: (0..k).map(|i| Constant::new(threshold(i).into())).collect(),
            multiple: (0..k + 1).map(|i| Constant::new(complement(&(BigUint::from(i) * &p)))).collect(),
            top_shift: Constant::new(((params.bits() - 8) as u64).into()),
            high_shift: Constant::new((k.ilog2() as u64).into()),
            low_shift: Constant::new((k.trailing_zeros() as u64).into()),
            one: Constant::new(1u64.into()),
            _k: k as usize,
        }
    }

    /// Cycles from operand to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const W: usize> Logic for MulSmall<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, operand, guess);
        clock!(self, clock, sum);
        // The guess: the highest i whose threshold the top byte reaches.
        self.operand.d.next = self.a.val();
        self.shifted.next = self.a.val() >> self.top_shift.val();
        self.top_byte.next = self.shifted.val().get_bits::<8>(0);
        self.guess.d.next = 0.into();
        for i in 1..self._k {
            if self.top_byte.val() >= self.threshold[i].val() {
                self.guess.d.next = self.number[i].val();
            }
        }
        // ~(g*p) and ~((g+1)*p), modulo 2^W
        self.s_neg.next = self.multiple[0].val();
        self.t_neg.next = self.multiple[1].val();
        for i in 1..self._k {
            if self.guess.q.val() == self.number[i].val() {
                self.s_neg.next = self.multiple[i].val();
                self.t_neg.next = self.multiple[i + 1].val();
            }
        }
        // S = k*a - g*p, T = k*a - (g+1)*p
        self.high_term.next = self.operand.q.val() << self.high_shift.val();
        self.low_term.next = self.operand.q.val() << self.low_shift.val();
        self.s_majority.next = (self.high_term.val() & self.low_term.val())
            | ((self.high_term.val() | self.low_term.val()) & self.s_neg.val());
        self.t_majority.next = (self.high_term.val() & self.low_term.val())
            | ((self.high_term.val() | self.low_term.val()) & self.t_neg.val());
        self.sum.s_a.next = (self.high_term.val() ^ self.low_term.val()) ^ self.s_neg.val();
        self.sum.s_b.next = (self.s_majority.val() << 1) | self.one.val();
        self.sum.t_a.next = (self.high_term.val() ^ self.low_term.val()) ^ self.t_neg.val();
        self.sum.t_b.next = (self.t_majority.val() << 1) | self.one.val();
        self.r.next = self.sum.r.val();
    }
}

ports!([const W: usize] MulSmall<W> { in: a; out: r });
