//! A card behind a Unix socket: the client's side of the vfio-user protocol.
//!
//! [`wire`] has the messages, `pipe` moves bytes, `link` whole and bounded messages, this file
//! speaks PCI with them. DMA memory goes over as files, interrupts come back on an eventfd; both then work
//! without messages.

mod link;
mod pipe;
mod unfit;
pub mod wire;

pub use link::Messages;
pub use pipe::{Pipe, Ready, Socket};
pub use unfit::{ConnectError, Unfit};

use super::event::Event;
use super::{Breach, DmaRegion, IovaRange, Transport, TransportError};
use gristmill_abi::pci;
use link::Link;
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;
use wire::{ACCESS, Command, Payload, REGION_BAR0, REGION_CONFIG};

/// How long to wait for a reply. Simulators answer register accesses between cycles, so it is
/// longer than a card would need.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// The protocol does not report ranges; these are what an x86 IOMMU with 48 bits gives: all but
/// the interrupt window.
const IOVA_RANGES: [IovaRange; 2] =
    [IovaRange { first: 0, last: 0xfedf_ffff }, IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 }];

/// A connection to a vfio-user server.
pub struct VfioUser<P = Socket> {
    link: Link<P>,
    event: Event,
    config_bytes: u64,
}

impl VfioUser {
    /// Connects, negotiates the version and checks that the device has the card's regions and
    /// interrupt.
    pub fn connect(path: &Path) -> Result<Self, TransportError> {
        Self::connect_with(path, REPLY_TIMEOUT)
    }

    /// [`connect`](Self::connect) with another time-out for replies.
    pub fn connect_with(path: &Path, timeout: Duration) -> Result<Self, TransportError> {
        let device = format!("vfio-user:{}", path.display());
        let socket = Socket::connect(path, &device, timeout)?;
        Self::over(socket, &device, timeout).map_err(|e| e.of(&device))
    }
}

impl<P: Pipe> VfioUser<P> {
    /// The same over any pipe that leads to a server. `device` is its name in messages.
    pub fn over(pipe: P, device: &str, timeout: Duration) -> Result<Self, ConnectError> {
        let event = Event::new().map_err(|e| TransportError::Open {
            device: device.into(),
            problem: format!("no eventfd: {e}"),
            way_out: "raise the limit of open files".into(),
        })?;
        let mut this = VfioUser { link: Link::new(pipe, device.into(), timeout), event, config_bytes: 0 };
        this.negotiate()?;
        this.examine()?;
        Ok(this)
    }

    fn negotiate(&mut self) -> Result<(), ConnectError> {
        let (major, minor) = wire::VERSION;
        let text = format!(r#"{{"capabilities":{{"max_msg_fds":1,"max_data_xfer_size":{}}}}}"#, wire::MAX_ACCESS);
        let payload =
            Payload::default().word(u32::from(major) | u32::from(minor) << 16).bytes(text.as_bytes()).bytes(&[0]);
        let reply = self.link.call(Command::Version, &payload.0, None, 4, || format!("version {major}.{minor}"))?;
        let server = (u16::from_le_bytes([reply[0], reply[1]]), u16::from_le_bytes([reply[2], reply[3]]));
        let text = reply[4..].split(|b| *b == 0).next().unwrap_or_default();
        let max_files = match serde_json::from_slice::<serde_json::Value>(text) {
            Ok(json) => json["capabilities"]["max_msg_fds"].as_u64().unwrap_or(1),
            Err(_) if text.is_empty() => 1,
            Err(e) => return Err(self.link.protocol(Breach::VersionText { problem: e.to_string() }).into()),
        };
        if server.0 != major || server.1 > minor {
            return Err(Unfit::Version { theirs: server, ours: wire::VERSION }.into());
        }
        if max_files == 0 {
            return Err(Unfit::NoFiles.into());
        }
        Ok(())
    }

    fn examine(&mut self) -> Result<(), ConnectError> {
        let ask = Payload::default().word(16).word(0).word(0).word(0);
        let reply = self.link.call(Command::DeviceInfo, &ask.0, None, 16, || "its description".into())?;
        let (flags, regions, irqs) = (wire::word(reply, 4), wire::word(reply, 8), wire::word(reply, 12));
        if regions <= Some(REGION_CONFIG) || irqs <= Some(wire::IRQ_MSIX) {
            return Err(Unfit::NotPci.into());
        }
        if flags.is_none_or(|f| f & wire::DEVICE_FLAG_RESET == 0) {
            return Err(Unfit::NoReset.into());
        }
        for (region, least) in [(REGION_BAR0, pci::REGISTER_BAR_BYTES), (REGION_CONFIG, 256)] {
            let ask = Payload::default().word(32).word(0).word(region).word(0).long(0).long(0);
            let reply = self.link.call(Command::RegionInfo, &ask.0, None, 32, || format!("region {region}"))?;
            let (flags, size) = (wire::word(reply, 4).unwrap_or(0), wire::long(reply, 16).unwrap_or(0));
            if flags & wire::REGION_FLAGS_RW != wire::REGION_FLAGS_RW || size < least {
                return Err(Unfit::Region { region, size, flags, least }.into());
            }
            if region == REGION_CONFIG {
                self.config_bytes = size;
            }
        }
        let ask = Payload::default().word(16).word(0).word(wire::IRQ_MSIX).word(0);
        let reply = self.link.call(Command::IrqInfo, &ask.0, None, 16, || "MSI-X".into())?;
        let (flags, count) = (wire::word(reply, 4).unwrap_or(0), wire::word(reply, 12).unwrap_or(0));
        if flags & wire::IRQ_FLAG_EVENTFD == 0 || count == 0 {
            return Err(Unfit::NoMsix.into());
        }
        Ok(())
    }

    /// Messages sent and received since the connection was made.
    pub fn messages(&self) -> Messages {
        self.link.messages()
    }

    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> Result<(), TransportError> {
        let ask = wire::access(offset, region, data.len() as u32);
        let what = || format!("reading {} bytes at {offset:#x} of region {region}", data.len());
        let reply = self.link.call(Command::RegionRead, &ask, None, ACCESS + data.len(), what)?;
        if reply.len() != ACCESS + data.len() || reply[..ACCESS] != ask {
            return Err(self.link.protocol(Breach::Echo { what: "region read" }));
        }
        data.copy_from_slice(&reply[ACCESS..]);
        Ok(())
    }

    /// Writes to a region. `message` is the whole payload: an access, then the data.
    fn region_write(&mut self, message: &[u8]) -> Result<(), TransportError> {
        let what = || {
            let (offset, region) = (wire::long(message, 0).unwrap_or(0), wire::word(message, 8).unwrap_or(0));
            format!("writing {} bytes at {offset:#x} of region {region}", message.len() - ACCESS)
        };
        let reply = self.link.call(Command::RegionWrite, message, None, ACCESS, what)?;
        if reply[..ACCESS] != message[..ACCESS] {
            return Err(self.link.protocol(Breach::Echo { what: "region write" }));
        }
        Ok(())
    }

    fn config_bounds(&self, offset: u16, len: usize) -> Result<(), TransportError> {
        let end = u64::from(offset) + len as u64;
        if end > self.config_bytes || len > wire::MAX_ACCESS {
            let (device, size) = (self.link.device().into(), self.config_bytes);
            let problem = format!("bytes {offset:#x}..{end:#x} are outside its {size} bytes of configuration space");
            return Err(TransportError::Invalid { device, problem });
        }
        Ok(())
    }
}

/// The payload of a write to a register. (The system call that sends the message orders it after the
/// stores to DMA memory.)
fn register_write(offset: u16, value: u32) -> [u8; ACCESS + 4] {
    let mut message = [0; ACCESS + 4];
    message[..ACCESS].copy_from_slice(&wire::access(offset.into(), REGION_BAR0, 4));
    message[ACCESS..].copy_from_slice(&value.to_le_bytes());
    message
}

impl<P: Pipe> Transport for VfioUser<P> {
    fn name(&self) -> &str {
        self.link.device()
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        let mut data = [0; 4];
        self.region_read(REGION_BAR0, offset.into(), &mut data)?;
        Ok(u32::from_le_bytes(data))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.region_write(&register_write(offset, value))
    }

