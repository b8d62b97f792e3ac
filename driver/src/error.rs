//! Errors of the driver.

use crate::dma::DmaError;
use crate::queue::QueueError;
use crate::transport::TransportError;
use gristmill_abi::command::Opcode;
use gristmill_abi::completion::Status;
use std::time::Duration;

/// Any error of the driver. [`needs_reset`](Self::needs_reset) and [`is_gone`](Self::is_gone) say
/// what can be done.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum Error {
    /// The way to the card failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No DMA memory, or an access outside it.
    #[error(transparent)]
    Dma(#[from] DmaError),
    /// The card answered garbage.
    #[error("{device} answered garbage in queue {queue}: {source}; reset the card, and do not trust its results")]
    Queue { device: String, queue: u8, source: QueueError },
    /// A device name that nobody understands.
    #[error("no device is called {name:?}: {problem}; write {expected}")]
    Name { name: String, problem: String, expected: &'static str },
    /// The device reads as all ones: unplugged, powered off, or its link is down.
    #[error("{device} is gone (it reads as all ones); check its power and link, then open it again")]
    Gone { device: String },
    /// The device is not a Gristmill card.
    #[error(
        "{device} is no Gristmill card: its ID register reads {id:#010x}, not 0x47525354; check the address and that the card is programmed"
    )]
    NotACard { device: String, id: u32 },
    /// The card's register map is of another generation.
    #[error(
        "{device} speaks version {}.{} of the card's interface, this driver version {}.{}; update {older}",
        .card.0, .card.1, .driver.0, .driver.1
    )]
    Version { device: String, card: (u16, u16), driver: (u16, u16), older: &'static str },
    /// A capability register holds what no card can have.
    #[error("{device} reports an impossible capability: {register} = {value:#x} ({problem}); program the card again")]
    Capability { device: String, register: &'static str, value: u64, problem: &'static str },
    /// A command used up its cycles.
    #[error("{device} did not finish {what} within {budget} card cycles ({cycles} went by); reset the card")]
    TimedOut { device: String, what: String, cycles: u64, budget: u64 },
    /// The card's cycle counter stands still, or everything takes too long by the wall clock.
    #[error("{device} makes no progress with {what}: waited {after:?} of wall-clock time, {problem}; reset the card")]
    Stalled { device: String, what: String, after: Duration, problem: &'static str },
    /// The card stopped one of its queues.
    #[error(
        "{device} stopped queue {queue}: it could not read a descriptor or write a completion; restart the queue or reset the card"
    )]
    QueueStopped { device: String, queue: u8 },
    /// A reset did not take.
    #[error("{device} cannot be reset: {problem}; power-cycle it or program it again")]
    ResetFailed { device: String, problem: String },
    /// A command ended with an error; the card goes on.
    #[error("command {} ended with {} ({}){}", opcode_name(*.opcode), .status.name(), meaning(*.status), detail_text(*.status, *.detail))]
    Command { opcode: u8, status: Status, detail: u32 },
    /// The card does not offer this operation.
    #[error("{device} does not offer {what}; use another card or the CPU")]
    NotOffered { device: String, what: String },
    /// A host operand is shorter than the command's use of it.
    #[error("operand {operand} of {what} needs {needs} bytes, its buffer has {has}; pass a longer one")]
    ShortOperand { what: &'static str, operand: &'static str, needs: u64, has: u64 },
    /// A count that no command can have.
    #[error("{what} of {count} cannot be: {problem}")]
    BadCount { what: &'static str, count: u64, problem: &'static str },
    /// The ring is full; only `try_submit` says so.
    #[error("the submission ring is full ({entries} commands in flight); wait for one first")]
    RingFull { entries: usize },
    /// A queue that this card is not driven with.
    #[error("{device} has no queue {queue} open, only {queues} from 0 on; open it with more, if it has more")]
    NoQueue { device: String, queue: usize, queues: usize },
    /// The command was in flight at a reset, or when its queue was restarted.
    #[error("the command was lost in a reset of the card or its queue; submit it again")]
    Stale,
    /// A ticket that was waited for already, or is another card's.
    #[error("no command with this ticket is in flight or done: it was waited for already")]
    UnknownTicket,
    /// A bad ring size.
    #[error("a ring of 2^{log} entries cannot be; choose 2^1 to 2^12")]
    RingSize { log: u32 },
    /// Waiting needs a runtime that is not there.
    #[error("cannot wait asynchronously: {0}")]
    Async(String),
}

impl Error {
    /// The card may be used again after [`Card::reset`](crate::card::Card::reset).
    pub fn needs_reset(&self) -> bool {
        matches!(
            self,
            Error::Queue { .. } | Error::TimedOut { .. } | Error::Stalled { .. } | Error::QueueStopped { .. }
        )
    }

    /// The way to the card is lost: only opening it again can help.
    pub fn is_gone(&self) -> bool {
        let transport = match self {
            Error::Transport(e) | Error::Dma(DmaError::Transport(e)) => e,
            other => return matches!(other, Error::Gone { .. } | Error::ResetFailed { .. }),
        };
        use TransportError::{Gone, Protocol, Timeout};
        matches!(transport, Gone { .. } | Timeout { .. } | Protocol { .. })
    }
}

/// Name of an opcode as it stands in a descriptor.
pub(crate) fn opcode_name(opcode: u8) -> &'static str {
    Opcode::ALL.iter().find(|o| **o as u8 == opcode).map_or("with an unknown opcode", |o| o.name())
}

fn meaning(status: Status) -> &'static str {
    let doc = Status::ALL.iter().find(|(s, ..)| *s == status).map_or("", |(.., doc)| doc.trim());
    doc.trim_end_matches('.')
}

fn detail_text(status: Status, detail: u32) -> String {
    if status == Status::ScalarRange { format!(": scalar {detail}") } else { String::new() }
}
