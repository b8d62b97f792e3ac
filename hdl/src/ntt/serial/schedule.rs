//! Control of the transform: which words are read, multiplied and written in which cycle.
//!
//! The vector lies bit-reversed in two banks. The word with index i is in bank *parity of the bits
//! of i*, line `i >> 1`; two indices that differ in one bit never share a bank, so both operands
//! of a butterfly are read in one cycle and written in one cycle.
//!
//! One *issue word* a cycle says what enters the butterfly unit:
//!
//! | bit | name | means |
//! |---|---|---|
//! | 0 | load | the word just taken from the input stream, times the factor, goes to the vector |
//! | 1 | butterfly | two words of the vector, in place |
//! | 2 | store | a word of the vector, times the factor, goes to the results |
//! | 3 | scaled | the factor is the next of the factor sequence; otherwise one |
//! | 4 | swap | the first (or only) operand is in bank 1 |
//! | 5 | successor | the factor in turn times the ratio goes back to the factor sequence |
//!
//! An operation is issued in a *slot*, one cycle in every `interval`: a digit-serial multiplier
//! takes one operand pair in so many cycles, a pipelined one has its slots in every cycle. All
//! counts below are of slots. Where the unit also serves the factor sequence, a scaled word takes
//! two slots: first the successor of its factor, then the word.
//!
//! Order: decimation in time (Cooley-Tukey). Load writes input i to the bit-reversed index, for
//! the inverse transform input `-i mod n` (turning the input around replaces w by its inverse).
//! Stage s pairs indices that differ in bit s, in ascending order, twiddle `w_(2^(s+1))^(low s
//! bits)`. Store reads in ascending order.
//!
//! Stages overlap in the pipeline: butterfly j of stage s+1 reads what butterflies up to
//! `j + 2^s` of stage s have written, so it may be issued `2^s + turnaround` slots after the
//! latter's start, and since n/2 butterflies take n/2 slots, there is no wait at all while
//! `n/2 >= 2^s + turnaround`: for every stage once `n/4 >= turnaround`.

use gristmill_hdl_kit::word::{bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
enum State {
    /// After reset: what is in the pipelines leaves them.
    Flush,
    Idle,
    /// The factor block before is read.
    Seeds,
    Load,
    /// The last loaded words reach the vector.
    Settle,
    Stage,
    Store,
    /// The last results leave.
    Out,
}

/// What the unit asks of its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Cycles from slot to slot, 1 to 64.
    pub interval: u64,
    /// An operation of slot s is written so that a read of slot `s + turnaround` sees it.
    pub turnaround: u64,
    /// The unit also multiplies factors by their ratio.
    pub successors: bool,
}

