//! A client's file, mapped once.
//!
//! A mapped file can lose its pages when its owner truncates it, and the next plain access would
//! kill this process with SIGBUS. So a file that is sealed against shrinking (`F_SEAL_SHRINK`), or
//! one of a trusted caller in the same process, is accessed directly; any other through
//! `process_vm_readv` and `process_vm_writev` on this process itself, which answer EFAULT instead.

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::SealFlags;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// One shared mapping of a whole file.
#[derive(Debug)]
pub struct Backing {
    start: NonNull<u8>,
    len: usize,
    direct: bool,
}

// SAFETY: the mapping is plain shared memory, valid from construction to drop; no Rust reference
// into it is ever made, and every access is bounds-checked and copies bytes.
unsafe impl Send for Backing {}
// SAFETY: as above; concurrent copies race as the other process's do, which any byte value survives.
unsafe impl Sync for Backing {}

impl Backing {
    /// Maps all of `fd`; `trusted` files are accessed directly even if they could shrink.
    pub fn map(fd: BorrowedFd<'_>, len: u64, writable: bool, trusted: bool) -> Result<Self, Errno> {
        let len = usize::try_from(len).map_err(|_| Errno::FBIG)?;
        let protection = if writable { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        // SAFETY: a new mapping at an address of the kernel's choice touches no existing memory.
        let start = unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, protection, MapFlags::SHARED, fd, 0)? };
        let start = NonNull::new(start.cast::<u8>()).ok_or(Errno::NOMEM)?;
        let sealed = rustix::fs::fcntl_get_seals(fd.as_fd()).is_ok_and(|s| s.contains(SealFlags::SHRINK));
        let backing = Backing { start, len, direct: trusted || sealed };
        if !backing.direct {
            // Where these calls are forbidden, say so now and not at the first access.
            backing.by_system_call(0, NonNull::from(&mut [0u8; 1]).cast(), 1, false)?;
        }
        Ok(backing)
    }

    /// Bytes mapped.
    pub fn bytes(&self) -> u64 {
        self.len as u64
    }

    /// Whether accesses are plain copies.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    fn check(&self, at: u64, count: usize) -> Result<usize, Errno> {
        match at.checked_add(count as u64) {
            Some(end) if end <= self.len as u64 => Ok(at as usize),
            _ => Err(Errno::FAULT),
        }
    }

    /// Copies bytes of the file at `at` into `out`.
    pub fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Errno> {
        let at = self.check(at, out.len())?;
        if !self.direct {
            return self.by_system_call(at, NonNull::from(&mut *out).cast(), out.len(), false);
        }
        fence(Ordering::Acquire);
        // SAFETY: `at + out.len()` lies inside the mapping (checked), which outlives the copy, and
        // `out` is another allocation. The other process may write meanwhile: bytes of any value.
        unsafe { std::ptr::copy_nonoverlapping(self.start.as_ptr().add(at), out.as_mut_ptr(), out.len()) };
        Ok(())
    }

    /// Copies `data` into the file at `at`. The last eight bytes, if aligned, become visible
    /// after the others: a completion's phase bit lies there.
    pub fn write(&self, at: u64, data: &[u8]) -> Result<(), Errno> {
        let at = self.check(at, data.len())?;
        let (head, tail) = match data.len().checked_sub(8) {
            Some(n) if (at + n).is_multiple_of(8) => data.split_at(n),
            _ => (data, &data[data.len()..]),
        };
        if !self.direct {
            let source = |part: &[u8]| NonNull::from(part).cast::<u8>();
            self.by_system_call(at, source(head), head.len(), true)?;
            return self.by_system_call(at + head.len(), source(tail), tail.len(), true);
        }
        // SAFETY: as in `read`; the mapping is writable, or the IOMMU's table would have refused.
        unsafe { std::ptr::copy_nonoverlapping(head.as_ptr(), self.start.as_ptr().add(at), head.len()) };
        if let Ok(bytes) = <[u8; 8]>::try_from(tail) {
            // SAFETY: eight aligned bytes inside the mapping (page-aligned start, aligned offset).
            let last = unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at + head.len()).cast()) };
            last.store(u64::from_ne_bytes(bytes), Ordering::Release);
        }
        Ok(())
    }

    /// Copies between the mapping at `at` and `local` by a system call that survives lost pages.
    fn by_system_call(&self, at: usize, local: NonNull<u8>, count: usize, write: bool) -> Result<(), Errno> {
        let near = libc::iovec { iov_base: local.as_ptr().cast(), iov_len: count };
        let far = libc::iovec { iov_base: self.start.as_ptr().wrapping_add(at).cast(), iov_len: count };
        // SAFETY: getpid has no preconditions. The kernel checks both ranges; `local` covers `count`
        // bytes of a live slice (mutable when reading), and the mapping holds no Rust object.
        let done = unsafe {
            let me = libc::getpid();
            if write {
                libc::process_vm_writev(me, &near, 1, &far, 1, 0)
            } else {
                libc::process_vm_readv(me, &near, 1, &far, 1, 0)
            }
        };
        match usize::try_from(done) {
            Ok(n) if n == count => Ok(()),
            Ok(_) => Err(Errno::FAULT),
            Err(_) => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::FAULT)),
        }
    }
}

impl Drop for Backing {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `map`, unmapped once; nothing points into it.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
