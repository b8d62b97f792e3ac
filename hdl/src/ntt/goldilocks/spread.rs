//! A word of 256 bits into four elements.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Elements of 64 bits out of a stream of 256-bit words, the lowest first. A word is taken with its first element, which
/// goes through in the cycle in which it comes; the other three follow, one a cycle. `reset` drops them.
#[derive(LogicBlock)]
pub struct Spread {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<64>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    left: DFF<U<192>>,
    /// Elements of the word that went out.
    gone: DFF<Bits<2>>,
    none: Constant<Bits<2>>,
    one: Constant<Bits<2>>,
}

ports!(Spread { in: reset, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid });

impl Default for Spread {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            left: Default::default(),
            gone: Default::default(),
            none: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
        }
    }
}

impl Logic for Spread {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, gone);
        self.in_ready.next = false;
        self.out_valid.next = true;
        self.out_data.next = self.left.q.val().get_bits::<64>(0);
        if self.gone.q.val() == self.none.val() {
            self.in_ready.next = self.out_ready.val();
            self.out_valid.next = self.in_valid.val();
            self.out_data.next = self.in_data.val().get_bits::<64>(0);
            if self.in_valid.val() && self.out_ready.val() {
                self.left.d.next = self.in_data.val().get_bits::<192>(64);
                self.gone.d.next = self.one.val();
            }
        } else {
            if self.out_ready.val() {
                self.left.d.next = self.left.q.val() >> 64;
                self.gone.d.next = self.gone.q.val() + self.one.val();
            }
        }
        if self.reset.val() {
            self.gone.d.next = self.none.val();
        }
    }
}
