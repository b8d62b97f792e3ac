//! The whole card behind the link: registers, queue, copies, MSM and NTT through the wire.

use super::bench::Pins;
use super::host::{Faults, Host};
use crate::card::tests::engines::{base_words, combine, limbs, ntt_descriptor, Job};
use crate::card::tests::moves::{copy, nop};
use crate::config::CardConfig;
use crate::ntt::model::{Factors, VectorField};
use crate::serial::card::led;
use crate::serial::{SerialCard, SerialConfig};
use gristmill_abi::command::{self, Descriptor, Opcode, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::{registers as r, CARD_ID};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilator::Options;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SERIAL: SerialConfig = SerialConfig { divisor: 4, retry_cycles: 4_000 };
const SQ: u64 = 0x10_0000;
const CQ: u64 = 0x20_0000;
const HZ: u64 = 60_000_000;

fn config() -> CardConfig {
    CardConfig { card_mem_bytes: 0, queues: 1, ..CardConfig::tiny() }
}

fn small() -> SerialCard {
    SerialCard::without_engines(&config(), &SERIAL)
}

/// A driver in a few lines, over the wire.
struct Driver {
    host: Host,
    epoch: u32,
    tail: u32,
    head: u32,
    phase: bool,
}

const LOG: u32 = 4;

impl Driver {
    fn new(pins: Pins) -> Self {
        let mut host = Host::new(pins, SERIAL.divisor);
        host.pins.set("clock_hz", HZ);
        Driver { host, epoch: 0, tail: 0, head: 0, phase: true }
    }

    fn led(&self, which: usize) -> bool {
        self.host.pins.get("leds") >> which & 1 == 1
    }

    fn open(&mut self) {
        let host = &mut self.host;
        host.hello();
        while host.read(r::STATUS) & 1 == 0 {}
        self.epoch = host.read(r::EPOCH);
        host.memory.retain(|at, _| !(CQ..CQ + (32 << LOG)).contains(at));
        for (at, value) in [
            (r::SQ_BASE_LO, SQ as u32),
            (r::SQ_BASE_HI, 0),
            (r::CQ_BASE_LO, CQ as u32),
            (r::CQ_BASE_HI, 0),
            (r::Q_LOG_SIZE, LOG),
            (r::Q_ENABLE, 1),
        ] {
            host.write(r::of_queue(0, at), value);
        }
        host.write(r::IRQ_ENABLE, 0xff);
        host.master(true);
        host.write(r::CONTROL, r::CONTROL_RUN);
        (self.tail, self.head, self.phase) = (0, 0, true);
    }

    fn words(&mut self, at: u64, words: &[[u64; 4]]) {
        for (i, word) in words.iter().enumerate() {
            let mut bytes = [0; 32];
            for (chunk, limb) in bytes.chunks_exact_mut(8).zip(word) {
                chunk.copy_from_slice(&limb.to_le_bytes());
            }
            self.host.memory.insert(at + 32 * i as u64, bytes);
        }
    }

    fn word(&self, at: u64) -> [u64; 4] {
        let bytes = self.host.memory.get(&at).copied().unwrap_or_default();
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("eight bytes")))
    }

    /// Runs a command; waits for its interrupt, then looks for its completion.
    fn run(&mut self, descriptor: &Descriptor) -> Completion {
        let bytes = descriptor.encode();
        let at = SQ + 64 * u64::from(self.tail);
        for half in 0..2 {
            let word = bytes[32 * half..32 * half + 32].try_into().expect("half");
            self.host.memory.insert(at + 32 * half as u64, word);
        }
        self.tail = (self.tail + 1) % (1 << LOG);
        let interrupts = self.host.interrupts;
        self.host.write(r::of_queue(0, r::SQ_TAIL), self.tail);
        for _ in 0..10_000_000 {
            if self.host.interrupts != interrupts {
                break;
            }
            self.host.step();
        }
        assert_eq!(self.host.interrupts, interrupts + 1, "one interrupt for {descriptor:?}");
        self.host.write(r::IRQ_PENDING, 1);
        let bytes = self.host.memory.get(&(CQ + 32 * u64::from(self.head))).expect("a completion");
        let completion = Completion::decode(bytes);
        assert_eq!((completion.phase, completion.id), (self.phase, descriptor.id));
        self.head = (self.head + 1) % (1 << LOG);
        self.phase ^= self.head == 0;
        self.host.write(r::of_queue(0, r::CQ_HEAD), self.head);
        completion
    }
}

