//! The pipelined transform engine: streams in and out, two memories, butterflies side by side.

use super::banks::Banks;
use super::blocks::FactorBlocks;
use super::cycles::{Timing, LEAD};
use super::stages::Stages;
use super::transfers::Transfers;
use super::twiddles::Twiddles;
use super::wing::Wing;
use crate::field::FieldMul;
use crate::ntt::VectorParams;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Number-theoretic transforms of vectors of 2^1 to 2^log_max elements, each a word of W bits; ports as `docs/architecture.md`
/// says, meaning as `abi::command::Opcode::Ntt` says.
///
/// `start` is a pulse while `ready`; the numbers and flags are taken in that cycle. A command is for `more + 1` vectors of 2^log_n
/// words (1 to `log_max`: whoever starts the engine has checked it), one behind the other in every stream: while one is in the
/// butterflies, the one before leaves and the next one enters. Bit 0 of `order`: vectors come with their index turned around,
/// bit 1: they leave so. Engines of 2^5 words or more have *columns*: with bit 5 of `log_n` a vector is 16 columns of n/16 words,
/// interleaved, and each is transformed; factor blocks have 16 ratios then, and results come interleaved if there are factors
/// after, else column by column. Input words may be any number of W bits (they leave their first multiplication reduced);
/// factors must be reduced.
#[derive(LogicBlock)]
pub struct PipelinedNtt<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub log_n: Signal<In, Bits<6>>,
    pub inverse: Signal<In, Bit>,
    pub factors_before: Signal<In, Bit>,
    pub factors_after: Signal<In, Bit>,
    pub in_data: Signal<In, U<W>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub factor_data: Signal<In, U<W>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<W>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub done: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    /// All butterflies work in this cycle (on a vector of fewer words, those that it has).
    pub ev_butterfly: Signal<Out, Bit>,
    pub ev_busy: Signal<Out, Bit>,
    /// Vectors behind the first, and their order. (Inputs that a serial engine has not.)
    pub more: Signal<In, Bits<8>>,
    pub order: Signal<In, Bits<2>>,
    transfers: Transfers,
    stages: Stages,
    banks: Banks<W>,
    twiddles: Twiddles<W>,
    factors: FactorBlocks<W>,
    wing: Vec<Wing<W>>,
    multiplier: FieldMul<W>,
    loaded: Delay<U<W>>,
    operand: DFF<U<W>>,
    factor: DFF<U<W>>,
    store_3: DFF<Bit>,
    scaled_3: DFF<Bit>,
    put_valid: Delay<Bit>,
    put_memory: Delay<Bit>,
    put_bank: Delay<Bits<4>>,
    put_line: Delay<Bits<24>>,
    stored: Delay<Bit>,
    there: Delay<Bit>,
    there_early: Delay<Bit>,
    settled: Delay<Bit>,
    apart_q: DFF<Bit>,
    early_q: DFF<Bit>,
    many: Signal<Local, Bit>,
    apart: Signal<Local, Bit>,
    results: Fifo<U<W>>,
    idle: Signal<Local, Bit>,
    one: Constant<U<W>>,
    size_mask: Constant<Bits<6>>,
    /// Columns from this size on are long enough to be read before the pipeline is empty.
    long_from: Constant<Bits<6>>,
    _wings: usize,
    _timing: Timing,
    _columns: bool,
}

/// log2 of the columns of a command that has some.
pub const COLUMNS_LOG: u32 = 4;

