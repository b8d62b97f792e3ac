//! A queue pair: submission and completion rings in DMA memory.
//!
//! The card takes descriptors in order and completes them in order. A completion is new while its
//! phase bit is the expected one; the bit's meaning flips on each pass. Everything in the
//! completion ring is the card's word and checked before use: an entry that does not fit the
//! oldest command in flight is a [`QueueError`], after which the queue is not used until a reset.

mod error;
mod watch;

pub use error::QueueError;
pub use watch::Limits;
pub(crate) use watch::{Watch, read_cycles};

use crate::dma::{DmaBuffer, DmaError, DmaSlice};
use crate::transport::{Transport, TransportError};
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::registers as reg;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{Ordering, fence};

/// Handle of a submitted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(crate) sequence: u64,
    /// Resets that this driver has done; the card's own epoch may start anew with it.
    pub(crate) generation: u64,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Opcode of the command.
    pub opcode: u8,
    /// Its status.
    pub status: Status,
    /// Index of the first bad scalar, for [`Status::ScalarRange`].
    pub detail: u32,
    /// Card cycles from fetch to completion.
    pub cycles: u64,
    /// Useful additions, butterflies or words.
    pub work: u64,
}

/// A command in flight.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) sequence: u64,
    pub(crate) opcode: u8,
    /// Card cycles that it may take.
    pub(crate) budget: u64,
    /// Its slot in the submission ring.
    slot: u32,
    /// Keeps its memory from being lent anew.
    _holds: Vec<DmaSlice>,
}

impl Flight {
    /// The id in its descriptor: unique among at most 4095 in flight.
    fn id(&self) -> u16 {
        self.sequence as u16
    }
}

/// The host's side of the card's queue 0.
#[derive(Debug)]
pub(crate) struct QueuePair {
    submissions: DmaBuffer,
    completions: DmaBuffer,
    /// Entries of each ring, a power of two.
    entries: u32,
    /// The card's epoch.
    epoch: u32,
    generation: u64,
    /// Next free slot.
    tail: u32,
    /// Next completion.
    head: u32,
    phase: bool,
    /// In flight, oldest first; the last `unrung` are not yet announced.
    flights: VecDeque<Flight>,
    unrung: usize,
    /// Completions taken of which the card was not told.
    untold: u32,
    done: BTreeMap<u64, Done>,
    next: u64,
    broken: Option<QueueError>,
}

impl QueuePair {
    /// Bytes of the two rings.
    pub(crate) fn ring_bytes(log_entries: u32) -> (u64, u64) {
        let entries = 1u64 << log_entries;
        (entries * DESCRIPTOR_BYTES as u64, entries * COMPLETION_BYTES as u64)
    }

    /// A queue over two buffers of [`ring_bytes`](Self::ring_bytes), to be started.
    pub(crate) fn new(submissions: DmaBuffer, completions: DmaBuffer, log_entries: u32) -> Self {
        QueuePair {
            submissions,
            completions,
            entries: 1 << log_entries,
            epoch: 0,
            generation: 0,
            tail: 0,
            head: 0,
            phase: true,
            flights: VecDeque::new(),
            unrung: 0,
            untold: 0,
            done: BTreeMap::new(),
            next: 0,
            broken: None,
        }
    }

    /// Programs the card with the rings and empties them. What was in flight is lost: call it
    /// only when the card has ended all its bursts, that is after a reset.
    pub(crate) fn start(&mut self, transport: &mut dyn Transport, epoch: u32) -> Result<(), TransportError> {
        self.flights.clear();
        (self.tail, self.head, self.phase, self.unrung, self.untold) = (0, 0, true, 0, 0);
        (self.epoch, self.broken) = (epoch, None);
        self.generation += 1;
        // Zero is "not yet" in the first pass, whose phase is one.
        self.submissions.scrub();
        self.completions.scrub();
        let (sq, cq) = (self.submissions.iova(), self.completions.iova());
        transport.write32(reg::Q_ENABLE, 0)?;
        transport.write32(reg::SQ_BASE_LO, sq as u32)?;
        transport.write32(reg::SQ_BASE_HI, (sq >> 32) as u32)?;
        transport.write32(reg::CQ_BASE_LO, cq as u32)?;
        transport.write32(reg::CQ_BASE_HI, (cq >> 32) as u32)?;
        transport.write32(reg::Q_LOG_SIZE, self.entries.trailing_zeros())?;
        transport.write32(reg::Q_ENABLE, 1)
    }

