//! Rings and commands of the protocol-only card.

use super::{CHUNK_WORDS, Operands, ProtocolCard};
use crate::bus::Bus;
use crate::fault::Verdict;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, MAX_COUNT, Opcode, Operand};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::layout::{Space, WORD_BYTES};
use gristmill_abi::registers::*;

const WORD: u64 = WORD_BYTES as u64;

/// The queue pair.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub sq_base: u64,
    pub cq_base: u64,
    pub log_size: u32,
    pub sq_tail: u32,
    pub sq_head: u32,
    pub cq_head: u32,
    pub cq_tail: u32,
    pub enabled: bool,
    phase: bool,
}

impl Queue {
    /// Mask of an index; a ring size out of range counts as the nearest.
    pub fn mask(&self) -> u32 {
        (1 << self.log_size.clamp(MIN_LOG_RING, MAX_LOG_RING)) - 1
    }

    /// Enabling starts both rings afresh.
    pub fn enable(&mut self, on: bool) {
        if on && !self.enabled {
            (self.sq_tail, self.sq_head, self.cq_head, self.cq_tail, self.phase) = (0, 0, 0, 0, true);
        }
        self.enabled = on;
    }

    fn completions_full(&self) -> bool {
        (self.cq_tail + 1) & self.mask() == self.cq_head
    }
}

/// The command in the card.
#[derive(Debug)]
pub(super) struct Running {
    command: Descriptor,
    done: u32,
    fetched_at: u64,
    pub hung: bool,
}

impl ProtocolCard {
    pub(super) fn can_fetch(&self) -> bool {
        let q = &self.queue;
        self.registers.run
            && !self.registers.queue_error
            && q.enabled
            && q.sq_head != q.sq_tail
            && !q.completions_full()
    }

    /// Fetches a command, or does a piece of the one that runs.
    pub(super) fn step(&mut self, bus: &mut Bus) {
        match self.running.take() {
            Some(running) if running.hung => self.running = Some(running),
            Some(running) => self.advance(running, bus),
            None if self.can_fetch() => self.fetch(bus),
            None => {}
        }
    }

    fn queue_error(&mut self) {
        self.registers.queue_error = true;
        self.registers.irq_pending |= IRQ_ERROR;
    }

    fn fetch(&mut self, bus: &mut Bus) {
        let fetched_at = self.now();
        let mut bytes = [0; DESCRIPTOR_BYTES];
        let at = self.queue.sq_base.wrapping_add(u64::from(self.queue.sq_head) * DESCRIPTOR_BYTES as u64);
        self.registers.count(CNT_HOST_READ_LO, DESCRIPTOR_BYTES as u64);
        if bus.read(at, &mut bytes).is_err() {
            return self.queue_error();
        }
        self.queue.sq_head = (self.queue.sq_head + 1) & self.queue.mask();
        bus.injector.at_fetch(bytes[0]);
        if bus.injector.is_dead() {
            return;
        }
        let reserved = Descriptor::decode(&bytes).is_none();
        // Words that must be zero are cleared, so that the rest can be read.
        bytes[6..8].fill(0);
        bytes[5] &= 0x07;
        bytes[40..].fill(0);
        let Some(command) = Descriptor::decode(&bytes) else { return self.queue_error() };
        let running = Running { command, done: 0, fetched_at, hung: false };
        match self.check(&command, reserved) {
            Status::Ok if command.opcode != Opcode::Nop as u8 => self.running = Some(running),
            status => self.complete(running, status, bus),
        }
    }

    /// The checks, in order of the status codes.
    fn check(&self, d: &Descriptor, reserved: bool) -> Status {
        let (has_a, has_c) = match d.opcode {
            o if o == Opcode::Nop as u8 => (false, false),
            o if o == Opcode::Copy as u8 => (true, true),
            o if o == Opcode::Zero as u8 => (false, true),
            _ => return Status::BadOpcode,
        };
        let operands = [(has_a, d.a), (false, d.b), (has_c, d.c)];
        if d.unit != 0 {
            return Status::BadUnit;
        }
        if reserved || d.flags != 0 || operands.iter().any(|(has, o)| !has && *o != Operand::NONE) {
            return Status::BadFlags;
        }
        if operands.iter().any(|(_, o)| o.address % WORD != 0) {
            return Status::BadAlignment;
        }
        if has_c && (d.count == 0 || d.count > MAX_COUNT) {
            return Status::BadCount;
        }
        let bytes = u64::from(d.count) * WORD;
        for (_, o) in operands.iter().filter(|(has, _)| *has) {
            // The last word, so that an operand may end at 2^64.
            let last = o.address.checked_add(bytes - WORD);
            let fits = match o.space {
                Space::Host => last.is_some(),
                Space::Card => last.is_some_and(|l| l < self.memory.len()),
            };
            if !fits {
                return Status::BadRange;
            }
        }
        if d.epoch != self.registers.epoch { Status::BadEpoch } else { Status::Ok }
    }

