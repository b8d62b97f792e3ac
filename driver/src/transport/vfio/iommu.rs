//! What the kernel says about the IOMMU: the reply to `VFIO_IOMMU_GET_INFO`.

use super::ioctl;
use crate::transport::IovaRange;
use std::io;
use std::os::fd::BorrowedFd;

/// The fixed part of the reply: argsz, flags, page sizes, offset of the first capability, padding.
const FIXED: usize = 24;
/// Longest reply that is asked for.
const MAX_REPLY: usize = 64 << 10;
/// Flag: there are capabilities.
const FLAG_CAPS: u32 = 2;
/// Capability: usable IOVA ranges.
const CAP_IOVA_RANGES: u16 = 1;
/// Capability: mappings that can still be made.
const CAP_DMA_AVAILABLE: u16 = 3;

/// Properties of a container's IOMMU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IommuInfo {
    /// Page sizes, one bit each.
    pub page_sizes: u64,
    /// Usable IOVAs, ascending; empty if the kernel does not say.
    pub ranges: Vec<IovaRange>,
    /// Mappings that can still be made, if the kernel says.
    pub mappings_left: Option<u32>,
}

impl IommuInfo {
    /// Its smallest page, to which windows are aligned.
    pub fn page(&self) -> u64 {
        self.page_sizes & self.page_sizes.wrapping_neg()
    }

    /// Asks the kernel.
    pub(super) fn query(container: BorrowedFd) -> io::Result<Self> {
        let mut size = FIXED;
        for _ in 0..3 {
            // 64-bit words, so that the kernel's structures lie aligned.
            let mut reply = vec![0u64; size.div_ceil(8)];
            reply[0] = u64::from((reply.len() * 8) as u32); // argsz; flags zero (little-endian)
            // SAFETY: the kernel writes at most argsz bytes, which is the reply's length.
            unsafe { ioctl::raw(container, ioctl::IOMMU_GET_INFO, reply.as_mut_ptr().cast()) }?;
            let bytes: Vec<u8> = reply.iter().flat_map(|w| w.to_ne_bytes()).collect();
            let needs = word(&bytes, 0).unwrap_or(0) as usize;
            if needs <= bytes.len() {
                return Self::parse(&bytes).ok_or_else(|| io::Error::other("the kernel's reply makes no sense"));
            }
            size = needs.min(MAX_REPLY);
        }
        Err(io::Error::other("the kernel's reply grows without end"))
    }

    /// Reads the reply: the fixed part, then a chain of capabilities, each with id (16 bits),
    /// version (16 bits) and the offset of the next. `None` if an offset or length leads outside.
    pub fn parse(reply: &[u8]) -> Option<Self> {
        let flags = word(reply, 4)?;
        let mut info = IommuInfo { page_sizes: long(reply, 8)?, ..Self::default() };
        let mut at = if flags & FLAG_CAPS != 0 { word(reply, 16)? as usize } else { 0 };
        let mut last = 0;
        while at != 0 {
            // Offsets ascend, so that the chain ends.
            if at <= last {
                return None;
            }
            last = at;
            match word(reply, at)? as u16 {
                CAP_IOVA_RANGES => {
                    let count = word(reply, at + 8)? as usize;
                    if count > reply.len() / 16 {
                        return None;
                    }
                    for i in 0..count {
                        let entry = at + 16 + 16 * i;
                        let range = IovaRange { first: long(reply, entry)?, last: long(reply, entry + 8)? };
                        let previous = info.ranges.last().map(|r| r.last);
                        if range.first > range.last || previous.is_some_and(|p| p >= range.first) {
                            return None;
                        }
                        info.ranges.push(range);
                    }
                }
                CAP_DMA_AVAILABLE => info.mappings_left = Some(word(reply, at + 8)?),
                _ => {}
            }
            at = word(reply, at + 4)? as usize;
        }
        Some(info)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reply as a guest with an emulated Intel IOMMU gave it.
    fn reply() -> Vec<u8> {
        let mut r = Vec::new();
        let words = |r: &mut Vec<u8>, w: &[u32]| w.iter().for_each(|w| r.extend(w.to_ne_bytes()));
        words(&mut r, &[120, 3, 0x4020_1000, 0, 24, 0]);
        words(&mut r, &[1 | 1 << 16, 72, 2, 0]);
        for edge in [0u64, 0xfedf_ffff, 0xfef0_0000, 0xffff_ffff_ffff] {
            r.extend(edge.to_ne_bytes());
        }
        words(&mut r, &[3 | 1 << 16, 88, 65_535, 0]);
        words(&mut r, &[2 | 1 << 16, 0, 0, 0, 0, 0, 0, 0]);
        r
    }

    #[test]
    fn a_kernels_reply_is_understood() {
        let info = IommuInfo::parse(&reply()).unwrap();
        let expected =
            [IovaRange { first: 0, last: 0xfedf_ffff }, IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 }];
        assert_eq!(info.ranges, expected);
        assert_eq!((info.page_sizes, info.mappings_left), (0x4020_1000, Some(65_535)));
        // An old kernel, without capabilities.
        let old = IommuInfo::parse(
            &reply()[..24].iter().enumerate().map(|(i, b)| if i == 4 { 1 } else { *b }).collect::<Vec<_>>(),
        );
        assert_eq!(old, Some(IommuInfo { page_sizes: 0x4020_1000, ..IommuInfo::default() }));
    }

    #[test]
    fn nonsense_is_refused() {
        let spoiled = |at: usize, value: u32| {
            let mut r = reply();
            r[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            IommuInfo::parse(&r)
        };
        assert_eq!(spoiled(16, 4000), None); // chain leads outside
        assert_eq!(spoiled(28, 24), None); // chain in a circle
        assert_eq!(spoiled(32, u32::MAX), None); // more ranges than fit
        assert_eq!(spoiled(56, 0), None); // overlapping ranges
        assert_eq!(IommuInfo::parse(&reply()[..90]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = IommuInfo::parse(&bytes);
        }
    }
}
