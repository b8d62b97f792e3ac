//! The card: everything between the pins. `docs/card.md` has the tour.
//!
//! The top is flat: it holds the pins, the blocks of the bus and the queue, the engines, and the
//! wires between them, no logic of its own beyond the choice of who talks to whom. No pin depends
//! on another pin of the same cycle.

mod build;
pub mod pins;
#[cfg(test)]
pub(crate) mod tests;

pub use pins::{Inputs, Outputs};

use crate::bus::{AxiLiteSlave, ReadArbiter, Reader, Stage, Writer};
use crate::elementwise::Elementwise;
use crate::msm::{ManyMsm, Msm256};
use crate::ntt::VectorNtt;
use crate::queue::{Batch, Checker, Fetcher, Queues, RegisterFile, Sequencer};
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_ub, U};
use rust_hdl::prelude::*;

/// What the command being run does: the opcode, decoded, and whether it can start.
#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct Kind {
    is_copy: Bit,
    is_msm: Bit,
    is_ntt: Bit,
    is_zero: Bit,
    /// Its engine is ready.
    ready: Bit,
    /// A cycle ago, of a card with serial engines: an engine did a piece of work; a scalar was too large.
    work: Bit,
    scalar_error: Bit,
    /// A mover is busy; one begins; a reset is asked for.
    movers_busy: Bit,
    begins: Bit,
    reset_request: Bit,
}

/// A beat of a read from host memory, on its way to whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct Beat {
    to0: Bit,
    to1: Bit,
    to2: Bit,
    bad: Bit,
    data: U<256>,
}

/// The card's top, with exactly the pins of `docs/architecture.md`.
#[derive(LogicBlock)]
pub struct Card {
    pub clock: Signal<In, Clock>,
    /// Resets as CONTROL bit 1 does, for as long as it is high: bursts under way end first.
    pub reset: Signal<In, Bit>,
    pub clock_hz: Signal<In, Bits<32>>,
    pub card_mem_bytes: Signal<In, U<40>>,
    // AXI4-Lite slave.
    pub s_awaddr: Signal<In, Bits<16>>,
    pub s_awvalid: Signal<In, Bit>,
    pub s_awready: Signal<Out, Bit>,
    pub s_wdata: Signal<In, Bits<32>>,
    pub s_wstrb: Signal<In, Bits<4>>,
    pub s_wvalid: Signal<In, Bit>,
    pub s_wready: Signal<Out, Bit>,
    pub s_bresp: Signal<Out, Bits<2>>,
    pub s_bvalid: Signal<Out, Bit>,
    pub s_bready: Signal<In, Bit>,
    pub s_araddr: Signal<In, Bits<16>>,
    pub s_arvalid: Signal<In, Bit>,
    pub s_arready: Signal<Out, Bit>,
    pub s_rdata: Signal<Out, Bits<32>>,
    pub s_rresp: Signal<Out, Bits<2>>,
    pub s_rvalid: Signal<Out, Bit>,
    pub s_rready: Signal<In, Bit>,
    // AXI4 master: host memory.
    pub h_araddr: Signal<Out, U<64>>,
    pub h_arlen: Signal<Out, Bits<8>>,
    pub h_arvalid: Signal<Out, Bit>,
    pub h_arready: Signal<In, Bit>,
    pub h_rdata: Signal<In, U<256>>,
    pub h_rresp: Signal<In, Bits<2>>,
    pub h_rlast: Signal<In, Bit>,
    pub h_rvalid: Signal<In, Bit>,
    pub h_rready: Signal<Out, Bit>,
    pub h_awaddr: Signal<Out, U<64>>,
    pub h_awlen: Signal<Out, Bits<8>>,
    pub h_awvalid: Signal<Out, Bit>,
    pub h_awready: Signal<In, Bit>,
    pub h_wdata: Signal<Out, U<256>>,
    pub h_wlast: Signal<Out, Bit>,
    pub h_wvalid: Signal<Out, Bit>,
    pub h_wready: Signal<In, Bit>,
    pub h_bresp: Signal<In, Bits<2>>,
    pub h_bvalid: Signal<In, Bit>,
    pub h_bready: Signal<Out, Bit>,
    // AXI4 master: card memory.
    pub c_araddr: Signal<Out, U<64>>,
    pub c_arlen: Signal<Out, Bits<8>>,
    pub c_arvalid: Signal<Out, Bit>,
    pub c_arready: Signal<In, Bit>,
    pub c_rdata: Signal<In, U<256>>,
    pub c_rresp: Signal<In, Bits<2>>,
    pub c_rlast: Signal<In, Bit>,
    pub c_rvalid: Signal<In, Bit>,
    pub c_rready: Signal<Out, Bit>,
    pub c_awaddr: Signal<Out, U<64>>,
    pub c_awlen: Signal<Out, Bits<8>>,
    pub c_awvalid: Signal<Out, Bit>,
    pub c_awready: Signal<In, Bit>,
    pub c_wdata: Signal<Out, U<256>>,
    pub c_wlast: Signal<Out, Bit>,
    pub c_wvalid: Signal<Out, Bit>,
    pub c_wready: Signal<In, Bit>,
    pub c_bresp: Signal<In, Bits<2>>,
    pub c_bvalid: Signal<In, Bit>,
    pub c_bready: Signal<Out, Bit>,
    /// Interrupt, level.
    pub irq: Signal<Out, Bit>,
    /// The card needs clock cycles.
    pub busy: Signal<Out, Bit>,

