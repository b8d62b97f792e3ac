//! Waiting for completions: by the interrupt, or by watching the ring.

use super::Card;
use super::lane::Lane;
use crate::error::Error;
use crate::queue::{Done, Ticket, Watch};
use crate::transport::TransportError;
use gristmill_abi::completion::Status;
use gristmill_abi::registers as reg;
use std::time::{Duration, Instant};

/// Looks at the ring between two looks at the clock.
const LOOKS: u32 = 64;
/// Rounds of [`LOOKS`] after which a wait is no longer a short one: from then on each round offers
/// the processor to others, or a card simulated on the same processor could never answer.
const SHORT: u32 = 256;

/// How completions are awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Sleep until the card's interrupt. Costs a wake-up a wait, and a register write to clear the
    /// interrupt.
    #[default]
    Interrupt,
    /// Watch the completion ring, which lies in this host's memory, and sleep only after `spin`
    /// in vain. It saves the wake-up and the clearing, and keeps a processor busy meanwhile: worth
    /// it where commands take less time than waking up does and the process has a processor of its
    /// own. [`Duration::MAX`] never sleeps, and then the card's interrupt is off.
    Poll {
        /// How long each wait watches before it sleeps.
        spin: Duration,
    },
}

impl Wait {
    /// Watches for ever.
    pub const BUSY: Wait = Wait::Poll { spin: Duration::MAX };

    /// Whether the interrupt is ever waited for.
    pub(crate) fn sleeps(self) -> bool {
        self != Wait::BUSY
    }

    /// Which of these interrupts are enabled.
    pub(crate) fn interrupts(self, all: u32) -> u32 {
        if self.sleeps() { all } else { 0 }
    }
}

/// One wait's progress from watching to sleeping.
pub(super) enum Pause {
    Watching {
        /// `None` is for ever.
        until: Option<Instant>,
        rounds: u32,
    },
    Sleeping,
}

impl Card {
    /// Waits for a command. Its own failure is [`Error::Command`]; other errors mean that the
    /// card or the way to it failed.
    pub fn wait(&mut self, ticket: Ticket) -> Result<Done, Error> {
        let mut pause = self.pause();
        loop {
            if let Some(result) = self.check(ticket)? {
                return result;
            }
            self.idle(&mut pause)?;
        }
    }

    /// Waits for any command whose result nobody has taken: each queue's oldest first, and the queues
    /// in turn. That a queue's completions were garbage is told when no other has anything in flight.
    pub fn wait_any(&mut self) -> Result<(Ticket, Result<Done, Error>), Error> {
        let mut pause = self.pause();
        loop {
            self.poll();
            if let Some((ticket, done)) = self.take_any() {
                return Ok((ticket, judge(done)));
            }
            let mut in_flight = 0;
            for index in 0..self.lanes.len() {
                if self.healthy(index).is_ok() {
                    in_flight += self.lanes[index].queue.in_flight();
                    self.look(index)?;
                }
            }
            if self.lanes.iter().any(|lane| lane.queue.untaken() > 0) {
                continue;
            }
            if in_flight == 0 {
                (0..self.lanes.len()).try_for_each(|index| self.healthy(index))?;
                return Err(Error::UnknownTicket);
            }
            self.idle(&mut pause)?;
        }
    }

    fn take_any(&mut self) -> Option<(Ticket, Done)> {
        let (first, count) = (self.turn, self.lanes.len());
        let order = (0..count).map(|i| (first + i) % count);
        let (index, taken) = order.filter_map(|i| Some((i, self.lanes[i].queue.take_any()?))).next()?;
        self.turn = (index + 1) % count;
        Some(taken)
    }

    /// The command's result if it has ended, `None` if it is in flight; in the latter case its
    /// completion will raise the interrupt (unless [`Wait::BUSY`]). Also watches the time-outs, so
    /// it is to be called now and then while waiting by other means.
    pub fn try_wait(&mut self, ticket: Ticket) -> Result<Option<Result<Done, Error>>, Error> {
        loop {
            if let Some(result) = self.check(ticket)? {
                return Ok(Some(result));
            }
            if !self.arm()? {
                return Ok(None);
            }
        }
    }

    /// Notes that an interrupt came and was consumed elsewhere (an event loop).
    pub fn interrupt_came(&mut self) {
        self.armed = false;
    }

    /// How often a waiting event loop is to call [`try_wait`](Self::try_wait) without an interrupt.
    pub fn slice(&self) -> Duration {
        self.options.limits.slice
    }

    /// How completions are awaited.
    pub fn wait_mode(&self) -> Wait {
        self.options.wait
    }

    /// Awaits completions in another way from now on.
    pub fn set_wait_mode(&mut self, wait: Wait) -> Result<(), Error> {
        self.options.wait = wait;
        // Whatever is pending is cleared before the next sleep.
        self.armed = false;
        Ok(self.transport.write32(reg::IRQ_ENABLE, wait.interrupts(self.interrupts()))?)
    }

