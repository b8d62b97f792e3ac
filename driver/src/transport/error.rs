//! What can go wrong on the way to a card.

use std::io;
use std::time::Duration;

/// Errors of a [`Transport`](super::Transport).
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The device could not be opened.
    #[error("cannot open {device}: {problem}; {way_out}")]
    Open {
        /// The device's name.
        device: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        way_out: String,
    },
    /// A PCI function cannot be had through the kernel's VFIO.
    #[error("cannot open {device}: {source}")]
    Vfio {
        /// The device's name.
        device: String,
        /// Why, and what to do.
        source: super::vfio::VfioError,
    },
    /// A card behind a serial port cannot be had.
    #[cfg(target_os = "linux")]
    #[error("cannot open {device}: {source}")]
    Serial {
        /// The device's name.
        device: String,
        /// Why, and what to do.
        source: super::serial::SerialError,
    },
    /// A DMA window cannot be made or taken back.
    #[error("{device}: {source}")]
    Window {
        /// The device's name.
        device: String,
        /// Why, and what to do.
        source: WindowError,
    },
    /// The kernel knows no way to reset the function.
    #[error(
        "{device} cannot be reset by the kernel: it offers no function-level reset, and no other function may be \
         reset with it; power-cycle the card or program it again"
    )]
    NoReset {
        /// The device's name.
        device: String,
    },
    /// The other side is gone, or the link was given up after an earlier error.
    #[error("{device} is gone ({reason}); open it again")]
    Gone {
        /// The device's name.
        device: String,
        /// How it went.
        reason: String,
    },
    /// No answer in time.
    #[error("{device} did not answer {what} within {after:?}; the link is given up, open the device again")]
    Timeout {
        /// The device's name.
        device: String,
        /// What was asked.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The other side answered with an error.
    #[error("{device} refused {what}: {source}")]
    Refused {
        /// The device's name.
        device: String,
        /// What was asked, with its values.
        what: String,
        /// The error number that came back.
        source: io::Error,
    },
    /// The other side broke the protocol.
    #[error("{device} broke the protocol: {problem}; the link is given up, open the device again")]
    Protocol {
        /// The device's name.
        device: String,
        /// What was wrong.
        problem: super::Breach,
    },
    /// A call that the device cannot serve, such as an offset outside its BAR.
    #[error("{device}: {problem}")]
    Invalid {
        /// The device's name.
        device: String,
        /// What was wrong with it.
        problem: String,
    },
    /// An operating system call failed.
    #[error("{device}: {what}: {source}; {way_out}")]
    Os {
        /// The device's name.
        device: String,
        /// What was tried.
        what: String,
        /// The system's error.
        source: io::Error,
        /// What to do.
        way_out: &'static str,
    },
    /// An error of another implementation, such as a simulator in this process.
    #[error("{device}: {source}")]
    Other {
        /// The device's name.
        device: String,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a DMA window cannot be made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// An address or length that is no multiple of the IOMMU's page.
    #[error("{what} {value:#x} of a DMA window is no multiple of the IOMMU's page of {page:#x} bytes; align it")]
    Misaligned {
        /// `IOVA`, `length` or `address`.
        what: &'static str,
        /// Its value.
        value: u64,
        /// The page size.
        page: u64,
    },
    /// Addresses that the IOMMU does not translate, such as those of interrupts.
    #[error("a DMA window of {len:#x} bytes at IOVA {iova:#x} is outside what the IOMMU takes ({ranges}); use those")]
    OutOfRange {
        /// First address.
        iova: u64,
        /// Bytes.
        len: u64,
        /// The usable addresses.
        ranges: String,
    },
    /// A part is mapped already.
    #[error(
        "a DMA window of {len:#x} bytes at IOVA {iova:#x} overlaps the one of {other_len:#x} bytes at {other:#x}; \
         unmap that first"
    )]
    Overlap {
        /// First address.
        iova: u64,
        /// Bytes.
        len: u64,
        /// First address of the window that is there.
        other: u64,
        /// Its bytes.
        other_len: u64,
    },
    /// No window has these bounds.
    #[error(
        "there is no DMA window of {len:#x} bytes at IOVA {iova:#x}{}; a window is unmapped as it was mapped, whole",
        there.map_or(String::new(), |(at, len)| format!(" (but one of {len:#x} bytes at {at:#x})"))
    )]
    NotMapped {
        /// First address.
        iova: u64,
        /// Bytes.
        len: u64,
        /// The window that the addresses touch.
        there: Option<(u64, u64)>,
    },
    /// The kernel's limit of mappings is reached.
    #[error(
        "the kernel takes no more DMA windows ({windows} are there); use fewer and larger buffers, or raise \
         dma_entry_limit of the module vfio_iommu_type1"
    )]
    TooMany {
        /// Windows that this device has.
        windows: usize,
    },
    /// The limit of locked memory is too low.
    #[error(
        "mapping {asked} bytes for DMA needs {} bytes of locked memory in all, the limit is {limit}; raise it \
         (`ulimit -l {}`, memlock in /etc/security/limits.conf, or LimitMEMLOCK of the service)",
        locked.saturating_add(*asked), locked.saturating_add(*asked).div_ceil(1024)
    )]
    LockedMemory {
        /// Bytes to be mapped now.
        asked: u64,
        /// Bytes locked before.
        locked: u64,
        /// The limit in bytes (RLIMIT_MEMLOCK).
        limit: u64,
    },
    /// Another error of the kernel.
    #[error("{what} a DMA window of {len:#x} bytes at IOVA {iova:#x}: {source}; see the kernel's log (`dmesg`)")]
    Kernel {
        /// `mapping` or `unmapping`.
        what: &'static str,
        /// First address.
        iova: u64,
        /// Bytes.
        len: u64,
        /// The kernel's error.
        source: io::Error,
    },
}
