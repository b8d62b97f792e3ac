//! BAR0 in this process' address space.

use memmap2::{MmapOptions, MmapRaw};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{Ordering, fence};

/// A mapped BAR. To be dropped before the device, or the kernel keeps its group busy.
#[derive(Debug)]
pub(super) struct Bar {
    map: MmapRaw,
}

impl Bar {
    /// Maps `len` bytes at an offset in the device's file.
    pub(super) fn map(device: BorrowedFd, offset: u64, len: usize) -> io::Result<Self> {
        Ok(Bar { map: MmapOptions::new().offset(offset).len(len).map_raw(device.as_raw_fd())? })
    }

    /// The register's address, if it lies in the BAR and is aligned.
    fn at(&self, offset: u16) -> Option<*mut u32> {
        let inside = usize::from(offset) + 4 <= self.map.len() && offset.is_multiple_of(4);
        // SAFETY: in bounds.
        inside.then(|| unsafe { self.map.as_mut_ptr().add(offset.into()) }.cast())
    }

    pub(super) fn read32(&self, offset: u16) -> Option<u32> {
        let at = self.at(offset)?;
        // SAFETY: `at` checked bounds and alignment; device registers are read volatile.
        Some(u32::from_le(unsafe { at.read_volatile() }))
    }

    pub(super) fn write32(&self, offset: u16, value: u32) -> Option<()> {
        let at = self.at(offset)?;
        // Stores to DMA memory before the doorbell. On x86 ordinary stores are not reordered after
        // uncached ones; elsewhere this is the strongest barrier that the language has.
        fence(Ordering::SeqCst);
        // SAFETY: as in `read32`.
        unsafe { at.write_volatile(value.to_le()) };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn registers_are_reached_and_bounds_kept() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(16384).unwrap();
        let bar = Bar::map(file.as_fd(), 4096, 8192).unwrap();
        bar.write32(0x4c, 0x1234_5678).unwrap();
        assert_eq!(bar.read32(0x4c), Some(0x1234_5678));
        let mut bytes = [0; 4];
        std::os::unix::fs::FileExt::read_at(&file, &mut bytes, 4096 + 0x4c).unwrap();
        assert_eq!(bytes, 0x1234_5678u32.to_le_bytes());
        assert_eq!((bar.read32(8188), bar.read32(8190), bar.read32(8192)), (Some(0), None, None));
        assert_eq!(bar.write32(0xfffc, 0), None);
    }
}
