//! Time-outs in card cycles.
//!
//! A simulated card may be a hundred thousand times slower than a real one, so a command's time is
//! counted by the card's own counter. The wall clock only guards against a link or a clock that is
//! dead, and against a card that lies about its cycles.

use super::{Flight, Ticket};
use crate::error::{Error, opcode_name};
use crate::transport::{ALL_ONES, Transport, TransportError};
use gristmill_abi::{CARD_ID, caps, registers as reg};
use std::time::{Duration, Instant};

/// How long is waited, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Card cycles that any command may take, however small; larger ones get more. `None`: two
    /// seconds of the card's clock, at least 2^18 cycles.
    pub least_cycles: Option<u64>,
    /// Longest time in which the cycle counter may stand still, or the card may call itself idle,
    /// while a command is in flight.
    pub stall: Duration,
    /// Longest time for one command, whatever the counter says.
    pub wall: Duration,
    /// How often the card is looked at when no interrupt comes.
    pub slice: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            least_cycles: None,
            stall: Duration::from_secs(10),
            wall: Duration::from_secs(3600),
            slice: Duration::from_millis(50),
        }
    }
}

/// The card's cycle counter. Low half first: reading it latches the upper one.
pub(crate) fn read_cycles(transport: &mut dyn Transport) -> Result<u64, TransportError> {
    let low = transport.read32(reg::CYCLES_LO)?;
    let high = transport.read32(reg::CYCLES_HI)?;
    Ok(u64::from(low) | u64::from(high) << 32)
}

/// Watches one thing that the card does: its oldest command, or a reset.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The command that is watched, if it is one.
    ticket: Option<Ticket>,
    what: &'static str,
    budget: u64,
    start: u64,
    latest: u64,
    started: Instant,
    moved: Instant,
    /// Since when the card has no command, though one is in flight; `None` too where a reset is watched.
    idle: Option<Instant>,
}

impl Watch {
    /// Starts counting now.
    pub(crate) fn start(transport: &mut dyn Transport, what: &'static str, budget: u64) -> Result<Self, Error> {
        let (start, now) = (cycles_alive(transport)?, Instant::now());
        Ok(Watch { ticket: None, what, budget, start, latest: start, started: now, moved: now, idle: None })
    }

    /// The same for a command in flight.
    pub(crate) fn flight(transport: &mut dyn Transport, flight: Flight) -> Result<Self, Error> {
        let what = opcode_name(flight.opcode);
        Ok(Watch { ticket: Some(flight.ticket), ..Self::start(transport, what, flight.budget)? })
    }

    /// Whether this watches that command.
    pub(crate) fn is_for(&self, flight: Flight) -> bool {
        self.ticket == Some(flight.ticket)
    }

    /// Looks at the card: an error if it is gone, stopped the command's queue, stands still, or used up
    /// the budget and the cycles of `others`, which may go first.
    pub(crate) fn check(&mut self, transport: &mut dyn Transport, limits: &Limits, others: u64) -> Result<(), Error> {
        let cycles = cycles_alive(transport)?;
        let status = transport.read32(reg::STATUS)?;
        if let Some(Ticket { queue, .. }) = self.ticket.filter(|_| status & reg::STATUS_QUEUE_ERROR != 0)
            && has_stopped(transport, queue)?
        {
            return Err(Error::QueueStopped { device: transport.name().to_owned(), queue });
        }
        let device = || transport.name().to_owned();
        let (in_flight, what) = (self.ticket.is_some(), self.what);
        let what = || if in_flight { format!("command {what}") } else { what.to_owned() };
        let now = Instant::now();
        let stalled = |after, problem| Err(Error::Stalled { device: device(), what: what(), after, problem });
        // A counter that goes back counts as standing still.
        if cycles > self.latest {
            (self.latest, self.moved) = (cycles, now);
        } else if now - self.moved > limits.stall {
            return stalled(now - self.moved, "its cycle counter stands still");
        }
        // A completion that got lost: the clock of a simulator stands nearly still then, so its
        // cycles would not tell.
        self.idle = if in_flight && status & reg::STATUS_BUSY == 0 { self.idle.or(Some(now)) } else { None };
        if let Some(since) = self.idle.filter(|since| now - *since > limits.stall) {
            return stalled(now - since, "the card says that it is idle, but wrote no completion");
        }
        if now - self.started > limits.wall {
            return stalled(now - self.started, "the limit for one command");
        }
        let cycles = self.latest - self.start;
        let budget = self.budget.saturating_add(others);
        if cycles > budget {
            return Err(Error::TimedOut { device: device(), what: what(), cycles, budget });
        }
        Ok(())
    }
}

/// Whether this queue is the one that an error stopped, given that one is. A card with one queue
/// (before version 1.1 of its interface) has no Q_STATUS.
fn has_stopped(transport: &mut dyn Transport, queue: u8) -> Result<bool, TransportError> {
    if caps::queues(transport.read32(reg::CAPS)?) == 1 {
        return Ok(true);
    }
    Ok(transport.read32(reg::of_queue(queue.into(), reg::Q_STATUS))? & reg::Q_STATUS_ERROR != 0)
}

/// The cycle counter of a card that is there. A dead link reads as all ones; so might a counter,
/// hence the second look at the ID.
fn cycles_alive(transport: &mut dyn Transport) -> Result<u64, Error> {
    let cycles = read_cycles(transport)?;
    if cycles as u32 == ALL_ONES && transport.read32(reg::ID)? != CARD_ID {
        return Err(Error::Gone { device: transport.name().into() });
    }
    Ok(cycles)
}
