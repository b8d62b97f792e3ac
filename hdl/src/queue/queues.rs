//! The queues of the card, and the choice whose descriptor is read next.

use super::bank::Bank;
use gristmill_abi::registers::MAX_QUEUES;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

const _: () = assert!(MAX_QUEUES == 4, "sets of queues are words of 4 bits");

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// The queue of the descriptor that was asked for last, one bit.
    fetching: Bits<4>,
    /// The queue of the command that runs or ran last, one bit.
    running: Bits<4>,
    /// The queues after the one whose descriptor was asked for last.
    later: Bits<4>,
}

/// One to [`MAX_QUEUES`] queues, and a round-robin arbiter among those that have work and room.
///
/// Each time that the fetcher is free it is offered the next such queue after the one it served
/// last, in the order of numbers and round: so between two descriptors of one queue at most one of
/// each other queue is read. Fetcher and sequencer know no numbers of queues: what they report
/// goes to the queue whose descriptor was read last (`fetching`), or whose command runs
/// (`running`, which follows at `load`).
#[derive(LogicBlock)]
pub struct Queues {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    // Registers.
    pub run: Signal<In, Bit>,
    pub write_valid: Signal<In, Bit>,
    pub write_address: Signal<In, Bits<16>>,
    pub write_data: Signal<In, Bits<32>>,
    pub read_address: Signal<In, Bits<16>>,
    /// What `read_address` reads; zero where no queue has a register.
    pub value: Signal<Out, Bits<32>>,
    /// Interrupt bits that begin to pend.
    pub set_irq: Signal<Out, Bits<8>>,
    /// An error has stopped some queue.
    pub failed: Signal<Out, Bit>,
    // Fetcher.
    /// Some queue has a descriptor to read, at this address.
    pub offer: Signal<Out, Bit>,
    pub offer_address: Signal<Out, U<64>>,
    /// The fetcher takes the offer.
    pub begins: Signal<In, Bit>,
    /// It reads, or holds what it has read.
    pub holds: Signal<In, Bit>,
    /// It has read the descriptor; it could not.
    pub fetched: Signal<In, Bit>,
    pub fetch_fault: Signal<In, Bit>,
    /// The queue of the descriptor read last: it goes on; its head.
    pub fetch_alive: Signal<Out, Bit>,
    pub fetch_head: Signal<Out, Bits<12>>,
    // Sequencer.
    /// The descriptor read becomes the command that runs; one runs.
    pub load: Signal<In, Bit>,
    pub occupied: Signal<In, Bit>,
    /// Its completion has been written; it could not be.
    pub written: Signal<In, Bit>,
    pub completion_fault: Signal<In, Bit>,
    /// The queue of the command that runs: it goes on; where its completion goes.
    pub run_alive: Signal<Out, Bit>,
    pub run_room: Signal<Out, Bit>,
    pub run_phase: Signal<Out, Bit>,
    pub completion_address: Signal<Out, U<64>>,
    bank: Vec<Bank>,
    s: DFF<State>,
    fetching: Signal<Local, Bits<4>>,
    running: Signal<Local, Bits<4>>,
    wants: Signal<Local, Bits<4>>,
    after: Signal<Local, Bits<4>>,
    among: Signal<Local, Bits<4>>,
    others: Signal<Local, Bits<4>>,
    chosen: Signal<Local, Bits<4>>,
    below: Signal<Local, Bits<4>>,
    read: Signal<Local, Bits<32>>,
    irqs: Signal<Local, Bits<8>>,
    no_address: Constant<U<64>>,
    one: Constant<Bits<4>>,
    blank: Constant<State>,
    mark: Vec<Constant<Bits<4>>>,
    _queues: usize,
}

ports!(Queues {
    in: clear, run, write_valid, write_address, write_data, read_address, begins, holds, fetched, fetch_fault, load,
        occupied, written, completion_fault;
    out: value, set_irq, failed, offer, offer_address, fetch_alive, fetch_head, run_alive, run_room, run_phase,
         completion_address
});

