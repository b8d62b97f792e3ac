//! The limit of locked memory: DMA memory is pinned, and pinned memory counts as locked.

use rustix::process::{Resource, getrlimit};
use std::fs;

/// Locked memory of this process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockedMemory {
    /// What is locked now, mappings for devices included.
    pub(super) locked: u64,
    /// How much may be; `None` is without limit.
    pub(super) limit: Option<u64>,
}

impl LockedMemory {
    /// Asks the kernel; `mapped`, the bytes known to be mapped, is used where it does not say what
    /// is locked (and where iommufd counts by user, which `/proc` does not show).
    pub(super) fn now(mapped: u64) -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let locked = parse(&status).unwrap_or(0).max(mapped);
        LockedMemory { locked, limit: getrlimit(Resource::Memlock).current }
    }

    /// Whether so many bytes more exceed the limit.
    pub(super) fn lacks(&self, bytes: u64) -> Option<u64> {
        self.limit.filter(|limit| self.locked.saturating_add(bytes) > *limit)
    }
}

/// Bytes in the line `VmLck:     1234 kB`.
fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmLck:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_memory_is_read() {
        assert_eq!(parse("VmPeak:\t  100 kB\nVmLck:\t    2048 kB\nVmPin:\t 0 kB\n"), Some(2 << 20));
        assert_eq!(parse("VmPeak:\t  100 kB\n"), None);
        assert_eq!(parse("VmLck:\t many kB\n"), None);
        let now = LockedMemory::now(4096);
        assert!(now.locked >= 4096, "{now:?}");
    }

    #[test]
    fn a_limit_is_compared_with_all_that_will_be_locked() {
        let memory = |locked, limit| LockedMemory { locked, limit };
        assert_eq!(memory(6 << 20, Some(8 << 20)).lacks(2 << 20), None);
        assert_eq!(memory(6 << 20, Some(8 << 20)).lacks((2 << 20) + 1), Some(8 << 20));
        assert_eq!(memory(u64::MAX, Some(1)).lacks(u64::MAX), Some(1));
        assert_eq!(memory(6 << 20, None).lacks(u64::MAX), None);
    }
}
