//! The buses: an AXI4-Lite slave for the registers, movers between AXI4 memories and streams of
//! words, and the arbiter that shares a read channel.
//!
//! All bursts are INCR, at most [`MAX_BEATS`] beats of 32 bytes, with one ID. A burst never
//! crosses a 512-byte boundary, hence no 4 KiB boundary either.

pub mod arbiter;
pub mod axi_lite;
pub mod reader;
pub mod stage;
pub mod writer;

pub use arbiter::ReadArbiter;
pub use axi_lite::AxiLiteSlave;
pub use reader::Reader;
pub use stage::Stage;
pub use writer::Writer;

/// Most beats in one burst.
pub const MAX_BEATS: u64 = 16;
/// Words that a reader holds or has asked for: eight full bursts in flight.
pub const READER_WORDS: usize = 128;
/// Words that the writer holds: two bursts being sent, two being gathered.
pub const WRITER_WORDS: usize = 64;
/// Bursts that the writer may have without a response.
pub const WRITER_BURSTS: u64 = 16;
/// Bursts that one read channel may have in flight.
pub const ROUTES: usize = 32;
