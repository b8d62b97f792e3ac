//! The card's side of the serial link's protocol, in software.

use super::noise::Noise;
use gristmill_abi::serial::*;
use gristmill_driver::transport::serial::framing::{Decoder, MAX_FRAME, Step, encode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How a board behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// After what time a question is asked again.
    pub retry: Duration,
    /// What happens to bytes from the host.
    pub noise_in: Noise,
    /// What happens to bytes to the host.
    pub noise_out: Noise,
    /// Version in HELLO's answer.
    pub version: u8,
    /// After so many questions of the host, it says nothing any more.
    pub silent_after: Option<u64>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            retry: Duration::from_millis(20),
            noise_in: Noise::none(),
            noise_out: Noise::none(),
            version: VERSION,
            silent_after: None,
        }
    }
}

/// What a board has counted and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Questions of the host that were executed, by kind and body, but READs.
    pub executed: Vec<(u8, Vec<u8>)>,
    /// READs that were executed.
    pub reads: u64,
    /// Questions of the host that came again.
    pub again: u64,
    /// Frames that came damaged.
    pub damaged: u64,
    /// Questions to the host, and how often one was sent again.
    pub asked: u64,
    /// The latter.
    pub repeats: u64,
    /// Bytes that came, before the noise.
    pub bytes_in: u64,
    /// Bytes that went, before the noise.
    pub bytes_out: u64,
}

/// What the host's questions act on.
pub trait Registers {
    /// A register's value.
    fn read(&mut self, offset: u16) -> u32;
    /// A write to a register.
    fn write(&mut self, offset: u16, value: u32);
    /// The card's reset.
    fn reset(&mut self);
}

/// The bridge between line and card.
#[derive(Debug)]
pub struct Bridge {
    line: OwnedFd,
    /// The board is to be switched off: nothing is waited for.
    off: Arc<AtomicBool>,
    behaviour: Behaviour,
    decoder: Decoder,
    /// The host's last question and its answer.
    last: Option<(u8, Vec<u8>)>,
    master: bool,
    number: u8,
    /// The question under way, and its answer.
    asking: Option<(u8, u8)>,
    answer: Option<Vec<u8>>,
    questions: u64,
    /// What happened.
    pub seen: Seen,
    /// The line is closed.
    pub closed: bool,
}

impl Bridge {
    /// A bridge after power-up; `off` ends its questions.
    pub fn new(line: OwnedFd, behaviour: Behaviour, off: Arc<AtomicBool>) -> Self {
        Bridge {
            line,
            off,
            behaviour,
            decoder: Decoder::default(),
            last: None,
            master: false,
            number: 0x80,
            asking: None,
            answer: None,
            questions: 0,
            seen: Seen::default(),
            closed: false,
        }
    }

    /// Whether the host lets it reach memory.
    pub fn is_master(&self) -> bool {
        self.master
    }

    /// Takes what comes within a time, and answers.
    pub fn pump(&mut self, card: &mut dyn Registers, at_most: Duration) {
        let mut buffer = [0; 4096];
        let mut fds = [PollFd::from_borrowed_fd(self.line.as_fd(), PollFlags::IN)];
        let span: Option<Timespec> = at_most.try_into().ok();
        let _ = poll(&mut fds, span.as_ref());
        let count = match rustix::io::read(&self.line, &mut buffer) {
            Ok(0) => return self.closed = true,
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(_) => return self.closed = true,
        };
        self.seen.bytes_in += count as u64;
        let mut heard = Vec::new();
        for byte in &buffer[..count] {
            self.behaviour.noise_in.pass(*byte, |b| heard.push(b));
        }
        for byte in heard {
            match self.decoder.push(byte) {
                Step::More => {}
                Step::Damaged => self.seen.damaged += 1,
                Step::Body(body) => {
                    let body = body.to_vec();
                    self.frame(card, &body);
                }
            }
        }
    }