    /// Most commands in flight: a ring with equal indices is empty, so one slot stays free.
    pub(crate) fn capacity(&self) -> usize {
        self.entries as usize - 1
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Results that nobody has taken.
    pub(crate) fn untaken(&self) -> usize {
        self.done.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.flights.len() >= self.capacity()
    }

    pub(crate) fn oldest(&self) -> Option<&Flight> {
        self.flights.front()
    }

    /// Writes a descriptor (its id and epoch are filled in) without announcing it. The ring must
    /// not be full.
    pub(crate) fn push(
        &mut self,
        mut descriptor: Descriptor,
        budget: u64,
        holds: Vec<DmaSlice>,
    ) -> Result<Ticket, DmaError> {
        debug_assert!(!self.is_full());
        let flight = Flight { sequence: self.next, opcode: descriptor.opcode, budget, slot: self.tail, _holds: holds };
        (descriptor.id, descriptor.epoch) = (flight.id(), self.epoch);
        self.submissions.write(u64::from(self.tail) * DESCRIPTOR_BYTES as u64, &descriptor.encode())?;
        let ticket = Ticket { sequence: self.next, generation: self.generation };
        self.flights.push_back(flight);
        self.next += 1;
        self.tail = (self.tail + 1) & (self.entries - 1);
        self.unrung += 1;
        Ok(ticket)
    }

    /// Announces all new descriptors with one doorbell.
    pub(crate) fn ring(&mut self, transport: &mut dyn Transport) -> Result<(), TransportError> {
        if self.unrung == 0 {
            return Ok(());
        }
        // The card must have room for the completions of all in flight; as completions are taken
        // this sum stays, so telling it here, and only when it matters, is enough.
        if self.untold as usize + self.flights.len() > self.capacity() {
            transport.write32(reg::CQ_HEAD, self.head)?;
            self.untold = 0;
        }
        fence(Ordering::SeqCst); // descriptors before the doorbell
        transport.write32(reg::SQ_TAIL, self.tail)?;
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

    /// The entry at the head, if its phase says that it is new. Copied once: the card could change
    /// it between two looks.
    fn next_completion(&self) -> Option<Completion> {
        let at = u64::from(self.head) * COMPLETION_BYTES as u64;
        let last = self.completions.load32(at + 28).ok()?;
        if (last >> 24 & 1 == 1) != self.phase {
            return None;
        }
        fence(Ordering::SeqCst); // the phase before the rest, and before the command's output
        let mut bytes = [0; COMPLETION_BYTES];
        self.completions.read(at, &mut bytes[..28]).ok()?;
        bytes[28..].copy_from_slice(&last.to_le_bytes());
        Some(Completion::decode(&bytes))
    }

    fn accept(&mut self, c: Completion) -> Result<(), QueueError> {
        let rung = self.flights.len() - self.unrung;
        let id = c.id;
        let Some(oldest) = self.flights.front() else { return Err(QueueError::Unexpected { id }) };
        let ahead = id.wrapping_sub(oldest.id()) as usize;
        if rung == 0 || ahead != 0 {
            let behind = oldest.id().wrapping_sub(id) as usize;
            return Err(match ahead {
                _ if ahead < self.flights.len() && ahead >= rung => QueueError::Early { id },
                _ if ahead < rung => QueueError::OutOfOrder { id, expected: oldest.id() },
                _ if behind as u64 <= oldest.sequence && behind <= self.entries as usize => {
                    QueueError::Duplicate { id }
                }
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
        let after = (oldest.slot + 1) & (self.entries - 1);
        let ahead = u32::from(c.sq_head).wrapping_sub(after) & (self.entries - 1);
        if u32::from(c.sq_head) >= self.entries || ahead as usize >= rung {
            return Err(QueueError::BadHead { id, head: c.sq_head, after, tail: self.rung_tail() });
        }
        let Some(flight) = self.flights.pop_front() else { return Err(QueueError::Unexpected { id }) };
        let done = Done { opcode: flight.opcode, status, detail: c.detail, cycles: c.cycles, work: c.work };
        self.done.insert(flight.sequence, done);
        self.head = (self.head + 1) & (self.entries - 1);
        self.untold += 1;
        if self.head == 0 {
            self.phase = !self.phase;
        }
        Ok(())
    }

    fn rung_tail(&self) -> u32 {
        self.tail.wrapping_sub(self.unrung as u32) & (self.entries - 1)
    }

    /// Whether the ticket is of the present generation.
    pub(crate) fn is_current(&self, ticket: Ticket) -> bool {
        ticket.generation == self.generation
    }

    /// Whether the command is in flight.
    pub(crate) fn is_in_flight(&self, ticket: Ticket) -> bool {
        self.is_current(ticket)
            && self.flights.front().is_some_and(|f| (f.sequence..self.next).contains(&ticket.sequence))
    }

    /// Takes a finished command's result.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Done> {
        // A result outlives a reset: the command ended before it.
        self.done.remove(&ticket.sequence)
    }

    /// Takes the oldest result that nobody has taken.
    pub(crate) fn take_any(&mut self) -> Option<(Ticket, Done)> {
        let (sequence, done) = self.done.pop_first()?;
        Some((Ticket { sequence, generation: self.generation }, done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dma::DmaPool;
    use crate::transport::IovaRange;
    use crate::transport::testing::Windows;
    use gristmill_abi::command::{Opcode, Operand};

    fn queue() -> (QueuePair, Windows) {
        let (pool, mut t) = (DmaPool::new(&[IovaRange { first: 0, last: 1 << 40 }]), Windows::default());
        let (sq, cq) = QueuePair::ring_bytes(2);
        let (sq, cq) = (pool.allocate(&mut t, sq).unwrap(), pool.allocate(&mut t, cq).unwrap());
        let mut queue = QueuePair::new(sq, cq, 2);
        queue.start(&mut t, 5).unwrap();
        (queue, t)
    }

    fn push(queue: &mut QueuePair) -> Ticket {
        let none = Operand::NONE;
        let nop = Descriptor {
            opcode: Opcode::Nop as u8,
            flags: 0,
            id: 0,
            unit: 0,
            count: 0,
            epoch: 0,
            a: none,
            b: none,
            c: none,
        };
        queue.push(nop, 1, Vec::new()).unwrap()
    }

    fn complete(queue: &mut QueuePair, slot: u64, id: u16, sq_head: u16) {
        let c = Completion { detail: 0, epoch: 5, cycles: 1, work: 0, sq_head, id, status: 0, phase: queue.phase };
        queue.completions.write(slot * COMPLETION_BYTES as u64, &c.encode()).unwrap();
    }

    #[test]
    fn a_completion_before_its_doorbell_is_an_error() {
        let (mut queue, mut t) = queue();
        push(&mut queue);
        queue.ring(&mut t).unwrap();
        push(&mut queue);
        complete(&mut queue, 0, 1, 2);
        assert_eq!(queue.poll(), Err(QueueError::Early { id: 1 }));
        let (mut queue, _) = self::queue();
        push(&mut queue);
        complete(&mut queue, 0, 0, 1);
        assert_eq!(queue.poll(), Err(QueueError::Early { id: 0 }));
    }

    #[test]
    fn a_head_past_the_doorbell_is_an_error() {
        let (mut queue, mut t) = queue();
        push(&mut queue);
        queue.ring(&mut t).unwrap();
        push(&mut queue);
        complete(&mut queue, 0, 0, 2);
        assert_eq!(queue.poll(), Err(QueueError::BadHead { id: 0, head: 2, after: 1, tail: 1 }));
    }

    #[test]
    fn ids_wrap_and_results_are_taken_once() {
        let (mut queue, mut t) = queue();
        queue.next = 0xffff;
        for round in 0..3u64 {
            let ticket = push(&mut queue);
            queue.ring(&mut t).unwrap();
            complete(&mut queue, round, 0xffff_u16.wrapping_add(round as u16), (round as u16 + 1) % 4);
            assert!(queue.is_in_flight(ticket));
            assert_eq!(queue.poll(), Ok(1));
            assert!(queue.take(ticket).is_some() && queue.take(ticket).is_none());
            assert!(!queue.is_in_flight(ticket));
        }
    }
}
