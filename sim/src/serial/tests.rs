//! The line's faults, and a board behind a pseudo-terminal against a host of a few lines.

use super::*;
use gristmill_abi::{CARD_ID, registers as r, serial as p};
use gristmill_hdl::serial::model::{Deframer, frame};
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn faults_from_text() {
    let f: LineFaults = "lost=0.01,damaged=0.002,seed=9".parse().unwrap();
    assert_eq!(f, LineFaults { lost: 0.01, doubled: 0.0, damaged: 0.002, seed: 9 });
    for (text, says) in [
        ("lost", "KEY=VALUE"),
        ("lost=2", "0 to 0.1"),
        ("lost=x", "0 to 0.1"),
        ("seed=-1", "whole"),
        ("gone=1", "no key"),
    ] {
        let error = text.parse::<LineFaults>().unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn faults_come_as_often_as_asked() {
    let faults = LineFaults { lost: 0.03, doubled: 0.02, damaged: 0.01, seed: 3 };
    let mut line = FaultyLine::new(faults);
    let (mut counts, bytes) = ([0u64; 3], 100_000u64);
    for _ in 0..bytes {
        let mut out = vec![];
        line.pass(0x55, |b| out.push(b));
        match out[..] {
            [] => counts[0] += 1,
            [0x55, 0x55] => counts[1] += 1,
            [b] if b != 0x55 => {
                assert_eq!((b ^ 0x55).count_ones(), 1);
                counts[2] += 1;
            }
            [0x55] => {}
            _ => panic!("{out:x?}"),
        }
    }
    for (count, p) in counts.iter().zip([0.03, 0.02, 0.01]) {
        let expected = p * bytes as f64;
        assert!((*count as f64 - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}");
    }
    assert_eq!(line.hit, counts.iter().sum::<u64>());
}

/// A host on the terminal.
struct Host {
    port: std::os::fd::OwnedFd,
    deframer: Deframer,
    number: u8,
    memory: BTreeMap<u64, u8>,
    interrupts: u32,
}

impl Host {
    fn open(device: &str) -> Self {
        let path = device.strip_prefix("serial:").and_then(|d| d.split_once('@')).expect("a device").0;
        let port = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty()).unwrap();
        Host { port, deframer: Deframer::default(), number: 0, memory: BTreeMap::new(), interrupts: 0 }
    }

    /// The next answer; questions of the card are answered meanwhile.
    fn listen(&mut self, until: impl Fn(&Self) -> bool) -> Option<Vec<u8>> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) && !until(self) {
            let mut buffer = [0; 256];
            let Ok(n) = rustix::io::read(&self.port, &mut buffer) else {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            };
            for byte in &buffer[..n] {
                let Some(body) = self.deframer.push(*byte) else { continue };
                if body[0] & p::ANSWER != 0 {
                    return Some(body);
                }
                let mut answer = vec![body[0] | p::ANSWER, body[1]];
                if body[0] == p::INTERRUPT {
                    self.interrupts += 1;
                } else {
                    let address = u64::from_le_bytes(body[2..10].try_into().unwrap());
                    let count = u64::from(u16::from_le_bytes([body[10], body[11]]));
                    answer.push(p::OK);
                    match body[0] {
                        p::FETCH => {
                            answer.extend((address..address + count).map(|a| self.memory.get(&a).copied().unwrap_or(0)))
                        }
                        _ => self.memory.extend((address..).zip(body[12..].iter().copied())),
                    }
                }
                self.put(&answer);
            }
        }
        None
    }

    fn put(&self, body: &[u8]) {
        let line = frame(body);
        assert_eq!(rustix::io::write(&self.port, &line), Ok(line.len()));
    }

    fn ask(&mut self, kind: u8, payload: &[u8]) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        self.put(&[&[kind, self.number], payload].concat());
        let answer = self.listen(|_| false).expect("an answer");
        assert_eq!(answer[..2], [kind | p::ANSWER, self.number]);
        answer[2..].to_vec()
    }

    fn write(&mut self, offset: u16, value: u32) {
        self.ask(p::WRITE, &[&offset.to_le_bytes()[..], &value.to_le_bytes()].concat());
    }

    fn read(&mut self, offset: u16) -> u32 {
        u32::from_le_bytes(self.ask(p::READ, &offset.to_le_bytes()).try_into().unwrap())
    }
}

#[test]
fn a_command_through_the_terminal() {
    let config = CardConfig { card_mem_bytes: 0, queues: 1, ..CardConfig::tiny() };
    let options = BoardOptions { without_engines: true, ..BoardOptions::native(config) };
    let stop = AtomicBool::new(false);
    let mut server = Server::new(&options).unwrap();
    let device = server.device();
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| server.run(&stop).map(|()| server.counts()));
        let mut host = Host::open(&device);
        assert_eq!(host.ask(p::HELLO, &[]), [p::VERSION]);
        assert_eq!(host.read(r::ID), CARD_ID);
        for (at, value) in [(r::SQ_BASE_LO, 0x1000), (r::CQ_BASE_LO, 0x2000), (r::Q_LOG_SIZE, 2), (r::Q_ENABLE, 1)] {
            host.write(r::of_queue(0, at), value);
        }
        host.write(r::IRQ_ENABLE, 1);
        host.ask(p::MASTER, &[1]);
        host.write(r::CONTROL, r::CONTROL_RUN);
        // A NOP: sixteen words of zero but for the epoch, which is zero after power-up.
        host.write(r::of_queue(0, r::SQ_TAIL), 1);
        host.listen(|h| h.interrupts > 0);
        assert_eq!(host.interrupts, 1);
        assert_eq!(host.memory.get(&(0x2000 + 30)), Some(&0), "the completion's status");
        assert_eq!(host.memory.len(), 32, "one completion and nothing else");
        // An idle board lets no simulated time pass.
        std::thread::sleep(Duration::from_millis(300));
        let cycles = host.read(r::CYCLES_LO);
        std::thread::sleep(Duration::from_millis(300));
        let passed = host.read(r::CYCLES_LO).wrapping_sub(cycles);
        assert!(passed < 4000, "{passed} cycles for one read");
        stop.store(true, Ordering::Relaxed);
        let counts = serving.join().unwrap().unwrap();
        assert!(counts.to_card > 100 && counts.from_card > 100 && counts.hit == 0, "{counts:?}");
    });
}

#[test]
fn what_cannot_be_built_is_named() {
    let tiny = BoardOptions::native(CardConfig::tiny());
    let without = CardConfig { card_mem_bytes: 0, ..CardConfig::tiny() };
    let fast = BoardOptions { divisor: 2, ..BoardOptions::native(without.clone()) };
    let no_rtl = BoardOptions { engine: EngineKind::ProtocolOnly, ..BoardOptions::native(without) };
    for (options, says) in [(tiny, "card_mem_bytes"), (fast, "divisor 2"), (no_rtl, "native or verilator")] {
        let error = Board::new(&options).err().expect("refused").to_string();
        assert!(error.contains(says), "{error}");
    }
}
