//! The order in which the buckets of all windows' segments are summed.
//!
//! A *chain* is one segment of one window, with L = 2^(c-1) / S buckets. Over them it keeps two
//! running sums, from the highest bucket down: R = R + bucket, A = A + R, so that in the end R is
//! the plain sum and A counts the lowest bucket once, the next twice, the highest L times.
//! All K = W*S chains go in turn, two slots each: R, then A. The A slot adds the R that the round
//! before left, which the R slot has just read; so one more round follows, in which R is only read.
//! Both slots of one chain come again after a round: as long as a round is not shorter than the
//! adder's latency and the turnaround, every sum is there when it is needed, without any check.
//! Where it is shorter, the round waits.
//!
//! All this is counted in steps: cycles in which the adder takes an addition. With an adder that
//! takes one in each cycle they are the same.

use rust_hdl::prelude::*;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    busy: Bit,
    /// A slot, else waiting for the end of the round.
    slot: Bit,
    /// The second slot of the chain.
    weighted: Bit,
    first: Bit,
    last: Bit,
    chain: Bits<16>,
    round: Bits<24>,
    /// The bucket of this chain and round.
    bucket: Bits<24>,
    /// The bucket of chain 0 in this round.
    start: Bits<24>,
    elapsed: Bits<16>,
    done: Bit,
}

/// See the module. `start` (pulse) begins; from the next cycle on `slot` says that this cycle is
/// a slot of `chain`, the A slot if `weighted`, else the R slot; in the `first` round R and A are
/// infinity, in the `last` no bucket is added. `bucket_next` is the value of `bucket` in the next
/// cycle. `done` (pulse): every sum can be read from the next cycle on. Only a cycle with `step`
/// moves the schedule on: a slot lasts until then.
#[derive(LogicBlock)]
pub struct Summation {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub step: Signal<In, Bit>,
    pub slot: Signal<Out, Bit>,
    pub weighted: Signal<Out, Bit>,
    pub first: Signal<Out, Bit>,
    pub last: Signal<Out, Bit>,
    pub chain: Signal<Out, Bits<16>>,
    pub bucket: Signal<Out, Bits<24>>,
    pub bucket_next: Signal<Out, Bits<24>>,
    pub done: Signal<Out, Bit>,
    state: DFF<State>,
    next_bucket: Signal<Local, Bits<24>>,
    round_end: Signal<Local, Bit>,
    idle: Constant<State>,
    segment: Constant<Bits<24>>,
    highest: Constant<Bits<24>>,
    last_round: Constant<Bits<24>>,
    last_chain: Constant<Bits<16>>,
    last_step: Constant<Bits<16>>,
    last_of_all: Constant<Bits<16>>,
    zero24: Constant<Bits<24>>,
    zero16: Constant<Bits<16>>,
    one24: Constant<Bits<24>>,
    one16: Constant<Bits<16>>,
}

impl Summation {
    /// The schedule of `chains` chains of `segment` buckets each, whose rounds take at least
    /// `turnaround` steps; after the last one `drain` steps more.
    pub fn new(chains: usize, segment: usize, turnaround: usize, drain: usize) -> Self {
        let period = turnaround.max(2 * chains);
        assert!(period + drain < 1 << 16, "a round of {period} steps and {drain} more: below 2^16");
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            step: Default::default(),
            slot: Default::default(),
            weighted: Default::default(),
            first: Default::default(),
            last: Default::default(),
            chain: Default::default(),
            bucket: Default::default(),
            bucket_next: Default::default(),
            done: Default::default(),
            state: Default::default(),
            next_bucket: Default::default(),
            round_end: Default::default(),
            idle: Constant::new(State::default()),
            segment: Constant::new((segment as u64).into()),
            highest: Constant::new((segment as u64 - 1).into()),
            last_round: Constant::new((segment as u64).into()),
            last_chain: Constant::new((chains as u64 - 1).into()),
            last_step: Constant::new((period as u64 - 1).into()),
            last_of_all: Constant::new(((period + drain) as u64 - 1).into()),
            zero24: Constant::new(0u64.into()),
            zero16: Constant::new(0u64.into()),
            one24: Constant::new(1u64.into()),
            one16: Constant::new(1u64.into()),
        }
    }

    /// Steps from the first slot to `done`, inclusive, with nothing to drain.
    pub fn cycles(chains: usize, segment: usize, turnaround: usize) -> usize {
        (segment + 1) * turnaround.max(2 * chains)
    }
}

impl Logic for Summation {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        self.next_bucket.next = self.state.q.val().bucket;
        self.round_end.next = self.state.q.val().busy
            && self.step.val()
            && (self.state.q.val().elapsed == self.last_step.val())
            && (!self.state.q.val().last);
        if self.state.q.val().last {
            self.round_end.next =
                self.state.q.val().busy && self.step.val() && (self.state.q.val().elapsed == self.last_of_all.val());
        }
        if self.state.q.val().busy && self.step.val() {
            self.state.d.next.elapsed = self.state.q.val().elapsed + self.one16.val();
            if self.state.q.val().slot {
                self.state.d.next.weighted = !self.state.q.val().weighted;
                if self.state.q.val().weighted {
                    if self.state.q.val().chain == self.last_chain.val() {
                        self.state.d.next.slot = false;
                    } else {
                        self.state.d.next.chain = self.state.q.val().chain + self.one16.val();
                        self.next_bucket.next = self.state.q.val().bucket + self.segment.val();
                    }
                }
            }
            if self.round_end.val() {
                self.state.d.next.slot = true;
                self.state.d.next.weighted = false;
                self.state.d.next.first = false;
                self.state.d.next.chain = self.zero16.val();
                self.state.d.next.elapsed = self.zero16.val();
                self.state.d.next.round = self.state.q.val().round + self.one24.val();
                // After the lowest bucket comes the round without buckets.
                if self.state.q.val().start == self.zero24.val() {
                    self.state.d.next.last = true;
                    self.next_bucket.next = self.zero24.val();
                } else {
                    self.state.d.next.start = self.state.q.val().start - self.one24.val();
                    self.next_bucket.next = self.state.q.val().start - self.one24.val();
                }
                if self.state.q.val().round == self.last_round.val() {
                    self.state.d.next.busy = false;
                    self.state.d.next.slot = false;
                }
            }
        }
        if self.start.val() {
            self.state.d.next.busy = true;
            self.state.d.next.slot = true;
            self.state.d.next.weighted = false;
            self.state.d.next.first = true;
            self.state.d.next.last = false;
            self.state.d.next.chain = self.zero16.val();
            self.state.d.next.elapsed = self.zero16.val();
            self.state.d.next.round = self.zero24.val();
            self.state.d.next.start = self.highest.val();
            self.next_bucket.next = self.highest.val();
        }
        self.state.d.next.bucket = self.next_bucket.val();
        if self.reset.val() {
            self.state.d.next = self.idle.val();
        }
        self.slot.next = self.state.q.val().slot;
        self.weighted.next = self.state.q.val().weighted;
        self.first.next = self.state.q.val().first;
        self.last.next = self.state.q.val().last;
        self.chain.next = self.state.q.val().chain;
        self.bucket.next = self.state.q.val().bucket;
        self.bucket_next.next = self.next_bucket.val();
        self.done.next = self.round_end.val() && (self.state.q.val().round == self.last_round.val());
    }
}

gristmill_hdl_kit::ports!(Summation {
    in: reset, start, step; out: slot, weighted, first, last, chain, bucket, bucket_next, done
});
