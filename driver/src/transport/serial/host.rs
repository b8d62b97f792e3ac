//! The host's side of the protocol, without a line, a thread or a clock: bytes that came go in,
//! bytes to be sent come out. `abi::serial` has the protocol.
//!
//! Everything that comes is the card's word, and the card may be hostile: what it asks for is
//! checked against the windows, what it sends unasked is dropped, and what is not sent yet has a
//! fixed room, beyond which answers are dropped too (the card asks again).

use super::figures::Figures;
use super::framing::{Decoder, MAX_FRAME, Step, encode};
use super::memory::Windows;
use super::question::{Ask, Patience, Silence};
use gristmill_abi::serial::*;
use std::time::Instant;

/// Room for frames that are to be sent: a question, an answer, and some for a line that is slow.
const OUT_BYTES: usize = 4 * MAX_FRAME;

/// What the bytes that came have brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The answer to the question under way: a register, a version, or nothing (0).
    pub answer: Option<u32>,
    /// Interrupts.
    pub interrupts: u32,
}

#[derive(Debug)]
struct Question {
    ask: Ask,
    number: u8,
    tries: u32,
    asked: Instant,
    due: Instant,
    before: Figures,
}

/// The card's last question, to know it when it comes again.
#[derive(Clone, Copy, Debug)]
struct Last {
    number: u8,
    kind: u8,
    status: u8,
}

/// Bytes to be sent.
#[derive(Debug)]
struct Out {
    bytes: Box<[u8; OUT_BYTES]>,
    start: usize,
    end: usize,
}

impl Out {
    /// Queues a frame; `false` if there is no room for it.
    fn frame(&mut self, parts: &[&[u8]], figures: &mut Figures) -> bool {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let Some(len) = encode(parts, &mut self.bytes[self.end..]) else { return false };
        self.end += len;
        figures.frames_sent += 1;
        true
    }
}

/// Everything but the decoder, which lends the bodies that this is about.
#[derive(Debug)]
struct Inner {
    out: Out,
    patience: Patience,
    question: Option<Question>,
    /// Number of the next question.
    number: u8,
    /// A session is open: HELLO was answered.
    open: bool,
    /// The card may reach memory.
    master: bool,
    last: Option<Last>,
    windows: Windows,
    figures: Figures,
    /// A burst on its way between memory and a frame.
    burst: Box<[u8; MAX_DATA]>,
}

/// The host's side of one link.
#[derive(Debug)]
pub(super) struct Host {
    decoder: Decoder,
    inner: Inner,
}

impl Host {
    /// A host before its HELLO. Its questions are numbered from `number` on: any will do, but
    /// another than that of an earlier session keeps late answers of that one out.
    pub(super) fn new(patience: Patience, number: u8) -> Self {
        let inner = Inner {
            out: Out { bytes: Box::new([0; OUT_BYTES]), start: 0, end: 0 },
            patience,
            question: None,
            number,
            open: false,
            master: false,
            last: None,
            windows: Windows::default(),
            figures: Figures::default(),
            burst: Box::new([0; MAX_DATA]),
        };
        Host { decoder: Decoder::default(), inner }
    }

    pub(super) fn figures(&self) -> Figures {
        self.inner.figures
    }

    pub(super) fn windows(&mut self) -> &mut Windows {
        &mut self.inner.windows
    }

    /// Whether a question is under way.
    pub(super) fn is_asking(&self) -> bool {
        self.inner.question.is_some()
    }

    /// Asks; no question may be under way.
    pub(super) fn ask(&mut self, ask: Ask, now: Instant) {
        let this = &mut self.inner;
        // The card may ask for memory as soon as it has MASTER, which may be before its answer
        // comes through. It may still do so until it has answered that it no longer does.
        this.master |= ask == Ask::Master(true);
        let number = this.number;
        this.number = number.wrapping_add(1);
        let due = now + this.patience.after(ask, 1);
        this.figures.questions += 1;
        this.question = Some(Question { ask, number, tries: 1, asked: now, due, before: this.figures });
        this.send_question(ask, number);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.inner.question.as_ref().map(|q| q.due)
    }

    /// Sends the question again if it is time; an error if that was done often enough.
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Silence> {
        let this = &mut self.inner;
        let Some(question) = this.question.as_mut().filter(|q| q.due <= now) else { return Ok(()) };
        let (ask, number) = (question.ask, question.number);
        if question.tries > this.patience.repeats {
            let (f, before) = (&this.figures, &question.before);
            return Err(Silence {
                ask,
                tries: question.tries,
                after: now - question.asked,
                bytes: f.bytes_received - before.bytes_received,
                frames: f.frames_received - before.frames_received,
                damaged: f.damaged - before.damaged,
            });
        }
        question.tries += 1;
        question.due = now + this.patience.after(ask, question.tries);
        this.figures.repeats += 1;
        tracing::trace!(%ask, tries = question.tries, "asking the board again");
        this.send_question(ask, number);
        Ok(())
    }

    /// Bytes that are to be sent.
    pub(super) fn output(&self) -> &[u8] {
        let out = &self.inner.out;
        &out.bytes[out.start..out.end]
    }

    /// So many of them were.
    pub(super) fn sent(&mut self, count: usize) {
        let out = &mut self.inner.out;
        out.start = (out.start + count).min(out.end);
        self.inner.figures.bytes_sent += count as u64;
    }

