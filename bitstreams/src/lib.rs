//! From RustHDL to bitstreams: what stands behind `gristmill build` and `gristmill program`.
//!
//! `docs/bitstreams.md` tells the flow, `bitstreams/README.md` what lies in this folder.
#![forbid(unsafe_code)]

pub mod board;
pub mod config;
pub mod design;
pub mod error;
pub mod estimate;
pub mod flow;
pub mod formal;
pub mod hash;
pub mod images;
pub mod manifest;
pub mod netlist;
mod passes;
pub mod pll;
pub mod program;
pub mod tools;

pub use error::Error;
