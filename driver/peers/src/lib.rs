//! Hostile peers: what the fuzz targets in `driver/fuzz` do with their input.
//!
//! An input is a script of operations. Each body plays one side of an interface, in this process
//! and without waiting: no threads, no sockets with another process behind them, no sleeping. It
//! panics where a promise is broken, and otherwise says what the input [reached](Reached).
//!
//! | module | plays | against |
//! |---|---|---|
//! | [`server`] | clients of the vfio-user server | `gristmill-sim`: server, IOMMU, PCI function, protocol-only card |
//! | [`client`] | a vfio-user server | `gristmill-driver`: the vfio-user transport |
//! | [`card`] | a card behind the transport trait | `gristmill-driver`: bring-up, queue, time-outs, reset |
//!
//! [`serial`] is no target but a board for tests: the card's side of the serial link, over a line that
//! loses bytes.
//!
//! The same bodies replay the committed corpus in `tests/corpus.rs`, so every finding stays a
//! regression test that needs no fuzzer.
#![cfg(target_os = "linux")]
#![warn(missing_docs)]

#[macro_use]
mod reached;
#[macro_use]
mod script;
pub mod card;
pub mod client;
pub mod serial;
pub mod server;

pub use reached::Reached;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Runs one input.
    pub run: fn(&[u8]) -> Reached,
    /// Inputs written by hand, with names.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
    /// What the corpus as a whole has to reach.
    pub goals: fn() -> Vec<String>,
}

/// Every target.
pub const TARGETS: [Target; 3] = [
    Target { name: "vfio_user_server", run: server::run, seeds: server::seeds, goals: server::goals },
    Target { name: "vfio_user_client", run: client::run, seeds: client::seeds, goals: client::goals },
    Target { name: "completions", run: card::run, seeds: card::seeds, goals: card::goals },
];
