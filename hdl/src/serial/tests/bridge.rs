//! The bridge between a scripted host and a scripted card.

use super::super::model::frame;
use super::super::{Bridge, SerialConfig};
use super::bench::{on_both, Pins};
use super::host::Host;
use gristmill_abi::serial as p;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SERIAL: SerialConfig = SerialConfig { divisor: 4, retry_cycles: 3000 };
const OKAY: u64 = 0;
const SLVERR: u64 = 2;

/// Registers behind the bridge that count their accesses.
#[derive(Default)]
struct Registers {
    value: u32,
    reads: u32,
    writes: Vec<(u16, u32)>,
    answer_read: bool,
    answer_write: bool,
}

struct Bench {
    host: Host,
    registers: Registers,
    /// Cycles with the card's reset high.
    resets: u32,
    stalls: StdRng,
}

impl Bench {
    fn new(mut pins: Pins) -> Self {
        for ready in ["s_awready", "s_wready", "s_arready"] {
            pins.set(ready, 1);
        }
        pins.set("rx", 1);
        let host = Host::new(pins, SERIAL.divisor);
        Bench { host, registers: Registers::default(), resets: 0, stalls: StdRng::seed_from_u64(3) }
    }

    /// One clock; the registers answer one cycle after they are asked.
    fn step(&mut self) {
        let (pins, r) = (&mut self.host.pins, &mut self.registers);
        pins.set("s_rvalid", r.answer_read.into());
        pins.set("s_rdata", r.value.into());
        pins.set("s_bvalid", r.answer_write.into());
        (r.answer_read, r.answer_write) = (pins.is("s_arvalid"), pins.is("s_awvalid"));
        if r.answer_read {
            r.reads += 1;
            r.value = (u32::from(pins.get("s_araddr") as u16) * 0x10001) ^ r.reads;
        }
        if r.answer_write {
            assert!(pins.is("s_wvalid"));
            r.writes.push((pins.get("s_awaddr") as u16, pins.get("s_wdata") as u32));
        }
        self.resets += u32::from(pins.is("card_reset"));
        self.host.step();
    }

    fn put(&mut self, bytes: &[u8]) {
        self.host.queue.extend(bytes);
    }

    /// All answers that come until the line has been silent for a while.
    fn answers(&mut self) -> Vec<Vec<u8>> {
        let (mut quiet, mut seen) = (0, 0);
        while quiet < 2000 {
            self.step();
            quiet = if self.host.queue.is_empty() && self.host.received == seen { quiet + 1 } else { 0 };
            seen = self.host.received;
        }
        self.host.bodies.drain(..).collect()
    }

    fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        self.put(&frame(body));
        let mut answers = self.answers();
        assert_eq!(answers.len(), 1, "{body:x?}: {answers:x?}");
        answers.remove(0)
    }

    /// A burst read: beats, response of each.
    fn fetch(&mut self, address: u64, beats: u64, most: u64) -> Vec<([u64; 4], u64)> {
        let pins = &mut self.host.pins;
        pins.set("h_araddr", address);
        pins.set("h_arlen", beats - 1);
        pins.set("h_arvalid", 1);
        let mut got = vec![];
        for _ in 0..most {
            let ready = self.stalls.gen_ratio(1, 2);
            let pins = &mut self.host.pins;
            pins.set("h_rready", ready.into());
            let taken = pins.is("h_arready");
            if ready && pins.is("h_rvalid") {
                let word = pins.get_wide("h_rdata");
                got.push(([word[0], word[1], word[2], word[3]], pins.get("h_rresp")));
                assert_eq!(pins.is("h_rlast"), got.len() as u64 == beats);
            }
            self.step();
            if taken {
                self.host.pins.set("h_arvalid", 0);
            }
            if got.len() as u64 == beats {
                return got;
            }
        }
        panic!("{} of {beats} beats after {most} cycles", got.len());
    }

    /// A burst write: its response.
    fn store(&mut self, address: u64, words: &[[u64; 4]], most: u64) -> u64 {
        let pins = &mut self.host.pins;
        pins.set("h_awaddr", address);
        pins.set("h_awlen", words.len() as u64 - 1);
        pins.set("h_awvalid", 1);
        pins.set("h_bready", 1);
        let (mut at, mut response) = (0, None);
        for _ in 0..most {
            let offers = at < words.len() && self.stalls.gen_ratio(1, 2);
            let pins = &mut self.host.pins;
            pins.set("h_wvalid", offers.into());
            pins.set_wide("h_wdata", words.get(at).unwrap_or(&[0; 4]));
            at += usize::from(offers && pins.is("h_wready"));
            let taken = pins.is("h_awready");
            if pins.is("h_bvalid") {
                assert_eq!(at, words.len());
                response = Some(pins.get("h_bresp"));
            }
            self.step();
            if taken {
                self.host.pins.set("h_awvalid", 0);
            }
            if let Some(response) = response {
                return response;
            }
        }
        panic!("no response after {most} cycles");
    }

    fn open(&mut self) {
        assert_eq!(self.ask(&[p::HELLO, 100]), [p::HELLO | p::ANSWER, 100, p::VERSION]);
        assert_eq!(self.ask(&[p::MASTER, 101, 1]), [p::MASTER | p::ANSWER, 101]);
        assert!(self.host.pins.is("mastering"));
    }
}

