//! Frame receiver: from bytes on the line to checked bodies.

use super::crc::RESIDUE;
use super::CrcStep;
use gristmill_abi::serial::{ESCAPE, ESCAPE_XOR, FLAG};
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

/// log2 of the bytes of one bank: more than the longest body and its CRC.
pub const LOG_BANK: usize = 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    // The frame that comes in.
    escaped: Bit,
    /// Longer than any frame.
    long: Bit,
    /// Inverted, see [`CrcStep`].
    crc: Bits<32>,
    count: Bits<10>,
    kind: Bits<8>,
    number: Bits<8>,
    bank: Bit,
    bad: Bit,
    // The frame that is being looked at.
    there: Bit,
    its_kind: Bits<8>,
    its_number: Bits<8>,
    left: Bits<10>,
    at: Bits<10>,
    /// Its next byte, out of the memory and once more through a register, which is quicker.
    data: Bits<8>,
    near: Bit,
    fresh: Bit,
}

/// Unstuffs, checks the CRC, and gives good bodies: kind and number at once, then `left` bytes,
/// one in each cycle with `valid` and `take` (every third cycle at most), until `dismiss`.
///
/// There are two banks: while one frame is looked at the next may come in. One that ends before the
/// last was dismissed is dropped, as a frame damaged on the line is; whoever sent it sends it again.
#[derive(LogicBlock)]
pub struct FrameReceiver {
    pub clock: Signal<In, Clock>,
    pub octet: Signal<In, Bits<8>>,
    pub byte_valid: Signal<In, Bit>,
    pub there: Signal<Out, Bit>,
    pub kind: Signal<Out, Bits<8>>,
    pub number: Signal<Out, Bits<8>>,
    /// Bytes of the body after kind and number that were not taken yet.
    pub left: Signal<Out, Bits<10>>,
    pub data: Signal<Out, Bits<8>>,
    pub valid: Signal<Out, Bit>,
    pub take: Signal<In, Bit>,
    pub dismiss: Signal<In, Bit>,
    /// A frame was damaged (a pulse).
    pub bad: Signal<Out, Bit>,
    bytes: Ram<Bits<8>>,
    crc: CrcStep,
    s: DFF<State>,
    plain: Signal<Local, Bits<8>>,
    good: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
    flag: Constant<Bits<8>>,
    escape: Constant<Bits<8>>,
    change: Constant<Bits<8>>,
    residue: Constant<Bits<32>>,
    one: Constant<Bits<10>>,
    two: Constant<Bits<10>>,
    /// Kind, number and CRC.
    shortest: Constant<Bits<10>>,
    most: Constant<Bits<10>>,
    no_crc: Constant<Bits<32>>,
    /// Where the upper bank begins.
    upper: Constant<Bits<24>>,
}

ports!(FrameReceiver {
    in: octet, byte_valid, take, dismiss;
    out: there, kind, number, left, data, valid, bad
});

impl Default for FrameReceiver {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            octet: Default::default(),
            byte_valid: Default::default(),
            there: Default::default(),
            kind: Default::default(),
            number: Default::default(),
            left: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            take: Default::default(),
            dismiss: Default::default(),
            bad: Default::default(),
            bytes: Ram::with_style(2 << LOG_BANK, RamStyle::Block),
            crc: Default::default(),
            s: Default::default(),
            plain: Default::default(),
            good: Default::default(),
            free: Default::default(),
            flag: Constant::new(u64::from(FLAG).into()),
            escape: Constant::new(u64::from(ESCAPE).into()),
            change: Constant::new(u64::from(ESCAPE_XOR).into()),
            residue: Constant::new(u64::from(RESIDUE).into()),
            one: Constant::new(1.into()),
            two: Constant::new(2.into()),
            shortest: Constant::new(6.into()),
            most: Constant::new((1u64 << LOG_BANK).wrapping_sub(1).into()),
            no_crc: Constant::new(0.into()),
            upper: Constant::new((1u64 << LOG_BANK).into()),
        }
    }
}

