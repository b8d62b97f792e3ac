//! Scalars from Montgomery to canonical form: a digit-serial reduction, four going round.
//!
//! r = a / 2^256 mod p, sixteen digits of 16 bits: m = a * (-1/p) mod 2^16, a = (a + m*p) / 2^16.
//! With a < p at first, every such a is below p again, so nothing is subtracted at the end. (P.
//! Montgomery, "Modular multiplication without trial division", 1985.) A digit takes four cycles,
//! with one multiplication or one addition in each, and four scalars share them: one scalar every
//! 16 cycles, 64 cycles each. A product with 1 by `field::MontMulSerial` gives the same; this has
//! half the multipliers and a tenth of the signals that the simulation would walk in every cycle.

use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_u, bit_cast_ub, U};
use rust_hdl::prelude::*;

use crate::field::FieldParams;

/// Digits of a scalar.
const DIGITS: usize = 16;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    a1: U<256>,
    a2: U<256>,
    a3: U<256>,
    a4: U<256>,
    m: Bits<16>,
    /// m times the even and the odd digits of p: their products do not overlap.
    even: U<272>,
    odd: U<272>,
    mp: U<272>,
    busy1: Bit,
    busy2: Bit,
    busy3: Bit,
    busy4: Bit,
    /// Digits that are done.
    pass1: Bits<4>,
    pass2: Bits<4>,
    pass3: Bits<4>,
    pass4: Bits<4>,
}

/// `in_data` (below p) is taken in a cycle with `in_valid` and `in_ready`; in_data/2^256 mod p
/// stands in `out_data` for one cycle with `out_valid`, 64 cycles later, in order.
#[derive(LogicBlock)]
pub struct Redc {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    state: DFF<State>,
    p: Vec<Constant<Bits<16>>>,
    digit: Signal<Local, Bits<16>>,
    product: Signal<Local, Bits<32>>,
    m_full: Signal<Local, Bits<32>>,
    even: Signal<Local, U<272>>,
    odd: Signal<Local, U<272>>,
    sum: Signal<Local, U<272>>,
    free: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    n0: Constant<Bits<16>>,
    last: Constant<Bits<4>>,
    zero4: Constant<Bits<4>>,
    one4: Constant<Bits<4>>,
    zero32: Constant<Bits<32>>,
    zero: Constant<U<272>>,
}

impl Redc {
    /// Cycles from a scalar to its result.
    pub const LATENCY: usize = 4 * DIGITS;

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
            digit: Default::default(),
            product: Default::default(),
            m_full: Default::default(),
            even: Default::default(),
            odd: Default::default(),
            sum: Default::default(),
            free: Default::default(),
            complete: Default::default(),
            n0: Constant::new((field.n0_inverse() & 0xffff).into()),
            last: Constant::new((DIGITS as u64 - 1).into()),
            zero4: Constant::new(0u64.into()),
            one4: Constant::new(1u64.into()),
            zero32: Constant::new(0u64.into()),
            zero: Constant::new(0u64.into()),
        }
    }
}

impl Logic for Redc {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        self.complete.next = self.state.q.val().busy4 && (self.state.q.val().pass4 == self.last.val());
        self.free.next = (!self.state.q.val().busy4) || self.complete.val();
        self.state.d.next.a2 = self.state.q.val().a1;
        self.state.d.next.a3 = self.state.q.val().a2;
        self.state.d.next.a4 = self.state.q.val().a3;
        self.state.d.next.busy2 = self.state.q.val().busy1;
        self.state.d.next.busy3 = self.state.q.val().busy2;
        self.state.d.next.busy4 = self.state.q.val().busy3;
        self.state.d.next.pass2 = self.state.q.val().pass1;
        self.state.d.next.pass3 = self.state.q.val().pass2;
        self.state.d.next.pass4 = self.state.q.val().pass3;
        // Cycle 1 -> 2: m.
        self.digit.next = bit_cast_ub::<16, 256>(self.state.q.val().a1);
        self.m_full.next = self.digit.val() * self.n0.val();
        self.state.d.next.m = self.m_full.val().get_bits::<16>(0);
        // Cycle 2 -> 3: m*p. (An empty slot computes nothing, which only saves simulation time.)
        self.even.next = self.zero.val();
        self.odd.next = self.zero.val();
        self.product.next = self.zero32.val();
        if self.state.q.val().busy2 {
            for j in 0..8 {
                self.product.next = self.state.q.val().m * self.p[j * 2].val();
                self.even.next = self.even.val() | (bit_cast_bu::<272, 32>(self.product.val()) << (j * 32));
                self.product.next = self.state.q.val().m * self.p[j * 2 + 1].val();
                self.odd.next = self.odd.val() | (bit_cast_bu::<272, 32>(self.product.val()) << (j * 32));
            }
        }
        self.state.d.next.even = self.even.val();
        self.state.d.next.odd = self.odd.val();
        // Cycle 3 -> 4: its two halves added.
        self.state.d.next.mp = self.state.q.val().even + (self.state.q.val().odd << 16);
        // Cycle 4 -> 1: added and shifted, for the next digit or out.
        self.sum.next = bit_cast_u::<272, 256>(self.state.q.val().a4) + self.state.q.val().mp;
        self.state.d.next.a1 = self.sum.val().get_bits::<256>(16);
        self.state.d.next.busy1 = self.state.q.val().busy4;
        self.state.d.next.pass1 = self.state.q.val().pass4 + self.one4.val();
        if self.free.val() {
            self.state.d.next.a1 = self.in_data.val();
            self.state.d.next.busy1 = self.in_valid.val();
            self.state.d.next.pass1 = self.zero4.val();
        }
        if self.reset.val() {
            self.state.d.next.busy1 = false;
            self.state.d.next.busy2 = false;
            self.state.d.next.busy3 = false;
            self.state.d.next.busy4 = false;
        }
        self.in_ready.next = self.free.val();
        self.out_data.next = self.sum.val().get_bits::<256>(16);
        self.out_valid.next = self.complete.val();
    }
}

gristmill_hdl_kit::ports!(Redc { in: reset, in_data, in_valid; out: in_ready, out_data, out_valid });
