//! Sequencer: runs one command after another, writes completions, and does the reset.

use gristmill_abi::completion::Status;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_u, bit_cast_ub, U};
use rust_hdl::prelude::*;

/// Cycles for which a reset holds everything cleared: longer than any pipeline of the engines, so
/// that nothing from before the reset comes out of one after it.
pub const CLEAR_CYCLES: u64 = 1024;
/// Cycles after that until `ready` of the engines counts.
const SETTLE_CYCLES: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, LogicState)]
enum Phase {
    /// Takes the next descriptor.
    Idle,
    /// The checker looks at it.
    Check,
    /// Movers and engine start.
    Start,
    /// They work.
    Run,
    /// Composes the completion.
    Compose,
    /// The writer starts on the completion.
    Complete,
    /// Waits for its write response.
    Written,
    /// Reset: nothing new begins, what is on the buses ends.
    Drain,
    /// Reset: everything clears.
    Clear,
    /// Reset: cleared blocks come to rest.
    Settle,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    phase: Phase,
    /// Memories have been initialised since the last reset.
    ready: Bit,
    epoch: Bits<32>,
    /// The queue was stopped under the command: it ends without a completion.
    dropped: Bit,
    sq_head: Bits<12>,
    status: Bits<8>,
    detail: Bits<32>,
    cycles: U<64>,
    work: U<64>,
    engine_done: Bit,
    completion: U<256>,
    rest: Bits<16>,
    /// The writer is the completion's.
    completing: Bit,
    /// The phase is `Clear`: from a register of its own, since all of the card hangs on it.
    clears: Bit,
}

/// Runs commands one at a time, in the order in which their descriptors were fetched.
///
/// A command ends when its engine is done and its movers are idle, that is after its data's last
/// write response; then its completion is written by the same writer. A descriptor is only fetched
/// if there will be room for its completion; if there is none after all, nothing unconsumed is
/// overwritten. That, and a fault while reading a submission ring or writing a completion, is an
/// error of the queue that the command came from. If that queue was stopped under the command, the
/// command ends without a completion.
#[derive(LogicBlock)]
pub struct Sequencer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub reset_request: Signal<In, Bit>,
    // Queues: that of the descriptor fetched, and that of the command.
    pub run: Signal<In, Bit>,
    pub fetch_alive: Signal<In, Bit>,
    pub fetch_head: Signal<In, Bits<12>>,
    pub run_alive: Signal<In, Bit>,
    pub run_room: Signal<In, Bit>,
    pub run_phase: Signal<In, Bit>,
    /// A command is being run.
    pub occupied: Signal<Out, Bit>,
    /// Its completion has been written.
    pub set_completion: Signal<Out, Bit>,
    /// A descriptor could not be fetched; a completion could not be written.
    pub fetch_failed: Signal<Out, Bit>,
    pub completion_failed: Signal<Out, Bit>,
    // Fetcher.
    pub fetch_enable: Signal<Out, Bit>,
    pub fetch_flush: Signal<Out, Bit>,
    pub fetch_there: Signal<In, Bit>,
    pub fetch_fault: Signal<In, Bit>,
    pub fetch_active: Signal<In, Bit>,
    pub fetch_begins: Signal<In, Bit>,
    /// Fetcher gives, checker takes.
    pub load: Signal<Out, Bit>,
    // Checker.
    pub checked: Signal<In, Bit>,
    pub verdict: Signal<In, Bits<8>>,
    pub id: Signal<In, Bits<16>>,
    pub count: Signal<In, U<32>>,
    pub moves: Signal<In, Bit>,
    pub is_msm: Signal<In, Bit>,
    pub is_ntt: Signal<In, Bit>,
    pub a_space: Signal<In, Bit>,
    pub b_space: Signal<In, Bit>,
    pub c_space: Signal<In, Bit>,
    // Movers and engines.
    pub start: Signal<Out, Bit>,
    pub completing: Signal<Out, Bit>,
    pub completion_start: Signal<Out, Bit>,
    pub completion: Signal<Out, U<256>>,
    pub movers_busy: Signal<In, Bit>,
    pub a_error: Signal<In, Bit>,
    pub b_error: Signal<In, Bit>,
    pub c_error: Signal<In, Bit>,
    pub engines_ready: Signal<In, Bit>,
    pub engine_ready: Signal<In, Bit>,
    pub engine_done: Signal<In, Bit>,
    pub scalar_error: Signal<In, Bit>,
    pub scalar_index: Signal<In, U<32>>,
    pub work: Signal<In, Bit>,
    /// Of a card with several adders, else none: their additions of a cycle.
    pub adds: Vec<Signal<In, U<64>>>,
    // Reset.
    pub buses_idle: Signal<In, Bit>,
    pub stop: Signal<Out, Bit>,
    pub clear: Signal<Out, Bit>,
    // State for registers, counters and pins.
    pub ready: Signal<Out, Bit>,
    pub command: Signal<Out, Bit>,
    pub resetting: Signal<Out, Bit>,
    pub epoch: Signal<Out, Bits<32>>,
    pub ended_ok: Signal<Out, Bit>,
    pub ended_bad: Signal<Out, Bit>,
    pub engine_runs: Signal<Out, Bit>,
    pub busy: Signal<Out, Bit>,
    s: DFF<State>,
    in_reset: Signal<Local, Bit>,
    dropped: Signal<Local, Bit>,
    work_done: Signal<Local, U<64>>,
    one: Constant<U<64>>,
    one_epoch: Constant<Bits<32>>,
    one_rest: Constant<Bits<16>>,
    clearing: Constant<Bits<16>>,
    settling: Constant<Bits<16>>,
    zero: Constant<U<64>>,
    ok: Constant<Bits<8>>,
    host_read: Constant<Bits<8>>,
    host_write: Constant<Bits<8>>,
    card_read: Constant<Bits<8>>,
    card_write: Constant<Bits<8>>,
    scalar_range: Constant<Bits<8>>,
    _lanes: usize,
}

