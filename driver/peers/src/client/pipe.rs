//! The server's end, behind a pipe without a socket: it answers in the driver's own calls, and
//! its clock is a number.

use super::ops::Op;
use gristmill_driver::transport::vfio_user::wire::{
    FLAG_ERROR, FLAG_NO_REPLY, FLAG_REPLY, FLAG_TYPE, HEADER, Header, MAX_MESSAGE, Payload, word,
};
use gristmill_driver::transport::vfio_user::{Pipe, Ready};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::{Errno, Result};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Calls of the pipe in one execution. Time goes on with each receipt, so the driver ends long before.
const FUEL: u32 = 50_000;

/// What the driver sees, and what it has done.
pub struct State {
    ops: VecDeque<Op>,
    honest: u32,
    /// Bytes of the driver that are no whole message yet.
    inbox: Vec<u8>,
    outbox: VecDeque<u8>,
    start: Instant,
    elapsed: Duration,
    step: Duration,
    timeout: Duration,
    piece: usize,
    clog: Option<(usize, Errno)>,
    poll_error: Option<Errno>,
    closed: bool,
    event: Option<OwnedFd>,
    fuel: u32,
    /// Calls of the pipe so far.
    pub calls: u64,
    next_id: u16,
    /// Requests of ours that wait for a refusal.
    asked: VecDeque<(u16, u16)>,
    /// All that was sent to the driver, followed as messages.
    pub told: Told,
    /// No lie was told so far.
    pub honest_so_far: bool,
    /// Commands of the driver.
    pub commands: BTreeSet<u16>,
    /// A command came that wants no reply.
    pub posted: bool,
}

/// The messages in a stream of bytes.
#[derive(Default)]
pub struct Told {
    bytes: Vec<u8>,
    /// Whole messages.
    pub messages: Vec<(Header, Vec<u8>)>,
    lost: bool,
}

impl Told {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        while let Some(header) = Header::decode(&self.bytes).filter(|_| !self.lost) {
            let size = header.size as usize;
            if !(HEADER..=MAX_MESSAGE).contains(&size) {
                self.lost = true;
            } else if self.bytes.len() < size {
                return;
            } else {
                let rest = self.bytes.split_off(size);
                let message = std::mem::replace(&mut self.bytes, rest);
                self.messages.push((header, message[HEADER..].to_vec()));
            }
        }
    }
}

/// A pipe to the scripted server.
pub struct Scripted(pub Arc<Mutex<State>>);

impl State {
    pub fn new(ops: VecDeque<Op>, timeout: Duration) -> Self {
        State {
            ops,
            honest: 0,
            inbox: Vec::new(),
            outbox: VecDeque::new(),
            start: Instant::now(),
            elapsed: Duration::ZERO,
            step: Duration::from_millis(1),
            timeout,
            piece: 0,
            clog: None,
            poll_error: None,
            closed: false,
            event: None,
            fuel: FUEL,
            calls: 0,
            next_id: 0,
            asked: VecDeque::new(),
            told: Told::default(),
            honest_so_far: true,
            commands: BTreeSet::new(),
            posted: false,
        }
    }

    fn tick(&mut self) {
        self.calls += 1;
        self.fuel = self.fuel.checked_sub(1).expect("the driver does not end");
        self.elapsed += self.step;
    }

    fn tell(&mut self, header: Header, payload: &[u8]) {
        let bytes = [&header.encode()[..], payload].concat();
        self.raw(&bytes);
    }

    fn raw(&mut self, bytes: &[u8]) {
        let before = self.told.messages.len();
        self.told.push(bytes);
        let asks = |h: &Header| h.flags & (FLAG_TYPE | FLAG_NO_REPLY) == 0;
        let asked = self.told.messages[before..].iter().map(|m| m.0).filter(asks);
        self.asked.extend(asked.map(|h| (h.id, h.command)));
        self.outbox.extend(bytes);
    }

