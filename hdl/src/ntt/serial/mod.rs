//! The digit-serial engine, for small parts: one multiplier makes all products, an operation every 17 cycles.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | [`SerialNtt`], the engine behind the streams |
//! | [`schedule`] | its control: addresses, order, hazards |
//! | [`unit`](mod@unit) | its arithmetic as it is wired |
//! | [`butterfly`] | [`SerialUnit`](butterfly::SerialUnit), the butterfly with one multiplier: RTL and twin |
//! | [`sums`] | the sums of the latter |
//! | [`factors`] | the sequence `s*g^i` that multiplies inputs or outputs |

pub mod butterfly;
pub mod engine;
pub mod factors;
pub mod schedule;
pub mod sums;
pub mod unit;

pub use engine::SerialNtt;