    /// A message without a reply.
    fn post32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.link.post(Command::RegionWrite, &register_write(offset, value))
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.config_bounds(offset, data.len())?;
        self.region_read(REGION_CONFIG, offset.into(), data)
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.config_bounds(offset, data.len())?;
        let access = wire::access(offset.into(), REGION_CONFIG, data.len() as u32);
        self.region_write(&Payload::default().bytes(&access).bytes(data).0)
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &IOVA_RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let access = region.access();
        let flags = if access.read() { wire::DMA_READ } else { 0 } | if access.write() { wire::DMA_WRITE } else { 0 };
        let ask = Payload::default().word(32).word(flags).long(region.offset()).long(region.iova()).long(region.size());
        let what = || format!("mapping {} bytes at IOVA {:#x}", region.size(), region.iova());
        self.link.call(Command::DmaMap, &ask.0, Some(region.file()), 0, what).map(|_| ())
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        let ask = Payload::default().word(24).word(0).long(iova).long(len);
        let what = || format!("unmapping {len} bytes at IOVA {iova:#x}");
        self.link.call(Command::DmaUnmap, &ask.0, None, 0, what).map(|_| ())
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        let ask = Payload::default().word(20).word(wire::IRQ_SET_EVENTFD_TRIGGER).word(wire::IRQ_MSIX).word(0).word(1);
        let what = || "eventfd for MSI-X vector 0".into();
        self.link.call(Command::SetIrqs, &ask.0, Some(self.event.fd()), 0, what).map(|_| ())
    }

    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.event.fd())
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        self.link.check()?;
        let deadline = self.link.now() + timeout;
        for _ in 0..link::MAX_REQUESTS {
            // Either the server asks something, or it is gone, which must not wait for a time-out.
            if self.link.has_more() {
                self.link.unsolicited()?;
                continue;
            }
            let left = deadline.saturating_duration_since(self.link.now());
            match self.link.wait(self.event.fd(), left) {
                Ok(Ready::Timeout) => return Ok(false),
                Ok(Ready::Event) if self.event.take() => return Ok(true),
                // Somebody else took the event.
                Ok(Ready::Event) | Err(Errno::INTR) => {}
                Ok(Ready::Bytes) => self.link.unsolicited()?,
                Err(e) => {
                    let (device, what) = (self.link.device().into(), "waiting for an interrupt".into());
                    return Err(TransportError::Os {
                        device,
                        what,
                        source: e.into(),
                        way_out: "open the device again",
                    });
                }
            }
        }
        Err(self.link.protocol(Breach::RequestsInWait { count: link::MAX_REQUESTS }))
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.link.call(Command::DeviceReset, &[], None, 0, || "a reset".into()).map(|_| ())
    }
}
