//! The two memories behind the AXI slaves.

use super::axi::{BEAT, Memory};
use super::monitor::Monitor;
use crate::bus::Bus;
use crate::iommu::{DmaFault, FaultReason};
use crate::memory::CardMemory;

/// Host memory: through the IOMMU, watched for injected faults.
pub(super) struct HostPort<'a> {
    pub bus: &'a mut Bus,
    pub card: &'a mut CardMemory,
    pub monitor: &'a mut Monitor,
}

impl Memory for HostPort<'_> {
    fn read(&mut self, address: u64) -> Option<[u8; BEAT]> {
        let mut data = [0; BEAT];
        self.bus.read(address, &mut data).ok()?;
        self.monitor.host_read(address, &data, self.bus);
        Some(data)
    }

    fn write(&mut self, address: u64, data: &[u8; BEAT], alone: bool) -> Option<bool> {
        let mut data = *data;
        if alone {
            match self.monitor.completion(address, &mut data, self.card, self.bus) {
                crate::fault::Verdict::Write => {}
                crate::fault::Verdict::Drop => return Some(true),
                crate::fault::Verdict::Hang => return Some(false),
            }
        }
        self.bus.write(address, &data).ok().map(|()| true)
    }

    fn refuse(&mut self, address: u64, write: bool, why: &str) {
        tracing::error!(address, write, "host burst {why}");
        self.bus.record(DmaFault { iova: address, write, reason: FaultReason::Protocol });
    }
}

/// Card memory.
pub(super) struct CardPort<'a> {
    pub memory: &'a mut CardMemory,
}

impl Memory for CardPort<'_> {
    fn read(&mut self, address: u64) -> Option<[u8; BEAT]> {
        self.memory.get(address, BEAT)?.try_into().ok()
    }

    fn write(&mut self, address: u64, data: &[u8; BEAT], _alone: bool) -> Option<bool> {
        self.memory.get_mut(address, BEAT)?.copy_from_slice(data);
        Some(true)
    }

    fn refuse(&mut self, address: u64, write: bool, why: &str) {
        tracing::error!(address, write, "card memory burst {why}");
    }
}
