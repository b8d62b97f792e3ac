//! One vfio-user connection: whole messages in and out, bounded in size and time.
//!
//! A link is strictly serial: one command, then its reply. After a time-out or a broken message
//! the two sides may be out of step, so the link is given up and says so from then on.

use super::pipe::{Pipe, Ready};
use super::wire::{Command, FLAG_ERROR, FLAG_NO_REPLY, FLAG_REPLY, FLAG_TYPE, HEADER, Header, MAX_MESSAGE};
use crate::transport::{Breach, TransportError};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Requests of the server that are refused before the wait for a reply or an interrupt ends.
pub(super) const MAX_REQUESTS: usize = 64;

pub(super) struct Link<P> {
    pipe: P,
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
    messages: Messages,
}

/// Messages that went over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// To the server.
    pub sent: u64,
    /// From it.
    pub received: u64,
}

impl<P: Pipe> Link<P> {
    pub(super) fn new(pipe: P, device: String, timeout: Duration) -> Self {
        let buffer = Box::new([0; MAX_MESSAGE]);
        Link {
            pipe,
            device,
            timeout,
            next_id: 0,
            broken: None,
            buffer,
            have: 0,
            taken: 0,
            messages: Messages::default(),
        }
    }

    pub(super) fn device(&self) -> &str {
        &self.device
    }

    pub(super) fn messages(&self) -> Messages {
        self.messages
    }

    pub(super) fn now(&self) -> Instant {
        self.pipe.now()
    }

    /// Whether the link is still good.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        match &self.broken {
            Some(reason) => Err(TransportError::Gone { device: self.device.clone(), reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Waits for the server's bytes or the event.
    pub(super) fn wait(&mut self, event: BorrowedFd, at_most: Duration) -> rustix::io::Result<Ready> {
        self.pipe.wait(event, at_most)
    }

    /// An error after which the link is not used any more.
    pub(super) fn protocol(&mut self, problem: Breach) -> TransportError {
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

    /// Sends a command under a fresh id.
    fn command(
        &mut self,
        command: Command,
        flags: u32,
        payload: &[u8],
        file: Option<BorrowedFd>,
    ) -> Result<u16, TransportError> {
        self.check()?;
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let size = (HEADER + payload.len()) as u32;
        self.send(Header { id, command: command as u16, size, flags, errno: 0 }, payload, file, command.name())?;
        Ok(id)
    }

    /// Sends a command to which there is no reply, so that nobody learns whether it was refused.
    /// The stream keeps it in order with all others.
    pub(super) fn post(&mut self, command: Command, payload: &[u8]) -> Result<(), TransportError> {
        self.command(command, FLAG_NO_REPLY, payload, None).map(drop)
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
        let id = self.command(command, 0, payload, file)?;
        let reply = self.receive_reply(command.name())?;
        if (reply.id, reply.command) != (id, command as u16) {
            let (got, sent) = ((reply.command, reply.id), (command as u16, id));
            return Err(self.protocol(Breach::WrongReply { got, sent }));
        }
        if reply.flags & FLAG_ERROR != 0 {
            // Error numbers of Linux end at 4095; what is outside, zero included, is no error number.
            let errno = i32::try_from(reply.errno).ok().filter(|e| (1..4096).contains(e)).unwrap_or(libc::EIO);
            let source = io::Error::from_raw_os_error(errno);
            return Err(TransportError::Refused { device: self.device.clone(), what: what(), source });
        }
        if self.taken - HEADER < at_least {
            let got = self.taken - HEADER;
            return Err(self.protocol(Breach::ShortReply { what: command.name(), got, least: at_least }));
        }
        Ok(&self.buffer[HEADER..self.taken])
    }

    /// Whether something came with the last reply that nobody has looked at.
    pub(super) fn has_more(&self) -> bool {
        self.have > self.taken
    }

    /// Deals with what the server sent on its own: `Ok` if the link is still good.
    pub(super) fn unsolicited(&mut self) -> Result<(), TransportError> {
        let deadline = self.pipe.now() + self.timeout;
        let header = self.receive("a whole message", deadline)?;
        match header.flags & FLAG_TYPE {
            0 => self.refuse(header),
            FLAG_REPLY => Err(self.protocol(Breach::UnaskedReply { id: header.id })),
            kind => Err(self.protocol(Breach::Type { kind })),
        }
    }

    /// The next reply; the server's own requests before it are refused. (Servers ask for memory
    /// by message where they have no file for it; they always get a file.)
    fn receive_reply(&mut self, what: &'static str) -> Result<Header, TransportError> {
        let deadline = self.pipe.now() + self.timeout;
        for _ in 0..MAX_REQUESTS {
            let header = self.receive(what, deadline)?;
            match header.flags & FLAG_TYPE {
                FLAG_REPLY => return Ok(header),
                0 => self.refuse(header)?,
                other => return Err(self.protocol(Breach::Type { kind: other })),
            }
        }
        Err(self.protocol(Breach::RequestsBeforeReply { count: MAX_REQUESTS, what }))
    }

    fn refuse(&mut self, request: Header) -> Result<(), TransportError> {
        tracing::debug!(device = self.device, command = request.command, "refusing a request of the server");
        if request.flags & FLAG_NO_REPLY != 0 {
            return Ok(());
        }
        let (size, flags, errno) = (HEADER as u32, FLAG_REPLY | FLAG_ERROR, libc::EOPNOTSUPP as u32);
        self.send(Header { size, flags, errno, ..request }, &[], None, "a refusal")
    }

    /// Receives one whole message, which then lies at the front of the buffer.
    fn receive(&mut self, what: &'static str, deadline: Instant) -> Result<Header, TransportError> {
        self.buffer.copy_within(self.taken..self.have, 0);
        self.have -= self.taken;
        self.taken = 0;
        loop {
            if let Some(header) = Header::decode(&self.buffer[..self.have]) {
                let size = header.size as usize;
                if !(HEADER..=MAX_MESSAGE).contains(&size) {
                    return Err(self.protocol(Breach::Size { size, least: HEADER, most: MAX_MESSAGE }));
                }
                if self.have >= size {
                    self.taken = size;
                    self.messages.received += 1;
                    return Ok(header);
                }
            }
            if self.pipe.now() >= deadline {
                return Err(self.timed_out(what));
            }
            match self.pipe.receive(&mut self.buffer[self.have..]) {
                Ok(0) => return Err(self.gone("the server closed the socket")),
                Ok(n) => self.have += n,
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
        let deadline = self.pipe.now() + self.timeout;
        let header = header.encode();
        let total = HEADER + payload.len();
        let mut sent = 0;
        while sent < total {
            // The file goes with the first byte, once.
            let file = file.filter(|_| sent == 0);
            match self.pipe.send(&header[sent.min(HEADER)..], &payload[sent.saturating_sub(HEADER)..], file) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(self.timed_out(what)),
                Err(e) => return Err(self.gone(format!("sending: {e}"))),
            }
            if sent < total && self.pipe.now() >= deadline {
                return Err(self.timed_out(what));
            }
        }
        self.messages.sent += 1;
        Ok(())
    }
}
