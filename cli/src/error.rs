//! Errors of the command line: exit code 2, but for designs and boards that fail (1).

use std::path::PathBuf;

/// What a command can fail with.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An error of the library, which says all.
    #[error(transparent)]
    Library(#[from] gristmill::Error),
    /// The driver failed, at a command that uses it without the library.
    #[error(transparent)]
    Driver(#[from] gristmill_driver::Error),
    /// The host around a card.
    #[error(transparent)]
    Host(#[from] gristmill_driver::host::HostError),
    /// From configuration to board.
    #[cfg(feature = "bitstreams")]
    #[error(transparent)]
    Bitstreams(#[from] gristmill_bitstreams::Error),
    /// The simulator failed.
    #[cfg(feature = "sim")]
    #[error(transparent)]
    Sim(#[from] gristmill_sim::SimError),
    /// What was copied to the card and back is not what it was.
    #[error("{device}: {bytes} bytes that were copied through the card came back changed: do not use this device")]
    Corrupt {
        /// The device.
        device: String,
        /// Bytes copied.
        bytes: u64,
    },
    /// A command for which this build has no simulator.
    #[cfg(not(feature = "sim"))]
    #[error(
        "this build has no simulator: `gristmill {command}` needs the feature `sim` (cargo build without --no-default-features)"
    )]
    NoSimulator {
        /// The command.
        command: &'static str,
    },
    /// An argument whose value is not offered.
    #[error("--{option} {value}: not offered; use {choices}")]
    NotOffered {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What is offered.
        choices: &'static str,
    },
    /// A card, or a configuration of one, with another curve.
    #[error("--curve {curve}: the curve of {of} is {has}; use --curve {has}, {or}")]
    Curve {
        /// The curve asked for.
        curve: &'static str,
        /// The device or configuration.
        of: String,
        /// Its curve.
        has: String,
        /// The other way out.
        or: &'static str,
    },
    /// The device's result differs from the CPU's.
    #[error("{device}: the result of this {op} is wrong (the CPU gets another): do not use this device")]
    Wrong {
        /// The device.
        device: String,
        /// The operation.
        op: &'static str,
    },
    /// A card without the engine that was to be measured.
    #[error(
        "{device} has no {op} engine to measure (`gristmill info --device {device}` shows what it has); use --device cpu or another card"
    )]
    NoEngine {
        /// The device.
        device: String,
        /// The operation.
        op: &'static str,
    },
    /// Files that must differ and do not.
    #[error("{output} is both {what} and {other}: name different files", output = .output.display())]
    SameFile {
        /// The file.
        output: PathBuf,
        /// What it is to be.
        what: &'static str,
        /// What it is besides.
        other: &'static str,
    },
    /// A file or socket.
    #[error("{path}: {what}: {source}", path = .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The example files that `demo` carries cannot be used.
    #[cfg(feature = "sim")]
    #[error("demo: {0}")]
    Demo(String),
}

impl CliError {
    /// What the command ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            #[cfg(feature = "bitstreams")]
            CliError::Bitstreams(error) => error.exit_code(),
            _ => 2,
        }
    }
}
