//! Addition and subtraction modulo p, II = 1.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

use super::correct::Correct;

/// r = a + b mod p, or a - b mod p, for reduced a and b.
#[derive(LogicBlock)]
pub struct GoldilocksSum {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<64>>,
    pub b: Signal<In, U<64>>,
    pub r: Signal<Out, U<64>>,
    // Halves of the sum, the lower one with its carry or borrow; then that is counted to the upper one.
    low: DFF<U<33>>,
    high: DFF<U<34>>,
    low_sum: DFF<U<32>>,
    high_sum: DFF<U<34>>,
    correct: Correct,
    minus: Constant<Bit>,
}

impl GoldilocksSum {
    /// Cycles from operands to result.
    pub const LATENCY: usize = 2 + Correct::LATENCY;

    /// An adder.
    pub fn plus() -> Self {
        Self::new(false)
    }

    /// A subtractor.
    pub fn minus() -> Self {
        Self::new(true)
    }

    fn new(minus: bool) -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            low: Default::default(),
            high: Default::default(),
            low_sum: Default::default(),
            high_sum: Default::default(),
            correct: Default::default(),
            minus: Constant::new(minus),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl Logic for GoldilocksSum {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, low, high, low_sum, high_sum);
        clock!(self, clock, correct);
        self.low.d.next =
            bit_cast_u::<33, 32>(self.a.val().get_bits::<32>(0)) + bit_cast_u::<33, 32>(self.b.val().get_bits::<32>(0));
        self.high.d.next = bit_cast_u::<34, 32>(self.a.val().get_bits::<32>(32))
            + bit_cast_u::<34, 32>(self.b.val().get_bits::<32>(32));
        self.high_sum.d.next = self.high.q.val() + bit_cast_u::<34, 1>(self.low.q.val().get_bits::<1>(32));
        if self.minus.val() {
            self.low.d.next = bit_cast_u::<33, 32>(self.a.val().get_bits::<32>(0))
                - bit_cast_u::<33, 32>(self.b.val().get_bits::<32>(0));
            self.high.d.next = bit_cast_u::<34, 32>(self.a.val().get_bits::<32>(32))
                - bit_cast_u::<34, 32>(self.b.val().get_bits::<32>(32));
            self.high_sum.d.next = self.high.q.val() - bit_cast_u::<34, 1>(self.low.q.val().get_bits::<1>(32));
        }
        self.low_sum.d.next = self.low.q.val().get_bits::<32>(0);
        self.correct.high.next = self.high_sum.q.val();
        self.correct.low.next = self.low_sum.q.val();
        self.r.next = self.correct.r.val();
    }
}

ports!(GoldilocksSum { in: a, b; out: r });
