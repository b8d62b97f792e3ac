//! A card: identity, bring-up, commands, counters, reset.

mod bring_up;
mod command;
mod counters;
mod doctor;
mod info;

pub use command::{Command, Place, ScalarForm};
pub use counters::Counters;
pub use doctor::{Doctor, Finding};
pub use info::CardInfo;

use crate::dma::{DmaBuffer, DmaPool};
use crate::error::Error;
use crate::queue::{Done, Limits, QueuePair, Ticket, Watch};
use crate::transport::Transport;
use gristmill_abi::command::Opcode;
use gristmill_abi::completion::Status;
use gristmill_abi::registers as reg;
use info::identify;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Most results that may wait to be taken.
const MAX_UNTAKEN: usize = 1 << 16;

/// How a card is driven.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// log2 of the entries of both rings, 1 to 12. One less commands can be in flight.
    pub log_ring: u32,
    /// Time-outs.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Options { log_ring: 8, limits: Limits::default() }
    }
}

/// An open card with its queue running.
///
/// Commands run in order. [`submit`](Self::submit) puts one into the ring and rings the doorbell,
/// [`submit_all`](Self::submit_all) many with one doorbell; [`wait`](Self::wait) gives a
/// command's result. Dropping the card resets it and takes all DMA memory back.
pub struct Card {
    transport: Box<dyn Transport>,
    pool: DmaPool,
    queue: QueuePair,
    info: CardInfo,
    options: Options,
    watch: Option<Watch>,
    /// An interrupt came whose pending bit is not yet cleared.
    interrupted: bool,
    looked: Instant,
}

impl Card {
    /// Identifies, resets and starts the card.
    pub fn open(transport: Box<dyn Transport>) -> Result<Self, Error> {
        Self::open_with(transport, Options::default())
    }

    /// [`open`](Self::open) with options.
    pub fn open_with(mut transport: Box<dyn Transport>, options: Options) -> Result<Self, Error> {
        let log = options.log_ring;
        if !(reg::MIN_LOG_RING..=reg::MAX_LOG_RING).contains(&log) {
            return Err(Error::RingSize { log });
        }
        bring_up::command_register(&mut *transport, true)?;
        let version = identify(&mut *transport)?;
        let info = CardInfo::read(&mut *transport, version)?;
        let pool = DmaPool::new(transport.iova_ranges());
        let (submissions, completions) = QueuePair::ring_bytes(log);
        let submissions = pool.allocate(&mut *transport, submissions)?;
        let completions = pool.allocate(&mut *transport, completions)?;
        let queue = QueuePair::new(submissions, completions, log);
        let looked = Instant::now();
        let mut card = Card { transport, pool, queue, info, options, watch: None, interrupted: false, looked };
        card.bring_up()?;
        tracing::info!(device = card.name(), config = card.info.config_id, "card is up");
        Ok(card)
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        self.transport.name()
    }

    /// Identity and capabilities.
    pub fn info(&self) -> &CardInfo {
        &self.info
    }

    /// All counters now.
    pub fn counters(&mut self) -> Result<Counters, Error> {
        Ok(Counters::read(&mut *self.transport)?)
    }

    /// Card cycles since power-up.
    pub fn cycles(&mut self) -> Result<u64, Error> {
        Ok(crate::queue::read_cycles(&mut *self.transport)?)
    }

    /// Cycles a second, read anew: a simulator's rate changes.
    pub fn clock_hz(&mut self) -> Result<u32, Error> {
        Ok(self.transport.read32(reg::CLOCK_HZ)?)
    }

    /// Memory that the card can reach, zeroed.
    pub fn allocate(&mut self, bytes: u64) -> Result<DmaBuffer, Error> {
        Ok(self.pool.allocate(&mut *self.transport, bytes)?)
    }

    /// Gives DMA memory that is not in use back to the system.
    pub fn trim(&mut self) -> Result<(), Error> {
        Ok(self.pool.trim(&mut *self.transport)?)
    }

    /// Bytes mapped for the card, and how many of them lie in huge pages.
    pub fn mapped(&self) -> (u64, u64) {
        self.pool.mapped()
    }

    /// Submits one command and rings the doorbell. Waits for room if the ring is full.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Error> {
        self.make_room()?;
        let ticket = self.push(command)?;
        self.queue.ring(&mut *self.transport)?;
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

    /// Submits many commands with one doorbell; with more where they exceed the ring. If one is
    /// refused here, those before it are running and their tickets are lost: their results are
    /// found by [`wait_any`](Self::wait_any).
    pub fn submit_all(&mut self, commands: impl IntoIterator<Item = Command>) -> Result<Vec<Ticket>, Error> {
        let mut tickets = Vec::new();
        for command in commands {
            let pushed = self.make_room().and_then(|()| self.push(command));
            match pushed {
                Ok(ticket) => tickets.push(ticket),
                Err(error) => {
                    self.queue.ring(&mut *self.transport)?;
                    return Err(error);
                }
            }
        }
        self.queue.ring(&mut *self.transport)?;
        Ok(tickets)
    }

