//! Control of loads and stores: which word of which vector enters or leaves in which cycle.
//!
//! Two memories take turns: vector k of a command is in memory k mod 2. Loads and stores are one after the other, in the
//! order L0, L1, S0, L2, S1, ...: while the butterflies work on one vector, the one before is stored and the next one loaded.
//!
//! Decimation in time starts from the vector with its index turned around, so input i goes to index `reverse(i)`, for the
//! inverse transform to `reverse(-i mod n)` (turning the input around replaces w by its inverse). Input that comes *reversed*
//! (word i is element reverse(i)) goes to index i, or for the inverse to `reverse(-reverse(i))`, which is i with all bits below its
//! highest one inverted: negation keeps the lowest one and what is below, and inverts what is above. Results leave in ascending
//! order, or from `reverse(i)` if they are to be reversed.
//!
//! *Columns*: the vector is 16 interleaved ones of n/16 words, input `16 r + k` word r of column k. Load turns the low bits (k) around
//! to the top, where the stages do not reach; the store reads row by row (*scattered*: `16 r + k` again, if there are factors
//! after) or column by column (else).

use super::reverse::BitReverse;
use super::MOST_LOG_WINGS;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
enum State {
    /// After reset: what is in the pipelines leaves them.
    Flush,
    Idle,
    /// What is next, and whether it may begin.
    Choose,
    Load,
    Store,
    /// The last results leave.
    Out,
}

/// State machine and address generator.
#[derive(LogicBlock)]
pub struct Transfers {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: begin a command. Ignored unless `ready`.
    pub start: Signal<In, Bit>,
    /// log2 of the words of a vector; bit 5: they are 16 columns (then 5 to log_max).
    pub log_n: Signal<In, Bits<6>>,
    /// Vectors behind the first.
    pub more: Signal<In, Bits<8>>,
    /// Bit 0: vectors come reversed; bit 1: they leave reversed. Not with columns.
    pub order: Signal<In, Bits<2>>,
    pub inverse: Signal<In, Bit>,
    pub factors_before: Signal<In, Bit>,
    pub factors_after: Signal<In, Bit>,
    /// The factor block of the next load, of the next store is here.
    pub before_there: Signal<In, Bit>,
    pub after_there: Signal<In, Bit>,
    /// Pulse: it is used.
    pub take_before: Signal<Out, Bit>,
    pub take_after: Signal<Out, Bit>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    /// Pulse: a vector may be stored.
    pub computed: Signal<In, Bit>,
    /// A result leaves in this cycle.
    pub out_taken: Signal<In, Bit>,
    /// In cycle 2 of a word: it is loaded, stored; its factor is the next of a sequence; it is the vector's last.
    pub load: Signal<Out, Bit>,
    pub store: Signal<Out, Bit>,
    pub scaled: Signal<Out, Bit>,
    pub last: Signal<Out, Bit>,
    /// Where it is.
    pub memory: Signal<Out, Bit>,
    pub bank: Signal<Out, Bits<4>>,
    pub line: Signal<Out, Bits<24>>,
    /// The command's: the blocks are of columns.
    pub columns: Signal<Out, Bit>,
    pub flushing: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub busy: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    reverse: BitReverse,
    state: DFF<State>,
    columns_q: DFF<Bit>,
    inverse_q: DFF<Bit>,
    before_q: DFF<Bit>,
    after_q: DFF<Bit>,
    order_q: DFF<Bits<2>>,
    done_q: DFF<Bit>,
    n: DFF<U<32>>,
    /// Vectors to be loaded, to be stored, loaded and not yet stored, that may be stored.
    loads: DFF<U<16>>,
    stores: DFF<U<16>>,
    ahead: DFF<U<8>>,
    full: DFF<U<8>>,
    load_memory: DFF<Bit>,
    store_memory: DFF<Bit>,
    count: DFF<U<32>>,
    /// The count times 2^(32 - log_n); of a store of columns, the column instead.
    turned: DFF<U<32>>,
    turned_step: DFF<U<32>>,
    /// All bits below the count's highest one.
    below: DFF<U<32>>,
    outstanding: DFF<U<32>>,
    // Cycle 1.
    load_1: DFF<Bit>,
    store_1: DFF<Bit>,
    scaled_1: DFF<Bit>,
    last_1: DFF<Bit>,
    memory_1: DFF<Bit>,
    index_1: DFF<U<32>>,
    // Cycle 2.
    load_2: DFF<Bit>,
    store_2: DFF<Bit>,
    scaled_2: DFF<Bit>,
    last_2: DFF<Bit>,
    memory_2: DFF<Bit>,
    bank_2: DFF<Bits<4>>,
    line_2: DFF<Bits<24>>,
    next_count: Signal<Local, U<32>>,
    at_end: Signal<Local, Bit>,
    begins_store: Signal<Local, Bit>,
    stores_now: Signal<Local, Bit>,
    rows: Signal<Local, U<32>>,
    place: Signal<Local, U<32>>,
    fixed: Signal<Local, U<32>>,
    size: Signal<Local, Bits<6>>,
    digit: Signal<Local, Bits<4>>,
    fold: Vec<Constant<Bits<32>>>,
    weight: Vec<Constant<Bits<4>>>,
    m: Constant<Bits<6>>,
    size_mask: Constant<Bits<6>>,
    zero: Constant<U<32>>,
    one: Constant<U<32>>,
    top: Constant<U<32>>,
    room: Constant<U<32>>,
    flush: Constant<U<32>>,
    none: Constant<U<8>>,
    single: Constant<U<8>>,
    both: Constant<U<8>>,
    no_more: Constant<U<16>>,
    one_more: Constant<U<16>>,
    word_mask: Constant<U<32>>,
    turned_mask: Constant<U<32>>,
    _digits: usize,
}

