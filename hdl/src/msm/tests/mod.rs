//! The engine against its model and arkworks; its parts against theirs; Verilog against both.

mod bench;
mod blocks;
mod distributions;
mod engine;
mod verilog;

use bench::{Bench, Command, Stalls};