    /// The driver's bytes must be whole, well-formed messages with ids that count.
    fn hear(&mut self, bytes: &[u8], file: Option<BorrowedFd>) {
        self.inbox.extend(bytes);
        if let Some(file) = file {
            let file = file.try_clone_to_owned().expect("dup");
            // Eventfds are kept to be signalled; memory is of no use here.
            if rustix::fs::fstat(&file).expect("fstat").st_size == 0 {
                self.event = Some(file);
            }
        }
        while let Some(header) = Header::decode(&self.inbox) {
            let size = header.size as usize;
            assert!((HEADER..=MAX_MESSAGE).contains(&size), "the driver sends a message of {size} bytes");
            if self.inbox.len() < size {
                return;
            }
            let rest = self.inbox.split_off(size);
            let message = std::mem::replace(&mut self.inbox, rest);
            if header.flags & FLAG_TYPE == FLAG_REPLY {
                let asked = self.asked.pop_front();
                assert_eq!(asked, Some((header.id, header.command)), "a refusal of another request");
                assert!(header.flags & FLAG_ERROR != 0 && header.errno != 0 && size == HEADER);
            } else {
                assert_eq!((header.id, header.flags & !FLAG_NO_REPLY), (self.next_id, 0), "ids count");
                self.next_id = self.next_id.wrapping_add(1);
                self.commands.insert(header.command);
                if header.flags & FLAG_NO_REPLY != 0 {
                    self.posted = true;
                    continue;
                }
                self.react(header, &message[HEADER..]);
            }
        }
    }

    fn ask(&mut self, id: u16, command: u16, flags: u32, payload: usize) {
        let flags = flags & !FLAG_TYPE;
        self.tell(Header { id, command, size: (HEADER + payload) as u32, flags, errno: 0 }, &vec![0; payload]);
    }

    fn react(&mut self, to: Header, asked: &[u8]) {
        while self.honest == 0 {
            let Some(op) = self.ops.pop_front() else { break };
            let mut payload = honest(to, asked);
            let mut reply = Header { flags: FLAG_REPLY, errno: 0, ..to };
            // Pieces are honest as long as a reply takes less than the time-out.
            self.honest_so_far &= match op {
                Op::Pieces { bytes } => bytes == 0 || bytes >= 16,
                Op::Honest { .. } | Op::Interrupt { .. } => true,
                _ => false,
            };
            match op {
                Op::Honest { times } => self.honest = u32::from(times) + 1,
                Op::Lie { id, command, flags, size, errno, at, xor, cut, more } => {
                    payload.truncate(payload.len().saturating_sub(cut.into()));
                    payload.resize(payload.len() + usize::from(more), 0);
                    payload.iter_mut().skip(at.into()).zip(&xor).for_each(|(p, x)| *p ^= x);
                    reply.id ^= id;
                    reply.command ^= command;
                    reply.flags ^= flags;
                    reply.size = ((HEADER + payload.len()) as u32).wrapping_add(size);
                    reply.errno = errno;
                    return self.tell(reply, &payload);
                }
                Op::Refuse { errno, payload } => {
                    let size = (HEADER + usize::from(payload)) as u32;
                    let header = Header { flags: FLAG_REPLY | FLAG_ERROR, errno, size, ..to };
                    return self.tell(header, &vec![0; payload.into()]);
                }
                Op::Ask { id, command, flags, payload } => self.ask(id, command.into(), flags, payload.into()),
                Op::Raw { data } => self.raw(&data),
                Op::Silence {} => return,
                Op::Close {} => return self.closed = true,
                Op::Pieces { bytes } => self.piece = bytes.into(),
                Op::Flood { count, reply } => {
                    (0..count).for_each(|i| self.ask(i.into(), 11, if reply { 0 } else { FLAG_NO_REPLY }, 0));
                }
                Op::Clog { bytes, error } => {
                    let errno = [Errno::AGAIN, Errno::PIPE, Errno::INTR, Errno::CONNRESET][usize::from(error % 4)];
                    self.clog = Some((bytes.into(), errno));
                }
                Op::Delay { milliseconds } => self.step = Duration::from_millis(u64::from(milliseconds) + 1),
                Op::Interrupt { fill } => {
                    let count: u64 = if fill { u64::MAX - 1 } else { 1 };
                    let signal = |fd: &OwnedFd| rustix::io::write(fd, &count.to_ne_bytes());
                    let _ = self.event.as_ref().map(signal);
                }
                Op::Version { major, minor, text } if to.command == 1 => {
                    let text: &[u8] = match text % 6 {
                        0 => b"",
                        1 => b"{\"capabilities\":{\"max_msg_fds\":0}}\0",
                        2 => b"{]",
                        3 => b"[]\0\0",
                        4 => b"{\"capabilities\":{\"max_msg_fds\":-1}}",
                        _ => b"\xff\0",
                    };
                    payload = [&major.to_le_bytes()[..], &minor.to_le_bytes(), text].concat();
                    reply.size = (HEADER + payload.len()) as u32;
                    return self.tell(reply, &payload);
                }
                Op::Word { at, value } => {
                    let at = 4 * usize::from(at);
                    if let Some(word) = payload.get_mut(at..at + 4) {
                        word.copy_from_slice(&value.to_le_bytes());
                    }
                    reply.size = (HEADER + payload.len()) as u32;
                    return self.tell(reply, &payload);
                }
                Op::Poll { error } => {
                    self.poll_error = Some([Errno::INTR, Errno::NOMEM][usize::from(error % 2)]);
                }
                _ => {}
            }
        }
        self.honest = self.honest.saturating_sub(1);
        let payload = honest(to, asked);
        self.tell(Header { flags: FLAG_REPLY, errno: 0, size: (HEADER + payload.len()) as u32, ..to }, &payload);
    }
}