    slave: AxiLiteSlave,
    registers: RegisterFile,
    queues: Gated<Queues>,
    fetcher: Fetcher,
    // (Its field is not `checker`: a reserved word of SystemVerilog.)
    descriptor: Checker,
    sequencer: Sequencer,
    reader0: Reader,
    reader1: Reader,
    writer: Writer,
    host: ReadArbiter,
    card: ReadArbiter,
    /// One MSM engine, by the curve's width and the number of adders, and one for transforms; or none.
    msm: Vec<Gated<Msm256>>,
    lanes: Vec<Gated<ManyMsm>>,
    ntt: Vec<Gated<VectorNtt>>,
    /// Element-wise operations, and the reader of their third operand; or none.
    elementwise: Vec<Gated<Elementwise>>,
    reader2: Vec<Reader>,
    /// Starts of movers and engines for each vector of a command; or none.
    batch: Vec<Batch>,
    /// As `kind`: the command is for that engine.
    is_elementwise: Vec<DFF<Bit>>,

    /// A card with serial engines, whose words come and go slowly and over long ways: registers behind the host's
    /// read channel and behind the readers, and before the writer. Else none.
    beat: Vec<DFF<Beat>>,
    stage_a: Vec<Stage>,
    stage_b: Vec<Stage>,
    stage_c: Vec<Stage>,

    beat_now: Signal<Local, Beat>,
    a_data: Signal<Local, U<256>>,
    a_valid: Signal<Local, Bit>,
    a_ready: Signal<Local, Bit>,
    b_data: Signal<Local, U<256>>,
    b_valid: Signal<Local, Bit>,
    b_ready: Signal<Local, Bit>,
    c_data: Signal<Local, U<256>>,
    c_valid: Signal<Local, Bit>,
    c_ready: Signal<Local, Bit>,
    to_card: Signal<Local, Bit>,
    kind: DFF<Kind>,
    msm_ready: Signal<Local, Bit>,
    ntt_ready: Signal<Local, Bit>,
    count: Signal<Local, U<32>>,
    len_of_two: Constant<Bits<4>>,
    one_word: Constant<U<32>>,
    no_address: Constant<U<64>>,
    no_len: Constant<Bits<4>>,
    /// The operation that reads its destination.
    fused: Vec<Constant<Bits<2>>>,
    operation: Vec<Signal<Local, Bits<2>>>,
    /// Of a card with several butterflies: how many a cycle with some has, by log2 of the vector.
    butterflies: Vec<Constant<U<64>>>,
    few_log: Vec<Constant<U<32>>>,
    few: Vec<Constant<U<64>>>,
    no_butterflies: Vec<Constant<U<64>>>,
    _engines: usize,
    _narrow: usize,
    _lanes: usize,
    _elementwise: usize,
    _batches: usize,
    column_log: Vec<Constant<Bits<6>>>,
    _columns: usize,
    _slow: usize,
    _side: usize,
    _few: usize,
}

ports!(Card {
    in: reset, clock_hz, card_mem_bytes,
        s_awaddr, s_awvalid, s_wdata, s_wstrb, s_wvalid, s_bready, s_araddr, s_arvalid, s_rready,
        h_arready, h_rdata, h_rresp, h_rlast, h_rvalid, h_awready, h_wready, h_bresp, h_bvalid,
        c_arready, c_rdata, c_rresp, c_rlast, c_rvalid, c_awready, c_wready, c_bresp, c_bvalid;
    out: s_awready, s_wready, s_bresp, s_bvalid, s_arready, s_rdata, s_rresp, s_rvalid,
         h_araddr, h_arlen, h_arvalid, h_rready, h_awaddr, h_awlen, h_awvalid, h_wdata, h_wlast, h_wvalid, h_bready,
         c_araddr, c_arlen, c_arvalid, c_rready, c_awaddr, c_awlen, c_awvalid, c_wdata, c_wlast, c_wvalid, c_bready,
         irq, busy
});

