//! A minimal host for tests: one memory file mapped at one IOVA, rings in it, no driver.
#![allow(dead_code)]

use gristmill_abi::command::{Descriptor, Opcode, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::registers as reg;
use gristmill_sim::{Access, SimCard, Step};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{MemfdFlags, SealFlags};

/// Where the host's memory lies for the card.
pub const IOVA: u64 = 0x1_0000_0000;
/// Its size.
pub const HOST_BYTES: u64 = 8 << 20;
/// Offsets in it: the rings of queue 0, and from one queue's to the next (of at most 2^10 entries then).
pub const SQ: u64 = 0;
pub const CQ: u64 = 0x4_0000;
pub const RINGS: u64 = 0x1_0000;
pub const DATA: u64 = 0x10_0000;

pub fn memfd(bytes: u64) -> OwnedFd {
    let fd = rustix::fs::memfd_create("host", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("memfd");
    rustix::fs::ftruncate(&fd, bytes).expect("ftruncate");
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK).expect("seal");
    fd
}

pub fn eventfd() -> OwnedFd {
    use rustix::event::EventfdFlags;
    rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("eventfd")
}

/// Takes an eventfd's count.
pub fn count(fd: &OwnedFd) -> u64 {
    let mut b = [0; 8];
    rustix::io::read(fd, &mut b).map_or(0, |_| u64::from_ne_bytes(b))
}

pub fn words(n: usize, seed: u64) -> Vec<u8> {
    let mut x = seed | 1;
    (0..n * 4)
        .flat_map(|_| {
            x = x.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (x ^ x >> 29).to_le_bytes()
        })
        .collect()
}

/// The host's side of one queue.
#[derive(Clone, Copy, Default)]
struct Rings {
    log_size: u32,
    tail: u32,
    head: u32,
    phase: bool,
}

pub struct Host {
    pub card: SimCard,
    pub memory: OwnedFd,
    pub log_size: u32,
    rings: [Rings; reg::MAX_QUEUES as usize],
    next_id: u16,
    pub epoch: u32,
}

impl Host {
    pub fn new(mut card: SimCard, log_size: u32) -> Self {
        let memory = memfd(HOST_BYTES);
        card.config_write(4, &6u16.to_le_bytes()).expect("memory space and bus mastering");
        card.dma_map(memory.as_fd(), 0, HOST_BYTES, IOVA, Access::READ_WRITE).expect("map");
        let mut host = Host { card, memory, log_size, rings: Default::default(), next_id: 0, epoch: 0 };
        host.start();
        host
    }

    /// Sets queue 0 up, as after a reset.
    pub fn start(&mut self) {
        let ready = |status| status & (reg::STATUS_READY | reg::STATUS_RESETTING) == reg::STATUS_READY;
        while !ready(self.card.read32(reg::STATUS)) {
            assert_ne!(self.card.step(100_000), 0, "a card that is not ready needs cycles");
        }
        rustix::io::pwrite(&self.memory, &vec![0u8; DATA as usize], 0).expect("clear the rings");
        self.epoch = self.card.read32(reg::EPOCH);
        self.start_queue(0, self.log_size);
        self.card.write32(reg::IRQ_ENABLE, reg::irq_mask(reg::MAX_QUEUES));
        self.card.write32(reg::CONTROL, reg::CONTROL_RUN);
    }

    /// Sets one queue up.
    pub fn start_queue(&mut self, queue: u32, log_size: u32) {
        let (sq, cq) = (IOVA + SQ + RINGS * u64::from(queue), IOVA + CQ + RINGS * u64::from(queue));
        self.put(cq - IOVA, &vec![0; 32 << log_size]);
        let mut write = |register, value| self.card.write32(reg::of_queue(queue, register), value);
        write(reg::SQ_BASE_LO, sq as u32);
        write(reg::SQ_BASE_HI, (sq >> 32) as u32);
        write(reg::CQ_BASE_LO, cq as u32);
        write(reg::CQ_BASE_HI, (cq >> 32) as u32);
        write(reg::Q_LOG_SIZE, log_size);
        write(reg::Q_ENABLE, 0);
        write(reg::Q_ENABLE, 1);
        self.rings[queue as usize] = Rings { log_size, tail: 0, head: 0, phase: true };
    }

    pub fn put(&self, at: u64, bytes: &[u8]) {
        assert_eq!(rustix::io::pwrite(&self.memory, bytes, at), Ok(bytes.len()));
    }

    pub fn get(&self, at: u64, n: usize) -> Vec<u8> {
        let mut b = vec![0; n];
        assert_eq!(rustix::io::pread(&self.memory, &mut b, at), Ok(n));
        b
    }

    pub fn command(&self, opcode: Opcode, count: u32, a: Operand, c: Operand) -> Descriptor {
        Descriptor {
            opcode: opcode as u8,
            flags: 0,
            id: self.next_id,
            unit: 0,
            count,
            more: 0,
            rows: [0; 2],
            epoch: self.epoch,
            a,
            b: Operand::NONE,
            c,
        }
    }

    /// Writes descriptors into the ring without ringing.
    pub fn queue(&mut self, d: Descriptor) -> u16 {
        self.queue_on(0, d)
    }

    pub fn queue_on(&mut self, queue: u32, mut d: Descriptor) -> u16 {
        d.id = self.next_id;
        let rings = self.rings[queue as usize];
        self.put(SQ + RINGS * u64::from(queue) + u64::from(rings.tail) * 64, &d.encode());
        self.rings[queue as usize].tail = (rings.tail + 1) & ((1 << rings.log_size) - 1);
        self.next_id += 1;
        d.id
    }

    pub fn ring(&mut self) {
        self.ring_on(0);
    }

    pub fn ring_on(&mut self, queue: u32) {
        self.card.write32(reg::of_queue(queue, reg::SQ_TAIL), self.rings[queue as usize].tail);
    }

    /// Takes a completion if there is one, and tells the card.
    pub fn poll(&mut self) -> Option<Completion> {
        self.poll_on(0)
    }

    pub fn poll_on(&mut self, queue: u32) -> Option<Completion> {
        let mut rings = self.rings[queue as usize];
        let bytes = self.get(CQ + RINGS * u64::from(queue) + u64::from(rings.head) * 32, 32);
        let c = Completion::decode(bytes.as_slice().try_into().expect("32 bytes"));
        if c.phase != rings.phase {
            return None;
        }
        rings.head = (rings.head + 1) & ((1 << rings.log_size) - 1);
        rings.phase ^= rings.head == 0;
        self.rings[queue as usize] = rings;
        self.card.write32(reg::of_queue(queue, reg::CQ_HEAD), rings.head);
        Some(c)
    }

    /// Waits for the next completion.
    pub fn wait(&mut self, max_cycles: u64) -> Result<Completion, Step> {
        self.wait_on(0, max_cycles)
    }

    pub fn wait_on(&mut self, queue: u32, max_cycles: u64) -> Result<Completion, Step> {
        for _ in 0..64 {
            self.card.write32(reg::IRQ_PENDING, reg::irq_mask(reg::MAX_QUEUES));
            if let Some(c) = self.poll_on(queue) {
                return Ok(c);
            }
            match self.card.step_until_irq(max_cycles) {
                Step::Interrupt => {}
                other => return self.poll_on(queue).ok_or(other),
            }
        }
        panic!("interrupts without end and no completion");
    }

    /// Runs one command.
    pub fn run(&mut self, d: Descriptor) -> Result<Completion, Step> {
        self.run_for(d, 10_000_000_000)
    }

    /// Runs one command for so many cycles.
    pub fn run_for(&mut self, d: Descriptor, max_cycles: u64) -> Result<Completion, Step> {
        let id = self.queue(d);
        self.ring();
        let c = self.wait(max_cycles)?;
        assert_eq!(c.id, id);
        Ok(c)
    }

    pub fn copy(&mut self, count: u32, a: Operand, c: Operand) -> Status {
        let d = self.command(Opcode::Copy, count, a, c);
        Status::from_code(self.run(d).expect("completes").status).expect("a known status")
    }
}