/// An honest reply's payload. Registers read as their offset.
fn honest(to: Header, asked: &[u8]) -> Vec<u8> {
    let index = word(asked, 8).unwrap_or(0);
    match to.command {
        1 => [&asked[..4], b"{\"capabilities\":{\"max_msg_fds\":8}}\0"].concat(),
        4 => Payload::default().word(16).word(3).word(9).word(5).0,
        5 => Payload::default().word(32).word(3).word(index).word(0).long(0x1_0000).long(0).0,
        7 => Payload::default().word(16).word(1).word(index).word(1).0,
        9 => {
            let offset = word(asked, 0).unwrap_or(0);
            let count = word(asked, 12).unwrap_or(0);
            let data = (0..count).map(|i| offset.to_le_bytes()[i as usize % 4]);
            asked.iter().copied().chain(data).collect()
        }
        10 => asked[..16].to_vec(),
        _ => Vec::new(),
    }
}

impl Pipe for Scripted {
    fn send(&mut self, head: &[u8], tail: &[u8], file: Option<BorrowedFd>) -> Result<usize> {
        let mut s = self.0.lock().expect("one thread");
        s.tick();
        let all = [head, tail].concat();
        let n = match s.clog {
            None => all.len(),
            Some((0, errno)) => return Err(errno),
            // Few bytes at a time, then an interruption.
            Some((bytes, Errno::INTR)) if s.calls.is_multiple_of(2) && bytes < all.len() => return Err(Errno::INTR),
            Some((bytes, _)) => bytes.min(all.len()),
        };
        s.hear(&all[..n], file);
        Ok(n)
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize> {
        let mut s = self.0.lock().expect("one thread");
        s.tick();
        assert!(!into.is_empty(), "no room to receive into");
        if s.outbox.is_empty() {
            return if s.closed {
                Ok(0)
            } else {
                let timeout = s.timeout;
                s.elapsed += timeout;
                Err(Errno::AGAIN)
            };
        }
        let piece = if s.piece == 0 { into.len() } else { s.piece };
        let n = piece.min(into.len()).min(s.outbox.len());
        into.iter_mut().zip(s.outbox.drain(..n)).for_each(|(to, byte)| *to = byte);
        Ok(n)
    }

    fn wait(&mut self, event: BorrowedFd, at_most: Duration) -> Result<Ready> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut s = self.0.lock().expect("one thread");
        s.tick();
        if let Some(errno) = s.poll_error {
            return Err(errno);
        }
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut [PollFd::from_borrowed_fd(event, PollFlags::IN)], Some(&now)) == Ok(1) {
            return Ok(Ready::Event);
        }
        if s.closed || !s.outbox.is_empty() {
            return Ok(Ready::Bytes);
        }
        s.elapsed += at_most;
        Ok(Ready::Timeout)
    }

    fn now(&self) -> Instant {
        let s = self.0.lock().expect("one thread");
        s.start + s.elapsed
    }
}
