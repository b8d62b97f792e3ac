//! What can be wrong with a file.

use std::path::PathBuf;

/// A file that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}", file = .file.display())]
pub struct FormatError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The first four bytes.
    #[error("not a {expected} file: it begins with {found}, not with `{expected}`; check which file was given")]
    Magic {
        /// `zkey` or `wtns`.
        expected: &'static str,
        /// The bytes, readable.
        found: String,
    },
    /// The version.
    #[error("{format} version {found} is not supported, only {expected}; make the file again with a current snarkjs")]
    Version {
        /// `zkey` or `wtns`.
        format: &'static str,
        /// As in the file.
        found: u32,
        /// What is supported.
        expected: u32,
    },
    /// The file ends too early.
    #[error("truncated: {place} needs {needed} bytes, {available} are left; copy or make the file again")]
    Truncated {
        /// What was to be read.
        place: String,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are left.
        available: u64,
    },
    /// Bytes after the last section.
    #[error("{bytes} bytes follow the last section; copy or make the file again")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A section that must occur once occurs more often.
    #[error("section {id} ({name}) occurs twice; make the file again")]
    DuplicateSection {
        /// Its number.
        id: u32,
        /// Its content.
        name: &'static str,
    },
    /// A section that must occur does not.
    #[error("section {id} ({name}) is missing; make the file again (a .zkey must come from `snarkjs groth16 setup`)")]
    MissingSection {
        /// Its number.
        id: u32,
        /// Its content.
        name: &'static str,
    },
    /// A section's size is not what its content takes.
    #[error("section {id} ({name}) has {found} bytes where {what} take {expected}; make the file again")]
    SectionSize {
        /// Its number.
        id: u32,
        /// Its content.
        name: &'static str,
        /// Bytes.
        found: u64,
        /// Bytes that it must have.
        expected: u64,
        /// What it holds, with numbers.
        what: String,
    },
    /// Not Groth16.
    #[error("protocol {found} is not supported, only groth16; use `snarkjs groth16 setup`")]
    Protocol {
        /// Name or number.
        found: String,
    },
    /// Another curve or field.
    #[error("{place}: {found} is not BN254's ({expected}); compile the circuit for bn128")]
    Curve {
        /// Where.
        place: String,
        /// As in the file.
        found: String,
        /// BN254's.
        expected: String,
    },
    /// A number in a header that cannot be.
    #[error("{place}: {name} is {found}, but {rule}; make the file again")]
    Header {
        /// Where.
        place: String,
        /// Of the number.
        name: &'static str,
        /// As in the file.
        found: u64,
        /// What it must be.
        rule: String,
    },
    /// An element that is not reduced.
    #[error("{place}: {found} is not below the modulus of BN254's {field}; the file is damaged or of another curve")]
    NotCanonical {
        /// Where.
        place: String,
        /// As in the file (the stored residue).
        found: String,
        /// `base field` or `scalar field`.
        field: &'static str,
    },
    /// A point that is not on the curve.
    #[error("{place}: the point ({x}, {y}) is not on BN254's {group}; the file is damaged or of another curve")]
    OffCurve {
        /// Where.
        place: String,
        /// `G1` or `G2`.
        group: &'static str,
        /// Coordinate.
        x: String,
        /// Coordinate.
        y: String,
    },
    /// A point of the curve over Fq2 that is not in the group of order r.
    #[error("{place}: the point with x = {x} is on the curve but not in BN254's G2; do not trust this file")]
    WrongSubgroup {
        /// Where.
        place: String,
        /// Coordinate.
        x: String,
    },
    /// Infinity where it makes every proof valid, or none.
    #[error("{place}: the point at infinity is no key; do not trust this file")]
    Infinity {
        /// Where.
        place: String,
    },
    /// JSON that cannot be read.
    #[error("{reason}; expected {expected} as snarkjs writes it")]
    Json {
        /// What the parser says, or what is missing.
        reason: String,
        /// Which file this should be.
        expected: &'static str,
    },
    /// A number in JSON that is none.
    #[error("{place}: `{found}` is not a number; expected decimal digits in quotes, without leading zeros")]
    Decimal {
        /// Where.
        place: String,
        /// As in the file (its beginning).
        found: String,
    },
}