impl Transfers {
    /// For vectors of up to 2^log_max words in 2^(log_wings + 1) banks, and `room` results on their way; after a reset it waits `flush` cycles.
    pub fn new(log_max: u32, log_wings: u32, room: u64, flush: u64) -> Self {
        assert!((1..=24).contains(&log_max), "vectors of 2^{log_max} words: log_max is 1 to 24");
        assert!(log_wings <= MOST_LOG_WINGS && log_wings < log_max, "2^{log_wings} butterflies for 2^{log_max} words");
        let m = log_wings + 1;
        let (fold, weight) = super::fold(m);
        Transfers {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            more: Default::default(),
            order: Default::default(),
            inverse: Default::default(),
            factors_before: Default::default(),
            factors_after: Default::default(),
            before_there: Default::default(),
            after_there: Default::default(),
            take_before: Default::default(),
            take_after: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            computed: Default::default(),
            out_taken: Default::default(),
            load: Default::default(),
            store: Default::default(),
            scaled: Default::default(),
            last: Default::default(),
            memory: Default::default(),
            bank: Default::default(),
            line: Default::default(),
            columns: Default::default(),
            flushing: Default::default(),
            ready: Default::default(),
            busy: Default::default(),
            done: Default::default(),
            reverse: Default::default(),
            state: Default::default(),
            columns_q: Default::default(),
            inverse_q: Default::default(),
            before_q: Default::default(),
            after_q: Default::default(),
            order_q: Default::default(),
            done_q: Default::default(),
            n: Default::default(),
            loads: Default::default(),
            stores: Default::default(),
            ahead: Default::default(),
            full: Default::default(),
            load_memory: Default::default(),
            store_memory: Default::default(),
            count: Default::default(),
            turned: Default::default(),
            turned_step: Default::default(),
            below: Default::default(),
            outstanding: Default::default(),
            load_1: Default::default(),
            store_1: Default::default(),
            scaled_1: Default::default(),
            last_1: Default::default(),
            memory_1: Default::default(),
            index_1: Default::default(),
            load_2: Default::default(),
            store_2: Default::default(),
            scaled_2: Default::default(),
            last_2: Default::default(),
            memory_2: Default::default(),
            bank_2: Default::default(),
            line_2: Default::default(),
            next_count: Default::default(),
            at_end: Default::default(),
            begins_store: Default::default(),
            stores_now: Default::default(),
            rows: Default::default(),
            place: Default::default(),
            fixed: Default::default(),
            size: Default::default(),
            digit: Default::default(),
            fold,
            weight,
            m: Constant::new(u64::from(m).to_bits()),
            size_mask: Constant::new(31u64.to_bits()),
            zero: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            top: Constant::new(0x8000_0000u64.into()),
            room: Constant::new(room.into()),
            flush: Constant::new(flush.into()),
            none: Constant::new(0u64.into()),
            single: Constant::new(1u64.into()),
            both: Constant::new(2u64.into()),
            no_more: Constant::new(0u64.into()),
            one_more: Constant::new(1u64.into()),
            word_mask: Constant::new((((1u64 << log_max).max(flush) + 1).next_power_of_two() - 1).into()),
            turned_mask: Constant::new((((1u64 << log_max) - 1) << (32 - log_max)).into()),
            _digits: m as usize,
        }
    }
}

