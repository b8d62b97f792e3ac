//! The MSM engine: one point adder, its bucket memory, and the control around them.

mod build;
mod reduced;
mod state;

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::Ram;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::point::{Operand, Point, Tag};
use super::{BankedTracker, MsmConfig, Pace, PacedTracker, Parking, Recoder, Summation, TagRing};
use crate::curve::{PointAdder, PointAdderSerial};
pub use reduced::Reduced;
use state::{Cause, Control, Head, Issue, Near, Phase, Put};

/// Sum of s_i * P_i, as segment sums: see the module and `docs/msm.md`.
///
/// `start` (pulse, while `ready`) begins a command of `count` points; `montgomery` is the scalars'
/// form. The base stream brings x, y of each point, the scalar stream the scalars, the result
/// stream takes the words of [`gristmill_abi::layout::msm_result_words`]. `done` (pulse) follows
/// the last result word. One event a cycle is high while a command runs, none otherwise.
#[derive(LogicBlock)]
pub struct Msm<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub base_data: Signal<In, U<W>>,
    pub base_valid: Signal<In, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub base_ready: Signal<Out, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<W>>,
    pub out_valid: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub scalar_error: Signal<Out, Bit>,
    pub scalar_index: Signal<Out, U<32>>,
    pub ev_useful: Signal<Out, Bit>,
    pub ev_stall_input: Signal<Out, Bit>,
    pub ev_stall_bucket: Signal<Out, Bit>,
    pub ev_stall_empty: Signal<Out, Bit>,
    pub ev_stall_drain: Signal<Out, Bit>,
    control: DFF<Control>,
    issue: DFF<Issue<W>>,
    head: DFF<Head<W>>,
    put: DFF<Put<W>>,
    near: DFF<Near<W>>,
    recoder: Recoder<W>,
    /// Who goes: of a pipelined adder's engine, with the sums that wait and the bucket memory's odd half; of a serial one's.
    banked: Vec<BankedTracker>,
    parking: Vec<Parking<W>>,
    odd: Vec<Ram<Point<W>>>,
    tracker: Vec<PacedTracker>,
    summation: Summation,
    buckets: Ram<Point<W>>,
    chains: Ram<Point<W>>,
    results: Fifo<Operand<W>>,
    pace: Pace,
    /// One adder, of either kind, with what carries its tags.
    adder: Vec<PointAdder<W>>,
    tag: Vec<Delay<Tag>>,
    serial: Vec<PointAdderSerial<L, W, LW>>,
    ring: Vec<TagRing>,
    a_bucket: Signal<Local, Bits<24>>,
    a_valid: Signal<Local, Bit>,
    b_valid: Signal<Local, Bit>,
    urgent_now: Signal<Local, Bit>,
    a_full: Signal<Local, Bit>,
    a_seen: Signal<Local, Bit>,
    a_reads: Signal<Local, Bit>,
    a_writes: Signal<Local, Bit>,
    b_reads: Signal<Local, Bit>,
    b_writes: Signal<Local, Bit>,
    b_parks: Signal<Local, Bit>,
    b_will_read: Signal<Local, Bit>,
    p_reads: Signal<Local, Bit>,
    p_writes: Signal<Local, Bit>,
    p_gone: Signal<Local, Bit>,
    waiting: Signal<Local, Operand<W>>,
    b_slot: Signal<Local, Bits<24>>,
    p_slot: Signal<Local, Bits<24>>,
    a_odd: Signal<Local, Bit>,
    b_odd: Signal<Local, Bit>,
    p_odd: Signal<Local, Bit>,
    bucket_point: Signal<Local, Point<W>>,
    p_point: Signal<Local, Point<W>>,
    b_point: Signal<Local, Point<W>>,
    a_point: Signal<Local, Point<W>>,
    left: Signal<Local, Point<W>>,
    right: Signal<Local, Point<W>>,
    sum: Signal<Local, Point<W>>,
    tag_in: Signal<Local, Tag>,
    tag_out: Signal<Local, Tag>,
    sum_valid: Signal<Local, Bit>,
    running: Signal<Local, Bit>,
    slot: Signal<Local, Bit>,
    /// Operands may move: in every cycle, or in one of four where the adder leaves time.
    beat: Signal<Local, Bit>,
    bucket_z: Signal<Local, U<W>>,
    chain_z: Signal<Local, U<W>>,
    bucket_any: Signal<Local, Bits<16>>,
    chain_any: Signal<Local, Bits<16>>,
    chain_zero: Signal<Local, Bit>,
    left_zero: Signal<Local, Bit>,
    right_zero: Signal<Local, Bit>,
    head_go: Signal<Local, Bit>,
    head_next: Signal<Local, Bit>,
    head_bucket: Signal<Local, Bits<24>>,
    read_bucket: Signal<Local, Bits<24>>,
    issue_now: Signal<Local, Bit>,
    out_next: Signal<Local, Bits<24>>,
    in_reset: Signal<Local, Bit>,
    put_now: Signal<Local, Bit>,
    put_address: Signal<Local, Bits<24>>,
    put_point: Signal<Local, Point<W>>,
    chain_address: Signal<Local, Bits<24>>,
    out_word: Signal<Local, U<W>>,
    out_taken: Signal<Local, Bit>,
    idle: Constant<Control>,
    no_issue: Constant<Issue<W>>,
    no_head: Constant<Head<W>>,
    no_tag: Constant<Tag>,
    no_operand: Constant<Operand<W>>,
    two16: Constant<Bits<16>>,
    no_point: Constant<Point<W>>,
    zero: Constant<U<W>>,
    one: Constant<U<W>>,
    urgent: Constant<Bits<16>>,
    last_wiped: Constant<Bits<24>>,
    last_sum: Constant<Bits<24>>,
    word0: Constant<Bits<2>>,
    word1: Constant<Bits<2>>,
    word2: Constant<Bits<2>>,
    one2: Constant<Bits<2>>,
    zero16: Constant<Bits<16>>,
    one16: Constant<Bits<16>>,
    zero24: Constant<Bits<24>>,
    one24: Constant<Bits<24>>,
    _pipelined: usize,
    _serial: usize,
    /// There are more digits of 16 bits than sixteen.
    _more: usize,
    _config: MsmConfig,
}

