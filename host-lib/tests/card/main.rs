//! Devices over a simulated card of the configuration `tiny`: the card engine of this library, the
//! driver and the RTL, against arkworks. `cargo test -p gristmill --features sim --test card`.
#![cfg(target_os = "linux")]

mod checks;
mod columns;
mod domain;
mod failures;
mod fields;
mod goldilocks;
mod msm;
mod no_memory;
mod ntt;
mod proofs;
mod sharing;
mod socket;
mod support;
mod vectors;
