//! Software model of the queues and their arbiter ([`Queues`](super::Queues)), cycle by cycle, in
//! plain integers.

use gristmill_abi::registers::{self as r, MAX_QUEUES};
use std::collections::VecDeque;

/// What stands at the inputs of [`Queues`](super::Queues) in one cycle.
#[allow(missing_docs)] // the fields are the ports
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueuesIn {
    pub clear: bool,
    pub run: bool,
    /// Register written: offset and value.
    pub write: Option<(u16, u32)>,
    pub read_address: u16,
    pub begins: bool,
    pub holds: bool,
    pub fetched: bool,
    pub fetch_fault: bool,
    pub load: bool,
    pub occupied: bool,
    pub written: bool,
    pub completion_fault: bool,
}

/// What its outputs show in that cycle.
#[allow(missing_docs)] // the fields are the ports
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueuesOut {
    pub value: u32,
    pub set_irq: u32,
    pub failed: bool,
    pub offer: bool,
    pub offer_address: u64,
    pub fetch_alive: bool,
    pub fetch_head: u32,
    pub run_alive: bool,
    pub run_room: bool,
    pub run_phase: bool,
    pub completion_address: u64,
}

/// One queue.
#[derive(Clone, Copy, Debug, Default)]
struct Queue {
    enabled: bool,
    error: bool,
    odd_passes: bool,
    log_size: u32,
    sq_base: u64,
    cq_base: u64,
    sq_tail: u32,
    sq_head: u32,
    cq_head: u32,
    cq_tail: u32,
    /// `log_size` of a cycle ago.
    log_entries: u32,
    /// Whether a completion had room, and whether it wanted a descriptor, a cycle ago.
    had_room: bool,
    wants: bool,
}

fn size_bad(log_size: u32) -> bool {
    !(r::MIN_LOG_RING..=r::MAX_LOG_RING).contains(&log_size)
}

impl Queue {
    fn size_bad(&self) -> bool {
        size_bad(self.log_size)
    }

    /// Entries of each ring; one where the size is out of range, so that every index is zero.
    fn entries(&self) -> u32 {
        if size_bad(self.log_entries) {
            1
        } else {
            1 << self.log_entries
        }
    }

    fn alive(&self) -> bool {
        self.enabled && !self.error
    }

    /// Completions that can be written before the ring would look empty. Indices are the host's
    /// word and may lie outside the ring.
    fn room(&self) -> u32 {
        let n = self.entries();
        (self.cq_head % n + 2 * n - 1 - self.cq_tail % n) % n
    }

    /// Whether there is a descriptor to read, and room for its completion beside that of what is in the card.
    fn has_work(&self, held: bool) -> bool {
        self.alive() && self.room() > u32::from(held) && self.sq_head != self.sq_tail % self.entries()
    }

    fn read(&self, register: u16, held: bool) -> u32 {
        match register {
            r::SQ_BASE_LO => self.sq_base as u32,
            r::SQ_BASE_HI => (self.sq_base >> 32) as u32,
            r::CQ_BASE_LO => self.cq_base as u32,
            r::CQ_BASE_HI => (self.cq_base >> 32) as u32,
            r::Q_LOG_SIZE => self.log_size,
            r::SQ_TAIL => self.sq_tail,
            r::SQ_HEAD => self.sq_head,
            r::CQ_HEAD => self.cq_head,
            r::CQ_TAIL => self.cq_tail,
            r::Q_ENABLE => self.enabled.into(),
            r::Q_STATUS => (u32::from(self.error) * r::Q_STATUS_ERROR) | (u32::from(held) * r::Q_STATUS_BUSY),
            _ => 0,
        }
    }

    fn write(&mut self, register: u16, value: u32) {
        let low = |old: u64| old >> 32 << 32 | u64::from(value & !63);
        let high = |old: u64| old & 0xffff_ffff | u64::from(value) << 32;
        match register {
            r::SQ_BASE_LO => self.sq_base = low(self.sq_base),
            r::SQ_BASE_HI => self.sq_base = high(self.sq_base),
            r::CQ_BASE_LO => self.cq_base = low(self.cq_base),
            r::CQ_BASE_HI => self.cq_base = high(self.cq_base),
            r::Q_LOG_SIZE => self.log_size = value & 15,
            r::SQ_TAIL => self.sq_tail = value & 0xfff,
            r::CQ_HEAD => self.cq_head = value & 0xfff,
            r::Q_ENABLE => {
                if value & 1 == 1 && !self.enabled {
                    (self.error, self.odd_passes) = (false, false);
                    (self.sq_tail, self.sq_head, self.cq_head, self.cq_tail) = (0, 0, 0, 0);
                }
                self.enabled = value & 1 == 1;
            }
            _ => {}
        }
    }
}

