//! The registers and the state of one queue pair: its rings, its indices, its error.

use gristmill_abi::registers as r;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    enabled: Bit,
    error: Bit,
    /// The completion ring is on an even pass: its phase bit is zero.
    even: Bit,
    log_size: Bits<4>,
    sq_base: U<64>,
    sq_tail: Bits<12>,
    sq_head: Bits<12>,
    cq_base: U<64>,
    cq_head: Bits<12>,
    cq_tail: Bits<12>,
    /// Entries of a ring less one, zero where the size is out of range: what follows from `log_size`.
    mask: Bits<12>,
    /// What held a cycle ago: room for a completion; a descriptor to read.
    room: Bit,
    wants: Bit,
}

/// One queue of the card.
///
/// The completion ring is full when its tail is one behind its head. A queue `wants` a descriptor
/// read only if there is room for the completion of that command and of the one before it that is
/// in the card (being read, or running), so that no command of the queue waits in the card for the
/// host. Writes act at the clock edge of `write_valid`, a new size of the rings one cycle later;
/// `wants` and `room` tell what held a cycle ago; `value` follows `read_address` at once.
#[derive(LogicBlock)]
pub struct Bank {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub run: Signal<In, Bit>,
    pub write_valid: Signal<In, Bit>,
    pub write_address: Signal<In, Bits<16>>,
    pub write_data: Signal<In, Bits<32>>,
    pub read_address: Signal<In, Bits<16>>,
    /// A descriptor of this queue is being read, or waits to be run.
    pub fetching: Signal<In, Bit>,
    /// A command of this queue is being run.
    pub running: Signal<In, Bit>,
    /// A descriptor has been read.
    pub fetched: Signal<In, Bit>,
    /// A completion has been written.
    pub written: Signal<In, Bit>,
    /// A descriptor could not be read, or a completion not be written.
    pub fault: Signal<In, Bit>,
    /// What `read_address` reads; zero where this queue has no register.
    pub value: Signal<Out, Bits<32>>,
    /// Enabled, and no error has stopped it.
    pub alive: Signal<Out, Bit>,
    /// There is a descriptor to read, and there will be room for its completion.
    pub wants: Signal<Out, Bit>,
    /// There is room for a completion.
    pub room: Signal<Out, Bit>,
    pub sq_head: Signal<Out, Bits<12>>,
    /// Address of the next descriptor.
    pub sq_address: Signal<Out, U<64>>,
    /// Address and phase of the next completion.
    pub cq_address: Signal<Out, U<64>>,
    pub phase: Signal<Out, Bit>,
    /// An error has stopped the queue.
    pub failed: Signal<Out, Bit>,
    /// Interrupt bits that begin to pend.
    pub set_irq: Signal<Out, Bits<8>>,
    s: DFF<State>,
    log_size: Signal<Local, Bits<4>>,
    size: Signal<Local, Bits<16>>,
    size_bad: Signal<Local, Bit>,
    mask: Signal<Local, Bits<12>>,
    tail: Signal<Local, Bits<12>>,
    consumed: Signal<Local, Bits<12>>,
    next_tail: Signal<Local, Bits<12>>,
    second_tail: Signal<Local, Bits<12>>,
    full: Signal<Local, Bit>,
    fail: Signal<Local, Bit>,
    irqs: Signal<Local, Bits<8>>,
    read: Signal<Local, Bits<32>>,
    term: Signal<Local, Bits<32>>,
    wide: Signal<Local, U<64>>,
    a_sq_base_lo: Constant<Bits<16>>,
    a_sq_base_hi: Constant<Bits<16>>,
    a_log_size: Constant<Bits<16>>,
    a_sq_tail: Constant<Bits<16>>,
    a_sq_head: Constant<Bits<16>>,
    a_cq_base_lo: Constant<Bits<16>>,
    a_cq_base_hi: Constant<Bits<16>>,
    a_cq_head: Constant<Bits<16>>,
    a_cq_tail: Constant<Bits<16>>,
    a_q_enable: Constant<Bits<16>>,
    a_q_status: Constant<Bits<16>>,
    ring_mask: Constant<Bits<32>>,
    min_log: Constant<Bits<4>>,
    max_log: Constant<Bits<4>>,
    one_entry: Constant<Bits<16>>,
    one: Constant<Bits<12>>,
    two: Constant<Bits<12>>,
    low_half: Constant<U<64>>,
    high_half: Constant<U<64>>,
    completion: Constant<Bits<8>>,
    error: Constant<Bits<8>>,
    blank: Constant<State>,
}

ports!(Bank {
    in: clear, run, write_valid, write_address, write_data, read_address, fetching, running, fetched, written, fault;
    out: value, alive, wants, room, sq_head, sq_address, cq_address, phase, failed, set_irq
});

