//! The two memories, and the ways of words between their banks and the butterflies.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::mem::Ram;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Two memories of 2^m banks each, W bits a word. In one the butterflies read and write groups of 2^m words, in the other words are
/// loaded or stored, one a cycle; who uses it is told by whoever reads and writes, and both never want the same port.
///
/// | cycle | of a group | of a word |
/// |---|---|---|
/// | 2 | `read_*`: where each operand is | `fetch_*`: where it is; banks read |
/// | 3 | banks read | `fetched` |
/// | 4 | each operand takes its bank's word | |
/// | 5 | `operand` | |
/// | 5 + latency | `result` | |
/// | 6 + latency | banks written | `put_*`: banks written in the same cycle |
#[derive(LogicBlock)]
pub struct Banks<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub read_valid: Signal<In, Bit>,
    pub read_memory: Signal<In, Bit>,
    pub read_bank: Vec<Signal<In, Bits<4>>>,
    pub read_line: Vec<Signal<In, Bits<24>>>,
    pub operand: Vec<Signal<Out, U<W>>>,
    pub result: Vec<Signal<In, U<W>>>,
    pub fetch_memory: Signal<In, Bit>,
    pub fetch_bank: Signal<In, Bits<4>>,
    pub fetch_line: Signal<In, Bits<24>>,
    pub fetched: Signal<Out, U<W>>,
    pub put_valid: Signal<In, Bit>,
    pub put_memory: Signal<In, Bit>,
    pub put_bank: Signal<In, Bits<4>>,
    pub put_line: Signal<In, Bits<24>>,
    pub put_data: Signal<In, U<W>>,
    memory_0: Vec<Ram<U<W>>>,
    memory_1: Vec<Ram<U<W>>>,
    // Cycle 3.
    valid_3: DFF<Bit>,
    memory_3: DFF<Bit>,
    bank_3: Vec<DFF<Bits<4>>>,
    line_3: Vec<DFF<Bits<24>>>,
    origin_3: Vec<DFF<Bits<4>>>,
    fetch_memory_3: DFF<Bit>,
    fetch_bank_3: DFF<Bits<4>>,
    // Cycle 4.
    memory_4: DFF<Bit>,
    bank_4: Vec<DFF<Bits<4>>>,
    operand_5: Vec<DFF<U<W>>>,
    // Back.
    valid_back: Delay<Bit>,
    memory_back: Delay<Bit>,
    line_back: Vec<Delay<Bits<24>>>,
    origin_back: Vec<Delay<Bits<4>>>,
    write_valid: DFF<Bit>,
    write_memory: DFF<Bit>,
    write_line: Vec<DFF<Bits<24>>>,
    write_data: Vec<DFF<U<W>>>,
    word: Vec<Signal<Local, U<W>>>,
    origin: Vec<Signal<Local, Bits<4>>>,
    number: Vec<Constant<Bits<4>>>,
    _banks: usize,
}

impl<const W: usize> Banks<W> {
    /// For vectors of up to 2^log_max words, 2^log_wings butterflies of this latency.
    pub fn new(log_max: u32, log_wings: u32, latency: usize) -> Self {
        let banks = 2usize << log_wings;
        let memory = || (0..banks).map(|_| Ram::new((1usize << log_max) / banks).apart()).collect();
        Banks {
            clock: Default::default(),
            read_valid: Default::default(),
            read_memory: Default::default(),
            read_bank: (0..banks).map(|_| Default::default()).collect(),
            read_line: (0..banks).map(|_| Default::default()).collect(),
            operand: (0..banks).map(|_| Default::default()).collect(),
            result: (0..banks).map(|_| Default::default()).collect(),
            fetch_memory: Default::default(),
            fetch_bank: Default::default(),
            fetch_line: Default::default(),
            fetched: Default::default(),
            put_valid: Default::default(),
            put_memory: Default::default(),
            put_bank: Default::default(),
            put_line: Default::default(),
            put_data: Default::default(),
            memory_0: memory(),
            memory_1: memory(),
            valid_3: Default::default(),
            memory_3: Default::default(),
            bank_3: (0..banks).map(|_| Default::default()).collect(),
            line_3: (0..banks).map(|_| Default::default()).collect(),
            origin_3: (0..banks).map(|_| Default::default()).collect(),
            fetch_memory_3: Default::default(),
            fetch_bank_3: Default::default(),
            memory_4: Default::default(),
            bank_4: (0..banks).map(|_| Default::default()).collect(),
            operand_5: (0..banks).map(|_| Default::default()).collect(),
            valid_back: Delay::new(latency + 2),
            memory_back: Delay::new(latency + 2),
            line_back: (0..banks).map(|_| Delay::new(latency + 2)).collect(),
            origin_back: (0..banks).map(|_| Delay::new(latency + 2)).collect(),
            write_valid: Default::default(),
            write_memory: Default::default(),
            write_line: (0..banks).map(|_| Default::default()).collect(),
            write_data: (0..banks).map(|_| Default::default()).collect(),
            word: (0..banks).map(|_| Default::default()).collect(),
            origin: (0..banks).map(|_| Default::default()).collect(),
            number: (0..banks as u64).map(|b| Constant::new(b.to_bits())).collect(),
            _banks: banks,
        }
    }

