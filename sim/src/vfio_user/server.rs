//! The server: one socket, one card, one client at a time, one thread.

use super::connection::{Connection, Turn};
use crate::card::SimCard;
use crate::error::SimError;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the card may simulate before the socket is looked at again.
const SLICE: Duration = Duration::from_micros(200);
/// Time between two attempts to accept a client when the first failed.
const PAUSE: Duration = Duration::from_millis(100);
/// A client that does not take an answer for this long is dropped.
const SEND_PATIENCE: Duration = Duration::from_secs(5);

/// Ends [`Server::run`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<OwnedFd>);

impl Stopper {
    /// The server ends its client's connection, if any, and returns.
    pub fn stop(&self) {
        // An eventfd takes eight bytes, or is full, which says the same.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }
}

/// A bound socket. Dropping it removes the file.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    stop: Stopper,
}

enum Woken {
    Stop,
    Ready,
    Timeout,
}

impl Server {
    /// Binds the socket at `path`, for this user only. A socket file that nobody listens on any
    /// more is replaced; anything else that is there is left alone.
    pub fn bind(path: &Path) -> Result<Self, SimError> {
        let what = |doing: &str| format!("{doing} socket {}", path.display());
        if let Ok(there) = std::fs::symlink_metadata(path) {
            let in_use = |why: &str| std::io::Error::new(std::io::ErrorKind::AddrInUse, why.to_string());
            if !there.file_type().is_socket() {
                return Err(SimError::io(what("create"), in_use("another file is there; choose another path")));
            }
            if UnixStream::connect(path).is_ok() {
                return Err(SimError::io(what("create"), in_use("another server listens there")));
            }
            std::fs::remove_file(path).map_err(|e| SimError::io(what("replace stale"), e))?;
        }
        let listener = UnixListener::bind(path).map_err(|e| SimError::io(what("create"), e))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
            .map_err(|e| SimError::io(what("restrict"), e))?;
        let stop = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|e| SimError::io("eventfd", e))?;
        Ok(Server { listener, path: path.to_path_buf(), stop: Stopper(Arc::new(stop)) })
    }

    /// Where clients connect.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A handle that ends [`run`](Self::run).
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// Serves clients one after the other until stopped. Between clients the card is cleaned:
    /// no windows, no interrupt routing, reset, card memory zero.
    pub fn run(&self, card: &mut SimCard) -> Result<(), SimError> {
        loop {
            if let Woken::Stop = self.wait(&self.listener, None)? {
                return Ok(());
            }
            let client = match self.listener.accept() {
                Ok((client, _)) => client,
                // A client that has gone again, or a passing shortage, of descriptors say: then the
                // socket stays ready, and asking again at once would only burn time.
                Err(e) => {
                    tracing::warn!(%e, "client not accepted");
                    if let Woken::Stop = self.wait(&self.stop.0, Some(PAUSE))? {
                        return Ok(());
                    }
                    continue;
                }
            };
            let end = self.serve_client(Connection::new(client, SEND_PATIENCE), card);
            card.clean();
            if end? {
                return Ok(());
            }
        }
    }

    /// Serves one client; true if the server is to stop.
    fn serve_client(&self, mut client: Connection, card: &mut SimCard) -> Result<bool, SimError> {
        tracing::info!("client connected");
        loop {
            let timeout = card.pending().then_some(Duration::ZERO);
            match self.wait(&client, timeout)? {
                Woken::Stop => return Ok(true),
                Woken::Timeout => {}
                // One message, then the card's turn: a doorbell starts work before the next message,
                // whatever that may be.
                Woken::Ready => {
                    if let Turn::Closed(why) = client.turn(card) {
                        tracing::info!(why, "client gone");
                        return Ok(false);
                    }
                }
            }
            if card.pending() {
                let cycles = u64::from(card.clock_hz()) * SLICE.as_micros() as u64 / 1_000_000;
                card.step(cycles.max(16));
            }
            if card.bus_mut().injector.take_close() {
                tracing::warn!("connection closed by an injected fault");
                return Ok(false);
            }
        }
    }

    fn wait(&self, socket: &impl rustix::fd::AsFd, timeout: Option<Duration>) -> Result<Woken, SimError> {
        let timeout = timeout.map(|t| Timespec { tv_sec: t.as_secs() as i64, tv_nsec: i64::from(t.subsec_nanos()) });
        let mut fds = [PollFd::new(&*self.stop.0, PollFlags::IN), PollFd::new(socket, PollFlags::IN)];
        loop {
            match rustix::event::poll(&mut fds, timeout.as_ref()) {
                Err(Errno::INTR) => {}
                Err(e) => return Err(SimError::io("poll", e)),
                Ok(0) => return Ok(Woken::Timeout),
                Ok(_) if !fds[0].revents().is_empty() => {
                    // Taken, so that the server can be run again.
                    let _ = rustix::io::read(&*self.stop.0, &mut [0; 8]);
                    return Ok(Woken::Stop);
                }
                Ok(_) => return Ok(Woken::Ready),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves `card` at `path` until the process ends.
pub fn serve(path: &Path, card: &mut SimCard) -> Result<(), SimError> {
    Server::bind(path)?.run(card)
}
