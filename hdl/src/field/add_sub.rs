//! Modular addition and subtraction, II = 1.
//!
//! Three operands are first compressed to two without a carry (x ^ y ^ z and the majority shifted
//! by one), so that both candidates of [`SelectSum`] are one addition deep.

use gristmill_hdl_kit::{ports, word::U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::select_sum::SelectSum;
use super::FieldParams;

/// 2^W - 1 - x.
pub(super) fn complement<const W: usize>(x: &BigUint) -> U<W> {
    ((BigUint::one() << W) - 1u32 - (x % (BigUint::one() << W))).into()
}

/// r = a + b mod p, for reduced a and b. More generally r is a + b or a + b - p, whichever lies
/// in 0 .. p, for a + b < 2p: the multiplier resolves its carry-save result with it.
#[derive(LogicBlock)]
pub struct ModAdd<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    sum: SelectSum<W>,
    majority: Signal<Local, U<W>>,
    not_p: Constant<U<W>>,
    one: Constant<U<W>>,
}

impl<const W: usize> ModAdd<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = SelectSum::<W>::LATENCY;

    /// An adder in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(W);
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            sum: SelectSum::new(false),
            majority: Default::default(),
            not_p: Constant::new(complement(&params.prime())),
            one: Constant::new(1u64.into()),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const W: usize> Logic for ModAdd<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum);
        // S = a + b
        self.sum.s_a.next = self.a.val();
        self.sum.s_b.next = self.b.val();
        // T = a + b + ~p + 1 = a + b - p
        self.majority.next = (self.a.val() & self.b.val()) | ((self.a.val() | self.b.val()) & self.not_p.val());
        self.sum.t_a.next = (self.a.val() ^ self.b.val()) ^ self.not_p.val();
        self.sum.t_b.next = (self.majority.val() << 1) | self.one.val();
        self.r.next = self.sum.r.val();
    }
}

ports!([const W: usize] ModAdd<W> { in: a, b; out: r });

/// r = a - b mod p, for reduced a and b.
#[derive(LogicBlock)]
pub struct ModSub<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    sum: SelectSum<W>,
    not_b: Signal<Local, U<W>>,
    majority: Signal<Local, U<W>>,
    p: Constant<U<W>>,
    one: Constant<U<W>>,
}

impl<const W: usize> ModSub<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = SelectSum::<W>::LATENCY;

    /// A subtractor in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(W);
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            sum: SelectSum::new(true),
            not_b: Default::default(),
            majority: Default::default(),
            p: Constant::new(params.prime().into()),
            one: Constant::new(1u64.into()),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const W: usize> Logic for ModSub<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum);
        self.not_b.next = !self.b.val();
        // S = a + ~b + p + 1 = a - b + p
        self.majority.next = (self.a.val() & self.not_b.val()) | ((self.a.val() | self.not_b.val()) & self.p.val());
        self.sum.s_a.next = (self.a.val() ^ self.not_b.val()) ^ self.p.val();
        self.sum.s_b.next = (self.majority.val() << 1) | self.one.val();
        // T = a + ~b + 1 = a - b, the 1 being the carry in
        self.sum.t_a.next = self.a.val();
        self.sum.t_b.next = self.not_b.val();
        self.r.next = self.sum.r.val();
    }
}

ports!([const W: usize] ModSub<W> { in: a, b; out: r });
