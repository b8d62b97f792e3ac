//! Checker: holds the command being run, decodes it, and checks everything in it.

use super::batch::Times;
use crate::config::CardConfig;
use gristmill_abi::command::{self as abi, Opcode, Operation};
use gristmill_abi::completion::Status;
use gristmill_abi::layout::Field;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    low: U<256>,
    high: U<256>,
    /// 0 idle, 1 header, 2 to 4 operands a to c, 5 verdict.
    step: Bits<3>,
    a_words: U<32>,
    b_words: U<32>,
    c_words: U<32>,
    opcode_bad: Bit,
    unit_bad: Bit,
    flags_bad: Bit,
    alignment_bad: Bit,
    count_bad: Bit,
    range_bad: Bit,
    epoch_bad: Bit,
    status: Bits<8>,
    done: Bit,
}

/// Takes a descriptor at `load`; five cycles later `done` is up for one cycle with the `status`:
/// (nine cycles more for each operand of a command for several vectors)
/// Ok, or the first that holds of BadEpoch, BadOpcode, BadUnit, BadFlags, BadAlignment, BadCount,
/// BadRange. The decoded fields stand until the next load.
///
/// One adder serves the three operands in turn: from the address and the bytes that the opcode
/// moves there follow wrap-around and, in card memory, the end. An operand that the opcode does
/// not have must be all zero (BadFlags).
#[derive(LogicBlock)]
pub struct Checker {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub load: Signal<In, Bit>,
    pub low: Signal<In, U<256>>,
    pub high: Signal<In, U<256>>,
    pub epoch: Signal<In, Bits<32>>,
    pub card_mem_bytes: Signal<In, U<40>>,
    pub done: Signal<Out, Bit>,
    pub status: Signal<Out, Bits<8>>,
    pub id: Signal<Out, Bits<16>>,
    pub flags: Signal<Out, Bits<8>>,
    pub count: Signal<Out, U<32>>,
    pub is_copy: Signal<Out, Bit>,
    pub is_msm: Signal<Out, Bit>,
    pub is_ntt: Signal<Out, Bit>,
    pub is_zero: Signal<Out, Bit>,
    /// Of a card with element-wise operations, else none.
    pub is_elementwise: Vec<Signal<Out, Bit>>,
    /// Vectors after the first, of a card with batches, else none. The words below are those of one vector.
    pub more: Vec<Signal<Out, Bits<8>>>,
    /// Of a card with columns, else none: the transform is of columns, its results lie from row to row too, and bytes from row to
    /// row of `a` and `c`, or zero.
    pub columns: Vec<Signal<Out, Bit>>,
    pub scattered: Vec<Signal<Out, Bit>>,
    pub a_stride: Vec<Signal<Out, U<64>>>,
    pub c_stride: Vec<Signal<Out, U<64>>>,
    pub a_space: Signal<Out, Bit>,
    pub a_address: Signal<Out, U<64>>,
    pub a_words: Signal<Out, U<32>>,
    pub b_space: Signal<Out, Bit>,
    pub b_address: Signal<Out, U<64>>,
    pub b_words: Signal<Out, U<32>>,
    pub c_space: Signal<Out, Bit>,
    pub c_address: Signal<Out, U<64>>,
    pub c_words: Signal<Out, U<32>>,
    s: DFF<State>,
    lower: Signal<Local, U<256>>,
    upper: Signal<Local, U<256>>,
    opcode: Signal<Local, Bits<8>>,
    unit: Signal<Local, Bits<8>>,
    is_nop: Signal<Local, Bit>,
    has_operand: Signal<Local, Bit>,
    operand: Signal<Local, U<64>>,
    operand_card: Signal<Local, Bit>,
    operand_words: Signal<Local, U<32>>,
    bound: Signal<Local, U<72>>,
    vector: Signal<Local, U<32>>,
    factors: Signal<Local, U<32>>,
    extra_flags: Signal<Local, Bits<8>>,
    blank: Constant<State>,
    step_header: Constant<Bits<3>>,
    step_a: Constant<Bits<3>>,
    step_b: Constant<Bits<3>>,
    step_c: Constant<Bits<3>>,
    step_verdict: Constant<Bits<3>>,
    one_step: Constant<Bits<3>>,
    nop: Constant<Bits<8>>,
    copy: Constant<Bits<8>>,
    msm: Constant<Bits<8>>,
    ntt: Constant<Bits<8>>,
    zero: Constant<Bits<8>>,
    engines: Constant<Bit>,
    curve: Constant<Bits<8>>,
    field: Constant<Bits<8>>,
    msm_flags: Constant<Bits<8>>,
    ntt_flags: Constant<Bits<8>>,
    most_words: Constant<U<32>>,
    most_points: Constant<U<32>>,
    most_log: Constant<U<32>>,
    result_words: Constant<U<32>>,
    factor_words: Constant<U<32>>,
    no_words: Constant<U<32>>,
    one_word: Constant<U<32>>,
    no_bits: Constant<Bits<8>>,
    wrap: Constant<U<72>>,
    bad_epoch: Constant<Bits<8>>,
    bad_opcode: Constant<Bits<8>>,
    bad_unit: Constant<Bits<8>>,
    bad_flags: Constant<Bits<8>>,
    bad_alignment: Constant<Bits<8>>,
    bad_count: Constant<Bits<8>>,
    bad_range: Constant<Bits<8>>,
    log_multiples: Vec<Constant<Bits<4>>>,
    elementwise: Vec<Constant<Bits<8>>>,
    elementwise_flags: Vec<Constant<Bits<8>>>,
    /// The operation that reads its destination.
    fused: Vec<Constant<Bits<2>>>,
    operation: Vec<Signal<Local, Bits<2>>>,
    _elementwise: usize,
    /// Words of all vectors, and whether they are being counted.
    times: Vec<Times>,
    counting: Vec<DFF<Bit>>,
    awaited: Vec<Signal<Local, Bit>>,
    /// The operand is one for each vector.
    many: Vec<Signal<Local, Bit>>,
    _batches: usize,
    a_log: Vec<Signal<Local, Bits<5>>>,
    c_log: Vec<Signal<Local, Bits<5>>>,
    /// Columns after the first sixteen.
    further: Vec<Signal<Local, U<32>>>,
    a_span: Vec<Signal<Local, U<72>>>,
    c_span: Vec<Signal<Local, U<72>>>,
    rows: Vec<Signal<Local, Bits<5>>>,
    most_rows: Vec<Constant<U<32>>>,
    least_row: Vec<Constant<Bits<5>>>,
    /// Of an address: the bits within a row of sixteen elements.
    row_mask: Vec<Constant<U<9>>>,
    column_words: Vec<Constant<U<32>>>,
    sixteen: Vec<Constant<U<32>>>,
    row_bytes: Vec<Constant<U<64>>>,
    word_bytes: Vec<Constant<U<72>>>,
    _columns: usize,
    /// Of a card whose vectors have four elements a word, else none.
    least_log: Vec<Constant<U<32>>>,
    /// A base has three words, not two; or there are several multiples of it.
    _wide: usize,
    _multiples: usize,
    _packed: usize,
}