impl<const L: usize, const W: usize, const LW: usize> Logic for Msm<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, control, issue, head, put, near);
        clock!(self, clock, recoder, summation, buckets, chains, results, pace);
        self.in_reset.next = self.reset.val();
        for _i in 0..self._serial {
            self.near.d.next.reset = self.reset.val();
            self.in_reset.next = self.near.q.val().reset;
        }
        self.recoder.reset.next = self.in_reset.val();
        self.summation.reset.next = self.in_reset.val();
        self.results.reset.next = self.in_reset.val();
        self.control.d.next.done = false;
        self.control.d.next.begin_sum = false;

        // Command in, streams through.
        self.recoder.start.next = self.start.val() && (self.control.q.val().phase == Phase::Idle);
        self.recoder.count.next = self.count.val();
        self.recoder.montgomery.next = self.montgomery.val();
        self.recoder.base_data.next = self.base_data.val();
        self.recoder.base_valid.next = self.base_valid.val();
        self.base_ready.next = self.recoder.base_ready.val();
        self.recoder.scalar_data.next = self.scalar_data.val();
        self.recoder.scalar_valid.next = self.scalar_valid.val();
        self.scalar_ready.next = self.recoder.scalar_ready.val();
        self.scalar_error.next = self.recoder.scalar_error.val();
        self.scalar_index.next = self.recoder.scalar_index.val();

        // When the adder takes an addition: in the cycle after each slot.
        self.running.next =
            (self.control.q.val().phase == Phase::Accumulate) || (self.control.q.val().phase == Phase::Sum);
        self.pace.running.next = self.running.val();
        self.slot.next = self.pace.slot.val();
        self.beat.next = self.pace.beat.val();
        self.issue.d.next.take = self.slot.val();
        // Serial: from a register, which does not know a run's first slot, in which nothing goes.
        for _i in 0..self._serial {
            self.near.d.next.slot = self.pace.ahead.val();
            self.issue.d.next.take = self.near.q.val().slot;
        }
        self.recoder.beat.next = self.beat.val();
        self.recoder.decide.next = self.pace.decide.val();
        self.recoder.op_will_go.next = false;
        self.summation.step.next = self.slot.val();

        // Who goes: an operand of the recoder or the summation (a), the oldest sum (b), one that was parked (p).
        self.a_full.next = false;
        self.a_seen.next = false;
        self.a_reads.next = false;
        self.a_writes.next = false;
        self.b_reads.next = false;
        self.b_writes.next = false;
        self.b_parks.next = false;
        self.b_will_read.next = false;
        self.p_reads.next = false;
        self.p_writes.next = false;
        self.waiting.next = self.no_operand.val();
        for i in 0..self._pipelined {
            self.a_full.next = self.banked[i].a_full.val();
            self.a_seen.next = self.banked[i].a_seen.val();
            self.a_reads.next = self.banked[i].a_reads.val();
            self.a_writes.next = self.banked[i].a_writes.val();
            self.b_reads.next = self.banked[i].b_reads.val();
            self.b_writes.next = self.banked[i].b_writes.val();
            self.b_parks.next = self.banked[i].b_parks.val();
            self.p_reads.next = self.banked[i].p_reads.val();
            self.p_writes.next = self.banked[i].p_writes.val();
            self.waiting.next.x = self.parking[i].first_x.val();
            self.waiting.next.y = self.parking[i].first_y.val();
            self.waiting.next.z = self.parking[i].first_z.val();
            self.waiting.next.bucket = self.parking[i].first_bucket.val();
        }
        for i in 0..self._serial {
            self.a_full.next = self.tracker[i].a_full.val();
            self.a_seen.next = self.tracker[i].a_seen.val();
            self.a_reads.next = self.tracker[i].a_reads.val();
            self.a_writes.next = self.tracker[i].a_writes.val();
            self.b_reads.next = self.tracker[i].b_reads.val();
            self.b_writes.next = self.tracker[i].b_writes.val();
            self.b_will_read.next = self.tracker[i].b_will_read.val();
        }
        self.recoder.op_ready.next = false;
        if self.control.q.val().phase == Phase::Accumulate {
            self.recoder.op_ready.next = self.a_reads.val() || self.a_writes.val();
        }
        // Serial: in every phase. Where the tracker answers somebody else, the recoder has nothing to send.
        for i in 0..self._serial {
            self.recoder.op_ready.next = self.tracker[i].a_go.val();
            self.recoder.op_will_go.next = self.tracker[i].a_will_go.val();
        }

        // The oldest sum goes when the tracker lets it, at once if it is infinity.
        self.head_go.next = self.b_reads.val()
            || self.b_writes.val()
            || (self.head.q.val().valid && (!self.head.q.val().point) && self.beat.val());
        self.head_next.next =
            ((!self.head.q.val().valid) && self.beat.val()) || self.head_go.val() || self.b_parks.val();
        // Serial: found in the cycle before, since it enables whole words.
        for i in 0..self._serial {
            self.near.d.next.head_next = self.pace.decide.val()
                && ((!self.head.q.val().valid) || (!self.head.q.val().point) || self.tracker[i].b_will_go.val());
            self.head_next.next = self.near.q.val().head_next;
        }
        self.results.out_ready.next = self.head_next.val();
        self.head_bucket.next = self.head.q.val().bucket;
        if self.head_next.val() {
            self.head.d.next.valid = self.results.out_valid.val();
            self.head.d.next.point = self.results.out_data.val().z.any();
            self.head.d.next.x = self.results.out_data.val().x;
            self.head.d.next.y = self.results.out_data.val().y;
            self.head.d.next.z = self.results.out_data.val().z;
            self.head_bucket.next = self.results.out_data.val().bucket;
        }
        self.head.d.next.bucket = self.head_bucket.val();

        // Who asks next.
        self.a_bucket.next = self.control.q.val().address;
        self.a_valid.next = false;
        self.urgent_now.next = self.results.level.val() >= self.urgent.val();
        self.b_valid.next = self.head.q.val().valid && self.head.q.val().point;
        self.read_bucket.next = self.recoder.op_bucket.val();
        if self.control.q.val().phase == Phase::Accumulate {
            self.a_bucket.next = self.recoder.bucket_next.val();
            self.a_valid.next = self.recoder.op_valid.val();
            for _i in 0..self._serial {
                self.a_bucket.next = self.recoder.op_bucket.val();
            }
        }
        if self.control.q.val().phase == Phase::Sum {
            self.a_bucket.next = self.summation.bucket_next.val();
            for _i in 0..self._serial {
                self.a_bucket.next = self.summation.bucket.val();
            }
            self.a_valid.next =
                self.summation.slot.val() && (!self.summation.weighted.val()) && (!self.summation.last.val());
            self.read_bucket.next = self.summation.bucket.val();
        }
        for i in 0..self._pipelined {
            self.banked[i].clock.next = self.clock.val();
            self.parking[i].clock.next = self.clock.val();
            self.banked[i].a_next.next = self.a_bucket.val();
            self.banked[i].a_valid.next = self.a_valid.val();
            self.banked[i].b_next.next = self.head_bucket.val();
            self.banked[i].b_valid.next = self.b_valid.val();
            self.banked[i].p_next.next = self.parking[i].bucket_next.val();
            self.banked[i].p_valid.next = self.parking[i].first_valid.val();
            self.banked[i].urgent.next = self.urgent_now.val();
            self.banked[i].room.next = self.parking[i].room.val();
            self.banked[i].summing.next = self.control.q.val().phase == Phase::Sum;
            self.banked[i].wiping.next = self.control.q.val().wiping;
            self.parking[i].reset.next = self.in_reset.val() || (self.control.q.val().phase == Phase::Wipe);
            self.parking[i].park.next = self.b_parks.val();
            self.parking[i].go.next = self.p_reads.val() || self.p_writes.val();
            self.parking[i].x.next = self.head.q.val().x;
            self.parking[i].y.next = self.head.q.val().y;
            self.parking[i].z.next = self.head.q.val().z;
            self.parking[i].bucket.next = self.head.q.val().bucket;
        }
        for i in 0..self._serial {
            self.tracker[i].clock.next = self.clock.val();
            self.tracker[i].a_next.next = self.a_bucket.val();
            self.tracker[i].a_valid.next = self.a_valid.val();
            self.tracker[i].b_next.next = self.head.q.val().bucket;
            self.tracker[i].b_valid.next = self.b_valid.val();
            self.tracker[i].urgent.next = self.urgent_now.val();
            self.tracker[i].slot.next = self.pace.ahead.val();
            self.tracker[i].decide.next = self.pace.decide.val();
            self.tracker[i].summing.next = self.control.q.val().phase == Phase::Sum;
            self.tracker[i].wiping.next = self.control.q.val().wiping;
        }

        // One operand reads its bucket, one writes.
        self.issue.d.next.plain = false;
        self.issue.d.next.weighted = false;
        self.issue.d.next.no_chain = self.summation.first.val();
        self.issue.d.next.no_bucket = !self.a_full.val();
        self.issue_now.next = false;
        self.put_now.next = false;
        self.put_address.next = self.recoder.op_bucket.val();
        self.put_point.next.x = self.recoder.op_x.val();
        self.put_point.next.y = self.recoder.op_y.val();
        self.put_point.next.z = self.one.val();
        self.chain_address.next = bit_cast::<24, 16>(self.summation.chain.val()) << 1;
        self.issue.d.next.cause = Cause::Rest;
        if self.control.q.val().phase == Phase::Accumulate {
            self.issue.d.next.address = self.recoder.op_bucket.val();
            for _i in 0..self._pipelined {
                self.issue.d.next.x = self.recoder.op_x.val();
                self.issue.d.next.y = self.recoder.op_y.val();
                self.issue.d.next.z = self.one.val();
            }
            self.issue_now.next = self.a_reads.val();
            self.put_now.next = self.a_writes.val();
            if self.b_reads.val() {
                self.issue.d.next.address = self.head.q.val().bucket;
                for _i in 0..self._pipelined {
                    self.issue.d.next.x = self.head.q.val().x;
                    self.issue.d.next.y = self.head.q.val().y;
                    self.issue.d.next.z = self.head.q.val().z;
                }
                self.issue_now.next = true;
                self.read_bucket.next = self.head.q.val().bucket;
            }
            if self.b_writes.val() {
                self.put_now.next = true;
                self.put_address.next = self.head.q.val().bucket;
                self.put_point.next.x = self.head.q.val().x;
                self.put_point.next.y = self.head.q.val().y;
                self.put_point.next.z = self.head.q.val().z;
            }
            if self.p_reads.val() {
                self.issue.d.next.address = self.waiting.val().bucket;
                self.issue.d.next.x = self.waiting.val().x;
                self.issue.d.next.y = self.waiting.val().y;
                self.issue.d.next.z = self.waiting.val().z;
                self.issue_now.next = true;
                self.read_bucket.next = self.waiting.val().bucket;
            }
            self.issue.d.next.cause = Cause::Drain;
            if self.recoder.op_valid.val() {
                self.issue.d.next.cause = Cause::Empty;
                if self.a_seen.val() || (!(self.a_reads.val() || self.a_writes.val())) {
                    self.issue.d.next.cause = Cause::Bucket;
                }
            } else {
                if !self.recoder.finished.val() {
                    self.issue.d.next.cause = Cause::Input;
                    if self.recoder.op_empty.val() {
                        self.issue.d.next.cause = Cause::Empty;
                    }
                }
            }
            // In a slot, so that the first chain's slot finds its bucket looked up.
            if self.recoder.finished.val() && (self.control.q.val().in_flight == self.zero16.val()) && self.slot.val() {
                self.control.d.next.phase = Phase::Sum;
                self.control.d.next.begin_sum = true;
            }
        }
        self.buckets.read_address.next = self.read_bucket.val();
        self.buckets.write_enable.next = self.put_now.val();
        self.buckets.write_address.next = self.put_address.val();
        self.buckets.write_data.next = self.put_point.val();
        // Pipelined: in two halves, by the lowest bit of the bucket; each takes a write.
        self.bucket_point.next = self.buckets.read_data.val();
        self.control.d.next.read_odd = self.read_bucket.val().get_bit(0);
        self.a_odd.next = self.recoder.op_bucket.val().get_bit(0);
        self.b_slot.next = self.head.q.val().bucket;
        self.p_slot.next = self.waiting.val().bucket;
        self.b_odd.next = self.b_slot.val().get_bit(0);
        self.p_odd.next = self.p_slot.val().get_bit(0);
        self.a_point.next.x = self.recoder.op_x.val();
        self.a_point.next.y = self.recoder.op_y.val();
        self.a_point.next.z = self.one.val();
        self.b_point.next.x = self.head.q.val().x;
        self.b_point.next.y = self.head.q.val().y;
        self.b_point.next.z = self.head.q.val().z;
        self.p_point.next.x = self.waiting.val().x;
        self.p_point.next.y = self.waiting.val().y;
        self.p_point.next.z = self.waiting.val().z;
        for i in 0..self._pipelined {
            self.odd[i].clock.next = self.clock.val();
            self.buckets.read_address.next = self.read_bucket.val() >> 1;
            self.odd[i].read_address.next = self.read_bucket.val() >> 1;
            if self.control.q.val().read_odd {
                self.bucket_point.next = self.odd[i].read_data.val();
            }
            self.buckets.write_enable.next = (self.a_writes.val() && (!self.a_odd.val()))
                || (self.b_writes.val() && (!self.b_odd.val()))
                || (self.p_writes.val() && (!self.p_odd.val()));
            self.buckets.write_address.next = self.recoder.op_bucket.val() >> 1;
            self.buckets.write_data.next = self.a_point.val();
            self.odd[i].write_enable.next = (self.a_writes.val() && self.a_odd.val())
                || (self.b_writes.val() && self.b_odd.val())
                || (self.p_writes.val() && self.p_odd.val());
            self.odd[i].write_address.next = self.recoder.op_bucket.val() >> 1;
            self.odd[i].write_data.next = self.a_point.val();
            if self.b_writes.val() && (!self.b_odd.val()) {
                self.buckets.write_address.next = self.head.q.val().bucket >> 1;
                self.buckets.write_data.next = self.b_point.val();
            }
            if self.b_writes.val() && self.b_odd.val() {
                self.odd[i].write_address.next = self.head.q.val().bucket >> 1;
                self.odd[i].write_data.next = self.b_point.val();
            }
            if self.p_writes.val() && (!self.p_odd.val()) {
                self.buckets.write_address.next = self.waiting.val().bucket >> 1;
                self.buckets.write_data.next = self.p_point.val();
            }
            if self.p_writes.val() && self.p_odd.val() {
                self.odd[i].write_address.next = self.waiting.val().bucket >> 1;
                self.odd[i].write_data.next = self.p_point.val();
            }
        }
        // Serial: what chooses among whole words comes from registers, and does not look at the phase again.
        for i in 0..self._serial {
            self.near.d.next.accumulates = self.control.q.val().phase == Phase::Accumulate;
            if self.near.q.val().accumulates {
                self.issue.d.next.x = self.recoder.op_x.val();
                self.issue.d.next.y = self.recoder.op_y.val();
                self.issue.d.next.z = self.one.val();
                if self.tracker[i].b_reads.val() {
                    self.issue.d.next.x = self.head.q.val().x;
                    self.issue.d.next.y = self.head.q.val().y;
                    self.issue.d.next.z = self.head.q.val().z;
                }
            }
            self.put_point.next = self.a_point.val();
            if self.tracker[i].b_writes.val() {
                self.put_point.next = self.b_point.val();
            }
        }
        // The address to read is chosen a cycle before, with the decision; a point is written a cycle later,
        // which is before the next operand goes.
        for _i in 0..self._serial {
            self.near.d.next.bucket = self.recoder.op_bucket.val();
            if self.b_will_read.val() {
                self.near.d.next.bucket = self.head.q.val().bucket;
            }
            if self.control.q.val().phase == Phase::Sum {
                self.near.d.next.bucket = self.summation.bucket.val();
            }
            self.buckets.read_address.next = self.near.q.val().bucket;
            self.put.d.next.enable = self.put_now.val();
            self.put.d.next.address = self.put_address.val();
            self.put.d.next.x = self.put_point.val().x;
            self.put.d.next.y = self.put_point.val().y;
            self.put.d.next.z = self.put_point.val().z;
            self.buckets.write_enable.next = self.put.q.val().enable;
            self.buckets.write_address.next = self.put.q.val().address;
            self.buckets.write_data.next.x = self.put.q.val().x;
            self.buckets.write_data.next.y = self.put.q.val().y;
            self.buckets.write_data.next.z = self.put.q.val().z;
        }

        // A chain's two slots: R = R + bucket, then A = A + R.
        self.summation.start.next = self.control.q.val().begin_sum;
        self.control.d.next.out_valid = false;
        self.out_next.next = self.control.q.val().address;
        if self.control.q.val().phase == Phase::Sum {
            self.issue.d.next.cause = Cause::Drain;
            self.issue.d.next.address = bit_cast::<24, 16>(self.summation.chain.val()) << 1;
            if self.summation.slot.val() && self.slot.val() {
                if self.summation.weighted.val() {
                    self.issue.d.next.weighted = true;
                    self.issue_now.next = true;
                } else {
                    self.issue.d.next.plain = true;
                    self.issue.d.next.address =
                        (bit_cast::<24, 16>(self.summation.chain.val()) << 1) | self.one24.val();
                    self.chain_address.next = (bit_cast::<24, 16>(self.summation.chain.val()) << 1) | self.one24.val();
                    self.issue_now.next = !self.summation.last.val();
                }
            }
            if self.summation.done.val() {
                self.control.d.next.phase = Phase::Write;
                self.control.d.next.address = self.zero24.val();
                self.control.d.next.word = self.word0.val();
                for _i in 0..self._serial {
                    self.near.d.next.pause = self.word2.val();
                }
            }
        }
        // Serial: a slot's place in the summation is known in the cycle before it.
        for _i in 0..self._serial {
            self.near.d.next.plain = false;
            self.near.d.next.weighted = false;
            if (self.control.q.val().phase == Phase::Sum) && self.summation.slot.val() && self.pace.ahead.val() {
                self.near.d.next.plain = !self.summation.weighted.val();
                self.near.d.next.weighted = self.summation.weighted.val();
            }
            self.issue.d.next.plain = self.near.q.val().plain;
            self.issue.d.next.weighted = self.near.q.val().weighted;
        }
        self.issue.d.next.valid = self.issue_now.val();
        if self.issue_now.val() {
            self.issue.d.next.cause = Cause::Useful;
        }

        // The adder's operands. An A slot takes R as the slot before it left it in `issue`.
        self.left.next.x = self.issue.q.val().x;
        self.left.next.y = self.issue.q.val().y;
        self.left.next.z = self.issue.q.val().z;
        self.right.next = self.bucket_point.val();
        if self.issue.q.val().plain {
            self.left.next = self.chains.read_data.val();
            if self.issue.q.val().no_chain {
                self.left.next.x = self.zero.val();
                self.left.next.y = self.one.val();
                self.left.next.z = self.zero.val();
            }
            if self.issue.q.val().no_bucket {
                self.right.next.x = self.zero.val();
                self.right.next.y = self.one.val();
                self.right.next.z = self.zero.val();
            }
            self.issue.d.next.x = self.left.val().x;
            self.issue.d.next.y = self.left.val().y;
            self.issue.d.next.z = self.left.val().z;
        }
        if self.issue.q.val().weighted {
            self.right.next = self.chains.read_data.val();
            if self.issue.q.val().no_chain {
                self.right.next.x = self.zero.val();
                self.right.next.y = self.one.val();
                self.right.next.z = self.zero.val();
            }
        }
        self.tag_in.next.valid = self.issue.q.val().valid;
        self.tag_in.next.chained = self.issue.q.val().plain || self.issue.q.val().weighted;
        self.tag_in.next.address = self.issue.q.val().address;
        self.tag_out.next = self.no_tag.val();
        self.sum_valid.next = false;
        self.sum.next = self.no_point.val();
        for i in 0..self._pipelined {
            self.adder[i].clock.next = self.clock.val();
            self.tag[i].clock.next = self.clock.val();
            self.adder[i].x1.next = self.left.val().x;
            self.adder[i].y1.next = self.left.val().y;
            self.adder[i].z1.next = self.left.val().z;
            self.adder[i].x2.next = self.right.val().x;
            self.adder[i].y2.next = self.right.val().y;
            self.adder[i].z2.next = self.right.val().z;
            self.tag[i].d.next = self.tag_in.val();
            self.tag_out.next = self.tag[i].q.val();
            self.sum_valid.next = self.tag_out.val().valid;
            self.sum.next.x = self.adder[i].x3.val();
            self.sum.next.y = self.adder[i].y3.val();
            self.sum.next.z = self.adder[i].z3.val();
        }
        for i in 0..self._serial {
            self.serial[i].clock.next = self.clock.val();
            self.ring[i].clock.next = self.clock.val();
            self.ring[i].reset.next = self.in_reset.val();
            self.serial[i].take.next = self.issue.q.val().take;
            self.serial[i].x1.next = self.left.val().x;
            self.serial[i].y1.next = self.left.val().y;
            self.serial[i].z1.next = self.left.val().z;
            self.serial[i].x2.next = self.right.val().x;
            self.serial[i].y2.next = self.right.val().y;
            self.serial[i].z2.next = self.right.val().z;
            self.ring[i].shift.next = self.issue.q.val().take;
            self.ring[i].tag.next = self.tag_in.val();
            self.tag_out.next = self.ring[i].oldest.val();
            self.sum_valid.next = self.tag_out.val().valid && self.pace.result.val();
            self.sum.next.x = self.serial[i].x3.val();
            self.sum.next.y = self.serial[i].y3.val();
            self.sum.next.z = self.serial[i].z3.val();
        }

        // Its sums: into the chain memory, or to ask for their bucket again.
        self.chains.write_enable.next = self.sum_valid.val() && self.tag_out.val().chained;
        self.chains.write_address.next = self.tag_out.val().address;
        self.chains.write_data.next = self.sum.val();
        self.results.in_valid.next = self.sum_valid.val() && (!self.tag_out.val().chained);
        self.results.in_data.next.x = self.sum.val().x;
        self.results.in_data.next.y = self.sum.val().y;
        self.results.in_data.next.z = self.sum.val().z;
        self.results.in_data.next.bucket = self.tag_out.val().address;
        self.p_gone.next = self.p_reads.val() || self.p_writes.val();
        if self.control.q.val().phase == Phase::Accumulate {
            if self.issue_now.val() && (!self.head_go.val()) && (!self.p_gone.val()) {
                self.control.d.next.in_flight = self.control.q.val().in_flight + self.one16.val();
            }
            if (!self.issue_now.val()) && (self.head_go.val() != self.p_gone.val()) {
                self.control.d.next.in_flight = self.control.q.val().in_flight - self.one16.val();
            }
            if self.issue_now.val() && self.head_go.val() && self.p_gone.val() {
                self.control.d.next.in_flight = self.control.q.val().in_flight - self.one16.val();
            }
            if (!self.issue_now.val()) && self.head_go.val() && self.p_gone.val() {
                self.control.d.next.in_flight = self.control.q.val().in_flight - self.two16.val();
            }
        }

        // Results out: A, then R of each chain, three words each.
        self.out_word.next = self.chains.read_data.val().x;
        if self.control.q.val().word == self.word1.val() {
            self.out_word.next = self.chains.read_data.val().y;
        }
        if self.control.q.val().word == self.word2.val() {
            self.out_word.next = self.chains.read_data.val().z;
        }
        self.out_data.next = self.out_word.val();
        for _i in 0..self._serial {
            self.near.d.next.word = self.out_word.val();
            self.out_data.next = self.near.q.val().word;
        }
        self.out_valid.next = self.control.q.val().out_valid;
        self.out_taken.next = self.control.q.val().out_valid && self.out_ready.val();
        if self.control.q.val().phase == Phase::Write {
            self.issue.d.next.cause = Cause::Drain;
            self.control.d.next.out_valid = true;
            // Serial: a word stands in its register one cycle after it was chosen, the next sum's three cycles later.
            for _i in 0..self._serial {
                self.control.d.next.out_valid = (!self.near.q.val().pause.any()) && (!self.out_taken.val());
                if self.near.q.val().pause.any() {
                    self.near.d.next.pause = self.near.q.val().pause - self.one2.val();
                }
            }
            if self.out_taken.val() {
                self.control.d.next.word = self.control.q.val().word + self.one2.val();
                if self.control.q.val().word == self.word2.val() {
                    self.control.d.next.word = self.word0.val();
                    self.out_next.next = self.control.q.val().address + self.one24.val();
                    for _i in 0..self._serial {
                        self.near.d.next.pause = self.word2.val();
                    }
                    if self.control.q.val().address == self.last_sum.val() {
                        self.out_next.next = self.zero24.val();
                        self.control.d.next.out_valid = false;
                        self.control.d.next.done = true;
                        self.control.d.next.phase = Phase::Idle;
                    }
                }
            }
            self.control.d.next.address = self.out_next.val();
            self.chain_address.next = self.out_next.val();
        }
        self.chains.read_address.next = self.chain_address.val();
        // Serial: from a register. Between two slots, and between two sums that go out, there is time.
        for _i in 0..self._serial {
            self.near.d.next.chain = bit_cast::<24, 16>(self.summation.chain.val()) << 1;
            if !self.summation.weighted.val() {
                self.near.d.next.chain = (bit_cast::<24, 16>(self.summation.chain.val()) << 1) | self.one24.val();
            }
            if self.control.q.val().phase == Phase::Write {
                self.near.d.next.chain = self.control.q.val().address;
            }
            self.chains.read_address.next = self.near.q.val().chain;
        }

        // After a reset: every slot as new, and what is still in the adder goes nowhere.
        if self.control.q.val().phase == Phase::Wipe {
            self.results.reset.next = true;
            self.head.d.next.valid = false;
            self.control.d.next.wiping = true;
            self.control.d.next.wiped = self.control.q.val().address == self.last_wiped.val();
            if self.control.q.val().address != self.last_wiped.val() {
                self.control.d.next.address = self.control.q.val().address + self.one24.val();
            }
            if self.control.q.val().wiping && self.control.q.val().wiped {
                self.control.d.next.wiping = false;
                self.control.d.next.wiped = false;
                self.control.d.next.address = self.zero24.val();
                self.control.d.next.phase = Phase::Idle;
            }
        }
        if (self.control.q.val().phase == Phase::Idle) && self.start.val() {
            self.control.d.next.phase = Phase::Accumulate;
        }

        // Events, two registers behind the adder's inputs: each word is looked through before it is chosen.
        self.control.d.next.valid = self.issue.q.val().valid;
        self.control.d.next.cause = self.issue.q.val().cause;
        self.control.d.next.plain = self.issue.q.val().plain;
        self.control.d.next.weighted = self.issue.q.val().weighted;
        self.control.d.next.no_chain = self.issue.q.val().no_chain;
        self.control.d.next.no_bucket = self.issue.q.val().no_bucket;
        self.control.d.next.operand_any = self.issue.q.val().z.any();
        self.bucket_z.next = self.bucket_point.val().z;
        self.chain_z.next = self.chains.read_data.val().z;
        self.bucket_any.next = (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(0).any().into()) << 0)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(16).any().into()) << 1)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(32).any().into()) << 2)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(48).any().into()) << 3)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(64).any().into()) << 4)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(80).any().into()) << 5)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(96).any().into()) << 6)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(112).any().into()) << 7)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(128).any().into()) << 8)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(144).any().into()) << 9)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(160).any().into()) << 10)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(176).any().into()) << 11)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(192).any().into()) << 12)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(208).any().into()) << 13)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(224).any().into()) << 14)
            | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(240).any().into()) << 15);
        self.chain_any.next = (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(0).any().into()) << 0)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(16).any().into()) << 1)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(32).any().into()) << 2)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(48).any().into()) << 3)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(64).any().into()) << 4)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(80).any().into()) << 5)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(96).any().into()) << 6)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(112).any().into()) << 7)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(128).any().into()) << 8)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(144).any().into()) << 9)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(160).any().into()) << 10)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(176).any().into()) << 11)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(192).any().into()) << 12)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(208).any().into()) << 13)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(224).any().into()) << 14)
            | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(240).any().into()) << 15);
        for _i in 0..self._more {
            self.bucket_any.next = self.bucket_any.val()
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(256).any().into()) << 0)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(272).any().into()) << 1)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(288).any().into()) << 2)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(304).any().into()) << 3)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(320).any().into()) << 4)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(336).any().into()) << 5)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(352).any().into()) << 6)
                | (bit_cast::<16, 1>(self.bucket_z.val().get_bits::<16>(368).any().into()) << 7);
            self.chain_any.next = self.chain_any.val()
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(256).any().into()) << 0)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(272).any().into()) << 1)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(288).any().into()) << 2)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(304).any().into()) << 3)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(320).any().into()) << 4)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(336).any().into()) << 5)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(352).any().into()) << 6)
                | (bit_cast::<16, 1>(self.chain_z.val().get_bits::<16>(368).any().into()) << 7);
        }
        self.control.d.next.bucket_any = self.bucket_any.val();
        self.control.d.next.chain_any = self.chain_any.val();
        self.chain_zero.next = self.control.q.val().no_chain || (!self.control.q.val().chain_any.any());
        self.left_zero.next = !self.control.q.val().operand_any;
        self.right_zero.next = !self.control.q.val().bucket_any.any();
        if self.control.q.val().plain {
            self.left_zero.next = self.chain_zero.val();
            self.right_zero.next = self.control.q.val().no_bucket || (!self.control.q.val().bucket_any.any());
        }
        if self.control.q.val().weighted {
            self.right_zero.next = self.chain_zero.val();
        }
        self.control.d.next.event = self.control.q.val().cause;
        if self.control.q.val().valid && (self.left_zero.val() || self.right_zero.val()) {
            self.control.d.next.event = Cause::Empty;
        }
        if self.in_reset.val() {
            self.control.d.next = self.idle.val();
            self.issue.d.next = self.no_issue.val();
            self.head.d.next = self.no_head.val();
        }
        self.ready.next = self.control.q.val().phase == Phase::Idle;
        for _i in 0..self._serial {
            self.ready.next = (self.control.q.val().phase == Phase::Idle) && (!self.near.q.val().reset);
        }
        self.done.next = self.control.q.val().done;
        self.ev_useful.next = self.control.q.val().event == Cause::Useful;
        self.ev_stall_input.next = self.control.q.val().event == Cause::Input;
        self.ev_stall_bucket.next = self.control.q.val().event == Cause::Bucket;
        self.ev_stall_empty.next = self.control.q.val().event == Cause::Empty;
        self.ev_stall_drain.next = self.control.q.val().event == Cause::Drain;
    }
}

gristmill_hdl_kit::ports!([const L: usize, const W: usize, const LW: usize] Msm<L, W, LW> {
    in: reset, start, count, montgomery, base_data, base_valid, scalar_data, scalar_valid, out_ready;
    out: base_ready, scalar_ready, out_data, out_valid, done, ready, scalar_error, scalar_index,
        ev_useful, ev_stall_input, ev_stall_bucket, ev_stall_empty, ev_stall_drain
});
