//! The one trait between the driver and a card, wherever the card is.
//!
//! | implementation | reaches |
//! |---|---|
//! | `vfio_user` | a card served on a Unix socket, simulated or remote-controlled |
//! | `vfio` | a card in a PCIe slot, through the kernel's VFIO |
//! | `serial` | a board on a serial port |
//! | the library's | a simulator in this process |

mod bdf;
mod breach;
mod error;
#[cfg(target_os = "linux")]
mod event;
mod region;
#[cfg(target_os = "linux")]
pub mod serial;
#[cfg(test)]
pub(crate) mod testing;
pub mod vfio;
#[cfg(target_os = "linux")]
pub mod vfio_user;

pub use bdf::Bdf;
pub use breach::Breach;
pub use error::{TransportError, WindowError};
#[cfg(target_os = "linux")]
pub(crate) use event::consume;
pub use region::{DmaAccess, DmaRegion, IovaRange};

use gristmill_abi::registers as reg;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Takes an event's count; nothing but Linux has eventfds.
#[cfg(not(target_os = "linux"))]
pub(crate) fn consume(_: BorrowedFd<'_>) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::OPNOTSUPP)
}

/// What an unplugged or dead PCI device reads as.
pub const ALL_ONES: u32 = 0xffff_ffff;

/// A way to a card. Every call may fail, none may block without end: an implementation that waits
/// for another process answers [`TransportError::Timeout`] when it has waited too long.
///
/// Everything that comes back is the other side's word: implementations check sizes and bounds,
/// callers check meaning.
pub trait Transport: Send {
    /// What the device is called in messages, such as `vfio-user:/run/card.sock`.
    fn name(&self) -> &str;

    /// Reads the register at a byte offset in BAR0, a multiple of 4. Registers that are gone
    /// read as [`ALL_ONES`], or the transport knows and answers [`TransportError::Gone`].
    fn read32(&mut self, offset: u16) -> Result<u32, TransportError>;

    /// Writes the register at a byte offset in BAR0. Earlier stores to DMA memory are visible to
    /// the card before the write is. The write may be posted.
    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError>;

    /// [`write32`](Self::write32) for doorbells: does not wait until the write has arrived, where
    /// that costs time. Writes stay in order among each other and with reads. That the other side
    /// is gone may be found by a later call.
    fn post32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.write32(offset, value)
    }

    /// Returns when all earlier writes have arrived: reads a register, where writes are posted.
    fn flush(&mut self) -> Result<(), TransportError> {
        self.read32(reg::ID).map(drop)
    }

    /// Reads PCI configuration space at a byte offset.
    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError>;

    /// Writes PCI configuration space at a byte offset.
    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError>;

    /// Ranges of I/O virtual addresses that [`dma_map`](Self::dma_map) takes, ascending and
    /// disjoint.
    fn iova_ranges(&self) -> &[IovaRange];

    /// Lets the card reach host memory at an IOVA.
    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError>;

    /// Takes back one whole mapping. When it returns, the card can no longer reach the memory.
    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError>;

    /// Routes interrupt vector 0 to [`wait_interrupt`](Self::wait_interrupt). Called at start
    /// and again after each [`reset`](Self::reset).
    fn enable_interrupt(&mut self) -> Result<(), TransportError>;

    /// The non-blocking eventfd that counts interrupts, where there is one, so that an event loop
    /// can wait for it. Interrupts are consumed by reading it.
    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Waits for an interrupt: `true` if one came (and was consumed), `false` after `timeout`. An
    /// interrupt is a hint: it may come late, once for several causes, or for none. A simulator
    /// in this process runs its clock here, and returns as soon as the interrupt is high or
    /// nothing is left to do; it steps some cycles even when the time-out is zero.
    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError>;

    /// A moment's pause between two looks at the completion ring, for a driver that does not wait
    /// for interrupts: an instruction, no system call. A simulator in this process runs its clock
    /// for some cycles.
    fn spin(&mut self) -> Result<(), TransportError> {
        std::hint::spin_loop();
        Ok(())
    }

    /// Resets the PCI function. Registers and the command register go to their defaults, DMA
    /// windows stay, the interrupt is to be enabled again.
    fn reset(&mut self) -> Result<(), TransportError>;

    /// How fast the card reaches host memory, where that is so slow that time-outs have to count it.
    fn bytes_per_second(&self) -> Option<u64> {
        None
    }

    /// What the way itself has counted, by name, where it counts.
    fn figures(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
