//! A queue pair: submission and completion rings in DMA memory.
//!
//! The card takes descriptors in order and completes them in order. A completion is new while its
//! phase bit is the expected one; the bit's meaning flips on each pass. Everything in the
//! completion ring is the card's word and checked before use: an entry that does not fit the
//! oldest command in flight is a [`QueueError`], after which the queue is not used until a reset.
//!
//! A queue pair has all its memory from the start: submitting a command and taking its completion
//! allocate nothing, copy nothing but the descriptor and the completion, and read no register.
//!
//! | file | has |
//! |---|---|
//! | `flight` | commands in flight, and the memory that they hold |
//! | `results` | results that nobody has taken |
//! | `ticket` | handles and results as a user sees them |
//! | `error` | what can be wrong in a completion |
//! | `watch` | time-outs in card cycles |

mod error;
mod flight;
mod results;
#[cfg(test)]
mod tests;
mod ticket;
mod watch;

pub use error::QueueError;
pub(crate) use flight::{Flight, Holds};
pub use ticket::{Done, Ticket, Tickets};
pub use watch::Limits;
pub(crate) use watch::{Watch, read_cycles};

use crate::dma::{DmaBuffer, DmaError};
use crate::transport::{Transport, TransportError};
use flight::{Flights, Slot};
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::registers as reg;
use results::Results;
use std::sync::atomic::{Ordering, fence};

/// The host's side of one queue pair of the card.
#[derive(Debug)]
pub(crate) struct QueuePair {
    submissions: DmaBuffer,
    completions: DmaBuffer,
    /// Its number on the card.
    number: u8,
    /// Entries of each ring, a power of two.
    entries: u32,
    /// The card's epoch.
    epoch: u32,
    generation: u64,
    phase: bool,
    /// In flight, oldest first. A command's slot is its place in both rings: each gives one
    /// completion, in order.
    flights: Flights,
    /// So many of them, the youngest, are not yet announced.
    unrung: usize,
    /// Completions taken of which the card was not told.
    untold: usize,
    results: Results,
    /// Sequence of the next command.
    next: u64,
    /// The largest budget of any command since the start.
    largest: u64,
    broken: Option<QueueError>,
}

impl QueuePair {
    /// Bytes of the two rings.
    pub(crate) fn ring_bytes(log_entries: u32) -> (u64, u64) {
        let entries = 1u64 << log_entries;
        (entries * DESCRIPTOR_BYTES as u64, entries * COMPLETION_BYTES as u64)
    }

    /// The queue of that number over two buffers of [`ring_bytes`](Self::ring_bytes), to be started.
    pub(crate) fn new(submissions: DmaBuffer, completions: DmaBuffer, log_entries: u32, number: u8) -> Self {
        QueuePair {
            submissions,
            completions,
            number,
            entries: 1 << log_entries,
            epoch: 0,
            generation: 0,
            phase: true,
            flights: Flights::new(1 << log_entries),
            unrung: 0,
            untold: 0,
            results: Results::new(1 << log_entries),
            next: 0,
            largest: 0,
            broken: None,
        }
    }

    /// Programs the card with the rings and empties them. What was in flight is lost: call it
    /// only when the card has ended all its bursts, that is after a reset.
    pub(crate) fn start(&mut self, transport: &mut dyn Transport, epoch: u32) -> Result<(), TransportError> {
        self.flights.clear();
        self.results.shelve();
        (self.phase, self.unrung, self.untold) = (true, 0, 0);
        (self.epoch, self.broken, self.largest) = (epoch, None, 0);
        self.generation += 1;
        // Zero is "not yet" in the first pass, whose phase is one.
        self.submissions.scrub();
        self.completions.scrub();
        let (sq, cq) = (self.submissions.iova(), self.completions.iova());
        let mut write = |register, value| transport.write32(reg::of_queue(self.number.into(), register), value);
        write(reg::Q_ENABLE, 0)?;
        write(reg::SQ_BASE_LO, sq as u32)?;
        write(reg::SQ_BASE_HI, (sq >> 32) as u32)?;
        write(reg::CQ_BASE_LO, cq as u32)?;
        write(reg::CQ_BASE_HI, (cq >> 32) as u32)?;
        write(reg::Q_LOG_SIZE, self.entries.trailing_zeros())?;
        write(reg::Q_ENABLE, 1)
    }

