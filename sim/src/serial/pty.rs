//! A pseudo-terminal that carries bytes unchanged.

use crate::error::SimError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// Bytes that wait for a host to read them; more are lost, as on a line.
const MOST_WAITING: usize = 1 << 16;

/// Our end.
pub struct Pty {
    master: OwnedFd,
    /// Held open so that a host that closes its end does not hang up the line.
    port: OwnedFd,
    path: PathBuf,
    out: VecDeque<u8>,
}

fn failed(what: &'static str) -> impl Fn(Errno) -> SimError {
    move |e| SimError::io(format!("pseudo-terminal: {what}"), e)
}

impl Pty {
    /// A new one.
    pub fn open() -> Result<Self, SimError> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(failed("open"))?;
        grantpt(&master).map_err(failed("grant"))?;
        unlockpt(&master).map_err(failed("unlock"))?;
        let name = ptsname(&master, Vec::new()).map_err(failed("name"))?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let port = rustix::fs::open(&path, flags, Mode::empty()).map_err(failed("open the port"))?;
        let mut mode = tcgetattr(&port).map_err(failed("read its mode"))?;
        mode.make_raw();
        tcsetattr(&port, OptionalActions::Now, &mode).map_err(failed("make it raw"))?;
        rustix::io::ioctl_fionbio(&master, true).map_err(failed("make it not block"))?;
        Ok(Pty { master, port, path, out: VecDeque::new() })
    }

    /// The host's end.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// What has come, into `bytes`.
    pub fn read(&mut self, bytes: &mut VecDeque<u8>) -> Result<usize, SimError> {
        let mut buffer = [0; 4096];
        match rustix::io::read(&self.master, &mut buffer) {
            Ok(n) => {
                bytes.extend(&buffer[..n]);
                Ok(n)
            }
            // EIO: no host has the port open (only if our own handle were gone).
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(e) => Err(failed("read")(e)),
        }
    }

    /// Sends bytes, as many as are taken now; the others wait.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), SimError> {
        let room = MOST_WAITING.saturating_sub(self.out.len());
        self.out.extend(bytes.drain(..).take(room));
        while !self.out.is_empty() {
            let (front, _) = self.out.as_slices();
            match rustix::io::write(&self.master, front) {
                Ok(n) => drop(self.out.drain(..n)),
                Err(Errno::AGAIN | Errno::INTR | Errno::IO) => break,
                Err(e) => return Err(failed("write")(e)),
            }
        }
        Ok(())
    }

    /// Waits until something comes, at most so long.
    pub fn wait(&self, time: Duration) -> Result<(), SimError> {
        // A host's exclusive mode would outlive it, because we hold the port open.
        ioctl_tiocnxcl(&self.port).map_err(failed("leave exclusive mode"))?;
        let mut events = [PollFd::new(&self.master, PollFlags::IN)];
        let limit = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        match poll(&mut events, Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(e) => Err(failed("wait")(e)),
        }
    }
}