ports!(Checker {
    in: clear, load, low, high, epoch, card_mem_bytes;
    out: done, status, id, flags, count, is_copy, is_msm, is_ntt, is_zero, a_space, a_address, a_words, b_space,
         b_address, b_words, c_space, c_address, c_words
});

impl Checker {
    /// Checks for a card with this configuration; without engines MSM and NTT are bad opcodes.
    pub fn new(config: &CardConfig, engines: bool) -> Self {
        let elementwise = usize::from(config.elementwise && engines);
        let multiples = || std::iter::once(u64::from(config.multiples.ilog2())).filter(|log| *log > 0);
        let batches = usize::from(config.batches() && engines);
        let columns = usize::from(config.columns() && engines);
        let packed = usize::from(config.field_id() == Field::Goldilocks);
        let byte = |value: u8| Constant::new(u64::from(value).into());
        let word = |value: u32| Constant::new(u64::from(value).into());
        let step = |value: u64| Constant::new(value.into());
        let status = |status: Status| byte(status as u8);
        Self {
            clock: Default::default(),
            clear: Default::default(),
            load: Default::default(),
            low: Default::default(),
            high: Default::default(),
            epoch: Default::default(),
            card_mem_bytes: Default::default(),
            done: Default::default(),
            status: Default::default(),
            id: Default::default(),
            flags: Default::default(),
            count: Default::default(),
            is_copy: Default::default(),
            is_msm: Default::default(),
            is_ntt: Default::default(),
            is_zero: Default::default(),
            is_elementwise: (0..elementwise).map(|_| Default::default()).collect(),
            more: (0..batches).map(|_| Default::default()).collect(),
            columns: (0..columns).map(|_| Default::default()).collect(),
            scattered: (0..columns).map(|_| Default::default()).collect(),
            a_stride: (0..columns).map(|_| Default::default()).collect(),
            c_stride: (0..columns).map(|_| Default::default()).collect(),
            a_space: Default::default(),
            a_address: Default::default(),
            a_words: Default::default(),
            b_space: Default::default(),
            b_address: Default::default(),
            b_words: Default::default(),
            c_space: Default::default(),
            c_address: Default::default(),
            c_words: Default::default(),
            s: Default::default(),
            lower: Default::default(),
            upper: Default::default(),
            opcode: Default::default(),
            unit: Default::default(),
            is_nop: Default::default(),
            has_operand: Default::default(),
            operand: Default::default(),
            operand_card: Default::default(),
            operand_words: Default::default(),
            bound: Default::default(),
            vector: Default::default(),
            factors: Default::default(),
            extra_flags: Default::default(),
            blank: Constant::new(State::default()),
            step_header: step(1),
            step_a: step(2),
            step_b: step(3),
            step_c: step(4),
            step_verdict: step(5),
            one_step: step(1),
            nop: byte(Opcode::Nop as u8),
            copy: byte(Opcode::Copy as u8),
            msm: byte(Opcode::Msm as u8),
            ntt: byte(Opcode::Ntt as u8),
            zero: byte(Opcode::Zero as u8),
            engines: Constant::new(engines),
            curve: byte(config.curve_id() as u8),
            field: byte(config.field_id() as u8),
            msm_flags: byte(abi::FLAG_MONTGOMERY),
            ntt_flags: byte(
                abi::FLAG_INVERSE
                    | abi::FLAG_FACTORS_BEFORE
                    | abi::FLAG_FACTORS_AFTER
                    | if columns > 0 { abi::FLAG_COLUMNS } else { 0 }
                    | if config.orders() { abi::FLAG_REVERSED_INPUT | abi::FLAG_REVERSED_OUTPUT } else { 0 },
            ),
            most_words: word(abi::MAX_COUNT),
            most_points: word(1 << config.log_max_points),
            most_log: word(config.ntt_log_max),
            result_words: word(config.msm_result_words()),
            factor_words: word(config.factor_block_words()),
            no_words: word(0),
            one_word: word(1),
            no_bits: byte(0),
            wrap: Constant::new(U::from_limbs(&[0, 1])),
            bad_epoch: status(Status::BadEpoch),
            bad_opcode: status(Status::BadOpcode),
            bad_unit: status(Status::BadUnit),
            bad_flags: status(Status::BadFlags),
            bad_alignment: status(Status::BadAlignment),
            bad_count: status(Status::BadCount),
            bad_range: status(Status::BadRange),
            log_multiples: multiples().map(|log| Constant::new(log.into())).collect(),
            _wide: config.curve_id().affine_words() - 2,
            elementwise: vec![byte(Opcode::Elementwise as u8); elementwise],
            elementwise_flags: vec![byte(abi::FLAGS_OPERATION | abi::FLAG_SCALAR); elementwise],
            fused: vec![Constant::new((Operation::MulSub as u64).into()); elementwise],
            operation: (0..elementwise).map(|_| Default::default()).collect(),
            _multiples: multiples().count(),
            _elementwise: elementwise,
            times: (0..batches).map(|_| Default::default()).collect(),
            counting: (0..batches).map(|_| Default::default()).collect(),
            awaited: (0..batches).map(|_| Default::default()).collect(),
            many: (0..batches).map(|_| Default::default()).collect(),
            _batches: batches,
            a_log: (0..columns).map(|_| Default::default()).collect(),
            c_log: (0..columns).map(|_| Default::default()).collect(),
            further: (0..columns).map(|_| Default::default()).collect(),
            a_span: (0..columns).map(|_| Default::default()).collect(),
            c_span: (0..columns).map(|_| Default::default()).collect(),
            rows: (0..columns).map(|_| Default::default()).collect(),
            most_rows: vec![word(config.ntt_log_max.saturating_sub(4)); columns],
            least_row: vec![Constant::new(4.into()); columns],
            column_words: vec![word(config.field_id().column_block_words(config.log_seeds()) as u32); columns],
            sixteen: vec![word(config.row_words() as u32); columns],
            row_mask: vec![Constant::new((config.row_words() as u64 * 32 - 1).into()); columns],
            row_bytes: vec![Constant::new((config.row_words() as u64 * 2).into()); columns],
            word_bytes: vec![Constant::new((config.row_words() as u64 * 2).into()); columns],
            _columns: columns,
            least_log: (0..packed).map(|_| word(config.field_id().least_log())).collect(),
            _packed: packed,
        }
    }
}

