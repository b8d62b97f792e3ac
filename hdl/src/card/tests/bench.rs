//! A bench around the card: two memories, a master for the registers, rings in host memory.

use super::memory::{Manner, Master, Memory};
use crate::card::pins::{self, Inputs, Outputs, Value};
use crate::card::Card;
use gristmill_abi::command::Descriptor;
use gristmill_abi::completion::Completion;
use gristmill_abi::registers as r;
use rand::rngs::StdRng;
use rand::SeedableRng;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Bytes of card memory in the bench.
pub const CARD_BYTES: u64 = 64 << 10;
/// Where the bench keeps the rings of queue 0.
pub const SQ: u64 = 0x10_0000;
pub const CQ: u64 = 0x20_0000;
/// Bytes from the rings of a queue to those of the next.
pub const RINGS: u64 = 0x100_0000;

/// Something that has the card's pins.
pub trait Pins {
    fn step(&mut self, inputs: &Inputs) -> Outputs;
}

impl Pins for Card {
    fn step(&mut self, inputs: &Inputs) -> Outputs {
        pins::step(self, inputs).expect("the card settles")
    }
}

/// The AXI4-Lite side of the bench in one cycle.
#[derive(Clone, Copy, Default)]
struct Lite {
    aw: Option<u16>,
    w: Option<(u32, u64)>,
    b: bool,
    ar: Option<u16>,
    r: bool,
}

/// The host's side of one queue.
#[derive(Clone, Copy)]
pub struct Rings {
    pub log: u32,
    pub tail: u32,
    pub head: u32,
    pub phase: bool,
}

pub struct Bench {
    pub pins: Box<dyn Pins>,
    pub host: Memory,
    pub card: Memory,
    /// What the card is told that its memory has.
    pub card_bytes: u64,
    pub out: Outputs,
    pub now: u64,
    pub reset: bool,
    pub rng: StdRng,
    pub rings: [Rings; r::MAX_QUEUES as usize],
    pub epoch: u32,
    /// A hash of the outputs in each cycle, for comparing two simulators.
    pub trace: Option<Vec<u64>>,
}

impl Bench {
    pub fn new(pins: impl Pins + 'static, manner: Manner, seed: u64) -> Self {
        Self::boxed(Box::new(pins), manner, seed)
    }

    pub fn boxed(pins: Box<dyn Pins>, manner: Manner, seed: u64) -> Self {
        Bench {
            pins,
            host: Memory::new(manner.clone()),
            card: Memory::new(manner),
            card_bytes: CARD_BYTES,
            out: Outputs::default(),
            now: 0,
            reset: false,
            rng: StdRng::seed_from_u64(seed),
            rings: [Rings { log: 0, tail: 0, head: 0, phase: true }; r::MAX_QUEUES as usize],
            epoch: 0,
            trace: None,
        }
    }

    fn cycle(&mut self, lite: Lite) {
        let h = self.host.show(self.now, &mut self.rng);
        let c = self.card.show(self.now, &mut self.rng);
        let inputs = Inputs {
            reset: self.reset,
            clock_hz: 123_456_789,
            card_mem_bytes: self.card_bytes,
            s_awaddr: lite.aw.unwrap_or_default().into(),
            s_awvalid: lite.aw.is_some(),
            s_wdata: lite.w.unwrap_or_default().0.into(),
            s_wstrb: lite.w.unwrap_or_default().1,
            s_wvalid: lite.w.is_some(),
            s_bready: lite.b,
            s_araddr: lite.ar.unwrap_or_default().into(),
            s_arvalid: lite.ar.is_some(),
            s_rready: lite.r,
            h_arready: h.arready,
            h_rdata: h.rdata,
            h_rresp: h.rresp,
            h_rlast: h.rlast,
            h_rvalid: h.rvalid,
            h_awready: h.awready,
            h_wready: h.wready,
            h_bresp: h.bresp,
            h_bvalid: h.bvalid,
            c_arready: c.arready,
            c_rdata: c.rdata,
            c_rresp: c.rresp,
            c_rlast: c.rlast,
            c_rvalid: c.rvalid,
            c_awready: c.awready,
            c_wready: c.wready,
            c_bresp: c.bresp,
            c_bvalid: c.bvalid,
        };
        let (hm, cm) = (host_side(&self.out), card_side(&self.out));
        self.host.edge(self.now, &hm, &h, &mut self.rng);
        self.card.edge(self.now, &cm, &c, &mut self.rng);
        self.out = self.pins.step(&inputs);
        if let Some(trace) = &mut self.trace {
            let mut hash = DefaultHasher::new();
            self.out.values().hash(&mut hash);
            trace.push(hash.finish());
        }
        self.now += 1;
    }

