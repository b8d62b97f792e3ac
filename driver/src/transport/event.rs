//! The eventfd on which interrupts arrive.

use rustix::event::{EventfdFlags, eventfd};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A non-blocking eventfd.
#[derive(Debug)]
pub(super) struct Event(OwnedFd);

impl Event {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Event(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Consumes the interrupts that came; `false` if there were none.
    pub(super) fn take(&self) -> bool {
        consume(self.fd()).is_ok()
    }

    /// Makes it readable.
    pub(super) fn raise(&self) {
        // It can fail only if the count is full, and then it is readable.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Takes an eventfd's count, or fails at once if there is none.
///
/// The descriptor is shared with the card's server, which can clear `O_NONBLOCK` for both: a plain
/// read could then wait for ever, so this one asks for no waiting itself. Kernels before 5.8 cannot
/// do that with an eventfd, and get the plain read.
pub(crate) fn consume(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    use rustix::io::{Errno, ReadWriteFlags};
    let mut count = [0; 8];
    // An offset of -1 stands for "none", as a stream wants it.
    let read = rustix::io::preadv2(fd, &mut [IoSliceMut::new(&mut count)], u64::MAX, ReadWriteFlags::NOWAIT);
    match read {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => rustix::io::read(fd, &mut count).map(drop),
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_makes_the_eventfd_blocking_does_not_block_us() {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        let event = Event::new().unwrap();
        let theirs = event.fd().try_clone_to_owned().unwrap();
        fcntl_setfl(&theirs, OFlags::empty()).unwrap();
        assert!(!fcntl_getfl(&event.0).unwrap().contains(OFlags::NONBLOCK), "the flag is shared");
        assert!(!event.take());
        rustix::io::write(&theirs, &3u64.to_ne_bytes()).unwrap();
        assert!(event.take() && !event.take());
    }
}
