//! Host memory that the card can reach.
//!
//! `memory` takes shared memory with a file behind it from the system, `ranges` hands out
//! addresses, `pool` maps big pieces once and lends parts of them as [`DmaBuffer`]s.
//!
//! The card may read and write this memory at any time, so no Rust reference ever points into it:
//! everything goes through raw copies in a few small functions.

mod memory;
mod pool;
mod ranges;

pub use pool::{DmaBuffer, DmaPool, DmaSlice};
pub use ranges::{BadRelease, Ranges};

use crate::transport::TransportError;
use std::io;

/// Alignment of mapped pieces and of their IOVAs: one huge page, so that the IOMMU needs few
/// entries.
pub const REGION_BYTES: u64 = 2 << 20;
/// Granularity of buffers.
pub const BUFFER_BYTES: u64 = 4096;

/// Errors of DMA memory.
#[derive(Debug, thiserror::Error)]
pub enum DmaError {
    /// The system gave no memory.
    #[error("no {len} bytes of shared memory for DMA: {source}; free memory, or use smaller batches")]
    Memory {
        /// Bytes asked for.
        len: u64,
        /// The system's error.
        source: io::Error,
    },
    /// A buffer of no bytes, or more than an address can count.
    #[error("a DMA buffer of {len} bytes cannot be had; ask for 1 to 2^40")]
    Length {
        /// Bytes asked for.
        len: u64,
    },
    /// No free IOVA range is long enough.
    #[error("no {len} bytes of I/O addresses are left on this device; free buffers first")]
    NoAddresses {
        /// Bytes asked for.
        len: u64,
    },
    /// An access outside its buffer.
    #[error("bytes {offset}..+{len} are outside a DMA buffer of {size} bytes")]
    OutOfBounds {
        /// First byte.
        offset: u64,
        /// Bytes.
        len: u64,
        /// The buffer's size.
        size: u64,
    },
    /// A command in flight, or an operand that somebody keeps, names the memory.
    #[error(
        "the DMA buffer of {len} bytes at IOVA {iova:#x} is in use by {uses} operands of commands; wait for the \
         commands, or reset the card, before it is unmapped"
    )]
    InFlight {
        /// Where the card sees it.
        iova: u64,
        /// Bytes.
        len: u64,
        /// Operands that name it.
        uses: usize,
    },
    /// The transport could not map the memory.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// A buffer that could not be unmapped, and why.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct Kept {
    /// The buffer, mapped as before.
    pub buffer: DmaBuffer,
    /// Why.
    pub source: DmaError,
}
