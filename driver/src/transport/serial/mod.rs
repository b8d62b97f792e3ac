//! A card without PCIe, reached by a UART: a board on a serial port.
//!
//! `abi::serial` is the protocol. [`framing`] takes bytes apart into frames, `host` is the host's
//! side of the protocol, `memory` the card's windows into host memory, `tty` a serial port, `link`
//! the thread that serves it. This file gives all that the shape of a PCI function: configuration
//! space is made up here, and its bus-master bit goes to the card as MASTER.

mod error;
mod figures;
pub mod framing;
mod host;
mod link;
mod memory;
mod question;
mod tty;

pub use error::SerialError;
pub use figures::Figures;

use super::{DmaRegion, IovaRange, Transport, TransportError};
use framing::MAX_FRAME;
use gristmill_abi::{pci, serial};
use link::{Link, Lost};
use question::{Ask, Patience, Silence};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};
use tty::Tty;

/// Addresses are 64 bits on the line; the card's, like a PCI card's here, have 48.
const IOVA_RANGES: [IovaRange; 1] = [IovaRange { first: 0, last: (1 << 48) - 1 }];
/// Configuration space, as much as there is of it.
const CONFIG_BYTES: usize = 64;
/// Offset and bits of the command register.
const COMMAND: usize = 4;
const COMMAND_BITS: u16 = MEMORY | BUS_MASTER;
const MEMORY: u16 = 1 << 1;
const BUS_MASTER: u16 = 1 << 2;

/// How a line is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bits a second.
    pub baud: u32,
    /// Time for an answer beyond that of the bytes: for the host's scheduling, and USB adapters,
    /// which collect bytes for up to 16 ms.
    pub grace: Duration,
    /// How often a question is sent again before the link is given up.
    pub repeats: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { baud: serial::DEFAULT_BAUD, grace: Duration::from_millis(100), repeats: 20 }
    }
}

impl Options {
    /// The default at this speed.
    pub fn at(baud: u32) -> Self {
        Options { baud, ..Options::default() }
    }

    /// A question may wait for the longest frame before it goes out, and so may its answer; and once
    /// more, because whoever is on the other side may be no faster than the line.
    fn patience(&self) -> Patience {
        let bits = 4 * 10 * MAX_FRAME as u64;
        let line = Duration::from_micros(bits * 1_000_000 / u64::from(self.baud.max(1)));
        Patience { first: line + self.grace, repeats: self.repeats }
    }
}

/// A card behind a serial line.
#[derive(Debug)]
pub struct Serial {
    name: String,
    options: Options,
    link: Link,
    command: u16,
}

impl Serial {
    /// Opens a port and greets the board behind it.
    pub fn open(path: &Path, baud: u32) -> Result<Self, TransportError> {
        Self::open_with(path, Options::at(baud))
    }

    /// [`open`](Self::open) with other time-outs.
    pub fn open_with(path: &Path, options: Options) -> Result<Self, TransportError> {
        let name = format!("serial:{}@{}", path.display(), options.baud);
        let tty =
            Tty::open(path, options.baud).map_err(|source| TransportError::Serial { device: name.clone(), source })?;
        Self::greet(tty, name, options)
    }

    /// The same over any file that carries bytes both ways, such as a socket: `name` is the device's
    /// in messages.
    pub fn over(line: OwnedFd, name: &str, options: Options) -> Result<Self, TransportError> {
        let unblocked = rustix::io::ioctl_fionbio(&line, true);
        unblocked.map_err(|e| system(name.to_owned(), "making the line not block", e))?;
        Self::greet(line, name.to_owned(), options)
    }

    fn greet(line: impl AsFd + Send + 'static, name: String, options: Options) -> Result<Self, TransportError> {
        let link = match Link::new(line, options.patience()) {
            Ok(link) => link,
            Err(source) => {
                let (what, way_out) = ("making the link's thread and events".into(), "raise the process's limits");
                return Err(TransportError::Os { device: name, what, source, way_out });
            }
        };
        let this = Serial { name, options, link, command: 0 };
        let open = |source| TransportError::Serial { device: this.name.clone(), source };
        let theirs = match this.link.ask(Ask::Hello) {
            Ok(version) => version as u8,
            Err(Lost::Silent(silence)) => return Err(open(silent(&silence, options.baud))),
            Err(lost) => return Err(this.lost(lost)),
        };
        let ours = serial::VERSION;
        if theirs != ours {
            return Err(open(SerialError::Version { theirs, ours }));
        }
        Ok(this)
    }

    /// What the link has counted.
    pub fn link_figures(&self) -> Figures {
        self.link.figures()
    }

    fn ask(&self, ask: Ask) -> Result<u32, TransportError> {
        self.link.ask(ask).map_err(|lost| self.lost(lost))
    }

