//! Responder: answers the host's questions.

use gristmill_abi::serial::{ANSWER, HELLO, MASTER, READ, RESET, VERSION, WRITE};
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, LogicState)]
enum Phase {
    /// Looks at a frame that is there.
    Idle,
    /// Takes its bytes.
    Collect,
    /// Does what it asks.
    Execute,
    /// Waits for the card's registers.
    Access,
    /// Sends the answer.
    Load,
    Send,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    phase: Phase,
    kind: Bits<8>,
    /// The number of the last question, if there was one since power-up or a reset by the pin.
    number: Bits<8>,
    asked: Bit,
    /// Bytes after kind and number, the last one highest.
    operands: U<48>,
    aw: Bit,
    w: Bit,
    ar: Bit,
    /// The answer: its bytes after the number, and how many bytes it has in all.
    answer_kind: Bits<8>,
    value: Bits<32>,
    length: Bits<3>,
    /// What of it is still to be sent.
    out: U<48>,
    left: Bits<3>,
    mastering: Bit,
    reset: Bit,
    restart: Bit,
    abort: Bit,
}

/// Executes the host's questions and answers them; a question of the same number as the last one
/// is answered again from memory.
///
/// AXI4-Lite master towards the card. `reset` is the card's; `restart` and `abort` are pulses that end
/// the card's own question, or one for memory; `hello` is a pulse with HELLO.
#[derive(LogicBlock)]
pub struct Responder {
    pub clock: Signal<In, Clock>,
    /// The board's reset: does what RESET does, and forgets the last question.
    pub pin: Signal<In, Bit>,
    // The frame.
    pub there: Signal<In, Bit>,
    pub kind: Signal<In, Bits<8>>,
    pub number: Signal<In, Bits<8>>,
    pub left: Signal<In, Bits<10>>,
    pub data: Signal<In, Bits<8>>,
    pub valid: Signal<In, Bit>,
    pub take: Signal<Out, Bit>,
    pub dismiss: Signal<Out, Bit>,
    // The answer.
    pub out_data: Signal<Out, Bits<8>>,
    pub out_last: Signal<Out, Bit>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    // The card's registers.
    pub awaddr: Signal<Out, Bits<16>>,
    pub awvalid: Signal<Out, Bit>,
    pub awready: Signal<In, Bit>,
    pub wdata: Signal<Out, Bits<32>>,
    pub wvalid: Signal<Out, Bit>,
    pub wready: Signal<In, Bit>,
    pub bvalid: Signal<In, Bit>,
    pub bready: Signal<Out, Bit>,
    pub araddr: Signal<Out, Bits<16>>,
    pub arvalid: Signal<Out, Bit>,
    pub arready: Signal<In, Bit>,
    pub rdata: Signal<In, Bits<32>>,
    pub rvalid: Signal<In, Bit>,
    pub rready: Signal<Out, Bit>,
    pub mastering: Signal<Out, Bit>,
    pub reset: Signal<Out, Bit>,
    pub restart: Signal<Out, Bit>,
    pub abort: Signal<Out, Bit>,
    pub hello: Signal<Out, Bit>,
    s: DFF<State>,
    operands: Signal<Local, U<48>>,
    out: Signal<Local, U<48>>,
    asks: Signal<Local, Bits<8>>,
    known: Signal<Local, Bit>,
    turn_on: Signal<Local, Bit>,
    k_read: Constant<Bits<8>>,
    k_write: Constant<Bits<8>>,
    k_hello: Constant<Bits<8>>,
    k_master: Constant<Bits<8>>,
    k_reset: Constant<Bits<8>>,
    answer: Constant<Bits<8>>,
    version: Constant<Bits<32>>,
    read_left: Constant<Bits<10>>,
    write_left: Constant<Bits<10>>,
    master_left: Constant<Bits<10>>,
    one: Constant<Bits<3>>,
    with_value: Constant<Bits<3>>,
    with_version: Constant<Bits<3>>,
    bare: Constant<Bits<3>>,
}

