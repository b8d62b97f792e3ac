//! Control of the butterflies: which words are read, multiplied and written in which cycle.
//!
//! B = 2^(m-1) butterflies work side by side on a *group* of 2^m words. The vector lies bit-reversed in 2^m banks:
//! word i on line `i >> m` of the bank whose number is the exclusive or of i's digits of m bits, so words that differ in
//! m neighbouring bits lie in different banks, and a group is read in one cycle and written in one.
//!
//! Order: decimation in time (Cooley-Tukey). Stage s pairs indices that differ in bit s. Its groups differ in bits
//! w to w + m - 1, the *window*, where w = s as long as the window fits below log2(n), and stays where it is for the last
//! m - 1 stages. Operand u of a group (bit 0: first or second of butterfly u >> 1) has u, rotated by s - w, in the window;
//! so it is in bank `rotate(u, s) ^ bank(group)`. Groups go in ascending order, twiddle `w_(2^(s+1))^(low s bits)`:
//! one for all butterflies, but in the last stages, where bit k of what differs is bit k of the butterfly's number (*cover*).
//!
//! Stages overlap in the pipeline: group j of the next stage reads what groups up to `j + 2^w` of this one have written,
//! or up to j if the window stays, so it may be issued `2^w + turnaround` or `turnaround` cycles after the latter's start.

use super::MOST_LOG_WINGS;
use gristmill_hdl_kit::word::{bit_cast_ub, U};
use rust_hdl::prelude::*;

/// State machine and address generators.
#[derive(LogicBlock)]
pub struct Stages {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: a command begins, with these numbers. No vector is here.
    pub start: Signal<In, Bit>,
    /// log2 of the words of a vector; bit 5: they are 16 columns.
    pub log_n: Signal<In, Bits<6>>,
    /// Results are not read in the order in which the last stage writes them.
    pub apart: Signal<In, Bit>,
    /// Pulse: the next vector is in its memory.
    pub loaded: Signal<In, Bit>,
    /// Pulse: the vector may be read from the next cycle on.
    pub computed: Signal<Out, Bit>,
    /// In cycle 2 of a group: it is one, and the memory that it is in.
    pub valid: Signal<Out, Bit>,
    pub memory: Signal<Out, Bit>,
    /// Where each operand is.
    pub bank: Vec<Signal<Out, Bits<4>>>,
    pub line: Vec<Signal<Out, Bits<24>>>,
    /// Index into the twiddle table, and which of its top bits are the butterfly's number instead.
    pub twiddle: Signal<Out, Bits<24>>,
    pub covers: Signal<Out, Bits<4>>,
    n: DFF<U<32>>,
    groups: DFF<U<32>>,
    limit: DFF<U<32>>,
    apart_q: DFF<Bit>,
    running: DFF<Bit>,
    /// Vectors loaded and not yet begun.
    waiting: DFF<U<8>>,
    memory_q: DFF<Bit>,
    count: DFF<U<32>>,
    /// 2^w and 2^s.
    low_end: DFF<U<32>>,
    span: DFF<U<32>>,
    twiddle_index: DFF<U<32>>,
    twiddle_step: DFF<U<32>>,
    cover_q: DFF<U<8>>,
    place: Vec<DFF<Bits<4>>>,
    offset: Vec<DFF<Bits<32>>>,
    // Cycle 1.
    issued: DFF<Bit>,
    memory_1: DFF<Bit>,
    base_1: DFF<Bits<32>>,
    twiddle_1: DFF<Bits<24>>,
    cover_1: DFF<Bits<4>>,
    place_1: Vec<DFF<Bits<4>>>,
    offset_1: Vec<DFF<Bits<32>>>,
    // Cycle 2.
    valid_2: DFF<Bit>,
    memory_2: DFF<Bit>,
    twiddle_2: DFF<Bits<24>>,
    cover_2: DFF<Bits<4>>,
    bank_2: Vec<DFF<Bits<4>>>,
    line_2: Vec<DFF<Bits<24>>>,
    computed_q: DFF<Bit>,
    next_count: Signal<Local, U<32>>,
    low: Signal<Local, U<32>>,
    length: Signal<Local, U<32>>,
    top_end: Signal<Local, U<32>>,
    moves: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    size: Signal<Local, Bits<6>>,
    rotated: Vec<Signal<Local, Bits<32>>>,
    moved: Vec<Signal<Local, Bits<32>>>,
    indices: Vec<Signal<Local, Bits<32>>>,
    base: Signal<Local, U<32>>,
    top_bit: Signal<Local, Bits<32>>,
    low_bit: Signal<Local, Bits<32>>,
    digit: Signal<Local, Bits<4>>,
    fold: Vec<Constant<Bits<32>>>,
    weight: Vec<Constant<Bits<4>>>,
    number: Vec<Constant<Bits<32>>>,
    operand: Vec<Constant<Bits<4>>>,
    m: Constant<Bits<6>>,
    less: Constant<Bits<6>>,
    size_mask: Constant<Bits<6>>,
    columns_log: Constant<Bits<6>>,
    zero: Constant<U<32>>,
    one: Constant<U<32>>,
    none: Constant<U<8>>,
    single: Constant<U<8>>,
    place_mask: Constant<Bits<4>>,
    cover_top: Constant<U<8>>,
    turnaround: Constant<U<32>>,
    twiddle_mask: Constant<U<32>>,
    first_twiddle_step: Constant<U<32>>,
    count_mask: Constant<U<32>>,
    word_mask: Constant<U<32>>,
    _operands: usize,
    _digits: usize,
}