ports!(Sequencer {
    in: reset, reset_request, run, fetch_alive, fetch_head, run_alive, run_room, run_phase, fetch_there, fetch_fault, fetch_active, fetch_begins, checked, verdict, id, count, moves, is_msm, is_ntt,
        a_space, b_space, c_space, movers_busy, a_error, b_error, c_error, engines_ready, engine_ready, engine_done,
        scalar_error, scalar_index, work, buses_idle;
    out: occupied, set_completion, fetch_failed, completion_failed, fetch_enable, fetch_flush, load, start, completing,
         completion_start, completion, stop, clear, ready, command, resetting, epoch, ended_ok, ended_bad, engine_runs, busy
});

impl Sequencer {
    /// Of a card with several adders (1), or with one (0).
    pub fn with_lanes(lanes: usize) -> Self {
        Self { adds: (0..lanes).map(|_| Default::default()).collect(), _lanes: lanes, ..Self::default() }
    }
}

impl Default for Sequencer {
    fn default() -> Self {
        let status = |status: Status| Constant::new((status as u64).into());
        Self {
            clock: Default::default(),
            reset: Default::default(),
            reset_request: Default::default(),
            run: Default::default(),
            fetch_alive: Default::default(),
            fetch_head: Default::default(),
            run_alive: Default::default(),
            run_room: Default::default(),
            run_phase: Default::default(),
            occupied: Default::default(),
            set_completion: Default::default(),
            fetch_failed: Default::default(),
            completion_failed: Default::default(),
            fetch_enable: Default::default(),
            fetch_flush: Default::default(),
            fetch_there: Default::default(),
            fetch_fault: Default::default(),
            fetch_active: Default::default(),
            fetch_begins: Default::default(),
            load: Default::default(),
            checked: Default::default(),
            verdict: Default::default(),
            id: Default::default(),
            count: Default::default(),
            moves: Default::default(),
            is_msm: Default::default(),
            is_ntt: Default::default(),
            a_space: Default::default(),
            b_space: Default::default(),
            c_space: Default::default(),
            start: Default::default(),
            completing: Default::default(),
            completion_start: Default::default(),
            completion: Default::default(),
            movers_busy: Default::default(),
            a_error: Default::default(),
            b_error: Default::default(),
            c_error: Default::default(),
            engines_ready: Default::default(),
            engine_ready: Default::default(),
            engine_done: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            work: Default::default(),
            adds: vec![],
            _lanes: 0,
            buses_idle: Default::default(),
            stop: Default::default(),
            clear: Default::default(),
            ready: Default::default(),
            command: Default::default(),
            resetting: Default::default(),
            epoch: Default::default(),
            ended_ok: Default::default(),
            ended_bad: Default::default(),
            engine_runs: Default::default(),
            busy: Default::default(),
            s: Default::default(),
            in_reset: Default::default(),
            dropped: Default::default(),
            work_done: Default::default(),
            one: Constant::new(1.into()),
            one_epoch: Constant::new(1.into()),
            one_rest: Constant::new(1.into()),
            clearing: Constant::new(CLEAR_CYCLES.into()),
            settling: Constant::new(SETTLE_CYCLES.into()),
            zero: Constant::new(0.into()),
            ok: status(Status::Ok),
            host_read: status(Status::HostReadFault),
            host_write: status(Status::HostWriteFault),
            card_read: status(Status::CardReadFault),
            card_write: status(Status::CardWriteFault),
            scalar_range: status(Status::ScalarRange),
        }
    }
}

