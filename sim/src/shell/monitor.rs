//! Watches the buses for descriptors and completions of every queue, so that injected faults know
//! which command they hit. It changes nothing by itself.

use crate::bus::Bus;
use crate::fault::Verdict;
use crate::memory::CardMemory;
use crate::protocol_only::Operands;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion};
use gristmill_abi::registers as reg;
use std::collections::VecDeque;

/// Commands of a queue that the card can have fetched and not completed, generously.
const KEPT: usize = 64;

/// One queue as its registers describe it.
#[derive(Debug, Default)]
struct Rings {
    sq_base: u64,
    cq_base: u64,
    log_size: u32,
    fetched: VecDeque<Descriptor>,
}

impl Rings {
    fn inside(&self, address: u64, base: u64, entry: usize) -> bool {
        address.wrapping_sub(base) < (entry as u64) << self.log_size
    }
}

#[derive(Debug, Default)]
pub(super) struct Monitor {
    queues: [Rings; reg::MAX_QUEUES as usize],
    /// First half of a descriptor, and where it was read.
    half: Option<(u64, [u8; 32])>,
    /// Words of an MSM's result, from the card's capabilities.
    msm_result_words: u64,
}

impl Monitor {
    pub fn new(msm_result_words: u64) -> Self {
        Monitor { msm_result_words, ..Monitor::default() }
    }

    /// The card forgets its queues.
    pub fn reset(&mut self) {
        *self = Monitor { msm_result_words: self.msm_result_words, ..Monitor::default() };
    }

    pub fn register_written(&mut self, offset: u16, value: u32, strobes: u8) {
        let value = u64::from(value);
        let low = |old: u64| old & !0xffff_ffff | value;
        let high = |old: u64| old & 0xffff_ffff | value << 32;
        let Some((queue, register)) = reg::queue_of(offset).filter(|_| strobes == 0xf) else { return };
        let q = &mut self.queues[queue as usize];
        match register {
            reg::SQ_BASE_LO => q.sq_base = low(q.sq_base) & !63,
            reg::SQ_BASE_HI => q.sq_base = high(q.sq_base),
            reg::CQ_BASE_LO => q.cq_base = low(q.cq_base) & !63,
            reg::CQ_BASE_HI => q.cq_base = high(q.cq_base),
            reg::Q_LOG_SIZE => q.log_size = (value & 0xf) as u32,
            // What was fetched is forgotten.
            reg::Q_ENABLE if value & 1 == 0 => q.fetched.clear(),
            _ => {}
        }
    }

    /// A beat was read from host memory.
    pub fn host_read(&mut self, address: u64, data: &[u8; 32], bus: &mut Bus) {
        let inside = |q: &&mut Rings| q.inside(address, q.sq_base, DESCRIPTOR_BYTES);
        let Some(queue) = self.queues.iter_mut().find(inside) else { return };
        match self.half.take() {
            Some((first, head)) if address == first + 32 => {
                let mut bytes = [0; DESCRIPTOR_BYTES];
                bytes[..32].copy_from_slice(&head);
                bytes[32..].copy_from_slice(data);
                bus.injector.at_fetch(bytes[0]);
                // What must be zero is the card's to check.
                bytes[6..8].fill(0);
                bytes[5] &= 0x07;
                bytes[40..].fill(0);
                if queue.fetched.len() == KEPT {
                    queue.fetched.pop_front();
                }
                queue.fetched.extend(Descriptor::decode(&bytes));
            }
            _ => self.half = address.is_multiple_of(DESCRIPTOR_BYTES as u64).then_some((address, *data)),
        }
    }

    /// A single word is about to be written to host memory: if it is a completion, faults may
    /// change it, its result, or what becomes of it.
    pub fn completion(&mut self, address: u64, data: &mut [u8; 32], card: &mut CardMemory, bus: &mut Bus) -> Verdict {
        let inside = |q: &&mut Rings| q.inside(address, q.cq_base, COMPLETION_BYTES);
        let Some(queue) = self.queues.iter_mut().find(inside) else { return Verdict::Write };
        let mut completion = Completion::decode(data);
        let Some(command) = queue.fetched.iter().position(|d| d.id == completion.id) else { return Verdict::Write };
        let command = queue.fetched.drain(..=command).next_back();
        let (Some(command), false) = (command, bus.injector.is_idle()) else { return Verdict::Write };
        let mut injector = std::mem::take(&mut bus.injector);
        let mut memory = Operands { card, host: bus };
        let verdict = injector.at_completion(&command, &mut completion, self.msm_result_words, &mut memory);
        bus.injector = injector;
        *data = completion.encode();
        verdict
    }
}
