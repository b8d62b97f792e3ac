//! The bridge: a serial line on one side, the card's buses on the other.

use super::{Asker, FrameReceiver, FrameSender, Responder, SerialConfig, UartRx, UartTx};
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// A frame is being sent; it is the asker's.
    sending: Bit,
    question: Bit,
    /// Its next byte waits for the sender; it is the last; the last has been taken.
    held: Bit,
    octet: Bits<8>,
    last: Bit,
    ended: Bit,
    /// A byte of the frame was taken, the frame dismissed: told to the receiver a cycle later, with nothing shown meanwhile.
    take: Bit,
    dismiss: Bit,
    /// A frame was damaged since the last HELLO.
    damaged: Bit,
}

/// UART, frames, and both channels; answers go before questions.
#[derive(LogicBlock)]
pub struct Bridge {
    pub clock: Signal<In, Clock>,
    /// The board's reset: ends what is under way with errors, resets the card.
    pub reset: Signal<In, Bit>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    // AXI4-Lite master.
    pub s_awaddr: Signal<Out, Bits<16>>,
    pub s_awvalid: Signal<Out, Bit>,
    pub s_awready: Signal<In, Bit>,
    pub s_wdata: Signal<Out, Bits<32>>,
    pub s_wvalid: Signal<Out, Bit>,
    pub s_wready: Signal<In, Bit>,
    pub s_bvalid: Signal<In, Bit>,
    pub s_bready: Signal<Out, Bit>,
    pub s_araddr: Signal<Out, Bits<16>>,
    pub s_arvalid: Signal<Out, Bit>,
    pub s_arready: Signal<In, Bit>,
    pub s_rdata: Signal<In, Bits<32>>,
    pub s_rvalid: Signal<In, Bit>,
    pub s_rready: Signal<Out, Bit>,
    // AXI4 slave.
    pub h_araddr: Signal<In, U<64>>,
    pub h_arlen: Signal<In, Bits<8>>,
    pub h_arvalid: Signal<In, Bit>,
    pub h_arready: Signal<Out, Bit>,
    pub h_rdata: Signal<Out, U<256>>,
    pub h_rresp: Signal<Out, Bits<2>>,
    pub h_rlast: Signal<Out, Bit>,
    pub h_rvalid: Signal<Out, Bit>,
    pub h_rready: Signal<In, Bit>,
    pub h_awaddr: Signal<In, U<64>>,
    pub h_awlen: Signal<In, Bits<8>>,
    pub h_awvalid: Signal<In, Bit>,
    pub h_awready: Signal<Out, Bit>,
    pub h_wdata: Signal<In, U<256>>,
    pub h_wvalid: Signal<In, Bit>,
    pub h_wready: Signal<Out, Bit>,
    pub h_bresp: Signal<Out, Bits<2>>,
    pub h_bvalid: Signal<Out, Bit>,
    pub h_bready: Signal<In, Bit>,
    pub irq: Signal<In, Bit>,
    pub card_reset: Signal<Out, Bit>,
    // For lamps.
    pub received: Signal<Out, Bit>,
    pub mastering: Signal<Out, Bit>,
    pub damaged: Signal<Out, Bit>,
    pub waiting: Signal<Out, Bit>,
    uart_rx: UartRx,
    uart_tx: UartTx,
    receiver: FrameReceiver,
    sender: FrameSender,
    responder: Responder,
    asker: Asker,
    s: DFF<State>,
    there: Signal<Local, Bit>,
    shows: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,
    octet: Signal<Local, Bits<8>>,
    last: Signal<Local, Bit>,
    valid: Signal<Local, Bit>,
}

ports!(Bridge {
    in: reset, rx, s_awready, s_wready, s_bvalid, s_arready, s_rdata, s_rvalid, h_araddr, h_arlen, h_arvalid, h_rready,
        h_awaddr, h_awlen, h_awvalid, h_wdata, h_wvalid, h_bready, irq;
    out: tx, s_awaddr, s_awvalid, s_wdata, s_wvalid, s_bready, s_araddr, s_arvalid, s_rready, h_arready, h_rdata, h_rresp,
         h_rlast, h_rvalid, h_awready, h_wready, h_bresp, h_bvalid, card_reset, received, mastering, damaged, waiting
});