impl Stages {
    /// For vectors of up to 2^log_max words, 2^log_wings butterflies side by side (log_wings below log_max, at most 3), and results that
    /// a read `turnaround` cycles later sees.
    pub fn new(log_max: u32, log_wings: u32, turnaround: u64) -> Self {
        assert!((1..=24).contains(&log_max), "vectors of 2^{log_max} words: log_max is 1 to 24");
        assert!(
            log_wings <= MOST_LOG_WINGS && log_wings < log_max,
            "2^{log_wings} butterflies for vectors of 2^{log_max}"
        );
        let m = log_wings + 1;
        let operands = 1usize << m;
        let half_max = 1u64 << (log_max - 1);
        let low_bits = |largest: u64| (largest + 1).next_power_of_two() - 1;
        let (fold, weight) = super::fold(m);
        Stages {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            apart: Default::default(),
            loaded: Default::default(),
            computed: Default::default(),
            valid: Default::default(),
            memory: Default::default(),
            bank: (0..operands).map(|_| Default::default()).collect(),
            line: (0..operands).map(|_| Default::default()).collect(),
            twiddle: Default::default(),
            covers: Default::default(),
            n: Default::default(),
            groups: Default::default(),
            limit: Default::default(),
            apart_q: Default::default(),
            running: Default::default(),
            waiting: Default::default(),
            memory_q: Default::default(),
            count: Default::default(),
            low_end: Default::default(),
            span: Default::default(),
            twiddle_index: Default::default(),
            twiddle_step: Default::default(),
            cover_q: Default::default(),
            place: (0..operands).map(|_| Default::default()).collect(),
            offset: (0..operands).map(|_| Default::default()).collect(),
            issued: Default::default(),
            memory_1: Default::default(),
            base_1: Default::default(),
            twiddle_1: Default::default(),
            cover_1: Default::default(),
            place_1: (0..operands).map(|_| Default::default()).collect(),
            offset_1: (0..operands).map(|_| Default::default()).collect(),
            valid_2: Default::default(),
            memory_2: Default::default(),
            twiddle_2: Default::default(),
            cover_2: Default::default(),
            bank_2: (0..operands).map(|_| Default::default()).collect(),
            line_2: (0..operands).map(|_| Default::default()).collect(),
            computed_q: Default::default(),
            next_count: Default::default(),
            low: Default::default(),
            length: Default::default(),
            top_end: Default::default(),
            moves: Default::default(),
            last: Default::default(),
            begins: Default::default(),
            size: Default::default(),
            rotated: (0..operands).map(|_| Default::default()).collect(),
            moved: (0..operands).map(|_| Default::default()).collect(),
            indices: (0..operands).map(|_| Default::default()).collect(),
            base: Default::default(),
            top_bit: Default::default(),
            low_bit: Default::default(),
            digit: Default::default(),
            fold,
            weight,
            number: (0..operands as u64).map(|u| Constant::new(u.to_bits())).collect(),
            operand: (0..operands as u64).map(|u| Constant::new(u.to_bits())).collect(),
            m: Constant::new(u64::from(m).to_bits()),
            less: Constant::new(u64::from(m - 1).to_bits()),
            size_mask: Constant::new(31u64.to_bits()),
            columns_log: Constant::new(4u64.to_bits()),
            zero: Constant::new(0u64.into()),
            one: Constant::new(1u64.into()),
            none: Constant::new(0u64.into()),
            single: Constant::new(1u64.into()),
            place_mask: Constant::new((operands as u64 - 1).to_bits()),
            cover_top: Constant::new((operands as u64 / 4).into()),
            turnaround: Constant::new(turnaround.into()),
            twiddle_mask: Constant::new((half_max - 1).into()),
            first_twiddle_step: Constant::new(half_max.into()),
            count_mask: Constant::new(low_bits(half_max + turnaround).into()),
            word_mask: Constant::new(low_bits(2 * half_max).into()),
            _operands: operands,
            _digits: m as usize,
        }
    }
}

