//! The card over a Unix socket: a server of the vfio-user protocol (version 0.1).
//!
//! Nothing that comes over the socket is trusted. Whole messages of bounded size are read before
//! anything is looked at, so a message that is wrong in itself leaves the stream in step; what is
//! refused is answered with an errno. Only a header whose size cannot be believed (below its own
//! 16 bytes) ends the connection. One client at a time; the next one finds the card clean.
//!
//! Not offered: DMA_READ and DMA_WRITE. A DMA window without a file descriptor is accepted, and
//! the card's accesses to it fault (the client would have to serve them; QEMU makes such windows
//! for other devices' BARs, which the card has no business in).

mod connection;
mod dispatch;
mod framing;
mod refusal;
mod server;
mod wire;

pub use connection::{Connection, Turn};
pub use dispatch::Answer;
pub use framing::{MAX_MESSAGE_BYTES, MAX_MESSAGE_FDS};
pub use refusal::Refusal;
pub use server::{Server, Stopper, serve};
pub use wire::Command;
