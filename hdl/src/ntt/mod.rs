//! The number-theoretic transform: vectors of a prime field, on chip, radix 2.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | [`Ntt`], the engine behind the streams, for elements of W bits |
//! | [`schedule`] | its control: addresses, order, hazards |
//! | [`unit`] | its arithmetic, pipelined or digit-serial, behind the same ports |
//! | [`butterfly`] | [`Butterfly`], pipelined: RTL and twin |
//! | [`serial_unit`] | [`SerialUnit`](serial_unit::SerialUnit), with one digit-serial multiplier: RTL and twin |
//! | [`serial_sums`] | the sums of the latter |
//! | [`goldilocks`] | the unit for Goldilocks, and the engine behind 256-bit words of four elements |
//! | [`vector_ntt`] | [`VectorNtt`], an engine for either |
//! | [`factors`] | the sequence `s*g^i` that multiplies inputs or outputs |
//! | [`columns`] | the model of commands with columns |
//! | [`params`] | fields with their generators, twiddle tables |
//! | [`cycles`] | how long a card takes, [`NttCycles`] |
//! | [`model`] | the software model |
//!
//! Structure, addressing and figures: `docs/ntt.md`.

pub mod butterfly;
pub mod columns;
pub mod cycles;
pub mod engine;
pub mod factors;
pub mod goldilocks;
pub mod model;
pub mod params;
pub mod schedule;
pub mod serial_sums;
pub mod serial_unit;
#[cfg(test)]
mod tests;
pub mod unit;
pub mod vector_ntt;

pub use butterfly::Butterfly;
pub use cycles::NttCycles;
pub use engine::Ntt;
pub use goldilocks::PackedNtt;
pub use params::{VectorParams, BLS12_377_FR_VECTORS, BLS12_381_FR_VECTORS, BN254_FR_VECTORS, GOLDILOCKS_VECTORS};
pub use vector_ntt::VectorNtt;

/// The engine for elements of 256 bits.
pub type Ntt256 = Ntt<256>;
/// The engine for elements of 64 bits.
pub type Ntt64 = Ntt<64>;

/// The butterfly unit that the pipelined engine is built with. To put in another one, change this name: a
/// block with the ports of [`Butterfly`] (clock, a, b, w, x, y), one butterfly a cycle, any fixed
/// `latency()`, and `new(&FieldParams, Fidelity)`.
pub type ButterflyUnit = Butterfly;
