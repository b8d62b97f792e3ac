//! The queue engine: registers, fetching and checking of descriptors, running of commands,
//! completions, reset, counters. `docs/card.md` tells how they work together.

pub mod checker;
pub mod counters;
pub mod fetcher;
pub mod registers;
pub mod sequencer;

pub use checker::Checker;
pub use counters::{Counters, Events};
pub use fetcher::Fetcher;
pub use registers::RegisterFile;
pub use sequencer::Sequencer;