impl Logic for Card {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, kind);
        clock!(
            self, clock, slave, registers, queues, fetcher, descriptor, sequencer, reader0, reader1, writer, host, card
        );

        // Registers.
        self.slave.awaddr.next = self.s_awaddr.val();
        self.slave.awvalid.next = self.s_awvalid.val();
        self.slave.wdata.next = self.s_wdata.val();
        self.slave.wstrb.next = self.s_wstrb.val();
        self.slave.wvalid.next = self.s_wvalid.val();
        self.slave.bready.next = self.s_bready.val();
        self.slave.araddr.next = self.s_araddr.val();
        self.slave.arvalid.next = self.s_arvalid.val();
        self.slave.rready.next = self.s_rready.val();
        self.s_awready.next = self.slave.awready.val();
        self.s_wready.next = self.slave.wready.val();
        self.s_bresp.next = 0.into();
        self.s_bvalid.next = self.slave.bvalid.val();
        self.s_arready.next = self.slave.arready.val();
        self.s_rdata.next = self.slave.rdata.val();
        self.s_rresp.next = 0.into();
        self.s_rvalid.next = self.slave.rvalid.val();
        self.slave.read_data.next = self.registers.read_data.val();
        self.slave.read_done.next = self.registers.read_done.val();
        self.registers.write_valid.next = self.slave.write_valid.val();
        self.registers.write_address.next = self.slave.write_address.val();
        self.registers.write_data.next = self.slave.write_data.val();
        self.registers.read_valid.next = self.slave.read_valid.val();
        self.registers.read_address.next = self.slave.read_address.val();
        self.registers.clear.next = self.sequencer.clear.val();
        self.registers.clock_hz.next = self.clock_hz.val();
        self.registers.card_mem_bytes.next = self.card_mem_bytes.val();
        self.registers.ready.next = self.sequencer.ready.val();
        self.registers.command.next = self.sequencer.command.val();
        self.registers.resetting.next = self.sequencer.resetting.val();
        self.registers.queue_error.next = self.queues.failed.val();
        self.registers.epoch.next = self.sequencer.epoch.val();
        self.registers.queue_value.next = self.queues.value.val();
        self.registers.set_irq.next = self.queues.set_irq.val();
        self.irq.next = self.registers.irq.val();
        self.busy.next = self.sequencer.busy.val();

        // Events.
        self.registers.events.next.busy = self.sequencer.command.val();
        self.registers.events.next.msm = false;
        self.registers.events.next.adds = false;
        self.registers.events.next.stall_input = false;
        self.registers.events.next.stall_bucket = false;
        self.registers.events.next.stall_empty = false;
        self.registers.events.next.stall_drain = false;
        self.registers.events.next.ntt = false;
        self.registers.events.next.butterflies = false;
        self.registers.events.next.host_read = self.h_rvalid.val() && self.host.r_ready.val();
        self.registers.events.next.host_write =
            self.writer.w_valid.val() && (!self.writer.to.val()) && self.h_wready.val();
        self.registers.events.next.card_read = self.c_rvalid.val() && self.card.r_ready.val();
        self.registers.events.next.card_write =
            self.writer.w_valid.val() && self.writer.to.val() && self.c_wready.val();
        self.registers.events.next.commands = self.sequencer.ended_ok.val();
        self.registers.events.next.errors = self.sequencer.ended_bad.val();

        // Queues.
        self.queues.clear.next = self.sequencer.clear.val();
        self.queues.run.next = self.registers.run.val();
        self.queues.write_valid.next = self.slave.write_valid.val();
        self.queues.write_address.next = self.slave.write_address.val();
        self.queues.write_data.next = self.slave.write_data.val();
        self.queues.read_address.next = self.slave.read_address.val();
        self.queues.begins.next = self.fetcher.begins.val();
        self.queues.holds.next = self.fetcher.holds.val();
        self.queues.fetched.next = self.fetcher.fetched.val();
        self.queues.fetch_fault.next = self.sequencer.fetch_failed.val();
        self.queues.load.next = self.sequencer.load.val();
        self.queues.occupied.next = self.sequencer.occupied.val();
        self.queues.written.next = self.sequencer.set_completion.val();
        self.queues.completion_fault.next = self.sequencer.completion_failed.val();

        // Fetcher.
        self.fetcher.clear.next = self.sequencer.clear.val();
        self.fetcher.enable.next = self.sequencer.fetch_enable.val();
        self.fetcher.flush.next = self.sequencer.fetch_flush.val();
        self.fetcher.offer.next = self.queues.offer.val();
        self.fetcher.offer_address.next = self.queues.offer_address.val();
        self.fetcher.take.next = self.sequencer.load.val();
        self.fetcher.ask_ready.next = self.host.ask2_ready.val();
        self.beat_now.next.to0 = self.host.beat0.val();
        self.beat_now.next.to1 = self.host.beat1.val();
        self.beat_now.next.to2 = self.host.beat2.val();
        self.beat_now.next.bad = self.host.bad.val();
        self.beat_now.next.data = self.h_rdata.val();
        for i in 0..self._slow {
            self.beat[i].clock.next = self.clock.val();
            self.beat[i].d.next = self.beat_now.val();
            self.beat_now.next = self.beat[i].q.val();
        }
        self.fetcher.beat_valid.next = self.beat_now.val().to2;
        self.fetcher.beat_data.next = self.beat_now.val().data;
        self.fetcher.beat_bad.next = self.beat_now.val().bad;

        // Checker.
        self.descriptor.clear.next = self.sequencer.clear.val();
        self.descriptor.load.next = self.sequencer.load.val();
        self.descriptor.low.next = self.fetcher.low.val();
        self.descriptor.high.next = self.fetcher.high.val();
        self.descriptor.epoch.next = self.sequencer.epoch.val();
        self.descriptor.card_mem_bytes.next = self.card_mem_bytes.val();

        // The checker takes longer than this register: no command starts before its kind stands here.
        self.kind.d.next.is_copy = self.descriptor.is_copy.val();
        self.kind.d.next.is_msm = self.descriptor.is_msm.val();
        self.kind.d.next.is_ntt = self.descriptor.is_ntt.val();
        self.kind.d.next.is_zero = self.descriptor.is_zero.val();

        // Sequencer.
        self.sequencer.reset.next = self.reset.val();
        self.sequencer.reset_request.next = self.registers.reset_request.val();
        self.sequencer.run.next = self.registers.run.val();
        self.sequencer.fetch_alive.next = self.queues.fetch_alive.val();
        self.sequencer.fetch_head.next = self.queues.fetch_head.val();
        self.sequencer.run_alive.next = self.queues.run_alive.val();
        self.sequencer.run_room.next = self.queues.run_room.val();
        self.sequencer.run_phase.next = self.queues.run_phase.val();
        self.sequencer.fetch_there.next = self.fetcher.there.val();
        self.sequencer.fetch_fault.next = self.fetcher.fault.val();
        self.sequencer.fetch_active.next = self.fetcher.active.val();
        self.sequencer.fetch_begins.next = self.fetcher.begins.val();
        self.sequencer.checked.next = self.descriptor.done.val();
        self.sequencer.verdict.next = self.descriptor.status.val();
        self.sequencer.id.next = self.descriptor.id.val();
        self.sequencer.count.next = self.descriptor.count.val();
        self.sequencer.moves.next = self.kind.q.val().is_copy || self.kind.q.val().is_zero;
        self.sequencer.is_msm.next = self.kind.q.val().is_msm;
        self.sequencer.is_ntt.next = self.kind.q.val().is_ntt;
        self.sequencer.a_space.next = self.descriptor.a_space.val();
        self.sequencer.b_space.next = self.descriptor.b_space.val();
        self.sequencer.c_space.next = self.descriptor.c_space.val();
        self.sequencer.movers_busy.next = self.reader0.busy.val() || self.reader1.busy.val() || self.writer.busy.val();
        self.sequencer.a_error.next = self.reader0.error.val();
        self.sequencer.b_error.next = self.reader1.error.val();
        self.sequencer.c_error.next = self.writer.error.val();
        self.sequencer.engine_done.next = false;
        self.sequencer.scalar_error.next = false;
        self.sequencer.scalar_index.next = 0.into();
        self.sequencer.work.next = false;
        for i in 0..self._batches {
            self.sequencer.movers_busy.next = self.reader0.busy.val()
                || self.reader1.busy.val()
                || self.writer.busy.val()
                || self.batch[i].left.val();
            self.sequencer.a_error.next = self.batch[i].a_error.val();
            self.sequencer.b_error.next = self.batch[i].b_error.val();
            // The completion has errors of its own.
            self.sequencer.c_error.next =
                self.writer.error.val() || (self.batch[i].c_error.val() && (!self.sequencer.completing.val()));
        }
        for i in 0..self._elementwise {
            self.sequencer.moves.next =
                self.kind.q.val().is_copy || self.kind.q.val().is_zero || self.is_elementwise[i].q.val();
            self.sequencer.movers_busy.next = self.reader0.busy.val()
                || self.reader1.busy.val()
                || self.reader2[i].busy.val()
                || self.writer.busy.val()
                || self.batch[i].left.val();
            // The destination is read from card memory: a fault there is a fault of an operand that is read.
            self.sequencer.a_error.next = self.batch[i].a_error.val() || self.reader2[i].error.val();
            self.sequencer.a_space.next = self.descriptor.a_space.val() || self.reader2[i].error.val();
        }
        // Slow: from registers, since much hangs on both; that a mover begins is seen at once.
        for _i in 0..self._slow {
            self.kind.d.next.movers_busy = self.reader0.busy.val() || self.reader1.busy.val() || self.writer.busy.val();
            self.kind.d.next.begins = self.sequencer.start.val() || self.sequencer.completion_start.val();
            self.sequencer.movers_busy.next = self.kind.q.val().movers_busy || self.kind.q.val().begins;
            self.kind.d.next.reset_request = self.registers.reset_request.val();
            self.sequencer.reset_request.next = self.kind.q.val().reset_request;
        }
        self.sequencer.buses_idle.next = self.host.idle.val() && self.card.idle.val() && self.writer.idle.val();

        // Readers.
        self.reader0.clear.next = self.sequencer.clear.val();
        self.reader0.start.next = self.sequencer.start.val();
        self.reader0.space.next = self.descriptor.a_space.val();
        self.reader0.address.next = self.descriptor.a_address.val();
        self.reader0.words.next = self.descriptor.a_words.val();
        self.reader0.ask_ready.next = self.host.ask0_ready.val() || self.card.ask0_ready.val();
        self.reader0.beat_valid.next = self.beat_now.val().to0 || self.card.beat0.val();
        self.reader0.beat_data.next = self.beat_now.val().data;
        self.reader0.beat_bad.next = self.beat_now.val().to0 && self.beat_now.val().bad;
        if self.card.beat0.val() {
            self.reader0.beat_data.next = self.c_rdata.val();
            self.reader0.beat_bad.next = self.card.bad.val();
        }
        self.reader1.clear.next = self.sequencer.clear.val();
        self.reader1.start.next = self.sequencer.start.val();
        self.reader1.space.next = self.descriptor.b_space.val();
        self.reader1.address.next = self.descriptor.b_address.val();
        self.reader1.words.next = self.descriptor.b_words.val();
        self.reader1.ask_ready.next = self.host.ask1_ready.val() || self.card.ask1_ready.val();
        self.reader1.beat_valid.next = self.beat_now.val().to1 || self.card.beat1.val();
        self.reader1.beat_data.next = self.beat_now.val().data;
        self.reader1.beat_bad.next = self.beat_now.val().to1 && self.beat_now.val().bad;
        if self.card.beat1.val() {
            self.reader1.beat_data.next = self.c_rdata.val();
            self.reader1.beat_bad.next = self.card.bad.val();
        }

        for i in 0..self._batches {
            self.batch[i].clock.next = self.clock.val();
            self.batch[i].clear.next = self.sequencer.clear.val();
            self.batch[i].start.next = self.sequencer.start.val();
            self.batch[i].more.next = self.descriptor.more[i].val();
            self.batch[i].count.next = self.descriptor.count.val();
            self.batch[i].is_msm.next = self.kind.q.val().is_msm;
            self.batch[i].is_ntt.next = self.kind.q.val().is_ntt;
            self.batch[i].columns.next = false;
            self.batch[i].scattered.next = false;
            for j in 0..self._columns {
                self.batch[i].columns.next = self.descriptor.columns[j].val();
                self.batch[i].scattered.next = self.descriptor.scattered[j].val();
                self.reader0.stride[j].next = self.descriptor.a_stride[j].val();
                self.writer.stride[j].next = self.descriptor.c_stride[j].val();
            }
            self.batch[i].a_address.next = self.descriptor.a_address.val();
            self.batch[i].a_words.next = self.descriptor.a_words.val();
            self.batch[i].a_busy.next = self.reader0.busy.val();
            self.batch[i].a_failed.next = self.reader0.error.val();
            self.batch[i].b_address.next = self.descriptor.b_address.val();
            self.batch[i].b_words.next = self.descriptor.b_words.val();
            self.batch[i].b_busy.next = self.reader1.busy.val();
            self.batch[i].b_failed.next = self.reader1.error.val();
            self.batch[i].c_address.next = self.descriptor.c_address.val();
            self.batch[i].c_words.next = self.descriptor.c_words.val();
            self.batch[i].c_busy.next = self.writer.busy.val();
            self.batch[i].c_failed.next = self.writer.error.val();
            self.batch[i].ready.next = self.kind.q.val().ready;
            self.reader0.start.next = self.batch[i].a_go.val();
            self.reader0.address.next = self.batch[i].a_at.val();
            self.reader1.start.next = self.batch[i].b_go.val();
            self.reader1.address.next = self.batch[i].b_at.val();
        }

        // Read channels.
        self.host.clear.next = self.sequencer.clear.val();
        self.host.stop.next = self.sequencer.stop.val();
        self.host.ask0_valid.next = self.reader0.ask_valid.val() && (!self.reader0.ask_space.val());
        self.host.ask0_address.next = self.reader0.ask_address.val();
        self.host.ask0_len.next = self.reader0.ask_len.val();
        self.host.ask1_valid.next = self.reader1.ask_valid.val() && (!self.reader1.ask_space.val());
        self.host.ask1_address.next = self.reader1.ask_address.val();
        self.host.ask1_len.next = self.reader1.ask_len.val();
        self.host.ask2_valid.next = self.fetcher.ask_valid.val();
        self.host.ask2_address.next = self.fetcher.ask_address.val();
        self.host.ask2_len.next = self.len_of_two.val();
        self.host.ar_ready.next = self.h_arready.val();
        self.host.r_valid.next = self.h_rvalid.val();
        self.host.r_resp.next = self.h_rresp.val();
        self.host.r_last.next = self.h_rlast.val();
        self.h_arvalid.next = self.host.ar_valid.val();
        self.h_araddr.next = self.host.ar_address.val();
        self.h_arlen.next = self.host.ar_len.val();
        self.h_rready.next = self.host.r_ready.val();
        self.card.clear.next = self.sequencer.clear.val();
        self.card.stop.next = self.sequencer.stop.val();
        self.card.ask0_valid.next = self.reader0.ask_valid.val() && self.reader0.ask_space.val();
        self.card.ask0_address.next = self.reader0.ask_address.val();
        self.card.ask0_len.next = self.reader0.ask_len.val();
        self.card.ask1_valid.next = self.reader1.ask_valid.val() && self.reader1.ask_space.val();
        self.card.ask1_address.next = self.reader1.ask_address.val();
        self.card.ask1_len.next = self.reader1.ask_len.val();
        self.card.ask2_valid.next = false;
        self.card.ask2_address.next = self.no_address.val();
        self.card.ask2_len.next = self.no_len.val();
        for i in 0..self._elementwise {
            self.reader2[i].clock.next = self.clock.val();
            self.reader2[i].clear.next = self.sequencer.clear.val();
            self.operation[i].next = self.descriptor.flags.val().get_bits::<2>(0);
            self.reader2[i].start.next = self.sequencer.start.val()
                && self.is_elementwise[i].q.val()
                && (self.operation[i].val() == self.fused[i].val());
            self.reader2[i].space.next = true;
            self.reader2[i].address.next = self.descriptor.c_address.val();
            self.reader2[i].words.next = self.descriptor.c_words.val();
            self.reader2[i].ask_ready.next = self.card.ask2_ready.val();
            self.reader2[i].beat_valid.next = self.card.beat2.val();
            self.reader2[i].beat_data.next = self.c_rdata.val();
            self.reader2[i].beat_bad.next = self.card.bad.val();
            self.reader2[i].out_ready.next = self.elementwise[i].c_ready.val();
            self.card.ask2_valid.next = self.reader2[i].ask_valid.val();
            self.card.ask2_address.next = self.reader2[i].ask_address.val();
            self.card.ask2_len.next = self.reader2[i].ask_len.val();
        }
        self.card.ar_ready.next = self.c_arready.val();
        self.card.r_valid.next = self.c_rvalid.val();
        self.card.r_resp.next = self.c_rresp.val();
        self.card.r_last.next = self.c_rlast.val();
        self.c_arvalid.next = self.card.ar_valid.val();
        self.c_araddr.next = self.card.ar_address.val();
        self.c_arlen.next = self.card.ar_len.val();
        self.c_rready.next = self.card.r_ready.val();

        // Writer: results, copies, zeros, and then the completion.
        self.to_card.next = self.writer.to.val();
        self.writer.clear.next = self.sequencer.clear.val();
        self.writer.stop.next = self.sequencer.stop.val();
        self.writer.start.next = self.sequencer.start.val() || self.sequencer.completion_start.val();
        self.writer.space.next = self.descriptor.c_space.val();
        self.writer.address.next = self.descriptor.c_address.val();
        self.writer.words.next = self.descriptor.c_words.val();
        for i in 0..self._batches {
            self.writer.start.next = self.batch[i].c_go.val() || self.sequencer.completion_start.val();
            self.writer.address.next = self.batch[i].c_at.val();
        }
        self.a_data.next = self.reader0.out_data.val();
        self.a_valid.next = self.reader0.out_valid.val();
        self.b_data.next = self.reader1.out_data.val();
        self.b_valid.next = self.reader1.out_valid.val();
        self.c_ready.next = self.writer.in_ready.val();
        for i in 0..self._slow {
            self.stage_a[i].clock.next = self.clock.val();
            self.stage_b[i].clock.next = self.clock.val();
            self.stage_c[i].clock.next = self.clock.val();
            self.a_data.next = self.stage_a[i].out_data.val();
            self.a_valid.next = self.stage_a[i].out_valid.val();
            self.b_data.next = self.stage_b[i].out_data.val();
            self.b_valid.next = self.stage_b[i].out_valid.val();
            self.c_ready.next = self.stage_c[i].in_ready.val();
        }
        self.a_ready.next = false;
        self.b_ready.next = false;
        self.c_data.next = self.a_data.val();
        self.c_valid.next = false;
        if self.kind.q.val().is_copy {
            self.c_valid.next = self.a_valid.val();
            self.a_ready.next = self.c_ready.val();
        }
        if self.kind.q.val().is_zero {
            self.c_data.next = 0.into();
            self.c_valid.next = true;
        }

        for i in 0..self._elementwise {
            self.is_elementwise[i].clock.next = self.clock.val();
            self.is_elementwise[i].d.next = self.descriptor.is_elementwise[i].val();
            self.elementwise[i].clock.next = self.clock.val();
            self.elementwise[i].reset.next = self.sequencer.clear.val();
            self.elementwise[i].start.next = self.sequencer.start.val() && self.is_elementwise[i].q.val();
            self.elementwise[i].op.next = self.operation[i].val();
            self.elementwise[i].scalar.next = self.descriptor.flags.val().get_bit(2);
            self.elementwise[i].a_data.next = self.a_data.val();
            self.elementwise[i].a_valid.next = self.a_valid.val() && self.is_elementwise[i].q.val();
            self.elementwise[i].b_data.next = self.b_data.val();
            self.elementwise[i].b_valid.next = self.b_valid.val() && self.is_elementwise[i].q.val();
            self.elementwise[i].c_data.next = self.reader2[i].out_data.val();
            self.elementwise[i].c_valid.next = self.reader2[i].out_valid.val();
            self.elementwise[i].out_ready.next = self.c_ready.val() && self.is_elementwise[i].q.val();
            if self.is_elementwise[i].q.val() {
                self.a_ready.next = self.elementwise[i].a_ready.val();
                self.b_ready.next = self.elementwise[i].b_ready.val();
                self.c_data.next = self.elementwise[i].out_data.val();
                self.c_valid.next = self.elementwise[i].out_valid.val();
            }
        }

        // Engines.
        self.msm_ready.next = true;
        self.ntt_ready.next = true;
        self.count.next = self.descriptor.count.val();
        for i in 0..self._engines {
            for j in 0..self._narrow {
                self.msm[j].clock.next = self.clock.val();
                self.msm[j].reset.next = self.sequencer.clear.val();
                self.msm[j].start.next = self.sequencer.start.val() && self.kind.q.val().is_msm;
                for k in 0..self._batches {
                    self.msm[j].start.next = self.batch[k].go.val() && self.kind.q.val().is_msm;
                    self.batch[k].ended.next = self.msm[j].done.val() || self.ntt[i].done.val();
                    self.batch[k].scalar_error.next = self.msm[j].scalar_error.val();
                    self.batch[k].scalar_index.next = self.msm[j].scalar_index.val();
                }
                self.msm[j].count.next = self.count.val();
                self.msm[j].montgomery.next = self.descriptor.flags.val().get_bit(0);
                self.msm[j].base_data.next = self.a_data.val();
                self.msm[j].base_valid.next = self.a_valid.val() && self.kind.q.val().is_msm;
                self.msm[j].scalar_data.next = self.b_data.val();
                self.msm[j].scalar_valid.next = self.b_valid.val() && self.kind.q.val().is_msm;
                self.msm[j].out_ready.next = self.c_ready.val() && self.kind.q.val().is_msm;
                self.msm_ready.next = self.msm[j].ready.val();
            }
            for j in 0..self._lanes {
                self.lanes[j].clock.next = self.clock.val();
                self.lanes[j].reset.next = self.sequencer.clear.val();
                self.lanes[j].start.next = self.sequencer.start.val() && self.kind.q.val().is_msm;
                for k in 0..self._batches {
                    self.lanes[j].start.next = self.batch[k].go.val() && self.kind.q.val().is_msm;
                    self.batch[k].ended.next = self.lanes[j].done.val() || self.ntt[i].done.val();
                    self.batch[k].scalar_error.next = self.lanes[j].scalar_error.val();
                    self.batch[k].scalar_index.next = self.lanes[j].scalar_index.val();
                }
                self.lanes[j].count.next = self.count.val();
                self.lanes[j].montgomery.next = self.descriptor.flags.val().get_bit(0);
                self.lanes[j].base_data.next = self.a_data.val();
                self.lanes[j].base_valid.next = self.a_valid.val() && self.kind.q.val().is_msm;
                self.lanes[j].scalar_data.next = self.b_data.val();
                self.lanes[j].scalar_valid.next = self.b_valid.val() && self.kind.q.val().is_msm;
                self.lanes[j].out_ready.next = self.c_ready.val() && self.kind.q.val().is_msm;
                self.msm_ready.next = self.lanes[j].ready.val();
            }
            self.ntt[i].clock.next = self.clock.val();
            self.ntt[i].reset.next = self.sequencer.clear.val();
            self.ntt[i].start.next = self.sequencer.start.val() && self.kind.q.val().is_ntt;
            for k in 0..self._batches {
                self.ntt[i].start.next = self.batch[k].go.val() && self.kind.q.val().is_ntt;
                self.ntt[i].more.next = self.descriptor.more[k].val();
                self.ntt[i].order.next = self.descriptor.flags.val().get_bits::<2>(4);
            }
            self.ntt[i].log_n.next = bit_cast_ub::<6, 6>(self.count.val().get_bits::<6>(0));
            for k in 0..self._columns {
                if self.descriptor.columns[k].val() {
                    self.ntt[i].log_n.next =
                        bit_cast_ub::<6, 6>(self.count.val().get_bits::<6>(0)) + self.column_log[k].val();
                }
            }
            self.ntt[i].inverse.next = self.descriptor.flags.val().get_bit(0);
            self.ntt[i].factors_before.next = self.descriptor.flags.val().get_bit(1);
            self.ntt[i].factors_after.next = self.descriptor.flags.val().get_bit(2);
            self.ntt[i].in_data.next = self.a_data.val();
            self.ntt[i].in_valid.next = self.a_valid.val() && self.kind.q.val().is_ntt;
            self.ntt[i].factor_data.next = self.b_data.val();
            self.ntt[i].factor_valid.next = self.b_valid.val() && self.kind.q.val().is_ntt;
            self.ntt[i].out_ready.next = self.c_ready.val() && self.kind.q.val().is_ntt;
            self.ntt_ready.next = self.ntt[i].ready.val();
            for j in 0..self._narrow {
                self.sequencer.engine_done.next = self.msm[j].done.val() || self.ntt[i].done.val();
                self.sequencer.scalar_error.next = self.msm[j].scalar_error.val();
                self.sequencer.scalar_index.next = self.msm[j].scalar_index.val();
                self.sequencer.work.next = self.msm[j].ev_useful.val() || self.ntt[i].ev_butterfly.val();
                self.kind.d.next.work = self.msm[j].ev_useful.val() || self.ntt[i].ev_butterfly.val();
                self.kind.d.next.scalar_error = self.msm[j].scalar_error.val();
            }
            for j in 0..self._side {
                self.sequencer.adds[j].next = self.no_butterflies[j].val();
            }
            for j in 0..self._lanes {
                self.sequencer.engine_done.next = self.lanes[j].done.val() || self.ntt[i].done.val();
                self.sequencer.scalar_error.next = self.lanes[j].scalar_error.val();
                self.sequencer.scalar_index.next = self.lanes[j].scalar_index.val();
                self.sequencer.work.next = self.ntt[i].ev_butterfly.val();
                self.sequencer.adds[j].next = self.lanes[j].adds.val();
            }
            for j in 0..self._side {
                if self.ntt[i].ev_butterfly.val() {
                    self.sequencer.adds[j].next = self.butterflies[j].val();
                    for k in 0..self._few {
                        if (self.count.val() == self.few_log[k].val()) && (!self.ntt[i].log_n.val().get_bit(5)) {
                            self.sequencer.adds[j].next = self.few[k].val();
                        }
                    }
                }
            }
            for k in 0..self._batches {
                self.sequencer.engine_done.next = self.batch[k].done.val();
                self.sequencer.scalar_error.next = self.batch[k].error.val();
                self.sequencer.scalar_index.next = self.batch[k].index.val();
            }
            for _j in 0..self._slow {
                self.sequencer.work.next = self.kind.q.val().work;
                self.sequencer.scalar_error.next = self.kind.q.val().scalar_error;
            }
            for j in 0..self._narrow {
                self.registers.events.next.msm = self.msm[j].ev_useful.val()
                    || self.msm[j].ev_stall_input.val()
                    || self.msm[j].ev_stall_bucket.val()
                    || self.msm[j].ev_stall_empty.val()
                    || self.msm[j].ev_stall_drain.val();
                self.registers.events.next.adds = self.msm[j].ev_useful.val();
                self.registers.events.next.stall_input = self.msm[j].ev_stall_input.val();
                self.registers.events.next.stall_bucket = self.msm[j].ev_stall_bucket.val();
                self.registers.events.next.stall_empty = self.msm[j].ev_stall_empty.val();
                self.registers.events.next.stall_drain = self.msm[j].ev_stall_drain.val();
            }
            for j in 0..self._lanes {
                self.registers.events.next.msm = self.lanes[j].busy.val();
                self.registers.lanes[j].next = self.lanes[j].counts.val();
            }
            self.registers.events.next.ntt = self.ntt[i].ev_busy.val();
            self.registers.events.next.butterflies = self.ntt[i].ev_butterfly.val();
            for j in 0..self._narrow {
                if self.kind.q.val().is_msm {
                    self.a_ready.next = self.msm[j].base_ready.val();
                    self.b_ready.next = self.msm[j].scalar_ready.val();
                    self.c_data.next = self.msm[j].out_data.val();
                    self.c_valid.next = self.msm[j].out_valid.val();
                }
            }
            for j in 0..self._lanes {
                if self.kind.q.val().is_msm {
                    self.a_ready.next = self.lanes[j].base_ready.val();
                    self.b_ready.next = self.lanes[j].scalar_ready.val();
                    self.c_data.next = self.lanes[j].out_data.val();
                    self.c_valid.next = self.lanes[j].out_valid.val();
                }
            }
            if self.kind.q.val().is_ntt {
                self.a_ready.next = self.ntt[i].in_ready.val();
                self.b_ready.next = self.ntt[i].factor_ready.val();
                self.c_data.next = self.ntt[i].out_data.val();
                self.c_valid.next = self.ntt[i].out_valid.val();
            }
        }
        self.sequencer.engines_ready.next = self.msm_ready.val() && self.ntt_ready.val();
        self.kind.d.next.ready = (self.msm_ready.val() || (!self.descriptor.is_msm.val()))
            && (self.ntt_ready.val() || (!self.descriptor.is_ntt.val()));
        self.sequencer.engine_ready.next = self.kind.q.val().ready;

        // Last: it replaces what the choices above have put at the writer.
        if self.sequencer.completing.val() {
            self.writer.space.next = false;
            self.writer.address.next = self.queues.completion_address.val();
            self.writer.words.next = self.one_word.val();
            self.c_data.next = self.sequencer.completion.val();
            self.c_valid.next = true;
        }
        self.reader0.out_ready.next = self.a_ready.val();
        self.reader1.out_ready.next = self.b_ready.val();
        self.writer.in_data.next = self.c_data.val();
        self.writer.in_valid.next = self.c_valid.val();
        for i in 0..self._slow {
            self.stage_a[i].clear.next = self.sequencer.clear.val();
            self.stage_a[i].in_data.next = self.reader0.out_data.val();
            self.stage_a[i].in_valid.next = self.reader0.out_valid.val();
            self.stage_a[i].out_ready.next = self.a_ready.val();
            self.reader0.out_ready.next = self.stage_a[i].in_ready.val();
            self.stage_b[i].clear.next = self.sequencer.clear.val();
            self.stage_b[i].in_data.next = self.reader1.out_data.val();
            self.stage_b[i].in_valid.next = self.reader1.out_valid.val();
            self.stage_b[i].out_ready.next = self.b_ready.val();
            self.reader1.out_ready.next = self.stage_b[i].in_ready.val();
            // Zeros and completions are offered before and after they are wanted: each command begins without such a word.
            self.stage_c[i].clear.next =
                self.sequencer.clear.val() || self.sequencer.start.val() || self.sequencer.completion_start.val();
            self.stage_c[i].in_data.next = self.c_data.val();
            self.stage_c[i].in_valid.next = self.c_valid.val();
            self.stage_c[i].out_ready.next = self.writer.in_ready.val();
            self.writer.in_data.next = self.stage_c[i].out_data.val();
            self.writer.in_valid.next = self.stage_c[i].out_valid.val();
        }
        self.writer.aw_ready.next = self.h_awready.val();
        self.writer.w_ready.next = self.h_wready.val();
        self.writer.b_valid.next = self.h_bvalid.val();
        self.writer.b_resp.next = self.h_bresp.val();
        if self.to_card.val() {
            self.writer.aw_ready.next = self.c_awready.val();
            self.writer.w_ready.next = self.c_wready.val();
            self.writer.b_valid.next = self.c_bvalid.val();
            self.writer.b_resp.next = self.c_bresp.val();
        }
        self.h_awvalid.next = self.writer.aw_valid.val() && (!self.to_card.val());
        self.h_awaddr.next = self.writer.aw_address.val();
        self.h_awlen.next = self.writer.aw_len.val();
        self.h_wvalid.next = self.writer.w_valid.val() && (!self.to_card.val());
        self.h_wdata.next = self.writer.w_data.val();
        self.h_wlast.next = self.writer.w_last.val();
        self.h_bready.next = true;
        self.c_awvalid.next = self.writer.aw_valid.val() && self.to_card.val();
        self.c_awaddr.next = self.writer.aw_address.val();
        self.c_awlen.next = self.writer.aw_len.val();
        self.c_wvalid.next = self.writer.w_valid.val() && self.to_card.val();
        self.c_wdata.next = self.writer.w_data.val();
        self.c_wlast.next = self.writer.w_last.val();
        self.c_bready.next = true;
    }
}