    /// Waits for a command. Its own failure is [`Error::Command`]; other errors mean that the
    /// card or the way to it failed.
    pub fn wait(&mut self, ticket: Ticket) -> Result<Done, Error> {
        loop {
            if let Some(result) = self.try_wait(ticket)? {
                return result;
            }
            self.idle()?;
        }
    }

    /// Waits for the oldest command whose result nobody has taken.
    pub fn wait_any(&mut self) -> Result<(Ticket, Result<Done, Error>), Error> {
        loop {
            self.look()?;
            if let Some((ticket, done)) = self.queue.take_any() {
                return Ok((ticket, judge(done)));
            }
            if self.queue.in_flight() == 0 {
                return Err(Error::UnknownTicket);
            }
            if !self.settle()? {
                self.idle()?;
            }
        }
    }

    /// Submits a command and waits for it.
    pub fn run(&mut self, command: Command) -> Result<Done, Error> {
        let ticket = self.submit(command)?;
        self.wait(ticket)
    }

    /// Commands in flight.
    pub fn in_flight(&self) -> usize {
        self.queue.in_flight()
    }

    /// The command's result if it has ended, `None` if it is in flight. Also watches the time-outs,
    /// so it is to be called now and then while waiting by other means.
    pub fn try_wait(&mut self, ticket: Ticket) -> Result<Option<Result<Done, Error>>, Error> {
        self.look()?;
        loop {
            if let Some(done) = self.queue.take(ticket) {
                return Ok(Some(judge(done)));
            }
            match (self.queue.is_current(ticket), self.queue.is_in_flight(ticket)) {
                (false, _) => return Err(Error::Stale),
                (true, false) => return Err(Error::UnknownTicket),
                (true, true) => {}
            }
            if !self.settle()? {
                return Ok(None);
            }
        }
    }

    /// Notes that an interrupt came and was consumed elsewhere (an event loop).
    pub fn interrupt_came(&mut self) {
        self.interrupted = true;
    }

    /// The eventfd of the interrupt, for an event loop.
    pub fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        self.transport.interrupt_fd()
    }

    /// How often a waiting event loop is to call [`try_wait`](Self::try_wait) without an interrupt.
    pub fn slice(&self) -> Duration {
        self.options.limits.slice
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

    fn make_room(&mut self) -> Result<(), Error> {
        if self.queue.is_full() {
            self.queue.ring(&mut *self.transport)?;
            self.look()?;
            while self.queue.is_full() {
                if !self.settle()? {
                    self.idle()?;
                }
                self.look()?;
            }
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<usize, Error> {
        let device = self.transport.name();
        self.queue.poll().map_err(|source| Error::Queue { device: device.into(), source })
    }

    /// Takes completions; looks at the card itself when a slice has passed without any.
    fn look(&mut self) -> Result<(), Error> {
        if self.poll()? == 0 && self.looked.elapsed() >= self.options.limits.slice {
            self.watch_oldest()?;
        }
        Ok(())
    }

    /// Clears an interrupt that was consumed, then takes completions again, so that none falls
    /// between; `false` if there was nothing to clear. Only before waiting for the next interrupt:
    /// while the card works, the register write costs no time.
    fn settle(&mut self) -> Result<bool, Error> {
        if !self.interrupted {
            return Ok(false);
        }
        self.interrupted = false;
        self.transport.write32(reg::IRQ_PENDING, reg::IRQ_COMPLETION | reg::IRQ_ERROR)?;
        self.poll()?;
        Ok(true)
    }

    /// Checks the oldest command's time-out, and that the card is there at all.
    fn watch_oldest(&mut self) -> Result<(), Error> {
        self.looked = Instant::now();
        let Some(oldest) = self.queue.oldest() else { return Ok(()) };
        let transport = &mut *self.transport;
        match &mut self.watch {
            Some(watch) if watch.is_for(oldest) => watch.check(transport, &self.options.limits),
            _ => {
                let mut watch = Watch::flight(transport, oldest)?;
                watch.check(transport, &self.options.limits)?;
                self.watch = Some(watch);
                Ok(())
            }
        }
    }

    /// Waits for an interrupt, a slice at most.
    fn idle(&mut self) -> Result<(), Error> {
        self.interrupted |= self.transport.wait_interrupt(self.options.limits.slice)?;
        Ok(())
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.quiesce();
    }
}

fn judge(done: Done) -> Result<Done, Error> {
    match done.status {
        Status::Ok => Ok(done),
        status => Err(Error::Command { opcode: done.opcode, status, detail: done.detail }),
    }
}
