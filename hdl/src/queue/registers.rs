//! The register file: everything that `abi::registers` lists but the queues' own ([`Bank`](super::bank::Bank)).

use super::counters::{Counters, Events, CYCLES};
use crate::config::{CardConfig, BUS_BYTES};
use gristmill_abi::identity::SourceHash;
use gristmill_abi::{caps, registers as r, ABI_VERSION, CARD_ID};
use gristmill_hdl_kit::mem::Rom;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_ub, U};
use rust_hdl::prelude::*;

/// Registers that never change stand below this offset, in a table.
const CONSTANT_BYTES: u16 = 0x100;
// Bit 9 of an address is set for counters, and clear for the cycles; bits 3 to 6 say which counter.
const _: () = assert!(r::FIRST_COUNTER == 1 << 9 && r::CYCLES_HI < r::FIRST_COUNTER);

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    run: Bit,
    scratch: Bits<32>,
    pending: Bits<8>,
    irq_enable: Bits<8>,
    /// A read's value, one cycle after its address.
    value: Bits<32>,
    value_there: Bit,
    low: Bit,
    high: Bit,
    constant: Bit,
}

/// The register file.
///
/// Writes act at the clock edge of `write_valid`. A read answers in the cycle after `read_valid`
/// rises: first all single registers are looked up (a queue's come as `queue_value`, zero where
/// there are none), then what never changes is added from a table, or a counter's half put in
/// their place.
/// `clear` (the end of a reset) zeroes everything but the cycles and the scratch register.
#[derive(LogicBlock)]
pub struct RegisterFile {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub write_valid: Signal<In, Bit>,
    pub write_address: Signal<In, Bits<16>>,
    pub write_data: Signal<In, Bits<32>>,
    pub read_valid: Signal<In, Bit>,
    pub read_address: Signal<In, Bits<16>>,
    pub read_data: Signal<Out, Bits<32>>,
    pub read_done: Signal<Out, Bit>,
    pub clock_hz: Signal<In, Bits<32>>,
    pub card_mem_bytes: Signal<In, U<40>>,
    pub ready: Signal<In, Bit>,
    pub command: Signal<In, Bit>,
    pub resetting: Signal<In, Bit>,
    pub queue_error: Signal<In, Bit>,
    pub epoch: Signal<In, Bits<32>>,
    pub queue_value: Signal<In, Bits<32>>,
    pub set_irq: Signal<In, Bits<8>>,
    pub events: Signal<In, Events>,
    /// As [`Counters::lanes`].
    pub lanes: Vec<Signal<In, Bits<20>>>,
    pub run: Signal<Out, Bit>,
    pub reset_request: Signal<Out, Bit>,
    pub irq: Signal<Out, Bit>,
    counters: Counters,
    constants: Rom<U<32>>,
    s: DFF<State>,
    irqs: Signal<Local, Bits<8>>,
    beyond: Signal<Local, Bit>,
    value: Signal<Local, Bits<32>>,
    term: Signal<Local, Bits<32>>,
    memory: Signal<Local, U<40>>,
    pending: Signal<Local, Bits<8>>,
    a_ap_ctrl: Constant<Bits<16>>,
    a_mem_lo: Constant<Bits<16>>,
    a_mem_hi: Constant<Bits<16>>,
    a_clock_hz: Constant<Bits<16>>,
    a_control: Constant<Bits<16>>,
    a_status: Constant<Bits<16>>,
    a_epoch: Constant<Bits<16>>,
    a_scratch: Constant<Bits<16>>,
    a_cycles_lo: Constant<Bits<16>>,
    a_cycles_hi: Constant<Bits<16>>,
    a_irq_pending: Constant<Bits<16>>,
    a_irq_enable: Constant<Bits<16>>,
    a_counters: Constant<Bits<16>>,
    a_after_counters: Constant<Bits<16>>,
    /// The interrupt bits of the queues that this card has.
    irq_mask: Constant<Bits<8>>,
    cycles: Constant<Bits<4>>,
    bit0: Constant<Bits<32>>,
    _lanes: usize,
}

ports!(RegisterFile {
    in: clear, write_valid, write_address, write_data, read_valid, read_address, clock_hz, card_mem_bytes, ready,
        command, resetting, queue_error, epoch, queue_value, set_irq, events;
    out: read_data, read_done, run, reset_request, irq
});

