//! A transport that notes its DMA windows and does nothing else, for unit tests.

use super::{DmaRegion, IovaRange, Transport, TransportError};
use crate::dma::REGION_BYTES;
use std::time::Duration;

/// IOVA and length of each window.
#[derive(Default)]
pub(crate) struct Windows(pub(crate) Vec<(u64, u64)>);

impl Transport for Windows {
    fn name(&self) -> &str {
        "windows"
    }

    fn read32(&mut self, _: u16) -> Result<u32, TransportError> {
        Ok(0)
    }

    fn write32(&mut self, _: u16, _: u32) -> Result<(), TransportError> {
        Ok(())
    }

    fn config_read(&mut self, _: u16, _: &mut [u8]) -> Result<(), TransportError> {
        Ok(())
    }

    fn config_write(&mut self, _: u16, _: &[u8]) -> Result<(), TransportError> {
        Ok(())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &[]
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        assert_eq!(region.iova() % REGION_BYTES, 0);
        self.0.push((region.iova(), region.size()));
        Ok(())
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.0.retain(|w| *w != (iova, len));
        Ok(())
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn wait_interrupt(&mut self, _: Duration) -> Result<bool, TransportError> {
        Ok(false)
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}
