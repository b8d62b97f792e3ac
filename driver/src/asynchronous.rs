//! Waiting for commands on tokio.
//!
//! Where the transport has an eventfd, a task sleeps on it, or watches the completion ring first and
//! yields between looks ([`Wait::Poll`]); simulators in this process have none
//! (their clock runs while somebody waits), so there a blocking thread waits.

use crate::card::{Card, Command, Wait};
use crate::error::Error;
use crate::queue::{Done, Ticket, Tickets};
use crate::transport::consume;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

/// Looks at the ring before other tasks may run, where it is watched.
const LOOKS: u32 = 16;

/// A card shared by tasks. Submitting and register accesses are short and done in place; only
/// waiting is asynchronous.
pub struct AsyncCard {
    card: Arc<Mutex<Card>>,
    event: Option<AsyncFd<OwnedFd>>,
    /// Tells all waiting tasks that one of them consumed an interrupt.
    woken: Notify,
}

fn lock(card: &Mutex<Card>) -> MutexGuard<'_, Card> {
    // The card checks all it reads from the device anyway, so it survives a panic of its holder.
    card.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncCard {
    /// Takes over a card. To be called in a tokio runtime with I/O and time enabled; tokio panics
    /// in one without.
    pub fn new(card: Card) -> Result<Self, Error> {
        tokio::runtime::Handle::try_current().map_err(|e| Error::Async(e.to_string()))?;
        let event = match card.interrupt_fd() {
            None => None,
            Some(fd) => {
                let own = fd.try_clone_to_owned().map_err(|e| Error::Async(e.to_string()))?;
                Some(register(own)?)
            }
        };
        Ok(AsyncCard { card: Arc::new(Mutex::new(card)), event, woken: Notify::new() })
    }

    /// Uses the card directly: to submit, allocate, read counters. Do not wait in `f`.
    pub fn with<R>(&self, f: impl FnOnce(&mut Card) -> R) -> R {
        f(&mut lock(&self.card))
    }

    /// Submits commands with one doorbell. Where the ring is full this waits in place.
    pub fn submit_all(&self, commands: impl IntoIterator<Item = Command>) -> Result<Tickets, Error> {
        self.with(|card| card.submit_all(commands))
    }

    /// Waits for a command, as [`Card::wait`]. Any number of tasks may wait for commands of one
    /// card.
    pub async fn wait(&self, ticket: Ticket) -> Result<Done, Error> {
        let Some(event) = &self.event else {
            let card = self.card.clone();
            let waited = tokio::task::spawn_blocking(move || lock(&card).wait(ticket)).await;
            return waited.map_err(|e| Error::Async(e.to_string()))?;
        };
        let (slice, mode) = self.with(|card| (card.slice(), card.wait_mode()));
        if let Wait::Poll { spin } = mode
            && let Some(result) = self.watch(ticket, spin).await?
        {
            return result;
        }
        loop {
            // Listening begins before the look, so that no wake-up falls between.
            let mut woken = pin!(self.woken.notified());
            woken.as_mut().enable();
            if let Some(result) = self.with(|card| card.try_wait(ticket))? {
                return result;
            }
            tokio::select! {
                readable = event.readable() => {
                    let mut guard = readable.map_err(|e| Error::Async(e.to_string()))?;
                    // Only a successful read is an interrupt.
                    let read = guard.try_io(|fd| Ok(consume(fd.get_ref().as_fd())?));
                    if let Ok(Ok(_)) = read {
                        self.with(Card::interrupt_came);
                        self.woken.notify_waiters();
                    }
                }
                () = woken => {}
                () = tokio::time::sleep(slice) => {}
            }
        }
    }

    /// Looks at the ring again and again, and lets other tasks run in between; `None` if the command
    /// is still in flight after `spin`.
    async fn watch(&self, ticket: Ticket, spin: Duration) -> Result<Option<Result<Done, Error>>, Error> {
        let until = Instant::now().checked_add(spin);
        loop {
            for _ in 0..LOOKS {
                let ended = self.with(|card| card.check(ticket))?;
                if ended.is_some() {
                    return Ok(ended);
                }
                std::hint::spin_loop();
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Submits a command and waits for it.
    pub async fn run(&self, command: Command) -> Result<Done, Error> {
        let ticket = self.with(|card| card.submit(command))?;
        self.wait(ticket).await
    }

    /// Gives the card back, unless a blocking wait still has it.
    pub fn into_inner(self) -> Option<Card> {
        Arc::into_inner(self.card).map(|card| card.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

fn register(fd: OwnedFd) -> Result<AsyncFd<OwnedFd>, Error> {
    // SAFETY: an `OwnedFd` keeps its descriptor open and always gives the same one.
    let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    registered.map_err(|e| Error::Async(e.to_string()))
}