impl RegisterFile {
    /// The registers of a card with this configuration, built from this source; without engines it offers copies only.
    pub fn new(config: &CardConfig, engines: bool, source: SourceHash) -> Self {
        let lanes = || 0..usize::from(config.counts_adders());
        let address = |offset: u16| Constant::new(u64::from(offset).into());
        Self {
            clock: Default::default(),
            clear: Default::default(),
            write_valid: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            read_valid: Default::default(),
            read_address: Default::default(),
            read_data: Default::default(),
            read_done: Default::default(),
            clock_hz: Default::default(),
            card_mem_bytes: Default::default(),
            ready: Default::default(),
            command: Default::default(),
            resetting: Default::default(),
            queue_error: Default::default(),
            epoch: Default::default(),
            queue_value: Default::default(),
            set_irq: Default::default(),
            events: Default::default(),
            lanes: lanes().map(|_| Default::default()).collect(),
            run: Default::default(),
            reset_request: Default::default(),
            irq: Default::default(),
            counters: Counters::of(lanes().len(), config.butterflies.into()),
            _lanes: lanes().len(),
            constants: Rom::new(constants(config, engines, source)),
            s: Default::default(),
            irqs: Default::default(),
            beyond: Default::default(),
            value: Default::default(),
            term: Default::default(),
            memory: Default::default(),
            pending: Default::default(),
            a_ap_ctrl: address(r::AP_CTRL),
            a_mem_lo: address(r::CARD_MEM_LO),
            a_mem_hi: address(r::CARD_MEM_HI),
            a_clock_hz: address(r::CLOCK_HZ),
            a_control: address(r::CONTROL),
            a_status: address(r::STATUS),
            a_epoch: address(r::EPOCH),
            a_scratch: address(r::SCRATCH),
            a_cycles_lo: address(r::CYCLES_LO),
            a_cycles_hi: address(r::CYCLES_HI),
            a_irq_pending: address(r::IRQ_PENDING),
            a_irq_enable: address(r::IRQ_ENABLE),
            a_counters: address(r::FIRST_COUNTER),
            a_after_counters: address(r::LAST_COUNTER + 8),
            irq_mask: Constant::new(u64::from(r::irq_mask(config.queues)).into()),
            cycles: Constant::new((CYCLES as u64).into()),
            bit0: Constant::new(1.into()),
        }
    }
}

/// What the registers below [`CONSTANT_BYTES`] read, where that never changes; zero elsewhere.
fn constants(config: &CardConfig, engines: bool, source: SourceHash) -> Vec<U<32>> {
    let elementwise = if config.elementwise { caps::ELEMENTWISE } else { 0 };
    let columns = if config.columns() { caps::COLUMNS } else { 0 };
    let orders = if config.orders() { caps::ORDERS } else { 0 };
    let batches = if config.batches() { caps::BATCHES } else { 0 };
    let all =
        caps::MSM | caps::NTT | caps::NTT_FACTORS | caps::MONTGOMERY_SCALARS | elementwise | batches | columns | orders;
    let offered = if engines { all } else { 0 };
    let if_engines = |word: u32| if engines { word } else { 0 };
    let fixed = [
        (r::ID, CARD_ID),
        (r::VERSION, ABI_VERSION),
        (r::CONFIG_ID, config.config_id()),
        (r::CAPS, caps::COPY | offered | config.queues << caps::QUEUES_SHIFT),
        (r::CAP_MSM, if_engines(config.cap_msm())),
        (r::CAP_NTT, if_engines(config.cap_ntt())),
        (r::CAP_CURVES, if_engines(1 << config.curve_id() as u32)),
        (r::CAP_FIELDS, if_engines(1 << config.field_id() as u32)),
        (r::CAP_BUS, BUS_BYTES | BUS_BYTES << 8),
    ];
    let mut words = vec![U::from(0); usize::from(CONSTANT_BYTES / 4)];
    for (offset, value) in fixed.into_iter().chain(source.registers()) {
        words[usize::from(offset / 4)] = u64::from(value).into();
    }
    words
}