    /// Clock cycles with nothing on the register bus.
    pub fn idle(&mut self, cycles: u64) {
        for _ in 0..cycles {
            self.cycle(Lite::default());
        }
    }

    /// Cycles until the card needs no clock.
    pub fn settle(&mut self, most: u64) -> u64 {
        let from = self.now;
        while self.out.busy {
            assert!(self.now - from < most, "the card is still busy after {most} cycles");
            self.idle(1);
        }
        self.now - from
    }

    pub fn write_strobes(&mut self, offset: u16, value: u32, strobes: u64) {
        let mut lite = Lite { aw: Some(offset), w: Some((value, strobes)), b: true, ..Lite::default() };
        for _ in 0..100 {
            let out = self.out;
            self.cycle(lite);
            if out.s_awready {
                lite.aw = None;
            }
            if out.s_wready {
                lite.w = None;
            }
            if out.s_bvalid {
                assert_eq!(out.s_bresp, 0);
                return;
            }
        }
        panic!("no response to a write of {offset:#x}");
    }

    pub fn write(&mut self, offset: u16, value: u32) {
        self.write_strobes(offset, value, 15);
    }

    pub fn read(&mut self, offset: u16) -> u32 {
        let mut lite = Lite { ar: Some(offset), r: true, ..Lite::default() };
        for _ in 0..100 {
            let out = self.out;
            self.cycle(lite);
            if out.s_arready {
                lite.ar = None;
            }
            if out.s_rvalid {
                assert_eq!(out.s_rresp, 0);
                return out.s_rdata as u32;
            }
        }
        panic!("no answer to a read of {offset:#x}");
    }

    pub fn read_pair(&mut self, low: u16) -> u64 {
        u64::from(self.read(low)) | u64::from(self.read(low + 4)) << 32
    }

    /// Sets up rings of 2^log entries for queue 0 and starts it, and the card.
    pub fn open_queue(&mut self, log: u32) {
        self.settle(100_000);
        self.open(0, log);
        self.write(r::IRQ_ENABLE, 0xff);
        self.write(r::CONTROL, r::CONTROL_RUN);
    }

    /// Sets up rings of 2^log entries for a queue and enables it.
    pub fn open(&mut self, queue: u32, log: u32) {
        self.epoch = self.read(r::EPOCH);
        self.rings[queue as usize] = Rings { log, tail: 0, head: 0, phase: true };
        let (sq, cq) = (SQ + RINGS * u64::from(queue), CQ + RINGS * u64::from(queue));
        for i in 0..1u64 << log {
            self.host.words.remove(&(cq + 32 * i));
        }
        let at = |register| r::of_queue(queue, register);
        self.write(at(r::SQ_BASE_LO), sq as u32);
        self.write(at(r::SQ_BASE_HI), (sq >> 32) as u32);
        self.write(at(r::CQ_BASE_LO), cq as u32);
        self.write(at(r::CQ_BASE_HI), (cq >> 32) as u32);
        self.write(at(r::Q_LOG_SIZE), log);
        self.write(at(r::Q_ENABLE), 0);
        self.write(at(r::Q_ENABLE), 1);
    }

