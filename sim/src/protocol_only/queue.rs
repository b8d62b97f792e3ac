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
    fn size_is_bad(&self) -> bool {
        !(MIN_LOG_RING..=MAX_LOG_RING).contains(&self.log_size)
    }

    /// Mask of an index; zero where the size is out of range.
    fn mask(&self) -> u32 {
        if self.size_is_bad() { 0 } else { (1 << self.log_size) - 1 }
    }

    fn is_empty(&self) -> bool {
        self.sq_head == self.sq_tail & self.mask()
    }

    /// Enabling starts both rings afresh.
    pub fn enable(&mut self, on: bool) {
        if on && !self.enabled {
            (self.sq_tail, self.sq_head, self.cq_head, self.cq_tail, self.phase) = (0, 0, 0, 0, true);
        }
        self.enabled = on;
    }

    fn completions_full(&self) -> bool {
        (self.cq_tail + 1) & self.mask() == self.cq_head & self.mask()
    }
}

/// The command in the card.
#[derive(Debug)]
pub(super) struct Running {
    command: Descriptor,
    done: u32,
    fetched_at: u64,
    /// It is over and waits for room in the completion ring.
    ended: Option<Status>,
    /// The queue was stopped under it: it ends without a completion.
    pub dropped: bool,
    /// An injected fault: it never ends.
    pub hung: bool,
}

impl ProtocolCard {
    /// Whether a step would do anything.
    pub(super) fn can_step(&self) -> bool {
        let q = &self.queue;
        match &self.running {
            Some(r) => r.ended.is_none() || r.hung || r.dropped || !q.completions_full(),
            None if !self.registers.run || self.registers.queue_error || !q.enabled => false,
            None => !q.is_empty() || (q.size_is_bad() && q.sq_tail != 0),
        }
    }

    /// Fetches a command, or does a piece of the one that runs.
    pub(super) fn step(&mut self, bus: &mut Bus) {
        if !self.can_step() {
            return;
        }
        match self.running.take() {
            Some(running) if running.hung => self.running = Some(running),
            Some(running) => match running.ended {
                Some(status) => self.complete(running, status, bus),
                None => self.advance(running, bus),
            },
            // A doorbell for rings of no valid size.
            None if self.queue.size_is_bad() => self.queue_error(),
            None => self.fetch(bus),
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
        let running = Running { command, done: 0, fetched_at, ended: None, dropped: false, hung: false };
        match self.check(&command, reserved) {
            Status::Ok if command.opcode != Opcode::Nop as u8 => self.running = Some(running),
            status => self.complete(running, status, bus),
        }
    }

    /// The checks, in the order of the card's: epoch, opcode, unit, flags, alignment, count, range.
    fn check(&self, d: &Descriptor, reserved: bool) -> Status {
        if d.epoch != self.registers.epoch {
            return Status::BadEpoch;
        }
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
        let count_is_good = if has_c { (1..=MAX_COUNT).contains(&d.count) } else { d.count == 0 };
        if !count_is_good {
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
        Status::Ok
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
        if running.dropped {
            return;
        }
        if self.queue.completions_full() {
            self.running = Some(Running { ended: Some(status), ..running });
            return;
        }
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
