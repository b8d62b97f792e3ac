//! What stands between the card and the host: the IOMMU, the bus-master bit, and the record of
//! what went wrong; and the trait of everything that can sit behind BAR0.

use crate::fault::Injector;
use crate::iommu::{DmaFault, FaultReason, Iommu};
use std::collections::VecDeque;

/// DMA faults kept for inspection; older ones are only counted.
pub const KEPT_FAULTS: usize = 64;

/// The card's way to host memory.
#[derive(Debug, Default)]
pub struct Bus {
    /// Window table.
    pub iommu: Iommu,
    /// Bus-master enable of the command register: without it every access faults.
    pub bus_master: bool,
    /// Faults to inject.
    pub injector: Injector,
    faults: VecDeque<DmaFault>,
    fault_count: u64,
    read_bytes: u64,
    written_bytes: u64,
}

impl Bus {
    /// Reads host memory as the card.
    pub fn read(&mut self, iova: u64, out: &mut [u8]) -> Result<(), DmaFault> {
        let result = if self.bus_master { self.iommu.read(iova, out) } else { Err(self.no_master(iova, false)) };
        self.read_bytes += out.len() as u64;
        result.inspect_err(|f| self.record(*f))
    }

    /// Writes host memory as the card.
    pub fn write(&mut self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        let result = if self.bus_master { self.iommu.write(iova, data) } else { Err(self.no_master(iova, true)) };
        self.written_bytes += data.len() as u64;
        result.inspect_err(|f| self.record(*f))
    }

    fn no_master(&self, iova: u64, write: bool) -> DmaFault {
        DmaFault { iova, write, reason: FaultReason::NoBusMaster }
    }

    /// Notes a fault.
    pub fn record(&mut self, fault: DmaFault) {
        tracing::debug!(iova = fault.iova, write = fault.write, reason = ?fault.reason, "DMA fault");
        self.fault_count += 1;
        if self.faults.len() == KEPT_FAULTS {
            self.faults.pop_front();
        }
        self.faults.push_back(fault);
    }

    /// The last faults, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = &DmaFault> {
        self.faults.iter()
    }

    /// Faults since power-up.
    pub fn fault_count(&self) -> u64 {
        self.fault_count
    }

    /// Bytes that the card asked to read and to write.
    pub fn traffic(&self) -> (u64, u64) {
        (self.read_bytes, self.written_bytes)
    }
}

/// What sits behind BAR0: the card, clocked or not.
pub trait Core: Send {
    /// Reads the 32-bit register at `offset` (a multiple of 4).
    fn read32(&mut self, offset: u16, bus: &mut Bus) -> u32;
    /// Writes the register at `offset`; bit i of `strobes` says whether byte i is written.
    fn write32(&mut self, offset: u16, value: u32, strobes: u8, bus: &mut Bus);
    /// Lets at most `cycles` card cycles pass and returns how many did. Returns early when nothing
    /// is pending or the interrupt rises.
    fn run(&mut self, cycles: u64, bus: &mut Bus) -> u64;
    /// Whether the card needs cycles.
    fn pending(&self) -> bool;
    /// How often the interrupt has risen since power-up.
    fn interrupts(&self) -> u64;
    /// The function-level reset.
    fn reset(&mut self, bus: &mut Bus);
    /// Zeroes card memory.
    fn scrub(&mut self);
    /// Card cycles since power-up.
    fn cycles(&self) -> u64;
    /// Card cycles a second, as reached.
    fn clock_hz(&self) -> u32;
    /// The card's memory.
    fn memory(&mut self) -> &mut crate::memory::CardMemory;
    /// Why the simulation itself has broken down, if it has; the card is as if gone then.
    fn failure(&self) -> Option<&str> {
        None
    }
    /// The engine that simulates the RTL, if there is RTL.
    fn engine(&self) -> Option<&dyn crate::engine::Engine> {
        None
    }
}
