//! Completions: the 32-byte entry in the completion ring, and status codes.
//!
//! Eight 32-bit little-endian words:
//!
//! | word | holds |
//! |---|---|
//! | 0 | detail: for ScalarRange the index of the first scalar out of range, else zero |
//! | 1 | epoch |
//! | 2, 3 | cycles from the fetch of the command to this completion, low and high; for a command that was fetched while another ran, from that one's completion, so that the cycles of a batch add up |
//! | 4, 5 | work done: useful additions (MSM), butterflies (NTT), words (COPY, ZERO) |
//! | 6 | SQ head after this command, in bits 15:0 |
//! | 7 | command id in bits 15:0, status in bits 23:16, phase in bit 24 |
//!
//! The phase bit is one on the first pass through the ring and flips on each pass. Word 7 is
//! written last (or with the rest), after the data's write responses have arrived, so an entry
//! with the right phase is whole and so is the command's output.

/// Bytes of a completion.
pub const COMPLETION_BYTES: usize = 32;

macro_rules! status {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        /// How a command ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Status { $($(#[doc = $doc])+ $name = $code),+ }

        impl Status {
            /// Every status with its meaning, in order of code.
            pub const ALL: &'static [(Status, &'static str, &'static str)] =
                &[$((Status::$name, stringify!($name), concat!($($doc),+))),+];

            /// From the code on the wire.
            pub const fn from_code(code: u8) -> Option<Status> {
                match code { $($code => Some(Status::$name),)+ _ => None }
            }
        }
    };
}

status! {
    /// Done; the output is in place.
    Ok = 0;
    /// The opcode is unknown or not offered by this card.
    BadOpcode = 1;
    /// The curve or field is unknown or not offered by this card.
    BadUnit = 2;
    /// A flag or a reserved bit is set that this opcode does not have.
    BadFlags = 3;
    /// An address is not a multiple of 32, or of columns not one of 16 elements' bytes.
    BadAlignment = 4;
    /// The count is zero or larger than the card takes.
    BadCount = 5;
    /// An operand in card memory lies (partly) outside it, or an address wraps.
    BadRange = 6;
    /// The descriptor's epoch is not the card's: it was written before a reset.
    BadEpoch = 7;
    /// Host memory answered a read with an error (IOMMU fault, no bus mastering).
    HostReadFault = 8;
    /// Host memory answered a write with an error.
    HostWriteFault = 9;
    /// Card memory answered a read with an error.
    CardReadFault = 10;
    /// Card memory answered a write with an error.
    CardWriteFault = 11;
    /// A scalar is not below the group's order; the detail word has its index.
    ScalarRange = 12;
}

impl Status {
    /// Name in messages.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(s, ..)| *s == self).map_or("?", |(_, name, _)| name)
    }
}

/// A completion as read from the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Index of the first scalar out of range, or zero.
    pub detail: u32,
    /// The card's epoch.
    pub epoch: u32,
    /// Cycles from fetch to completion.
    pub cycles: u64,
    /// Useful additions, butterflies or words.
    pub work: u64,
    /// Submission ring's head after this command.
    pub sq_head: u16,
    /// The descriptor's id.
    pub id: u16,
    /// A [`Status`] code, unchecked.
    pub status: u8,
    /// Phase bit.
    pub phase: bool,
}

impl Completion {
    /// The bytes in the ring.
    pub fn encode(&self) -> [u8; COMPLETION_BYTES] {
        let words = [
            self.detail,
            self.epoch,
            self.cycles as u32,
            (self.cycles >> 32) as u32,
            self.work as u32,
            (self.work >> 32) as u32,
            self.sq_head as u32,
            self.id as u32 | (self.status as u32) << 16 | (self.phase as u32) << 24,
        ];
        let mut bytes = [0; COMPLETION_BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From the bytes in the ring.
    pub fn decode(bytes: &[u8; COMPLETION_BYTES]) -> Self {
        let word = |i: usize| u32::from_le_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]]);
        Completion {
            detail: word(0),
            epoch: word(1),
            cycles: word(2) as u64 | (word(3) as u64) << 32,
            work: word(4) as u64 | (word(5) as u64) << 32,
            sq_head: word(6) as u16,
            id: word(7) as u16,
            status: (word(7) >> 16) as u8,
            phase: word(7) >> 24 & 1 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_survive_a_round_trip() {
        let c = Completion {
            detail: 3,
            epoch: 9,
            cycles: 0x1_0000_0002,
            work: 0x3_0000_0004,
            sq_head: 17,
            id: 0xabcd,
            status: Status::ScalarRange as u8,
            phase: true,
        };
        assert_eq!(Completion::decode(&c.encode()), c);
    }

    #[test]
    fn codes_are_dense_and_named() {
        for (i, (status, name, _)) in Status::ALL.iter().enumerate() {
            assert_eq!(*status as usize, i);
            assert_eq!(Status::from_code(i as u8), Some(*status));
            assert_eq!(status.name(), *name);
        }
        assert_eq!(Status::from_code(Status::ALL.len() as u8), None);
    }
}