    /// Puts raw bytes into a queue's ring; the doorbell comes later.
    pub fn put_raw_on(&mut self, queue: u32, bytes: &[u8; 64]) {
        let rings = &mut self.rings[queue as usize];
        let at = SQ + RINGS * u64::from(queue) + 64 * u64::from(rings.tail);
        rings.tail = (rings.tail + 1) & ((1 << rings.log) - 1);
        for (i, chunk) in bytes.chunks_exact(32).enumerate() {
            self.host.words.insert(at + 32 * i as u64, value(chunk));
        }
    }

    pub fn put_raw(&mut self, bytes: &[u8; 64]) {
        self.put_raw_on(0, bytes);
    }

    pub fn put_on(&mut self, queue: u32, descriptor: &Descriptor) {
        self.put_raw_on(queue, &descriptor.encode());
    }

    pub fn put(&mut self, descriptor: &Descriptor) {
        self.put_on(0, descriptor);
    }

    pub fn ring_on(&mut self, queue: u32) {
        self.write(r::of_queue(queue, r::SQ_TAIL), self.rings[queue as usize].tail);
    }

    pub fn ring(&mut self) {
        self.ring_on(0);
    }

    /// The next completion of a queue if there is one; the card is not told.
    pub fn poll_on(&mut self, queue: u32) -> Option<Completion> {
        let rings = &mut self.rings[queue as usize];
        let word = self.host.word(CQ + RINGS * u64::from(queue) + 32 * u64::from(rings.head));
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(word) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        let completion = Completion::decode(&bytes);
        if completion.phase != rings.phase {
            return None;
        }
        rings.head = (rings.head + 1) & ((1 << rings.log) - 1);
        if rings.head == 0 {
            rings.phase = !rings.phase;
        }
        Some(completion)
    }

    pub fn poll(&mut self) -> Option<Completion> {
        self.poll_on(0)
    }

    /// Tells the card what has been consumed.
    pub fn consumed_on(&mut self, queue: u32) {
        self.write(r::of_queue(queue, r::CQ_HEAD), self.rings[queue as usize].head);
    }

    /// Waits for a completion of a queue and consumes it.
    pub fn wait_on(&mut self, queue: u32, most: u64) -> Completion {
        let from = self.now;
        loop {
            if let Some(completion) = self.poll_on(queue) {
                self.consumed_on(queue);
                return completion;
            }
            assert!(self.now - from < most, "no completion of queue {queue} after {most} cycles");
            self.idle(1);
        }
    }

    pub fn wait(&mut self, most: u64) -> Completion {
        self.wait_on(0, most)
    }

    /// Puts, rings and waits.
    pub fn run_on(&mut self, queue: u32, descriptor: &Descriptor) -> Completion {
        self.put_on(queue, descriptor);
        self.ring_on(queue);
        self.wait_on(queue, 400_000)
    }

    pub fn run(&mut self, descriptor: &Descriptor) -> Completion {
        self.run_on(0, descriptor)
    }
}

/// A word from bytes.
pub fn value(bytes: &[u8]) -> Value {
    let mut value = [0; 4];
    for (limb, chunk) in value.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |a, b| a << 8 | u64::from(*b));
    }
    value
}

pub fn host_side(o: &Outputs) -> Master {
    Master {
        araddr: o.h_araddr,
        arlen: o.h_arlen,
        arvalid: o.h_arvalid,
        rready: o.h_rready,
        awaddr: o.h_awaddr,
        awlen: o.h_awlen,
        awvalid: o.h_awvalid,
        wdata: o.h_wdata,
        wlast: o.h_wlast,
        wvalid: o.h_wvalid,
        bready: o.h_bready,
    }
}

pub fn card_side(o: &Outputs) -> Master {
    Master {
        araddr: o.c_araddr,
        arlen: o.c_arlen,
        arvalid: o.c_arvalid,
        rready: o.c_rready,
        awaddr: o.c_awaddr,
        awlen: o.c_awlen,
        awvalid: o.c_awvalid,
        wdata: o.c_wdata,
        wlast: o.c_wlast,
        wvalid: o.c_wvalid,
        bready: o.c_bready,
    }
}
