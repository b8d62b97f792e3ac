//! CRC-32, a byte at a time.

use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

/// What [`gristmill_abi::serial::crc32_step`] computes, as logic. The state is held *inverted*, so
/// that registers that start at zero start right: all ones inverted is zero, and the CRC that a
/// frame carries is the inverted state as it stands.
#[derive(LogicBlock)]
pub struct CrcStep {
    pub state: Signal<In, Bits<32>>,
    pub octet: Signal<In, Bits<8>>,
    pub next_state: Signal<Out, Bits<32>>,
    crc: Signal<Local, Bits<32>>,
    polynomial: Constant<Bits<32>>,
}

ports!(CrcStep { clock: none; in: state, octet; out: next_state });

/// The state of a receiver, inverted, after a body and its right CRC.
pub const RESIDUE: u32 = !0xdebb_20e3;

impl Default for CrcStep {
    fn default() -> Self {
        Self {
            state: Default::default(),
            octet: Default::default(),
            next_state: Default::default(),
            crc: Default::default(),
            polynomial: Constant::new(0xedb8_8320.into()),
        }
    }
}

impl Logic for CrcStep {
    #[hdl_gen]
    fn update(&mut self) {
        self.crc.next = (!self.state.val()) ^ bit_cast::<32, 8>(self.octet.val());
        for _k in 0..8 {
            if self.crc.val().get_bit(0) {
                self.crc.next = (self.crc.val() >> 1) ^ self.polynomial.val();
            } else {
                self.crc.next = self.crc.val() >> 1;
            }
        }
        self.next_state.next = !self.crc.val();
    }
}
