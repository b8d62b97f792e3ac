//! Software models: frames as bytes, a UART as levels. They share no code with the RTL.

use gristmill_abi::serial::{crc32, ESCAPE, ESCAPE_XOR, FLAG, MAX_BODY};

/// A body as a frame on the line: flag, stuffed body and CRC, flag.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut line = vec![FLAG];
    for &byte in body.iter().chain(&crc32(body).to_le_bytes()) {
        match byte {
            FLAG | ESCAPE => line.extend([ESCAPE, byte ^ ESCAPE_XOR]),
            _ => line.push(byte),
        }
    }
    line.push(FLAG);
    line
}

/// Finds frames in a stream of bytes.
#[derive(Clone, Debug, Default)]
pub struct Deframer {
    bytes: Vec<u8>,
    escaped: bool,
    /// Frames that were damaged.
    pub bad: u64,
}

impl Deframer {
    /// The next byte; a body if it ends a good frame.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        match byte {
            FLAG => {
                let cut = std::mem::take(&mut self.escaped);
                let mut bytes = std::mem::take(&mut self.bytes);
                if bytes.is_empty() && !cut {
                    return None;
                }
                let at = bytes.len().saturating_sub(4);
                let crc = bytes.split_off(at);
                if cut || bytes.len() < 2 || bytes.len() > MAX_BODY || crc != crc32(&bytes).to_le_bytes() {
                    self.bad += 1;
                    return None;
                }
                return Some(bytes);
            }
            ESCAPE if !self.escaped => self.escaped = true,
            _ => {
                let changed = std::mem::take(&mut self.escaped);
                // Noise without flags must not fill the memory; two more than fit are bad enough.
                if self.bytes.len() < MAX_BODY + 6 {
                    self.bytes.push(if changed { byte ^ ESCAPE_XOR } else { byte });
                }
            }
        }
        None
    }
}

/// A transmitter: the level of a line, clock by clock.
#[derive(Clone, Debug)]
pub struct LineOut {
    divisor: u32,
    /// Bits still to be shown, the lowest first.
    bits: u32,
    count: u32,
    left: u32,
}

impl LineOut {
    /// A line at rest.
    pub fn new(divisor: u32) -> Self {
        LineOut { divisor, bits: 0, count: 0, left: 0 }
    }

    /// Whether it shows no byte: the next level begins one if it is given.
    pub fn is_free(&self) -> bool {
        self.count == 0
    }

    /// The level in this clock; `next` is asked for a byte when the line is free.
    pub fn level(&mut self, next: impl FnOnce() -> Option<u8>) -> bool {
        if self.count == 0 {
            let Some(byte) = next() else { return true };
            self.bits = 0x200 | u32::from(byte) << 1;
            self.count = 10;
            self.left = self.divisor;
        }
        let level = self.bits & 1 == 1;
        self.left -= 1;
        if self.left == 0 {
            self.bits >>= 1;
            self.count -= 1;
            self.left = self.divisor;
        }
        level
    }
}

/// A receiver: bytes from the level of a line, clock by clock.
#[derive(Clone, Debug)]
pub struct LineIn {
    divisor: u32,
    /// Clocks since the start bit began; none between bytes.
    since: Option<u32>,
    byte: u8,
    /// Bytes without a stop bit.
    pub bad: u64,
}

impl LineIn {
    /// A receiver of a line at rest.
    pub fn new(divisor: u32) -> Self {
        LineIn { divisor, since: None, byte: 0, bad: 0 }
    }

    /// Whether a byte is on the line.
    pub fn is_busy(&self) -> bool {
        self.since.is_some()
    }

    /// The level in this clock; a byte if this was the middle of its stop bit.
    pub fn level(&mut self, level: bool) -> Option<u8> {
        let Some(since) = self.since else {
            self.since = (!level).then_some(0);
            return None;
        };
        let since = since + 1;
        self.since = Some(since);
        if since % self.divisor != self.divisor / 2 {
            return None;
        }
        match since / self.divisor {
            0 if level => self.since = None,
            0 => {}
            bit @ 1..=8 => self.byte = self.byte & !(1 << (bit - 1)) | u8::from(level) << (bit - 1),
            _ => {
                self.since = None;
                if level {
                    return Some(self.byte);
                }
                self.bad += 1;
            }
        }
        None
    }
}