/// State machine and address generators.
#[derive(LogicBlock)]
pub struct Schedule {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: begin a command. Ignored unless `ready`.
    pub start: Signal<In, Bit>,
    /// log2 of the elements, 1 to log_max.
    pub log_n: Signal<In, Bits<6>>,
    pub inverse: Signal<In, Bit>,
    pub factors_before: Signal<In, Bit>,
    pub factors_after: Signal<In, Bit>,
    /// A word of the vector is offered.
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    /// Pulse: read a factor block.
    pub load_factors: Signal<Out, Bit>,
    /// The factor block asked for is complete.
    pub factors_loaded: Signal<In, Bit>,
    /// A result leaves in this cycle.
    pub out_taken: Signal<In, Bit>,
    /// The issue word.
    pub issue: Signal<Out, Bits<8>>,
    /// Lines to read (load: to write) in banks 0 and 1.
    pub line_0: Signal<Out, Bits<24>>,
    pub line_1: Signal<Out, Bits<24>>,
    /// Index into the twiddle table.
    pub twiddle: Signal<Out, Bits<24>>,
    /// Results may enter the output FIFO.
    pub storing: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub busy: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    state: DFF<State>,
    inverse_q: DFF<Bit>,
    before_q: DFF<Bit>,
    after_q: DFF<Bit>,
    done_q: DFF<Bit>,
    n: DFF<U<32>>,
    count: DFF<U<32>>,
    load_index: DFF<U<32>>,
    load_step: DFF<U<32>>,
    half: DFF<U<32>>,
    twiddle_index: DFF<U<32>>,
    twiddle_step: DFF<U<32>>,
    outstanding: DFF<U<32>>,
    /// Cycles since the last slot; stands while there is nothing to issue.
    timer: DFF<U<8>>,
    /// The successor of the factor in turn has been issued.
    succeeded: DFF<Bit>,
    issue_q: DFF<Bits<8>>,
    line_0_q: DFF<Bits<24>>,
    line_1_q: DFF<Bits<24>>,
    twiddle_q: DFF<Bits<24>>,
    next_count: Signal<Local, U<32>>,
    stage_length: Signal<Local, U<32>>,
    low: Signal<Local, U<32>>,
    index_a: Signal<Local, U<32>>,
    index_b: Signal<Local, U<32>>,
    signed_index: Signal<Local, U<32>>,
    pairs_swapped: Signal<Local, U<32>>,
    nibbles_turned: Signal<Local, U<32>>,
    bytes_turned: Signal<Local, U<32>>,
    reversed: Signal<Local, U<32>>,
    kind: Signal<Local, Bits<8>>,
    has_room: Signal<Local, Bit>,
    slot: Signal<Local, Bit>,
    zero: Constant<U<32>>,
    one: Constant<U<32>>,
    top: Constant<U<32>>,
    odd_bits: Constant<U<32>>,
    odd_pairs: Constant<U<32>>,
    odd_nibbles: Constant<U<32>>,
    odd_bytes: Constant<U<32>>,
    twiddle_mask: Constant<U<32>>,
    first_twiddle_step: Constant<U<32>>,
    turnaround: Constant<U<32>>,
    settle: Constant<U<32>>,
    room: Constant<U<32>>,
    // Bits that the registers need: synthesis drops the others.
    word_mask: Constant<U<32>>,
    count_mask: Constant<U<32>>,
    load_mask: Constant<U<32>>,
    room_mask: Constant<U<32>>,
    timer_zero: Constant<U<8>>,
    timer_one: Constant<U<8>>,
    timer_last: Constant<U<8>>,
    successors: Constant<Bit>,
    kind_none: Constant<Bits<8>>,
    kind_load: Constant<Bits<8>>,
    kind_butterfly: Constant<Bits<8>>,
    kind_store: Constant<Bits<8>>,
    kind_scaled: Constant<Bits<8>>,
    kind_swap: Constant<Bits<8>>,
    kind_successor: Constant<Bits<8>>,
}

