//! What lies in card memory, each in one piece: base sets, least recently used evicted first, and vectors, which stay.

use gristmill_abi::layout::WORD_BYTES;
use std::collections::BTreeMap;

/// Bytes of a burst.
const BURST: u64 = 512;

/// Identity of a base set or vector in this device.
pub(super) type SetId = u64;

#[derive(Clone, Copy, Debug)]
struct Piece {
    address: u64,
    bytes: u64,
    used: u64,
    /// Nowhere else: never evicted.
    pinned: bool,
}

/// The map of card memory.
#[derive(Debug)]
pub(super) struct Residency {
    capacity: u64,
    pieces: BTreeMap<SetId, Piece>,
    clock: u64,
}

/// Room for a set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Where the set goes.
    pub address: u64,
    /// The sets that had to go.
    pub evicted: Vec<SetId>,
}

impl Residency {
    /// An empty card memory.
    pub fn new(capacity: u64) -> Self {
        Residency { capacity, pieces: BTreeMap::new(), clock: 0 }
    }

    /// Where a set lies, if it is resident; it counts as used now.
    pub fn touch(&mut self, id: SetId) -> Option<u64> {
        self.clock += 1;
        let piece = self.pieces.get_mut(&id)?;
        piece.used = self.clock;
        Some(piece.address)
    }

    /// Whether a set is resident; that is no use of it.
    pub fn holds(&self, id: SetId) -> bool {
        self.pieces.contains_key(&id)
    }

    /// Where something lies, and its bytes.
    pub fn piece(&self, id: SetId) -> Option<(u64, u64)> {
        self.pieces.get(&id).map(|p| (p.address, p.bytes))
    }

    /// Where vectors lie, and their bytes.
    pub fn vectors(&self) -> Vec<(u64, u64)> {
        self.pieces.values().filter(|p| p.pinned).map(|p| (p.address, p.bytes)).collect()
    }

    /// Whether a set of this size could be resident at all.
    pub fn fits(&self, bytes: u64) -> bool {
        bytes <= self.capacity
    }

    /// Whether a piece of this size finds room beside everything that is there.
    pub fn has_gap(&self, bytes: u64) -> bool {
        self.gap(bytes, &[]).is_some()
    }

    /// Makes room for a set by evicting the least recently used, never one of `keep`. `None` if
    /// there is no room even so; nothing is evicted then.
    pub fn place(&mut self, id: SetId, bytes: u64, keep: &[SetId]) -> Option<Room> {
        self.make_room(id, bytes, keep, false)
    }

    /// As [`place`](Self::place), of what nothing may evict.
    pub fn place_pinned(&mut self, id: SetId, bytes: u64) -> Option<Room> {
        self.make_room(id, bytes, &[], true)
    }

    fn make_room(&mut self, id: SetId, bytes: u64, keep: &[SetId], pinned: bool) -> Option<Room> {
        let bytes = bytes.next_multiple_of(WORD_BYTES as u64).max(WORD_BYTES as u64);
        let mut evicted = Vec::new();
        let address = loop {
            if let Some(address) = self.gap(bytes, &evicted) {
                break address;
            }
            let free = |(k, p): &(&SetId, &Piece)| !p.pinned && !keep.contains(k) && !evicted.contains(*k);
            let candidates = self.pieces.iter().filter(free);
            evicted.push(*candidates.min_by_key(|(_, p)| p.used)?.0);
        };
        for gone in &evicted {
            self.pieces.remove(gone);
        }
        self.clock += 1;
        self.pieces.insert(id, Piece { address, bytes, used: self.clock, pinned });
        Some(Room { address, evicted })
    }

    /// Frees a set, if it is resident.
    pub fn remove(&mut self, id: SetId) {
        self.pieces.remove(&id);
    }

    /// Forgets everything, as after a reset that lost trust in the card's memory.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Bytes taken.
    #[cfg(test)]
    pub fn used(&self) -> u64 {
        self.pieces.values().map(|p| p.bytes).sum()
    }

