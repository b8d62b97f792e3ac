//! How the other side of a message link can break its protocol.

/// A breach of the vfio-user protocol by the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum Breach {
    /// A header whose size cannot be.
    #[error("a message of {size} bytes, allowed are {least} to {most}")]
    Size { size: usize, least: usize, most: usize },
    /// Neither a command nor a reply.
    #[error("message type {kind}")]
    Type { kind: u32 },
    /// A reply to another command, or to one long answered.
    #[error("a reply to command {got:?} (number, id) after {sent:?}")]
    WrongReply { got: (u16, u16), sent: (u16, u16) },
    /// A reply without what was asked for.
    #[error("{got} bytes in reply to {what}, expected {least}")]
    ShortReply { what: &'static str, got: usize, least: usize },
    /// A reply while nothing was asked.
    #[error("a reply (id {id}) that nobody asked for")]
    UnaskedReply { id: u16 },
    /// Requests without end instead of a reply.
    #[error("{count} requests before the reply to {what}")]
    RequestsBeforeReply { count: usize, what: &'static str },
    /// Requests without end while the driver waits for an interrupt.
    #[error("{count} requests during one wait")]
    RequestsInWait { count: usize },
    /// A version text that cannot be read.
    #[error("its version text is no JSON: {problem}")]
    VersionText { problem: String },
    /// An access's echo is of another access.
    #[error("a {what}'s reply is not for what was asked")]
    Echo { what: &'static str },
}