    /// [`try_wait`](Self::try_wait) for who does not wait for the interrupt.
    pub(crate) fn check(&mut self, ticket: Ticket) -> Result<Option<Result<Done, Error>>, Error> {
        let index = ticket.queue();
        if index >= self.lanes.len() {
            return Err(Error::UnknownTicket);
        }
        self.look(index)?;
        let queue = &mut self.lanes[index].queue;
        if let Some(done) = queue.take(ticket) {
            return Ok(Some(judge(done)));
        }
        match (queue.is_current(ticket), queue.is_in_flight(ticket)) {
            (false, _) => Err(Error::Stale),
            (true, false) => Err(Error::UnknownTicket),
            (true, true) => Ok(None),
        }
    }

    /// Takes the completions of all queues; returns how many. A queue whose completions are garbage is
    /// told by [`healthy`](Self::healthy).
    pub(super) fn poll(&mut self) -> usize {
        let mut all = 0;
        for lane in &mut self.lanes {
            let taken = lane.queue.poll().unwrap_or(0);
            lane.news |= taken > 0;
            all += taken;
        }
        // A completion that was taken has set its pending bit, now or soon.
        self.armed &= all == 0;
        all
    }

    /// The error of a queue whose completions were garbage.
    pub(super) fn healthy(&self, index: usize) -> Result<(), Error> {
        match self.lanes[index].queue.broken() {
            None => Ok(()),
            Some(source) => Err(Error::Queue { device: self.name().into(), queue: index as u8, source }),
        }
    }

    /// Takes completions; looks at the card itself when a slice has passed without any of this queue.
    pub(super) fn look(&mut self, index: usize) -> Result<(), Error> {
        self.poll();
        self.healthy(index)?;
        let (slice, now) = (self.options.limits.slice, Instant::now());
        let lane = &mut self.lanes[index];
        if std::mem::take(&mut lane.news) {
            lane.looked = now;
        } else if now.saturating_duration_since(lane.looked) >= slice {
            lane.looked = now;
            self.watch_oldest(index)?;
        }
        Ok(())
    }

    /// Sees to it that the next completion raises the interrupt; `true` if completions were taken
    /// on the way. The interrupt is an edge of "something is pending", so the pending bits have to be
    /// clear, and a completion that came before it was clear must be seen here: hence the flush
    /// between clearing and looking. Without it a posted clearing could swallow the bit of a
    /// completion that the look just missed, and the wait would last a slice.
    fn arm(&mut self) -> Result<bool, Error> {
        if self.armed || !self.options.wait.sleeps() {
            return Ok(false);
        }
        let all = self.interrupts();
        let transport = &mut *self.transport;
        let cleared = transport.post32(reg::IRQ_PENDING, all);
        let cleared = cleared.and_then(|()| transport.flush());
        self.armed = true;
        self.after(cleared)
    }

    /// Takes completions after a use of the transport; `true` if there were any. Its error counts only
    /// if there were none: what had completed before the way to the card was lost is there.
    fn after(&mut self, outcome: Result<(), TransportError>) -> Result<bool, Error> {
        let taken = self.poll() > 0;
        if taken { Ok(true) } else { Ok(outcome.map(|()| false)?) }
    }

    /// Checks the time-out of a queue's oldest command, and that the card is there at all. Of each
    /// other queue two commands may go first: one is run or fetched already, and one has its turn.
    fn watch_oldest(&mut self, index: usize) -> Result<(), Error> {
        let Some(oldest) = self.lanes[index].queue.oldest() else { return Ok(()) };
        let before =
            |(i, lane): (usize, &Lane)| if i == index { 0 } else { lane.queue.largest_budget().saturating_mul(2) };
        let others = self.lanes.iter().enumerate().map(before).fold(0, u64::saturating_add);
        let (transport, limits) = (&mut *self.transport, &self.options.limits);
        let lane = &mut self.lanes[index];
        match &mut lane.watch {
            Some(watch) if watch.is_for(oldest) => watch.check(transport, limits, others),
            _ => {
                let mut watch = Watch::flight(transport, oldest)?;
                watch.check(transport, limits, others)?;
                lane.watch = Some(watch);
                Ok(())
            }
        }
    }

    /// The beginning of a wait.
    pub(super) fn pause(&self) -> Pause {
        match self.options.wait {
            Wait::Interrupt => Pause::Sleeping,
            Wait::Poll { spin } => Pause::Watching { until: Instant::now().checked_add(spin), rounds: 0 },
        }
    }

    /// Waits for a moment in which something may happen: watching the rings first if that is
    /// wanted, then for an interrupt, a slice at most.
    pub(super) fn idle(&mut self, pause: &mut Pause) -> Result<(), Error> {
        if let Pause::Watching { until, rounds } = pause {
            for _ in 0..LOOKS {
                // (A queue known to be broken has no news that anybody waits for.)
                if self.lanes.iter().any(|lane| lane.queue.broken().is_none() && lane.queue.has_news()) {
                    return Ok(());
                }
                self.transport.spin()?;
            }
            *rounds += 1;
            if *rounds > SHORT {
                std::thread::yield_now();
                *rounds = SHORT;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                *pause = Pause::Sleeping;
            }
        } else if !self.arm()? {
            let woken = self.transport.wait_interrupt(self.options.limits.slice);
            self.after(woken.map(drop))?;
        }
        Ok(())
    }
}

fn judge(done: Done) -> Result<Done, Error> {
    match done.status {
        Status::Ok => Ok(done),
        status => Err(Error::Command { opcode: done.opcode, status, detail: done.detail }),
    }
}
