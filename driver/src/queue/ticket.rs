//! Handles of commands, and how commands ended.

use gristmill_abi::completion::Status;

/// Handle of a submitted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(crate) queue: u8,
    pub(crate) sequence: u64,
    /// Resets that this driver has done; the card's own epoch may start anew with it.
    pub(crate) generation: u64,
}

impl Ticket {
    /// The queue that the command was submitted to.
    pub fn queue(self) -> usize {
        self.queue.into()
    }
}

/// Handles of commands that were submitted one after the other, in their order. It is a range, so
/// it costs no memory however many they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tickets {
    queue: u8,
    first: u64,
    end: u64,
    generation: u64,
}

impl Tickets {
    /// `count` commands from `first` on.
    pub(crate) fn new(first: Ticket, count: usize) -> Self {
        let Ticket { queue, sequence, generation } = first;
        Tickets { queue, first: sequence, end: sequence + count as u64, generation }
    }
}

impl Iterator for Tickets {
    type Item = Ticket;

    fn next(&mut self) -> Option<Ticket> {
        let ticket = Ticket { queue: self.queue, sequence: self.first, generation: self.generation };
        (self.first < self.end).then(|| {
            self.first += 1;
            ticket
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.first) as usize;
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Tickets {
    fn next_back(&mut self) -> Option<Ticket> {
        (self.first < self.end).then(|| {
            self.end -= 1;
            Ticket { queue: self.queue, sequence: self.end, generation: self.generation }
        })
    }
}

impl ExactSizeIterator for Tickets {}
impl std::iter::FusedIterator for Tickets {}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Opcode of the command.
    pub opcode: u8,
    /// Its status.
    pub status: Status,
    /// Index of the first bad scalar, for [`Status::ScalarRange`].
    pub detail: u32,
    /// Card cycles from fetch to completion.
    pub cycles: u64,
    /// Useful additions, butterflies or words.
    pub work: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_come_in_order_from_both_ends() {
        let first = Ticket { queue: 1, sequence: 7, generation: 2 };
        let mut tickets = Tickets::new(first, 3);
        assert_eq!(tickets.len(), 3);
        assert_eq!(tickets.next(), Some(first));
        assert_eq!(tickets.next_back().map(|t| t.sequence), Some(9));
        assert_eq!((tickets.next().map(|t| t.sequence), tickets.next_back(), tickets.next()), (Some(8), None, None));
    }
}
