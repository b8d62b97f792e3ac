//! The simulated card inside this process, as the driver sees it: a transport.
//!
//! The card's clock runs only inside these calls, mostly in `wait_interrupt`: the simulation is
//! lock-step with the driver and takes the same cycles each time.

use gristmill_abi::registers as reg;
use gristmill_driver::TransportError;
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport};
use gristmill_sim::{Access, SimCard, SimError, Step};
use std::time::{Duration, Instant};

/// Card cycles between two looks at the wall clock.
const CHUNK_CYCLES: u64 = 1024;
/// The whole 48-bit space but what x86 keeps for interrupts: what a real IOMMU reports.
const RANGES: [IovaRange; 2] =
    [IovaRange { first: 0, last: 0xfedf_ffff }, IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 }];

/// A [`SimCard`] behind the driver's trait.
pub(super) struct InProcess {
    name: String,
    card: SimCard,
}

impl InProcess {
    pub fn new(name: String, card: SimCard) -> Self {
        InProcess { name, card }
    }

    fn error(&self, source: SimError) -> TransportError {
        TransportError::Other { device: self.name.clone(), source: Box::new(source) }
    }
}

impl Transport for InProcess {
    fn name(&self) -> &str {
        &self.name
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        Ok(self.card.read32(offset))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.card.write32(offset, value);
        Ok(())
    }

    /// A write has arrived when it returns.
    fn flush(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.card.config_read(offset.into(), data).map_err(|e| self.error(e))
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.card.config_write(offset.into(), data).map_err(|e| self.error(e))
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let access = Access { read: region.access().read(), write: region.access().write() };
        self.card
            .dma_map(region.file(), region.offset(), region.size(), region.iova(), access)
            .map_err(|e| self.error(e))
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.card.dma_unmap(iova, len).map(|_| ()).map_err(|e| self.error(e))
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        // `wait_interrupt` asks the card itself; no event file is needed.
        Ok(())
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        let start = Instant::now();
        loop {
            match self.card.step_until_irq(CHUNK_CYCLES) {
                Step::Interrupt => return Ok(true),
                // A real card's clock runs on, and time-outs are counted in its cycles; this one's
                // is driven on by a read without effects, or a lost completion would never end.
                Step::Idle if self.card.read32(reg::STATUS) == u32::MAX => return Ok(false),
                Step::Idle | Step::Limit if start.elapsed() >= timeout => return Ok(false),
                Step::Idle | Step::Limit => {}
            }
        }
    }

    fn spin(&mut self) -> Result<(), TransportError> {
        self.wait_interrupt(Duration::ZERO).map(drop)
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.card.reset();
        Ok(())
    }
}