    /// First gap that is long enough, were the sets in `gone` not there.
    fn gap(&self, bytes: u64, gone: &[SetId]) -> Option<u64> {
        let mut taken: Vec<(u64, u64)> =
            self.pieces.iter().filter(|(k, _)| !gone.contains(k)).map(|(_, p)| (p.address, p.bytes)).collect();
        taken.sort_unstable();
        // Columns are read and written a burst at a time, so long vectors begin with one.
        let align = if bytes.is_multiple_of(BURST) { BURST } else { WORD_BYTES as u64 };
        let mut at = 0u64;
        for (address, length) in taken {
            if address >= at + bytes {
                return Some(at);
            }
            at = (address + length).next_multiple_of(align);
        }
        (self.capacity.checked_sub(at)? >= bytes).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut r = Residency::new(96);
        for id in 0..3 {
            assert_eq!(r.place(id, 32, &[]), Some(Room { address: id * 32, evicted: vec![] }));
        }
        assert_eq!(r.touch(0), Some(0));
        assert_eq!(r.place(3, 32, &[]), Some(Room { address: 32, evicted: vec![1] }));
        assert_eq!(r.touch(1), None);
        assert!(r.holds(0) && !r.holds(1));
        assert_eq!(r.used(), 96);
    }

    #[test]
    fn pinned_sets_stay_and_failure_evicts_nothing() {
        let mut r = Residency::new(96);
        r.place(0, 64, &[]).expect("room");
        r.place(1, 32, &[]).expect("room");
        assert_eq!(r.place(2, 64, &[0]), None);
        assert_eq!((r.touch(0), r.touch(1)), (Some(0), Some(64)));
        assert!(r.fits(96) && !r.fits(97));
        assert_eq!(r.place(2, 96, &[]).expect("room").evicted, vec![0, 1]);
    }

    #[test]
    fn vectors_are_never_evicted() {
        let mut r = Residency::new(96);
        r.place(0, 32, &[]).expect("room");
        assert_eq!(r.place_pinned(1, 32), Some(Room { address: 32, evicted: vec![] }));
        r.place(2, 32, &[]).expect("room");
        // Only what lies together would do, and a vector lies between.
        assert_eq!(r.place(3, 64, &[]), None);
        assert!(r.holds(0) && r.holds(2));
        assert_eq!(r.place_pinned(3, 32).expect("room").evicted, vec![0]);
        assert_eq!(r.place_pinned(4, 32).expect("room").evicted, vec![2]);
        assert_eq!((r.place(5, 32, &[]), r.place_pinned(5, 32)), (None, None));
        assert_eq!(r.piece(1), Some((32, 32)));
        r.remove(1);
        assert_eq!(r.place(5, 32, &[]), Some(Room { address: 32, evicted: vec![] }));
    }

    /// What is whole bursts begins with one, wherever the piece before it ends.
    #[test]
    fn vectors_begin_with_a_burst() {
        let mut r = Residency::new(2048);
        r.place(0, 96, &[]).expect("room");
        assert_eq!(r.place_pinned(1, 512), Some(Room { address: 512, evicted: vec![] }));
        assert_eq!(r.place(2, 384, &[]), Some(Room { address: 96, evicted: vec![] }));
        assert_eq!(r.place_pinned(3, 1024), Some(Room { address: 1024, evicted: vec![] }));
        assert_eq!(r.place(4, 32, &[]), Some(Room { address: 480, evicted: vec![] }));
    }

    #[test]
    fn gaps_are_used_again() {
        let mut r = Residency::new(128);
        for id in 0..4 {
            r.place(id, 32, &[]).expect("room");
        }
        r.remove(1);
        r.remove(2);
        assert_eq!(r.place(5, 64, &[]), Some(Room { address: 32, evicted: vec![] }));
        r.clear();
        assert_eq!(r.used(), 0);
    }
}
