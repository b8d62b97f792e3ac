//! Commands in flight: a table of one slot for each entry of the submission ring.

use super::Ticket;
use crate::dma::DmaSlice;

/// The memory that a command's operands name: it is not lent anew while this is held.
pub(crate) type Holds = [Option<DmaSlice>; 3];

/// A slot of the table.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) opcode: u8,
    /// Card cycles that the command may take.
    pub(super) budget: u64,
    pub(super) _holds: Holds,
}

/// A command in flight, for who watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) ticket: Ticket,
    pub(crate) opcode: u8,
    pub(crate) budget: u64,
}

/// The slots in use: `len` from `first` on, around the table's end.
#[derive(Debug)]
pub(super) struct Flights {
    slots: Box<[Slot]>,
    first: usize,
    len: usize,
}

impl Flights {
    /// A table of that many slots, a power of two.
    pub(super) fn new(slots: usize) -> Self {
        Flights { slots: (0..slots).map(|_| Slot::default()).collect(), first: 0, len: 0 }
    }

    /// Lets all go and begins at slot 0 again.
    pub(super) fn clear(&mut self) {
        while self.pop().is_some() {}
        self.first = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// Index of the oldest one's slot, or of the next one's if there is none.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// Index of the slot that the next one gets.
    pub(super) fn end(&self) -> usize {
        (self.first + self.len) & self.mask()
    }

    /// The oldest one.
    pub(super) fn oldest(&self) -> Option<&Slot> {
        (self.len > 0).then(|| &self.slots[self.first])
    }

    /// Adds one; there must be a free slot.
    pub(super) fn push(&mut self, slot: Slot) {
        debug_assert!(self.len < self.slots.len());
        let end = self.end();
        self.slots[end] = slot;
        self.len += 1;
    }

    /// Takes the oldest one and lets go of its memory; returns its opcode.
    pub(super) fn pop(&mut self) -> Option<u8> {
        if self.len == 0 {
            return None;
        }
        let slot = std::mem::take(&mut self.slots[self.first]);
        self.first = (self.first + 1) & self.mask();
        self.len -= 1;
        Some(slot.opcode)
    }
}
