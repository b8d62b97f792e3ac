//! Results that nobody has taken yet.
//!
//! The latest ones lie in a table of fixed size, so that a result which is taken soon costs no
//! allocation. One that lies until as many later ones have come moves to a shelf, which grows.

use super::Done;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Results {
    /// The result with sequence s at index s modulo the length, a power of two.
    recent: Box<[Option<(u64, Done)>]>,
    /// Older ones; all of them are older than what `recent` holds.
    shelf: BTreeMap<u64, Done>,
    untaken: usize,
    /// No result in `recent` is older than this.
    oldest: u64,
}

impl Results {
    /// Room for that many recent results, a power of two.
    pub(super) fn new(recent: usize) -> Self {
        Results { recent: vec![None; recent].into(), shelf: BTreeMap::new(), untaken: 0, oldest: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.untaken
    }

    fn slot(&self, sequence: u64) -> usize {
        sequence as usize & (self.recent.len() - 1)
    }

    /// Adds a result; sequences only grow, and without gaps but for [`shelve`](Self::shelve).
    pub(super) fn insert(&mut self, sequence: u64, done: Done) {
        let at = self.slot(sequence);
        if let Some((earlier, done)) = self.recent[at].replace((sequence, done)) {
            self.shelf.insert(earlier, done);
        }
        let is_first = self.untaken == self.shelf.len();
        let least = (sequence + 1).saturating_sub(self.recent.len() as u64);
        self.oldest = if is_first { sequence } else { self.oldest.max(least) };
        self.untaken += 1;
    }

    /// Puts all results on the shelf, before a gap in the sequence.
    pub(super) fn shelve(&mut self) {
        self.shelf.extend(self.recent.iter_mut().filter_map(Option::take));
    }

    /// Takes one result.
    pub(super) fn take(&mut self, sequence: u64) -> Option<Done> {
        let at = self.slot(sequence);
        let done = match self.recent[at] {
            Some((here, done)) if here == sequence => {
                self.recent[at] = None;
                done
            }
            _ => self.shelf.remove(&sequence)?,
        };
        self.untaken -= 1;
        Some(done)
    }

    /// Takes the oldest result.
    pub(super) fn take_any(&mut self) -> Option<(u64, Done)> {
        if let Some(shelved) = self.shelf.pop_first() {
            self.untaken -= 1;
            return Some(shelved);
        }
        if self.untaken == 0 {
            return None;
        }
        // All are within one length of the table from the oldest on.
        let found = (self.oldest..).take(self.recent.len()).find_map(|s| Some((s, self.take(s)?)))?;
        self.oldest = found.0 + 1;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gristmill_abi::completion::Status;
    use proptest::prelude::*;

    fn done(work: u64) -> Done {
        Done { opcode: 0, status: Status::Ok, detail: 0, cycles: 0, work }
    }

    proptest! {
        /// Any order of results, gaps and takings: as a plain map does it.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0u8..8, 0u64..12), 1..200), log in 1u32..4) {
            let (mut results, mut map, mut next) = (Results::new(1 << log), BTreeMap::new(), 0u64);
            for (step, number) in steps {
                match step {
                    0..=3 => {
                        results.insert(next, done(next));
                        map.insert(next, done(next));
                        next += 1;
                    }
                    4..=5 => {
                        let sequence = next.saturating_sub(number);
                        prop_assert_eq!(results.take(sequence), map.remove(&sequence));
                    }
                    6 => prop_assert_eq!(results.take_any(), map.pop_first()),
                    _ => {
                        results.shelve();
                        next += number;
                    }
                }
                prop_assert_eq!(results.len(), map.len());
            }
            while let Some(first) = map.pop_first() {
                prop_assert_eq!(results.take_any(), Some(first));
            }
            prop_assert_eq!(results.take_any(), None);
        }
    }
}
