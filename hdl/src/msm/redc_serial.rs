//! Scalars from Montgomery to canonical form, one at a time with one small multiplier.
//!
//! The reduction of [`Redc`](super::Redc), for engines whose points take thousands of cycles: 16 passes, in each
//! m = a * (-1/p) mod 2^16 and a = (a + m*p) / 2^16, but the sum goes digit by digit through one multiplication and one
//! addition of 32 bits, while the digits of `a` go round. It has a sixteenth of the multipliers, and
//! no carry chain as long as a word.

use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

use crate::field::FieldParams;

/// Digits of a scalar.
const DIGITS: usize = 16;
/// Cycles of a pass: four until the first product stands, one a digit, one for the last carry.
const PASS: usize = DIGITS + 5;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    busy: Bit,
    done: Bit,
    /// Passes done, and the cycle of this one.
    pass: Bits<4>,
    at: Bits<5>,
    a: U<256>,
    /// The multiplier's operands (the first is m but for the cycle in which that is found), and its product.
    m: Bits<16>,
    factor: Bits<16>,
    product: Bits<32>,
    carry: Bits<16>,
}

/// `in_data` (below p) is taken in a cycle with `in_valid` and `in_ready`; in_data/2^256 mod p
/// stands in `out_data` for one cycle with `out_valid`, `LATENCY` cycles later. `in_ready` is high again in that
/// cycle.
#[derive(LogicBlock)]
pub struct RedcSerial {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    state: DFF<State>,
    p: Vec<Constant<Bits<16>>>,
    /// When the operand that is a digit of p is chosen, by digit.
    chosen_at: Vec<Constant<Bits<5>>>,
    digit: Signal<Local, Bits<16>>,
    product: Signal<Local, Bits<32>>,
    multiplied: Signal<Local, Bits<32>>,
    sum: Signal<Local, Bits<32>>,
    sum_digit: Signal<Local, Bits<16>>,
    top: Signal<Local, Bits<16>>,
    shift: Signal<Local, Bit>,
    n0: Constant<Bits<16>>,
    find_m: Constant<Bits<5>>,
    take_m: Constant<Bits<5>>,
    last_wait: Constant<Bits<5>>,
    last_at: Constant<Bits<5>>,
    last_pass: Constant<Bits<4>>,
    one4: Constant<Bits<4>>,
    one5: Constant<Bits<5>>,
    zero4: Constant<Bits<4>>,
    zero5: Constant<Bits<5>>,
    zero16: Constant<Bits<16>>,
}

impl RedcSerial {
    /// Cycles from a scalar to its result.
    pub const LATENCY: usize = PASS * DIGITS + 1;

    /// For a field of 256-bit words.
    pub fn new(field: &FieldParams) -> Self {
        field.assert_fits(256);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            state: Default::default(),
            p: (0..DIGITS).map(|j| Constant::new(field.digit(j).into())).collect(),
            chosen_at: (0..DIGITS).map(|j| Constant::new((j as u64 + 2).into())).collect(),
            digit: Default::default(),
            product: Default::default(),
            multiplied: Default::default(),
            sum: Default::default(),
            sum_digit: Default::default(),
            top: Default::default(),
            shift: Default::default(),
            n0: Constant::new((field.n0_inverse() & 0xffff).into()),
            find_m: Constant::new(0u64.into()),
            take_m: Constant::new(2u64.into()),
            last_wait: Constant::new(3u64.into()),
            last_at: Constant::new((PASS as u64 - 1).into()),
            last_pass: Constant::new((DIGITS as u64 - 1).into()),
            one4: Constant::new(1u64.into()),
            one5: Constant::new(1u64.into()),
            zero4: Constant::new(0u64.into()),
            zero5: Constant::new(0u64.into()),
            zero16: Constant::new(0u64.into()),
        }
    }
}

impl Logic for RedcSerial {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        self.product.next = self.state.q.val().product;
        // Cycle 0: a's digit and -1/p to the multiplier. Cycle 2: m, the low half of their product.
        self.digit.next = bit_cast_ub::<16, 256>(self.state.q.val().a);
        if self.state.q.val().at == self.find_m.val() {
            self.state.d.next.m = self.digit.val();
        }
        if self.state.q.val().at == self.take_m.val() {
            self.state.d.next.m = self.product.val().get_bits::<16>(0);
        }
        // Cycle 2 + j: digit j of p to the multiplier, whose product with m stands in cycle 4 + j.
        self.state.d.next.factor = self.n0.val();
        for j in 0..16 {
            if self.state.q.val().at == self.chosen_at[j].val() {
                self.state.d.next.factor = self.p[j].val();
            }
        }
        self.multiplied.next = self.state.q.val().m * self.state.q.val().factor;
        self.state.d.next.product = self.multiplied.val();
        // Then it is added to a's digit j, which leaves below while the sum's enters above. The first sum's digit is
        // zero; it has left when the carry of the last one enters in its own cycle.
        self.sum.next =
            (bit_cast::<32, 16>(self.digit.val()) + bit_cast::<32, 16>(self.state.q.val().carry)) + self.product.val();
        self.sum_digit.next = self.sum.val().get_bits::<16>(0);
        self.top.next = self.sum_digit.val();
        if self.state.q.val().at == self.last_at.val() {
            self.top.next = self.state.q.val().carry;
        }
        self.shift.next = self.state.q.val().busy && (self.state.q.val().at > self.last_wait.val());
        if self.shift.val() {
            self.state.d.next.a = (self.state.q.val().a >> 16) | (bit_cast_bu::<256, 16>(self.top.val()) << 240);
            self.state.d.next.carry = self.sum.val().get_bits::<16>(16);
        }
        self.state.d.next.done = false;
        if self.state.q.val().busy {
            self.state.d.next.at = self.state.q.val().at + self.one5.val();
            if self.state.q.val().at == self.last_at.val() {
                self.state.d.next.at = self.zero5.val();
                self.state.d.next.carry = self.zero16.val();
                self.state.d.next.pass = self.state.q.val().pass + self.one4.val();
                if self.state.q.val().pass == self.last_pass.val() {
                    self.state.d.next.busy = false;
                    self.state.d.next.done = true;
                }
            }
        } else {
            self.state.d.next.a = self.in_data.val();
            self.state.d.next.busy = self.in_valid.val();
            self.state.d.next.pass = self.zero4.val();
        }
        if self.reset.val() {
            self.state.d.next.busy = false;
            self.state.d.next.done = false;
            self.state.d.next.at = self.zero5.val();
            self.state.d.next.carry = self.zero16.val();
        }
        self.in_ready.next = !self.state.q.val().busy;
        self.out_data.next = self.state.q.val().a;
        self.out_valid.next = self.state.q.val().done;
    }
}

gristmill_hdl_kit::ports!(RedcSerial { in: reset, in_data, in_valid; out: in_ready, out_data, out_valid });