impl Schedule {
    /// For vectors of up to 2^log_max (1 to 24) words; the output FIFO has room for `room` words.
    pub fn new(log_max: u32, pace: Pace, room: u64) -> Self {
        let Pace { interval, turnaround, successors } = pace;
        assert!((1..=24).contains(&log_max), "vectors of 2^{log_max} words: log_max is 1 to 24");
        assert!(turnaround >= 2 && room > turnaround, "turnaround {turnaround}, room {room}");
        assert!((1..=64).contains(&interval), "a slot every {interval} cycles: 1 to 64");
        let half_max = 1u64 << (log_max - 1);
        let low_bits = |largest: u64| (largest + 1).next_power_of_two() - 1;
        Schedule {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            factors_before: Default::default(),
            factors_after: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            load_factors: Default::default(),
            factors_loaded: Default::default(),
            out_taken: Default::default(),
            issue: Default::default(),
            line_0: Default::default(),
            line_1: Default::default(),
            twiddle: Default::default(),
            storing: Default::default(),
            ready: Default::default(),
            busy: Default::default(),
            done: Default::default(),
            state: Default::default(),
            inverse_q: Default::default(),
            before_q: Default::default(),
            after_q: Default::default(),
            done_q: Default::default(),
            n: Default::default(),
            count: Default::default(),
            load_index: Default::default(),
            load_step: Default::default(),
            half: Default::default(),
            twiddle_index: Default::default(),
            twiddle_step: Default::default(),
            outstanding: Default::default(),
            timer: Default::default(),
            succeeded: Default::default(),
            issue_q: Default::default(),
            line_0_q: Default::default(),
            line_1_q: Default::default(),
            twiddle_q: Default::default(),
            next_count: Default::default(),
            stage_length: Default::default(),
            low: Default::default(),
            index_a: Default::default(),
            index_b: Default::default(),
            signed_index: Default::default(),
            pairs_swapped: Default::default(),
            nibbles_turned: Default::default(),
            bytes_turned: Default::default(),
            reversed: Default::default(),
            kind: Default::default(),
            has_room: Default::default(),
            slot: Default::default(),
            zero: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            top: Constant::new(0x8000_0000u64.into()),
            odd_bits: Constant::new(0x5555_5555u64.into()),
            odd_pairs: Constant::new(0x3333_3333u64.into()),
            odd_nibbles: Constant::new(0x0f0f_0f0fu64.into()),
            odd_bytes: Constant::new(0x00ff_00ffu64.into()),
            twiddle_mask: Constant::new((half_max - 1).into()),
            first_twiddle_step: Constant::new(half_max.into()),
            turnaround: Constant::new(turnaround.into()),
            settle: Constant::new((turnaround - 1).into()),
            room: Constant::new(room.into()),
            word_mask: Constant::new(low_bits(2 * half_max).into()),
            count_mask: Constant::new(low_bits((2 * half_max).max(half_max + turnaround)).into()),
            load_mask: Constant::new((low_bits(2 * half_max - 1) << (32 - log_max)).into()),
            room_mask: Constant::new(low_bits(room).into()),
            timer_zero: Constant::new(0u64.into()),
            timer_one: Constant::new(1u64.into()),
            timer_last: Constant::new((interval - 1).into()),
            successors: Constant::new(successors),
            kind_none: Constant::new(0u64.to_bits()),
            kind_load: Constant::new(1u64.to_bits()),
            kind_butterfly: Constant::new(2u64.to_bits()),
            kind_store: Constant::new(4u64.to_bits()),
            kind_scaled: Constant::new(8u64.to_bits()),
            kind_swap: Constant::new(16u64.to_bits()),
            kind_successor: Constant::new(32u64.to_bits()),
        }
    }
}