impl Logic for Sequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.in_reset.next = (self.s.q.val().phase == Phase::Drain)
            || (self.s.q.val().phase == Phase::Clear)
            || (self.s.q.val().phase == Phase::Settle);
        self.dropped.next = self.s.q.val().dropped || (!self.run_alive.val());

        self.ready.next = self.s.q.val().ready;
        self.resetting.next = self.in_reset.val();
        self.epoch.next = self.s.q.val().epoch;
        self.stop.next = self.s.q.val().phase == Phase::Drain;
        self.clear.next = self.s.q.val().clears;
        self.s.d.next.clears = false;
        self.occupied.next = (!self.in_reset.val()) && (self.s.q.val().phase != Phase::Idle);
        self.command.next =
            (!self.in_reset.val()) && (self.fetch_active.val() || self.fetch_there.val() || self.occupied.val());
        self.engine_runs.next = (self.s.q.val().phase == Phase::Run) && (!self.s.q.val().engine_done);
        self.busy.next = self.in_reset.val()
            || (!self.s.q.val().ready)
            || self.fetch_active.val()
            || self.fetch_begins.val()
            || self.fetch_there.val()
            || self.fetch_fault.val()
            || self.occupied.val();

        self.fetch_enable.next = self.run.val() && self.s.q.val().ready && (!self.in_reset.val());
        self.fetch_flush.next = !self.fetch_alive.val();
        self.load.next = false;
        self.start.next = false;
        // From a register, and from the cycle before its start until the one behind its end: the writer has nothing else
        // to do then, and this chooses its words.
        self.s.d.next.completing = (self.s.q.val().phase == Phase::Compose)
            || (self.s.q.val().phase == Phase::Complete)
            || (self.s.q.val().phase == Phase::Written);
        self.completing.next = self.s.q.val().completing;
        self.completion_start.next = self.s.q.val().phase == Phase::Complete;
        self.completion.next = self.s.q.val().completion;
        self.set_completion.next = false;
        self.ended_ok.next = false;
        self.ended_bad.next = false;
        self.work_done.next = self.zero.val();
        self.fetch_failed.next = false;
        self.completion_failed.next = false;

        self.s.d.next.dropped = self.dropped.val();
        if self.command.val() {
            self.s.d.next.cycles = self.s.q.val().cycles + self.one.val();
        } else {
            self.s.d.next.cycles = self.zero.val();
        }
        if self.engines_ready.val() && (!self.in_reset.val()) {
            self.s.d.next.ready = true;
        }

        match self.s.q.val().phase {
            Phase::Idle => {
                self.s.d.next.dropped = false;
                if self.fetch_alive.val() {
                    if self.fetch_there.val() {
                        self.load.next = true;
                        self.s.d.next.sq_head = self.fetch_head.val();
                        self.s.d.next.detail = 0.into();
                        self.s.d.next.work = self.zero.val();
                        self.s.d.next.phase = Phase::Check;
                    } else {
                        self.fetch_failed.next = self.fetch_fault.val();
                    }
                }
            }
            Phase::Check => {
                if self.checked.val() {
                    self.s.d.next.status = self.verdict.val();
                    self.s.d.next.phase = Phase::Compose;
                    if self.verdict.val() == self.ok.val() {
                        self.s.d.next.phase = Phase::Start;
                    }
                }
            }
            Phase::Start => {
                if self.engine_ready.val() {
                    self.start.next = true;
                    self.s.d.next.engine_done = !(self.is_msm.val() || self.is_ntt.val());
                    if self.moves.val() {
                        self.s.d.next.work = bit_cast_u::<64, 32>(self.count.val());
                    }
                    self.s.d.next.phase = Phase::Run;
                }
            }
            Phase::Run => {
                if self.engine_done.val() {
                    self.s.d.next.engine_done = true;
                }
                if self.work.val() {
                    self.s.d.next.work = self.s.q.val().work + self.one.val();
                }
                for i in 0..self._lanes {
                    if self.adds[i].val().any() {
                        self.s.d.next.work = self.s.q.val().work + self.adds[i].val();
                    }
                }
                if self.s.q.val().engine_done && (!self.movers_busy.val()) {
                    self.s.d.next.phase = Phase::Compose;
                    self.s.d.next.status = self.ok.val();
                    if self.c_error.val() {
                        self.s.d.next.status = self.host_write.val();
                        if self.c_space.val() {
                            self.s.d.next.status = self.card_write.val();
                        }
                    }
                    if self.is_msm.val() && self.scalar_error.val() {
                        self.s.d.next.status = self.scalar_range.val();
                    }
                    if self.b_error.val() {
                        self.s.d.next.status = self.host_read.val();
                        if self.b_space.val() {
                            self.s.d.next.status = self.card_read.val();
                        }
                    }
                    if self.a_error.val() {
                        self.s.d.next.status = self.host_read.val();
                        if self.a_space.val() {
                            self.s.d.next.status = self.card_read.val();
                        }
                    }
                    if self.is_msm.val() && self.scalar_error.val() && (!self.a_error.val()) && (!self.b_error.val()) {
                        self.s.d.next.detail = bit_cast_ub::<32, 32>(self.scalar_index.val());
                    }
                }
            }
            Phase::Compose => {
                if self.s.q.val().status == self.ok.val() {
                    self.work_done.next = self.s.q.val().work;
                }
                self.s.d.next.completion = bit_cast_bu::<256, 32>(self.s.q.val().detail)
                    | (bit_cast_bu::<256, 32>(self.s.q.val().epoch) << 32)
                    | (bit_cast_u::<256, 64>(self.s.q.val().cycles) << 64)
                    | (bit_cast_u::<256, 64>(self.work_done.val()) << 128)
                    | (bit_cast_bu::<256, 12>(self.s.q.val().sq_head) << 192)
                    | (bit_cast_bu::<256, 16>(self.id.val()) << 224)
                    | (bit_cast_bu::<256, 8>(self.s.q.val().status) << 240)
                    | (bit_cast_bu::<256, 1>(self.run_phase.val().into()) << 248);
                if self.run_room.val() && (!self.dropped.val()) {
                    self.s.d.next.phase = Phase::Complete;
                } else {
                    self.s.d.next.phase = Phase::Idle;
                    self.s.d.next.cycles = self.zero.val();
                    self.completion_failed.next = !self.dropped.val();
                }
            }
            Phase::Complete => {
                self.s.d.next.phase = Phase::Written;
            }
            Phase::Written => {
                if !self.movers_busy.val() {
                    self.s.d.next.phase = Phase::Idle;
                    self.s.d.next.cycles = self.zero.val();
                    self.completion_failed.next = self.c_error.val() && (!self.dropped.val());
                    if (!self.c_error.val()) && (!self.dropped.val()) {
                        self.set_completion.next = true;
                        self.ended_ok.next = self.s.q.val().status == self.ok.val();
                        self.ended_bad.next = self.s.q.val().status != self.ok.val();
                    }
                }
            }
            Phase::Drain => {
                if self.buses_idle.val() {
                    self.s.d.next.phase = Phase::Clear;
                    self.s.d.next.clears = true;
                    self.s.d.next.epoch = self.s.q.val().epoch + self.one_epoch.val();
                    self.s.d.next.rest = self.clearing.val();
                }
            }
            Phase::Clear => {
                self.s.d.next.ready = false;
                self.s.d.next.clears = self.s.q.val().rest.any() || self.reset.val();
                if self.s.q.val().rest.any() {
                    self.s.d.next.rest = self.s.q.val().rest - self.one_rest.val();
                } else {
                    if !self.reset.val() {
                        self.s.d.next.rest = self.settling.val();
                        self.s.d.next.phase = Phase::Settle;
                    }
                }
            }
            Phase::Settle => {
                self.s.d.next.rest = self.s.q.val().rest - self.one_rest.val();
                if !self.s.q.val().rest.any() {
                    self.s.d.next.phase = Phase::Idle;
                }
            }
        }
        if (self.reset.val() || self.reset_request.val())
            && (self.s.q.val().phase != Phase::Drain)
            && (self.s.q.val().phase != Phase::Clear)
        {
            self.s.d.next.phase = Phase::Drain;
        }
    }
}
