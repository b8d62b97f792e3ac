//! One vfio-user connection: whole messages in and out, bounded in size and time.
//!
//! A link is strictly serial: one command, then its reply. After a time-out or a broken message
//! the two sides may be out of step, so the link is given up and says so from then on.

use super::wire::{Command, FLAG_ERROR, FLAG_REPLY, FLAG_TYPE, HEADER, Header, MAX_MESSAGE};
use crate::transport::TransportError;
use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, sockopt, sockopt::Timeout,
};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

/// Requests of the server that are refused before the wait for a reply or an interrupt ends.
pub(super) const MAX_REQUESTS: usize = 64;

pub(super) struct Link {
    socket: OwnedFd,
    device: String,
    timeout: Duration,
    next_id: u16,
    /// Why the link was given up.
    broken: Option<String>,
    /// Received bytes that no message has taken yet.
    buffer: Box<[u8; MAX_MESSAGE]>,
    have: usize,
    /// Bytes of the message last taken, which still lie at the front.
    taken: usize,
}

impl Link {
    /// Connects to the socket.
    pub(super) fn connect(path: &Path, device: &str, timeout: Duration) -> Result<Self, TransportError> {
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
        Ok(Link {
            socket,
            device: device.into(),
            timeout,
            next_id: 0,
            broken: None,
            buffer: Box::new([0; MAX_MESSAGE]),
            have: 0,
            taken: 0,
        })
    }