impl Logic for RegisterFile {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, counters, constants);
        self.run.next = self.s.q.val().run;
        self.irqs.next = self.s.q.val().pending & self.s.q.val().irq_enable;
        self.irq.next = self.irqs.val().any();
        self.reset_request.next = false;
        self.memory.next = self.card_mem_bytes.val();

        // Writes.
        self.pending.next = self.s.q.val().pending;
        if self.write_valid.val() {
            if self.write_address.val() == self.a_control.val() {
                self.s.d.next.run = self.write_data.val().get_bit(0);
                self.reset_request.next = self.write_data.val().get_bit(1);
            }
            if self.write_address.val() == self.a_scratch.val() {
                self.s.d.next.scratch = self.write_data.val();
            }
            if self.write_address.val() == self.a_irq_pending.val() {
                self.pending.next = self.pending.val() & (!self.write_data.val().get_bits::<8>(0));
            }
            if self.write_address.val() == self.a_irq_enable.val() {
                self.s.d.next.irq_enable = self.write_data.val().get_bits::<8>(0) & self.irq_mask.val();
            }
        }
        self.s.d.next.pending = self.pending.val() | self.set_irq.val();

        // Reads: the first cycle. Every register has its own address, so the values are joined by `or`: a tree, where
        // one after the other would be a long path.
        self.counters.clear.next = self.clear.val();
        self.counters.events.next = self.events.val();
        for i in 0..self._lanes {
            self.counters.lanes[i].next = self.lanes[i].val();
        }
        // Which counter, if it is one: pairs of 8 bytes, and the cycles, which stand elsewhere.
        self.counters.index.next = self.read_address.val().get_bits::<4>(3);
        if !self.read_address.val().get_bit(9) {
            self.counters.index.next = self.cycles.val();
        }
        self.counters.latch.next = false;
        self.constants.address.next = bit_cast::<24, 6>(self.read_address.val().get_bits::<6>(2));
        self.beyond.next =
            self.read_address.val().get_bits::<2>(0).any() || self.read_address.val().get_bits::<8>(8).any();
        self.value.next = self.queue_value.val();
        self.term.next = 0.into();
        if (self.read_address.val() == self.a_ap_ctrl.val()) && (!self.command.val()) {
            self.term.next = self.bit0.val() << 2;
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_mem_lo.val() {
            self.term.next = bit_cast_ub::<32, 32>(self.memory.val().get_bits::<32>(0));
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_mem_hi.val() {
            self.term.next = bit_cast_ub::<32, 8>(self.memory.val().get_bits::<8>(32));
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_clock_hz.val() {
            self.term.next = self.clock_hz.val();
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_control.val() {
            self.term.next =
                bit_cast::<32, 1>(self.s.q.val().run.into()) | (bit_cast::<32, 1>(self.resetting.val().into()) << 1);
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_status.val() {
            self.term.next = bit_cast::<32, 1>(self.ready.val().into())
                | (bit_cast::<32, 1>(self.command.val().into()) << 1)
                | (bit_cast::<32, 1>(self.resetting.val().into()) << 2)
                | (bit_cast::<32, 1>(self.queue_error.val().into()) << 3);
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_epoch.val() {
            self.term.next = self.epoch.val();
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_scratch.val() {
            self.term.next = self.s.q.val().scratch;
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_irq_pending.val() {
            self.term.next = bit_cast::<32, 8>(self.s.q.val().pending);
        }
        self.value.next = self.value.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_irq_enable.val() {
            self.term.next = bit_cast::<32, 8>(self.s.q.val().irq_enable);
        }
        self.value.next = self.value.val() | self.term.val();
        self.s.d.next.value_there = false;
        if self.read_valid.val() && (!self.s.q.val().value_there) {
            self.s.d.next.value_there = true;
            self.s.d.next.value = self.value.val();
            self.s.d.next.low = false;
            self.s.d.next.high = false;
            self.s.d.next.constant = !self.beyond.val();
            if (self.read_address.val() >= self.a_counters.val())
                && (self.read_address.val() < self.a_after_counters.val())
                && (!self.read_address.val().get_bits::<2>(0).any())
            {
                self.counters.latch.next = !self.read_address.val().get_bit(2);
                self.s.d.next.low = !self.read_address.val().get_bit(2);
                self.s.d.next.high = self.read_address.val().get_bit(2);
            }
            if self.read_address.val() == self.a_cycles_lo.val() {
                self.counters.latch.next = true;
                self.s.d.next.low = true;
            }
            if self.read_address.val() == self.a_cycles_hi.val() {
                self.s.d.next.high = true;
            }
        }
        // The second cycle.
        self.read_done.next = self.s.q.val().value_there;
        self.read_data.next = self.s.q.val().value;
        if self.s.q.val().constant {
            self.read_data.next = self.s.q.val().value | bit_cast_ub::<32, 32>(self.constants.data.val());
        }
        if self.s.q.val().low {
            self.read_data.next = self.counters.low.val();
        }
        if self.s.q.val().high {
            self.read_data.next = self.counters.high.val();
        }

        if self.clear.val() {
            self.s.d.next.run = false;
            self.s.d.next.pending = 0.into();
            self.s.d.next.irq_enable = 0.into();
        }
    }
}
