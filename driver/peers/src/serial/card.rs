//! A small card: registers, one queue, NOP, COPY and ZERO. It does what `abi` says of them, no more.

use super::link::{Bridge, Registers};
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, Opcode, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::layout::Space;
use gristmill_abi::serial::{INTERRUPT, MAX_DATA};
use gristmill_abi::{ABI_VERSION, CARD_ID, caps, registers as reg};
use std::collections::HashMap;
use std::time::Instant;

/// Bytes of card memory.
pub const MEMORY_BYTES: usize = 1 << 16;
const CLOCK_HZ: u32 = 60_000_000;

/// Registers, memory and queue 0.
#[derive(Debug)]
pub struct Card {
    values: HashMap<u16, u32>,
    memory: Vec<u8>,
    started: Instant,
    cq_tail: u32,
    phase: bool,
    /// The level of the interrupt line that the host has heard of.
    irq: bool,
    /// Commands that were run.
    pub commands: u64,
}

impl Default for Card {
    fn default() -> Self {
        let values = HashMap::from([
            (reg::ID, CARD_ID),
            (reg::VERSION, ABI_VERSION),
            (reg::STATUS, reg::STATUS_READY),
            (reg::CAPS, caps::COPY | 1 << caps::QUEUES_SHIFT),
            (reg::CARD_MEM_LO, MEMORY_BYTES as u32),
            (reg::CLOCK_HZ, CLOCK_HZ),
        ]);
        let memory = vec![0; MEMORY_BYTES];
        Card { values, memory, started: Instant::now(), cq_tail: 0, phase: true, irq: false, commands: 0 }
    }
}

impl Registers for Card {
    fn read(&mut self, offset: u16) -> u32 {
        let cycles = self.started.elapsed().as_micros() as u64 * u64::from(CLOCK_HZ / 1_000_000);
        match offset {
            reg::CYCLES_LO => cycles as u32,
            reg::CYCLES_HI => (cycles >> 32) as u32,
            offset => self.get(offset),
        }
    }

    fn write(&mut self, offset: u16, value: u32) {
        match offset {
            reg::CONTROL if value & reg::CONTROL_RESET != 0 => self.reset(),
            reg::IRQ_PENDING => *self.values.entry(offset).or_default() &= !value,
            reg::Q_ENABLE => {
                if value != 0 && self.get(offset) == 0 {
                    self.values.extend([reg::SQ_HEAD, reg::SQ_TAIL, reg::CQ_HEAD].map(|r| (r, 0)));
                    (self.cq_tail, self.phase) = (0, true);
                }
                self.values.insert(offset, value);
            }
            // What the card says of itself cannot be written.
            reg::ID | reg::VERSION | reg::STATUS | reg::CAPS | reg::CARD_MEM_LO | reg::EPOCH | reg::CLOCK_HZ => {}
            offset => {
                self.values.insert(offset, value);
            }
        }
        self.irq &= self.level();
    }

    fn reset(&mut self) {
        for r in [reg::CONTROL, reg::IRQ_PENDING, reg::IRQ_ENABLE, reg::Q_ENABLE, reg::SQ_HEAD, reg::SQ_TAIL] {
            self.values.insert(r, 0);
        }
        *self.values.entry(reg::EPOCH).or_default() += 1;
        self.irq = false;
    }
}

impl Card {
    /// Another size of card memory, of zeros; none is a card that works in host memory alone.
    pub fn set_memory(&mut self, bytes: u32) {
        self.memory = vec![0; bytes as usize];
        self.values.insert(reg::CARD_MEM_LO, bytes);
    }

    fn get(&self, offset: u16) -> u32 {
        self.values.get(&offset).copied().unwrap_or(0)
    }

    fn base(&self, low: u16) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    fn level(&self) -> bool {
        self.get(reg::IRQ_PENDING) & self.get(reg::IRQ_ENABLE) != 0
    }

