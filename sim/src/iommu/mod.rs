//! The IOMMU: windows of IO virtual addresses (IOVA) onto clients' files.
//!
//! An access must lie in windows that allow it; a hole, a missing permission, or a window without
//! a file is a [`DmaFault`] at the exact address. Windows are multiples of 4 KiB, do not overlap,
//! and are unmapped whole. Every file is mapped once, keyed by device and inode, however many
//! windows show it: a guest's IOMMU gives one window for each 4 KiB page.

mod backing;
#[cfg(test)]
mod tests;

pub use backing::Backing;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use thiserror::Error;

/// Granularity of windows.
pub const PAGE_BYTES: u64 = 4096;
/// Most windows at a time.
pub const MAX_WINDOWS: usize = 1 << 20;
/// Most mappings of files at a time. A file has one, and one more for each time that it has grown
/// while it was mapped.
pub const MAX_MAPPINGS: usize = 4096;
/// Most bytes in them together: an eighth of the address space that this process has.
pub const MAX_MAPPED_BYTES: u64 = 1 << 44;

/// How much one client can make the card hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Windows.
    pub windows: usize,
    /// Mappings of files.
    pub mappings: usize,
    /// Bytes of files mapped.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { windows: MAX_WINDOWS, mappings: MAX_MAPPINGS, bytes: MAX_MAPPED_BYTES }
    }
}

/// What the card may do in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The card may read host memory.
    pub read: bool,
    /// The card may write host memory.
    pub write: bool,
}

impl Access {
    /// Both.
    pub const READ_WRITE: Access = Access { read: true, write: true };
    /// Read only.
    pub const READ: Access = Access { read: true, write: false };
    /// Write only.
    pub const WRITE: Access = Access { read: false, write: true };
}

/// Why a window was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IommuError {
    #[error(
        "DMA window {iova:#x}+{size:#x} (file offset {offset:#x}): all three must be multiples of 4096, the size not zero"
    )]
    Unaligned { iova: u64, size: u64, offset: u64 },
    #[error("DMA window {iova:#x}+{size:#x} wraps around the end of the address space")]
    Wraps { iova: u64, size: u64 },
    #[error("DMA window {iova:#x}+{size:#x} overlaps the window at {other:#x}; unmap that first")]
    Overlap { iova: u64, size: u64, other: u64 },
    #[error("DMA window {iova:#x} allows neither reading nor writing")]
    NoAccess { iova: u64 },
    #[error("DMA window {iova:#x}: file offset {offset:#x}+{size:#x} is beyond the file's {file_bytes:#x} bytes")]
    BeyondFile { iova: u64, offset: u64, size: u64, file_bytes: u64 },
    #[error("DMA window {iova:#x}: the file cannot be mapped: {errno}")]
    Map { iova: u64, errno: Errno },
    #[error("too many DMA {what}: at most {limit}")]
    TooMany { what: &'static str, limit: usize },
    #[error("DMA window {iova:#x}: with its file of {file_bytes:#x} bytes more than {limit:#x} would be mapped")]
    TooMuch { iova: u64, file_bytes: u64, limit: u64 },
    #[error(
        "unmapping {iova:#x}+{size:#x} would cut the window {other:#x}+{other_size:#x}; windows are unmapped whole"
    )]
    Partial { iova: u64, size: u64, other: u64, other_size: u64 },
}

impl IommuError {
    /// The errno that the kernel's VFIO would give.
    pub fn errno(&self) -> Errno {
        match self {
            IommuError::Unaligned { .. }
            | IommuError::NoAccess { .. }
            | IommuError::BeyondFile { .. }
            | IommuError::Partial { .. } => Errno::INVAL,
            IommuError::Wraps { .. } => Errno::OVERFLOW,
            IommuError::Overlap { .. } => Errno::EXIST,
            IommuError::Map { errno, .. } => *errno,
            IommuError::TooMany { .. } | IommuError::TooMuch { .. } => Errno::NOSPC,
        }
    }
}

/// Why an access of the card failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultReason {
    /// No window there.
    Unmapped,
    /// The window does not allow this direction.
    Permission,
    /// The window was made without a file; such memory is not reachable here.
    NoFile,
    /// The file's pages are gone or unreadable.
    File(Errno),
    /// The device's bus-master bit is off.
    NoBusMaster,
    /// The burst breaks AXI's or the card's own rules.
    Protocol,
}

