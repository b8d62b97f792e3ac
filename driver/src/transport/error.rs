//! What can go wrong on the way to a card.

use std::io;
use std::time::Duration;

/// Errors of a [`Transport`](super::Transport).
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The device could not be opened.
    #[error("cannot open {device}: {problem}; {way_out}")]
    Open {
        /// The device's name.
        device: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        way_out: String,
    },
    /// The other side is gone, or the link was given up after an earlier error.
    #[error("{device} is gone ({reason}); open it again")]
    Gone {
        /// The device's name.
        device: String,
        /// How it went.
        reason: String,
    },
    /// No answer in time.
    #[error("{device} did not answer {what} within {after:?}; the link is given up, open the device again")]
    Timeout {
        /// The device's name.
        device: String,
        /// What was asked.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The other side answered with an error.
    #[error("{device} refused {what}: {source}")]
    Refused {
        /// The device's name.
        device: String,
        /// What was asked, with its values.
        what: String,
        /// The error number that came back.
        source: io::Error,
    },
    /// The other side broke the protocol.
    #[error("{device} broke the protocol: {problem}; the link is given up, open the device again")]
    Protocol {
        /// The device's name.
        device: String,
        /// What was wrong.
        problem: super::Breach,
    },
    /// A call that the device cannot serve, such as an offset outside its BAR.
    #[error("{device}: {problem}")]
    Invalid {
        /// The device's name.
        device: String,
        /// What was wrong with it.
        problem: String,
    },
    /// An operating system call failed.
    #[error("{device}: {what}: {source}; {way_out}")]
    Os {
        /// The device's name.
        device: String,
        /// What was tried.
        what: String,
        /// The system's error.
        source: io::Error,
        /// What to do.
        way_out: &'static str,
    },
    /// An error of another implementation, such as a simulator in this process.
    #[error("{device}: {source}")]
    Other {
        /// The device's name.
        device: String,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
