//! Three words of 256 bits into two of 384.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Words of 384 bits out of a stream of 256-bit words, the lowest bits first. The first of three words is taken and kept; the second
/// and the third go through with what was left, in the cycle in which they come. `reset` drops what was left.
#[derive(LogicBlock)]
pub struct Widen {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<384>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    left: DFF<U<256>>,
    /// Words of the three that were taken.
    taken: DFF<Bits<2>>,
    none: Constant<Bits<2>>,
    one: Constant<Bits<2>>,
    two: Constant<Bits<2>>,
}

ports!(Widen { in: reset, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid });

impl Default for Widen {
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
            taken: Default::default(),
            none: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            two: Constant::new(2u64.into()),
        }
    }
}

impl Logic for Widen {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, taken);
        self.in_ready.next = self.out_ready.val();
        self.out_valid.next = self.in_valid.val();
        self.out_data.next = bit_cast_u::<384, 256>(self.left.q.val())
            | (bit_cast_u::<384, 128>(self.in_data.val().get_bits::<128>(0)) << 256);
        if self.taken.q.val() == self.two.val() {
            self.out_data.next = bit_cast_u::<384, 128>(self.left.q.val().get_bits::<128>(0))
                | (bit_cast_u::<384, 256>(self.in_data.val()) << 128);
        }
        if self.taken.q.val() == self.none.val() {
            self.in_ready.next = true;
            self.out_valid.next = false;
            if self.in_valid.val() {
                self.left.d.next = self.in_data.val();
                self.taken.d.next = self.one.val();
            }
        } else {
            if self.in_valid.val() && self.out_ready.val() {
                self.left.d.next = bit_cast_u::<256, 128>(self.in_data.val().get_bits::<128>(128));
                self.taken.d.next = self.two.val();
                if self.taken.q.val() == self.two.val() {
                    self.taken.d.next = self.none.val();
                }
            }
        }
        if self.reset.val() {
            self.taken.d.next = self.none.val();
        }
    }
}