impl<const W: usize> PipelinedNtt<W> {
    /// For vectors of `vectors` of up to 2^log_max words, factor blocks of 2^log_seeds seeds (2^5 at least, of 64-bit words 2^4), and
    /// 2^log_wings butterflies side by side.
    pub fn new(vectors: &VectorParams, log_max: u32, log_seeds: u32, log_wings: u32, fidelity: Fidelity) -> Self {
        let wing: Vec<Wing<W>> = (0..1 << log_wings).map(|_| Wing::new(&vectors.field, fidelity)).collect();
        let multiplier = FieldMul::new(&vectors.field, fidelity);
        let (latency, product) = (wing[0].latency(), multiplier.latency());
        let turnaround = Banks::<W>::turnaround(latency) as u64;
        // Enough for the results in flight, so that they never stop a willing receiver. Where a word is a whole one of the memory, the next
        // tile's results also wait here for the channel that the last one's, and the words read ahead (`bus::READER_WORDS`), still take.
        let room = if W == 256 { 256 } else { (product as u64 + 8).next_power_of_two() };
        let to_the_end = product + 2;
        let timing = Timing { log_max, log_seeds, log_wings, turnaround, product: product as u64 };
        PipelinedNtt {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            factors_before: Default::default(),
            factors_after: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            factor_data: Default::default(),
            factor_valid: Default::default(),
            factor_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            done: Default::default(),
            ready: Default::default(),
            ev_butterfly: Default::default(),
            ev_busy: Default::default(),
            more: Default::default(),
            order: Default::default(),
            transfers: Transfers::new(log_max, log_wings, room, turnaround + 4),
            stages: Stages::new(log_max, log_wings, turnaround),
            banks: Banks::new(log_max, log_wings, latency),
            twiddles: Twiddles::new(vectors, log_max, log_wings),
            factors: FactorBlocks::new(&vectors.field, log_seeds, fidelity),
            loaded: Delay::new(3),
            operand: Default::default(),
            factor: Default::default(),
            store_3: Default::default(),
            scaled_3: Default::default(),
            put_valid: Delay::new(to_the_end),
            put_memory: Delay::new(to_the_end),
            put_bank: Delay::new(to_the_end),
            put_line: Delay::new(to_the_end),
            stored: Delay::new(to_the_end),
            // The first group is read five cycles later, when the last word has been written.
            there: Delay::new(product - 2),
            there_early: Delay::new(product - 2 - LEAD as usize),
            settled: Delay::new(turnaround as usize),
            apart_q: Default::default(),
            early_q: Default::default(),
            many: Default::default(),
            apart: Default::default(),
            results: Fifo::new(room as usize),
            idle: Default::default(),
            one: Constant::new(vectors.one().into()),
            size_mask: Constant::new(31u64.to_bits()),
            long_from: Constant::new(u64::from(timing.long_columns()).to_bits()),
            _wings: wing.len(),
            _timing: timing,
            _columns: log_max > COLUMNS_LOG,
            wing,
            multiplier,
        }
    }

    /// How long commands take.
    pub fn timing(&self) -> &Timing {
        &self._timing
    }

    /// Whether commands may have columns.
    pub fn has_columns(&self) -> bool {
        self._columns
    }
}

