//! Groth16 over BN254 (Groth, *On the Size of Pairing-based Non-interactive Arguments*,
//! EUROCRYPT 2016, section 3.2), with two entrances to one prover:
//!
//! * [`ZkeyProver`]: snarkjs' `.zkey` and `.wtns`; the proof verifies in snarkjs;
//! * [`ArkProver`]: `ark_groth16::ProvingKey<Bn254>`, a circuit and a random number generator;
//!   the proof verifies in ark-groth16.
//!
//! Both upload their bases once and can prove many times, from several threads. The transforms
//! and the MSMs over G1 run on the [`Device`](crate::Device); the MSM over G2 runs on the CPU, and
//! the report lists it as a host stage. Every proof is verified against its key before it leaves.
//! If one of a card's fails, the CPU proves again: when that proof holds, the card was wrong and is
//! quarantined ([`Error::WrongAnswer`](crate::Error::WrongAnswer)); when it fails too, the witness
//! is ([`Error::Unsatisfied`](crate::Error::Unsatisfied)).

mod ark;
mod key;
mod matrix;
mod prover;
mod quotient;
mod sums;
mod zkey;

pub use ark::ArkProver;
pub use prover::{Listener, Progress, Proved};
pub use zkey::ZkeyProver;