    fn frame(&mut self, card: &mut dyn Registers, body: &[u8]) {
        let (kind, number, rest) = (body[0], body[1], &body[2..]);
        if kind & ANSWER != 0 {
            if self.asking == Some((kind & !ANSWER, number)) {
                self.asking = None;
                self.answer = Some(rest.to_vec());
            }
            return;
        }
        let wanted = match kind {
            READ => 2,
            WRITE => 6,
            MASTER => 1,
            HELLO | RESET => 0,
            _ => return,
        };
        if rest.len() != wanted {
            return;
        }
        self.questions += 1;
        if self.behaviour.silent_after.is_some_and(|n| self.questions > n) {
            return;
        }
        let last = self.last.take().filter(|(n, _)| *n == number && kind != HELLO);
        let answer = match last {
            Some((_, answer)) => {
                self.seen.again += 1;
                answer
            }
            None => {
                let mut answer = vec![kind | ANSWER, number];
                self.execute(card, kind, rest, &mut answer);
                answer
            }
        };
        self.send(&answer);
        self.last = Some((number, answer));
    }

    fn execute(&mut self, card: &mut dyn Registers, kind: u8, rest: &[u8], answer: &mut Vec<u8>) {
        let offset = || u16::from_le_bytes([rest[0], rest[1]]);
        match kind {
            READ => {
                self.seen.reads += 1;
                answer.extend(card.read(offset()).to_le_bytes());
                return;
            }
            WRITE => card.write(offset(), u32::from_le_bytes([rest[2], rest[3], rest[4], rest[5]])),
            MASTER => self.master = rest[0] != 0,
            HELLO => {
                (self.master, self.asking, self.answer) = (false, None, None);
                answer.push(self.behaviour.version);
            }
            _ => {
                self.master = false;
                card.reset();
            }
        }
        self.seen.executed.push((kind, rest.to_vec()));
    }

    /// Sends a frame.
    pub fn send(&mut self, body: &[u8]) {
        let mut frame = [0; MAX_FRAME];
        if let Some(len) = encode(&[body], &mut frame) {
            self.seen.bytes_out += len as u64;
            let mut said = Vec::new();
            frame[..len].iter().for_each(|b| self.behaviour.noise_out.pass(*b, |b| said.push(b)));
            self.raw(&said);
        }
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.closed {
            match rustix::io::write(&self.line, bytes) {
                Ok(n) => bytes = &bytes[n..],
                // A UART does not wait, but a pseudo-terminal is full at some point.
                Err(Errno::AGAIN | Errno::INTR) => {
                    let mut fds = [PollFd::from_borrowed_fd(self.line.as_fd(), PollFlags::OUT)];
                    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
                    if poll(&mut fds, Some(&second)) == Ok(0) {
                        return; // lost, as on a line that nobody listens to
                    }
                }
                Err(_) => self.closed = true,
            }
        }
    }

    /// Asks the host until it answers; what stands behind the answer's number. `None` if the question
    /// ended otherwise: by HELLO, by a board that is silent or a line that is closed, or because the card may not.
    pub fn ask(&mut self, card: &mut dyn Registers, kind: u8, body: &[u8]) -> Option<Vec<u8>> {
        if kind != INTERRUPT && !self.master {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        self.seen.asked += 1;
        self.asking = Some((kind, self.number));
        self.answer = None;
        let question = [&[kind, self.number], body].concat();
        loop {
            self.send(&question);
            let due = Instant::now() + self.behaviour.retry;
            while self.asking.is_some() && Instant::now() < due && !self.closed {
                self.pump(card, due.saturating_duration_since(Instant::now()));
            }
            if self.asking.is_none() || self.closed || self.is_silent() || self.off.load(Ordering::Relaxed) {
                return self.answer.take();
            }
            self.seen.repeats += 1;
        }
    }

    fn is_silent(&self) -> bool {
        self.behaviour.silent_after.is_some_and(|n| self.questions > n)
    }

    /// Reads host memory; `None` is an error.
    pub fn fetch(&mut self, card: &mut dyn Registers, address: u64, count: u16) -> Option<Vec<u8>> {
        let answer = self.ask(card, FETCH, &[&address.to_le_bytes()[..], &count.to_le_bytes()].concat())?;
        let (status, data) = answer.split_first()?;
        (*status == OK && data.len() == usize::from(count)).then(|| data.to_vec())
    }

    /// Writes host memory; `false` is an error.
    pub fn store(&mut self, card: &mut dyn Registers, address: u64, data: &[u8]) -> bool {
        let count = data.len() as u16;
        self.ask(card, STORE, &[&address.to_le_bytes()[..], &count.to_le_bytes(), data].concat()) == Some(vec![OK])
    }
}
