//! MSI-X: the table and pending bits in BAR2, and delivery to an eventfd.
//!
//! Vectors are routed by eventfds (as VFIO does it), not by the table's addresses: the table can
//! be read and written like any, and its words change nothing. A vector that is masked, or has no
//! eventfd, or may not leave because bus mastering is off, is kept pending.

use crate::error::SimError;
use gristmill_abi::pci;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd, OwnedFd};

const VECTORS: usize = pci::MSIX_VECTORS as usize;
const TABLE_BYTES: usize = 16 * VECTORS;
const PBA: usize = pci::MSIX_PBA_OFFSET as usize;

#[derive(Debug, Default)]
struct Vector {
    eventfd: Option<OwnedFd>,
    masked: bool,
    pending: bool,
}

/// The interrupt side of the function.
#[derive(Debug)]
pub struct Msix {
    table: [u8; TABLE_BYTES],
    vectors: [Vector; VECTORS],
    raised: u64,
}

impl Default for Msix {
    fn default() -> Self {
        Self::new()
    }
}

impl Msix {
    /// As after power-up: every vector masked in the table, none routed.
    pub fn new() -> Self {
        let mut table = [0; TABLE_BYTES];
        for entry in table.chunks_exact_mut(16) {
            entry[12] = 1;
        }
        Msix { table, vectors: Default::default(), raised: 0 }
    }

    /// Reads from BAR2; bytes outside table and pending bits are zero.
    pub fn read(&self, offset: u64, out: &mut [u8]) {
        let pba = self.vectors.iter().enumerate().fold(0u64, |bits, (i, v)| bits | u64::from(v.pending) << i);
        for (at, byte) in (offset as usize..).zip(out) {
            *byte = match at {
                _ if at < TABLE_BYTES => self.table[at],
                _ if (PBA..PBA + 8).contains(&at) => pba.to_le_bytes()[at - PBA],
                _ => 0,
            };
        }
    }

    /// Writes to BAR2; only the table takes anything, and of its control words only the mask bit.
    pub fn write(&mut self, offset: u64, data: &[u8]) {
        for (at, byte) in (offset as usize..).zip(data) {
            if at < TABLE_BYTES {
                self.table[at] = match at % 16 {
                    12 => byte & 1,
                    13.. => 0,
                    _ => *byte,
                };
            }
        }
    }

    fn vector(&mut self, vector: u32) -> Result<&mut Vector, SimError> {
        self.vectors
            .get_mut(vector as usize)
            .ok_or_else(|| SimError::Irq(format!("there is no vector {vector}; the card has {VECTORS}")))
    }

    /// Routes a vector to an eventfd, or to nothing.
    pub fn route(&mut self, vector: u32, eventfd: Option<OwnedFd>) -> Result<(), SimError> {
        if let Some(fd) = &eventfd {
            check_eventfd(fd)?;
        }
        self.vector(vector)?.eventfd = eventfd;
        Ok(())
    }

    /// Masks or unmasks a vector; unmasking delivers what is pending.
    pub fn mask(&mut self, vector: u32, masked: bool, may_leave: bool) -> Result<(), SimError> {
        self.vector(vector)?.masked = masked;
        self.flush(may_leave);
        Ok(())
    }

    /// Raises a vector.
    pub fn raise(&mut self, vector: u32, may_leave: bool) -> Result<(), SimError> {
        self.vector(vector)?.pending = true;
        self.raised += 1;
        self.flush(may_leave);
        Ok(())
    }

    /// Delivers pending vectors that can be delivered.
    pub fn flush(&mut self, may_leave: bool) {
        for v in self.vectors.iter_mut().filter(|v| v.pending && !v.masked && may_leave) {
            if let Some(fd) = &v.eventfd {
                signal(fd);
                v.pending = false;
            }
        }
    }

    /// How often any vector was raised.
    pub fn raised(&self) -> u64 {
        self.raised
    }

    /// As after power-up; eventfds are closed.
    pub fn reset(&mut self) {
        *self = Msix { raised: self.raised, ..Msix::new() };
    }

    /// A function-level reset: masks and pending bits go, the routing is the client's and stays.
    pub fn function_reset(&mut self) {
        let vectors = std::mem::take(&mut self.vectors);
        self.reset();
        for (new, old) in self.vectors.iter_mut().zip(vectors) {
            new.eventfd = old.eventfd;
        }
    }
}

/// Only an eventfd takes an eight-byte count without harm.
fn check_eventfd(fd: &OwnedFd) -> Result<(), SimError> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    match std::fs::read_link(&link) {
        Ok(name) if name.as_os_str() == "anon_inode:[eventfd]" => Ok(()),
        Ok(name) => Err(SimError::NotEventFd(name.display().to_string())),
        Err(e) => Err(SimError::io(link, e)),
    }
}

/// Adds one to an eventfd. A full one (whose owner never reads) is left alone, for a blocking
/// write to it would never return.
fn signal(fd: &OwnedFd) {
    let mut poll = [PollFd::new(fd, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    if rustix::event::poll(&mut poll, Some(&now)) == Ok(1)
        && let Err(e) = rustix::io::write(fd, &1u64.to_ne_bytes())
    {
        tracing::warn!(%e, "interrupt not delivered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::EventfdFlags;

    fn eventfd() -> (OwnedFd, OwnedFd) {
        let fd = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("eventfd");
        (fd.try_clone().expect("dup"), fd)
    }

    fn count(fd: &OwnedFd) -> u64 {
        let mut b = [0; 8];
        rustix::io::read(fd, &mut b).map_or(0, |_| u64::from_ne_bytes(b))
    }

    fn pba(m: &Msix) -> u8 {
        let mut b = [0; 1];
        m.read(u64::from(pci::MSIX_PBA_OFFSET), &mut b);
        b[0]
    }

    #[test]
    fn masked_or_unrouted_vectors_stay_pending() {
        let (theirs, ours) = eventfd();
        let mut m = Msix::new();
        m.raise(0, true).expect("vector 0");
        assert_eq!(pba(&m), 1);
        m.route(0, Some(theirs)).expect("route");
        m.mask(0, true, true).expect("mask");
        m.raise(0, true).expect("vector 0");
        assert_eq!((pba(&m), count(&ours)), (1, 0));
        m.mask(0, false, false).expect("unmask without bus mastering");
        assert_eq!((pba(&m), count(&ours)), (1, 0));
        m.flush(true);
        assert_eq!((pba(&m), count(&ours)), (0, 1), "pending is one bit, not a count");
        assert!(m.raise(1, true).is_err());
    }

    #[test]
    fn only_eventfds_are_taken_and_a_full_one_does_not_block() {
        let mut m = Msix::new();
        let file = tempfile::tempfile().expect("file");
        assert!(matches!(m.route(0, Some(file.into())), Err(SimError::NotEventFd(_))));
        let fd = rustix::event::eventfd(0, EventfdFlags::CLOEXEC).expect("eventfd");
        rustix::io::write(&fd, &(u64::MAX - 1).to_ne_bytes()).expect("fill");
        m.route(0, Some(fd)).expect("route");
        m.raise(0, true).expect("returns");
    }

    #[test]
    fn the_table_keeps_what_may_be_written() {
        let mut m = Msix::new();
        m.write(0, &[0xff; 32]);
        let mut b = [0; 32];
        m.read(0, &mut b);
        assert_eq!(b[..12], [0xff; 12]);
        assert_eq!(b[12..], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
