//! What can go wrong, by who has to act on it.

use std::path::PathBuf;

/// Result of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who has to act on an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller: a malformed file, a wrong length, a bad option.
    Input,
    /// The caller: the witness does not satisfy the circuit.
    Unsatisfied,
    /// The operating system: a file that cannot be read or written.
    Io,
    /// The operator: a device that is missing, failed, or gave a wrong answer.
    Device,
    /// Us: a bug.
    Internal,
}

/// Any error of this library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A device name that is none.
    #[error(
        "device `{name}`: {problem}; use auto, cpu, sim, sim:verilator, sim:netlist, vfio:BDF (such as vfio:0000:03:00.0), \
         vfio-user:SOCKET, or serial:PORT[@BAUD] (such as serial:/dev/ttyUSB0@3000000)"
    )]
    DeviceName {
        /// As given.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The device is not there, or this build cannot reach it.
    #[error("device `{device}` is not available: {reason}")]
    DeviceUnavailable {
        /// The device's name.
        device: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The environment asks for a CPU engine that is not there.
    #[error(transparent)]
    CpuEngine(#[from] gristmill_cpu::EngineError),
    /// A configuration of the simulated card that is wrong.
    #[error("configuration `{config}`: {problem}")]
    Config {
        /// Name or file.
        config: String,
        /// What is wrong, and the way out.
        problem: String,
    },
    /// The device failed at a task and the policy forbids the CPU.
    #[error("device `{device}` failed at {task}: {source}; fall-back to the CPU is off (fall-back `auto` allows it)")]
    DeviceFailed {
        /// The device's name.
        device: String,
        /// What it was to do.
        task: String,
        /// What happened.
        source: crate::device::EngineError,
    },
    /// The device gave a wrong answer. It is quarantined.
    #[error(
        "device `{device}` gave a wrong answer at {task}: {detail}; it is quarantined (check the card, then open it \
         again, or use the device `cpu`)"
    )]
    WrongAnswer {
        /// The device's name.
        device: String,
        /// What it was to do.
        task: String,
        /// How it was found out.
        detail: String,
    },
    /// The device gave a wrong answer before.
    #[error("device `{device}` is quarantined: {reason}; check the card, then open it again, or use the device `cpu`")]
    Quarantined {
        /// The device's name.
        device: String,
        /// What happened.
        reason: String,
    },
    /// A base that is not on the curve.
    #[error("base {index} is not on the curve {curve}: check where the bases come from")]
    BaseOffCurve {
        /// The first such base.
        index: usize,
        /// The curve's name.
        curve: &'static str,
    },
    /// A base that is on the curve, but not in the subgroup of prime order that a card computes in.
    #[error(
        "base {index} is on the curve {curve}, but not in its subgroup of prime order, and the card's formulas hold \
         only there: check where the bases come from, or use the device `cpu`"
    )]
    BaseOutsideSubgroup {
        /// The first such base.
        index: usize,
        /// The curve's name.
        curve: &'static str,
    },
    /// Numbers of scalars and bases differ.
    #[error("MSM of {scalars} scalars over {bases} bases: the numbers must be equal")]
    MsmLength {
        /// Number of scalars given.
        scalars: usize,
        /// Number of bases in the handle.
        bases: usize,
    },
    /// A vector whose length is no power of two, or too long.
    #[error("NTT of {length} elements over {field}: the length must be a power of two from 1 to 2^{most}")]
    NttLength {
        /// Elements given.
        length: usize,
        /// The field's name.
        field: &'static str,
        /// log2 of the most elements.
        most: u32,
    },
    /// A vector over Goldilocks whose length is no power of two, or too long.
    #[error("NTT of {length} elements over goldilocks: the length must be a power of two from 1 to 2^32")]
    GoldilocksLength {
        /// Elements given.
        length: usize,
    },
    /// Zero is no coset generator.
    #[error("NTT on the coset of 0: the coset's generator must not be zero")]
    ZeroCoset,
    /// Bases that were uploaded to another device.
    #[error("these bases belong to device `{bases}`, not `{device}`: upload them to the device that is to use them")]
    ForeignBases {
        /// The device asked.
        device: String,
        /// The device that holds the bases.
        bases: String,
    },
    /// A vector of another device.
    #[error("this vector belongs to device `{vector}`, not `{device}`: bring it to the device that is to use it")]
    ForeignVector {
        /// The device asked.
        device: String,
        /// The device that holds the vector.
        vector: String,
    },
    /// A step of a program on vectors that cannot be done.
    #[error("step {step} of the program on vectors: {problem}; vectors of a step are there and of one length")]
    VectorStep {
        /// Its index.
        step: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: cannot {action}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `open`, `read`, `write`...
        action: &'static str,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error(transparent)]
    Format(#[from] crate::formats::FormatError),
    /// A witness of another circuit.
    #[error(
        "the witness has {found} values, the circuit {expected}: it belongs to another circuit (or another version)"
    )]
    WitnessLength {
        /// Values in the witness.
        found: usize,
        /// Variables of the circuit, the constant one included.
        expected: usize,
    },
    /// A witness that does not begin with one.
    #[error("the witness does not begin with the value 1: make it again with the circuit's witness generator")]
    WitnessOne,
    /// A witness that does not satisfy the circuit.
    #[error(
        "the witness does not satisfy the circuit{}: make it again with the generator of this very circuit and key",
        .constraint.map(|i| format!(" (constraint {i})")).unwrap_or_default()
    )]
    Unsatisfied {
        /// The first constraint that does not hold, where it is known.
        constraint: Option<usize>,
    },
    /// Public signals of another circuit.
    #[error("{found} public signals, but the verification key is for {expected}: they belong to different circuits")]
    PublicLength {
        /// Signals given.
        found: usize,
        /// Signals that the key takes.
        expected: usize,
    },
    /// A proving key that contradicts itself.
    #[error("proving key: {0}; generate it again")]
    KeyShape(String),
    /// A circuit that is not the proving key's.
    #[error("the circuit is not the proving key's: {0}; generate the key for this circuit")]
    CircuitMismatch(String),
    /// A circuit that cannot be synthesised.
    #[error("the circuit cannot be synthesised: {0}")]
    Synthesis(String),
    /// No randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(String),
    /// A bug in this library.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl Error {
    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::DeviceName { .. }
            | Error::BaseOffCurve { .. }
            | Error::BaseOutsideSubgroup { .. }
            | Error::Config { .. }
            | Error::CpuEngine(_)
            | Error::MsmLength { .. }
            | Error::NttLength { .. }
            | Error::GoldilocksLength { .. }
            | Error::ZeroCoset
            | Error::Format(_)
            | Error::WitnessLength { .. }
            | Error::WitnessOne
            | Error::PublicLength { .. }
            | Error::KeyShape(_)
            | Error::CircuitMismatch(_)
            | Error::Synthesis(_)
            | Error::ForeignBases { .. }
            | Error::ForeignVector { .. }
            | Error::VectorStep { .. } => ErrorKind::Input,
            Error::DeviceUnavailable { .. }
            | Error::DeviceFailed { .. }
            | Error::WrongAnswer { .. }
            | Error::Quarantined { .. } => ErrorKind::Device,
            Error::Unsatisfied { .. } => ErrorKind::Unsatisfied,
            Error::Io { .. } | Error::Randomness(_) => ErrorKind::Io,
            Error::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The exit code of a program that ends because of this error: 2 (1 is an invalid proof).
    pub fn exit_code(&self) -> u8 {
        2
    }
}
