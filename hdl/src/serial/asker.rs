//! Asker: turns the card's reads and writes of host memory, and its interrupt, into questions.

use gristmill_abi::serial::{ANSWER, FETCH, INTERRUPT, STORE};
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_u, bit_cast_ub, U};
use rust_hdl::prelude::*;

/// Bytes of the longest burst.
const BURST_BYTES: usize = gristmill_abi::serial::MAX_DATA;

#[derive(Clone, Copy, Debug, PartialEq, LogicState)]
enum Phase {
    /// Chooses what to ask next.
    Idle,
    /// Takes a read's address, a write's.
    TakeRead,
    TakeWrite,
    /// Takes a beat to be written; puts its bytes into the buffer.
    Gather,
    Spill,
    /// Sends the question: loads its head, sends it, sends the buffer, waits for the frame's end.
    Load,
    Head,
    Buffer,
    Sent,
    /// Waits for the answer; looks at its status.
    Wait,
    Status,
    /// Takes a beat's bytes from the answer; gives the beat to the card.
    Fill,
    Beat,
    /// Gives the card beats with an error.
    Fail,
    /// Answers a write.
    Respond,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    phase: Phase,
    kind: Bits<8>,
    number: Bits<8>,
    address: U<64>,
    /// Beats of the burst, and those that are still to come.
    beats: Bits<5>,
    left: Bits<5>,
    /// A beat, or the head of a question: a shift register.
    word: U<256>,
    index: Bits<5>,
    /// Where in the buffer, and whether its byte has come out, and gone through a register.
    at: Bits<10>,
    data: Bits<8>,
    near: Bit,
    fresh: Bit,
    retry: Bits<32>,
    /// The question under way, or the write, ends with an error.
    failed: Bit,
    /// The interrupt line a cycle ago; it has risen and nobody was told yet.
    line: Bit,
    risen: Bit,
    /// A read was the last: a write goes first now.
    was_read: Bit,
    /// Takes a read's address: the phase, from a register of its own, since much of the card follows from it.
    reading: Bit,
    /// The word moves: a byte has gone, or this one comes. A cycle late, from registers, since the whole word hangs on them.
    shift_out: Bit,
    shift_in: Bit,
    octet: Bits<8>,
    /// The phase is Gather, Spill, Load: likewise.
    gathers: Bit,
    spills: Bit,
    loads: Bit,
}