impl Bridge {
    /// # Panics
    /// If the configuration is not valid ([`SerialConfig::validate`] says why).
    pub fn new(config: &SerialConfig) -> Self {
        if let Err(e) = config.validate() {
            panic!("{e}");
        }
        Self {
            clock: Default::default(),
            reset: Default::default(),
            rx: Default::default(),
            tx: Default::default(),
            s_awaddr: Default::default(),
            s_awvalid: Default::default(),
            s_awready: Default::default(),
            s_wdata: Default::default(),
            s_wvalid: Default::default(),
            s_wready: Default::default(),
            s_bvalid: Default::default(),
            s_bready: Default::default(),
            s_araddr: Default::default(),
            s_arvalid: Default::default(),
            s_arready: Default::default(),
            s_rdata: Default::default(),
            s_rvalid: Default::default(),
            s_rready: Default::default(),
            h_araddr: Default::default(),
            h_arlen: Default::default(),
            h_arvalid: Default::default(),
            h_arready: Default::default(),
            h_rdata: Default::default(),
            h_rresp: Default::default(),
            h_rlast: Default::default(),
            h_rvalid: Default::default(),
            h_rready: Default::default(),
            h_awaddr: Default::default(),
            h_awlen: Default::default(),
            h_awvalid: Default::default(),
            h_awready: Default::default(),
            h_wdata: Default::default(),
            h_wvalid: Default::default(),
            h_wready: Default::default(),
            h_bresp: Default::default(),
            h_bvalid: Default::default(),
            h_bready: Default::default(),
            irq: Default::default(),
            card_reset: Default::default(),
            received: Default::default(),
            mastering: Default::default(),
            damaged: Default::default(),
            waiting: Default::default(),
            uart_rx: UartRx::new(config.divisor),
            uart_tx: UartTx::new(config.divisor),
            receiver: Default::default(),
            sender: Default::default(),
            responder: Default::default(),
            asker: Asker::new(config.retry_cycles),
            s: Default::default(),
            there: Default::default(),
            shows: Default::default(),
            takes: Default::default(),
            octet: Default::default(),
            last: Default::default(),
            valid: Default::default(),
        }
    }
}