fn registers_and_copies(d: &mut Driver) {
    d.host.idle_bytes(1);
    assert!(!d.led(led::MASTERING) && !d.led(led::DAMAGED) && !d.led(led::RECEIVED));
    d.open();
    assert!(d.led(led::READY) && d.led(led::MASTERING) && d.led(led::RECEIVED) && !d.led(led::BUSY));
    assert_eq!(d.host.read(r::ID), CARD_ID);
    assert_eq!(u64::from(d.host.read(r::CLOCK_HZ)), HZ);
    assert_eq!((d.host.read(r::CARD_MEM_LO), d.host.read(r::CARD_MEM_HI)), (0, 0));
    for value in [0, 0x7e7e_7d7d, 0xffff_ffff, 0x7d5e_7d5d] {
        d.host.write(r::SCRATCH, value);
        assert_eq!(d.host.read(r::SCRATCH), value);
    }
    assert_eq!(d.run(&nop(d.epoch, 0x7e7d)).status, 0);
    let mut rng = StdRng::seed_from_u64(5);
    for (id, count) in [1u32, 16, 17, 40].into_iter().enumerate() {
        let (from, to) = (0x1_0000 + 32 * rng.gen_range(0..200u64), 0x8_0000 + 32 * rng.gen_range(0..200u64));
        let words: Vec<[u64; 4]> = (0..count).map(|_| rng.gen()).collect();
        d.words(from, &words);
        let c = d.run(&copy(d.epoch, id as u16, Operand::host(from), Operand::host(to), count));
        assert_eq!((c.status, c.work), (0, count.into()));
        for (i, word) in words.iter().enumerate() {
            assert_eq!(d.word(to + 32 * i as u64), *word, "{count} words, word {i}");
        }
    }
    // No card memory: its addresses are out of range.
    let c = d.run(&copy(d.epoch, 9, Operand::host(0x1_0000), Operand::card(0), 1));
    assert_eq!(Status::from_code(c.status), Some(Status::BadRange));
}

#[test]
fn registers_and_copies_natively() {
    let mut d = Driver::new(Pins::native(small()));
    registers_and_copies(&mut d);
    println!("{} cycles, {} bytes to the card, {} from it", d.host.now, d.host.sent, d.host.received);
}

/// Memory that the host refuses, mastering off, RESET: errors in completions, and the card goes on.
fn refusals(d: &mut Driver) {
    d.open();
    d.host.refuse = Some(0x30_0000..0x30_1000);
    let c = d.run(&copy(d.epoch, 1, Operand::host(0x2f_ff00), Operand::host(0x40_0000), 30));
    assert_eq!(Status::from_code(c.status), Some(Status::HostReadFault));
    let c = d.run(&copy(d.epoch, 2, Operand::host(0x1_0000), Operand::host(0x2f_ff00), 30));
    assert_eq!(Status::from_code(c.status), Some(Status::HostWriteFault));
    assert_eq!(d.run(&nop(d.epoch, 3)).status, 0);
    // A host that no longer answers, then resets: the burst under way ends, so the reset can.
    d.host.serves = false;
    let epoch = d.epoch;
    d.host.write(r::of_queue(0, r::SQ_TAIL), d.tail + 1);
    d.host.idle_bytes(50);
    assert!(d.led(led::WAITING) && d.led(led::BUSY));
    assert!(d.host.ask(gristmill_abi::serial::RESET, &[]).is_empty());
    d.host.bodies.clear();
    d.host.serves = true;
    d.open();
    assert_eq!(d.epoch, epoch + 1);
    assert_eq!(d.run(&nop(d.epoch, 4)).status, 0);
    // The board's pin does the same.
    d.host.pins.set("reset", 1);
    d.host.tick();
    d.host.pins.set("reset", 0);
    d.host.idle_bytes(2);
    assert!(!d.led(led::MASTERING));
    d.open();
    assert_eq!(d.epoch, epoch + 2);
    assert_eq!(d.run(&nop(d.epoch, 5)).status, 0);
    // Without mastering the ring cannot be read: the queue stops with an error.
    d.host.master(false);
    d.host.write(r::of_queue(0, r::SQ_TAIL), d.tail + 1);
    d.host.idle_bytes(50);
    assert_eq!(d.host.read(r::of_queue(0, r::Q_STATUS)) & 1, 1);
}

#[test]
fn refusals_natively() {
    refusals(&mut Driver::new(Pins::native(small())));
}

