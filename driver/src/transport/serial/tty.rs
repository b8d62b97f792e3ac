//! A serial port: opened for one process, raw, at any speed.

use super::error::SerialError;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, ioctl_tiocexcl, ioctl_tiocnxcl, tcflush,
    tcgetattr, tcsetattr,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// An open port that does not block.
#[derive(Debug)]
pub(super) struct Tty(OwnedFd);

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Tty {
    /// Opens and sets up a port; what came before that is dropped.
    pub(super) fn open(path: &Path, baud: u32) -> Result<Self, SerialError> {
        let name = || path.display().to_string();
        let system = |what| move |e: Errno| SerialError::System { what, path: name(), source: e.into() };
        let busy = |e: Errno| e == Errno::BUSY || e == Errno::WOULDBLOCK;
        // Without NONBLOCK, opening would wait for a modem's carrier.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| match e {
            Errno::NOENT | Errno::NXIO | Errno::NODEV => SerialError::NoPort { path: name() },
            Errno::ACCESS | Errno::PERM => SerialError::Permission { path: name() },
            Errno::ISDIR => SerialError::NotATty { path: name() },
            e if busy(e) => SerialError::Busy { path: name() },
            e => system("opening")(e),
        })?;
        let attributes = tcgetattr(&file).map_err(|_| SerialError::NotATty { path: name() })?;
        // The lock keeps processes of root apart too, which the terminal's exclusive mode does not.
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|e| match busy(e) {
            true => SerialError::Busy { path: name() },
            false => system("locking")(e),
        })?;
        ioctl_tiocexcl(&file).map_err(system("reserving"))?;
        let this = Tty(file);
        this.set_up(attributes, path, baud)?;
        low_latency(this.as_fd());
        tcflush(&this, QueueSelector::IOFlush).map_err(system("flushing"))?;
        Ok(this)
    }

    /// 8 bits, no parity, one stop bit, no flow control, nothing translated.
    fn set_up(&self, mut attributes: Termios, path: &Path, baud: u32) -> Result<(), SerialError> {
        let refused = |problem: String| SerialError::Baud { path: path.display().to_string(), baud, problem };
        attributes.make_raw();
        attributes.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
        // Without HUPCL the port's DTR stays up when it is closed: some boards take its fall for a reset.
        attributes.control_modes -= ControlModes::CRTSCTS | ControlModes::CSTOPB | ControlModes::HUPCL;
        attributes.special_codes[SpecialCodeIndex::VMIN] = 1;
        attributes.special_codes[SpecialCodeIndex::VTIME] = 0;
        attributes.set_speed(baud).map_err(|e| refused(e.to_string()))?;
        tcsetattr(self, OptionalActions::Flush, &attributes).map_err(|e| refused(e.to_string()))?;
        // A port that cannot do a speed is silent about it and takes another one.
        let got = tcgetattr(self).map_err(|e| refused(e.to_string()))?.output_speed();
        if got.abs_diff(baud) > baud / 50 {
            return Err(refused(format!("it took {got} instead")));
        }
        Ok(())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // The mode outlives this file where somebody else has the terminal open.
        let _ = ioctl_tiocnxcl(&self.0);
    }
}

/// The kernel's `struct serial_struct` (linux/serial.h).
#[repr(C)]
struct SerialStruct {
    kind: libc::c_int,
    line: libc::c_int,
    port: libc::c_uint,
    irq: libc::c_int,
    flags: libc::c_int,
    /// All that is not looked at, to the end; some room to spare.
    rest: [u64; 16],
}

/// ASYNC_LOW_LATENCY of linux/tty_flags.h.
const LOW_LATENCY: libc::c_int = 1 << 13;

/// Asks a USB adapter to hand over bytes at once. FTDI's wait 16 ms for more otherwise, which would
/// be most of the time of every burst. Adapters that know nothing of this are as they are.
fn low_latency(fd: BorrowedFd<'_>) {
    let mut state = SerialStruct { kind: 0, line: 0, port: 0, irq: 0, flags: 0, rest: [0; 16] };
    // SAFETY: TIOCGSERIAL fills a serial_struct, 72 bytes at most, whose beginning SerialStruct is
    // and which has room for more.
    let known = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCGSERIAL as _, &raw mut state) } == 0;
    state.flags |= LOW_LATENCY;
    // SAFETY: TIOCSSERIAL reads a serial_struct, the one that was filled above but for one flag.
    let set = known && unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSSERIAL as _, &raw const state) } == 0;
    tracing::debug!(set, "low latency of the serial port");
}
