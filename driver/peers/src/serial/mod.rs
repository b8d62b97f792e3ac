//! A board on a serial line, in software: the card's side of the protocol, a small card behind it,
//! and a line that may be bad. It runs in a thread and does what a test tells it.

mod card;
mod link;
mod noise;
mod pty;

pub use card::{Card, MEMORY_BYTES};
pub use link::{Behaviour, Bridge, Registers, Seen};
pub use noise::Noise;
pub use pty::Pty;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

type Job = Box<dyn FnOnce(&mut Bridge, &mut Card) + Send>;

/// A board that is powered on.
#[derive(Debug)]
pub struct Board {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    off: Arc<AtomicBool>,
    /// Its port, if it has one.
    pub path: PathBuf,
    pty: Option<Pty>,
}

impl Board {
    /// A board behind a pseudo-terminal.
    ///
    /// # Errors
    /// Those of the system.
    pub fn on_pty(behaviour: Behaviour) -> io::Result<Self> {
        let pty = Pty::new()?;
        let path = pty.path.clone();
        let mut board = Self::on(pty.board.try_clone()?, behaviour);
        (board.path, board.pty) = (path, Some(pty));
        Ok(board)
    }

    /// A board at the end of any line that does not block.
    pub fn on(line: OwnedFd, behaviour: Behaviour) -> Self {
        let (jobs, inbox): (Sender<Job>, Receiver<Job>) = channel();
        let off = Arc::new(AtomicBool::new(false));
        let mut bridge = Bridge::new(line, behaviour, off.clone());
        let thread = std::thread::spawn(move || {
            let mut card = Card::default();
            loop {
                match inbox.try_recv() {
                    Ok(job) => job(&mut bridge, &mut card),
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
                    Err(_) if bridge.closed => std::thread::sleep(Duration::from_millis(1)),
                    Err(_) => {}
                }
                bridge.pump(&mut card, Duration::from_millis(1));
                card.work(&mut bridge);
            }
        });
        Board { jobs: Some(jobs), thread: Some(thread), off, path: PathBuf::new(), pty: None }
    }

    /// Does something with the board, between two of its steps.
    ///
    /// # Panics
    /// If the board's thread has ended by a panic.
    pub fn with<R: Send + 'static>(&self, f: impl FnOnce(&mut Bridge, &mut Card) -> R + Send + 'static) -> R {
        let (reply, result) = channel();
        let job: Job = Box::new(move |bridge, card| {
            let _ = reply.send(f(bridge, card));
        });
        self.jobs.as_ref().expect("on").send(job).expect("the board runs");
        result.recv().expect("the board runs")
    }

    /// What it has seen.
    pub fn seen(&self) -> Seen {
        self.with(|bridge, _| bridge.seen.clone())
    }
}

/// Unplugs it.
impl Drop for Board {
    fn drop(&mut self) {
        self.off.store(true, Ordering::Relaxed);
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        drop(self.pty.take());
    }
}