// A kernel cannot have match guards.
#[allow(clippy::collapsible_match)]
impl Logic for Transfers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, columns_q, inverse_q, before_q, after_q, order_q, done_q, n, loads, stores);
        dff_setup!(self, clock, ahead, full, load_memory, store_memory, count, turned, turned_step, below, outstanding);
        dff_setup!(self, clock, load_1, store_1, scaled_1, last_1, memory_1, index_1);
        dff_setup!(self, clock, load_2, store_2, scaled_2, last_2, memory_2, bank_2, line_2);
        self.in_ready.next = false;
        self.ready.next = false;
        self.flushing.next = false;
        self.busy.next = true;
        self.done_q.d.next = false;
        self.load_1.d.next = false;
        self.store_1.d.next = false;
        self.scaled_1.d.next = false;
        self.begins_store.next = false;
        self.stores_now.next = false;
        self.take_before.next = false;
        self.take_after.next = false;
        self.size.next = self.log_n.val() & self.size_mask.val();
        self.next_count.next = (self.count.q.val() + self.one.val()) & self.word_mask.val();
        self.at_end.next = self.next_count.val() == self.n.q.val();
        self.last_1.d.next = self.at_end.val();
        self.memory_1.d.next = self.load_memory.q.val();
        self.rows.next = self.n.q.val() >> 4;
        self.place.next = self.n.q.val() - self.rows.val();
        self.fixed.next = (self.turned_step.q.val() << 4) - self.turned_step.q.val();
        self.columns.next = self.columns_q.q.val();

        // The index is turned around from its place at the top, so that 32 bits turn whatever log_n is.
        self.reverse.x.next = self.turned.q.val();
        if self.inverse_q.q.val() && (self.state.q.val() == State::Load) {
            self.reverse.x.next = self.zero.val() - self.turned.q.val();
            if self.columns_q.q.val() {
                // A column is turned around in itself.
                self.reverse.x.next = (self.zero.val()
                    - (self.turned.q.val() ^ (self.turned.q.val() & self.fixed.val())))
                    | (self.turned.q.val() & self.fixed.val());
            }
        }
        self.index_1.d.next = self.reverse.r.val();

        match self.state.q.val() {
            State::Flush => {
                self.busy.next = false;
                self.flushing.next = true;
                self.count.d.next = self.next_count.val();
                if self.count.q.val() == self.flush.val() {
                    self.state.d.next = State::Idle;
                }
            }
            State::Idle => {
                self.ready.next = true;
                self.busy.next = false;
                self.n.d.next = (self.one.val() << self.size.val()) & self.word_mask.val();
                self.turned_step.d.next = ((self.top.val() >> self.size.val()) << 1) & self.turned_mask.val();
                self.columns_q.d.next = self.log_n.val().get_bit(5);
                self.inverse_q.d.next = self.inverse.val();
                self.before_q.d.next = self.factors_before.val();
                self.after_q.d.next = self.factors_after.val();
                self.order_q.d.next = self.order.val();
                self.loads.d.next = bit_cast_bu::<16, 8>(self.more.val()) + self.one_more.val();
                self.stores.d.next = bit_cast_bu::<16, 8>(self.more.val()) + self.one_more.val();
                self.ahead.d.next = self.none.val();
                self.full.d.next = self.none.val();
                self.load_memory.d.next = false;
                self.store_memory.d.next = false;
                if self.start.val() {
                    self.state.d.next = State::Choose;
                }
            }
            State::Choose => {
                self.count.d.next = self.zero.val();
                self.turned.d.next = self.zero.val();
                self.below.d.next = self.zero.val();
                if (self.loads.q.val() != self.no_more.val()) && (self.ahead.q.val() < self.both.val()) {
                    if self.before_there.val() || !self.before_q.q.val() {
                        self.take_before.next = self.before_q.q.val();
                        self.state.d.next = State::Load;
                    }
                } else if self.stores.q.val() != self.no_more.val() {
                    if (self.full.q.val() != self.none.val()) && (self.after_there.val() || !self.after_q.q.val()) {
                        self.begins_store.next = true;
                        self.take_after.next = self.after_q.q.val();
                        self.state.d.next = State::Store;
                    }
                } else {
                    self.state.d.next = State::Out;
                }
            }
            State::Load => {
                self.in_ready.next = true;
                if self.order_q.q.val().get_bit(0) {
                    self.index_1.d.next = self.count.q.val();
                    if self.inverse_q.q.val() {
                        self.index_1.d.next = self.count.q.val() ^ self.below.q.val();
                    }
                }
                if self.in_valid.val() {
                    self.load_1.d.next = true;
                    self.scaled_1.d.next = self.before_q.q.val();
                    self.count.d.next = self.next_count.val();
                    self.turned.d.next = (self.turned.q.val() + self.turned_step.q.val()) & self.turned_mask.val();
                    if !(self.next_count.val() & self.count.q.val()).any() {
                        self.below.d.next = self.count.q.val();
                    }
                    if self.at_end.val() {
                        self.loads.d.next = self.loads.q.val() - self.one_more.val();
                        self.ahead.d.next = self.ahead.q.val() + self.single.val();
                        self.load_memory.d.next = !self.load_memory.q.val();
                        self.state.d.next = State::Choose;
                    }
                }
            }
            State::Store => {
                self.memory_1.d.next = self.store_memory.q.val();
                if self.columns_q.q.val() {
                    self.index_1.d.next = (self.reverse.r.val() & self.place.val())
                        | (self.count.q.val() & (self.rows.val() - self.one.val()));
                    if self.after_q.q.val() {
                        self.index_1.d.next = (self.reverse.r.val() & self.place.val()) | (self.count.q.val() >> 4);
                    }
                } else if !self.order_q.q.val().get_bit(1) {
                    self.index_1.d.next = self.count.q.val();
                }
                if self.outstanding.q.val() < self.room.val() {
                    self.stores_now.next = true;
                    self.store_1.d.next = true;
                    self.scaled_1.d.next = self.after_q.q.val();
                    self.count.d.next = self.next_count.val();
                    // Turned around: the next word's index, or its column.
                    if ((!self.columns_q.q.val()) || self.after_q.q.val())
                        || (!(self.next_count.val() & (self.rows.val() - self.one.val())).any())
                    {
                        self.turned.d.next = (self.turned.q.val() + self.turned_step.q.val()) & self.turned_mask.val();
                    }
                    if self.at_end.val() {
                        self.stores.d.next = self.stores.q.val() - self.one_more.val();
                        self.ahead.d.next = self.ahead.q.val() - self.single.val();
                        self.store_memory.d.next = !self.store_memory.q.val();
                        self.state.d.next = State::Choose;
                    }
                }
            }
            State::Out => {
                if self.outstanding.q.val() == self.zero.val() {
                    self.done_q.d.next = true;
                    self.state.d.next = State::Idle;
                }
            }
            _ => {}
        }
        if self.computed.val() && !self.begins_store.val() {
            self.full.d.next = self.full.q.val() + self.single.val();
        }
        if self.begins_store.val() && !self.computed.val() {
            self.full.d.next = self.full.q.val() - self.single.val();
        }

        // Cycle 1: where the word is.
        self.digit.next = 0.into();
        for j in 0..self._digits {
            if (bit_cast_ub::<32, 32>(self.index_1.q.val()) & self.fold[j].val()).xor() {
                self.digit.next = self.digit.val() | self.weight[j].val();
            }
        }
        self.load_2.d.next = self.load_1.q.val();
        self.store_2.d.next = self.store_1.q.val();
        self.scaled_2.d.next = self.scaled_1.q.val();
        self.last_2.d.next = self.last_1.q.val() && (self.load_1.q.val() || self.store_1.q.val());
        self.memory_2.d.next = self.memory_1.q.val();
        self.bank_2.d.next = self.digit.val();
        self.line_2.d.next = bit_cast_ub::<24, 32>(self.index_1.q.val() >> self.m.val());

        // Results issued and not yet taken.
        if self.stores_now.val() && !self.out_taken.val() {
            self.outstanding.d.next = self.outstanding.q.val() + self.one.val();
        }
        if (!self.stores_now.val()) && self.out_taken.val() {
            self.outstanding.d.next = self.outstanding.q.val() - self.one.val();
        }
        if self.reset.val() {
            self.state.d.next = State::Flush;
            self.count.d.next = self.zero.val();
            self.outstanding.d.next = self.zero.val();
            self.load_1.d.next = false;
            self.store_1.d.next = false;
            self.load_2.d.next = false;
            self.store_2.d.next = false;
            self.last_2.d.next = false;
            self.done_q.d.next = false;
        }
        self.load.next = self.load_2.q.val();
        self.store.next = self.store_2.q.val();
        self.scaled.next = self.scaled_2.q.val();
        self.last.next = self.last_2.q.val();
        self.memory.next = self.memory_2.q.val();
        self.bank.next = self.bank_2.q.val();
        self.line.next = self.line_2.q.val();
        self.done.next = self.done_q.q.val();
    }
}