impl Logic for FrameReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, bytes);
        self.there.next = self.s.q.val().there;
        self.kind.next = self.s.q.val().its_kind;
        self.number.next = self.s.q.val().its_number;
        self.left.next = self.s.q.val().left;
        self.bad.next = self.s.q.val().bad;
        self.data.next = self.s.q.val().data;
        self.valid.next = self.s.q.val().fresh && self.s.q.val().left.any();

        // The frame being looked at: its bank is the one that is not written.
        self.bytes.read_address.next = bit_cast::<24, 10>(self.s.q.val().at);
        if !self.s.q.val().bank {
            self.bytes.read_address.next = bit_cast::<24, 10>(self.s.q.val().at) | self.upper.val();
        }
        self.s.d.next.data = self.bytes.read_data.val();
        self.s.d.next.near = self.s.q.val().there;
        self.s.d.next.fresh = self.s.q.val().near;
        if self.take.val() {
            self.s.d.next.at = self.s.q.val().at + self.one.val();
            self.s.d.next.left = self.s.q.val().left - self.one.val();
            self.s.d.next.near = false;
            self.s.d.next.fresh = false;
        }
        if self.dismiss.val() {
            self.s.d.next.there = false;
            self.s.d.next.near = false;
            self.s.d.next.fresh = false;
        }

        // The frame that comes in.
        self.plain.next = self.octet.val();
        if self.s.q.val().escaped {
            self.plain.next = self.octet.val() ^ self.change.val();
        }
        self.crc.state.next = self.s.q.val().crc;
        self.crc.octet.next = self.plain.val();
        self.bytes.write_address.next = bit_cast::<24, 10>(self.s.q.val().count);
        if self.s.q.val().bank {
            self.bytes.write_address.next = bit_cast::<24, 10>(self.s.q.val().count) | self.upper.val();
        }
        self.bytes.write_data.next = self.plain.val();
        self.bytes.write_enable.next = false;
        self.s.d.next.bad = false;
        self.good.next = (self.s.q.val().crc == self.residue.val())
            && (!self.s.q.val().escaped)
            && (!self.s.q.val().long)
            && (self.s.q.val().count >= self.shortest.val());
        self.free.next = (!self.s.q.val().there) || self.dismiss.val();
        if self.byte_valid.val() {
            if self.octet.val() == self.flag.val() {
                self.s.d.next.bad = (!self.good.val()) && (self.s.q.val().count.any() || self.s.q.val().escaped);
                self.s.d.next.count = 0.into();
                self.s.d.next.crc = self.no_crc.val();
                self.s.d.next.escaped = false;
                self.s.d.next.long = false;
                if self.good.val() && self.free.val() {
                    self.s.d.next.there = true;
                    self.s.d.next.near = false;
                    self.s.d.next.fresh = false;
                    self.s.d.next.its_kind = self.s.q.val().kind;
                    self.s.d.next.its_number = self.s.q.val().number;
                    self.s.d.next.left = self.s.q.val().count - self.shortest.val();
                    self.s.d.next.at = self.two.val();
                    self.s.d.next.bank = !self.s.q.val().bank;
                }
            } else {
                if (self.octet.val() == self.escape.val()) && (!self.s.q.val().escaped) {
                    self.s.d.next.escaped = true;
                } else {
                    self.bytes.write_enable.next = true;
                    self.s.d.next.escaped = false;
                    self.s.d.next.crc = self.crc.next_state.val();
                    self.s.d.next.count = self.s.q.val().count + self.one.val();
                    if self.s.q.val().count == self.most.val() {
                        self.s.d.next.long = true;
                    }
                    if !self.s.q.val().count.any() {
                        self.s.d.next.kind = self.plain.val();
                    }
                    if self.s.q.val().count == self.one.val() {
                        self.s.d.next.number = self.plain.val();
                    }
                }
            }
        }
    }
}
