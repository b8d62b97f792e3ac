//! Host memory as a transport sees it.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;

/// What the card may do with a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaAccess {
    /// Read only.
    Read,
    /// Write only.
    Write,
    /// Both.
    ReadWrite,
}

impl DmaAccess {
    /// Whether the card may read.
    pub const fn read(self) -> bool {
        matches!(self, DmaAccess::Read | DmaAccess::ReadWrite)
    }

    /// Whether the card may write.
    pub const fn write(self) -> bool {
        matches!(self, DmaAccess::Write | DmaAccess::ReadWrite)
    }
}

/// Usable I/O virtual addresses, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IovaRange {
    /// First address.
    pub first: u64,
    /// Last address.
    pub last: u64,
}

impl fmt::Display for IovaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..={:#x}", self.first, self.last)
    }
}

/// A piece of shared memory that is to be mapped for the card: the file behind it (for cards in
/// other processes, and simulators), its address here (for the kernel), and its IOVA.
///
/// Only [`dma`](crate::dma) makes them, so the address always is that of a live shared mapping of
/// `len` bytes of the file, which outlives the DMA window.
#[derive(Clone, Copy, Debug)]
pub struct DmaRegion<'a> {
    pub(crate) file: BorrowedFd<'a>,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) address: NonNull<u8>,
    pub(crate) iova: u64,
    pub(crate) access: DmaAccess,
}

impl DmaRegion<'_> {
    /// The file that holds the memory.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Offset of the region in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes, a multiple of the page size.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Address in this process.
    pub fn address(&self) -> NonNull<u8> {
        self.address
    }

    /// Where the card is to see it.
    pub fn iova(&self) -> u64 {
        self.iova
    }

    /// What the card may do with it.
    pub fn access(&self) -> DmaAccess {
        self.access
    }
}
