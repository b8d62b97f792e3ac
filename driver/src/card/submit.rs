//! Commands on their way into the ring.

use super::{Card, Command, Wait};
use crate::error::Error;
use crate::queue::{Done, Ticket, Tickets};
use gristmill_abi::command::Opcode;
use gristmill_abi::registers as reg;
use std::time::Instant;

/// Most results that may wait to be taken.
const MAX_UNTAKEN: usize = 1 << 16;

/// Commands that are announced to the card with one doorbell: by [`submit`](Self::submit), or
/// when this is dropped. Made by [`Card::batch`].
#[must_use = "commands are pushed into it"]
pub struct Batch<'a>(&'a mut Card);

impl Batch<'_> {
    /// Adds a command. If the ring is full, this announces those before it and waits for room.
    pub fn push(&mut self, command: Command) -> Result<Ticket, Error> {
        self.0.make_room()?;
        self.0.push(command)
    }

    /// Rings the doorbell.
    pub fn submit(self) -> Result<(), Error> {
        self.0.ring()
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // After `submit` there is nothing to ring. Who waits for a ticket meets the error again.
        if let Err(error) = self.0.ring() {
            tracing::debug!(device = self.0.name(), %error, "ringing the doorbell of a dropped batch");
        }
    }
}

impl Card {
    /// Submits one command and rings the doorbell. Waits for room if the ring is full.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.make_room()?;
        let ticket = self.push(command)?;
        self.ring()?;
        Ok(ticket)
    }

    /// [`submit`](Self::submit) that answers [`Error::RingFull`] instead of waiting.
    pub fn try_submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.poll()?;
        if self.queue.is_full() {
            return Err(Error::RingFull { entries: self.queue.capacity() });
        }
        self.submit(command)
    }

    /// Begins a batch of commands with one doorbell.
    pub fn batch(&mut self) -> Batch<'_> {
        Batch(self)
    }

    /// Submits many commands with one doorbell; with more where they exceed the ring. If one is
    /// refused here, those before it are running and their tickets are lost: their results are
    /// found by [`wait_any`](Self::wait_any).
    pub fn submit_all(&mut self, commands: impl IntoIterator<Item = Command>) -> Result<Tickets, Error> {
        let first = self.queue.next_ticket();
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
        self.wait(ticket)
    }

    fn push(&mut self, command: Command) -> Result<Ticket, Error> {
        if self.queue.untaken() >= MAX_UNTAKEN {
            let (what, count) = ("results that nobody took", MAX_UNTAKEN as u64);
            return Err(Error::BadCount { what, count, problem: "wait for the commands submitted" });
        }
        command.check(&self.info)?;
        let missing = match command.opcode() {
            Some(Opcode::Msm) => self.info.msm.is_none(),
            Some(Opcode::Ntt) => self.info.ntt.is_none(),
            Some(Opcode::Copy | Opcode::Zero) => !self.info.copy,
            _ => false,
        };
        if missing {
            let what = crate::error::opcode_name(command.descriptor().opcode).to_owned();
            return Err(Error::NotOffered { device: self.name().into(), what });
        }
        let least = self.options.limits.least_cycles.unwrap_or((1 << 18).max(2 * u64::from(self.info.clock_hz)));
        let (descriptor, budget) = (command.descriptor(), command.cycles(&self.info, least));
        if self.queue.in_flight() == 0 {
            self.looked = Instant::now();
        }
        Ok(self.queue.push(descriptor, budget, command.into_holds())?)
    }

    /// Rings the doorbell for what was pushed.
    fn ring(&mut self) -> Result<(), Error> {
        // With nothing in flight, this is when the pending bit is cleared for two writes in order
        // and no read: what completes after the doorbell finds it clear. (See `arm`.)
        if self.options.wait == Wait::Interrupt && !self.armed && self.queue.rung() == 0 && self.queue.in_flight() > 0 {
            self.transport.post32(reg::IRQ_PENDING, reg::IRQ_COMPLETION | reg::IRQ_ERROR)?;
            self.armed = true;
        }
        Ok(self.queue.ring(&mut *self.transport)?)
    }

    fn make_room(&mut self) -> Result<(), Error> {
        if self.queue.is_full() {
            self.ring()?;
            let mut pause = self.pause();
            self.look()?;
            while self.queue.is_full() {
                self.idle(&mut pause)?;
                self.look()?;
            }
        }
        Ok(())
    }
}
