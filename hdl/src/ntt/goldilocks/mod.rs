//! Transforms in Goldilocks: 64-bit elements inside, four of them in each 256-bit word outside.
//!
//! | file | holds |
//! |---|---|
//! | [`packed`] | [`PackedNtt`], the pipelined engine of 64-bit words behind the ports of that of 256-bit words |
//! | [`spread`], [`gather`] | four elements out of a word, and back |
//! | [`butterfly`] | [`GoldilocksButterfly`]: RTL and twin |

pub mod butterfly;
pub mod gather;
pub mod packed;
pub mod spread;

pub use butterfly::GoldilocksButterfly;
pub use gather::Gather;
pub use packed::PackedNtt;
pub use spread::Spread;