impl Queues {
    /// So many queues.
    ///
    /// # Panics
    /// If there are none, or more than [`MAX_QUEUES`].
    pub fn new(queues: u32) -> Self {
        assert!((1..=MAX_QUEUES).contains(&queues), "a card has 1 to {MAX_QUEUES} queues, not {queues}");
        Self {
            clock: Default::default(),
            clear: Default::default(),
            run: Default::default(),
            write_valid: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            read_address: Default::default(),
            value: Default::default(),
            set_irq: Default::default(),
            failed: Default::default(),
            offer: Default::default(),
            offer_address: Default::default(),
            begins: Default::default(),
            holds: Default::default(),
            fetched: Default::default(),
            fetch_fault: Default::default(),
            fetch_alive: Default::default(),
            fetch_head: Default::default(),
            load: Default::default(),
            occupied: Default::default(),
            written: Default::default(),
            completion_fault: Default::default(),
            run_alive: Default::default(),
            run_room: Default::default(),
            run_phase: Default::default(),
            completion_address: Default::default(),
            bank: (0..queues).map(Bank::new).collect(),
            s: Default::default(),
            fetching: Default::default(),
            running: Default::default(),
            wants: Default::default(),
            after: Default::default(),
            among: Default::default(),
            others: Default::default(),
            chosen: Default::default(),
            below: Default::default(),
            read: Default::default(),
            irqs: Default::default(),
            no_address: Constant::new(0.into()),
            one: Constant::new(1.into()),
            blank: Constant::new(State::default()),
            mark: (0..queues).map(|q| Constant::new((1u64 << q).into())).collect(),
            _queues: queues as usize,
        }
    }
}

impl Logic for Queues {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.fetching.next = self.s.q.val().fetching;
        self.running.next = self.s.q.val().running;
        for i in 0..self._queues {
            self.bank[i].clock.next = self.clock.val();
            self.bank[i].clear.next = self.clear.val();
            self.bank[i].run.next = self.run.val();
            self.bank[i].write_valid.next = self.write_valid.val();
            self.bank[i].write_address.next = self.write_address.val();
            self.bank[i].write_data.next = self.write_data.val();
            self.bank[i].read_address.next = self.read_address.val();
            self.bank[i].fetching.next = self.holds.val() && self.fetching.val().get_bit(i);
            self.bank[i].running.next = self.occupied.val() && self.running.val().get_bit(i);
            self.bank[i].fetched.next = self.fetched.val() && self.fetching.val().get_bit(i);
            self.bank[i].written.next = self.written.val() && self.running.val().get_bit(i);
            self.bank[i].fault.next = (self.fetch_fault.val() && self.fetching.val().get_bit(i))
                || (self.completion_fault.val() && self.running.val().get_bit(i));
        }

        // Who is next: of the queues after the last one the first, or else the first of all.
        self.wants.next = 0.into();
        for i in 0..self._queues {
            if self.bank[i].wants.val() {
                self.wants.next = self.wants.val() | self.mark[i].val();
            }
        }
        self.after.next = self.wants.val() & self.s.q.val().later;
        self.among.next = self.wants.val();
        if self.after.val().any() {
            self.among.next = self.after.val();
        }
        // x - 1 turns the lowest bit of x and what is below it around.
        self.others.next = self.among.val() - self.one.val();
        self.chosen.next = self.among.val() & (!self.others.val());
        self.below.next = self.chosen.val() - self.one.val();
        self.offer.next = self.wants.val().any();
        self.offer_address.next = self.no_address.val();
        for i in 0..self._queues {
            if self.chosen.val().get_bit(i) {
                self.offer_address.next = self.bank[i].sq_address.val();
            }
        }
        if self.begins.val() {
            self.s.d.next.fetching = self.chosen.val();
            self.s.d.next.later = !(self.chosen.val() | self.below.val());
        }
        if self.load.val() {
            self.s.d.next.running = self.fetching.val();
        }

        // The queues of the descriptor and of the command.
        self.fetch_alive.next = false;
        self.fetch_head.next = 0.into();
        self.run_alive.next = false;
        self.run_room.next = false;
        self.run_phase.next = false;
        self.completion_address.next = self.no_address.val();
        self.failed.next = false;
        self.read.next = 0.into();
        self.irqs.next = 0.into();
        for i in 0..self._queues {
            if self.fetching.val().get_bit(i) {
                self.fetch_alive.next = self.bank[i].alive.val();
                self.fetch_head.next = self.bank[i].sq_head.val();
            }
            if self.running.val().get_bit(i) {
                self.run_alive.next = self.bank[i].alive.val();
                self.run_room.next = self.bank[i].room.val();
                self.run_phase.next = self.bank[i].phase.val();
                self.completion_address.next = self.bank[i].cq_address.val();
            }
            if self.bank[i].failed.val() {
                self.failed.next = true;
            }
            self.read.next = self.read.val() | self.bank[i].value.val();
            self.irqs.next = self.irqs.val() | self.bank[i].set_irq.val();
        }
        self.value.next = self.read.val();
        self.set_irq.next = self.irqs.val();
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}
