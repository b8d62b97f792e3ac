//! Numbers and layouts of the protocol, little-endian as on every machine it runs on.

use super::refusal::Refusal;
use rustix::io::Errno;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 16;

/// Flags: bits 3:0 are the type.
pub const FLAG_TYPE: u32 = 0xf;
pub const TYPE_COMMAND: u32 = 0;
pub const TYPE_REPLY: u32 = 1;
pub const FLAG_NO_REPLY: u32 = 1 << 4;
pub const FLAG_ERROR: u32 = 1 << 5;

macro_rules! commands {
    ($($name:ident = $code:literal,)+) => {
        /// Commands, by the protocol's names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Command { $($name = $code),+ }

        impl Command {
            /// Every command.
            pub const ALL: &'static [Command] = &[$(Command::$name),+];

            /// From the number on the wire.
            pub const fn from_code(code: u16) -> Option<Command> {
                match code { $($code => Some(Command::$name),)+ _ => None }
            }
        }
    };
}

commands! {
    Version = 1,
    DmaMap = 2,
    DmaUnmap = 3,
    DeviceGetInfo = 4,
    DeviceGetRegionInfo = 5,
    DeviceGetRegionIoFds = 6,
    DeviceGetIrqInfo = 7,
    DeviceSetIrqs = 8,
    RegionRead = 9,
    RegionWrite = 10,
    DmaRead = 11,
    DmaWrite = 12,
    DeviceReset = 13,
}

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub id: u16,
    pub command: u16,
    pub size: u32,
    pub flags: u32,
    pub error: u32,
}

impl Header {
    pub fn decode(b: &[u8; HEADER_BYTES]) -> Self {
        let word = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        Header { id: word(0) as u16, command: (word(0) >> 16) as u16, size: word(4), flags: word(8), error: word(12) }
    }

    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut b = [0; HEADER_BYTES];
        b[..2].copy_from_slice(&self.id.to_le_bytes());
        b[2..4].copy_from_slice(&self.command.to_le_bytes());
        b[4..8].copy_from_slice(&self.size.to_le_bytes());
        b[8..12].copy_from_slice(&self.flags.to_le_bytes());
        b[12..].copy_from_slice(&self.error.to_le_bytes());
        b
    }

    /// The whole answer to this message: its payload, or an errno.
    pub fn reply(&self, result: Result<&[u8], Errno>) -> Vec<u8> {
        let (flags, error, payload) = match result {
            Ok(payload) => (TYPE_REPLY, 0, payload),
            Err(e) => (TYPE_REPLY | FLAG_ERROR, e.raw_os_error() as u32, &[][..]),
        };
        let header =
            Header { id: self.id, command: self.command, size: (HEADER_BYTES + payload.len()) as u32, flags, error };
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&header.encode());
        bytes.extend_from_slice(payload);
        bytes
    }
}

/// Reads a payload field by field.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(Refusal::Short)?;
        self.0 = tail;
        Ok(*head)
    }

    pub fn u16(&mut self) -> Result<u16, Refusal> {
        self.take().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Refusal> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Refusal> {
        self.take().map(u64::from_le_bytes)
    }

    /// The bytes that are left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Long { extra: self.0.len() }) }
    }
}

/// Builds a payload field by field.
#[derive(Default)]
pub struct Payload(pub Vec<u8>);

impl Payload {
    pub fn u16(mut self, v: u16) -> Self {
        self.0.extend_from_slice(&v.to_le_bytes());
        self
    }

    pub fn u32(mut self, v: u32) -> Self {
        self.0.extend_from_slice(&v.to_le_bytes());
        self
    }

    pub fn u64(mut self, v: u64) -> Self {
        self.0.extend_from_slice(&v.to_le_bytes());
        self
    }

    pub fn bytes(mut self, b: &[u8]) -> Self {
        self.0.extend_from_slice(b);
        self
    }
}
