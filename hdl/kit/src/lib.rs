#![doc = include_str!("../README.md")]

pub mod cosim;
pub mod delay;
pub mod either;
pub mod fifo;
pub mod gate;
pub mod mem;
pub mod ports;
pub mod sim;
pub mod source_check;
pub mod twin;
pub mod verilator;
pub mod verilog;
pub mod word;

/// For macros of this crate.
#[doc(hidden)]
pub use paste;
#[doc(hidden)]
pub use rust_hdl;
