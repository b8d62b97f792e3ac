//! The digit-serial transform engine: streams in and out, the vector's two banks, the arithmetic unit.

use super::factors::FactorSource;
use super::schedule::{Pace, Schedule};
use super::unit::Unit;
use crate::ntt::VectorParams;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::{Ram, Rom};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

/// Number-theoretic transforms of vectors of 2^1 to 2^log_max elements, each a word of 256 bits; ports as
/// `docs/architecture.md` says, meaning as `abi::command::Opcode::Ntt` says.
///
/// `start` is a pulse while `ready`; the sizes and flags are taken in that cycle. `log_n` must be
/// 1 to `log_max`: whoever starts the engine has checked it. Input words may be any number of 256 bits (they leave
/// their first multiplication reduced); factors must be reduced.
#[derive(LogicBlock)]
pub struct SerialNtt {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub log_n: Signal<In, Bits<6>>,
    pub inverse: Signal<In, Bit>,
    pub factors_before: Signal<In, Bit>,
    pub factors_after: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub factor_data: Signal<In, U<256>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub done: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub ev_butterfly: Signal<Out, Bit>,
    pub ev_busy: Signal<Out, Bit>,
    schedule: Schedule,
    factors: FactorSource,
    bank_0: Ram<U<256>>,
    bank_1: Ram<U<256>>,
    twiddles: Rom<U<256>>,
    unit: Unit,
    loaded: Delay<U<256>>,
    results: Fifo<U<256>>,
    issue: DFF<Bits<8>>,
    operand_a: DFF<U<256>>,
    operand_b: DFF<U<256>>,
    operand_w: DFF<U<256>>,
    travelling: Delay<U<64>>,
    word_a: Signal<Local, U<256>>,
    word_b: Signal<Local, U<256>>,
    arrived: Signal<Local, U<64>>,
    in_reset: Signal<Local, Bit>,
    /// `reset` a cycle ago.
    reset_q: DFF<Bit>,
    taken_late: Constant<Bit>,
    zero: Constant<U<256>>,
    one: Constant<U<256>>,
    _log_max: u32,
    _log_seeds: u32,
    _pace: Pace,
}

impl SerialNtt {
    /// For vectors of `vectors` of up to 2^log_max words and factor blocks of 2^log_seeds seeds, at
    /// least 2^2 of them.
    pub fn new(vectors: &VectorParams, log_max: u32, log_seeds: u32, fidelity: Fidelity) -> Self {
        assert!(log_max <= vectors.two_adicity(), "{} has no 2^{log_max}-th root of unity", vectors.field.name);
        let table = vectors.twiddles(log_max).into_iter().map(U::from).collect();
        let half = 1usize << (log_max - 1);
        let unit = Unit::new(&vectors.field, fidelity);
        let interval = unit.interval();
        let pace = Pace {
            interval: interval as u64,
            // From the issue of a read to the first issue of a read that sees what became of it:
            // issue register, memory and operand registers, the unit.
            turnaround: (unit.latency() + 3).div_ceil(interval) as u64,
            successors: true,
        };
        // Enough for the results in flight, so that they never stop a willing receiver.
        let room = (pace.turnaround + 4).next_power_of_two();
        SerialNtt {
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
            schedule: Schedule::new(log_max, pace, room),
            factors: FactorSource::new(log_seeds),
            bank_0: Ram::new(half).apart(),
            bank_1: Ram::new(half).apart(),
            twiddles: Rom::new(table),
            unit,
            // A word is taken one cycle after the slot in which it was seen offered.
            loaded: Delay::new(1),
            taken_late: Constant::new(true),
            results: Fifo::paced(room as usize),
            in_reset: Default::default(),
            reset_q: Default::default(),
            issue: Default::default(),
            operand_a: Default::default(),
            operand_b: Default::default(),
            operand_w: Default::default(),
            travelling: Delay::new(2),
            word_a: Default::default(),
            word_b: Default::default(),
            arrived: Default::default(),
            zero: Constant::new(U::ZERO),
            one: Constant::new(vectors.one().into()),
            _log_max: log_max,
            _log_seeds: log_seeds,
            _pace: pace,
        }
    }

    /// Cycles from the issue of a read to the first issue of a read that sees what became of it: a
    /// multiple of the interval.
    pub fn turnaround(&self) -> usize {
        (self._pace.turnaround * self._pace.interval) as usize
    }

    /// Cycles from slot to slot, 17.
    pub fn interval(&self) -> usize {
        self._pace.interval as usize
    }

    /// Cycles from `start` to `done` when all streams flow freely.
    ///
    /// With n = 2^log_n, K = 2^log_seeds, and in slots: t = turnaround, n for the load (2n if scaled), t - 1 until
    /// it has settled, for each stage s `max(n/2, 2^s + t)` (the last one `max(n/2, t)`), n for
    /// the store (2n if scaled). To the last slot's cycle come the unit's latency and 8, and `K + 2` with factors before. Factors
    /// after are read during the stages and cost nothing unless those take less than K + 1 cycles.
    pub fn cycles(&self, log_n: u32, before: bool, after: bool) -> u64 {
        let Pace { interval, turnaround: t, .. } = self._pace;
        let (n, seeds) = (1u64 << log_n, 1u64 << self._log_seeds);
        let words = |scaled: bool| if scaled { 2 * n } else { n };
        let stage = |s: u32| (n / 2).max(t + if s + 1 == log_n { 0 } else { 1 << s });
        let seeds_read = if after { (seeds + 2).div_ceil(interval) - 1 } else { 0 };
        let stages = (0..log_n).map(stage).sum::<u64>().max(seeds_read);
        let last_slot = words(before) + (t - 1) + stages + words(after) - 1;
        last_slot * interval + self.unit.latency() as u64 + 8 + if before { seeds + 2 } else { 0 }
    }

