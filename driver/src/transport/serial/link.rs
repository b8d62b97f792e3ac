//! The thread that serves a serial link, and questions to it.
//!
//! One thread reads and writes the line. It answers the card by itself; who asks the card leaves
//! the question in the shared state, wakes the thread and waits for the answer there.

use super::figures::Figures;
use super::host::Host;
use super::question::{Ask, Patience, Silence};
use crate::transport::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes taken from the line at once.
const READ_BYTES: usize = 4096;

/// Why a link is no more.
#[derive(Clone, Debug)]
pub(super) enum Lost {
    /// Nobody answers.
    Silent(Silence),
    /// The line itself failed.
    Line(String),
}

#[derive(Debug)]
struct State {
    host: Host,
    answer: Option<u32>,
    lost: Option<Lost>,
    /// Interrupts are passed on.
    interrupts: bool,
    stop: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The question under way has been answered, or the link is lost.
    news: Condvar,
    /// Wakes the thread.
    wake: Event,
    /// Interrupts for who waits for them.
    interrupt: Event,
}

/// A link and its thread, which ends with it.
#[derive(Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole before something that can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Serves a line, which must not block.
    pub(super) fn new(line: impl AsFd + Send + 'static, patience: Patience) -> std::io::Result<Self> {
        // Any number will do; the clock's is seldom that of the session before.
        let number = std::time::UNIX_EPOCH.elapsed().map_or(0, |t| (t.as_nanos() >> 8) as u8);
        let host = Host::new(patience, number);
        let state = State { host, answer: None, lost: None, interrupts: false, stop: false };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            news: Condvar::new(),
            wake: Event::new()?,
            interrupt: Event::new()?,
        });
        let theirs = shared.clone();
        let serve = move || {
            let end = OnEnd(&theirs);
            if let Err(lost) = serve(end.0, line.as_fd()) {
                end.0.lock().lost.get_or_insert(lost);
            }
        };
        let thread = std::thread::Builder::new().name("gristmill-serial".into()).spawn(serve)?;
        Ok(Link { shared, thread: Some(thread) })
    }

    /// Asks and waits for the answer.
    pub(super) fn ask(&self, ask: Ask) -> Result<u32, Lost> {
        self.post(ask)?;
        self.settle()
    }

    /// Asks without waiting for the answer, but for that of the question before.
    pub(super) fn post(&self, ask: Ask) -> Result<(), Lost> {
        self.settle()?;
        let mut state = self.shared.lock();
        state.answer = None;
        state.host.ask(ask, Instant::now());
        drop(state);
        self.shared.wake.raise();
        Ok(())
    }

    /// Waits until no question is under way; the answer to the last one, 0 if there was none.
    pub(super) fn settle(&self) -> Result<u32, Lost> {
        let mut state = self.shared.lock();
        loop {
            if let Some(lost) = &state.lost {
                return Err(lost.clone());
            }
            if !state.host.is_asking() {
                return Ok(state.answer.unwrap_or(0));
            }
            state = self.shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Why the link is lost, if it is.
    pub(super) fn check(&self) -> Result<(), Lost> {
        self.shared.lock().lost.clone().map_or(Ok(()), Err)
    }

    /// Does something with the host; the thread waits meanwhile.
    pub(super) fn with_host<R>(&self, f: impl FnOnce(&mut Host) -> R) -> R {
        f(&mut self.shared.lock().host)
    }

    pub(super) fn figures(&self) -> Figures {
        self.with_host(|host| host.figures())
    }

    /// Passes interrupts on from now on, or no longer. Old ones are forgotten.
    pub(super) fn pass_interrupts(&self, on: bool) {
        let mut state = self.shared.lock();
        state.interrupts = on;
        self.shared.interrupt.take();
    }

    pub(super) fn interrupt(&self) -> &Event {
        &self.shared.interrupt
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.raise();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        tracing::debug!(figures = ?self.figures(), "closed the serial link");
    }
}

/// However the thread ends, nobody waits for it.
struct OnEnd<'a>(&'a Shared);

impl Drop for OnEnd<'_> {
    fn drop(&mut self) {
        self.0.lock().lost.get_or_insert(Lost::Line("its service thread has ended".into()));
        self.0.news.notify_all();
        self.0.interrupt.raise();
    }
}

/// Moves bytes until the link is lost or closed.
fn serve(shared: &Shared, line: BorrowedFd<'_>) -> Result<(), Lost> {
    let mut buffer = [0; READ_BYTES];
    loop {
        let mut state = shared.lock();
        if state.stop {
            return Ok(());
        }
        let now = Instant::now();
        state.host.tick(now).map_err(Lost::Silent)?;
        write(line, &mut state.host)?;
        let due = state.host.due().map(|due| due.saturating_duration_since(now));
        let full = !state.host.output().is_empty();
        drop(state);
        wait(line, full, &shared.wake, due)?;
        let count = match rustix::io::read(line, &mut buffer) {
            Ok(0) => return Err(Lost::Line("the line was closed".into())),
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(e) => return Err(Lost::Line(format!("reading the line: {e}"))),
        };
        let mut state = shared.lock();
        let news = state.host.receive(&buffer[..count]);
        if news.interrupts > 0 && state.interrupts {
            shared.interrupt.raise();
        }
        if news.answer.is_some() {
            state.answer = news.answer;
            shared.news.notify_all();
        }
    }
}

/// Writes what the line takes.
fn write(line: BorrowedFd<'_>, host: &mut Host) -> Result<(), Lost> {
    while !host.output().is_empty() {
        match rustix::io::write(line, host.output()) {
            Ok(0) | Err(Errno::AGAIN) => return Ok(()),
            Ok(count) => host.sent(count),
            Err(Errno::INTR) => {}
            Err(e) => return Err(Lost::Line(format!("writing to the line: {e}"))),
        }
    }
    Ok(())
}

/// Waits for bytes, for room if there is something to send, for a wake-up, or until it is time.
fn wait(line: BorrowedFd<'_>, full: bool, wake: &Event, due: Option<Duration>) -> Result<(), Lost> {
    let interest = if full { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
    let mut fds = [PollFd::from_borrowed_fd(line, interest), PollFd::from_borrowed_fd(wake.fd(), PollFlags::IN)];
    let due: Option<Timespec> = due.and_then(|due| due.try_into().ok());
    match poll(&mut fds, due.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(e) => return Err(Lost::Line(format!("waiting for the line: {e}"))),
    }
    let (line, woken) = (fds[0].revents(), !fds[1].revents().is_empty());
    if woken {
        wake.take();
    }
    // (How a line ended is told by the read that follows.)
    if line.contains(PollFlags::NVAL) {
        return Err(Lost::Line("the line was closed".into()));
    }
    Ok(())
}
