//! UART transmitter: 8 data bits, no parity, one stop bit.

use super::{LEAST_DIVISOR, MOST_DIVISOR};
use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// Bits still to be shown, the next one lowest, above them a one; zero: nothing to send.
    bits: Bits<11>,
    /// Clocks left of the bit being shown.
    left: Bits<16>,
    /// The pin, inverted: a line at rest is high.
    low: Bit,
}

/// Sends bytes, `divisor` clocks a bit. A byte is taken in a cycle with `valid` and `ready`, its
/// start bit shows two cycles later.
#[derive(LogicBlock)]
pub struct UartTx {
    pub clock: Signal<In, Clock>,
    pub data: Signal<In, Bits<8>>,
    pub valid: Signal<In, Bit>,
    pub ready: Signal<Out, Bit>,
    pub tx: Signal<Out, Bit>,
    s: DFF<State>,
    bits: Signal<Local, Bits<11>>,
    one: Constant<Bits<16>>,
    /// Clocks a bit less one.
    period: Constant<Bits<16>>,
    /// The stop bit and the end mark.
    last: Constant<Bits<11>>,
    stop: Constant<Bits<11>>,
}

ports!(UartTx { in: data, valid; out: ready, tx });

impl UartTx {
    /// Clocks from the cycle that takes a byte to the one that can take the next.
    pub const fn byte_cycles(divisor: u32) -> u32 {
        10 * divisor + 1
    }

    /// # Panics
    /// If the divisor is below [`LEAST_DIVISOR`] or above [`MOST_DIVISOR`].
    pub fn new(divisor: u32) -> Self {
        assert!((LEAST_DIVISOR..=MOST_DIVISOR).contains(&divisor), "a UartTx with {divisor} clocks a bit");
        Self {
            clock: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            tx: Default::default(),
            s: Default::default(),
            bits: Default::default(),
            one: Constant::new(1.into()),
            period: Constant::new(u64::from(divisor - 1).into()),
            last: Constant::new(0b11.into()),
            stop: Constant::new(0x600.into()),
        }
    }
}

impl Logic for UartTx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.bits.next = self.s.q.val().bits;
        self.ready.next = !self.bits.val().any();
        self.tx.next = !self.s.q.val().low;
        self.s.d.next.low = self.bits.val().any() && (!self.bits.val().get_bit(0));
        if self.bits.val().any() {
            if self.s.q.val().left.any() {
                self.s.d.next.left = self.s.q.val().left - self.one.val();
            } else {
                self.s.d.next.left = self.period.val();
                self.s.d.next.bits = self.bits.val() >> 1;
                if self.bits.val() == self.last.val() {
                    self.s.d.next.bits = 0.into();
                }
            }
        } else {
            if self.valid.val() {
                self.s.d.next.left = self.period.val();
                self.s.d.next.bits = self.stop.val() | (bit_cast::<11, 8>(self.data.val()) << 1);
            }
        }
    }
}