/// AXI4 slave for the card's host port, one burst at a time, reads and writes in turn.
///
/// While `mastering` is off, reads get error responses and writes are swallowed with one. A question
/// is sent again `retry_cycles` after it was sent, cycles not counted in which the line is `busy`
/// towards us. `restart` ends any question, `abort` one for memory, with an error.
#[derive(LogicBlock)]
pub struct Asker {
    pub clock: Signal<In, Clock>,
    pub mastering: Signal<In, Bit>,
    pub restart: Signal<In, Bit>,
    pub abort: Signal<In, Bit>,
    pub irq: Signal<In, Bit>,
    pub busy: Signal<In, Bit>,
    // The card's reads and writes.
    pub araddr: Signal<In, U<64>>,
    pub arlen: Signal<In, Bits<8>>,
    pub arvalid: Signal<In, Bit>,
    pub arready: Signal<Out, Bit>,
    pub rdata: Signal<Out, U<256>>,
    pub rresp: Signal<Out, Bits<2>>,
    pub rlast: Signal<Out, Bit>,
    pub rvalid: Signal<Out, Bit>,
    pub rready: Signal<In, Bit>,
    pub awaddr: Signal<In, U<64>>,
    pub awlen: Signal<In, Bits<8>>,
    pub awvalid: Signal<In, Bit>,
    pub awready: Signal<Out, Bit>,
    pub wdata: Signal<In, U<256>>,
    pub wvalid: Signal<In, Bit>,
    pub wready: Signal<Out, Bit>,
    pub bresp: Signal<Out, Bits<2>>,
    pub bvalid: Signal<Out, Bit>,
    pub bready: Signal<In, Bit>,
    // The question.
    pub out_data: Signal<Out, Bits<8>>,
    pub out_last: Signal<Out, Bit>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    /// Its frame has been sent.
    pub sent: Signal<In, Bit>,
    // The answer.
    pub there: Signal<In, Bit>,
    pub answer_kind: Signal<In, Bits<8>>,
    pub answer_number: Signal<In, Bits<8>>,
    pub answer_left: Signal<In, Bits<10>>,
    pub data: Signal<In, Bits<8>>,
    pub valid: Signal<In, Bit>,
    pub take: Signal<Out, Bit>,
    pub dismiss: Signal<Out, Bit>,
    /// A question has been sent and waits for its answer.
    pub waiting: Signal<Out, Bit>,
    buffer: Ram<Bits<8>>,
    s: DFF<State>,
    phase: Signal<Local, Phase>,
    word: Signal<Local, U<256>>,
    /// A question is under way; an answer may be looked at.
    asking: Signal<Local, Bit>,
    hears: Signal<Local, Bit>,
    ours: Signal<Local, Bit>,
    /// Bytes of the burst; the same with an answer's status; where the byte after this one is.
    bytes: Signal<Local, Bits<16>>,
    count: Signal<Local, Bits<10>>,
    whole: Signal<Local, Bits<10>>,
    after: Signal<Local, Bits<10>>,
    k_fetch: Constant<Bits<8>>,
    k_store: Constant<Bits<8>>,
    k_interrupt: Constant<Bits<8>>,
    answer: Constant<Bits<8>>,
    one: Constant<Bits<5>>,
    one_byte: Constant<Bits<10>>,
    one_number: Constant<Bits<8>>,
    one_cycle: Constant<Bits<32>>,
    last_byte: Constant<Bits<5>>,
    /// Bytes of a question's head, less one.
    memory_head: Constant<Bits<5>>,
    bare_head: Constant<Bits<5>>,
    retry_cycles: Constant<Bits<32>>,
    slave_error: Constant<Bits<2>>,
}

ports!(Asker {
    in: mastering, restart, abort, irq, busy, araddr, arlen, arvalid, rready, awaddr, awlen, awvalid, wdata, wvalid,
        bready, out_ready, sent, there, answer_kind, answer_number, answer_left, data, valid;
    out: arready, rdata, rresp, rlast, rvalid, awready, wready, bresp, bvalid, out_data, out_last, out_valid, take,
         dismiss, waiting
});

impl Asker {
    /// One that asks again after so many cycles.
    pub fn new(retry_cycles: u32) -> Self {
        let byte = |kind: u8| Constant::new(u64::from(kind).into());
        Self {
            clock: Default::default(),
            mastering: Default::default(),
            restart: Default::default(),
            abort: Default::default(),
            irq: Default::default(),
            busy: Default::default(),
            araddr: Default::default(),
            arlen: Default::default(),
            arvalid: Default::default(),
            arready: Default::default(),
            rdata: Default::default(),
            rresp: Default::default(),
            rlast: Default::default(),
            rvalid: Default::default(),
            rready: Default::default(),
            awaddr: Default::default(),
            awlen: Default::default(),
            awvalid: Default::default(),
            awready: Default::default(),
            wdata: Default::default(),
            wvalid: Default::default(),
            wready: Default::default(),
            bresp: Default::default(),
            bvalid: Default::default(),
            bready: Default::default(),
            out_data: Default::default(),
            out_last: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            sent: Default::default(),
            there: Default::default(),
            answer_kind: Default::default(),
            answer_number: Default::default(),
            answer_left: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            take: Default::default(),
            dismiss: Default::default(),
            waiting: Default::default(),
            buffer: Ram::with_style(BURST_BYTES, RamStyle::Block),
            s: Default::default(),
            phase: Default::default(),
            word: Default::default(),
            asking: Default::default(),
            hears: Default::default(),
            ours: Default::default(),
            bytes: Default::default(),
            count: Default::default(),
            whole: Default::default(),
            after: Default::default(),
            k_fetch: byte(FETCH),
            k_store: byte(STORE),
            k_interrupt: byte(INTERRUPT),
            answer: byte(ANSWER),
            one: Constant::new(1.into()),
            one_byte: Constant::new(1.into()),
            one_number: Constant::new(1.into()),
            one_cycle: Constant::new(1.into()),
            last_byte: Constant::new(31.into()),
            memory_head: Constant::new(11.into()),
            bare_head: Constant::new(1.into()),
            retry_cycles: Constant::new(u64::from(retry_cycles).into()),
            slave_error: Constant::new(2.into()),
        }
    }
}

