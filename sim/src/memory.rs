//! Card memory: bytes that live on the card, zero at power-up. There may be none.

use crate::error::SimError;
use memmap2::{MmapMut, MmapOptions};

/// The card's own memory. Pages take room on this machine only once they are written.
#[derive(Debug)]
pub struct CardMemory {
    /// Nothing is mapped for a card without memory.
    map: Option<MmapMut>,
}

fn anonymous(bytes: u64) -> Result<Option<MmapMut>, SimError> {
    if bytes == 0 {
        return Ok(None);
    }
    let len = usize::try_from(bytes).map_err(|_| SimError::Options(format!("card memory of {bytes} bytes")))?;
    MmapOptions::new()
        .len(len)
        .no_reserve_swap()
        .map_anon()
        .map(Some)
        .map_err(|e| SimError::io(format!("card memory of {bytes} bytes"), e))
}

impl CardMemory {
    /// `bytes` of zeros; a multiple of 32.
    pub fn new(bytes: u64) -> Result<Self, SimError> {
        if !bytes.is_multiple_of(32) || bytes >> 40 != 0 {
            return Err(SimError::Options(format!(
                "card memory of {bytes} bytes: must be a multiple of 32 bytes, at most 2^40 - 32"
            )));
        }
        Ok(CardMemory { map: anonymous(bytes)? })
    }

    /// Bytes of memory.
    pub fn len(&self) -> u64 {
        self.map.as_ref().map_or(0, |map| map.len() as u64)
    }

    /// Whether the card has none.
    pub fn is_empty(&self) -> bool {
        self.map.is_none()
    }

    /// The bytes `at .. at + count`, or `None` where there is no memory.
    pub fn get(&self, at: u64, count: usize) -> Option<&[u8]> {
        let at = usize::try_from(at).ok()?;
        self.map.as_ref()?.get(at..at.checked_add(count)?)
    }

    /// The same, to write.
    pub fn get_mut(&mut self, at: u64, count: usize) -> Option<&mut [u8]> {
        let at = usize::try_from(at).ok()?;
        self.map.as_mut()?.get_mut(at..at.checked_add(count)?)
    }

    /// Copies inside the memory; `None` where there is none.
    pub fn copy_within(&mut self, from: u64, to: u64, count: usize) -> Option<()> {
        self.get(from, count)?;
        self.get(to, count)?;
        self.map.as_mut()?.copy_within(from as usize..from as usize + count, to as usize);
        Some(())
    }

    /// Zeroes everything: what one client left behind is not for the next.
    pub fn scrub(&mut self) {
        match anonymous(self.len()) {
            // Fresh pages are zero and cost nothing until used.
            Ok(fresh) => self.map = fresh,
            Err(_) => self.map.iter_mut().for_each(|map| map.fill(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_scrubbed() {
        let mut m = CardMemory::new(4096).expect("memory");
        m.get_mut(4064, 32).expect("last word").fill(7);
        assert!(m.get(4064, 33).is_none() && m.get(u64::MAX, 32).is_none() && m.get_mut(4096, 1).is_none());
        m.copy_within(4064, 0, 32).expect("copy");
        assert_eq!(m.get(0, 32), Some(&[7u8; 32][..]));
        assert!(m.copy_within(0, 4065, 32).is_none());
        m.scrub();
        assert_eq!(m.get(0, 4096), Some(&[0u8; 4096][..]));
        assert!(CardMemory::new(33).is_err() && CardMemory::new(1 << 40).is_err());
    }

    #[test]
    fn a_card_may_have_no_memory() {
        let mut m = CardMemory::new(0).expect("none");
        assert!(m.is_empty());
        assert!(m.get(0, 32).is_none() && m.get_mut(0, 32).is_none() && m.copy_within(0, 0, 32).is_none());
        m.scrub();
        assert!(m.is_empty());
    }
}
