//! A card: identity, bring-up, commands, counters, reset.

mod bring_up;
mod command;
mod counters;
mod doctor;
mod info;
mod lane;
mod rescue;
mod submit;
mod wait;

pub use command::{Command, Place, ScalarForm};
pub use counters::Counters;
pub use doctor::{Doctor, Finding};
pub use info::CardInfo;
pub use rescue::Rescue;
pub use submit::{Batch, Queue};
pub use wait::Wait;

use crate::dma::{DmaBuffer, DmaPool, Kept};
use crate::error::Error;
use crate::queue::{Limits, QueuePair};
use crate::transport::Transport;
use gristmill_abi::registers as reg;
use info::identify;
use lane::Lane;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// How a card is driven.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// log2 of the entries of both rings of each queue, 1 to 12. One less commands can be in flight.
    pub log_ring: u32,
    /// Queue pairs to use: at least one, and no more than the card has.
    pub queues: usize,
    /// Time-outs.
    pub limits: Limits,
    /// How completions are awaited.
    pub wait: Wait,
}

impl Default for Options {
    fn default() -> Self {
        Options { log_ring: 8, queues: 1, limits: Limits::default(), wait: Wait::default() }
    }
}

/// An open card with its queues running.
///
/// Commands of one queue run in order; the card takes from its queues in turn, and runs one command
/// at a time. What is submitted here goes to queue 0; [`queue`](Self::queue) names another.
/// [`submit`](Self::submit) puts one into the ring and rings the doorbell,
/// [`submit_all`](Self::submit_all) and [`batch`](Self::batch) many with one doorbell;
/// [`wait`](Self::wait) gives a command's result. None of them allocates memory. Dropping the card resets it and takes all DMA memory back.
pub struct Card {
    transport: Box<dyn Transport>,
    pool: DmaPool,
    /// The queues in use, at least one.
    lanes: Box<[Lane]>,
    /// The queue whose results are given out first.
    turn: usize,
    info: CardInfo,
    options: Options,
    /// The interrupt's pending bits are clear and no completion was taken since: the next completion
    /// raises the interrupt.
    armed: bool,
}

impl Card {
    /// Identifies, resets and starts the card.
    pub fn open(transport: Box<dyn Transport>) -> Result<Self, Error> {
        Self::open_with(transport, Options::default())
    }

    /// [`open`](Self::open) with options.
    pub fn open_with(mut transport: Box<dyn Transport>, mut options: Options) -> Result<Self, Error> {
        let log = options.log_ring;
        if !(reg::MIN_LOG_RING..=reg::MAX_LOG_RING).contains(&log) {
            return Err(Error::RingSize { log });
        }
        if let Some(rate) = transport.bytes_per_second() {
            // A look at the card is some hundred bytes on the line: not more often than it has room for.
            options.limits.slice = options.limits.slice.max(Duration::from_secs(1024) / rate.clamp(1, 1 << 30) as u32);
        }
        bring_up::command_register(&mut *transport, true)?;
        let version = identify(&mut *transport)?;
        let info = CardInfo::read(&mut *transport, version)?;
        let pool = DmaPool::new(transport.iova_ranges());
        let most = u32::from(info.queues).min(reg::MAX_QUEUES) as u8;
        let mut lanes = Vec::new();
        for number in (0..most).take(options.queues.max(1)) {
            let (submissions, completions) = QueuePair::ring_bytes(log);
            let submissions = pool.allocate(&mut *transport, submissions)?;
            let completions = pool.allocate(&mut *transport, completions)?;
            lanes.push(Lane::new(QueuePair::new(submissions, completions, log, number)));
        }
        let lanes = lanes.into_boxed_slice();
        let mut card = Card { transport, pool, lanes, turn: 0, info, options, armed: false };
        card.bring_up()?;
        tracing::info!(device = card.name(), config = card.info.config_id, "card is up");
        Ok(card)
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        self.transport.name()
    }

    /// The way to the card, for measurements and bring-up tools. The queue's registers, the
    /// interrupt's and the DMA windows are the driver's own.
    pub fn transport(&mut self) -> &mut dyn Transport {
        &mut *self.transport
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

    /// Takes a buffer from the card's reach; see [`DmaPool::unmap`]. Refused while a command in
    /// flight names it.
    pub fn unmap(&mut self, buffer: DmaBuffer) -> Result<u64, Kept> {
        self.pool.unmap(&mut *self.transport, buffer)
    }

    /// Bytes mapped for the card, and how many of them lie in huge pages.
    pub fn mapped(&self) -> (u64, u64) {
        self.pool.mapped()
    }

    /// Commands in flight, in all queues.
    pub fn in_flight(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.in_flight()).sum()
    }

    /// Queues in use.
    pub fn queues(&self) -> usize {
        self.lanes.len()
    }

    /// The interrupt bits of the queues in use.
    fn interrupts(&self) -> u32 {
        reg::irq_mask(self.lanes.len() as u32)
    }

    /// The eventfd of the interrupt, for an event loop.
    pub fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        self.transport.interrupt_fd()
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.quiesce();
    }
}
