//! The card's RTL in RustHDL. A folder is a block: its RTL, its software model, its tests.
//!
//! Port contracts, the meaning of latency and of twins: `docs/architecture.md`.

pub mod bus;
pub mod card;
pub mod config;
pub mod curve;
pub mod elementwise;
pub mod field;
pub mod msm;
pub mod ntt;
pub mod queue;
pub mod serial;
