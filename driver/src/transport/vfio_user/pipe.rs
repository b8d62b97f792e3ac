//! What a link's bytes go through.

use crate::transport::TransportError;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, Result};
use rustix::net::{
    RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, sockopt, sockopt::Timeout,
};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

/// What ended a [`Pipe::wait`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Bytes, or the end, can be received.
    Bytes,
    /// The event can be read.
    Event,
    /// The time is over.
    Timeout,
}

/// The way of a link's bytes, with its time: a socket, or a script in a test, which needs no
/// other process and waits for nothing.
pub trait Pipe: Send {
    /// Sends some of `head` and then `tail`, the file with the first byte. `EAGAIN`: there was no
    /// room in time.
    fn send(&mut self, head: &[u8], tail: &[u8], file: Option<BorrowedFd>) -> Result<usize>;
    /// Receives some bytes; none at the end. `EAGAIN`: nothing came in time.
    fn receive(&mut self, into: &mut [u8]) -> Result<usize>;
    /// Waits for bytes or the event.
    fn wait(&mut self, event: BorrowedFd, at_most: Duration) -> Result<Ready>;
    /// The time.
    fn now(&self) -> Instant;
}

/// A stream socket with time-outs.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Connects to the socket at `path`; `device` is its name in errors.
    pub(super) fn connect(path: &Path, device: &str, timeout: Duration) -> std::result::Result<Self, TransportError> {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
        let open = |problem: String, way_out: &str| TransportError::Open {
            device: device.into(),
            problem,
            way_out: way_out.into(),
        };
        let address = SocketAddrUnix::new(path).map_err(|e| open(e.to_string(), "use a path of at most 107 bytes"))?;
        let system = |e: Errno| open(e.to_string(), "check the process's limits");
        let socket =
            socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).map_err(system)?;
        for which in [Timeout::Recv, Timeout::Send] {
            sockopt::set_socket_timeout(&socket, which, Some(timeout)).map_err(system)?;
        }
        connect(&socket, &address).map_err(|e| {
            let way_out = match e {
                Errno::NOENT => "start the card's server (`gristmill sim --socket PATH`) or correct the path",
                Errno::CONNREFUSED => "no server listens there: start it again, or check that this is its socket",
                Errno::ACCESS => "ask for write permission on the socket",
                Errno::AGAIN => "the server serves another client: wait for it",
                _ => "check the path",
            };
            open(e.to_string(), way_out)
        })?;
        Ok(Socket(socket))
    }
}

impl Pipe for Socket {
    fn send(&mut self, head: &[u8], tail: &[u8], file: Option<BorrowedFd>) -> Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let files = file.map(|f| [f]);
        if let Some(files) = &files {
            control.push(SendAncillaryMessage::ScmRights(files));
        }
        let parts = [IoSlice::new(head), IoSlice::new(tail)];
        rustix::net::sendmsg(&self.0, &parts, &mut control, SendFlags::NOSIGNAL)
    }

    /// Files that come with the bytes are never taken: they were not asked for.
    fn receive(&mut self, into: &mut [u8]) -> Result<usize> {
        rustix::net::recv(&self.0, into, RecvFlags::empty()).map(|(_, n)| n)
    }

    fn wait(&mut self, event: BorrowedFd, at_most: Duration) -> Result<Ready> {
        let socket = self.0.as_fd();
        let mut fds = [PollFd::from_borrowed_fd(event, PollFlags::IN), PollFd::from_borrowed_fd(socket, PollFlags::IN)];
        let span = at_most.try_into().ok();
        Ok(match poll(&mut fds, span.as_ref())? {
            0 => Ready::Timeout,
            _ if !fds[0].revents().is_empty() => Ready::Event,
            _ => Ready::Bytes,
        })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}
