//! A host on the line, scripted by a test: asks, answers the card from a memory, and may do both badly.

use super::super::model::{frame, Deframer, LineIn, LineOut};
use super::bench::Pins;
use gristmill_abi::serial as p;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};

/// Chances, of a million bytes, that the line does to a byte what it should not.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    pub lost: u32,
    pub doubled: u32,
    pub damaged: u32,
}

pub struct Host {
    pub pins: Pins,
    out: LineOut,
    into: LineIn,
    deframer: Deframer,
    pub queue: VecDeque<u8>,
    /// Bodies from the card that nobody has looked at.
    pub bodies: VecDeque<Vec<u8>>,
    pub now: u64,
    /// Bytes on the line, towards the card and from it.
    pub sent: u64,
    pub received: u64,
    pub number: u8,
    pub memory: BTreeMap<u64, [u8; 32]>,
    /// Addresses that are refused.
    pub refuse: Option<std::ops::Range<u64>>,
    /// Questions of the card: those answered for the first time, and in all.
    pub fetches: u64,
    pub stores: u64,
    pub interrupts: u64,
    pub questions: u64,
    last_question: Option<u8>,
    /// Whether the card's questions are answered.
    pub serves: bool,
    pub faults: Faults,
    rng: StdRng,
    divisor: u32,
}

/// Clocks after which the host asks again, in bytes on the line.
const PATIENCE: u64 = 3000;

impl Host {
    pub fn new(pins: Pins, divisor: u32) -> Self {
        Host {
            pins,
            out: LineOut::new(divisor),
            into: LineIn::new(divisor),
            deframer: Deframer::default(),
            queue: VecDeque::new(),
            bodies: VecDeque::new(),
            now: 0,
            sent: 0,
            received: 0,
            number: 0,
            memory: BTreeMap::new(),
            refuse: None,
            fetches: 0,
            stores: 0,
            interrupts: 0,
            questions: 0,
            last_question: None,
            serves: true,
            faults: Faults::default(),
            rng: StdRng::seed_from_u64(7),
            divisor,
        }
    }

    fn spoil(&mut self, byte: u8) -> Vec<u8> {
        let f = self.faults;
        let chance = self.rng.gen_range(0..1_000_000);
        match chance {
            c if c < f.lost => vec![],
            c if c < f.lost + f.doubled => vec![byte, byte],
            c if c < f.lost + f.doubled + f.damaged => vec![byte ^ 1 << self.rng.gen_range(0..8)],
            _ => vec![byte],
        }
    }

    /// One clock of line and pins.
    pub fn tick(&mut self) {
        if let Some(byte) = self.into.level(self.pins.is("tx")) {
            self.received += 1;
            for byte in self.spoil(byte) {
                if let Some(body) = self.deframer.push(byte) {
                    self.bodies.push_back(body);
                }
            }
        }
        let free = self.out.is_free();
        let level = self.out.level(|| self.queue.pop_front());
        self.sent += u64::from(free && !self.out.is_free());
        self.pins.set("rx", level.into());
        self.pins.cycle();
        self.now += 1;
    }

    /// Clocks while bytes of that many could go over the line, the card served.
    pub fn idle_bytes(&mut self, bytes: u64) {
        for _ in 0..bytes * 10 * u64::from(self.divisor) {
            self.step();
        }
    }

    /// One clock; the card's questions are answered, answers stay in `bodies`.
    pub fn step(&mut self) {
        self.tick();
        if !self.serves {
            return;
        }
        if let Some(at) = self.bodies.iter().position(|b| b[0] & p::ANSWER == 0) {
            let question = self.bodies.remove(at).unwrap_or_default();
            if let Some(answer) = self.answer(&question) {
                self.put(&answer);
            }
        }
    }

    /// What the host says to a question of the card.
    pub fn answer(&mut self, q: &[u8]) -> Option<Vec<u8>> {
        self.questions += 1;
        let new = self.last_question != Some(q[1]);
        self.last_question = Some(q[1]);
        let mut answer = vec![q[0] | p::ANSWER, q[1]];
        if q[0] == p::INTERRUPT && q.len() == 2 {
            self.interrupts += u64::from(new);
            return Some(answer);
        }
        assert!(q[0] == p::FETCH && q.len() == 12 || q[0] == p::STORE && q.len() >= 44, "no question: {q:x?}");
        let address = u64::from_le_bytes(q[2..10].try_into().ok()?);
        let count = u64::from(u16::from_le_bytes([q[10], q[11]]));
        assert!(count.is_multiple_of(32) && (32..=512).contains(&count) && address.is_multiple_of(32), "{q:x?}");
        assert_eq!(address >> 12, (address + count - 1) >> 12, "a question crosses 4 KiB");
        let refused = self.refuse.as_ref().is_some_and(|r| r.contains(&address));
        answer.push(if refused { p::REFUSED } else { p::OK });
        let words = (address..address + count).step_by(32);
        if q[0] == p::FETCH {
            self.fetches += u64::from(new);
            if !refused {
                for at in words {
                    answer.extend(self.memory.get(&at).copied().unwrap_or_default());
                }
            }
        } else {
            assert_eq!(q.len() as u64, 12 + count);
            self.stores += u64::from(new);
            if !refused && new {
                for (at, word) in words.zip(q[12..].chunks_exact(32)) {
                    self.memory.insert(at, word.try_into().ok()?);
                }
            }
        }
        Some(answer)
    }

    /// Puts a frame on the line.
    pub fn put(&mut self, body: &[u8]) {
        for byte in frame(body) {
            let bytes = self.spoil(byte);
            self.queue.extend(bytes);
        }
    }

    /// The next answer of the card, if one comes in that many byte times.
    pub fn next_answer(&mut self, bytes: u64) -> Option<Vec<u8>> {
        for _ in 0..bytes * 10 * u64::from(self.divisor) {
            if let Some(at) = self.bodies.iter().position(|b| b[0] & p::ANSWER != 0) {
                return self.bodies.remove(at);
            }
            self.step();
        }
        None
    }

    /// Asks until there is an answer.
    pub fn ask(&mut self, kind: u8, payload: &[u8]) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        let number = self.number;
        let body = [&[kind, number], payload].concat();
        for _ in 0..100 {
            self.put(&body);
            while let Some(answer) = self.next_answer(PATIENCE) {
                if answer[..2] == [kind | p::ANSWER, number] {
                    return answer[2..].to_vec();
                }
            }
        }
        panic!("no answer to {body:x?}");
    }

    pub fn hello(&mut self) {
        assert_eq!(self.ask(p::HELLO, &[]), [p::VERSION]);
    }

    pub fn master(&mut self, on: bool) {
        assert!(self.ask(p::MASTER, &[on.into()]).is_empty());
    }

    pub fn read(&mut self, offset: u16) -> u32 {
        let answer = self.ask(p::READ, &offset.to_le_bytes());
        u32::from_le_bytes(answer.try_into().expect("four bytes"))
    }

    pub fn write(&mut self, offset: u16, value: u32) {
        let payload = [&offset.to_le_bytes()[..], &value.to_le_bytes()].concat();
        assert!(self.ask(p::WRITE, &payload).is_empty());
    }
}
