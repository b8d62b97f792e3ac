//! UART receiver: 8 data bits, no parity, one stop bit.

use super::{LEAST_DIVISOR, MOST_DIVISOR};
use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// The pin, inverted, through two flip-flops: it belongs to no clock of ours.
    near: Bit,
    low: Bit,
    busy: Bit,
    /// Clocks until the next sample, and which one: 0 start, 1 to 8 data, 9 stop, 10 a line that stays low.
    left: Bits<16>,
    sample: Bits<4>,
    data: Bits<8>,
    valid: Bit,
}

/// Receives bytes, `divisor` clocks a bit, sampling in the middle of each.
///
/// `valid` is a pulse; `data` stands until the next byte's bits come. A start bit that is gone in its
/// middle is a glitch and ignored; a byte without stop bit is dropped, and the line must be high once before the next.
#[derive(LogicBlock)]
pub struct UartRx {
    pub clock: Signal<In, Clock>,
    pub rx: Signal<In, Bit>,
    pub data: Signal<Out, Bits<8>>,
    pub valid: Signal<Out, Bit>,
    /// A byte is on the line.
    pub busy: Signal<Out, Bit>,
    s: DFF<State>,
    high: Signal<Local, Bit>,
    half: Constant<Bits<16>>,
    period: Constant<Bits<16>>,
    one: Constant<Bits<16>>,
    one_sample: Constant<Bits<4>>,
    stop: Constant<Bits<4>>,
    broken: Constant<Bits<4>>,
}

ports!(UartRx { in: rx; out: data, valid, busy });

impl UartRx {
    /// # Panics
    /// If the divisor is below [`LEAST_DIVISOR`] or above [`MOST_DIVISOR`].
    pub fn new(divisor: u32) -> Self {
        assert!((LEAST_DIVISOR..=MOST_DIVISOR).contains(&divisor), "a UartRx with {divisor} clocks a bit");
        Self {
            clock: Default::default(),
            rx: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            busy: Default::default(),
            s: Default::default(),
            high: Default::default(),
            half: Constant::new(u64::from(divisor / 2 - 1).into()),
            period: Constant::new(u64::from(divisor - 1).into()),
            one: Constant::new(1.into()),
            one_sample: Constant::new(1.into()),
            stop: Constant::new(9.into()),
            broken: Constant::new(10.into()),
        }
    }
}

impl Logic for UartRx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.data.next = self.s.q.val().data;
        self.valid.next = self.s.q.val().valid;
        self.busy.next = self.s.q.val().busy;
        self.high.next = !self.s.q.val().low;
        self.s.d.next.near = !self.rx.val();
        self.s.d.next.low = self.s.q.val().near;
        self.s.d.next.valid = false;
        if !self.s.q.val().busy {
            self.s.d.next.sample = 0.into();
            self.s.d.next.left = self.half.val();
            self.s.d.next.busy = self.s.q.val().low;
        } else {
            if self.s.q.val().left.any() {
                self.s.d.next.left = self.s.q.val().left - self.one.val();
            } else {
                self.s.d.next.left = self.period.val();
                self.s.d.next.sample = self.s.q.val().sample + self.one_sample.val();
                if !self.s.q.val().sample.any() {
                    self.s.d.next.busy = self.s.q.val().low;
                } else {
                    if self.s.q.val().sample == self.stop.val() {
                        self.s.d.next.valid = !self.s.q.val().low;
                        self.s.d.next.busy = self.s.q.val().low;
                        self.s.d.next.left = 0.into();
                    } else {
                        if self.s.q.val().sample == self.broken.val() {
                            self.s.d.next.sample = self.s.q.val().sample;
                            self.s.d.next.busy = self.s.q.val().low;
                            self.s.d.next.left = 0.into();
                        } else {
                            self.s.d.next.data =
                                (self.s.q.val().data >> 1) | (bit_cast::<8, 1>(self.high.val().into()) << 7);
                        }
                    }
                }
            }
        }
    }
}
