//! What the host asks of the card, and for how long.

use gristmill_abi::serial::*;
use std::fmt;
use std::time::Duration;

/// A question of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Read(u16),
    Write(u16, u32),
    Hello,
    Master(bool),
    Reset,
}

impl Ask {
    pub(super) const fn kind(self) -> u8 {
        match self {
            Ask::Read(_) => READ,
            Ask::Write(..) => WRITE,
            Ask::Hello => HELLO,
            Ask::Master(_) => MASTER,
            Ask::Reset => RESET,
        }
    }

    /// Bytes of the answer behind kind and number.
    pub(super) const fn answer_bytes(self) -> usize {
        match self {
            Ask::Read(_) => 4,
            Ask::Hello => 1,
            Ask::Write(..) | Ask::Master(_) | Ask::Reset => 0,
        }
    }

    /// What stands behind kind and number.
    pub(super) fn body(self) -> ([u8; 6], usize) {
        let mut body = [0; 6];
        let len = match self {
            Ask::Read(offset) => {
                body[..2].copy_from_slice(&offset.to_le_bytes());
                2
            }
            Ask::Write(offset, value) => {
                body[..2].copy_from_slice(&offset.to_le_bytes());
                body[2..].copy_from_slice(&value.to_le_bytes());
                6
            }
            Ask::Master(on) => {
                body[0] = on.into();
                1
            }
            Ask::Hello | Ask::Reset => 0,
        };
        (body, len)
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ask::Read(offset) => write!(f, "a read of register {offset:#x}"),
            Ask::Write(offset, _) => write!(f, "a write to register {offset:#x}"),
            Ask::Hello => f.write_str("HELLO"),
            Ask::Master(_) => f.write_str("MASTER"),
            Ask::Reset => f.write_str("RESET"),
        }
    }
}

/// When a question is sent again, and when no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Time for the first answer.
    pub first: Duration,
    /// Times that a question is sent again.
    pub repeats: u32,
}

impl Patience {
    /// How long to wait after the `tries`-th time. Questions after a few vain tries come less often:
    /// a board that is slow, not deaf, is not to be flooded.
    pub(super) fn after(&self, ask: Ask, tries: u32) -> Duration {
        let factor = if ask == Ask::Hello { 1 } else { tries.clamp(1, 4) };
        self.first * factor
    }
}

/// Nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub ask: Ask,
    pub tries: u32,
    pub after: Duration,
    /// Bytes that came meanwhile.
    pub bytes: u64,
    /// Frames among them, whole and damaged.
    pub frames: u64,
    pub damaged: u64,
}