fn on_bridges(run: fn(&mut Bench)) {
    on_both(|| Bridge::new(&SERIAL), |pins| run(&mut Bench::new(pins)));
}

#[test]
fn questions_are_executed_once() {
    on_bridges(|b| {
        let read = |number| [p::READ, number, 0x34, 0x12];
        let first = b.ask(&read(7));
        assert_eq!(first, [&[p::READ | p::ANSWER, 7][..], &((0x1234u32 * 0x10001) ^ 1).to_le_bytes()].concat());
        // The same number again: the same answer, no second access; another number: a new one.
        assert_eq!(b.ask(&read(7)), first);
        assert_eq!(b.registers.reads, 1);
        assert_ne!(b.ask(&read(8))[2..], first[2..]);
        let write = [p::WRITE, 9, 0x7e, 0x7d, 0x7d, 0x7e, 0x5d, 0x5e];
        for _ in 0..3 {
            assert_eq!(b.ask(&write), [p::WRITE | p::ANSWER, 9]);
        }
        assert_eq!(b.registers.writes, [(0x7d7e, 0x5e5d_7e7d)]);
        assert_eq!(b.ask(&[p::RESET, 10]), [p::RESET | p::ANSWER, 10]);
        assert_eq!(b.ask(&[p::RESET, 10]), [p::RESET | p::ANSWER, 10]);
        assert_eq!(b.resets, 1);
        // HELLO is executed whatever its number.
        b.open();
        assert_eq!(b.ask(&[p::HELLO, 101]), [p::HELLO | p::ANSWER, 101, p::VERSION]);
        assert!(!b.host.pins.is("mastering"));
        // A question twice in a row, and one right behind another: the buffer has two places.
        b.put(&[frame(&read(20)), frame(&read(20)), frame(&read(21))].concat());
        let answers = b.answers();
        assert_eq!(answers.len(), 3, "{answers:x?}");
        assert_eq!((answers[0].clone(), answers[2][1]), (answers[1].clone(), 21));
        assert_eq!(b.registers.reads, 4);
    });
}

#[test]
fn what_is_no_question_is_dropped() {
    on_bridges(|b| {
        b.open();
        let mut bad = frame(&[p::READ, 1, 0, 0]);
        bad[3] ^= 0x10;
        b.put(&bad);
        assert!(b.answers().is_empty());
        assert!(b.host.pins.is("damaged"));
        for body in [
            &[0x06, 1][..],
            &[0x7f, 1],
            &[p::READ, 1, 0],
            &[p::READ, 1, 0, 0, 0],
            &[p::WRITE, 1, 0, 0, 0, 0, 0],
            &[p::HELLO, 1, 0],
            &[p::MASTER, 1],
            &[p::RESET, 1, 1],
            &[p::FETCH, 1],
            // Answers to what nobody asked.
            &[p::FETCH | p::ANSWER, 1, 0],
            &[p::STORE | p::ANSWER, 0, 0],
            &[p::INTERRUPT | p::ANSWER, 0],
        ] {
            b.put(&frame(body));
            assert_eq!(b.answers(), Vec::<Vec<u8>>::new(), "{body:x?}");
        }
        b.put(&frame(&[0x55; 600]));
        b.put(&[p::ESCAPE, p::FLAG, p::FLAG]);
        assert!(b.answers().is_empty());
        assert_eq!((b.registers.reads, b.resets), (0, 0));
        assert_eq!(b.ask(&[p::HELLO, 1])[0], p::HELLO | p::ANSWER);
        assert!(!b.host.pins.is("damaged"));
    });
}

fn words(rng: &mut StdRng, count: u64) -> Vec<[u64; 4]> {
    // Bytes that must be stuffed come often.
    let mut byte = || if rng.gen_ratio(1, 8) { [p::FLAG, p::ESCAPE][rng.gen_range(0..2)] } else { rng.gen() };
    (0..count).map(|_| std::array::from_fn(|_| u64::from_le_bytes(std::array::from_fn(|_| byte())))).collect()
}