/// Bytes lost, doubled and damaged in both directions: everything still happens once.
#[test]
fn a_bad_line_natively() {
    let mut d = Driver::new(Pins::native(small()));
    d.host.faults = Faults { lost: 300, doubled: 300, damaged: 300 };
    d.open();
    let mut rng = StdRng::seed_from_u64(6);
    for id in 0..4u16 {
        let words: Vec<[u64; 4]> = (0..24).map(|_| rng.gen()).collect();
        d.words(0x1_0000, &words);
        let c = d.run(&copy(d.epoch, id, Operand::host(0x1_0000), Operand::host(0x8_0000), 24));
        assert_eq!((c.status, c.work), (0, 24));
        for (i, word) in words.iter().enumerate() {
            assert_eq!(d.word(0x8_0000 + 32 * i as u64), *word, "copy {id}, word {i}");
        }
    }
    let repeated = d.host.questions - d.host.fetches - d.host.stores - d.host.interrupts;
    assert!(d.led(led::DAMAGED) && repeated > 0, "the line was too good");
    assert_eq!(d.host.read(r::CNT_COMMANDS_LO), 4);
}

#[test]
fn msm_and_ntt_through_the_wire() {
    // Wide windows: what an MSM writes is most of what goes over the line.
    let config = CardConfig { window_bits: 10, ..config() };
    let mut rng = StdRng::seed_from_u64(8);
    let mut d = Driver::new(Pins::native(SerialCard::new(&config, &SERIAL, Fidelity::Twin)));
    d.open();
    let job = Job::new(20, &mut rng);
    let bases: Vec<[u64; 4]> = job.bases.iter().flat_map(base_words).collect();
    let scalars: Vec<[u64; 4]> = job.scalars.iter().map(|s| s.0 .0).collect();
    d.words(0x1_0000, &bases);
    d.words(0x2_0000, &scalars);
    let msm = Descriptor {
        opcode: Opcode::Msm as u8,
        flags: command::FLAG_MONTGOMERY,
        count: 20,
        a: Operand::host(0x1_0000),
        b: Operand::host(0x2_0000),
        c: Operand::host(0x3_0000),
        ..nop(d.epoch, 1)
    };
    assert_eq!(d.run(&msm).status, 0);
    let sums: Vec<[u64; 4]> = (0..u64::from(config.msm_result_words())).map(|i| d.word(0x3_0000 + 32 * i)).collect();
    assert_eq!(combine(&config, &sums), job.expected());

    let field = VectorField::bn254_fr();
    let mut random = || BigUint::from_bytes_le(&(0..40).map(|_| rng.gen()).collect::<Vec<u8>>()) % &field.modulus;
    let input: Vec<BigUint> = (0..32).map(|_| random()).collect();
    let factors = Factors { start: random(), ratio: random() };
    d.words(0x4_0000, &input.iter().map(|x| limbs(&field.to_montgomery(x))).collect::<Vec<_>>());
    d.words(0x5_0000, &field.factor_block(&factors, config.log_seeds()).iter().map(limbs).collect::<Vec<_>>());
    let flags = command::FLAG_INVERSE | command::FLAG_FACTORS_AFTER;
    let ntt =
        ntt_descriptor(d.epoch, 5, flags, Operand::host(0x4_0000), Operand::host(0x5_0000), Operand::host(0x6_0000));
    assert_eq!(d.run(&ntt).status, 0);
    for (i, x) in field.command(&input, true, None, Some(&factors)).iter().enumerate() {
        assert_eq!(d.word(0x6_0000 + 32 * i as u64), limbs(&field.to_montgomery(x)), "element {i}");
    }
    println!("{} cycles, {} bytes to the card, {} from it", d.host.now, d.host.sent, d.host.received);
}

/// The generated Verilog in the same scenarios: every output of every cycle agrees.
#[test]
fn verilog() {
    type Scenario = (&'static str, fn(&mut Driver));
    let scenarios: [Scenario; 2] = [("copies", registers_and_copies), ("refusals", refusals)];
    for (name, run) in scenarios {
        let Some(verilated) = Pins::verilated(small(), &Options::default()) else { return };
        let [native, verilog] = [Pins::native(small()), verilated].map(|mut pins| {
            pins.traced = true;
            let mut d = Driver::new(pins);
            run(&mut d);
            d.host.pins.trace
        });
        let parted = native.iter().zip(&verilog).position(|(n, v)| n != v);
        assert_eq!(parted, None, "{name}: native simulation and Verilog part in this cycle");
        assert_eq!(native.len(), verilog.len(), "{name}");
    }
}

#[test]
#[should_panic(expected = "card_mem_bytes")]
fn a_card_with_memory_of_its_own_is_refused() {
    SerialCard::without_engines(&CardConfig::tiny(), &SERIAL);
}