impl Bank {
    /// The bank of this queue.
    pub fn new(queue: u32) -> Self {
        let address = |register: u16| Constant::new(u64::from(r::of_queue(queue, register)).into());
        Self {
            clock: Default::default(),
            clear: Default::default(),
            run: Default::default(),
            write_valid: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            read_address: Default::default(),
            fetching: Default::default(),
            running: Default::default(),
            fetched: Default::default(),
            written: Default::default(),
            fault: Default::default(),
            value: Default::default(),
            alive: Default::default(),
            wants: Default::default(),
            room: Default::default(),
            sq_head: Default::default(),
            sq_address: Default::default(),
            cq_address: Default::default(),
            phase: Default::default(),
            failed: Default::default(),
            set_irq: Default::default(),
            s: Default::default(),
            log_size: Default::default(),
            size: Default::default(),
            size_bad: Default::default(),
            mask: Default::default(),
            tail: Default::default(),
            consumed: Default::default(),
            next_tail: Default::default(),
            second_tail: Default::default(),
            full: Default::default(),
            fail: Default::default(),
            irqs: Default::default(),
            read: Default::default(),
            term: Default::default(),
            wide: Default::default(),
            a_sq_base_lo: address(r::SQ_BASE_LO),
            a_sq_base_hi: address(r::SQ_BASE_HI),
            a_log_size: address(r::Q_LOG_SIZE),
            a_sq_tail: address(r::SQ_TAIL),
            a_sq_head: address(r::SQ_HEAD),
            a_cq_base_lo: address(r::CQ_BASE_LO),
            a_cq_base_hi: address(r::CQ_BASE_HI),
            a_cq_head: address(r::CQ_HEAD),
            a_cq_tail: address(r::CQ_TAIL),
            a_q_enable: address(r::Q_ENABLE),
            a_q_status: address(r::Q_STATUS),
            ring_mask: Constant::new(0xffff_ffc0.into()),
            min_log: Constant::new(u64::from(r::MIN_LOG_RING).into()),
            max_log: Constant::new(u64::from(r::MAX_LOG_RING).into()),
            one_entry: Constant::new(1.into()),
            one: Constant::new(1.into()),
            two: Constant::new(2.into()),
            low_half: Constant::new(0xffff_ffff.into()),
            high_half: Constant::new(0xffff_ffff_0000_0000.into()),
            completion: Constant::new(u64::from(r::irq_completion(queue)).into()),
            error: Constant::new(u64::from(r::irq_error(queue)).into()),
            blank: Constant::new(State::default()),
        }
    }
}

impl Logic for Bank {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.log_size.next = self.s.q.val().log_size;
        self.size_bad.next = (self.log_size.val() < self.min_log.val()) || (self.log_size.val() > self.max_log.val());
        self.size.next = (self.one_entry.val() << self.log_size.val()) - self.one_entry.val();
        self.s.d.next.mask = 0.into();
        if !self.size_bad.val() {
            self.s.d.next.mask = self.size.val().get_bits::<12>(0);
        }
        self.mask.next = self.s.q.val().mask;
        self.tail.next = self.s.q.val().sq_tail & self.mask.val();
        self.consumed.next = self.s.q.val().cq_head & self.mask.val();
        self.next_tail.next = (self.s.q.val().cq_tail + self.one.val()) & self.mask.val();
        self.second_tail.next = (self.s.q.val().cq_tail + self.two.val()) & self.mask.val();
        self.full.next = self.next_tail.val() == self.consumed.val();

        self.alive.next = self.s.q.val().enabled && (!self.s.q.val().error);
        // A descriptor that was read may have become a command since, so it counts as one.
        self.s.d.next.wants = self.alive.val()
            && (!self.full.val())
            && ((!(self.running.val() || self.fetching.val())) || (self.second_tail.val() != self.consumed.val()))
            && (self.s.q.val().sq_head != self.tail.val());
        self.wants.next = self.s.q.val().wants;
        self.s.d.next.room = !self.full.val();
        self.room.next = self.s.q.val().room;
        self.sq_head.next = self.s.q.val().sq_head;
        self.sq_address.next = self.s.q.val().sq_base + (bit_cast_bu::<64, 12>(self.s.q.val().sq_head) << 6);
        self.cq_address.next = self.s.q.val().cq_base + (bit_cast_bu::<64, 12>(self.s.q.val().cq_tail) << 5);
        self.phase.next = !self.s.q.val().even;
        self.failed.next = self.s.q.val().error;
        // The queue breaks: by a fault on its rings, or a doorbell for rings of no valid size.
        self.fail.next = self.fault.val()
            || (self.run.val() && self.alive.val() && self.size_bad.val() && self.s.q.val().sq_tail.any());
        self.irqs.next = 0.into();
        if self.written.val() {
            self.irqs.next = self.completion.val();
        }
        if self.fail.val() {
            self.irqs.next = self.irqs.val() | self.error.val();
        }
        self.set_irq.next = self.irqs.val();

