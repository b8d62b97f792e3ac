//! A card without engines and without a clock: registers, queues, COPY, ZERO and NOP in plain
//! Rust; it refuses MSM and NTT with `BadOpcode`. For benchmarks of the transport and for fuzzing.
//!
//! Its "cycles" are nanoseconds of this machine's clock since power-up, and CLOCK_HZ says 10^9, so
//! that time-outs in card cycles mean what they say.

mod queue;
mod registers;

use crate::bus::{Bus, Core};
use crate::error::SimError;
use crate::fault::OperandMemory;
use crate::memory::CardMemory;
use gristmill_abi::layout::{Space, WORD_BYTES};
use gristmill_abi::registers::MAX_QUEUES;
use queue::{Queue, Running};
use registers::Registers;
use std::time::{Duration, Instant};

/// CLOCK_HZ of this card.
pub const CLOCK_HZ: u32 = 1_000_000_000;
/// CONFIG_ID of this card: "PROT" in ASCII.
pub const CONFIG_ID: u32 = 0x5052_4f54;
/// Words moved between two looks at the transport.
const CHUNK_WORDS: u32 = 1 << 15;

/// The card.
#[derive(Debug)]
pub struct ProtocolCard {
    registers: Registers,
    queues: Vec<Queue>,
    /// The queue that was served last.
    last: usize,
    running: Option<Running>,
    memory: CardMemory,
    power_on: Instant,
    level: bool,
    interrupts: u64,
    scratch: Vec<u8>,
}

impl ProtocolCard {
    /// A card with that much memory and so many queues.
    pub fn new(card_mem_bytes: u64, queues: u32) -> Result<Self, SimError> {
        let queues = queues.clamp(1, MAX_QUEUES) as usize;
        Ok(ProtocolCard {
            registers: Registers::default(),
            queues: vec![Queue::default(); queues],
            last: queues - 1,
            running: None,
            memory: CardMemory::new(card_mem_bytes)?,
            power_on: Instant::now(),
            level: false,
            interrupts: 0,
            scratch: Vec::new(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.power_on.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn update_interrupt(&mut self) {
        let level = self.registers.irq_pending & self.registers.irq_enable != 0;
        self.interrupts += u64::from(level && !self.level);
        self.level = level;
    }

    fn clear(&mut self) {
        self.registers.reset();
        self.queues.fill(Queue::default());
        self.last = self.queues.len() - 1;
        self.running = None;
        self.update_interrupt();
    }
}

impl Core for ProtocolCard {
    fn read32(&mut self, offset: u16, _: &mut Bus) -> u32 {
        let now = self.now();
        self.read_register(offset, now)
    }

    fn write32(&mut self, offset: u16, value: u32, strobes: u8, _: &mut Bus) {
        // Registers are written whole.
        if strobes == 0xf {
            self.write_register(offset, value);
            self.update_interrupt();
        }
    }

    fn run(&mut self, cycles: u64, bus: &mut Bus) -> u64 {
        let start = self.now();
        let before = self.interrupts;
        loop {
            self.step(bus);
            self.update_interrupt();
            let passed = self.now() - start;
            if !self.pending() || self.interrupts != before || passed >= cycles {
                return passed;
            }
            if self.running.as_ref().is_some_and(|r| r.hung) {
                // Nothing will happen: let the time pass without burning it.
                std::thread::sleep(Duration::from_nanos((cycles - passed).min(1_000_000)));
            }
        }
    }

    fn pending(&self) -> bool {
        self.can_step()
    }

    fn interrupts(&self) -> u64 {
        self.interrupts
    }

    fn reset(&mut self, _: &mut Bus) {
        self.clear();
    }

    fn scrub(&mut self) {
        self.memory.scrub();
    }

    fn cycles(&self) -> u64 {
        self.now()
    }

    fn clock_hz(&self) -> u32 {
        CLOCK_HZ
    }

    fn memory(&mut self) -> &mut CardMemory {
        &mut self.memory
    }
}

/// Operands in either memory, for injected faults.
pub(crate) struct Operands<'a> {
    pub card: &'a mut CardMemory,
    pub host: &'a mut Bus,
}

impl OperandMemory for Operands<'_> {
    fn read_word(&mut self, space: Space, address: u64) -> Option<[u8; WORD_BYTES]> {
        let mut word = [0; WORD_BYTES];
        match space {
            Space::Host => self.host.iommu.read(address, &mut word).ok()?,
            Space::Card => word.copy_from_slice(self.card.get(address, WORD_BYTES)?),
        }
        Some(word)
    }

    fn write_word(&mut self, space: Space, address: u64, word: &[u8; WORD_BYTES]) {
        match space {
            Space::Host => drop(self.host.iommu.write(address, word)),
            Space::Card => {
                if let Some(bytes) = self.card.get_mut(address, WORD_BYTES) {
                    bytes.copy_from_slice(word);
                }
            }
        }
    }
}
