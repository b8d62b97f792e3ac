//! The serial link: a card without PCIe, reached by a UART. The protocol is `gristmill_abi::serial`.
//!
//! ```text
//!  rx ── UartRx ── FrameReceiver ──┬── Responder ── AXI4-Lite ──┐
//!                                  └── Asker ─────── AXI4 h_ ───┤ card::Card
//!  tx ── UartTx ── FrameSender ────┴── (whose frame is next)    │
//!                                                irq, reset ────┘
//! ```
//!
//! [`Bridge`] is everything left of the card, [`SerialCard`] the whole, the top of a board.

pub mod asker;
pub mod bridge;
pub mod card;
pub mod crc;
pub mod frame_rx;
pub mod frame_tx;
pub mod model;
pub mod responder;
#[cfg(test)]
mod tests;
pub mod uart_rx;
pub mod uart_tx;

pub use asker::Asker;
pub use bridge::Bridge;
pub use card::SerialCard;
pub use crc::CrcStep;
pub use frame_rx::FrameReceiver;
pub use frame_tx::FrameSender;
pub use responder::Responder;
pub use uart_rx::UartRx;
pub use uart_tx::UartTx;

use thiserror::Error;

/// The least number of clocks a bit.
pub const LEAST_DIVISOR: u32 = 4;
/// The largest: what the counters hold.
pub const MOST_DIVISOR: u32 = 1 << 15;
/// The least wait before a question is sent again: the card must not talk into its own answer.
pub const LEAST_RETRY: u32 = 256;

/// How the link of a card is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialConfig {
    /// Clocks a bit.
    pub divisor: u32,
    /// Clocks without an answer, the line's busy ones not counted, after which the card asks again.
    pub retry_cycles: u32,
}

/// Why a link cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SerialError {
    /// The clock cannot make that rate.
    #[error("divisor {divisor}: choose {LEAST_DIVISOR} to {MOST_DIVISOR} clocks a bit (another clock or baud rate)")]
    Divisor {
        /// What was asked for.
        divisor: u32,
    },
    /// The rate comes out too far off for the other side to follow.
    #[error(
        "{baud} baud from a clock of {clock_hz} Hz: {divisor} clocks a bit are {off} per mille off; keep within 20"
    )]
    Baud {
        /// Bits a second asked for.
        baud: u32,
        /// The clock.
        clock_hz: u32,
        /// The nearest divisor.
        divisor: u32,
        /// How far off.
        off: u32,
    },
    /// The wait is too short.
    #[error("retry_cycles {retry_cycles}: choose {LEAST_RETRY} or more")]
    Retry {
        /// What was asked for.
        retry_cycles: u32,
    },
    /// The link has no card memory behind it.
    #[error(
        "configuration key `card_mem_bytes` is {bytes}: a card on the serial link has no memory of its own, choose 0"
    )]
    CardMemory {
        /// What was asked for.
        bytes: u64,
    },
}

impl SerialConfig {
    /// For a clock and a baud rate; asks again after a tenth of a second.
    ///
    /// # Errors
    /// [`SerialError`] if the clock cannot make the rate.
    pub fn for_clock(clock_hz: u32, baud: u32) -> Result<Self, SerialError> {
        let baud = baud.max(1);
        let divisor = (clock_hz + baud / 2) / baud;
        let config = SerialConfig { divisor, retry_cycles: (clock_hz / 10).max(LEAST_RETRY) };
        config.validate()?;
        let got = u64::from(divisor) * u64::from(baud);
        let off = got.abs_diff(clock_hz.into()) * 1000 / u64::from(clock_hz);
        if off > 20 {
            return Err(SerialError::Baud { baud, clock_hz, divisor, off: off as u32 });
        }
        Ok(config)
    }

    /// Checks both numbers.
    ///
    /// # Errors
    /// [`SerialError`] names the one that does not fit.
    pub fn validate(&self) -> Result<(), SerialError> {
        if !(LEAST_DIVISOR..=MOST_DIVISOR).contains(&self.divisor) {
            return Err(SerialError::Divisor { divisor: self.divisor });
        }
        if self.retry_cycles < LEAST_RETRY {
            return Err(SerialError::Retry { retry_cycles: self.retry_cycles });
        }
        Ok(())
    }
}