impl Logic for Asker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, buffer);
        self.phase.next = self.s.q.val().phase;
        self.word.next = self.s.q.val().word;
        self.bytes.next = bit_cast::<16, 5>(self.s.q.val().beats) << 5;
        self.count.next = bit_cast::<10, 16>(self.bytes.val());
        self.whole.next = self.count.val() + self.one_byte.val();
        self.after.next = self.s.q.val().at + self.one_byte.val();
        self.asking.next = (self.s.q.val().phase == Phase::Load)
            || (self.s.q.val().phase == Phase::Head)
            || (self.s.q.val().phase == Phase::Buffer)
            || (self.s.q.val().phase == Phase::Sent)
            || (self.s.q.val().phase == Phase::Wait)
            || (self.s.q.val().phase == Phase::Status);
        self.hears.next =
            self.asking.val() || (self.s.q.val().phase == Phase::Fill) || (self.s.q.val().phase == Phase::Beat);
        self.waiting.next = self.s.q.val().phase == Phase::Wait;
        self.ours.next = (self.answer_number.val() == self.s.q.val().number)
            && (self.answer_kind.val() == (self.s.q.val().kind | self.answer.val()));

        self.arready.next = self.s.q.val().reading;
        self.s.d.next.reading = false;
        self.awready.next = self.s.q.val().phase == Phase::TakeWrite;
        self.wready.next = self.s.q.val().gathers;
        self.rvalid.next = ((self.s.q.val().phase == Phase::Beat) && (!self.s.q.val().shift_in))
            || (self.s.q.val().phase == Phase::Fail);
        self.rdata.next = self.word.val();
        self.rlast.next = self.s.q.val().left == self.one.val();
        self.rresp.next = 0.into();
        if self.s.q.val().phase == Phase::Fail {
            self.rresp.next = self.slave_error.val();
        }
        self.bvalid.next = self.s.q.val().phase == Phase::Respond;
        self.bresp.next = 0.into();
        if self.s.q.val().failed {
            self.bresp.next = self.slave_error.val();
        }

        self.buffer.read_address.next = bit_cast::<24, 10>(self.s.q.val().at);
        self.buffer.write_address.next = bit_cast::<24, 10>(self.s.q.val().at);
        self.buffer.write_data.next = bit_cast_ub::<8, 8>(self.word.val().get_bits::<8>(0));
        self.buffer.write_enable.next = self.s.q.val().spills;
        self.s.d.next.data = self.buffer.read_data.val();
        self.out_valid.next = false;
        self.out_last.next = false;
        self.out_data.next = bit_cast_ub::<8, 8>(self.word.val().get_bits::<8>(0));
        self.take.next = false;
        self.dismiss.next = false;

        // The interrupt line's rise.
        self.s.d.next.line = self.irq.val();
        if self.irq.val() && (!self.s.q.val().line) {
            self.s.d.next.risen = true;
        }
        // An answer that nobody waits for.
        if self.there.val() && self.answer_kind.val().get_bit(7) && (!self.hears.val()) {
            self.dismiss.next = true;
        }

        self.s.d.next.octet = self.data.val();
        self.s.d.next.shift_out = false;
        self.s.d.next.shift_in = false;
        if self.s.q.val().shift_out {
            self.s.d.next.word = self.word.val() >> 8;
        }
        if self.s.q.val().shift_in {
            self.s.d.next.word = (self.word.val() >> 8) | (bit_cast_bu::<256, 8>(self.s.q.val().octet) << 248);
        }
        if self.s.q.val().gathers {
            self.s.d.next.word = self.wdata.val();
        }
        if self.s.q.val().spills {
            self.s.d.next.word = self.word.val() >> 8;
        }
        if self.s.q.val().loads {
            self.s.d.next.word = bit_cast_bu::<256, 8>(self.s.q.val().kind)
                | (bit_cast_bu::<256, 8>(self.s.q.val().number) << 8)
                | (bit_cast_u::<256, 64>(self.s.q.val().address) << 16)
                | (bit_cast_bu::<256, 16>(self.bytes.val()) << 80);
        }

        match self.s.q.val().phase {
            Phase::Idle => {
                self.s.d.next.index = 0.into();
                self.s.d.next.at = 0.into();
                self.s.d.next.failed = false;
                if self.s.q.val().risen {
                    self.s.d.next.risen = self.irq.val() && (!self.s.q.val().line);
                    self.s.d.next.number = self.s.q.val().number + self.one_number.val();
                    self.s.d.next.kind = self.k_interrupt.val();
                    self.phase.next = Phase::Load;
                } else {
                    if self.arvalid.val() && ((!self.awvalid.val()) || (!self.s.q.val().was_read)) {
                        self.phase.next = Phase::TakeRead;
                        self.s.d.next.reading = true;
                    } else {
                        if self.awvalid.val() {
                            self.phase.next = Phase::TakeWrite;
                        }
                    }
                }
            }
            Phase::TakeRead => {
                self.s.d.next.was_read = true;
                self.s.d.next.kind = self.k_fetch.val();
                self.s.d.next.number = self.s.q.val().number + self.one_number.val();
                self.s.d.next.address = self.araddr.val();
                self.s.d.next.beats = bit_cast::<5, 8>(self.arlen.val()) + self.one.val();
                self.s.d.next.left = bit_cast::<5, 8>(self.arlen.val()) + self.one.val();
                self.phase.next = Phase::Load;
                if !self.mastering.val() {
                    self.phase.next = Phase::Fail;
                }
            }
            Phase::TakeWrite => {
                self.s.d.next.was_read = false;
                self.s.d.next.kind = self.k_store.val();
                self.s.d.next.number = self.s.q.val().number + self.one_number.val();
                self.s.d.next.address = self.awaddr.val();
                self.s.d.next.beats = bit_cast::<5, 8>(self.awlen.val()) + self.one.val();
                self.s.d.next.left = bit_cast::<5, 8>(self.awlen.val()) + self.one.val();
                self.phase.next = Phase::Gather;
            }
            Phase::Gather => {
                if self.wvalid.val() {
                    self.s.d.next.left = self.s.q.val().left - self.one.val();
                    self.phase.next = Phase::Spill;
                }
            }
            Phase::Spill => {
                self.s.d.next.at = self.after.val();
                self.s.d.next.index = self.s.q.val().index + self.one.val();
                if self.s.q.val().index == self.last_byte.val() {
                    self.phase.next = Phase::Gather;
                    if !self.s.q.val().left.any() {
                        self.phase.next = Phase::Load;
                        if !self.mastering.val() {
                            self.s.d.next.failed = true;
                            self.phase.next = Phase::Respond;
                        }
                    }
                }
            }
            Phase::Load => {
                self.s.d.next.index = self.memory_head.val();
                if self.s.q.val().kind == self.k_interrupt.val() {
                    self.s.d.next.index = self.bare_head.val();
                }
                self.s.d.next.at = 0.into();
                self.s.d.next.near = false;
                self.s.d.next.fresh = false;
                self.phase.next = Phase::Head;
            }
            Phase::Head => {
                self.out_valid.next = !self.s.q.val().shift_out;
                self.out_last.next = (!self.s.q.val().index.any()) && (self.s.q.val().kind != self.k_store.val());
                if self.out_ready.val() && (!self.s.q.val().shift_out) {
                    self.s.d.next.shift_out = true;
                    self.s.d.next.index = self.s.q.val().index - self.one.val();
                    if !self.s.q.val().index.any() {
                        self.phase.next = Phase::Sent;
                        if self.s.q.val().kind == self.k_store.val() {
                            self.phase.next = Phase::Buffer;
                        }
                    }
                }
            }
            Phase::Buffer => {
                self.out_data.next = self.s.q.val().data;
                self.out_valid.next = self.s.q.val().fresh;
                self.s.d.next.near = true;
                self.s.d.next.fresh = self.s.q.val().near;
                self.out_last.next = self.after.val() == self.count.val();
                if self.out_ready.val() {
                    self.s.d.next.near = false;
                    self.s.d.next.fresh = false;
                    self.s.d.next.at = self.after.val();
                    if self.out_last.val() {
                        self.phase.next = Phase::Sent;
                    }
                }
            }
            Phase::Sent => {
                self.s.d.next.retry = self.retry_cycles.val();
                if self.sent.val() {
                    self.phase.next = Phase::Wait;
                }
            }
            Phase::Wait => {
                if self.s.q.val().failed {
                    self.phase.next = Phase::Respond;
                    if self.s.q.val().kind == self.k_fetch.val() {
                        self.phase.next = Phase::Fail;
                    }
                    if self.s.q.val().kind == self.k_interrupt.val() {
                        self.phase.next = Phase::Idle;
                    }
                } else {
                    if self.there.val() && self.answer_kind.val().get_bit(7) {
                        if self.ours.val() && (self.s.q.val().kind != self.k_interrupt.val()) {
                            self.phase.next = Phase::Status;
                        } else {
                            self.dismiss.next = true;
                            if self.ours.val() && (!self.answer_left.val().any()) {
                                self.phase.next = Phase::Idle;
                            }
                        }
                    } else {
                        if !self.busy.val() {
                            self.s.d.next.retry = self.s.q.val().retry - self.one_cycle.val();
                            if !self.s.q.val().retry.any() {
                                self.phase.next = Phase::Load;
                            }
                        }
                    }
                }
            }
            Phase::Status => {
                self.s.d.next.index = 0.into();
                // Unless something below says better: an answer of no use, and the wait goes on.
                if self.valid.val() || (!self.answer_left.val().any()) {
                    self.take.next = self.valid.val();
                    self.phase.next = Phase::Wait;
                    self.dismiss.next = true;
                    if (self.s.q.val().kind == self.k_fetch.val())
                        && (!self.data.val().any())
                        && (self.answer_left.val() == self.whole.val())
                    {
                        self.dismiss.next = false;
                        self.phase.next = Phase::Fill;
                    }
                    if (self.s.q.val().kind == self.k_fetch.val())
                        && self.data.val().any()
                        && (self.answer_left.val() == self.one_byte.val())
                    {
                        self.phase.next = Phase::Fail;
                    }
                    if (self.s.q.val().kind == self.k_store.val()) && (self.answer_left.val() == self.one_byte.val()) {
                        self.s.d.next.failed = self.s.q.val().failed || self.data.val().any();
                        self.phase.next = Phase::Respond;
                    }
                }
            }
            Phase::Fill => {
                if self.valid.val() {
                    self.take.next = true;
                    self.s.d.next.shift_in = true;
                    self.s.d.next.index = self.s.q.val().index + self.one.val();
                    if self.s.q.val().index == self.last_byte.val() {
                        self.phase.next = Phase::Beat;
                    }
                }
            }
            Phase::Beat => {
                if self.rready.val() && (!self.s.q.val().shift_in) {
                    self.s.d.next.left = self.s.q.val().left - self.one.val();
                    self.phase.next = Phase::Fill;
                    if self.rlast.val() {
                        self.dismiss.next = true;
                        self.phase.next = Phase::Idle;
                    }
                }
            }
            Phase::Fail => {
                if self.rready.val() {
                    self.s.d.next.left = self.s.q.val().left - self.one.val();
                    if self.rlast.val() {
                        self.phase.next = Phase::Idle;
                    }
                }
            }
            Phase::Respond => {
                if self.bready.val() {
                    self.phase.next = Phase::Idle;
                }
            }
        }
        if self.restart.val() {
            self.s.d.next.risen = false;
        }
        if (self.restart.val() || (self.abort.val() && (self.s.q.val().kind != self.k_interrupt.val())))
            && self.asking.val()
        {
            self.s.d.next.failed = true;
        }
        self.s.d.next.phase = self.phase.val();
        self.s.d.next.gathers = self.phase.val() == Phase::Gather;
        self.s.d.next.spills = self.phase.val() == Phase::Spill;
        self.s.d.next.loads = self.phase.val() == Phase::Load;
    }
}
