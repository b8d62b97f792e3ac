//! User-space driver of a Gristmill card.
//!
//! The driver knows the card by `gristmill-abi` alone. Read it from the wire upwards:
//!
//! | module | is |
//! |---|---|
//! | [`transport`] | the one trait between driver and card (registers, configuration, DMA windows, interrupt, reset), and its implementations |
//! | [`dma`] | memory that the card can reach: huge pages, I/O addresses, a pool of buffers |
//! | [`queue`] | submission and completion rings, time-outs in card cycles |
//! | [`card`] | bring-up, commands, counters, check-up, reset |
//! | [`asynchronous`] | waiting on tokio |
//! | `host` | the machine around the card: PCI scan, binding to vfio-pci, check-up (Linux) |
//! | [`name`] | device names |
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod asynchronous;
pub mod card;
pub mod dma;
mod error;
#[cfg(target_os = "linux")]
pub mod host;
pub mod name;
pub mod queue;
pub mod transport;

pub use asynchronous::AsyncCard;
pub use card::{Batch, Card, CardInfo, Command, Counters, Options, Place, Queue, ScalarForm, Wait};
pub use dma::{DmaBuffer, DmaSlice};
pub use error::Error;
pub use name::open;
pub use queue::{Done, Limits, Ticket, Tickets};
pub use transport::{Transport, TransportError};
