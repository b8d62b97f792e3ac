//! The entrance for snarkjs' files.

use super::{
    matrix::Rowed,
    prover::{Blinding, Listener, Parts, Proved, Prover},
    quotient::{Form, Rows},
};
use crate::{
    Device, Error, Result,
    formats::{Matrix, Witness, Zkey},
};
use ark_bn254::{Bn254, Fr};
use ark_ff::PrimeField;
use ark_groth16::VerifyingKey;
use ark_std::One;
use rand::{RngCore, rngs::OsRng};
use std::{path::Path, time::Instant};
use zeroize::Zeroizing;

/// Proves from a `.zkey`; its bases stay on the device. May be shared by threads.
pub struct ZkeyProver {
    prover: Prover,
    a: Rowed,
    b: Rowed,
    domain: usize,
    public: usize,
}

impl ZkeyProver {
    /// Reads a `.zkey`, checks all of it, and uploads its bases.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Format`], and those of a device.
    pub fn open(device: &Device, path: impl AsRef<Path>) -> Result<Self> {
        let start = Instant::now();
        let zkey = Zkey::open(path)?;
        let mut report = device.job_report();
        report.host_stage("read zkey", start.elapsed());
        report.seconds = start.elapsed().as_secs_f64();
        device.absorb(&report);
        // Reading has checked every point.
        Self::of(device, zkey, true)
    }

    /// From a key in memory.
    ///
    /// # Errors
    /// Those of a device.
    pub fn new(device: &Device, zkey: Zkey) -> Result<Self> {
        Self::of(device, zkey, false)
    }

    fn of(device: &Device, zkey: Zkey, checked: bool) -> Result<Self> {
        let (domain, public) = (zkey.domain, zkey.public);
        let matrix = |matrix| {
            let entries = zkey.coefficients.iter().filter(move |c| c.matrix == matrix);
            Rowed::new(domain, entries.map(|c| (c.row as usize, c.signal, c.value)))
        };
        let (a, b) = rayon::join(|| matrix(Matrix::A), || matrix(Matrix::B));
        let parts = Parts {
            vk: zkey.vk,
            beta_g1: zkey.beta_g1,
            delta_g1: zkey.delta_g1,
            a: zkey.a,
            b_g1: zkey.b_g1,
            b_g2: zkey.b_g2,
            c: zkey.c,
            h: zkey.h,
            form: Form::Evaluations,
            checked,
        };
        Ok(ZkeyProver { prover: Prover::new(device, parts)?, a, b, domain, public })
    }

    /// The key that its proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey<Bn254> {
        self.prover.vk()
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.prover.device()
    }

    /// Variables of the circuit, the constant one included: values in a witness.
    pub fn variables(&self) -> usize {
        self.prover.variables()
    }

    /// Public signals of the circuit.
    pub fn public_signals(&self) -> usize {
        self.public
    }

    /// Size of the domain.
    pub fn domain(&self) -> usize {
        self.domain
    }

    /// Proves, with blinding factors from the operating system.
    ///
    /// # Errors
    /// [`Error::WitnessLength`], [`Error::WitnessOne`], [`Error::Unsatisfied`] for a witness that
    /// does not belong to the circuit or does not satisfy it; [`Error::Randomness`]; and those of
    /// a device.
    pub fn prove(&self, witness: &Witness) -> Result<Proved> {
        self.prove_with(witness, &mut |_| {})
    }

    /// As [`prove`](Self::prove), telling at which stage it is.
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_with(&self, witness: &Witness, listener: &mut Listener<'_>) -> Result<Proved> {
        let values = witness.values();
        if values.len() != self.variables() {
            return Err(Error::WitnessLength { found: values.len(), expected: self.variables() });
        }
        if !values.first().is_some_and(|v| v.is_one()) {
            return Err(Error::WitnessOne);
        }
        let blinding = Blinding { r: random()?, s: random()? };
        self.prover.prove(values, None, || Ok(self.rows(values)), blinding, listener)
    }

    fn rows(&self, values: &[Fr]) -> Rows {
        // `Zkey` guarantees that signals are below the number of variables.
        let (a, b) = (self.a.times(values, self.domain), self.b.times(values, self.domain));
        Rows { a, b }
    }
}

/// A scalar from the operating system's randomness; 64 bytes reduced, so its bias is below 2^-250.
fn random() -> Result<Zeroizing<Fr>> {
    let mut bytes = Zeroizing::new([0; 64]);
    OsRng.try_fill_bytes(&mut *bytes).map_err(|e| Error::Randomness(e.to_string()))?;
    Ok(Zeroizing::new(Fr::from_le_bytes_mod_order(&*bytes)))
}