impl<const W: usize> Logic for PipelinedNtt<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, operand, factor, store_3, scaled_3, apart_q, early_q);
        clock!(self, clock, transfers, stages, banks, twiddles, factors, multiplier, loaded, results);
        clock!(self, clock, put_valid, put_memory, put_bank, put_line, stored, there, there_early, settled);
        self.idle.next = self.reset.val() || self.transfers.flushing.val();
        self.transfers.reset.next = self.reset.val();
        self.transfers.start.next = self.start.val();
        self.transfers.log_n.next = self.log_n.val();
        self.transfers.more.next = self.more.val();
        self.transfers.order.next = self.order.val();
        self.transfers.inverse.next = self.inverse.val();
        self.transfers.factors_before.next = self.factors_before.val();
        self.transfers.factors_after.next = self.factors_after.val();
        self.transfers.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.transfers.in_ready.val();
        self.ready.next = self.transfers.ready.val();
        self.done.next = self.transfers.done.val();
        self.ev_busy.next = self.transfers.busy.val();
        self.ev_butterfly.next = self.stages.valid.val();

        self.factors.reset.next = self.idle.val();
        self.factors.start.next = self.start.val();
        self.factors.more.next = self.more.val();
        self.factors.with_before.next = self.factors_before.val();
        self.factors.with_after.next = self.factors_after.val();
        self.factors.columns.next = self.transfers.columns.val();
        self.factors.factor_data.next = self.factor_data.val();
        self.factors.factor_valid.next = self.factor_valid.val();
        self.factor_ready.next = self.factors.factor_ready.val();
        self.factors.take_before.next = self.transfers.take_before.val();
        self.factors.take_after.next = self.transfers.take_after.val();
        self.transfers.before_there.next = self.factors.before_there.val();
        self.transfers.after_there.next = self.factors.after_there.val();

        // Words: taken in cycle 0, with their factors in cycle 3, multiplied from cycle 4.
        self.loaded.d.next = self.in_data.val();
        self.banks.fetch_memory.next = self.transfers.memory.val();
        self.banks.fetch_bank.next = self.transfers.bank.val();
        self.banks.fetch_line.next = self.transfers.line.val();
        self.factors.advance.next = self.transfers.scaled.val();
        self.factors.behind.next = self.transfers.store.val();
        self.factors.last.next = self.transfers.last.val();
        self.store_3.d.next = self.transfers.store.val();
        self.scaled_3.d.next = self.transfers.scaled.val();
        self.operand.d.next = self.loaded.q.val();
        if self.store_3.q.val() {
            self.operand.d.next = self.banks.fetched.val();
        }
        self.factor.d.next = self.one.val();
        if self.scaled_3.q.val() {
            self.factor.d.next = self.factors.factor.val();
        }
        self.multiplier.a.next = self.operand.q.val();
        self.multiplier.b.next = self.factor.q.val();
        self.put_valid.d.next = self.transfers.load.val();
        self.put_memory.d.next = self.transfers.memory.val();
        self.put_bank.d.next = self.transfers.bank.val();
        self.put_line.d.next = self.transfers.line.val();
        self.stored.d.next = self.transfers.store.val();
        self.banks.put_valid.next = self.put_valid.q.val();
        self.banks.put_memory.next = self.put_memory.q.val();
        self.banks.put_bank.next = self.put_bank.q.val();
        self.banks.put_line.next = self.put_line.q.val();
        self.banks.put_data.next = self.multiplier.r.val();

        // Vectors: from the load to the stages, and from them to the store.
        self.there.d.next = self.transfers.load.val() && self.transfers.last.val();
        self.stages.reset.next = self.idle.val();
        self.stages.start.next = self.start.val();
        self.stages.log_n.next = self.log_n.val();
        self.many.next = (self.log_n.val() & self.size_mask.val()) >= self.long_from.val();
        self.apart.next = self.order.val().get_bit(1) || (self.log_n.val().get_bit(5) && !self.many.val());
        self.stages.apart.next = self.apart.val();
        if self.start.val() {
            self.apart_q.d.next = self.apart.val();
            self.early_q.d.next = self.log_n.val().get_bit(5) && self.many.val();
        }
        self.there_early.d.next = self.transfers.load.val() && self.transfers.last.val();
        self.stages.loaded.next = self.there.q.val();
        if self.early_q.q.val() {
            self.stages.loaded.next = self.there_early.q.val();
        }
        self.settled.d.next = self.stages.computed.val();
        self.transfers.computed.next = self.stages.computed.val();
        if self.apart_q.q.val() {
            self.transfers.computed.next = self.settled.q.val();
        }

        // Groups.
        self.twiddles.index.next = self.stages.twiddle.val();
        self.twiddles.covers.next = self.stages.covers.val();
        self.banks.read_valid.next = self.stages.valid.val();
        self.banks.read_memory.next = self.stages.memory.val();
        for k in 0..self._wings {
            self.wing[k].clock.next = self.clock.val();
            self.banks.read_bank[2 * k].next = self.stages.bank[2 * k].val();
            self.banks.read_bank[2 * k + 1].next = self.stages.bank[2 * k + 1].val();
            self.banks.read_line[2 * k].next = self.stages.line[2 * k].val();
            self.banks.read_line[2 * k + 1].next = self.stages.line[2 * k + 1].val();
            self.wing[k].a.next = self.banks.operand[2 * k].val();
            self.wing[k].b.next = self.banks.operand[2 * k + 1].val();
            self.wing[k].w.next = self.twiddles.w[k].val();
            self.banks.result[2 * k].next = self.wing[k].x.val();
            self.banks.result[2 * k + 1].next = self.wing[k].y.val();
        }

        self.results.reset.next = self.idle.val();
        self.results.in_data.next = self.multiplier.r.val();
        self.results.in_valid.next = self.stored.q.val() && !self.idle.val();
        self.results.out_ready.next = self.out_ready.val();
        self.out_data.next = self.results.out_data.val();
        self.out_valid.next = self.results.out_valid.val();
        self.transfers.out_taken.next = self.results.out_valid.val() && self.out_ready.val();
    }
}

gristmill_hdl_kit::ports!([const W: usize] PipelinedNtt<W> {
    in: reset, start, log_n, inverse, factors_before, factors_after, in_data, in_valid, factor_data, factor_valid, out_ready, more, order;
    out: in_ready, factor_ready, out_data, out_valid, done, ready, ev_butterfly, ev_busy
});