    /// log2 of the longest vector.
    pub fn log_max(&self) -> u32 {
        self._log_max
    }

    /// log2 of the seeds in a factor block.
    pub fn log_seeds(&self) -> u32 {
        self._log_seeds
    }
}

impl Logic for SerialNtt {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, issue, operand_a, operand_b, operand_w, reset_q);
        clock!(self, clock, schedule, factors, bank_0, bank_1, twiddles, unit, loaded, results, travelling);
        self.in_reset.next = self.reset.val();
        self.reset_q.d.next = false;
        if self.taken_late.val() {
            self.reset_q.d.next = self.reset.val();
            self.in_reset.next = self.reset_q.q.val();
        }
        self.schedule.reset.next = self.in_reset.val();
        self.schedule.start.next = self.start.val();
        self.schedule.log_n.next = self.log_n.val();
        self.schedule.inverse.next = self.inverse.val();
        self.schedule.factors_before.next = self.factors_before.val();
        self.schedule.factors_after.next = self.factors_after.val();
        self.schedule.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.schedule.in_ready.val();
        if self.taken_late.val() {
            self.in_ready.next = self.schedule.issue.val().get_bit(0);
        }
        self.ready.next = self.schedule.ready.val() && (!self.reset_q.q.val());
        self.done.next = self.schedule.done.val();
        self.ev_busy.next = self.schedule.busy.val();
        self.ev_butterfly.next = self.schedule.issue.val().get_bit(1);

        self.factors.reset.next = self.in_reset.val();
        self.factors.load.next = self.schedule.load_factors.val();
        self.schedule.factors_loaded.next = self.factors.loaded.val();
        self.factors.factor_data.next = self.factor_data.val();
        self.factors.factor_valid.next = self.factor_valid.val();
        self.factor_ready.next = self.factors.factor_ready.val();

        // Cycle 1 after the issue: addresses.
        self.bank_0.read_address.next = self.schedule.line_0.val();
        self.bank_1.read_address.next = self.schedule.line_1.val();
        self.twiddles.address.next = self.schedule.twiddle.val();
        self.factors.advance.next = self.schedule.issue.val().get_bit(3);
        self.loaded.d.next = self.in_data.val();
        self.issue.d.next = self.schedule.issue.val();
        self.travelling.d.next = bit_cast_bu::<64, 8>(self.schedule.issue.val())
            | (bit_cast_bu::<64, 24>(self.schedule.line_0.val()) << 8)
            | (bit_cast_bu::<64, 24>(self.schedule.line_1.val()) << 32);

        // Cycle 2: words. Loads and stores are butterflies of zero and the word, the factor as twiddle.
        self.word_a.next = self.bank_0.read_data.val();
        self.word_b.next = self.bank_1.read_data.val();
        if self.issue.q.val().get_bit(4) {
            self.word_a.next = self.bank_1.read_data.val();
            self.word_b.next = self.bank_0.read_data.val();
        }
        self.operand_a.d.next = self.zero.val();
        self.operand_b.d.next = self.word_a.val();
        self.operand_w.d.next = self.one.val();
        if self.issue.q.val().get_bit(3) {
            self.operand_w.d.next = self.factors.factor.val();
        }
        if self.issue.q.val().get_bit(0) {
            self.operand_b.d.next = self.loaded.q.val();
        }
        if self.issue.q.val().get_bit(5) {
            self.operand_b.d.next = self.factors.ratio.val();
            self.operand_w.d.next = self.factors.factor.val();
        }
        if self.issue.q.val().get_bit(1) {
            self.operand_a.d.next = self.word_a.val();
            self.operand_b.d.next = self.word_b.val();
            self.operand_w.d.next = self.twiddles.data.val();
        }

        // Cycle 3: the unit begins.
        self.unit.a.next = self.operand_a.q.val();
        self.unit.b.next = self.operand_b.q.val();
        self.unit.w.next = self.operand_w.q.val();
        self.unit.tag.next = self.travelling.q.val();

        // Back to the place of the operands, or out, or to the factor sequence.
        self.arrived.next = self.unit.out_tag.val();
        self.bank_0.write_address.next = bit_cast_ub::<24, 24>(self.arrived.val().get_bits::<24>(8));
        self.bank_1.write_address.next = bit_cast_ub::<24, 24>(self.arrived.val().get_bits::<24>(32));
        self.bank_0.write_data.next = self.unit.word_0.val();
        self.bank_1.write_data.next = self.unit.word_1.val();
        self.bank_0.write_enable.next =
            self.arrived.val().get_bit(1) || (self.arrived.val().get_bit(0) && !self.arrived.val().get_bit(4));
        self.bank_1.write_enable.next =
            self.arrived.val().get_bit(1) || (self.arrived.val().get_bit(0) && self.arrived.val().get_bit(4));
        self.factors.back.next = self.arrived.val().get_bit(5);
        self.factors.back_data.next = self.unit.x.val();

        self.results.reset.next = self.in_reset.val();
        self.results.in_data.next = self.unit.x.val();
        self.results.in_valid.next = self.arrived.val().get_bit(2) && self.schedule.storing.val();
        self.results.out_ready.next = self.out_ready.val();
        self.out_data.next = self.results.out_data.val();
        self.out_valid.next = self.results.out_valid.val() && (!self.reset_q.q.val());
        self.schedule.out_taken.next = self.results.out_valid.val() && self.out_ready.val();
    }
}

gristmill_hdl_kit::ports!(SerialNtt {
    in: reset, start, log_n, inverse, factors_before, factors_after, in_data, in_valid, factor_data, factor_valid, out_ready;
    out: in_ready, factor_ready, out_data, out_valid, done, ready, ev_butterfly, ev_busy
});
