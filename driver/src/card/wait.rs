//! Waiting for completions: by the interrupt, or by watching the ring.

use super::Card;
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

    /// The interrupts that are enabled.
    pub(crate) fn interrupts(self) -> u32 {
        if self.sleeps() { reg::IRQ_COMPLETION | reg::IRQ_ERROR } else { 0 }
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

    /// Waits for the oldest command whose result nobody has taken.
    pub fn wait_any(&mut self) -> Result<(Ticket, Result<Done, Error>), Error> {
        let mut pause = self.pause();
        loop {
            self.look()?;
            if let Some((ticket, done)) = self.queue.take_any() {
                return Ok((ticket, judge(done)));
            }
            if self.queue.in_flight() == 0 {
                return Err(Error::UnknownTicket);
            }
            self.idle(&mut pause)?;
        }
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
        Ok(self.transport.write32(reg::IRQ_ENABLE, wait.interrupts())?)
    }

    /// [`try_wait`](Self::try_wait) for who does not wait for the interrupt.
    pub(crate) fn check(&mut self, ticket: Ticket) -> Result<Option<Result<Done, Error>>, Error> {
        self.look()?;
        if let Some(done) = self.queue.take(ticket) {
            return Ok(Some(judge(done)));
        }
        match (self.queue.is_current(ticket), self.queue.is_in_flight(ticket)) {
            (false, _) => Err(Error::Stale),
            (true, false) => Err(Error::UnknownTicket),
            (true, true) => Ok(None),
        }
    }

    pub(super) fn poll(&mut self) -> Result<usize, Error> {
        let device = self.transport.name();
        let taken = self.queue.poll().map_err(|source| Error::Queue { device: device.into(), source })?;
        // A completion that was taken has set the pending bit, now or soon.
        self.armed &= taken == 0;
        Ok(taken)
    }

    /// Takes completions; looks at the card itself when a slice has passed without any.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        let (taken, now) = (self.poll()?, Instant::now());
        if taken > 0 {
            self.looked = now;
        } else if now.saturating_duration_since(self.looked) >= self.options.limits.slice {
            self.looked = now;
            self.watch_oldest()?;
        }
        Ok(())
    }

    /// Sees to it that the next completion raises the interrupt; `true` if completions were taken
    /// on the way. The interrupt is an edge of "something is pending", so the pending bit has to be
    /// clear, and a completion that came before it was clear must be seen here: hence the flush
    /// between clearing and looking. Without it a posted clearing could swallow the bit of a
    /// completion that the look just missed, and the wait would last a slice.
    fn arm(&mut self) -> Result<bool, Error> {
        if self.armed || !self.options.wait.sleeps() {
            return Ok(false);
        }
        let transport = &mut *self.transport;
        let cleared = transport.post32(reg::IRQ_PENDING, reg::IRQ_COMPLETION | reg::IRQ_ERROR);
        let cleared = cleared.and_then(|()| transport.flush());
        self.armed = true;
        self.after(cleared)
    }

    /// Takes completions after a use of the transport; `true` if there were any. Its error counts only
    /// if there were none: what had completed before the way to the card was lost is there.
    fn after(&mut self, outcome: Result<(), TransportError>) -> Result<bool, Error> {
        let taken = self.poll()? > 0;
        if taken { Ok(true) } else { Ok(outcome.map(|()| false)?) }
    }

    /// Checks the oldest command's time-out, and that the card is there at all.
    fn watch_oldest(&mut self) -> Result<(), Error> {
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

    /// The beginning of a wait.
    pub(super) fn pause(&self) -> Pause {
        match self.options.wait {
            Wait::Interrupt => Pause::Sleeping,
            Wait::Poll { spin } => Pause::Watching { until: Instant::now().checked_add(spin), rounds: 0 },
        }
    }

    /// Waits for a moment in which something may happen: watching the ring first if that is
    /// wanted, then for an interrupt, a slice at most.
    pub(super) fn idle(&mut self, pause: &mut Pause) -> Result<(), Error> {
        if let Pause::Watching { until, rounds } = pause {
            for _ in 0..LOOKS {
                if self.queue.has_news() {
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
