//! Gristmill's host library: multi-scalar multiplication (MSM) over BN254, BLS12-381 and BLS12-377,
//! number-theoretic transforms (NTT) over their scalar fields and Goldilocks, and Groth16 proofs over BN254, done by an FPGA
//! card, a simulated card, or the CPU.
//!
//! * [`Device`] is where the work is done: `Device::open("auto", &Options::default())`.
//! * [`groth16::ZkeyProver`] proves from snarkjs' `.zkey` and `.wtns`, [`groth16::ArkProver`] from
//!   an arkworks proving key and circuit. Both keep their bases resident on the device.
//! * [`domain`] puts a device's transforms behind arkworks' `EvaluationDomain`.
//! * [`verify`](mod@verify) checks proofs, [`formats`] reads and writes snarkjs' files.
//!
//! Types are those of arkworks 0.6. Nothing here panics on input: what is wrong comes back as an
//! [`Error`] that names the thing, the value and the way out.
#![warn(missing_docs)]

pub mod check;
pub mod cpu;
mod curve;
pub mod device;
pub mod domain;
mod error;
mod field;
pub mod formats;
pub mod groth16;
mod report;
pub mod split;
pub mod verify;

pub use curve::{Curve, MsmCurve};
pub use device::{
    Bases, Check, Device, Fallback, GoldilocksTransform, Info, Operation, Options, Order, Second, Step, TimeOuts,
    Transform, Vector, Wait, Waves,
};
pub use error::{Error, ErrorKind, Result};
pub use field::{Field, NttField};
pub use report::{Bytes, Choice, Place, Report, Stage, Stalls};
