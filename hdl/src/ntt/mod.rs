//! The number-theoretic transform: vectors of a prime field, on chip, radix 2.
//!
//! | file | holds |
//! |---|---|
//! | [`pipelined`] | [`PipelinedNtt`], a butterfly or more in every cycle, for elements of W bits |
//! | [`serial`] | [`SerialNtt`], with one digit-serial multiplier |
//! | [`vector_ntt`] | [`VectorNtt`], an engine of either kind, for either width |
//! | [`butterfly`] | [`Butterfly`] of 256-bit elements, pipelined: RTL and twin |
//! | [`goldilocks`] | the butterfly for Goldilocks, and the engine behind 256-bit words of four elements |
//! | [`columns`] | the model of commands with columns |
//! | [`params`] | fields with their generators, twiddle tables |
//! | [`cycles`] | how long a card takes, [`NttCycles`] |
//! | [`model`] | the software model |
//!
//! Structure, addressing and figures: `docs/ntt.md`.

pub mod butterfly;
pub mod columns;
pub mod cycles;
pub mod goldilocks;
pub mod model;
pub mod params;
pub mod pipelined;
pub mod serial;
#[cfg(test)]
mod tests;
pub mod vector_ntt;

pub use butterfly::Butterfly;
pub use cycles::NttCycles;
pub use goldilocks::PackedNtt;
pub use params::{VectorParams, BLS12_377_FR_VECTORS, BLS12_381_FR_VECTORS, BN254_FR_VECTORS, GOLDILOCKS_VECTORS};
pub use pipelined::PipelinedNtt;
pub use serial::SerialNtt;
pub use vector_ntt::VectorNtt;

/// The butterfly unit that the pipelined engine is built with. To put in another one, change this name: a
/// block with the ports of [`Butterfly`] (clock, a, b, w, x, y), one butterfly a cycle, any fixed
/// `latency()`, and `new(&FieldParams, Fidelity)`.
pub type ButterflyUnit = Butterfly;
