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
/// Where the bench keeps the rings.
pub const SQ: u64 = 0x10_0000;
pub const CQ: u64 = 0x20_0000;

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

pub struct Bench {
    pub pins: Box<dyn Pins>,
    pub host: Memory,
    pub card: Memory,
    pub out: Outputs,
    pub now: u64,
    pub reset: bool,
    pub rng: StdRng,
    pub log_ring: u32,
    pub tail: u32,
    pub head: u32,
    pub phase: bool,
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
            out: Outputs::default(),
            now: 0,
            reset: false,
            rng: StdRng::seed_from_u64(seed),
            log_ring: 0,
            tail: 0,
            head: 0,
            phase: true,
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
            card_mem_bytes: CARD_BYTES,
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

    /// Sets up rings of 2^log entries and starts the queue.
    pub fn open_queue(&mut self, log: u32) {
        self.settle(100_000);
        self.log_ring = log;
        self.epoch = self.read(r::EPOCH);
        (self.tail, self.head, self.phase) = (0, 0, true);
        for i in 0..1u64 << log {
            self.host.words.remove(&(CQ + 32 * i));
        }
        self.write(r::SQ_BASE_LO, SQ as u32);
        self.write(r::SQ_BASE_HI, (SQ >> 32) as u32);
        self.write(r::CQ_BASE_LO, CQ as u32);
        self.write(r::CQ_BASE_HI, (CQ >> 32) as u32);
        self.write(r::Q_LOG_SIZE, log);
        self.write(r::Q_ENABLE, 0);
        self.write(r::Q_ENABLE, 1);
        self.write(r::IRQ_ENABLE, 3);
        self.write(r::CONTROL, r::CONTROL_RUN);
    }

    /// Puts raw bytes into the ring; the doorbell comes later.
    pub fn put_raw(&mut self, bytes: &[u8; 64]) {
        let at = SQ + 64 * u64::from(self.tail);
        for (i, chunk) in bytes.chunks_exact(32).enumerate() {
            self.host.words.insert(at + 32 * i as u64, value(chunk));
        }
        self.tail = (self.tail + 1) & ((1 << self.log_ring) - 1);
    }

    pub fn put(&mut self, descriptor: &Descriptor) {
        self.put_raw(&descriptor.encode());
    }

    pub fn ring(&mut self) {
        self.write(r::SQ_TAIL, self.tail);
    }

    /// The next completion if there is one.
    pub fn poll(&mut self) -> Option<Completion> {
        let word = self.host.word(CQ + 32 * u64::from(self.head));
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(word) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        let completion = Completion::decode(&bytes);
        if completion.phase != self.phase {
            return None;
        }
        self.head = (self.head + 1) & ((1 << self.log_ring) - 1);
        if self.head == 0 {
            self.phase = !self.phase;
        }
        Some(completion)
    }

    /// Waits for a completion and consumes it.
    pub fn wait(&mut self, most: u64) -> Completion {
        let from = self.now;
        loop {
            if let Some(completion) = self.poll() {
                self.write(r::CQ_HEAD, self.head);
                return completion;
            }
            assert!(self.now - from < most, "no completion after {most} cycles");
            self.idle(1);
        }
    }

    /// Puts, rings and waits.
    pub fn run(&mut self, descriptor: &Descriptor) -> Completion {
        self.put(descriptor);
        self.ring();
        self.wait(100_000)
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