/// The queues.
#[derive(Clone, Debug)]
pub struct QueuesModel {
    queues: Vec<Queue>,
    /// The queue whose descriptor was asked for last, and the one whose command ran last.
    pub(super) fetching: Option<usize>,
    pub(super) running: Option<usize>,
    /// Queue numbers, the one to be served first in front: the order is that of the round.
    order: VecDeque<usize>,
}

impl QueuesModel {
    /// So many queues.
    pub fn new(queues: u32) -> Self {
        let queues = queues.min(MAX_QUEUES) as usize;
        QueuesModel {
            queues: vec![Queue::default(); queues],
            fetching: None,
            running: None,
            order: (0..queues).collect(),
        }
    }

    fn chosen(&self) -> Option<usize> {
        self.order.iter().copied().find(|q| self.queues[*q].wants)
    }

    /// Which queues have something in the card.
    fn held(&self, i: &QueuesIn, q: usize) -> bool {
        (i.holds && self.fetching == Some(q)) || (i.occupied && self.running == Some(q))
    }

    /// Whether a queue breaks in this cycle.
    fn fails(&self, i: &QueuesIn, q: usize) -> bool {
        let queue = &self.queues[q];
        (i.fetch_fault && self.fetching == Some(q))
            || (i.completion_fault && self.running == Some(q))
            || (i.run && queue.alive() && queue.size_bad() && queue.sq_tail != 0)
    }

    /// The outputs of a cycle with these inputs.
    pub fn outputs(&self, i: &QueuesIn) -> QueuesOut {
        let mut out = QueuesOut::default();
        for (q, queue) in self.queues.iter().enumerate() {
            out.failed |= queue.error;
            out.set_irq |= u32::from(i.written && self.running == Some(q)) * r::irq_completion(q as u32);
            out.set_irq |= u32::from(self.fails(i, q)) * r::irq_error(q as u32);
        }
        if let Some((q, register)) = r::queue_of(i.read_address) {
            if let Some(queue) = self.queues.get(q as usize) {
                out.value = queue.read(register, self.held(i, q as usize));
            }
        }
        if let Some(q) = self.chosen() {
            out.offer = true;
            out.offer_address = self.queues[q].sq_base.wrapping_add(64 * u64::from(self.queues[q].sq_head));
        }
        if let Some(queue) = self.fetching.map(|q| &self.queues[q]) {
            (out.fetch_alive, out.fetch_head) = (queue.alive(), queue.sq_head);
        }
        if let Some(queue) = self.running.map(|q| &self.queues[q]) {
            (out.run_alive, out.run_room, out.run_phase) = (queue.alive(), queue.had_room, !queue.odd_passes);
            out.completion_address = queue.cq_base.wrapping_add(32 * u64::from(queue.cq_tail));
        }
        out
    }

    /// The clock edge at the end of that cycle.
    pub fn edge(&mut self, i: &QueuesIn) {
        if i.clear {
            *self = QueuesModel::new(self.queues.len() as u32);
            return;
        }
        let chosen = self.chosen();
        for q in 0..self.queues.len() {
            let (fails, held) = (self.fails(i, q), self.held(i, q));
            let queue = &mut self.queues[q];
            let (had_room, wants, log_entries) = (queue.room() > 0, queue.has_work(held), queue.log_size);
            if i.fetched && self.fetching == Some(q) {
                queue.sq_head = (queue.sq_head + 1) % queue.entries();
            }
            if i.written && self.running == Some(q) {
                queue.odd_passes ^= queue.cq_tail == queue.entries() - 1;
                queue.cq_tail = (queue.cq_tail + 1) % queue.entries();
            }
            queue.error |= fails;
            (queue.had_room, queue.wants, queue.log_entries) = (had_room, wants, log_entries);
        }
        if let Some((offset, value)) = i.write {
            if let Some((q, register)) = r::queue_of(offset) {
                if let Some(queue) = self.queues.get_mut(q as usize) {
                    queue.write(register, value);
                }
            }
        }
        if i.load {
            self.running = self.fetching;
        }
        if i.begins {
            // Without an offer nobody is served, and a new round begins.
            self.fetching = chosen;
            let last = chosen.unwrap_or(self.queues.len() - 1);
            self.order = (1..=self.queues.len()).map(|k| (last + k) % self.queues.len()).collect();
        }
    }
}
