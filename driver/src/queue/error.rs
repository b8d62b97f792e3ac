//! What a completion can be wrong in.

/// A completion that does not fit the commands in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum QueueError {
    /// Nothing was in flight.
    #[error("a completion for command id {id} while nothing is in flight")]
    Unexpected { id: u16 },
    /// No command with this id is in flight.
    #[error("a completion for command id {id}, which nobody submitted")]
    UnknownId { id: u16 },
    /// The command had completed before.
    #[error("a second completion for command id {id}")]
    Duplicate { id: u16 },
    /// The command is in flight, but not the oldest.
    #[error("a completion for command id {id} before that of {expected}")]
    OutOfOrder { id: u16, expected: u16 },
    /// The doorbell for the command was not rung yet.
    #[error("a completion for command id {id}, whose doorbell was not rung")]
    Early { id: u16 },
    /// No such status code.
    #[error("status code {code} for command id {id}, which does not exist")]
    BadStatus { id: u16, code: u8 },
    /// Not the epoch of this queue.
    #[error("a completion of epoch {epoch} for command id {id}, expected epoch {expected}")]
    WrongEpoch { id: u16, epoch: u32, expected: u32 },
    /// A submission head outside what was announced.
    #[error("submission head {head} with the completion of id {id}, possible are {after} to {tail}")]
    BadHead { id: u16, head: u16, after: u32, tail: u32 },
}
