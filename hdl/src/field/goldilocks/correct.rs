//! The last step: a number between -p and 2p to its residue.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// r = v mod p for v = high * 2^32 + low, high signed, with -p < v < 2p.
///
/// p = (2^32 - 1) 2^32 + 1, so adding it takes 1 from `high` and adds 1 to `low` modulo 2^32, and subtracting it does
/// the opposite; and where `low` runs over, the two steps of `high` cancel. Which it is, is found in the first
/// cycle; the second counts.
#[derive(LogicBlock)]
pub struct Correct {
    pub clock: Signal<In, Clock>,
    pub high: Signal<In, U<34>>,
    pub low: Signal<In, U<32>>,
    pub r: Signal<Out, U<64>>,
    high_q: DFF<U<32>>,
    low_q: DFF<U<32>>,
    // What is counted to each half.
    high_up: DFF<Bit>,
    high_down: DFF<Bit>,
    low_up: DFF<Bit>,
    low_down: DFF<Bit>,
    high_sum: DFF<U<32>>,
    low_sum: DFF<U<32>>,
    negative: Signal<Local, Bit>,
    beyond: Signal<Local, Bit>,
    low_is_zero: Signal<Local, Bit>,
    low_is_ones: Signal<Local, Bit>,
    high_step: Signal<Local, U<32>>,
    low_step: Signal<Local, U<32>>,
    zero: Constant<U<32>>,
    one: Constant<U<32>>,
    minus_one: Constant<U<32>>,
}

impl Correct {
    /// Cycles from number to residue.
    pub const LATENCY: usize = 2;
}

impl Default for Correct {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            high: Default::default(),
            low: Default::default(),
            r: Default::default(),
            high_q: Default::default(),
            low_q: Default::default(),
            high_up: Default::default(),
            high_down: Default::default(),
            low_up: Default::default(),
            low_down: Default::default(),
            high_sum: Default::default(),
            low_sum: Default::default(),
            negative: Default::default(),
            beyond: Default::default(),
            low_is_zero: Default::default(),
            low_is_ones: Default::default(),
            high_step: Default::default(),
            low_step: Default::default(),
            zero: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            minus_one: Constant::new(0xffff_ffffu64.into()),
        }
    }
}

impl Logic for Correct {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, high_q, low_q, high_up, high_down, low_up, low_down, high_sum, low_sum);
        self.low_is_zero.next = !(self.low.val().any());
        self.low_is_ones.next = self.low.val().all();
        self.negative.next = self.high.val().get_bit(33);
        // v >= p
        self.beyond.next = (!self.negative.val())
            && (self.high.val().get_bit(32) || (self.high.val().get_bits::<32>(0).all() && (!self.low_is_zero.val())));
        self.low_up.d.next = self.negative.val();
        self.high_down.d.next = self.negative.val() && (!self.low_is_ones.val());
        self.low_down.d.next = self.beyond.val();
        self.high_up.d.next = self.beyond.val() && (!self.low_is_zero.val());
        self.high_q.d.next = self.high.val().get_bits::<32>(0);
        self.low_q.d.next = self.low.val();

        self.high_step.next = self.zero.val();
        if self.high_up.q.val() {
            self.high_step.next = self.one.val();
        }
        if self.high_down.q.val() {
            self.high_step.next = self.minus_one.val();
        }
        self.low_step.next = self.zero.val();
        if self.low_up.q.val() {
            self.low_step.next = self.one.val();
        }
        if self.low_down.q.val() {
            self.low_step.next = self.minus_one.val();
        }
        self.high_sum.d.next = self.high_q.q.val() + self.high_step.val();
        self.low_sum.d.next = self.low_q.q.val() + self.low_step.val();
        self.r.next = bit_cast_u::<64, 32>(self.low_sum.q.val()) | (bit_cast_u::<64, 32>(self.high_sum.q.val()) << 32);
    }
}

ports!(Correct { in: high, low; out: r });