impl Logic for Stages {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, n, groups, limit, apart_q, running, waiting, memory_q, count, low_end, span);
        dff_setup!(self, clock, twiddle_index, twiddle_step, cover_q, issued, memory_1, base_1, twiddle_1, cover_1);
        dff_setup!(self, clock, valid_2, memory_2, twiddle_2, cover_2, computed_q);
        self.size.next = self.log_n.val() & self.size_mask.val();
        if self.start.val() {
            self.n.d.next = (self.one.val() << self.size.val()) & self.word_mask.val();
            self.limit.d.next = (self.one.val() << self.size.val()) & self.word_mask.val();
            if self.log_n.val().get_bit(5) {
                self.limit.d.next =
                    ((self.one.val() << self.size.val()) & self.word_mask.val()) >> self.columns_log.val();
            }
            self.groups.d.next = ((self.one.val() << self.size.val()) & self.word_mask.val()) >> self.m.val();
            self.apart_q.d.next = self.apart.val();
            self.memory_q.d.next = true;
            self.waiting.d.next = self.none.val();
        }

        // Cycle 0: a group, and what is behind it.
        self.next_count.next = (self.count.q.val() + self.one.val()) & self.count_mask.val();
        self.low.next = self.count.q.val() & (self.low_end.q.val() - self.one.val());
        self.base.next = ((self.count.q.val() ^ self.low.val()) << self.m.val()) | self.low.val();
        self.base_1.d.next = bit_cast_ub::<32, 32>(self.base.val());
        self.top_end.next = self.low_end.q.val() << self.m.val();
        self.top_bit.next = bit_cast_ub::<32, 32>(self.top_end.val());
        self.low_bit.next = bit_cast_ub::<32, 32>(self.low_end.q.val());
        self.moves.next = self.top_end.val() < self.n.q.val();
        self.last.next = (self.span.q.val() << 1) == self.limit.q.val();
        self.length.next = self.turnaround.val();
        if self.moves.val() && !self.last.val() {
            self.length.next = self.turnaround.val() + self.low_end.q.val();
        }
        if self.last.val() && self.apart_q.q.val() {
            self.length.next = self.zero.val();
        }
        self.issued.d.next = false;
        self.computed_q.d.next = false;
        self.begins.next = (!self.running.q.val()) && (self.waiting.q.val() != self.none.val());
        if self.running.q.val() {
            self.issued.d.next = (self.count.q.val() < self.groups.q.val()) || (self.count.q.val() == self.zero.val());
            self.count.d.next = self.next_count.val();
            self.twiddle_index.d.next =
                (self.twiddle_index.q.val() + self.twiddle_step.q.val()) & self.twiddle_mask.val();
        }
        for u in 0..self._operands {
            self.place[u].clock.next = self.clock.val();
            self.offset[u].clock.next = self.clock.val();
            self.place[u].d.next = self.place[u].q.val();
            self.offset[u].d.next = self.offset[u].q.val();
            // The window's bits, one step around in it; and the whole window a step on.
            self.moved[u].next = self.offset[u].q.val() << 1;
            self.rotated[u].next = self.moved[u].val();
            if (self.moved[u].val() & self.top_bit.val()).any() {
                self.rotated[u].next = (self.moved[u].val() ^ self.top_bit.val()) | self.low_bit.val();
            }
        }
        if self.running.q.val()
            && (self.next_count.val() >= self.groups.q.val())
            && (self.next_count.val() >= self.length.val())
        {
            self.count.d.next = self.zero.val();
            self.span.d.next = (self.span.q.val() << 1) & self.word_mask.val();
            self.twiddle_index.d.next = self.zero.val();
            self.twiddle_step.d.next = self.twiddle_step.q.val() >> 1;
            if self.moves.val() {
                self.low_end.d.next = (self.low_end.q.val() << 1) & self.word_mask.val();
            } else {
                self.cover_q.d.next = (self.cover_q.q.val() >> 1) | self.cover_top.val();
            }
            for u in 0..self._operands {
                self.place[u].d.next =
                    ((self.place[u].q.val() << 1) | (self.place[u].q.val() >> self.less.val())) & self.place_mask.val();
                self.offset[u].d.next = self.rotated[u].val();
                if self.moves.val() {
                    self.offset[u].d.next = self.moved[u].val();
                }
            }
            if self.last.val() {
                self.running.d.next = false;
                self.computed_q.d.next = true;
            }
        }
        if self.begins.val() {
            self.running.d.next = true;
            self.memory_q.d.next = !self.memory_q.q.val();
            self.count.d.next = self.zero.val();
            self.low_end.d.next = self.one.val();
            self.span.d.next = self.one.val();
            self.twiddle_index.d.next = self.zero.val();
            self.twiddle_step.d.next = self.first_twiddle_step.val();
            self.cover_q.d.next = self.none.val();
            for u in 0..self._operands {
                self.place[u].d.next = self.operand[u].val();
                self.offset[u].d.next = self.number[u].val();
            }
        }
        if self.loaded.val() && !self.begins.val() {
            self.waiting.d.next = self.waiting.q.val() + self.single.val();
        }
        if self.begins.val() && !self.loaded.val() {
            self.waiting.d.next = self.waiting.q.val() - self.single.val();
        }
        if self.reset.val() {
            self.running.d.next = false;
            self.waiting.d.next = self.none.val();
            self.issued.d.next = false;
            self.computed_q.d.next = false;
        }

        // Cycle 1: where its words are.
        self.memory_1.d.next = self.memory_q.q.val();
        self.twiddle_1.d.next = bit_cast_ub::<24, 32>(self.twiddle_index.q.val());
        self.cover_1.d.next = bit_cast_ub::<4, 8>(self.cover_q.q.val());
        self.valid_2.d.next = self.issued.q.val();
        self.memory_2.d.next = self.memory_1.q.val();
        self.twiddle_2.d.next = self.twiddle_1.q.val();
        self.cover_2.d.next = self.cover_1.q.val();
        self.digit.next = 0.into();
        for j in 0..self._digits {
            if (self.base_1.q.val() & self.fold[j].val()).xor() {
                self.digit.next = self.digit.val() | self.weight[j].val();
            }
        }
        for u in 0..self._operands {
            self.place_1[u].clock.next = self.clock.val();
            self.offset_1[u].clock.next = self.clock.val();
            self.bank_2[u].clock.next = self.clock.val();
            self.line_2[u].clock.next = self.clock.val();
            self.place_1[u].d.next = self.place[u].q.val();
            self.offset_1[u].d.next = self.offset[u].q.val();
            self.bank_2[u].d.next = self.place_1[u].q.val() ^ self.digit.val();
            self.indices[u].next = (self.base_1.q.val() | self.offset_1[u].q.val()) >> self.m.val();
            self.line_2[u].d.next = self.indices[u].val().get_bits::<24>(0);
            self.bank[u].next = self.bank_2[u].q.val();
            self.line[u].next = self.line_2[u].q.val();
        }
        self.valid.next = self.valid_2.q.val();
        self.memory.next = self.memory_2.q.val();
        self.twiddle.next = self.twiddle_2.q.val();
        self.covers.next = self.cover_2.q.val();
        self.computed.next = self.computed_q.q.val();
    }
}