    fn advance(&mut self, mut running: Running, bus: &mut Bus) {
        let words = (running.command.count - running.done).min(CHUNK_WORDS);
        let offset = u64::from(running.done) * WORD;
        let bytes = words as usize * WORD_BYTES;
        match self.move_words(&running.command, offset, bytes, bus) {
            Err(status) => self.complete(running, status, bus),
            Ok(()) => {
                running.done += words;
                if running.done == running.command.count {
                    self.complete(running, Status::Ok, bus);
                } else {
                    self.running = Some(running);
                }
            }
        }
    }

    fn move_words(&mut self, d: &Descriptor, offset: u64, bytes: usize, bus: &mut Bus) -> Result<(), Status> {
        let (from, to) = (d.a.address.wrapping_add(offset), d.c.address + offset);
        let (read, write) = (Status::HostReadFault, Status::HostWriteFault);
        let counted = bytes as u64;
        let zero = d.opcode == Opcode::Zero as u8;
        if !zero {
            let low = if d.a.space == Space::Host { CNT_HOST_READ_LO } else { CNT_CARD_READ_LO };
            self.registers.count(low, counted);
        }
        let low = if d.c.space == Space::Host { CNT_HOST_WRITE_LO } else { CNT_CARD_WRITE_LO };
        self.registers.count(low, counted);
        match (d.a.space, d.c.space) {
            (_, Space::Card) if zero => {
                self.memory.get_mut(to, bytes).ok_or(Status::CardWriteFault)?.fill(0);
            }
            (_, Space::Host) if zero => {
                self.scratch.clear();
                self.scratch.resize(bytes, 0);
                bus.write(to, &self.scratch).map_err(|_| write)?;
            }
            (Space::Host, Space::Card) => {
                bus.read(from, self.memory.get_mut(to, bytes).ok_or(Status::CardWriteFault)?).map_err(|_| read)?;
            }
            (Space::Card, Space::Host) => {
                bus.write(to, self.memory.get(from, bytes).ok_or(Status::CardReadFault)?).map_err(|_| write)?;
            }
            (Space::Card, Space::Card) => self.memory.copy_within(from, to, bytes).ok_or(Status::CardReadFault)?,
            (Space::Host, Space::Host) => {
                self.scratch.resize(bytes, 0);
                bus.read(from, &mut self.scratch).map_err(|_| read)?;
                bus.write(to, &self.scratch).map_err(|_| write)?;
            }
        }
        Ok(())
    }

    fn complete(&mut self, running: Running, status: Status, bus: &mut Bus) {
        let command = running.command;
        let cycles = self.now() - running.fetched_at;
        let mut completion = Completion {
            detail: 0,
            epoch: self.registers.epoch,
            cycles,
            work: if status == Status::Ok { running.done.into() } else { 0 },
            sq_head: self.queue.sq_head as u16,
            id: command.id,
            status: status as u8,
            phase: self.queue.phase,
        };
        self.registers.count(CNT_BUSY_LO, cycles);
        self.registers.count(if status == Status::Ok { CNT_COMMANDS_LO } else { CNT_ERRORS_LO }, 1);
        let mut verdict = Verdict::Write;
        if !bus.injector.is_idle() {
            let mut injector = std::mem::take(&mut bus.injector);
            let mut memory = Operands { card: &mut self.memory, host: bus };
            verdict = injector.at_completion(&command, &mut completion, 0, &mut memory);
            bus.injector = injector;
        }
        if verdict == Verdict::Hang {
            self.running = Some(Running { hung: true, ..running });
            return;
        }
        let at = self.queue.cq_base.wrapping_add(u64::from(self.queue.cq_tail) * COMPLETION_BYTES as u64);
        self.registers.count(CNT_HOST_WRITE_LO, COMPLETION_BYTES as u64);
        if verdict == Verdict::Write && bus.write(at, &completion.encode()).is_err() {
            return self.queue_error();
        }
        self.queue.cq_tail = (self.queue.cq_tail + 1) & self.queue.mask();
        self.queue.phase ^= self.queue.cq_tail == 0;
        self.registers.irq_pending |= IRQ_COMPLETION;
    }
}
