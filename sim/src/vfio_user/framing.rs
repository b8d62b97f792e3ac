//! Whole messages from a stream socket, without ever waiting for the rest of one.
//!
//! Header and payload are read by exact counts, never past the message, so file descriptors
//! (which the kernel delivers with the bytes they were sent with) belong to the message at hand.

use super::refusal::Refusal;
use super::wire::{HEADER_BYTES, Header};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;

/// Longest message that is taken whole; the payload of a longer one is thrown away as it comes.
pub const MAX_MESSAGE_BYTES: usize = 1 << 16;
/// Most file descriptors with one message.
pub const MAX_MESSAGE_FDS: usize = 16;

/// A message as it came.
#[derive(Debug)]
pub struct Message {
    pub header: Header,
    pub payload: Vec<u8>,
    pub fds: Vec<OwnedFd>,
    /// The message is broken before its content: too long, or with too many file descriptors.
    pub broken: Option<Refusal>,
}

/// What a look at the socket gave.
#[derive(Debug)]
pub enum Received {
    /// A message is whole.
    Message(Message),
    /// Not yet.
    NotYet,
    /// The stream has ended, or cannot be followed any further.
    Closed(&'static str),
}

/// Assembles messages.
#[derive(Debug, Default)]
pub struct Framer {
    head: [u8; HEADER_BYTES],
    have: usize,
    payload: Vec<u8>,
    discard: u64,
    fds: Vec<OwnedFd>,
    fds_lost: bool,
}

enum Got {
    Bytes(usize),
    Nothing,
    End,
}

impl Framer {
    /// Takes what the socket has, until one message is whole.
    pub fn advance(&mut self, socket: impl AsFd) -> Received {
        loop {
            if self.have < HEADER_BYTES {
                let mut head = self.head;
                match self.receive(&socket, &mut head[self.have..]) {
                    Got::Bytes(n) => self.have += n,
                    Got::Nothing => return Received::NotYet,
                    Got::End => return Received::Closed(if self.have == 0 { "" } else { "inside a header" }),
                }
                self.head = head;
                if self.have < HEADER_BYTES {
                    continue;
                }
                let Some(rest) = (Header::decode(&self.head).size as usize).checked_sub(HEADER_BYTES) else {
                    return Received::Closed("a header claims a size below its own");
                };
                if rest > MAX_MESSAGE_BYTES - HEADER_BYTES {
                    self.discard = rest as u64;
                    self.payload = vec![0; 4096];
                } else {
                    self.payload = vec![0; rest];
                }
                self.have = HEADER_BYTES;
            }
            if self.discard > 0 {
                let mut sink = std::mem::take(&mut self.payload);
                let want = self.discard.min(sink.len() as u64) as usize;
                let got = self.receive(&socket, &mut sink[..want]);
                self.payload = sink;
                match got {
                    Got::Bytes(n) => self.discard -= n as u64,
                    Got::Nothing => return Received::NotYet,
                    Got::End => return Received::Closed("inside a message"),
                }
                if self.discard > 0 {
                    continue;
                }
                self.payload.clear();
                return Received::Message(self.finish(true));
            }
            let at = self.have - HEADER_BYTES;
            if at == self.payload.len() {
                return Received::Message(self.finish(false));
            }
            let mut payload = std::mem::take(&mut self.payload);
            let got = self.receive(&socket, &mut payload[at..]);
            self.payload = payload;
            match got {
                Got::Bytes(n) => self.have += n,
                Got::Nothing => return Received::NotYet,
                Got::End => return Received::Closed("inside a message"),
            }
        }
    }

    fn finish(&mut self, too_long: bool) -> Message {
        let header = Header::decode(&self.head);
        let lost = std::mem::take(&mut self.fds_lost);
        self.have = 0;
        Message {
            header,
            payload: std::mem::take(&mut self.payload),
            fds: std::mem::take(&mut self.fds),
            broken: match (too_long, lost) {
                (true, _) => Some(Refusal::TooLong { size: header.size }),
                (false, true) => Some(Refusal::TooManyFiles),
                (false, false) => None,
            },
        }
    }

    fn receive(&mut self, socket: impl AsFd, into: &mut [u8]) -> Got {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_MESSAGE_FDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let result = recvmsg(socket, &mut [IoSliceMut::new(into)], &mut control, flags);
        // Whatever came is owned from here on, and closed if nobody wants it.
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                for fd in fds {
                    if self.fds.len() < MAX_MESSAGE_FDS {
                        self.fds.push(fd);
                    } else {
                        self.fds_lost = true;
                    }
                }
            }
        }
        match result {
            Ok(r) => {
                self.fds_lost |= r.flags.contains(ReturnFlags::CTRUNC);
                if r.bytes == 0 { Got::End } else { Got::Bytes(r.bytes) }
            }
            Err(Errno::AGAIN | Errno::INTR) => Got::Nothing,
            Err(_) => Got::End,
        }
    }
}
