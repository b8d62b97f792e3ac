//! Messages of the vfio-user protocol, version 0.1, as far as a driver needs them.
//!
//! A message is a 16-byte header (id, command, size with header, flags, errno) and a payload; all
//! numbers little-endian (the protocol says host order, and no server is big-endian). Source: the
//! protocol's specification in the documentation of libvfio-user and QEMU ("vfio-user Protocol
//! Specification", version 0.9.2). Indices and flags of regions and interrupts are those of
//! `linux/vfio.h`.

/// Bytes of a header.
pub const HEADER: usize = 16;
/// Longest message that either side of a driver's link may send. The longest ones are the
/// server's version text and server requests that are refused.
pub const MAX_MESSAGE: usize = 8192;
/// Most bytes in one region access.
pub const MAX_ACCESS: usize = 4096;
/// Bytes of an [`access`].
pub const ACCESS: usize = 16;
/// Protocol version: major, minor.
pub const VERSION: (u16, u16) = (0, 1);

/// Header flag: this is a reply.
pub const FLAG_REPLY: u32 = 1;
/// Header flags: message type.
pub const FLAG_TYPE: u32 = 0xf;
/// Header flag: no reply is wanted.
pub const FLAG_NO_REPLY: u32 = 1 << 4;
/// Header flag: the errno field is meant.
pub const FLAG_ERROR: u32 = 1 << 5;

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[allow(missing_docs)] // the specification's names
pub enum Command {
    Version = 1,
    DmaMap = 2,
    DmaUnmap = 3,
    DeviceInfo = 4,
    RegionInfo = 5,
    IrqInfo = 7,
    SetIrqs = 8,
    RegionRead = 9,
    RegionWrite = 10,
    DeviceReset = 13,
}

impl Command {
    /// Every command that the driver sends.
    pub const ALL: [Command; 10] = [
        Command::Version,
        Command::DmaMap,
        Command::DmaUnmap,
        Command::DeviceInfo,
        Command::RegionInfo,
        Command::IrqInfo,
        Command::SetIrqs,
        Command::RegionRead,
        Command::RegionWrite,
        Command::DeviceReset,
    ];

    /// Name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Command::Version => "version negotiation",
            Command::DmaMap => "DMA map",
            Command::DmaUnmap => "DMA unmap",
            Command::DeviceInfo => "device info",
            Command::RegionInfo => "region info",
            Command::IrqInfo => "interrupt info",
            Command::SetIrqs => "interrupt set-up",
            Command::RegionRead => "region read",
            Command::RegionWrite => "region write",
            Command::DeviceReset => "device reset",
        }
    }
}

/// Region index of BAR0.
pub const REGION_BAR0: u32 = 0;
/// Region index of configuration space.
pub const REGION_CONFIG: u32 = 7;
/// Interrupt index of MSI-X.
pub const IRQ_MSIX: u32 = 2;
/// Device flag: it can be reset.
pub const DEVICE_FLAG_RESET: u32 = 1;
/// Region flags: readable, writable.
pub const REGION_FLAGS_RW: u32 = 3;
/// Interrupt flag: can signal an eventfd.
pub const IRQ_FLAG_EVENTFD: u32 = 1;
/// SET_IRQS: data is eventfds, action is "trigger".
pub const IRQ_SET_EVENTFD_TRIGGER: u32 = 1 << 2 | 1 << 5;
/// DMA_MAP flags: the device may read, write.
pub const DMA_READ: u32 = 1;
/// See [`DMA_READ`].
pub const DMA_WRITE: u32 = 2;

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Message id; a reply has its command's.
    pub id: u16,
    /// [`Command`] number.
    pub command: u16,
    /// Bytes of header and payload.
    pub size: u32,
    /// `FLAG_*`.
    pub flags: u32,
    /// Error number, if [`FLAG_ERROR`].
    pub errno: u32,
}

impl Header {
    /// The bytes on the wire.
    pub fn encode(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..2].copy_from_slice(&self.id.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.command.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.errno.to_le_bytes());
        bytes
    }

    /// From the wire; `None` if there are not enough bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let half = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        Some(Header {
            id: half(0)?,
            command: half(2)?,
            size: word(bytes, 4)?,
            flags: word(bytes, 8)?,
            errno: word(bytes, 12)?,
        })
    }
}

/// The 32-bit word at a byte offset.
pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The 64-bit word at a byte offset.
pub fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The payload of a region read, and the beginning of a region write's: which bytes of which region.
pub fn access(offset: u64, region: u32, count: u32) -> [u8; ACCESS] {
    let mut bytes = [0; ACCESS];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    bytes[8..12].copy_from_slice(&region.to_le_bytes());
    bytes[12..].copy_from_slice(&count.to_le_bytes());
    bytes
}

/// A payload built from words.
#[derive(Default)]
pub struct Payload(pub Vec<u8>);

impl Payload {
    /// Appends a 32-bit word.
    pub fn word(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Appends a 64-bit word.
    pub fn long(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Appends bytes.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_a_round_trip() {
        let h = Header { id: 0xbeef, command: 9, size: 0x0102_0304, flags: 0x21, errno: 22 };
        assert_eq!(Header::decode(&h.encode()), Some(h));
        assert_eq!(Header::decode(&h.encode()[..15]), None);
    }
}
