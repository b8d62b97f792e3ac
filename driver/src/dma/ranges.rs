//! Free space in an address range: first fit, neighbours joined when freed.

use std::collections::BTreeMap;

/// Free pieces of an address space: IOVAs, parts of a mapping, or card memory.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// First address to length; disjoint, never adjacent.
    free: BTreeMap<u64, u64>,
}

/// A release of space that is free already, or wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{first:#x}+{len:#x} cannot be released: (partly) free already, or it wraps")]
pub struct BadRelease {
    /// First address.
    pub first: u64,
    /// Length.
    pub len: u64,
}

impl Ranges {
    /// No space; [`release`](Self::release) adds some.
    pub fn new() -> Self {
        Self::default()
    }

    /// One free piece.
    pub fn with(first: u64, len: u64) -> Self {
        let mut ranges = Self::new();
        if len > 0 && first.checked_add(len).is_some() {
            ranges.free.insert(first, len);
        }
        ranges
    }

    /// Takes `len` addresses at the lowest multiple of `align` (a power of two) that has room.
    pub fn allocate(&mut self, len: u64, align: u64) -> Option<u64> {
        if len == 0 || !align.is_power_of_two() {
            return None;
        }
        let (piece, size, first) = self.free.iter().find_map(|(&piece, &size)| {
            let first = piece.checked_next_multiple_of(align)?;
            (first.checked_add(len)? <= piece + size).then_some((piece, size, first))
        })?;
        self.free.remove(&piece);
        if first > piece {
            self.free.insert(piece, first - piece);
        }
        let (end, piece_end) = (first + len, piece + size);
        if piece_end > end {
            self.free.insert(end, piece_end - end);
        }
        Some(first)
    }

    /// Gives space back, or adds it.
    pub fn release(&mut self, first: u64, len: u64) -> Result<(), BadRelease> {
        let bad = BadRelease { first, len };
        let end = first.checked_add(len).ok_or(bad)?;
        if len == 0 {
            return Ok(());
        }
        let before = self.free.range(..end).next_back().map(|(&at, &size)| (at, size));
        if before.is_some_and(|(at, size)| at + size > first) {
            return Err(bad);
        }
        let (mut start, mut size) = (first, len);
        if let Some((at, before)) = before.filter(|(at, size)| at + size == first) {
            self.free.remove(&at);
            (start, size) = (at, before + size);
        }
        if let Some(after) = self.free.remove(&end) {
            size += after;
        }
        self.free.insert(start, size);
        Ok(())
    }

    /// Free addresses in all pieces together.
    pub fn free(&self) -> u64 {
        self.free.values().sum()
    }

    /// Length of the longest free piece.
    pub fn largest(&self) -> u64 {
        self.free.values().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alignment_is_kept_and_gaps_are_used() {
        let mut r = Ranges::with(0x1000, 0x10000);
        assert_eq!(r.allocate(0x100, 0x1000), Some(0x1000));
        assert_eq!(r.allocate(0x1000, 0x4000), Some(0x4000));
        assert_eq!(r.allocate(0x1000, 0x1000), Some(0x2000));
        assert_eq!(r.allocate(0x10, 0x10), Some(0x1100));
        assert_eq!(r.allocate(1 << 40, 1), None);
        assert_eq!(r.allocate(0, 1), None);
        assert_eq!(r.allocate(8, 3), None);
    }

    #[test]
    fn what_is_free_cannot_be_released() {
        let mut r = Ranges::with(0, 100);
        assert!(r.release(50, 10).is_err());
        let a = r.allocate(40, 1).unwrap();
        assert!(r.release(a, 41).is_err());
        assert!(r.release(u64::MAX, 2).is_err());
        r.release(a, 40).unwrap();
        assert_eq!((r.free(), r.largest()), (100, 100));
    }

    proptest! {
        #[test]
        fn pieces_never_overlap_and_all_comes_back(sizes in prop::collection::vec((1u64..5000, 0u32..8), 1..60)) {
            let mut r = Ranges::with(0x40, 100_000);
            let mut taken: Vec<(u64, u64)> = Vec::new();
            for (i, &(len, log_align)) in sizes.iter().enumerate() {
                if let Some(at) = r.allocate(len, 1 << log_align) {
                    prop_assert_eq!(at % (1 << log_align), 0);
                    prop_assert!(at >= 0x40 && at + len <= 0x40 + 100_000);
                    prop_assert!(taken.iter().all(|&(b, n)| at + len <= b || b + n <= at));
                    taken.push((at, len));
                }
                if i % 3 == 2 && !taken.is_empty() {
                    let (at, len) = taken.swap_remove(i % taken.len());
                    r.release(at, len).unwrap();
                }
                prop_assert_eq!(r.free() + taken.iter().map(|t| t.1).sum::<u64>(), 100_000);
            }
            for (at, len) in taken {
                r.release(at, len).unwrap();
            }
            prop_assert_eq!(r.largest(), 100_000);
        }
    }
}