    /// Tells of an interrupt, or runs one command, if there is any.
    pub fn work(&mut self, bridge: &mut Bridge) {
        if self.level() && !self.irq {
            self.irq = true;
            bridge.ask(self, INTERRUPT, &[]);
        }
        let head = self.get(reg::SQ_HEAD);
        let ready = self.get(reg::CONTROL) & reg::CONTROL_RUN != 0 && self.get(reg::Q_ENABLE) != 0;
        if ready && head != self.get(reg::SQ_TAIL) {
            let epoch = self.get(reg::EPOCH);
            if self.command(bridge, head, epoch).is_none() && self.get(reg::EPOCH) == epoch {
                // A ring that cannot be read or written stops its queue.
                self.values.insert(reg::Q_ENABLE, 0);
                self.values.insert(reg::STATUS, reg::STATUS_READY | reg::STATUS_QUEUE_ERROR);
            }
        }
    }

    /// Runs one command; `None` if the rings cannot be reached.
    fn command(&mut self, bridge: &mut Bridge, head: u32, epoch: u32) -> Option<()> {
        let at = self.base(reg::SQ_BASE_LO) + u64::from(head) * DESCRIPTOR_BYTES as u64;
        let bytes = bridge.fetch(self, at, DESCRIPTOR_BYTES as u16)?;
        let d = Descriptor::decode(&bytes.try_into().ok()?)?;
        let status = if d.epoch == epoch { self.execute(bridge, &d) } else { Status::BadEpoch };
        let entries = 1u32 << self.get(reg::Q_LOG_SIZE);
        let next = (head + 1) % entries;
        let c = Completion {
            detail: 0,
            epoch,
            cycles: 100,
            work: d.count.into(),
            sq_head: next as u16,
            id: d.id,
            status: status as u8,
            phase: self.phase,
        };
        let at = self.base(reg::CQ_BASE_LO) + u64::from(self.cq_tail) * 32;
        if !bridge.store(self, at, &c.encode()) || self.get(reg::EPOCH) != epoch {
            return None;
        }
        self.cq_tail = (self.cq_tail + 1) % entries;
        self.phase ^= self.cq_tail == 0;
        self.values.insert(reg::SQ_HEAD, next);
        *self.values.entry(reg::IRQ_PENDING).or_default() |= reg::irq_completion(0);
        self.commands += 1;
        Some(())
    }

    fn execute(&mut self, bridge: &mut Bridge, d: &Descriptor) -> Status {
        let (zero, copy) = (d.opcode == Opcode::Zero as u8, d.opcode == Opcode::Copy as u8);
        if !zero && !copy {
            return if d.opcode == Opcode::Nop as u8 { Status::Ok } else { Status::BadOpcode };
        }
        let (mut at, end) = (0, d.count as usize * 32);
        while at < end {
            // No question crosses a page, on either side.
            let to_page = |o: &Operand| 4096 - (o.address as usize + at) % 4096;
            let len = (end - at).min(MAX_DATA).min(to_page(&d.a)).min(to_page(&d.c));
            let data = if zero { Some(vec![0; len]) } else { self.load(bridge, &d.a, at, len) };
            let Some(data) = data else { return Status::HostReadFault };
            if !self.save(bridge, &d.c, at, &data) {
                return Status::HostWriteFault;
            }
            at += len;
        }
        Status::Ok
    }

    fn load(&mut self, bridge: &mut Bridge, from: &Operand, at: usize, len: usize) -> Option<Vec<u8>> {
        let address = from.address as usize + at;
        match from.space {
            Space::Host => bridge.fetch(self, address as u64, len as u16),
            Space::Card => self.memory.get(address..address + len).map(<[u8]>::to_vec),
        }
    }

    fn save(&mut self, bridge: &mut Bridge, to: &Operand, at: usize, data: &[u8]) -> bool {
        let address = to.address as usize + at;
        match to.space {
            Space::Host => bridge.store(self, address as u64, data),
            Space::Card => match self.memory.get_mut(address..address + data.len()) {
                Some(place) => {
                    place.copy_from_slice(data);
                    true
                }
                None => false,
            },
        }
    }
}
