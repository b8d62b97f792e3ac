//! Transforms in Goldilocks: 64-bit elements inside, four of them in each 256-bit word outside.
//!
//! | file | holds |
//! |---|---|
//! | [`packed`] | [`PackedNtt`], [`Ntt64`](super::Ntt64) behind the ports of [`Ntt256`](super::Ntt256) |
//! | [`spread`], [`gather`] | four elements out of a word, and back |
//! | [`unit`](mod@unit) | [`GoldilocksUnit`], the arithmetic |
//! | [`butterfly`] | [`GoldilocksButterfly`]: RTL and twin |

pub mod butterfly;
pub mod gather;
pub mod packed;
pub mod spread;
pub mod unit;

pub use butterfly::GoldilocksButterfly;
pub use gather::Gather;
pub use packed::PackedNtt;
pub use spread::Spread;
pub use unit::GoldilocksUnit;