impl Logic for Checker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.lower.next = self.s.q.val().low;
        self.upper.next = self.s.q.val().high;
        self.opcode.next = bit_cast_ub::<8, 8>(self.lower.val().get_bits::<8>(0));
        self.flags.next = bit_cast_ub::<8, 8>(self.lower.val().get_bits::<8>(8));
        self.id.next = bit_cast_ub::<16, 16>(self.lower.val().get_bits::<16>(16));
        self.unit.next = bit_cast_ub::<8, 8>(self.lower.val().get_bits::<8>(32));
        self.a_space.next = self.lower.val().get_bit(40);
        self.b_space.next = self.lower.val().get_bit(41);
        self.c_space.next = self.lower.val().get_bit(42);
        self.count.next = self.lower.val().get_bits::<32>(64);
        self.a_address.next = self.lower.val().get_bits::<64>(128);
        self.b_address.next = self.lower.val().get_bits::<64>(192);
        self.c_address.next = self.upper.val().get_bits::<64>(0);
        self.is_nop.next = self.opcode.val() == self.nop.val();
        self.is_copy.next = self.opcode.val() == self.copy.val();
        self.is_zero.next = self.opcode.val() == self.zero.val();
        self.is_msm.next = (self.opcode.val() == self.msm.val()) && self.engines.val();
        self.is_ntt.next = (self.opcode.val() == self.ntt.val()) && self.engines.val();
        for i in 0..self._elementwise {
            self.is_elementwise[i].next = self.opcode.val() == self.elementwise[i].val();
            self.operation[i].next = bit_cast_ub::<2, 2>(self.lower.val().get_bits::<2>(8));
        }
        for i in 0..self._batches {
            self.more[i].next = bit_cast_ub::<8, 8>(self.upper.val().get_bits::<8>(64));
            self.many[i].next = self.more[i].val().any()
                && (((self.s.q.val().step == self.step_a.val()) && self.is_ntt.val())
                    || ((self.s.q.val().step == self.step_b.val()) && self.is_msm.val())
                    || (self.s.q.val().step == self.step_c.val()));
        }
        for i in 0..self._columns {
            self.columns[i].next = self.is_ntt.val() && self.flags.val().get_bit(3);
            self.a_log[i].next = bit_cast_ub::<5, 5>(self.upper.val().get_bits::<5>(96));
            self.c_log[i].next = bit_cast_ub::<5, 5>(self.upper.val().get_bits::<5>(104));
            self.scattered[i].next = self.columns[i].val() && self.c_log[i].val().any();
            self.a_stride[i].next = 0.into();
            if self.columns[i].val() {
                self.a_stride[i].next = self.row_bytes[i].val() << self.a_log[i].val();
            }
            self.c_stride[i].next = 0.into();
            if self.scattered[i].val() {
                self.c_stride[i].next = self.row_bytes[i].val() << self.c_log[i].val();
            }
            self.further[i].next = bit_cast_u::<32, 8>(self.upper.val().get_bits::<8>(64)) << 4;
            self.rows[i].next = bit_cast_ub::<5, 5>(self.count.val().get_bits::<5>(0));
            self.a_span[i].next = (self.word_bytes[i].val() << self.rows[i].val()) << self.a_log[i].val();
            self.c_span[i].next = (self.word_bytes[i].val() << self.rows[i].val()) << self.c_log[i].val();
            if self.columns[i].val() {
                for j in 0..self._batches {
                    self.many[j].next = self.more[j].val().any()
                        && ((self.s.q.val().step == self.step_b.val())
                            || ((self.s.q.val().step == self.step_c.val()) && (!self.scattered[i].val())));
                }
            }
        }
        self.a_words.next = self.s.q.val().a_words;
        self.b_words.next = self.s.q.val().b_words;
        self.c_words.next = self.s.q.val().c_words;
        self.done.next = self.s.q.val().done;
        self.status.next = self.s.q.val().status;

        self.vector.next = self.no_words.val();
        self.factors.next = self.no_words.val();
        self.extra_flags.next = self.flags.val();
        self.has_operand.next = false;
        self.operand.next = self.a_address.val();
        self.operand_card.next = self.a_space.val();
        self.operand_words.next = self.a_words.val();
        self.bound.next = 0.into();

        self.s.d.next.done = false;
        if self.s.q.val().step.any() {
            self.s.d.next.step = self.s.q.val().step + self.one_step.val();
        }
        if self.s.q.val().step == self.step_header.val() {
            self.s.d.next.epoch_bad = bit_cast_ub::<32, 32>(self.lower.val().get_bits::<32>(96)) != self.epoch.val();
            self.s.d.next.opcode_bad = !(self.is_nop.val()
                || self.is_copy.val()
                || self.is_zero.val()
                || self.is_msm.val()
                || self.is_ntt.val());
            self.s.d.next.unit_bad = self.unit.val() != self.no_bits.val();
            self.s.d.next.count_bad = !self.count.val().any() || (self.count.val() > self.most_words.val());
            self.s.d.next.a_words = self.no_words.val();
            self.s.d.next.b_words = self.no_words.val();
            self.s.d.next.c_words = self.no_words.val();
            if self.is_nop.val() {
                self.s.d.next.count_bad = self.count.val().any();
            }
            if self.is_copy.val() {
                self.s.d.next.a_words = self.count.val();
                self.s.d.next.c_words = self.count.val();
            }
            if self.is_zero.val() {
                self.s.d.next.c_words = self.count.val();
            }
            if self.is_msm.val() {
                self.s.d.next.unit_bad = self.unit.val() != self.curve.val();
                self.s.d.next.count_bad = !self.count.val().any() || (self.count.val() > self.most_points.val());
                self.s.d.next.a_words = self.count.val() << 1;
                for _i in 0..self._wide {
                    self.s.d.next.a_words = (self.count.val() << 1) + self.count.val();
                }
                for i in 0..self._multiples {
                    self.s.d.next.a_words = (self.count.val() << 1) << self.log_multiples[i].val();
                    for _j in 0..self._wide {
                        self.s.d.next.a_words =
                            ((self.count.val() << 1) + self.count.val()) << self.log_multiples[i].val();
                    }
                }
                self.s.d.next.b_words = self.count.val();
                self.s.d.next.c_words = self.result_words.val();
                self.extra_flags.next = self.flags.val() & (!self.msm_flags.val());
            }
            if self.is_ntt.val() {
                self.s.d.next.unit_bad = self.unit.val() != self.field.val();
                self.s.d.next.count_bad = !self.count.val().any() || (self.count.val() > self.most_log.val());
                self.vector.next = self.one_word.val() << bit_cast_ub::<5, 5>(self.count.val().get_bits::<5>(0));
                for i in 0..self._packed {
                    self.s.d.next.count_bad =
                        (self.count.val() < self.least_log[i].val()) || (self.count.val() > self.most_log.val());
                    self.vector.next = self.vector.val() >> 2;
                }
                if self.flags.val().get_bit(1) {
                    self.factors.next = self.factor_words.val();
                }
                if self.flags.val().get_bit(2) {
                    self.factors.next = self.factors.val() + self.factor_words.val();
                }
                for i in 0..self._columns {
                    if self.columns[i].val() {
                        self.s.d.next.count_bad = (!self.count.val().any())
                            || (self.count.val() > self.most_rows[i].val())
                            || (self.a_log[i].val() < self.least_row[i].val())
                            || (self.further[i].val() >> self.a_log[i].val()).any()
                            || (self.scattered[i].val()
                                && ((self.c_log[i].val() < self.least_row[i].val())
                                    || (self.further[i].val() >> self.c_log[i].val()).any()));
                        self.vector.next = self.sixteen[i].val() << self.rows[i].val();
                        self.factors.next = self.no_words.val();
                        if self.flags.val().get_bit(1) {
                            self.factors.next = self.column_words[i].val();
                        }
                        if self.flags.val().get_bit(2) {
                            self.factors.next = self.factors.val() + self.column_words[i].val();
                        }
                    }
                }
                self.s.d.next.a_words = self.vector.val();
                self.s.d.next.b_words = self.factors.val();
                self.s.d.next.c_words = self.vector.val();
                self.extra_flags.next = self.flags.val() & (!self.ntt_flags.val());
            }
            for i in 0..self._elementwise {
                if self.is_elementwise[i].val() {
                    self.s.d.next.opcode_bad = false;
                    self.s.d.next.unit_bad = self.unit.val() != self.field.val();
                    self.s.d.next.a_words = self.count.val();
                    self.s.d.next.b_words = self.count.val();
                    if self.flags.val().get_bit(2) {
                        self.s.d.next.b_words = self.one_word.val();
                    }
                    self.s.d.next.c_words = self.count.val();
                    self.extra_flags.next = self.flags.val() & (!self.elementwise_flags[i].val());
                }
            }
            self.s.d.next.flags_bad = self.extra_flags.val().any()
                || self.lower.val().get_bits::<21>(43).any()
                || self.upper.val().get_bits::<192>(64).any();
            for i in 0..self._batches {
                self.s.d.next.flags_bad = self.extra_flags.val().any()
                    || self.lower.val().get_bits::<21>(43).any()
                    || self.upper.val().get_bits::<184>(72).any()
                    || (self.more[i].val().any() && (!self.is_msm.val()) && (!self.is_ntt.val()));
            }
            for i in 0..self._columns {
                for j in 0..self._batches {
                    self.s.d.next.flags_bad = self.extra_flags.val().any()
                        || self.lower.val().get_bits::<21>(43).any()
                        || self.upper.val().get_bits::<24>(72).any()
                        || self.upper.val().get_bits::<3>(101).any()
                        || self.upper.val().get_bits::<147>(109).any()
                        || (self.more[j].val().any() && (!self.is_msm.val()) && (!self.is_ntt.val()))
                        || ((!self.columns[i].val()) && (self.a_log[i].val().any() || self.c_log[i].val().any()))
                        || (self.columns[i].val() && self.flags.val().get_bits::<2>(4).any())
                        || (self.columns[i].val() && (self.scattered[i].val() != self.flags.val().get_bit(2)));
                }
            }
            for i in 0..self._elementwise {
                if self.is_elementwise[i].val()
                    && (self.operation[i].val() == self.fused[i].val())
                    && (!self.c_space.val())
                {
                    self.s.d.next.flags_bad = true;
                }
            }
            self.s.d.next.alignment_bad = false;
            self.s.d.next.range_bad = false;
        }
        if self.s.q.val().step == self.step_a.val() {
            self.has_operand.next = self.is_copy.val() || self.is_msm.val() || self.is_ntt.val();
            for i in 0..self._elementwise {
                if self.is_elementwise[i].val() {
                    self.has_operand.next = true;
                }
            }
        }
        if self.s.q.val().step == self.step_b.val() {
            self.has_operand.next = self.is_msm.val() || (self.is_ntt.val() && self.b_words.val().any());
            for i in 0..self._elementwise {
                if self.is_elementwise[i].val() {
                    self.has_operand.next = true;
                }
            }
            self.operand.next = self.b_address.val();
            self.operand_card.next = self.b_space.val();
            self.operand_words.next = self.b_words.val();
        }
        if self.s.q.val().step == self.step_c.val() {
            self.has_operand.next = !self.is_nop.val();
            self.operand.next = self.c_address.val();
            self.operand_card.next = self.c_space.val();
            self.operand_words.next = self.c_words.val();
        }
        if (self.s.q.val().step == self.step_a.val())
            || (self.s.q.val().step == self.step_b.val())
            || (self.s.q.val().step == self.step_c.val())
        {
            if self.has_operand.val() {
                self.bound.next =
                    bit_cast_u::<72, 64>(self.operand.val()) + (bit_cast_u::<72, 32>(self.operand_words.val()) << 5);
                for i in 0..self._batches {
                    if self.many[i].val() {
                        self.bound.next = bit_cast_u::<72, 64>(self.operand.val()) + self.times[i].bytes.val();
                    }
                }
                if self.operand.val().get_bits::<5>(0).any() {
                    self.s.d.next.alignment_bad = true;
                }
                for i in 0..self._columns {
                    if (self.s.q.val().step == self.step_a.val()) && self.columns[i].val() {
                        self.bound.next = bit_cast_u::<72, 64>(self.operand.val()) + self.a_span[i].val();
                        if (self.operand.val().get_bits::<9>(0) & self.row_mask[i].val()).any() {
                            self.s.d.next.alignment_bad = true;
                        }
                    }
                    if (self.s.q.val().step == self.step_c.val()) && self.scattered[i].val() {
                        self.bound.next = bit_cast_u::<72, 64>(self.operand.val()) + self.c_span[i].val();
                        if (self.operand.val().get_bits::<9>(0) & self.row_mask[i].val()).any() {
                            self.s.d.next.alignment_bad = true;
                        }
                    }
                }
                if self.bound.val() > self.wrap.val() {
                    self.s.d.next.range_bad = true;
                }
                if self.operand_card.val() && (self.bound.val() > bit_cast_u::<72, 40>(self.card_mem_bytes.val())) {
                    self.s.d.next.range_bad = true;
                }
            } else {
                if self.operand.val().any() || self.operand_card.val() {
                    self.s.d.next.flags_bad = true;
                }
            }
        }
        // With several vectors an operand waits until its words have been counted.
        for i in 0..self._batches {
            self.counting[i].clock.next = self.clock.val();
            self.times[i].clock.next = self.clock.val();
            self.times[i].words.next = self.operand_words.val();
            self.times[i].more.next = self.more[i].val();
            self.awaited[i].next = self.many[i].val() && (!self.times[i].done.val());
            self.times[i].start.next = self.awaited[i].val() && (!self.counting[i].q.val());
            self.counting[i].d.next = self.awaited[i].val();
            if self.awaited[i].val() {
                self.s.d.next.step = self.s.q.val().step;
                self.s.d.next.range_bad = self.s.q.val().range_bad;
            }
        }
        if self.s.q.val().step == self.step_verdict.val() {
            self.s.d.next.step = 0.into();
            self.s.d.next.done = true;
            self.s.d.next.status = self.no_bits.val();
            if self.s.q.val().range_bad {
                self.s.d.next.status = self.bad_range.val();
            }
            if self.s.q.val().count_bad {
                self.s.d.next.status = self.bad_count.val();
            }
            if self.s.q.val().alignment_bad {
                self.s.d.next.status = self.bad_alignment.val();
            }
            if self.s.q.val().flags_bad {
                self.s.d.next.status = self.bad_flags.val();
            }
            if self.s.q.val().unit_bad {
                self.s.d.next.status = self.bad_unit.val();
            }
            if self.s.q.val().opcode_bad {
                self.s.d.next.status = self.bad_opcode.val();
            }
            if self.s.q.val().epoch_bad {
                self.s.d.next.status = self.bad_epoch.val();
            }
        }
        if self.load.val() {
            self.s.d.next.low = self.low.val();
            self.s.d.next.high = self.high.val();
            self.s.d.next.step = self.step_header.val();
        }
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}
