//! The queue engine: registers, queues and their arbiter, fetching and checking of descriptors,
//! running of commands, completions, reset, counters. `docs/card.md` tells how they work together.

pub mod bank;
pub mod batch;
pub mod checker;
pub mod counters;
pub mod fetcher;
pub mod model;
pub mod queues;
pub mod registers;
pub mod sequencer;

#[cfg(test)]
mod tests;

pub use bank::Bank;
pub use batch::Batch;
pub use checker::Checker;
pub use counters::{Counters, Events};
pub use fetcher::Fetcher;
pub use queues::Queues;
pub use registers::RegisterFile;
pub use sequencer::Sequencer;
