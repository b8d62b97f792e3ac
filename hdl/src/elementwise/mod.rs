//! Element-wise operations on vectors of a prime field: a + b, a - b, a * b, a * b - c.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | [`Elementwise`], the engine behind the streams |
//! | [`combine`] | [`Combine`], its arithmetic: RTL and twin |
//!
//! What a command means: `abi::command::Opcode::Elementwise`. Structure and figures: `docs/ntt.md`, "Vectors on the card".

pub mod combine;
pub mod engine;
#[cfg(test)]
mod tests;

pub use combine::Combine;
pub use engine::Elementwise;