        // What the card does.
        if self.fetched.val() {
            self.s.d.next.sq_head = (self.s.q.val().sq_head + self.one.val()) & self.mask.val();
        }
        if self.written.val() {
            self.s.d.next.cq_tail = self.next_tail.val();
            if self.s.q.val().cq_tail == self.mask.val() {
                self.s.d.next.even = !self.s.q.val().even;
            }
        }
        if self.fail.val() {
            self.s.d.next.error = true;
        }

        // Writes.
        self.wide.next = 0.into();
        if self.write_valid.val() {
            if self.write_address.val() == self.a_sq_base_lo.val() {
                self.wide.next = bit_cast_bu::<64, 32>(self.write_data.val() & self.ring_mask.val());
                self.s.d.next.sq_base = (self.s.q.val().sq_base & self.high_half.val()) | self.wide.val();
            }
            if self.write_address.val() == self.a_sq_base_hi.val() {
                self.wide.next = bit_cast_bu::<64, 32>(self.write_data.val()) << 32;
                self.s.d.next.sq_base = (self.s.q.val().sq_base & self.low_half.val()) | self.wide.val();
            }
            if self.write_address.val() == self.a_log_size.val() {
                self.s.d.next.log_size = self.write_data.val().get_bits::<4>(0);
            }
            if self.write_address.val() == self.a_sq_tail.val() {
                self.s.d.next.sq_tail = self.write_data.val().get_bits::<12>(0);
            }
            if self.write_address.val() == self.a_cq_base_lo.val() {
                self.wide.next = bit_cast_bu::<64, 32>(self.write_data.val() & self.ring_mask.val());
                self.s.d.next.cq_base = (self.s.q.val().cq_base & self.high_half.val()) | self.wide.val();
            }
            if self.write_address.val() == self.a_cq_base_hi.val() {
                self.wide.next = bit_cast_bu::<64, 32>(self.write_data.val()) << 32;
                self.s.d.next.cq_base = (self.s.q.val().cq_base & self.low_half.val()) | self.wide.val();
            }
            if self.write_address.val() == self.a_cq_head.val() {
                self.s.d.next.cq_head = self.write_data.val().get_bits::<12>(0);
            }
            if self.write_address.val() == self.a_q_enable.val() {
                self.s.d.next.enabled = self.write_data.val().get_bit(0);
                if self.write_data.val().get_bit(0) && (!self.s.q.val().enabled) {
                    self.s.d.next.error = false;
                    self.s.d.next.even = false;
                    self.s.d.next.sq_tail = 0.into();
                    self.s.d.next.sq_head = 0.into();
                    self.s.d.next.cq_head = 0.into();
                    self.s.d.next.cq_tail = 0.into();
                }
            }
        }

        // Reads: joined by `or`, since every register has its own address: a tree of gates, not a chain.
        self.read.next = 0.into();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_sq_base_lo.val() {
            self.wide.next = self.s.q.val().sq_base;
            self.term.next = bit_cast_ub::<32, 32>(self.wide.val().get_bits::<32>(0));
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_sq_base_hi.val() {
            self.wide.next = self.s.q.val().sq_base;
            self.term.next = bit_cast_ub::<32, 32>(self.wide.val().get_bits::<32>(32));
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_log_size.val() {
            self.term.next = bit_cast::<32, 4>(self.s.q.val().log_size);
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_sq_tail.val() {
            self.term.next = bit_cast::<32, 12>(self.s.q.val().sq_tail);
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_sq_head.val() {
            self.term.next = bit_cast::<32, 12>(self.s.q.val().sq_head);
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_cq_base_lo.val() {
            self.wide.next = self.s.q.val().cq_base;
            self.term.next = bit_cast_ub::<32, 32>(self.wide.val().get_bits::<32>(0));
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_cq_base_hi.val() {
            self.wide.next = self.s.q.val().cq_base;
            self.term.next = bit_cast_ub::<32, 32>(self.wide.val().get_bits::<32>(32));
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_cq_head.val() {
            self.term.next = bit_cast::<32, 12>(self.s.q.val().cq_head);
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_cq_tail.val() {
            self.term.next = bit_cast::<32, 12>(self.s.q.val().cq_tail);
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_q_enable.val() {
            self.term.next = bit_cast::<32, 1>(self.s.q.val().enabled.into());
        }
        self.read.next = self.read.val() | self.term.val();
        self.term.next = 0.into();
        if self.read_address.val() == self.a_q_status.val() {
            self.term.next = bit_cast::<32, 1>(self.s.q.val().error.into())
                | (bit_cast::<32, 1>((self.fetching.val() || self.running.val()).into()) << 1);
        }
        self.read.next = self.read.val() | self.term.val();
        self.value.next = self.read.val();

        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}
