//! Why a card behind a serial port cannot be had.

use std::io;
use std::time::Duration;

/// Errors of opening a serial port and the card behind it. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// There is no such file.
    #[error("there is no {path}; plug the board in and look for its port with `ls -l /dev/serial/by-id`")]
    NoPort {
        /// The port's path.
        path: String,
    },
    /// The user may not open it.
    #[error(
        "no permission for {path}; join the group that owns it (`sudo usermod -aG dialout $USER` on most systems) \
         and log in again"
    )]
    Permission {
        /// The port's path.
        path: String,
    },
    /// The file is something else.
    #[error("{path} is no serial port; name a terminal device such as /dev/ttyUSB0")]
    NotATty {
        /// The path.
        path: String,
    },
    /// Another process has it.
    #[error("{path} is in use by another process; close that first (`fuser -v {path}` shows it)")]
    Busy {
        /// The port's path.
        path: String,
    },
    /// The port does not do this speed.
    #[error(
        "{path} does not do {baud} baud ({problem}); write @BAUD behind the path with a speed that board and adapter share"
    )]
    Baud {
        /// The port's path.
        path: String,
        /// What was asked for.
        baud: u32,
        /// What came of it.
        problem: String,
    },
    /// A system call failed.
    #[error("{what} {path}: {source}; unplug the board and plug it in again")]
    System {
        /// What was tried.
        what: &'static str,
        /// The port's path.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// Nobody answers HELLO.
    #[error(
        "the board does not answer ({tries} tries in {after:.1?}, {came}); check the cable, that the board is \
         programmed, and that it runs at {baud} baud"
    )]
    Silent {
        /// HELLOs sent.
        tries: u32,
        /// In this time.
        after: Duration,
        /// What came instead.
        came: String,
        /// The speed.
        baud: u32,
    },
    /// Another version of the link's protocol.
    #[error(
        "the board speaks version {theirs} of the serial link, this driver version {ours}; {}",
        if theirs < ours { "program the board with a newer bitstream" } else { "update the driver" }
    )]
    Version {
        /// The board's.
        theirs: u8,
        /// This driver's.
        ours: u8,
    },
}