ports!(Responder {
    in: pin, there, kind, number, left, data, valid, out_ready, awready, wready, bvalid, arready, rdata, rvalid;
    out: take, dismiss, out_data, out_last, out_valid, awaddr, awvalid, wdata, wvalid, bready, araddr, arvalid, rready,
         mastering, reset, restart, abort, hello
});

impl Default for Responder {
    fn default() -> Self {
        let byte = |kind: u8| Constant::new(u64::from(kind).into());
        Self {
            clock: Default::default(),
            pin: Default::default(),
            there: Default::default(),
            kind: Default::default(),
            number: Default::default(),
            left: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            take: Default::default(),
            dismiss: Default::default(),
            out_data: Default::default(),
            out_last: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            awaddr: Default::default(),
            awvalid: Default::default(),
            awready: Default::default(),
            wdata: Default::default(),
            wvalid: Default::default(),
            wready: Default::default(),
            bvalid: Default::default(),
            bready: Default::default(),
            araddr: Default::default(),
            arvalid: Default::default(),
            arready: Default::default(),
            rdata: Default::default(),
            rvalid: Default::default(),
            rready: Default::default(),
            mastering: Default::default(),
            reset: Default::default(),
            restart: Default::default(),
            abort: Default::default(),
            hello: Default::default(),
            s: Default::default(),
            operands: Default::default(),
            out: Default::default(),
            asks: Default::default(),
            known: Default::default(),
            turn_on: Default::default(),
            k_read: byte(READ),
            k_write: byte(WRITE),
            k_hello: byte(HELLO),
            k_master: byte(MASTER),
            k_reset: byte(RESET),
            answer: byte(ANSWER),
            version: Constant::new(u64::from(VERSION).into()),
            read_left: Constant::new(2.into()),
            write_left: Constant::new(6.into()),
            master_left: Constant::new(1.into()),
            one: Constant::new(1.into()),
            with_value: Constant::new(6.into()),
            with_version: Constant::new(3.into()),
            bare: Constant::new(2.into()),
        }
    }
}

