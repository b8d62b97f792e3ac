//! Host memory as the card behind the serial link may reach it: windows at I/O virtual addresses,
//! each its own mapping of the memory's file. What the IOMMU is to a card in a slot.

use crate::transport::{DmaAccess, DmaRegion, WindowError};
use memmap2::{MmapOptions, MmapRaw};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Windows of one device, by their first address.
#[derive(Debug, Default)]
pub(super) struct Windows(BTreeMap<u64, Window>);

#[derive(Debug)]
struct Window {
    map: MmapRaw,
    access: DmaAccess,
}

impl Window {
    fn len(&self) -> u64 {
        self.map.len() as u64
    }
}

impl Windows {
    /// Maps a region.
    pub(super) fn map(&mut self, region: &DmaRegion) -> Result<(), WindowError> {
        let (iova, len) = (region.iova(), region.size());
        if let Some((other, window)) = self.touched(iova, len) {
            return Err(WindowError::Overlap { iova, len, other, other_len: window.len() });
        }
        let kernel = |source: io::Error| WindowError::Kernel { what: "mapping", iova, len, source };
        let size = usize::try_from(len).ok().filter(|n| *n > 0 && iova.checked_add(len).is_some());
        let size = size.ok_or_else(|| kernel(io::ErrorKind::InvalidInput.into()))?;
        let file = File::from(region.file().try_clone_to_owned().map_err(kernel)?);
        let map = MmapOptions::new().offset(region.offset()).len(size).map_raw(&file).map_err(kernel)?;
        self.0.insert(iova, Window { map, access: region.access() });
        Ok(())
    }

    /// Takes back one whole window.
    pub(super) fn unmap(&mut self, iova: u64, len: u64) -> Result<(), WindowError> {
        match self.0.get(&iova) {
            Some(window) if window.len() == len => {
                self.0.remove(&iova);
                Ok(())
            }
            _ => {
                let there = self.touched(iova, len).map(|(at, window)| (at, window.len()));
                Err(WindowError::NotMapped { iova, len, there })
            }
        }
    }

    /// A window that has some of these addresses.
    fn touched(&self, iova: u64, len: u64) -> Option<(u64, &Window)> {
        let (at, window) = self.0.range(..iova.saturating_add(len)).next_back()?;
        (at + window.len() > iova).then_some((*at, window))
    }

    /// The window that has all of these addresses, and the offset of the first.
    fn find(&self, iova: u64, len: usize) -> Option<(&Window, usize)> {
        let (at, window) = self.0.range(..=iova).next_back()?;
        let offset = iova - at;
        let end = offset.checked_add(len as u64)?;
        (end <= window.len()).then_some((window, offset as usize))
    }

    /// Copies what the card reads; `false` if it may not.
    pub(super) fn read(&self, iova: u64, data: &mut [u8]) -> bool {
        let Some((window, offset)) = self.find(iova, data.len()).filter(|(w, _)| w.access.read()) else { return false };
        // SAFETY: `find` checked that offset + len lies inside the mapping, which `window` keeps;
        // `data` is ordinary memory, so they do not overlap.
        unsafe {
            std::ptr::copy_nonoverlapping(window.map.as_ptr().add(offset), data.as_mut_ptr(), data.len());
        }
        true
    }

    /// Copies what the card writes; `false` if it may not. The last eight bytes go last and at once:
    /// a driver that watches a completion's phase in another thread then sees all of it.
    pub(super) fn write(&mut self, iova: u64, data: &[u8]) -> bool {
        let Some((window, offset)) = self.find(iova, data.len()).filter(|(w, _)| w.access.write()) else {
            return false;
        };
        let (head, tail) = match data.len().checked_sub(8) {
            Some(n) if (offset + n).is_multiple_of(8) => data.split_at(n),
            _ => (data, &data[data.len()..]),
        };
        // SAFETY: as in `read`; windows are mapped for writing.
        unsafe { std::ptr::copy_nonoverlapping(head.as_ptr(), window.map.as_mut_ptr().add(offset), head.len()) };
        if let Ok(bytes) = <[u8; 8]>::try_from(tail) {
            // SAFETY: eight bytes inside the mapping, aligned: mappings begin at pages, and the
            // offset is a multiple of eight.
            let last = unsafe { AtomicU64::from_ptr(window.map.as_mut_ptr().add(offset + head.len()).cast()) };
            last.store(u64::from_ne_bytes(bytes), Ordering::Release);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::ptr::NonNull;

    /// Windows over a file of zeros, at these addresses with these lengths.
    fn windows(list: &[(u64, u64, DmaAccess)]) -> (Windows, File) {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 16).unwrap();
        let mut windows = Windows::default();
        for (iova, len, access) in list {
            windows.map(&region(&file, *iova, *len, *access)).unwrap();
        }
        (windows, file)
    }

    fn region(file: &File, iova: u64, len: u64, access: DmaAccess) -> DmaRegion<'_> {
        DmaRegion { file: file.as_fd(), offset: 0, len, address: NonNull::dangling(), iova, access }
    }

    #[test]
    fn bounds_and_permissions() {
        use DmaAccess::{Read, ReadWrite, Write};
        let (mut w, _file) = windows(&[(0x10000, 8192, ReadWrite), (0x20000, 4096, Read), (0x30000, 4096, Write)]);
        let mut data = [1; 64];
        for (iova, len, read, write) in [
            (0x10000, 64, true, true),
            (0x11fc0, 64, true, true),
            (0x11fe0, 64, false, false), // over the end
            (0xffe0, 64, false, false),  // before the beginning
            (0x20000, 64, true, false),
            (0x30000, 64, false, true),
            (0x31000, 32, false, false),
            (0, 32, false, false),
            (u64::MAX - 31, 64, false, false), // wraps
            (u64::MAX, 32, false, false),
        ] {
            assert_eq!((w.read(iova, &mut data[..len]), w.write(iova, &data[..len])), (read, write), "{iova:#x}");
        }
    }

    #[test]
    fn bytes_arrive_whatever_their_alignment() {
        let (mut w, _file) = windows(&[(0, 4096, DmaAccess::ReadWrite)]);
        for (at, len) in [(0u64, 32usize), (100, 7), (201, 32), (304, 8), (4094, 2)] {
            let data: Vec<u8> = (0..len).map(|i| (i as u8) ^ at as u8 | 1).collect();
            assert!(w.write(at, &data));
            let mut back = vec![0; len];
            assert!(w.read(at, &mut back));
            assert_eq!(back, data);
        }
    }

    #[test]
    fn windows_do_not_overlap_and_go_whole() {
        let (mut w, file) = windows(&[(0x10000, 8192, DmaAccess::ReadWrite)]);
        for iova in [0xf000, 0x10000, 0x11000] {
            let error = w.map(&region(&file, iova, 8192, DmaAccess::Read)).unwrap_err();
            assert!(matches!(error, WindowError::Overlap { other: 0x10000, .. }), "{error}");
        }
        assert!(w.map(&region(&file, u64::MAX - 4095, 8192, DmaAccess::Read)).is_err());
        assert!(w.map(&region(&file, 0x40000, 0, DmaAccess::Read)).is_err());
        let error = w.unmap(0x10000, 4096).unwrap_err();
        assert!(matches!(error, WindowError::NotMapped { there: Some((0x10000, 8192)), .. }), "{error}");
        w.unmap(0x10000, 8192).unwrap();
        assert!(!w.read(0x10000, &mut [0; 32]));
        assert!(w.unmap(0x10000, 8192).is_err());
    }
}