    fn lost(&self, lost: Lost) -> TransportError {
        let reason = match lost {
            Lost::Line(reason) => format!("{reason}; check that the board is plugged in"),
            Lost::Silent(s) => format!(
                "no answer to {} in {} tries over {:.1?}, {}; check the cable, that the board is programmed, and that \
                 it runs at {} baud",
                s.ask,
                s.tries,
                s.after,
                came(&s),
                self.options.baud
            ),
        };
        TransportError::Gone { device: self.name.clone(), reason }
    }

    fn invalid(&self, problem: String) -> TransportError {
        TransportError::Invalid { device: self.name.clone(), problem }
    }

    fn check_register(&self, offset: u16) -> Result<(), TransportError> {
        match offset % 4 {
            0 => Ok(()),
            _ => Err(self.invalid(format!("register offset {offset:#x} is no multiple of 4"))),
        }
    }

    fn config(&self) -> [u8; CONFIG_BYTES] {
        let mut config = [0; CONFIG_BYTES];
        config[..2].copy_from_slice(&pci::VENDOR_ID.to_le_bytes());
        config[2..4].copy_from_slice(&pci::DEVICE_ID.to_le_bytes());
        config[COMMAND..COMMAND + 2].copy_from_slice(&self.command.to_le_bytes());
        config[9..12].copy_from_slice(&pci::CLASS);
        config
    }

    fn config_bounds(&self, offset: u16, len: usize) -> Result<std::ops::Range<usize>, TransportError> {
        let range = usize::from(offset)..usize::from(offset) + len;
        if range.end > CONFIG_BYTES {
            let problem = format!("bytes {range:#x?} are outside its {CONFIG_BYTES} bytes of configuration space");
            return Err(self.invalid(problem));
        }
        Ok(range)
    }
}

fn system(device: String, what: &str, source: Errno) -> TransportError {
    TransportError::Os { device, what: what.into(), source: source.into(), way_out: "open the device again" }
}

fn came(s: &Silence) -> String {
    match (s.bytes, s.frames) {
        (0, _) => "not a byte came back".into(),
        (bytes, 0) => format!("{bytes} bytes came back but no whole frame"),
        (bytes, frames) => format!("{bytes} bytes and {frames} whole frames came back, {} damaged", s.damaged),
    }
}

fn silent(s: &Silence, baud: u32) -> SerialError {
    SerialError::Silent { tries: s.tries, after: s.after, came: came(s), baud }
}

impl Transport for Serial {
    fn name(&self) -> &str {
        &self.name
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.check_register(offset)?;
        self.ask(Ask::Read(offset))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.check_register(offset)?;
        self.ask(Ask::Write(offset, value)).map(drop)
    }

    /// Waits for the question before this one only.
    fn post32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.check_register(offset)?;
        self.link.post(Ask::Write(offset, value)).map_err(|lost| self.lost(lost))
    }

    /// A write has arrived when it is answered.
    fn flush(&mut self) -> Result<(), TransportError> {
        self.link.settle().map(drop).map_err(|lost| self.lost(lost))
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.link.check().map_err(|lost| self.lost(lost))?;
        let range = self.config_bounds(offset, data.len())?;
        data.copy_from_slice(&self.config()[range]);
        Ok(())
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        let range = self.config_bounds(offset, data.len())?;
        let mut config = self.config();
        config[range].copy_from_slice(data);
        let command = u16::from_le_bytes([config[COMMAND], config[COMMAND + 1]]) & COMMAND_BITS;
        if (command ^ self.command) & BUS_MASTER != 0 {
            self.ask(Ask::Master(command & BUS_MASTER != 0))?;
        }
        self.command = command;
        Ok(())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &IOVA_RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let mapped = self.link.with_host(|host| host.windows().map(region));
        mapped.map_err(|source| TransportError::Window { device: self.name.clone(), source })
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        let unmapped = self.link.with_host(|host| host.windows().unmap(iova, len));
        unmapped.map_err(|source| TransportError::Window { device: self.name.clone(), source })
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        self.link.check().map_err(|lost| self.lost(lost))?;
        self.link.pass_interrupts(true);
        Ok(())
    }

    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.link.interrupt().fd())
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        let event = self.link.interrupt();
        let deadline = Instant::now() + timeout;
        loop {
            self.link.check().map_err(|lost| self.lost(lost))?;
            let left: Option<Timespec> = deadline.saturating_duration_since(Instant::now()).try_into().ok();
            let mut fds = [PollFd::from_borrowed_fd(event.fd(), PollFlags::IN)];
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(false),
                // A link that is lost raises the event too.
                Ok(_) if event.take() => return self.link.check().map(|()| true).map_err(|lost| self.lost(lost)),
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(system(self.name.clone(), "waiting for an interrupt", e)),
            }
        }
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.ask(Ask::Reset)?;
        self.command = 0;
        self.link.pass_interrupts(false);
        Ok(())
    }

    /// Eight bits of ten are data.
    fn bytes_per_second(&self) -> Option<u64> {
        Some(u64::from(self.options.baud) / 10)
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        self.link.figures().entries().to_vec()
    }
}