impl Logic for Responder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.operands.next = self.s.q.val().operands;
        self.out.next = self.s.q.val().out;
        self.asks.next = self.s.q.val().kind;
        self.mastering.next = self.s.q.val().mastering;
        self.reset.next = self.s.q.val().reset;
        self.restart.next = self.s.q.val().restart;
        self.abort.next = self.s.q.val().abort;
        self.hello.next = false;
        self.take.next = false;
        self.dismiss.next = false;
        self.s.d.next.reset = false;
        self.s.d.next.restart = false;
        self.s.d.next.abort = false;

        self.awaddr.next = bit_cast_ub::<16, 16>(self.operands.val().get_bits::<16>(0));
        self.wdata.next = bit_cast_ub::<32, 32>(self.operands.val().get_bits::<32>(16));
        self.araddr.next = bit_cast_ub::<16, 16>(self.operands.val().get_bits::<16>(32));
        self.turn_on.next = self.operands.val().get_bit(40);
        self.awvalid.next = self.s.q.val().aw;
        self.wvalid.next = self.s.q.val().w;
        self.arvalid.next = self.s.q.val().ar;
        self.bready.next = self.s.q.val().phase == Phase::Access;
        self.rready.next = self.s.q.val().phase == Phase::Access;
        self.out_data.next = bit_cast_ub::<8, 8>(self.out.val().get_bits::<8>(0));
        self.out_valid.next = self.s.q.val().phase == Phase::Send;
        self.out_last.next = self.s.q.val().left == self.one.val();

        // A question that there is, of its right length.
        self.known.next = ((self.kind.val() == self.k_read.val()) && (self.left.val() == self.read_left.val()))
            || ((self.kind.val() == self.k_write.val()) && (self.left.val() == self.write_left.val()))
            || ((self.kind.val() == self.k_hello.val()) && (!self.left.val().any()))
            || ((self.kind.val() == self.k_master.val()) && (self.left.val() == self.master_left.val()))
            || ((self.kind.val() == self.k_reset.val()) && (!self.left.val().any()));

        match self.s.q.val().phase {
            Phase::Idle => {
                if self.there.val() && (!self.kind.val().get_bit(7)) {
                    if !self.known.val() {
                        self.dismiss.next = true;
                    } else {
                        self.s.d.next.kind = self.kind.val();
                        self.s.d.next.phase = Phase::Collect;
                        if (self.kind.val() != self.k_hello.val())
                            && self.s.q.val().asked
                            && (self.s.q.val().number == self.number.val())
                        {
                            self.dismiss.next = true;
                            self.s.d.next.phase = Phase::Load;
                        }
                    }
                }
            }
            Phase::Collect => {
                if self.valid.val() {
                    self.take.next = true;
                    self.s.d.next.operands = (self.operands.val() >> 8) | (bit_cast_bu::<48, 8>(self.data.val()) << 40);
                }
                if !self.left.val().any() {
                    self.dismiss.next = true;
                    self.s.d.next.phase = Phase::Execute;
                    self.s.d.next.number = self.number.val();
                }
            }
            Phase::Execute => {
                self.s.d.next.asked = true;
                self.s.d.next.answer_kind = self.asks.val() | self.answer.val();
                self.s.d.next.length = self.bare.val();
                self.s.d.next.phase = Phase::Load;
                if self.asks.val() == self.k_read.val() {
                    self.s.d.next.length = self.with_value.val();
                    self.s.d.next.ar = true;
                    self.s.d.next.phase = Phase::Access;
                }
                if self.asks.val() == self.k_write.val() {
                    self.s.d.next.aw = true;
                    self.s.d.next.w = true;
                    self.s.d.next.phase = Phase::Access;
                }
                if self.asks.val() == self.k_hello.val() {
                    self.hello.next = true;
                    self.s.d.next.length = self.with_version.val();
                    self.s.d.next.value = self.version.val();
                    self.s.d.next.mastering = false;
                    self.s.d.next.restart = true;
                }
                if self.asks.val() == self.k_reset.val() {
                    self.s.d.next.mastering = false;
                    self.s.d.next.reset = true;
                    self.s.d.next.restart = true;
                }
                if self.asks.val() == self.k_master.val() {
                    self.s.d.next.mastering = self.turn_on.val();
                    self.s.d.next.abort = !self.turn_on.val();
                }
            }
            Phase::Access => {
                if self.awready.val() {
                    self.s.d.next.aw = false;
                }
                if self.wready.val() {
                    self.s.d.next.w = false;
                }
                if self.arready.val() {
                    self.s.d.next.ar = false;
                }
                if self.rvalid.val() {
                    self.s.d.next.value = self.rdata.val();
                }
                if self.rvalid.val() || self.bvalid.val() {
                    self.s.d.next.phase = Phase::Load;
                }
            }
            Phase::Load => {
                self.s.d.next.out = bit_cast_bu::<48, 8>(self.s.q.val().answer_kind)
                    | (bit_cast_bu::<48, 8>(self.s.q.val().number) << 8)
                    | (bit_cast_bu::<48, 32>(self.s.q.val().value) << 16);
                self.s.d.next.left = self.s.q.val().length;
                self.s.d.next.phase = Phase::Send;
            }
            Phase::Send => {
                if self.out_ready.val() {
                    self.s.d.next.out = self.out.val() >> 8;
                    self.s.d.next.left = self.s.q.val().left - self.one.val();
                    if self.out_last.val() {
                        self.s.d.next.phase = Phase::Idle;
                    }
                }
            }
        }
        if self.pin.val() {
            self.s.d.next.asked = false;
            self.s.d.next.mastering = false;
            self.s.d.next.reset = true;
            self.s.d.next.restart = true;
        }
    }
}