/// A failed access of the card to host memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaFault {
    /// First address that failed.
    pub iova: u64,
    /// The card was writing.
    pub write: bool,
    /// Why.
    pub reason: FaultReason,
}

#[derive(Debug)]
struct Window {
    size: u64,
    offset: u64,
    access: Access,
    file: Option<Arc<Mapped>>,
}

/// What is mapped altogether, by files that are still in the table and by those that windows alone
/// keep.
#[derive(Debug, Default)]
struct Usage {
    mappings: AtomicUsize,
    bytes: AtomicU64,
}

/// A mapped file, counted.
#[derive(Debug)]
struct Mapped {
    backing: Backing,
    usage: Arc<Usage>,
}

impl Mapped {
    fn new(backing: Backing, usage: &Arc<Usage>) -> Self {
        usage.mappings.fetch_add(1, Ordering::Relaxed);
        usage.bytes.fetch_add(backing.bytes(), Ordering::Relaxed);
        Mapped { backing, usage: usage.clone() }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        self.usage.mappings.fetch_sub(1, Ordering::Relaxed);
        self.usage.bytes.fetch_sub(self.backing.bytes(), Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FileKey {
    device: u64,
    inode: u64,
    writable: bool,
}

/// The window table.
#[derive(Debug, Default)]
pub struct Iommu {
    windows: BTreeMap<u64, Window>,
    /// Entries of files that are not mapped any more are left until there are many of them.
    files: HashMap<FileKey, Weak<Mapped>>,
    usage: Arc<Usage>,
    limits: Limits,
    trusted: bool,
}

impl Iommu {
    /// An empty table. `trusted` callers promise not to shrink their files while they are mapped.
    pub fn new(trusted: bool) -> Self {
        Iommu { trusted, ..Iommu::default() }
    }

    /// Whether later windows' files are trusted not to shrink, see [`Backing`].
    pub fn set_trusted(&mut self, trusted: bool) {
        self.trusted = trusted;
    }

    /// Sets how much may be mapped. What is mapped already stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Windows now mapped.
    pub fn windows(&self) -> usize {
        self.windows.len()
    }

    /// Mappings of files.
    pub fn mappings(&self) -> usize {
        self.usage.mappings.load(Ordering::Relaxed)
    }

    /// Adds the window `iova .. iova + size` onto `file` from `offset`. Without a file the window
    /// is kept, but every access to it faults.
    pub fn map(
        &mut self,
        iova: u64,
        size: u64,
        offset: u64,
        access: Access,
        file: Option<BorrowedFd<'_>>,
    ) -> Result<(), IommuError> {
        if size == 0 || [iova, size, offset].iter().any(|v| v % PAGE_BYTES != 0) {
            return Err(IommuError::Unaligned { iova, size, offset });
        }
        // The last byte, so that a window may end at 2^64.
        let last = iova.checked_add(size - 1).ok_or(IommuError::Wraps { iova, size })?;
        if offset.checked_add(size).is_none() {
            return Err(IommuError::Wraps { iova: offset, size });
        }
        if !access.read && !access.write {
            return Err(IommuError::NoAccess { iova });
        }
        if let Some((&other, w)) = self.windows.range(..=last).next_back()
            && other + (w.size - 1) >= iova
        {
            return Err(IommuError::Overlap { iova, size, other });
        }
        if self.windows.len() >= self.limits.windows {
            return Err(IommuError::TooMany { what: "windows", limit: self.limits.windows });
        }
        let file = file.map(|fd| self.backing(fd, iova, size, offset, access)).transpose()?;
        self.windows.insert(iova, Window { size, offset, access, file });
        Ok(())
    }

    fn backing(
        &mut self,
        fd: BorrowedFd<'_>,
        iova: u64,
        size: u64,
        offset: u64,
        access: Access,
    ) -> Result<Arc<Mapped>, IommuError> {
        let map_error = |errno| IommuError::Map { iova, errno };
        let stat = rustix::fs::fstat(fd).map_err(map_error)?;
        let file_bytes = u64::try_from(stat.st_size).unwrap_or(0);
        if offset + size > file_bytes {
            return Err(IommuError::BeyondFile { iova, offset, size, file_bytes });
        }
        let key = FileKey { device: stat.st_dev, inode: stat.st_ino, writable: access.write };
        if let Some(file) = self.files.get(&key).and_then(Weak::upgrade)
            && file.backing.bytes() >= offset + size
        {
            return Ok(file);
        }
        // A process has few mappings and a bounded address space, and lives no longer than both
        // last: so the mappings are counted, not the files, and their bytes too.
        if self.mappings() >= self.limits.mappings {
            return Err(IommuError::TooMany { what: "mappings of files", limit: self.limits.mappings });
        }
        let mapped = self.usage.bytes.load(Ordering::Relaxed);
        if mapped.checked_add(file_bytes).is_none_or(|all| all > self.limits.bytes) {
            return Err(IommuError::TooMuch { iova, file_bytes, limit: self.limits.bytes });
        }
        if self.files.len() >= 2 * self.limits.mappings {
            self.files.retain(|_, f| f.strong_count() > 0);
        }
        let backing = Backing::map(fd.as_fd(), file_bytes, access.write, self.trusted).map_err(map_error)?;
        let file = Arc::new(Mapped::new(backing, &self.usage));
        self.files.insert(key, Arc::downgrade(&file));
        Ok(file)
    }

    /// Removes every window in `iova .. iova + size`, none of which may stick out, and returns the
    /// bytes that were mapped there (zero is no error, as with the kernel's VFIO).
    pub fn unmap(&mut self, iova: u64, size: u64) -> Result<u64, IommuError> {
        if size == 0 || !iova.is_multiple_of(PAGE_BYTES) || !size.is_multiple_of(PAGE_BYTES) {
            return Err(IommuError::Unaligned { iova, size, offset: 0 });
        }
        let last = iova.checked_add(size - 1).ok_or(IommuError::Wraps { iova, size })?;
        let cut = |(&other, w): (&u64, &Window)| {
            let end = other + (w.size - 1);
            (end >= iova && (other < iova || end > last)).then_some(IommuError::Partial {
                iova,
                size,
                other,
                other_size: w.size,
            })
        };
        let before = self.windows.range(..iova).next_back();
        let inside = self.windows.range(iova..=last).next_back();
        if let Some(error) = before.and_then(cut).or_else(|| inside.and_then(cut)) {
            return Err(error);
        }
        let keys: Vec<u64> = self.windows.range(iova..=last).map(|(k, _)| *k).collect();
        Ok(keys.iter().filter_map(|k| self.windows.remove(k)).map(|w| w.size).sum())
    }

    /// Removes every window.
    pub fn unmap_all(&mut self) {
        self.windows.clear();
        self.files.clear();
    }

    /// Calls `each` for every piece of `iova .. iova + count` in turn.
    fn walk(
        &self,
        iova: u64,
        count: usize,
        write: bool,
        mut each: impl FnMut(&Backing, u64, std::ops::Range<usize>) -> Result<(), Errno>,
    ) -> Result<(), DmaFault> {
        let mut done = 0usize;
        while done < count {
            let fault = |iova, reason| DmaFault { iova, write, reason };
            let at = iova.checked_add(done as u64).ok_or(fault(iova, FaultReason::Unmapped))?;
            let (&start, w) = self.windows.range(..=at).next_back().ok_or(fault(at, FaultReason::Unmapped))?;
            let inner = at - start;
            if inner >= w.size {
                return Err(fault(at, FaultReason::Unmapped));
            }
            if !(if write { w.access.write } else { w.access.read }) {
                return Err(fault(at, FaultReason::Permission));
            }
            let file = w.file.as_ref().ok_or(fault(at, FaultReason::NoFile))?;
            let n = (count - done).min(usize::try_from(w.size - inner).unwrap_or(usize::MAX));
            each(&file.backing, w.offset + inner, done..done + n).map_err(|e| fault(at, FaultReason::File(e)))?;
            done += n;
        }
        Ok(())
    }

    /// Reads host memory.
    pub fn read(&self, iova: u64, out: &mut [u8]) -> Result<(), DmaFault> {
        self.walk(iova, out.len(), false, |file, at, range| file.read(at, &mut out[range]))
    }

    /// Writes host memory. Before a fault, the pages up to it have been written.
    pub fn write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        self.walk(iova, data.len(), true, |file, at, range| file.write(at, &data[range]))
    }
}
