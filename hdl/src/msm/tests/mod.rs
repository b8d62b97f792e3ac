//! The engine against its model and arkworks; its parts against theirs; Verilog against both.

mod bench;
mod distributions;
mod engine;

pub use bench::{Bench, Command, Outcome, Stalls};
