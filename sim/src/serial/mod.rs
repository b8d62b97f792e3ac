//! A board in simulation: the card behind a UART, the UART behind a pseudo-terminal.
//!
//! [`Board`] is the RTL of `hdl::serial::SerialCard` with its pins `rx` and `tx` driven bit by bit;
//! [`serve`] carries the bytes to and from a pseudo-terminal, which a driver opens as any serial
//! port. The clock runs in step with the line: see [`Board::needs_clock`] and [`serve`].

mod board;
mod line;
mod pty;
mod rtl;
mod server;
#[cfg(test)]
mod tests;

pub use board::{Board, Counts};
pub use line::{FaultyLine, LineFaults};
pub use server::{Server, serve};

use crate::options::EngineKind;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl::serial::SerialConfig;

/// How to build a [`Board`].
#[derive(Clone, Debug)]
pub struct BoardOptions {
    /// The card; it must have no memory of its own.
    pub config: CardConfig,
    /// What simulates it: native or Verilator.
    pub engine: EngineKind,
    /// Leave the MSM and NTT engines out.
    pub without_engines: bool,
    /// Clocks a bit.
    pub divisor: u32,
    /// What the line does to bytes.
    pub faults: LineFaults,
}

/// Clocks without an answer after which a simulated card asks again: longer than an answer takes to
/// begin, short enough to be simulated.
pub const RETRY_CYCLES: u32 = 8192;

impl BoardOptions {
    /// A board of this configuration, native, four clocks a bit, with a good line.
    pub fn native(config: CardConfig) -> Self {
        let engine = EngineKind::Native(gristmill_hdl_kit::twin::Fidelity::Twin);
        BoardOptions { config, engine, without_engines: false, divisor: 4, faults: LineFaults::default() }
    }

    /// The link.
    pub fn serial(&self) -> SerialConfig {
        SerialConfig { divisor: self.divisor, retry_cycles: RETRY_CYCLES }
    }
}
