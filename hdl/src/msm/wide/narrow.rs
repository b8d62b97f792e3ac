//! Two words of 384 bits into three of 256.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Words of 256 bits out of a stream of 384-bit words, the lowest bits first. The first two of three words go out in the cycle in which
/// a wide word comes; what is left of the second wide word is the third (`holds`, and it is at `out_data`). `reset` drops what was left.
#[derive(LogicBlock)]
pub struct Narrow {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, U<384>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub holds: Signal<Out, Bit>,
    left: DFF<U<256>>,
    /// Words of the three that went out.
    gone: DFF<Bits<2>>,
    none: Constant<Bits<2>>,
    one: Constant<Bits<2>>,
    two: Constant<Bits<2>>,
}

ports!(Narrow { in: reset, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid, holds });

impl Default for Narrow {
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
            holds: Default::default(),
            left: Default::default(),
            gone: Default::default(),
            none: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            two: Constant::new(2u64.into()),
        }
    }
}

impl Logic for Narrow {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, gone);
        self.in_ready.next = self.out_ready.val();
        self.out_valid.next = self.in_valid.val();
        self.out_data.next = self.in_data.val().get_bits::<256>(0);
        self.holds.next = self.gone.q.val() == self.two.val();
        if self.gone.q.val() == self.one.val() {
            self.out_data.next = bit_cast_u::<256, 128>(self.left.q.val().get_bits::<128>(0))
                | (bit_cast_u::<256, 128>(self.in_data.val().get_bits::<128>(0)) << 128);
        }
        if self.gone.q.val() == self.two.val() {
            self.in_ready.next = false;
            self.out_valid.next = true;
            self.out_data.next = self.left.q.val();
            if self.out_ready.val() {
                self.gone.d.next = self.none.val();
            }
        } else {
            if self.in_valid.val() && self.out_ready.val() {
                self.left.d.next = bit_cast_u::<256, 128>(self.in_data.val().get_bits::<128>(256));
                self.gone.d.next = self.one.val();
                if self.gone.q.val() == self.one.val() {
                    self.left.d.next = self.in_data.val().get_bits::<256>(128);
                    self.gone.d.next = self.two.val();
                }
            }
        }
        if self.reset.val() {
            self.gone.d.next = self.none.val();
        }
    }
}
