//! Watches the buses for descriptors and completions, so that injected faults know which command
//! they hit. It changes nothing by itself.

use crate::bus::Bus;
use crate::fault::Verdict;
use crate::memory::CardMemory;
use crate::protocol_only::Operands;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion};
use gristmill_abi::registers as reg;
use std::collections::VecDeque;

/// Commands that the card can have fetched and not completed, generously.
const KEPT: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Monitor {
    sq_base: u64,
    cq_base: u64,
    log_size: u32,
    half: Option<(u64, [u8; 32])>,
    fetched: VecDeque<Descriptor>,
    /// Words of an MSM's result, from the card's capabilities.
    msm_result_words: u64,
}

impl Monitor {
    pub fn new(msm_result_words: u64) -> Self {
        Monitor { msm_result_words, ..Monitor::default() }
    }

    /// The card forgets its queue.
    pub fn reset(&mut self) {
        *self = Monitor { msm_result_words: self.msm_result_words, ..Monitor::default() };
    }

    pub fn register_written(&mut self, offset: u16, value: u32, strobes: u8) {
        let value = u64::from(value);
        let low = |old: u64| old & !0xffff_ffff | value;
        let high = |old: u64| old & 0xffff_ffff | value << 32;
        match offset {
            _ if strobes != 0xf => {}
            reg::SQ_BASE_LO => self.sq_base = low(self.sq_base) & !63,
            reg::SQ_BASE_HI => self.sq_base = high(self.sq_base),
            reg::CQ_BASE_LO => self.cq_base = low(self.cq_base) & !63,
            reg::CQ_BASE_HI => self.cq_base = high(self.cq_base),
            reg::Q_LOG_SIZE => self.log_size = (value & 0xf) as u32,
            _ => {}
        }
    }

    fn inside(&self, address: u64, base: u64, entry: usize) -> bool {
        address.wrapping_sub(base) < (entry as u64) << self.log_size
    }

    /// A beat was read from host memory.
    pub fn host_read(&mut self, address: u64, data: &[u8; 32], bus: &mut Bus) {
        if !self.inside(address, self.sq_base, DESCRIPTOR_BYTES) {
            return;
        }
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
                if self.fetched.len() == KEPT {
                    self.fetched.pop_front();
                }
                self.fetched.extend(Descriptor::decode(&bytes));
            }
            _ => self.half = address.is_multiple_of(DESCRIPTOR_BYTES as u64).then_some((address, *data)),
        }
    }

    /// A single word is about to be written to host memory: if it is a completion, faults may
    /// change it, its result, or what becomes of it.
    pub fn completion(&mut self, address: u64, data: &mut [u8; 32], card: &mut CardMemory, bus: &mut Bus) -> Verdict {
        if !self.inside(address, self.cq_base, COMPLETION_BYTES) {
            return Verdict::Write;
        }
        let mut completion = Completion::decode(data);
        let Some(command) = self.fetched.iter().position(|d| d.id == completion.id) else { return Verdict::Write };
        let command = self.fetched.drain(..=command).next_back();
        let (Some(command), false) = (command, bus.injector.is_idle()) else { return Verdict::Write };
        let mut injector = std::mem::take(&mut bus.injector);
        let mut memory = Operands { card, host: bus };
        let verdict = injector.at_completion(&command, &mut completion, self.msm_result_words, &mut memory);
        bus.injector = injector;
        *data = completion.encode();
        verdict
    }
}
