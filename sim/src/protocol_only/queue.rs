//! Rings and commands of the protocol-only card.

use super::{CHUNK_WORDS, Operands, ProtocolCard};
use crate::bus::Bus;
use crate::fault::Verdict;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, MAX_COUNT, Opcode, Operand};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::layout::{Space, WORD_BYTES};
use gristmill_abi::registers::*;

const WORD: u64 = WORD_BYTES as u64;

/// A queue pair.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    sq_base: u64,
    cq_base: u64,
    log_size: u32,
    sq_tail: u32,
    sq_head: u32,
    cq_head: u32,
    cq_tail: u32,
    pub enabled: bool,
    /// An error has stopped it.
    pub error: bool,
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

    fn is_alive(&self) -> bool {
        self.enabled && !self.error
    }

    /// A doorbell for rings of no valid size.
    fn has_bad_doorbell(&self) -> bool {
        self.is_alive() && self.size_is_bad() && self.sq_tail != 0
    }

    /// A descriptor to read, and room for its completion.
    fn wants(&self) -> bool {
        self.is_alive() && self.sq_head != self.sq_tail & self.mask() && !self.completions_full()
    }

    fn completions_full(&self) -> bool {
        (self.cq_tail + 1) & self.mask() == self.cq_head & self.mask()
    }

    pub fn read_register(&self, register: u16, running: bool) -> u32 {
        match register {
            SQ_BASE_LO => self.sq_base as u32,
            SQ_BASE_HI => (self.sq_base >> 32) as u32,
            Q_LOG_SIZE => self.log_size,
            SQ_TAIL => self.sq_tail,
            SQ_HEAD => self.sq_head,
            CQ_BASE_LO => self.cq_base as u32,
            CQ_BASE_HI => (self.cq_base >> 32) as u32,
            CQ_HEAD => self.cq_head,
            CQ_TAIL => self.cq_tail,
            Q_ENABLE => self.enabled.into(),
            Q_STATUS => (u32::from(self.error) * Q_STATUS_ERROR) | (u32::from(running) * Q_STATUS_BUSY),
            _ => 0,
        }
    }

    /// A write of bits that the register has.
    pub fn write_register(&mut self, register: u16, v: u32) {
        let low = |old: u64| old & !0xffff_ffff | u64::from(v);
        let high = |old: u64| old & 0xffff_ffff | u64::from(v) << 32;
        match register {
            SQ_BASE_LO => self.sq_base = low(self.sq_base),
            SQ_BASE_HI => self.sq_base = high(self.sq_base),
            Q_LOG_SIZE => self.log_size = v,
            SQ_TAIL => self.sq_tail = v,
            CQ_BASE_LO => self.cq_base = low(self.cq_base),
            CQ_BASE_HI => self.cq_base = high(self.cq_base),
            CQ_HEAD => self.cq_head = v,
            Q_ENABLE => {
                // Enabling starts both rings afresh.
                if v != 0 && !self.enabled {
                    (self.sq_tail, self.sq_head, self.cq_head, self.cq_tail) = (0, 0, 0, 0);
                    (self.phase, self.error) = (true, false);
                }
                self.enabled = v != 0;
            }
            _ => {}
        }
    }
}

/// The command in the card.
#[derive(Debug)]
pub(super) struct Running {
    /// The queue that it came from.
    pub queue: usize,
    command: Descriptor,
    done: u32,
    fetched_at: u64,
    /// The queue was stopped under it: it ends without a completion.
    pub dropped: bool,
    /// An injected fault: it never ends.
    pub hung: bool,
}

impl ProtocolCard {
    /// The queue to be served: the next with work and room after the one served last.
    fn next_queue(&self) -> Option<usize> {
        let n = self.queues.len();
        (1..=n).map(|k| (self.last + k) % n).find(|q| self.registers.run && self.queues[*q].wants())
    }

    fn bad_doorbell(&self) -> Option<usize> {
        self.queues.iter().position(|q| self.registers.run && q.has_bad_doorbell())
    }

    /// Whether a step would do anything.
    pub(super) fn can_step(&self) -> bool {
        self.running.is_some() || self.next_queue().is_some() || self.bad_doorbell().is_some()
    }

    /// Fetches a command, or does a piece of the one that runs.
    pub(super) fn step(&mut self, bus: &mut Bus) {
        if let Some(queue) = self.bad_doorbell() {
            self.queue_error(queue);
        }
        match self.running.take() {
            Some(running) if running.hung => self.running = Some(running),
            Some(running) => self.advance(running, bus),
            None => {
                if let Some(queue) = self.next_queue() {
                    self.fetch(queue, bus);
                }
            }
        }
    }

    fn queue_error(&mut self, queue: usize) {
        self.queues[queue].error = true;
        self.registers.irq_pending |= irq_error(queue as u32);
    }

    fn fetch(&mut self, queue: usize, bus: &mut Bus) {
        self.last = queue;
        let fetched_at = self.now();
        let mut bytes = [0; DESCRIPTOR_BYTES];
        let q = &mut self.queues[queue];
        let at = q.sq_base.wrapping_add(u64::from(q.sq_head) * DESCRIPTOR_BYTES as u64);
        self.registers.count(CNT_HOST_READ_LO, DESCRIPTOR_BYTES as u64);
        if bus.read(at, &mut bytes).is_err() {
            return self.queue_error(queue);
        }
        q.sq_head = (q.sq_head + 1) & q.mask();
        bus.injector.at_fetch(bytes[0]);
        if bus.injector.is_dead() {
            return;
        }
        let reserved = Descriptor::decode(&bytes).is_none();
        // Words that must be zero are cleared, so that the rest can be read.
        bytes[6..8].fill(0);
        bytes[5] &= 0x07;
        bytes[40..].fill(0);
        let Some(command) = Descriptor::decode(&bytes) else { return self.queue_error(queue) };
        let running = Running { queue, command, done: 0, fetched_at, dropped: false, hung: false };
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
        let queue = running.queue;
        if running.dropped || !self.queues[queue].is_alive() {
            return;
        }
        if self.queues[queue].completions_full() {
            // There was room when it was fetched: the host has moved its head back.
            return self.queue_error(queue);
        }
        let command = running.command;
        let cycles = self.now() - running.fetched_at;
        let mut completion = Completion {
            detail: 0,
            epoch: self.registers.epoch,
            cycles,
            work: if status == Status::Ok { running.done.into() } else { 0 },
            sq_head: self.queues[queue].sq_head as u16,
            id: command.id,
            status: status as u8,
            phase: self.queues[queue].phase,
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
        let q = &mut self.queues[queue];
        let at = q.cq_base.wrapping_add(u64::from(q.cq_tail) * COMPLETION_BYTES as u64);
        self.registers.count(CNT_HOST_WRITE_LO, COMPLETION_BYTES as u64);
        if verdict == Verdict::Write && bus.write(at, &completion.encode()).is_err() {
            return self.queue_error(queue);
        }
        q.cq_tail = (q.cq_tail + 1) & q.mask();
        q.phase ^= q.cq_tail == 0;
        self.registers.irq_pending |= irq_completion(queue as u32);
    }
}
