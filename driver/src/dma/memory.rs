//! Shared memory with a file behind it: huge pages where the system has them.

use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;

/// A mapped memory file.
#[derive(Debug)]
pub(super) struct Memory {
    map: MmapRaw,
    file: File,
    huge: bool,
}

// The type has no interior references; all access goes through raw copies that its users keep
// apart (see `pool::DmaBuffer`).
impl Memory {
    /// `len` bytes of zero, a multiple of the huge page size. Tries huge pages first.
    pub(super) fn new(len: u64) -> io::Result<Self> {
        let size = usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?;
        #[cfg(target_os = "linux")]
        match Self::huge(size) {
            Ok(memory) => return Ok(memory),
            Err(error) => tracing::debug!(len, %error, "no huge pages for DMA, using small ones"),
        }
        let file = small_pages(len)?;
        let mut options = MmapOptions::new();
        options.len(size);
        // A fuzzer opens a thousand cards a second, and touches a few pages of each.
        if !cfg!(fuzzing) {
            options.populate();
        }
        let map = options.map_raw(&file)?;
        // Kernels whose shared memory knows huge pages align the mapping for them by themselves.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Self { map, file, huge: false })
    }

    #[cfg(target_os = "linux")]
    fn huge(len: usize) -> io::Result<Self> {
        use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, memfd_create};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB;
        let file = File::from(memfd_create("gristmill-dma", flags)?);
        file.set_len(len as u64)?;
        // Pages are taken now: a pool or a cgroup without them must answer here, not by SIGBUS later.
        fallocate(&file, FallocateFlags::empty(), 0, len as u64)?;
        seal(&file)?;
        let map = MmapOptions::new().len(len).populate().map_raw(&file)?;
        Ok(Self { map, file, huge: true })
    }

    pub(super) fn address(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).unwrap_or(NonNull::dangling())
    }

    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(super) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    pub(super) fn is_huge(&self) -> bool {
        self.huge
    }
}

/// The card's server holds the file too: without the seals it could cut it short and kill this
/// process by SIGBUS.
#[cfg(target_os = "linux")]
fn seal(file: &File) -> io::Result<()> {
    use rustix::fs::{SealFlags, fcntl_add_seals};
    Ok(fcntl_add_seals(file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?)
}

#[cfg(target_os = "linux")]
fn small_pages(len: u64) -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let file = File::from(memfd_create("gristmill-dma", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.set_len(len)?;
    seal(&file)?;
    Ok(file)
}

/// Elsewhere there are no memory files: a temporary file without a name serves simulators.
#[cfg(not(target_os = "linux"))]
fn small_pages(len: u64) -> io::Result<File> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("gristmill-dma-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    file.set_len(len)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_and_of_its_length() {
        let m = Memory::new(4 << 20).unwrap();
        assert_eq!(m.len(), 4 << 20);
        for at in [0, 1, 4095, (4 << 20) - 1] {
            // SAFETY: inside the mapping; nobody else has it.
            assert_eq!(unsafe { m.address().add(at).read_volatile() }, 0);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_with_the_file_can_cut_it_short() {
        let m = Memory::new(2 << 20).unwrap();
        let other = File::from(m.file().try_clone_to_owned().unwrap());
        assert!(other.set_len(0).is_err());
        assert!(other.set_len(8 << 20).is_err());
    }

    #[test]
    fn too_much_is_an_error() {
        assert!(Memory::new(1 << 60).is_err());
    }
}
