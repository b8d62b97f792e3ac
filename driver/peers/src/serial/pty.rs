//! A serial port without hardware: a pseudo-terminal, whose other end is a board's.

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// Both ends. The port is there as long as this is.
#[derive(Debug)]
pub struct Pty {
    /// The board's end; it does not block.
    pub board: OwnedFd,
    /// The port's path.
    pub path: PathBuf,
    /// Held open, so that the board's end can be read while nobody else has the port open.
    _port: OwnedFd,
}

impl Pty {
    /// A new port, raw from the beginning.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new() -> io::Result<Self> {
        let board = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&board)?;
        unlockpt(&board)?;
        let path = PathBuf::from(ptsname(&board, Vec::new())?.to_string_lossy().into_owned());
        let port = open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut attributes = tcgetattr(&port)?;
        attributes.make_raw();
        tcsetattr(&port, OptionalActions::Now, &attributes)?;
        rustix::io::ioctl_fionbio(&board, true)?;
        Ok(Pty { board, path, _port: port })
    }
}
