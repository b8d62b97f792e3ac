//! Four elements into a word of 256 bits.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Words of 256 bits out of a stream of 64-bit elements, the first lowest. Three are taken and kept; the fourth goes through
/// with them in the cycle in which it comes. `reset` drops what is kept.
#[derive(LogicBlock)]
pub struct Gather {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<64>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    kept: DFF<U<192>>,
    held: DFF<Bits<2>>,
    none: Constant<Bits<2>>,
    one: Constant<Bits<2>>,
    three: Constant<Bits<2>>,
}

ports!(Gather { in: reset, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid });

impl Default for Gather {
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
            kept: Default::default(),
            held: Default::default(),
            none: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            three: Constant::new(3u64.into()),
        }
    }
}

impl Logic for Gather {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, kept, held);
        self.out_data.next =
            bit_cast_u::<256, 192>(self.kept.q.val()) | (bit_cast_u::<256, 64>(self.in_data.val()) << 192);
        self.out_valid.next = false;
        self.in_ready.next = true;
        if self.held.q.val() == self.three.val() {
            self.out_valid.next = self.in_valid.val();
            self.in_ready.next = self.out_ready.val();
            if self.in_valid.val() && self.out_ready.val() {
                self.held.d.next = self.none.val();
            }
        } else {
            if self.in_valid.val() {
                self.kept.d.next = (self.kept.q.val() >> 64) | (bit_cast_u::<192, 64>(self.in_data.val()) << 128);
                self.held.d.next = self.held.q.val() + self.one.val();
            }
        }
        if self.reset.val() {
            self.held.d.next = self.none.val();
        }
    }
}