    /// Where this queue has the register that queue 0 has there.
    pub(crate) fn register(&self, register: u16) -> u16 {
        reg::of_queue(self.number.into(), register)
    }

    /// Most commands in flight: a ring with equal indices is empty, so one slot stays free.
    pub(crate) fn capacity(&self) -> usize {
        self.entries as usize - 1
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// In flight, and announced to the card.
    pub(crate) fn rung(&self) -> usize {
        self.flights.len() - self.unrung
    }

    /// Results that nobody has taken.
    pub(crate) fn untaken(&self) -> usize {
        self.results.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.flights.len() >= self.capacity()
    }

    fn oldest_sequence(&self) -> u64 {
        self.next - self.flights.len() as u64
    }

    pub(crate) fn oldest(&self) -> Option<Flight> {
        let slot = self.flights.oldest()?;
        Some(Flight { ticket: self.ticket(self.oldest_sequence()), opcode: slot.opcode, budget: slot.budget })
    }

    /// The ticket of the next command.
    pub(crate) fn next_ticket(&self) -> Ticket {
        self.ticket(self.next)
    }

    fn ticket(&self, sequence: u64) -> Ticket {
        Ticket { queue: self.number, sequence, generation: self.generation }
    }

    /// The largest budget of any command since the start: how long another queue's command may have
    /// to wait for one of this queue.
    pub(crate) fn largest_budget(&self) -> u64 {
        self.largest
    }

    /// What was wrong in a completion, if anything was since the start.
    pub(crate) fn broken(&self) -> Option<QueueError> {
        self.broken
    }

    /// Writes a descriptor (its id and epoch are filled in) without announcing it. The ring must
    /// not be full.
    pub(crate) fn push(&mut self, mut descriptor: Descriptor, budget: u64, holds: Holds) -> Result<Ticket, DmaError> {
        debug_assert!(!self.is_full());
        let ticket = self.next_ticket();
        (descriptor.id, descriptor.epoch) = (id(ticket.sequence), self.epoch);
        self.submissions.write((self.flights.end() * DESCRIPTOR_BYTES) as u64, &descriptor.encode())?;
        self.flights.push(Slot { opcode: descriptor.opcode, budget, _holds: holds });
        self.next += 1;
        self.unrung += 1;
        self.largest = self.largest.max(budget);
        Ok(ticket)
    }

    /// Announces all new descriptors with one doorbell.
    pub(crate) fn ring(&mut self, transport: &mut dyn Transport) -> Result<(), TransportError> {
        if self.unrung == 0 {
            return Ok(());
        }
        // The card must have room for the completions of all in flight; as completions are taken
        // this sum stays, so telling it here, and only when it matters, is enough.
        if self.untold + self.flights.len() > self.capacity() {
            transport.post32(self.register(reg::CQ_HEAD), self.flights.first() as u32)?;
            self.untold = 0;
        }
        fence(Ordering::SeqCst); // descriptors before the doorbell
        transport.post32(self.register(reg::SQ_TAIL), self.flights.end() as u32)?;
        self.unrung = 0;
        Ok(())
    }

    /// Takes all completions that are there; returns how many.
    pub(crate) fn poll(&mut self) -> Result<usize, QueueError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let mut taken = 0;
        // Bounded, so that a card that completes for ever cannot hold the driver.
        while taken < self.entries as usize {
            let Some(completion) = self.next_completion() else { break };
            if let Err(error) = self.accept(completion) {
                self.broken = Some(error);
                return Err(error);
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// The last word of the entry at the head, if its phase says that the entry is new.
    fn new_entry(&self) -> Option<u32> {
        let last = self.completions.load32((self.flights.first() * COMPLETION_BYTES) as u64 + 28).ok()?;
        ((last >> 24 & 1 == 1) == self.phase).then_some(last)
    }

    /// Whether [`poll`](Self::poll) would find something: one look at memory.
    pub(crate) fn has_news(&self) -> bool {
        self.broken.is_some() || self.new_entry().is_some()
    }

    /// The entry at the head, if it is new. Copied once: the card could change it between two looks.
    fn next_completion(&self) -> Option<Completion> {
        let last = self.new_entry()?;
        fence(Ordering::SeqCst); // the phase before the rest, and before the command's output
        let mut bytes = [0; COMPLETION_BYTES];
        self.completions.read((self.flights.first() * COMPLETION_BYTES) as u64, &mut bytes[..28]).ok()?;
        bytes[28..].copy_from_slice(&last.to_le_bytes());
        Some(Completion::decode(&bytes))
    }

    /// The status of a completion, if it is one for the oldest command in flight.
    fn check(&self, c: &Completion) -> Result<Status, QueueError> {
        let (id, in_flight, rung) = (c.id, self.flights.len(), self.rung());
        let (oldest, expected) = (self.oldest_sequence(), self::id(self.oldest_sequence()));
        if in_flight == 0 {
            return Err(QueueError::Unexpected { id });
        }
        let ahead = id.wrapping_sub(expected) as usize;
        if rung == 0 || ahead != 0 {
            let behind = expected.wrapping_sub(id) as usize;
            return Err(match ahead {
                _ if ahead < in_flight && ahead >= rung => QueueError::Early { id },
                _ if ahead < rung => QueueError::OutOfOrder { id, expected },
                _ if behind as u64 <= oldest && behind <= self.entries as usize => QueueError::Duplicate { id },
                _ => QueueError::UnknownId { id },
            });
        }
        if c.epoch != self.epoch {
            return Err(QueueError::WrongEpoch { id, epoch: c.epoch, expected: self.epoch });
        }
        let Some(status) = Status::from_code(c.status) else {
            return Err(QueueError::BadStatus { id, code: c.status });
        };
        // The card may have fetched ahead, but not past the doorbell.
        let mask = self.entries - 1;
        let first = self.flights.first() as u32;
        let (after, head) = ((first + 1) & mask, u32::from(c.sq_head));
        if head > mask || (head.wrapping_sub(after) & mask) as usize >= rung {
            return Err(QueueError::BadHead { id, head: c.sq_head, after, tail: (first + rung as u32) & mask });
        }
        Ok(status)
    }

    fn accept(&mut self, c: Completion) -> Result<(), QueueError> {
        let status = self.check(&c)?;
        let sequence = self.oldest_sequence();
        let Some(opcode) = self.flights.pop() else { return Err(QueueError::Unexpected { id: c.id }) };
        self.results.insert(sequence, Done { opcode, status, detail: c.detail, cycles: c.cycles, work: c.work });
        self.untold += 1;
        self.phase ^= self.flights.first() == 0;
        Ok(())
    }

    /// Whether the ticket is of the present generation.
    pub(crate) fn is_current(&self, ticket: Ticket) -> bool {
        ticket.generation == self.generation
    }

    /// Whether the command is in flight.
    pub(crate) fn is_in_flight(&self, ticket: Ticket) -> bool {
        self.is_current(ticket) && (self.oldest_sequence()..self.next).contains(&ticket.sequence)
    }

    /// Takes a finished command's result.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Done> {
        // A result outlives a reset: the command ended before it.
        self.results.take(ticket.sequence)
    }

    /// Takes the oldest result that nobody has taken.
    pub(crate) fn take_any(&mut self) -> Option<(Ticket, Done)> {
        let (sequence, done) = self.results.take_any()?;
        Some((self.ticket(sequence), done))
    }
}

/// The id in a command's descriptor: unique among at most 4095 in flight.
fn id(sequence: u64) -> u16 {
    sequence as u16
}
