//! The register file of the protocol-only card.

use super::ProtocolCard;
use gristmill_abi::registers::*;
use gristmill_abi::{ABI_VERSION, CARD_ID, caps};

/// What is not a queue's.
#[derive(Debug, Default)]
pub(super) struct Registers {
    pub run: bool,
    pub epoch: u32,
    pub scratch: u32,
    pub irq_pending: u32,
    pub irq_enable: u32,
    pub counters: [u64; COUNTERS],
    counter_latch: [u32; COUNTERS],
    cycles_latch: u32,
}

impl Registers {
    /// Clears everything but the scratch register and the epoch, which counts up.
    pub fn reset(&mut self) {
        *self = Registers { epoch: self.epoch.wrapping_add(1), scratch: self.scratch, ..Registers::default() };
    }

    /// Adds to a performance counter, named by its low half's offset.
    pub fn count(&mut self, low: u16, by: u64) {
        let c = &mut self.counters[usize::from((low - FIRST_COUNTER) / 8)];
        *c = c.wrapping_add(by);
    }
}

impl ProtocolCard {
    pub(super) fn read_register(&mut self, offset: u16, now: u64) -> u32 {
        let busy = self.running.is_some() || self.can_step();
        if let Some((queue, register)) = queue_of(offset) {
            let running = self.running.as_ref().is_some_and(|r| r.queue == queue as usize);
            return self.queues.get(queue as usize).map_or(0, |q| q.read_register(register, running));
        }
        let queues = self.queues.len() as u32;
        let failed = self.queues.iter().any(|q| q.error);
        let r = &mut self.registers;
        match offset {
            AP_CTRL => u32::from(!busy) << 2,
            ID => CARD_ID,
            VERSION => ABI_VERSION,
            CONFIG_ID => super::CONFIG_ID,
            CAPS => caps::COPY | queues << caps::QUEUES_SHIFT,
            CAP_BUS => 32 | 32 << 8,
            CARD_MEM_LO => self.memory.len() as u32,
            CARD_MEM_HI => (self.memory.len() >> 32) as u32,
            CLOCK_HZ => super::CLOCK_HZ,
            CONTROL => u32::from(r.run) * CONTROL_RUN,
            STATUS => STATUS_READY | (u32::from(busy) * STATUS_BUSY) | (u32::from(failed) * STATUS_QUEUE_ERROR),
            EPOCH => r.epoch,
            SCRATCH => r.scratch,
            CYCLES_LO => {
                r.cycles_latch = (now >> 32) as u32;
                now as u32
            }
            CYCLES_HI => r.cycles_latch,
            IRQ_PENDING => r.irq_pending,
            IRQ_ENABLE => r.irq_enable,
            FIRST_COUNTER..=CNT_ERRORS_HI if offset.is_multiple_of(4) => {
                let i = usize::from((offset - FIRST_COUNTER) / 8);
                if offset.is_multiple_of(8) {
                    r.counter_latch[i] = (r.counters[i] >> 32) as u32;
                    r.counters[i] as u32
                } else {
                    r.counter_latch[i]
                }
            }
            _ => 0,
        }
    }

    pub(super) fn write_register(&mut self, offset: u16, value: u32) {
        let Some(register) = on_card(offset, self.queues.len() as u32) else { return };
        let v = value & register.mask;
        if let Some((queue, register)) = queue_of(offset) {
            let q = &mut self.queues[queue as usize];
            if let Some(running) = self.running.as_mut().filter(|r| r.queue == queue as usize) {
                // The queue was stopped, or started anew, under it.
                running.dropped |= register == Q_ENABLE && (v != 0) != q.enabled;
            }
            return q.write_register(register, v);
        }
        let r = &mut self.registers;
        match offset {
            CONTROL if v & CONTROL_RESET != 0 => self.clear(),
            CONTROL => r.run = v & CONTROL_RUN != 0,
            SCRATCH => r.scratch = v,
            IRQ_PENDING => r.irq_pending &= !v,
            IRQ_ENABLE => r.irq_enable = v,
            _ => {}
        }
    }
}