// A kernel cannot have match guards.
#[allow(clippy::collapsible_match)]
impl Logic for Schedule {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, inverse_q, before_q, after_q, done_q, n, count, load_index, load_step);
        dff_setup!(self, clock, half, twiddle_index, twiddle_step, outstanding, issue_q, line_0_q, line_1_q, twiddle_q);
        dff_setup!(self, clock, timer, succeeded);
        self.in_ready.next = false;
        self.load_factors.next = false;
        self.storing.next = false;
        self.ready.next = false;
        self.busy.next = true;
        self.done_q.d.next = false;
        self.kind.next = self.kind_none.val();

        self.slot.next = self.timer.q.val() == self.timer_zero.val();
        self.timer.d.next = self.timer.q.val() + self.timer_one.val();
        if self.timer.q.val() == self.timer_last.val() {
            self.timer.d.next = self.timer_zero.val();
        }

        self.next_count.next = (self.count.q.val() + self.one.val()) & self.count_mask.val();
        self.has_room.next = self.outstanding.q.val() < self.room.val();

        self.signed_index.next = self.zero.val();
        self.pairs_swapped.next = self.zero.val();
        self.nibbles_turned.next = self.zero.val();
        self.bytes_turned.next = self.zero.val();
        self.reversed.next = self.zero.val();

        // Operands of butterfly `count`: a zero (a), a one (b) inserted at the stage's bit.
        self.low.next = self.count.q.val() & (self.half.q.val() - self.one.val());
        self.index_a.next = ((self.count.q.val() ^ self.low.val()) << 1) | self.low.val();
        self.index_b.next = self.index_a.val() | self.half.q.val();
        // Slots before the next stage may begin; after the last one results are read in the order
        // in which they were written.
        self.stage_length.next = self.half.q.val() + self.turnaround.val();
        if (self.half.q.val() << 1) == self.n.q.val() {
            self.stage_length.next = self.turnaround.val();
        }

        match self.state.q.val() {
            State::Flush => {
                self.busy.next = false;
                if self.slot.val() {
                    self.count.d.next = self.next_count.val();
                    if self.count.q.val() == self.turnaround.val() {
                        self.state.d.next = State::Idle;
                    }
                }
            }
            State::Idle => {
                self.ready.next = true;
                self.busy.next = false;
                self.timer.d.next = self.timer_zero.val();
                self.succeeded.d.next = false;
                self.count.d.next = self.zero.val();
                self.load_index.d.next = self.zero.val();
                self.n.d.next = (self.one.val() << self.log_n.val()) & self.word_mask.val();
                self.load_step.d.next = ((self.top.val() >> self.log_n.val()) << 1) & self.load_mask.val();
                self.inverse_q.d.next = self.inverse.val();
                self.before_q.d.next = self.factors_before.val();
                self.after_q.d.next = self.factors_after.val();
                if self.start.val() {
                    self.load_factors.next = self.factors_before.val();
                    self.state.d.next = State::Load;
                    if self.factors_before.val() {
                        self.state.d.next = State::Seeds;
                    }
                }
            }
            State::Seeds => {
                self.timer.d.next = self.timer_zero.val();
                if self.factors_loaded.val() {
                    self.state.d.next = State::Load;
                }
            }
            State::Load => {
                // The load index is i * 2^(32 - log_n), so that turning all 32 bits around reverses the
                // log_n bits of i, whatever log_n is.
                self.signed_index.next = self.load_index.q.val();
                if self.inverse_q.q.val() {
                    self.signed_index.next = self.zero.val() - self.load_index.q.val();
                }
                self.pairs_swapped.next = ((self.signed_index.val() >> 1) & self.odd_bits.val())
                    | ((self.signed_index.val() & self.odd_bits.val()) << 1);
                self.nibbles_turned.next = ((self.pairs_swapped.val() >> 2) & self.odd_pairs.val())
                    | ((self.pairs_swapped.val() & self.odd_pairs.val()) << 2);
                self.bytes_turned.next = ((self.nibbles_turned.val() >> 4) & self.odd_nibbles.val())
                    | ((self.nibbles_turned.val() & self.odd_nibbles.val()) << 4);
                self.reversed.next = ((self.bytes_turned.val() >> 8) & self.odd_bytes.val())
                    | ((self.bytes_turned.val() & self.odd_bytes.val()) << 8);
                self.index_a.next = (self.reversed.val() >> 16) | (self.reversed.val() << 16);
                self.index_b.next = self.index_a.val();
                if self.slot.val() {
                    if (self.before_q.q.val() && self.successors.val()) && !self.succeeded.q.val() {
                        // Only with a word to follow in the next slot: the successor takes its
                        // factor's place in the ring, and must not come before the factor is used.
                        if self.in_valid.val() {
                            self.kind.next = self.kind_successor.val();
                            self.succeeded.d.next = true;
                        }
                    } else {
                        self.in_ready.next = true;
                        if self.in_valid.val() {
                            self.kind.next = self.kind_load.val();
                            if self.before_q.q.val() {
                                self.kind.next = self.kind_load.val() | self.kind_scaled.val();
                            }
                            self.succeeded.d.next = false;
                            self.load_index.d.next =
                                (self.load_index.q.val() + self.load_step.q.val()) & self.load_mask.val();
                            self.count.d.next = self.next_count.val();
                            if self.next_count.val() == self.n.q.val() {
                                self.count.d.next = self.one.val();
                                self.state.d.next = State::Settle;
                            }
                        }
                    }
                }
            }
            State::Settle => {
                self.half.d.next = self.one.val();
                self.twiddle_index.d.next = self.zero.val();
                self.twiddle_step.d.next = self.first_twiddle_step.val();
                if self.slot.val() {
                    self.count.d.next = self.next_count.val();
                    if self.count.q.val() == self.settle.val() {
                        self.count.d.next = self.zero.val();
                        self.load_factors.next = self.after_q.q.val();
                        self.state.d.next = State::Stage;
                    }
                }
            }
            State::Stage => {
                if self.slot.val() {
                    if (self.count.q.val() << 1) < self.n.q.val() {
                        self.kind.next = self.kind_butterfly.val();
                    }
                    self.count.d.next = self.next_count.val();
                    self.twiddle_index.d.next =
                        (self.twiddle_index.q.val() + self.twiddle_step.q.val()) & self.twiddle_mask.val();
                    if ((self.next_count.val() << 1) >= self.n.q.val())
                        && (self.next_count.val() >= self.stage_length.val())
                    {
                        self.count.d.next = self.zero.val();
                        self.half.d.next = (self.half.q.val() << 1) & self.word_mask.val();
                        self.twiddle_index.d.next = self.zero.val();
                        self.twiddle_step.d.next = self.twiddle_step.q.val() >> 1;
                        if (self.half.q.val() << 1) == self.n.q.val() {
                            self.state.d.next = State::Store;
                        }
                    }
                }
            }
            State::Store => {
                self.storing.next = true;
                self.index_a.next = self.count.q.val();
                self.index_b.next = self.count.q.val();
                if self.slot.val() && (self.factors_loaded.val() || !self.after_q.q.val()) {
                    if (self.after_q.q.val() && self.successors.val()) && !self.succeeded.q.val() {
                        // As at load: not before the word can follow.
                        if self.has_room.val() {
                            self.kind.next = self.kind_successor.val();
                            self.succeeded.d.next = true;
                        }
                    } else if self.has_room.val() {
                        self.kind.next = self.kind_store.val();
                        if self.after_q.q.val() {
                            self.kind.next = self.kind_store.val() | self.kind_scaled.val();
                        }
                        self.succeeded.d.next = false;
                        self.count.d.next = self.next_count.val();
                        if self.next_count.val() == self.n.q.val() {
                            self.state.d.next = State::Out;
                        }
                    }
                }
            }
            State::Out => {
                self.storing.next = true;
                if self.outstanding.q.val() == self.zero.val() {
                    self.done_q.d.next = true;
                    self.state.d.next = State::Idle;
                }
            }
            _ => {}
        }

        // Results issued and not yet taken.
        if (self.kind.val().get_bit(2)) && !self.out_taken.val() {
            self.outstanding.d.next = (self.outstanding.q.val() + self.one.val()) & self.room_mask.val();
        }
        if !(self.kind.val().get_bit(2)) && self.out_taken.val() {
            self.outstanding.d.next = (self.outstanding.q.val() - self.one.val()) & self.room_mask.val();
        }

        // Which bank has which operand: the parity of its index.
        self.issue_q.d.next = self.kind.val();
        self.line_0_q.d.next = bit_cast_ub::<24, 24>(self.index_a.val().get_bits::<24>(1));
        self.line_1_q.d.next = bit_cast_ub::<24, 24>(self.index_b.val().get_bits::<24>(1));
        if bit_cast_ub::<32, 32>(self.index_a.val()).xor() {
            self.issue_q.d.next = self.kind.val() | self.kind_swap.val();
            self.line_0_q.d.next = bit_cast_ub::<24, 24>(self.index_b.val().get_bits::<24>(1));
            self.line_1_q.d.next = bit_cast_ub::<24, 24>(self.index_a.val().get_bits::<24>(1));
        }
        self.twiddle_q.d.next = bit_cast_ub::<24, 24>(self.twiddle_index.q.val().get_bits::<24>(0));

        if self.reset.val() {
            self.state.d.next = State::Flush;
            self.count.d.next = self.zero.val();
            self.timer.d.next = self.timer_zero.val();
            self.outstanding.d.next = self.zero.val();
            self.issue_q.d.next = self.kind_none.val();
            self.done_q.d.next = false;
        }
        self.issue.next = self.issue_q.q.val();
        self.line_0.next = self.line_0_q.q.val();
        self.line_1.next = self.line_1_q.q.val();
        self.twiddle.next = self.twiddle_q.q.val();
        self.done.next = self.done_q.q.val();
    }
}
