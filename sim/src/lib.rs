//! The card as a simulated PCI device.
//!
//! [`SimCard`] is the whole device in one process: PCI configuration space, BARs, MSI-X, an IOMMU
//! window table in front of host memory, card memory, and behind them the card itself.
//! [`vfio_user::Server`] serves the same object over a Unix socket. What is modelled, what is not,
//! and how the clock runs: `docs/simulator.md`.
//!
//! | module | is |
//! |---|---|
//! | [`card`] | [`SimCard`]: configuration and BAR accesses, DMA windows, interrupts, stepping, reset |
//! | [`options`] | what to build: engine, configuration, timing, waveforms, faults |
//! | [`engine`] | the RTL, natively or under Verilator, or its netlist, cycle by cycle; waveforms |
//! | [`shell`] | what a board puts around the RTL: buses, memories, clock, reset |
//! | [`pci`] | configuration space and MSI-X |
//! | [`iommu`] | DMA windows with permissions, and the faults they raise |
//! | [`memory`] | card memory |
//! | [`protocol_only`] | a card without engines or clock: registers, queues, COPY and ZERO |
//! | [`fault`] | faults injected for tests of the layers above |
//! | [`serial`] | a board behind a UART and a pseudo-terminal, instead of a PCI device |
//! | [`vfio_user`] | the vfio-user server |
//!
//! The crate is for Linux (file descriptors as DMA memory, eventfds) and empty elsewhere.
#![cfg(target_os = "linux")]
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod bus;
pub mod card;
pub mod engine;
pub mod error;
pub mod fault;
pub mod iommu;
pub mod memory;
pub mod options;
pub mod pci;
pub mod protocol_only;
pub mod serial;
pub mod shell;
pub mod vfio_user;

pub use card::{SimCard, Step};
pub use engine::Waves;
pub use error::SimError;
pub use iommu::Access;
pub use options::{EngineKind, Options};
pub use shell::Timing;
