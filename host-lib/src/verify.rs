//! Verification of Groth16 proofs over BN254.

use crate::{Error, Result};
use ark_bn254::{Bn254, Fr};
use ark_ec::AffineRepr;
use ark_groth16::{Groth16, PreparedVerifyingKey, Proof, VerifyingKey, prepare_verifying_key};

/// Is `proof` a proof of the statement with these public signals under this key?
///
/// # Errors
/// [`Error::PublicLength`] if the key is for another number of signals.
pub fn verify(vk: &VerifyingKey<Bn254>, public: &[Fr], proof: &Proof<Bn254>) -> Result<bool> {
    Verifier::new(vk).verify(public, proof)
}

/// A verification key prepared once for many proofs.
#[derive(Clone)]
pub struct Verifier(PreparedVerifyingKey<Bn254>);

impl Verifier {
    /// Prepares a key. Its points must be in their groups, as [`formats::vkey`](crate::formats::vkey)
    /// guarantees.
    pub fn new(vk: &VerifyingKey<Bn254>) -> Self {
        Verifier(prepare_verifying_key(vk))
    }

    /// The key.
    pub fn key(&self) -> &VerifyingKey<Bn254> {
        &self.0.vk
    }

    /// As [`verify`].
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify(&self, public: &[Fr], proof: &Proof<Bn254>) -> Result<bool> {
        let expected = self.0.vk.gamma_abc_g1.len().saturating_sub(1);
        if public.len() != expected || self.0.vk.gamma_abc_g1.is_empty() {
            return Err(Error::PublicLength { found: public.len(), expected });
        }
        if !well_formed(proof) {
            return Ok(false);
        }
        Groth16::<Bn254>::verify_proof(&self.0, proof, public)
            .map_err(|e| Error::Internal(format!("verification: {e}")))
    }
}

/// Are the proof's points on their curves and in their groups?
fn well_formed(proof: &Proof<Bn254>) -> bool {
    let g1 = |p: &ark_bn254::G1Affine| p.is_zero() || p.is_on_curve();
    let b = &proof.b;
    g1(&proof.a) && g1(&proof.c) && (b.is_zero() || (b.is_on_curve() && b.is_in_correct_subgroup_assuming_on_curve()))
}
