//! Frame sender: from bodies to bytes on the line.

use super::CrcStep;
use gristmill_abi::serial::{ESCAPE, ESCAPE_XOR, FLAG};
use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, LogicState)]
enum Phase {
    /// Waits for a body, then opens the frame.
    Idle,
    Body,
    /// The bytes of the CRC.
    Tail,
    /// The flag that ends the frame.
    Close,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    phase: Phase,
    /// The escape has gone out, the changed byte comes next.
    escaped: Bit,
    /// Inverted, see [`CrcStep`]; in the tail it is shifted out.
    crc: Bits<32>,
    left: Bits<3>,
    done: Bit,
}

/// Sends one body as a frame: flag, stuffed body and CRC, flag.
///
/// A body is a stream of bytes (`valid`, `ready`), the last one marked; `done` is a pulse after the
/// closing flag has gone to the transmitter.
#[derive(LogicBlock)]
pub struct FrameSender {
    pub clock: Signal<In, Clock>,
    pub data: Signal<In, Bits<8>>,
    pub last: Signal<In, Bit>,
    pub valid: Signal<In, Bit>,
    pub ready: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    pub octet: Signal<Out, Bits<8>>,
    pub byte_valid: Signal<Out, Bit>,
    pub byte_ready: Signal<In, Bit>,
    crc: CrcStep,
    s: DFF<State>,
    checksum: Signal<Local, Bits<32>>,
    plain: Signal<Local, Bits<8>>,
    special: Signal<Local, Bit>,
    /// The byte itself (not its escape) goes out in this cycle.
    moves: Signal<Local, Bit>,
    flag: Constant<Bits<8>>,
    escape: Constant<Bits<8>>,
    change: Constant<Bits<8>>,
    no_crc: Constant<Bits<32>>,
    crc_bytes: Constant<Bits<3>>,
    one: Constant<Bits<3>>,
}

ports!(FrameSender {
    in: data, last, valid, byte_ready;
    out: ready, done, octet, byte_valid
});

impl Default for FrameSender {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            data: Default::default(),
            last: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            done: Default::default(),
            octet: Default::default(),
            byte_valid: Default::default(),
            byte_ready: Default::default(),
            crc: Default::default(),
            s: Default::default(),
            checksum: Default::default(),
            plain: Default::default(),
            special: Default::default(),
            moves: Default::default(),
            flag: Constant::new(u64::from(FLAG).into()),
            escape: Constant::new(u64::from(ESCAPE).into()),
            change: Constant::new(u64::from(ESCAPE_XOR).into()),
            no_crc: Constant::new(0.into()),
            crc_bytes: Constant::new(4.into()),
            one: Constant::new(1.into()),
        }
    }
}

impl Logic for FrameSender {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.done.next = self.s.q.val().done;
        self.s.d.next.done = false;
        self.ready.next = false;
        self.byte_valid.next = false;
        self.checksum.next = self.s.q.val().crc;
        self.plain.next = self.data.val();
        if self.s.q.val().phase == Phase::Tail {
            self.plain.next = self.checksum.val().get_bits::<8>(0);
        }
        self.crc.state.next = self.s.q.val().crc;
        self.crc.octet.next = self.data.val();
        self.special.next = (self.plain.val() == self.flag.val()) || (self.plain.val() == self.escape.val());
        self.octet.next = self.plain.val();
        if self.special.val() {
            self.octet.next = self.escape.val();
            if self.s.q.val().escaped {
                self.octet.next = self.plain.val() ^ self.change.val();
            }
        }
        self.moves.next = false;
        match self.s.q.val().phase {
            Phase::Idle => {
                self.octet.next = self.flag.val();
                self.byte_valid.next = self.valid.val();
                self.s.d.next.crc = self.no_crc.val();
                self.s.d.next.left = self.crc_bytes.val();
                if self.valid.val() && self.byte_ready.val() {
                    self.s.d.next.phase = Phase::Body;
                }
            }
            Phase::Body => {
                self.byte_valid.next = self.valid.val();
                self.moves.next =
                    self.valid.val() && self.byte_ready.val() && (self.s.q.val().escaped || (!self.special.val()));
                self.ready.next = self.moves.val();
                if self.moves.val() {
                    self.s.d.next.crc = self.crc.next_state.val();
                    if self.last.val() {
                        self.s.d.next.phase = Phase::Tail;
                    }
                }
            }
            Phase::Tail => {
                self.byte_valid.next = true;
                self.moves.next = self.byte_ready.val() && (self.s.q.val().escaped || (!self.special.val()));
                if self.moves.val() {
                    self.s.d.next.crc = self.s.q.val().crc >> 8;
                    self.s.d.next.left = self.s.q.val().left - self.one.val();
                    if self.s.q.val().left == self.one.val() {
                        self.s.d.next.phase = Phase::Close;
                    }
                }
            }
            Phase::Close => {
                self.octet.next = self.flag.val();
                self.byte_valid.next = true;
                if self.byte_ready.val() {
                    self.s.d.next.done = true;
                    self.s.d.next.phase = Phase::Idle;
                }
            }
        }
        if ((self.s.q.val().phase == Phase::Body) || (self.s.q.val().phase == Phase::Tail))
            && self.byte_valid.val()
            && self.byte_ready.val()
        {
            self.s.d.next.escaped = self.special.val() && (!self.s.q.val().escaped);
        }
    }
}