    /// Takes bytes that came.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> News {
        let mut news = News::default();
        let this = &mut self.inner;
        this.figures.bytes_received += bytes.len() as u64;
        for byte in bytes {
            match self.decoder.push(*byte) {
                Step::More => {}
                Step::Damaged => this.figures.damaged += 1,
                Step::Body(body) => {
                    this.figures.frames_received += 1;
                    if this.frame(body, &mut news).is_none() {
                        this.figures.strange += 1;
                    }
                }
            }
        }
        news
    }
}

impl Inner {
    fn send_question(&mut self, ask: Ask, number: u8) {
        let (body, len) = ask.body();
        // Without room on the line it counts as lost, and is sent again later.
        self.out.frame(&[&[ask.kind(), number], &body[..len]], &mut self.figures);
    }

    /// Acts on a frame; `None` if it means nothing.
    fn frame(&mut self, body: &[u8], news: &mut News) -> Option<()> {
        let (&[kind, number], rest) = body.split_first_chunk()?;
        if kind & ANSWER != 0 {
            return self.answered(kind & !ANSWER, number, rest, news);
        }
        // Before the answer to HELLO, whatever the card asks is of another session.
        if !self.open {
            return None;
        }
        match kind {
            FETCH => self.fetch(number, rest),
            STORE => self.store(number, rest),
            INTERRUPT if rest.is_empty() => {
                if self.again(number, kind)?.is_none() {
                    self.figures.interrupts += 1;
                    news.interrupts += 1;
                    self.last = Some(Last { number, kind, status: OK });
                }
                self.answer(kind, number, &[]);
                Some(())
            }
            _ => None,
        }
    }

    /// The answer to the question under way, if it is one.
    fn answered(&mut self, kind: u8, number: u8, rest: &[u8], news: &mut News) -> Option<()> {
        let ask = self.question.as_ref().filter(|q| q.number == number && q.ask.kind() == kind)?.ask;
        if rest.len() != ask.answer_bytes() {
            return None;
        }
        match ask {
            Ask::Hello => (self.open, self.master, self.last) = (true, false, None),
            Ask::Master(on) => self.master = on,
            Ask::Reset => self.master = false,
            Ask::Read(_) | Ask::Write(..) => {}
        }
        self.question = None;
        let mut value = [0; 4];
        value[..rest.len()].copy_from_slice(rest);
        news.answer = Some(u32::from_le_bytes(value));
        Some(())
    }

    /// The status with which this question was answered, if it is the last one once more. A question
    /// of the last one's number and another kind is none.
    fn again(&mut self, number: u8, kind: u8) -> Option<Option<u8>> {
        match self.last {
            Some(last) if last.number == number && last.kind != kind => None,
            Some(last) if last.number == number => {
                self.figures.card_repeats += 1;
                Some(Some(last.status))
            }
            _ => Some(None),
        }
    }

    /// Address, count, and what follows them.
    fn place(rest: &[u8]) -> Option<(u64, usize, &[u8])> {
        let (address, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        Some((u64::from_le_bytes(*address), usize::from(u16::from_le_bytes(*count)), rest))
    }

    /// Whether the card may reach memory, and this is what the protocol allows to ask for.
    fn may(&self, address: u64, count: usize) -> bool {
        let whole = count > 0 && count <= MAX_DATA && count.is_multiple_of(32);
        self.master && whole && address % 4096 + count as u64 <= 4096
    }

    fn fetch(&mut self, number: u8, rest: &[u8]) -> Option<()> {
        let (address, count, rest) = Self::place(rest)?;
        if !rest.is_empty() {
            return None;
        }
        let again = self.again(number, FETCH)?;
        let done = self.may(address, count) && self.windows.read(address, &mut self.burst[..count]);
        let (status, sent) = if done { (OK, count) } else { (REFUSED, 0) };
        self.last = Some(Last { number, kind: FETCH, status });
        if again.is_none() {
            self.count(status, address, count, false);
        }
        let head = [FETCH | ANSWER, number, status];
        self.out.frame(&[&head, &self.burst[..sent]], &mut self.figures);
        Some(())
    }

    fn store(&mut self, number: u8, rest: &[u8]) -> Option<()> {
        let (address, count, data) = Self::place(rest)?;
        if data.len() != count {
            return None;
        }
        let status = match self.again(number, STORE)? {
            Some(status) => status,
            None => {
                let done = self.may(address, count) && self.windows.write(address, data);
                let status = if done { OK } else { REFUSED };
                self.last = Some(Last { number, kind: STORE, status });
                self.count(status, address, count, true);
                status
            }
        };
        self.answer(STORE, number, &[status]);
        Some(())
    }

    fn count(&mut self, status: u8, address: u64, count: usize, store: bool) {
        match (status, store) {
            (OK, false) => self.figures.fetched += count as u64,
            (OK, true) => self.figures.stored += count as u64,
            _ => {
                self.figures.refused += 1;
                tracing::debug!(address, count, store, master = self.master, "refusing memory to the board");
            }
        }
    }

    fn answer(&mut self, kind: u8, number: u8, rest: &[u8]) {
        self.out.frame(&[&[kind | ANSWER, number], rest], &mut self.figures);
    }
}