impl Logic for Bridge {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, uart_rx, uart_tx, receiver, sender, responder, asker);

        // The line.
        self.uart_rx.rx.next = self.rx.val();
        self.tx.next = self.uart_tx.tx.val();
        self.receiver.octet.next = self.uart_rx.data.val();
        self.receiver.byte_valid.next = self.uart_rx.valid.val();
        self.s.d.next.take = self.responder.take.val() || self.asker.take.val();
        self.s.d.next.dismiss = self.responder.dismiss.val() || self.asker.dismiss.val();
        self.receiver.take.next = self.s.q.val().take;
        self.receiver.dismiss.next = self.s.q.val().dismiss;
        self.there.next = self.receiver.there.val() && (!self.s.q.val().dismiss);
        self.shows.next = self.receiver.valid.val() && (!self.s.q.val().take) && (!self.s.q.val().dismiss);
        self.uart_tx.data.next = self.sender.octet.val();
        self.uart_tx.valid.next = self.sender.byte_valid.val();
        self.sender.byte_ready.next = self.uart_tx.ready.val();

        // Whose frame is sent: answers go first. A byte waits in a register for the sender, which takes many cycles for
        // each; behind the last one of a frame none is taken before the frame has left.
        self.sender.data.next = self.s.q.val().octet;
        self.sender.last.next = self.s.q.val().last;
        self.sender.valid.next = self.s.q.val().held;
        self.takes.next = self.s.q.val().sending && (!self.s.q.val().held) && (!self.s.q.val().ended);
        self.responder.out_ready.next = self.takes.val() && (!self.s.q.val().question);
        self.asker.out_ready.next = self.takes.val() && self.s.q.val().question;
        self.asker.sent.next = self.sender.done.val() && self.s.q.val().question;
        self.octet.next = self.responder.out_data.val();
        self.last.next = self.responder.out_last.val();
        self.valid.next = self.responder.out_valid.val();
        if self.s.q.val().question {
            self.octet.next = self.asker.out_data.val();
            self.last.next = self.asker.out_last.val();
            self.valid.next = self.asker.out_valid.val();
        }
        if self.sender.ready.val() {
            self.s.d.next.held = false;
        }
        if self.takes.val() && self.valid.val() {
            self.s.d.next.held = true;
            self.s.d.next.octet = self.octet.val();
            self.s.d.next.last = self.last.val();
            self.s.d.next.ended = self.last.val();
        }
        if self.s.q.val().sending {
            if self.sender.done.val() {
                self.s.d.next.sending = false;
                self.s.d.next.ended = false;
            }
        } else {
            self.s.d.next.sending = self.responder.out_valid.val() || self.asker.out_valid.val();
            self.s.d.next.question = !self.responder.out_valid.val();
        }

        // The host's questions.
        self.responder.pin.next = self.reset.val();
        self.responder.there.next = self.there.val();
        self.responder.kind.next = self.receiver.kind.val();
        self.responder.number.next = self.receiver.number.val();
        self.responder.left.next = self.receiver.left.val();
        self.responder.data.next = self.receiver.data.val();
        self.responder.valid.next = self.shows.val();
        self.s_awaddr.next = self.responder.awaddr.val();
        self.s_awvalid.next = self.responder.awvalid.val();
        self.responder.awready.next = self.s_awready.val();
        self.s_wdata.next = self.responder.wdata.val();
        self.s_wvalid.next = self.responder.wvalid.val();
        self.responder.wready.next = self.s_wready.val();
        self.responder.bvalid.next = self.s_bvalid.val();
        self.s_bready.next = self.responder.bready.val();
        self.s_araddr.next = self.responder.araddr.val();
        self.s_arvalid.next = self.responder.arvalid.val();
        self.responder.arready.next = self.s_arready.val();
        self.responder.rdata.next = self.s_rdata.val();
        self.responder.rvalid.next = self.s_rvalid.val();
        self.s_rready.next = self.responder.rready.val();
        self.card_reset.next = self.responder.reset.val();

        // The card's questions.
        self.asker.mastering.next = self.responder.mastering.val();
        self.asker.restart.next = self.responder.restart.val();
        self.asker.abort.next = self.responder.abort.val();
        self.asker.irq.next = self.irq.val();
        self.asker.busy.next = self.uart_rx.busy.val();
        self.asker.there.next = self.there.val();
        self.asker.answer_kind.next = self.receiver.kind.val();
        self.asker.answer_number.next = self.receiver.number.val();
        self.asker.answer_left.next = self.receiver.left.val();
        self.asker.data.next = self.receiver.data.val();
        self.asker.valid.next = self.shows.val();
        self.asker.araddr.next = self.h_araddr.val();
        self.asker.arlen.next = self.h_arlen.val();
        self.asker.arvalid.next = self.h_arvalid.val();
        self.h_arready.next = self.asker.arready.val();
        self.h_rdata.next = self.asker.rdata.val();
        self.h_rresp.next = self.asker.rresp.val();
        self.h_rlast.next = self.asker.rlast.val();
        self.h_rvalid.next = self.asker.rvalid.val();
        self.asker.rready.next = self.h_rready.val();
        self.asker.awaddr.next = self.h_awaddr.val();
        self.asker.awlen.next = self.h_awlen.val();
        self.asker.awvalid.next = self.h_awvalid.val();
        self.h_awready.next = self.asker.awready.val();
        self.asker.wdata.next = self.h_wdata.val();
        self.asker.wvalid.next = self.h_wvalid.val();
        self.h_wready.next = self.asker.wready.val();
        self.h_bresp.next = self.asker.bresp.val();
        self.h_bvalid.next = self.asker.bvalid.val();
        self.asker.bready.next = self.h_bready.val();

        // Lamps.
        if self.receiver.bad.val() {
            self.s.d.next.damaged = true;
        }
        if self.responder.hello.val() {
            self.s.d.next.damaged = false;
        }
        self.received.next = self.uart_rx.valid.val();
        self.mastering.next = self.responder.mastering.val();
        self.damaged.next = self.s.q.val().damaged;
        self.waiting.next = self.asker.waiting.val();
    }
}