    pub(super) fn device(&self) -> &str {
        &self.device
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// An error after which the link is not used any more.
    pub(super) fn protocol(&mut self, problem: impl Into<String>) -> TransportError {
        let problem = problem.into();
        self.broken = Some(format!("it broke the protocol: {problem}"));
        TransportError::Protocol { device: self.device.clone(), problem }
    }

    fn gone(&mut self, reason: impl Into<String>) -> TransportError {
        let reason = reason.into();
        self.broken.get_or_insert_with(|| reason.clone());
        TransportError::Gone { device: self.device.clone(), reason }
    }

    fn timed_out(&mut self, what: &'static str) -> TransportError {
        self.broken = Some(format!("it did not answer {what} in time"));
        TransportError::Timeout { device: self.device.clone(), what, after: self.timeout }
    }

    /// Sends a command and returns the reply's payload, of `at_least` bytes. An error reply
    /// becomes [`TransportError::Refused`] with `what` in its message.
    pub(super) fn call(
        &mut self,
        command: Command,
        payload: &[u8],
        file: Option<BorrowedFd>,
        at_least: usize,
        what: impl Fn() -> String,
    ) -> Result<&[u8], TransportError> {
        if let Some(reason) = &self.broken {
            return Err(TransportError::Gone { device: self.device.clone(), reason: reason.clone() });
        }
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let size = (HEADER + payload.len()) as u32;
        let header = Header { id, command: command as u16, size, flags: 0, errno: 0 };
        self.send(header, payload, file, command.name())?;
        let reply = self.receive_reply(command.name())?;
        if (reply.id, reply.command) != (id, command as u16) {
            let (got, sent) = ((reply.command, reply.id), (command as u16, id));
            return Err(self.protocol(format!("a reply to command {got:?} (number, id) after {sent:?}")));
        }
        if reply.flags & FLAG_ERROR != 0 {
            // Error numbers of Linux end at 4095; what is outside, zero included, is no error number.
            let errno = i32::try_from(reply.errno).ok().filter(|e| (1..4096).contains(e)).unwrap_or(libc::EIO);
            let source = io::Error::from_raw_os_error(errno);
            return Err(TransportError::Refused { device: self.device.clone(), what: what(), source });
        }
        if self.taken - HEADER < at_least {
            let got = self.taken - HEADER;
            return Err(self.protocol(format!("{got} bytes in reply to {}, expected {at_least}", command.name())));
        }
        Ok(&self.buffer[HEADER..self.taken])
    }

    /// Whether something came with the last reply that nobody has looked at.
    pub(super) fn has_more(&self) -> bool {
        self.have > self.taken
    }

    /// Deals with what the server sent on its own: `Ok` if the link is still good.
    pub(super) fn unsolicited(&mut self) -> Result<(), TransportError> {
        let deadline = Instant::now() + self.timeout;
        let header = self.receive("a whole message", deadline)?;
        if header.flags & FLAG_TYPE == FLAG_REPLY {
            return Err(self.protocol(format!("a reply (id {}) that nobody asked for", header.id)));
        }
        self.refuse(header)
    }

    /// The next reply; the server's own requests before it are refused. (Servers ask for memory
    /// by message where they have no file for it; they always get a file.)
    fn receive_reply(&mut self, what: &'static str) -> Result<Header, TransportError> {
        let deadline = Instant::now() + self.timeout;
        for _ in 0..MAX_REQUESTS {
            let header = self.receive(what, deadline)?;
            match header.flags & FLAG_TYPE {
                FLAG_REPLY => return Ok(header),
                0 => self.refuse(header)?,
                other => return Err(self.protocol(format!("message type {other}"))),
            }
        }
        Err(self.protocol(format!("{MAX_REQUESTS} requests before the reply to {what}")))
    }

    fn refuse(&mut self, request: Header) -> Result<(), TransportError> {
        tracing::debug!(device = self.device, command = request.command, "refusing a request of the server");
        if request.flags & super::wire::FLAG_NO_REPLY != 0 {
            return Ok(());
        }
        let (size, flags, errno) = (HEADER as u32, FLAG_REPLY | FLAG_ERROR, libc::EOPNOTSUPP as u32);
        self.send(Header { size, flags, errno, ..request }, &[], None, "a refusal")
    }

    /// Receives one whole message, which then lies at the front of the buffer. Files that come
    /// with it are never taken: they were not asked for.
    fn receive(&mut self, what: &'static str, deadline: Instant) -> Result<Header, TransportError> {
        self.buffer.copy_within(self.taken..self.have, 0);
        self.have -= self.taken;
        self.taken = 0;
        loop {
            if let Some(header) = Header::decode(&self.buffer[..self.have]) {
                let size = header.size as usize;
                if !(HEADER..=MAX_MESSAGE).contains(&size) {
                    return Err(
                        self.protocol(format!("a message of {size} bytes, allowed are {HEADER} to {MAX_MESSAGE}"))
                    );
                }
                if self.have >= size {
                    self.taken = size;
                    return Ok(header);
                }
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out(what));
            }
            match rustix::net::recv(&self.socket, &mut self.buffer[self.have..], RecvFlags::empty()) {
                Ok((_, 0)) => return Err(self.gone("the server closed the socket")),
                Ok((_, n)) => self.have += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(self.timed_out(what)),
                Err(e) => return Err(self.gone(format!("receiving: {e}"))),
            }
        }
    }

    fn send(
        &mut self,
        header: Header,
        payload: &[u8],
        file: Option<BorrowedFd>,
        what: &'static str,
    ) -> Result<(), TransportError> {
        let deadline = Instant::now() + self.timeout;
        let header = header.encode();
        let total = HEADER + payload.len();
        let mut sent = 0;
        while sent < total {
            let parts =
                [IoSlice::new(&header[sent.min(HEADER)..]), IoSlice::new(&payload[sent.saturating_sub(HEADER)..])];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let files = file.map(|f| [f]);
            // The file goes with the first byte, once.
            if let Some(files) = files.as_ref().filter(|_| sent == 0) {
                control.push(SendAncillaryMessage::ScmRights(files));
            }
            match rustix::net::sendmsg(&self.socket, &parts, &mut control, SendFlags::NOSIGNAL) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(self.timed_out(what)),
                Err(e) => return Err(self.gone(format!("sending: {e}"))),
            }
            if sent < total && Instant::now() >= deadline {
                return Err(self.timed_out(what));
            }
        }
        Ok(())
    }
}
