//! The DMA windows of one device: what may be mapped where, checked before the other side is
//! asked, so that a wrong call says what is wrong with it.

use crate::transport::{IovaRange, WindowError};
use std::collections::BTreeMap;

/// The windows that are there: IOVA to length.
#[derive(Debug, Default)]
pub(super) struct Windows {
    windows: BTreeMap<u64, u64>,
}

impl Windows {
    /// Checks a window that is to be made: `address` is where it lies in this process.
    pub(super) fn check(
        &self,
        (iova, len, address): (u64, u64, u64),
        page: u64,
        ranges: &[IovaRange],
    ) -> Result<(), WindowError> {
        for (what, value) in [("IOVA", iova), ("length", len), ("address", address)] {
            if page > 1 && value % page != 0 {
                return Err(WindowError::Misaligned { what, value, page });
            }
        }
        let inside = |last| ranges.iter().any(|r| r.first <= iova && last <= r.last);
        if len == 0 || !iova.checked_add(len - 1).is_some_and(inside) {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            return Err(WindowError::OutOfRange { iova, len, ranges: ranges.join(", ") });
        }
        match self.touched(iova, len) {
            Some((other, other_len)) => Err(WindowError::Overlap { iova, len, other, other_len }),
            None => Ok(()),
        }
    }

    /// Checks a window that is to be taken back.
    pub(super) fn check_whole(&self, iova: u64, len: u64) -> Result<(), WindowError> {
        match self.windows.get(&iova) {
            Some(there) if *there == len => Ok(()),
            _ => Err(WindowError::NotMapped { iova, len, there: self.touched(iova, len) }),
        }
    }

    /// Notes a window that was made.
    pub(super) fn add(&mut self, iova: u64, len: u64) {
        self.windows.insert(iova, len);
    }

    /// Notes that a window is gone.
    pub(super) fn remove(&mut self, iova: u64) {
        self.windows.remove(&iova);
    }

    /// Windows that are there.
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// Bytes in all windows.
    pub(super) fn bytes(&self) -> u64 {
        self.windows.values().sum()
    }

    /// The highest window that shares an address with these.
    fn touched(&self, iova: u64, len: u64) -> Option<(u64, u64)> {
        let last = iova.saturating_add(len.saturating_sub(1));
        let (&at, &size) = self.windows.range(..=last).next_back()?;
        (at + (size - 1) >= iova).then_some((at, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGES: [IovaRange; 2] =
        [IovaRange { first: 0, last: 0xfedf_ffff }, IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 }];

    fn check(windows: &Windows, iova: u64, len: u64) -> Result<(), WindowError> {
        windows.check((iova, len, 0x7f00_0000_0000), 4096, &RANGES)
    }

    #[test]
    fn misalignment_is_told_by_what_is_misaligned() {
        let windows = Windows::default();
        let wrong = |triple| match windows.check(triple, 4096, &RANGES).unwrap_err() {
            WindowError::Misaligned { what, value, page: 4096 } => (what, value),
            other => panic!("{other}"),
        };
        assert_eq!(wrong((0x1001, 4096, 0)), ("IOVA", 0x1001));
        assert_eq!(wrong((0x1000, 100, 0)), ("length", 100));
        assert_eq!(wrong((0x1000, 4096, 16)), ("address", 16));
    }

    #[test]
    fn addresses_of_interrupts_and_beyond_the_iommu_are_out_of_range() {
        let windows = Windows::default();
        for (iova, len) in [(0xfee0_0000, 4096), (0xfedf_f000, 8192), (1 << 48, 4096), (u64::MAX - 4095, 8192), (0, 0)]
        {
            let error = check(&windows, iova, len).unwrap_err();
            assert!(matches!(error, WindowError::OutOfRange { .. }), "{error}");
            assert!(error.to_string().contains("0x0..=0xfedfffff"), "{error}");
        }
        check(&windows, 0xfedf_f000, 4096).unwrap();
        check(&windows, (1 << 48) - 4096, 4096).unwrap();
    }

    #[test]
    fn overlaps_name_the_window_that_is_there() {
        let mut windows = Windows::default();
        windows.add(0x10_0000, 0x10_0000);
        for (iova, len) in [(0x10_0000, 0x10_0000), (0x1f_f000, 0x1000), (0xf_f000, 0x2000), (0, 0x100_0000)] {
            let error = check(&windows, iova, len).unwrap_err();
            assert!(matches!(error, WindowError::Overlap { other: 0x10_0000, other_len: 0x10_0000, .. }), "{error}");
        }
        check(&windows, 0xf_f000, 0x1000).unwrap();
        check(&windows, 0x20_0000, 0x1000).unwrap();
    }

    #[test]
    fn only_whole_windows_are_taken_back() {
        let mut windows = Windows::default();
        windows.add(0x10_0000, 0x10_0000);
        let part = windows.check_whole(0x10_0000, 4096).unwrap_err();
        assert!(matches!(part, WindowError::NotMapped { there: Some((0x10_0000, 0x10_0000)), .. }), "{part}");
        let none = windows.check_whole(0x90_0000, 4096).unwrap_err();
        assert!(matches!(none, WindowError::NotMapped { there: None, .. }), "{none}");
        windows.check_whole(0x10_0000, 0x10_0000).unwrap();
        windows.remove(0x10_0000);
        assert!(windows.check_whole(0x10_0000, 0x10_0000).is_err());
        assert_eq!((windows.len(), windows.bytes()), (0, 0));
    }

    #[test]
    fn a_low_limit_names_both_numbers() {
        let error = WindowError::LockedMemory { asked: 16 << 20, locked: 4 << 20, limit: 8 << 20 }.to_string();
        for number in ["16777216", "20971520", "8388608", "ulimit -l 20480"] {
            assert!(error.contains(number), "{number}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_overlaps_nothing(asked in prop::collection::vec((0u64..64, 1u64..16), 1..40)) {
            let (mut windows, mut taken) = (Windows::default(), [false; 80]);
            for (at, pages) in asked {
                let free = !taken[at as usize..(at + pages) as usize].contains(&true);
                prop_assert_eq!(check(&windows, at << 12, pages << 12).is_ok(), free);
                if free {
                    windows.add(at << 12, pages << 12);
                    taken[at as usize..(at + pages) as usize].fill(true);
                }
            }
            prop_assert_eq!(windows.bytes() >> 12, taken.iter().filter(|t| **t).count() as u64);
        }
    }
}
