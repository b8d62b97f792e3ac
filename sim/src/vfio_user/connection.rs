//! One client's connection, turn by turn: the server's loop without its waiting.

use super::dispatch::{Answer, Session};
use super::framing::{Framer, Received};
use crate::card::SimCard;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// What a turn brought.
#[derive(Debug)]
pub enum Turn {
    /// No message is whole yet.
    Idle,
    /// A reply came, to nothing; it was ignored.
    Ignored,
    /// A command was dealt with and, if it wants that, answered.
    Answered(Answer),
    /// The connection is over; the reason is empty where the client left between messages.
    Closed(&'static str),
}

/// A connected client. The card it talks to comes with each turn.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    framer: Framer,
    session: Session,
    patience: Duration,
}

impl Connection {
    /// Takes a client over; one that does not take an answer for `patience` is dropped.
    pub fn new(stream: UnixStream, patience: Duration) -> Self {
        Connection { stream, framer: Framer::default(), session: Session::default(), patience }
    }

    /// Takes at most one message from the socket, does what it asks, and answers it. Waits for
    /// nothing but room for the answer.
    pub fn turn(&mut self, card: &mut SimCard) -> Turn {
        let message = match self.framer.advance(&self.stream) {
            Received::NotYet => return Turn::Idle,
            Received::Closed(why) => return Turn::Closed(why),
            Received::Message(message) => message,
        };
        let Some(handled) = self.session.handle(message, card) else { return Turn::Ignored };
        match handled.bytes.map_or(Ok(()), |bytes| self.send(&bytes)) {
            Ok(()) => Turn::Answered(handled.answer),
            Err(why) => Turn::Closed(why),
        }
    }

    /// Sends all bytes within the patience, however slowly they are taken.
    fn send(&self, mut bytes: &[u8]) -> Result<(), &'static str> {
        let mut deadline = None;
        while !bytes.is_empty() {
            // Without the flag a client that has gone would kill this process by SIGPIPE.
            match rustix::net::send(&self.stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(n) => bytes = &bytes[n..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.patience);
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err("does not take its answer");
                    }
                    self.wait_for_room(left);
                }
                Err(_) => return Err("does not want its answer"),
            }
        }
        Ok(())
    }

    fn wait_for_room(&self, at_most: Duration) {
        let span = Timespec::try_from(at_most).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        // However it ends, the next send says how things are.
        let _ = rustix::event::poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], Some(&span));
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