#[test]
fn bursts_of_every_length() {
    on_bridges(|b| {
        b.open();
        let mut rng = StdRng::seed_from_u64(4);
        for beats in 1..=16 {
            let address = 0xdead_0000_0000 + 0x1000 * beats + 32 * rng.gen_range(0..=16 - beats);
            let data = words(&mut rng, beats);
            assert_eq!(b.store(address, &data, 100_000), OKAY);
            let back = b.fetch(address, beats, 200_000);
            assert_eq!(back, data.iter().map(|w| (*w, OKAY)).collect::<Vec<_>>(), "{beats} beats");
        }
        assert_eq!((b.host.fetches, b.host.stores, b.host.questions), (16, 16, 32));
        // A read and a write that wait both get their turn.
        let pins = &mut b.host.pins;
        pins.set("h_araddr", 0x9000);
        pins.set("h_arlen", 0);
        pins.set("h_arvalid", 1);
        let data = words(&mut rng, 1);
        pins.set("h_rready", 1);
        assert_eq!(b.store(0xa000, &data, 100_000), OKAY);
        for _ in 0..10_000 {
            b.step();
        }
        assert_eq!(b.host.stores, 17);
        assert!(b.host.fetches > 16);
    });
}

#[test]
fn errors_and_mastering() {
    on_bridges(|b| {
        let mut rng = StdRng::seed_from_u64(5);
        let data = words(&mut rng, 3);
        // Before MASTER: nothing goes over the line.
        assert!(b.fetch(0x1000, 16, 1000).iter().all(|(_, resp)| *resp == SLVERR));
        assert_eq!(b.store(0x1000, &data, 1000), SLVERR);
        assert_eq!(b.host.questions, 0);
        b.open();
        b.host.refuse = Some(0x2000..0x3000);
        assert!(b.fetch(0x2000, 5, 100_000).iter().all(|(_, resp)| *resp == SLVERR));
        assert_eq!(b.store(0x2000, &data, 100_000), SLVERR);
        assert_eq!(b.store(0x3000, &data, 100_000), OKAY);
        // The host falls silent: the card asks again and again; MASTER off ends it.
        for (off, resp) in [(&[p::MASTER, 1, 0][..], SLVERR), (&[p::RESET, 2], SLVERR), (&[p::HELLO, 3], SLVERR)] {
            b.ask(&[p::MASTER, 50, 1]);
            b.host.serves = false;
            let questions = |b: &mut Bench| {
                let mut all = vec![];
                for _ in 0..12_000 {
                    b.step();
                    all.extend(b.host.bodies.drain(..));
                }
                all
            };
            let pins = &mut b.host.pins;
            pins.set("h_araddr", 0x5000);
            pins.set("h_arlen", 1);
            pins.set("h_arvalid", 1);
            pins.set("h_rready", 0);
            let asked = questions(b);
            assert!(asked.len() >= 2 && asked.iter().all(|q| *q == asked[0]), "{asked:x?}");
            assert_eq!(asked[0].len(), 12);
            b.host.pins.set("h_arvalid", 0);
            b.put(&frame(off));
            for _ in 0..4000 {
                b.step();
            }
            let pins = &b.host.pins;
            assert!(pins.is("h_rvalid") && pins.get("h_rresp") == resp && !pins.is("waiting"), "after {off:x?}");
            b.host.pins.set("h_rready", 1);
            b.step();
            b.step();
            assert!(!b.host.pins.is("h_rvalid"));
            b.host.bodies.clear();
            b.host.serves = true;
            b.host.number = 60;
        }
    });
}

#[test]
fn interrupts_and_wrong_answers() {
    on_bridges(|b| {
        b.open();
        for n in 1..=3 {
            b.host.pins.set("irq", 1);
            b.answers();
            b.host.pins.set("irq", 0);
            b.answers();
            assert_eq!(b.host.interrupts, n, "one for each rise");
        }
        // Answers of the wrong number, kind or length do not count; the right one does, once.
        b.host.serves = false;
        b.host.pins.set("irq", 1);
        b.answers();
        for _ in 0..2000 {
            b.step();
        }
        b.host.pins.set("irq", 0);
        b.host.bodies.clear();
        let number = 4;
        for wrong in [&[p::INTERRUPT | p::ANSWER, number + 1][..], &[p::STORE | p::ANSWER, number, 0]] {
            b.put(&frame(wrong));
        }
        let again = |b: &mut Bench| {
            for _ in 0..8000 {
                b.step();
            }
            std::mem::take(&mut b.host.bodies)
        };
        assert!(again(b).iter().all(|q| *q == [p::INTERRUPT, number]) && b.host.pins.is("waiting"));
        b.put(&frame(&[p::INTERRUPT | p::ANSWER, number]));
        for _ in 0..2000 {
            b.step();
        }
        assert!(!b.host.pins.is("waiting"));
        assert_eq!(again(b).len(), 0);
    });
}