    /// Cycles from `read_*` to the first `read_*` that sees the results.
    pub fn turnaround(latency: usize) -> usize {
        latency + 4
    }
}

impl<const W: usize> Logic for Banks<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, valid_3, memory_3, fetch_memory_3, fetch_bank_3, memory_4, write_valid, write_memory);
        clock!(self, clock, valid_back, memory_back);
        self.valid_3.d.next = self.read_valid.val();
        self.memory_3.d.next = self.read_memory.val();
        self.memory_4.d.next = self.memory_3.q.val();
        self.fetch_memory_3.d.next = self.fetch_memory.val();
        self.fetch_bank_3.d.next = self.fetch_bank.val();
        self.valid_back.d.next = self.valid_3.q.val();
        self.memory_back.d.next = self.memory_3.q.val();
        self.write_valid.d.next = self.valid_back.q.val();
        self.write_memory.d.next = self.memory_back.q.val();
        self.fetched.next = self.memory_0[0].read_data.val();
        for b in 0..self._banks {
            self.bank_3[b].clock.next = self.clock.val();
            self.line_3[b].clock.next = self.clock.val();
            self.origin_3[b].clock.next = self.clock.val();
            self.bank_4[b].clock.next = self.clock.val();
            self.operand_5[b].clock.next = self.clock.val();
            self.memory_0[b].clock.next = self.clock.val();
            self.memory_1[b].clock.next = self.clock.val();
            self.line_back[b].clock.next = self.clock.val();
            self.origin_back[b].clock.next = self.clock.val();
            self.write_line[b].clock.next = self.clock.val();
            self.write_data[b].clock.next = self.clock.val();

            // Cycle 2: which operand bank b holds, and where.
            self.line_3[b].d.next = self.read_line[0].val();
            self.origin_3[b].d.next = self.number[0].val();
            for u in 0..self._banks {
                if self.read_bank[u].val() == self.number[b].val() {
                    self.line_3[b].d.next = self.read_line[u].val();
                    self.origin_3[b].d.next = self.number[u].val();
                }
            }
            self.bank_3[b].d.next = self.read_bank[b].val();
            self.bank_4[b].d.next = self.bank_3[b].q.val();

            // Read: a group's words, or the word to be stored.
            self.memory_0[b].read_address.next = self.fetch_line.val();
            if self.valid_3.q.val() && !self.memory_3.q.val() {
                self.memory_0[b].read_address.next = self.line_3[b].q.val();
            }
            self.memory_1[b].read_address.next = self.fetch_line.val();
            if self.valid_3.q.val() && self.memory_3.q.val() {
                self.memory_1[b].read_address.next = self.line_3[b].q.val();
            }

            // Cycle 4: bank b's word of the group; each operand takes its own.
            self.word[b].next = self.memory_0[b].read_data.val();
            if self.memory_4.q.val() {
                self.word[b].next = self.memory_1[b].read_data.val();
            }
            self.operand[b].next = self.operand_5[b].q.val();

            // Cycle 3 of a word that is stored.
            if self.fetch_bank_3.q.val() == self.number[b].val() {
                self.fetched.next = self.memory_0[b].read_data.val();
                if self.fetch_memory_3.q.val() {
                    self.fetched.next = self.memory_1[b].read_data.val();
                }
            }

            // Back to where the operands came from.
            self.line_back[b].d.next = self.line_3[b].q.val();
            self.origin_back[b].d.next = self.origin_3[b].q.val();
            self.write_line[b].d.next = self.line_back[b].q.val();
            self.origin[b].next = self.origin_back[b].q.val();
            self.write_data[b].d.next = self.result[0].val();
            for u in 0..self._banks {
                if self.origin[b].val() == self.number[u].val() {
                    self.write_data[b].d.next = self.result[u].val();
                }
            }
            self.memory_0[b].write_address.next = self.put_line.val();
            self.memory_0[b].write_data.next = self.put_data.val();
            self.memory_0[b].write_enable.next =
                (self.put_valid.val() && !self.put_memory.val()) && (self.put_bank.val() == self.number[b].val());
            if self.write_valid.q.val() && !self.write_memory.q.val() {
                self.memory_0[b].write_address.next = self.write_line[b].q.val();
                self.memory_0[b].write_data.next = self.write_data[b].q.val();
                self.memory_0[b].write_enable.next = true;
            }
            self.memory_1[b].write_address.next = self.put_line.val();
            self.memory_1[b].write_data.next = self.put_data.val();
            self.memory_1[b].write_enable.next =
                (self.put_valid.val() && self.put_memory.val()) && (self.put_bank.val() == self.number[b].val());
            if self.write_valid.q.val() && self.write_memory.q.val() {
                self.memory_1[b].write_address.next = self.write_line[b].q.val();
                self.memory_1[b].write_data.next = self.write_data[b].q.val();
                self.memory_1[b].write_enable.next = true;
            }
        }
        for u in 0..self._banks {
            self.operand_5[u].d.next = self.word[0].val();
            for b in 0..self._banks {
                if self.bank_4[u].q.val() == self.number[b].val() {
                    self.operand_5[u].d.next = self.word[b].val();
                }
            }
        }
    }
}
