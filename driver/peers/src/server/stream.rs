//! What a client has sent, followed independently of the server: which commands are whole, and
//! which of them are owed a reply.

use std::collections::VecDeque;

/// Payload bytes kept of a message.
const KEPT: usize = 64;

/// A whole message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: u16,
    pub command: u16,
    pub flags: u32,
    pub payload: Vec<u8>,
}

impl Sent {
    pub fn is_command(&self) -> bool {
        self.flags & 0xf == 0
    }

    pub fn wants_reply(&self) -> bool {
        self.flags & 0x10 == 0
    }
}

/// The stream so far.
#[derive(Debug, Default)]
pub struct Stream {
    head: Vec<u8>,
    payload: Vec<u8>,
    left: u64,
    /// Messages that the server has not dealt with.
    pub whole: VecDeque<Sent>,
    /// A header that cannot be followed was sent.
    pub hopeless: bool,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl Stream {
    /// Notes bytes that were sent.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.hopeless {
            if self.head.len() < 16 {
                let n = bytes.len().min(16 - self.head.len());
                self.head.extend(&bytes[..n]);
                bytes = &bytes[n..];
                if self.head.len() < 16 {
                    return;
                }
                match u64::from(word(&self.head, 4)).checked_sub(16) {
                    Some(left) => self.left = left,
                    None => self.hopeless = true,
                }
            }
            let n = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let keep = n.min(KEPT - self.payload.len().min(KEPT));
            self.payload.extend(&bytes[..keep]);
            bytes = &bytes[n..];
            self.left -= n as u64;
            if self.left == 0 && !self.hopeless {
                let ids = word(&self.head, 0);
                let (id, command) = (ids as u16, (ids >> 16) as u16);
                let payload = std::mem::take(&mut self.payload);
                self.whole.push_back(Sent { id, command, flags: word(&self.head, 8), payload });
                self.head.clear();
            }
        }
    }
}
