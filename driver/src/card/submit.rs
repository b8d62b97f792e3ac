//! Commands on their way into the ring.

use super::{Card, Command, Wait};
use crate::error::Error;
use crate::queue::{Done, Ticket, Tickets};
use gristmill_abi::command::Opcode;
use gristmill_abi::registers as reg;
use std::time::Instant;

/// Most results that may wait to be taken.
const MAX_UNTAKEN: usize = 1 << 16;

/// One queue of a card. Made by [`Card::queue`].
///
/// Results are waited for at the [`Card`], by ticket: a ticket knows its queue.
pub struct Queue<'a> {
    card: &'a mut Card,
    index: usize,
}

impl<'a> Queue<'a> {
    /// Submits one command and rings the doorbell. Waits for room if the ring is full.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.card.make_room(self.index)?;
        let ticket = self.card.push(self.index, command)?;
        self.card.ring(self.index)?;
        Ok(ticket)
    }

    /// [`submit`](Self::submit) that answers [`Error::RingFull`] instead of waiting.
    pub fn try_submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.card.poll();
        self.card.healthy(self.index)?;
        let queue = &self.card.lanes[self.index].queue;
        if queue.is_full() {
            return Err(Error::RingFull { entries: queue.capacity() });
        }
        self.submit(command)
    }

    /// Begins a batch of commands with one doorbell.
    pub fn batch(self) -> Batch<'a> {
        Batch(self)
    }

    /// Submits many commands with one doorbell; with more where they exceed the ring. If one is
    /// refused here, those before it are running and their tickets are lost: their results are
    /// found by [`Card::wait_any`].
    pub fn submit_all(self, commands: impl IntoIterator<Item = Command>) -> Result<Tickets, Error> {
        let first = self.card.lanes[self.index].queue.next_ticket();
        let mut count = 0;
        let mut batch = self.batch();
        for command in commands {
            batch.push(command)?;
            count += 1;
        }
        batch.submit()?;
        Ok(Tickets::new(first, count))
    }

    /// Submits a command and waits for it.
    pub fn run(&mut self, command: Command) -> Result<Done, Error> {
        let ticket = self.submit(command)?;
        self.card.wait(ticket)
    }

    /// Commands of this queue in flight.
    pub fn in_flight(&self) -> usize {
        self.card.lanes[self.index].queue.in_flight()
    }

    /// Starts the queue anew, after [`Error::QueueStopped`] say, while the others go on: waits until
    /// nothing of it is in the card any more. Its commands in flight are lost ([`Error::Stale`]).
    pub fn restart(&mut self) -> Result<(), Error> {
        self.card.restart(self.index)
    }
}

/// Commands that are announced to the card with one doorbell: by [`submit`](Self::submit), or
/// when this is dropped. Made by [`Card::batch`] and [`Queue::batch`].
#[must_use = "commands are pushed into it"]
pub struct Batch<'a>(Queue<'a>);

impl Batch<'_> {
    /// Adds a command. If the ring is full, this announces those before it and waits for room.
    pub fn push(&mut self, command: Command) -> Result<Ticket, Error> {
        let Queue { card, index } = &mut self.0;
        card.make_room(*index)?;
        card.push(*index, command)
    }

    /// Rings the doorbell.
    pub fn submit(self) -> Result<(), Error> {
        self.0.card.ring(self.0.index)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let Queue { card, index } = &mut self.0;
        // After `submit` there is nothing to ring. Who waits for a ticket meets the error again.
        if let Err(error) = card.ring(*index) {
            tracing::debug!(device = card.name(), %error, "ringing the doorbell of a dropped batch");
        }
    }
}

impl Card {
    /// One of the queues in use, by its number.
    pub fn queue(&mut self, index: usize) -> Result<Queue<'_>, Error> {
        if index >= self.lanes.len() {
            return Err(Error::NoQueue { device: self.name().into(), queue: index, queues: self.lanes.len() });
        }
        Ok(Queue { card: self, index })
    }

    fn first_queue(&mut self) -> Queue<'_> {
        Queue { card: self, index: 0 }
    }

    /// [`Queue::submit`] on queue 0.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.first_queue().submit(command)
    }

    /// [`Queue::try_submit`] on queue 0.
    pub fn try_submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.first_queue().try_submit(command)
    }

    /// [`Queue::batch`] on queue 0.
    pub fn batch(&mut self) -> Batch<'_> {
        self.first_queue().batch()
    }

    /// [`Queue::submit_all`] on queue 0.
    pub fn submit_all(&mut self, commands: impl IntoIterator<Item = Command>) -> Result<Tickets, Error> {
        self.first_queue().submit_all(commands)
    }

    /// [`Queue::run`] on queue 0.
    pub fn run(&mut self, command: Command) -> Result<Done, Error> {
        self.first_queue().run(command)
    }

    fn push(&mut self, index: usize, command: Command) -> Result<Ticket, Error> {
        if self.lanes[index].queue.untaken() >= MAX_UNTAKEN {
            let (what, count) = ("results that nobody took", MAX_UNTAKEN as u64);
            return Err(Error::BadCount { what, count, problem: "wait for the commands submitted" });
        }
        command.check(&self.info)?;
        let missing = (command.is_batch() && !self.info.batches)
            || (command.has_columns() && !self.info.columns)
            || (command.has_order() && !self.info.orders)
            || match command.opcode() {
                Some(Opcode::Msm) => self.info.msm.is_none(),
                Some(Opcode::Ntt) => self.info.ntt.is_none(),
                Some(Opcode::Copy | Opcode::Zero) => !self.info.copy,
                Some(Opcode::Elementwise) => !self.info.elementwise,
                _ => false,
            };
        if missing {
            let which = match () {
                () if command.has_columns() => " of columns",
                () if command.has_order() => " of reversed vectors",
                () if command.is_batch() => " of several vectors",
                () => "",
            };
            let what = format!("{}{which}", crate::error::opcode_name(command.descriptor().opcode));
            return Err(Error::NotOffered { device: self.name().into(), what });
        }
        let least = self.options.limits.least_cycles.unwrap_or((1 << 18).max(2 * u64::from(self.info.clock_hz)));
        let line = self.transport.bytes_per_second();
        let (descriptor, budget) = (command.descriptor(), command.cycles(&self.info, least, line));
        let lane = &mut self.lanes[index];
        if lane.queue.in_flight() == 0 {
            lane.looked = Instant::now();
        }
        Ok(lane.queue.push(descriptor, budget, command.into_holds())?)
    }

    /// Rings a queue's doorbell for what was pushed.
    fn ring(&mut self, index: usize) -> Result<(), Error> {
        // With nothing in flight, this is when the pending bits are cleared for two writes in order
        // and no read: what completes after the doorbell finds them clear. (See `arm`.)
        if self.options.wait == Wait::Interrupt
            && !self.armed
            && self.lanes[index].queue.in_flight() > 0
            && self.lanes.iter().all(|lane| lane.queue.rung() == 0)
        {
            self.transport.post32(reg::IRQ_PENDING, self.interrupts())?;
            self.armed = true;
        }
        Ok(self.lanes[index].queue.ring(&mut *self.transport)?)
    }

    fn make_room(&mut self, index: usize) -> Result<(), Error> {
        if self.lanes[index].queue.is_full() {
            self.ring(index)?;
            let mut pause = self.pause();
            self.look(index)?;
            while self.lanes[index].queue.is_full() {
                self.idle(&mut pause)?;
                self.look(index)?;
            }
        }
        Ok(())
    }
}
