//! Base sets kept in host memory that the card reaches: those of a card without memory of its own,
//! and those that are larger than it. Least recently used evicted first.

use super::residency::{Residency, SetId};
use gristmill_driver::{DmaBuffer, DmaSlice, Place};
use std::collections::HashMap;

/// Most bytes of bases kept in this way: 2^24 points. They are pinned while they are kept.
pub(super) const MOST_BYTES: u64 = 1 << 30;

/// The sets that are kept, and their memory.
pub(super) struct Kept {
    /// Who takes how much of the budget; its addresses mean nothing here.
    budget: Residency,
    buffers: HashMap<SetId, DmaBuffer>,
}

impl Kept {
    /// None yet, and at most so many bytes ever.
    pub fn new(most_bytes: u64) -> Self {
        Kept { budget: Residency::new(most_bytes), buffers: HashMap::new() }
    }

    /// Whether a set of this size could be kept at all.
    pub fn fits(&self, bytes: u64) -> bool {
        self.budget.fits(bytes)
    }

    /// Whether a set is kept; that is no use of it.
    pub fn holds(&self, id: SetId) -> bool {
        self.buffers.contains_key(&id)
    }

    /// Whether a set is kept; it counts as used now.
    pub fn touch(&mut self, id: SetId) -> bool {
        self.buffers.contains_key(&id) && self.budget.touch(id).is_some()
    }

    /// Makes room for a set that fits; the number of sets that had to go. Commands that name them
    /// hold their memory until they have ended.
    pub fn make_room(&mut self, id: SetId, bytes: u64) -> usize {
        let evicted = self.budget.place(id, bytes, &[]).map_or(Vec::new(), |room| room.evicted);
        evicted.iter().for_each(|id| drop(self.buffers.remove(id)));
        evicted.len()
    }

    /// Keeps a set for which there is room.
    pub fn put(&mut self, id: SetId, buffer: DmaBuffer) {
        self.buffers.insert(id, buffer);
    }

    /// A part of a set as an operand; `None` if the set is not kept, or shorter.
    pub fn part(&self, id: SetId, offset: u64, len: u64) -> Option<Place> {
        let slice: DmaSlice = self.buffers.get(&id)?.slice(offset, len).ok()?;
        Some(Place::Host(slice))
    }

    /// Frees a set, if it is kept.
    pub fn remove(&mut self, id: SetId) {
        self.budget.remove(id);
        self.buffers.remove(&id);
    }

    /// Forgets everything: a card that went wrong may have written anywhere.
    pub fn clear(&mut self) {
        self.budget.clear();
        self.buffers.clear();
    }

    /// Is nothing kept?
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// Which sets are kept, in order.
    #[cfg(test)]
    pub fn sets(&self) -> Vec<SetId> {
        let mut ids: Vec<SetId> = self.buffers.keys().copied().collect();
        ids.sort_unstable();
        ids
    }
}
