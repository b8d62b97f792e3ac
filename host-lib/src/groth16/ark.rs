//! The entrance for arkworks: a proving key, a circuit, a random number generator.

use super::{
    prover::{Blinding, Parts, Progress, Proved, Prover},
    quotient::{Form, Rows, Secret},
};
use crate::{Device, Error, Result};
use ark_bn254::{Bn254, Fr};
use ark_groth16::{ProvingKey, VerifyingKey, r1cs_to_qap::evaluate_constraint};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, Matrix, OptimizationGoal, R1CS_PREDICATE_LABEL, SynthesisMode,
};
use ark_std::{UniformRand, rand::Rng};
use rayon::prelude::*;
use zeroize::Zeroizing;

/// Proves under an `ark_groth16::ProvingKey<Bn254>` made with ark-groth16's own reduction
/// (libsnark's); its bases stay on the device. The proofs verify with
/// `ark_groth16::Groth16::<Bn254>::verify`.
pub struct ArkProver {
    prover: Prover,
    witness: usize,
    domain: usize,
}

impl ArkProver {
    /// Uploads the key's bases.
    ///
    /// # Errors
    /// [`Error::KeyShape`] if the lengths of the key's queries contradict each other; those of a
    /// device.
    pub fn new(device: &Device, key: ProvingKey<Bn254>) -> Result<Self> {
        let (variables, public) = (key.a_query.len(), key.vk.gamma_abc_g1.len());
        let witness = key.l_query.len();
        let domain = key.h_query.len() + 1;
        let shape = |problem: String| Err(Error::KeyShape(problem));
        if public == 0 || public + witness != variables {
            return shape(format!(
                "the A query has {variables} points, but there are {public} instance and {witness} witness variables"
            ));
        }
        for (name, length) in [("B query in G1", key.b_g1_query.len()), ("B query in G2", key.b_g2_query.len())] {
            if length != variables {
                return shape(format!("the {name} has {length} points, the A query {variables}"));
            }
        }
        if !domain.is_power_of_two() {
            return shape(format!("the H query has {} points, not a power of two less one", domain - 1));
        }
        let parts = Parts {
            vk: key.vk,
            beta_g1: key.beta_g1,
            delta_g1: key.delta_g1,
            a: key.a_query,
            b_g1: key.b_g1_query,
            b_g2: key.b_g2_query,
            c: key.l_query,
            h: key.h_query,
            form: Form::Coefficients,
        };
        Ok(ArkProver { prover: Prover::new(device, parts)?, witness, domain })
    }

    /// The key that its proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey<Bn254> {
        self.prover.vk()
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.prover.device()
    }

    /// Proves; the blinding factors come from `rng`, which must be cryptographically secure.
    ///
    /// # Errors
    /// [`Error::Synthesis`] if the circuit cannot be synthesised, [`Error::CircuitMismatch`] if it
    /// is not the key's, [`Error::Unsatisfied`] with the first constraint that does not hold, and
    /// those of a device.
    pub fn prove(&self, circuit: impl ConstraintSynthesizer<Fr>, rng: &mut impl Rng) -> Result<Proved> {
        self.prove_with(circuit, rng, &mut |_| {})
    }

    /// As [`prove`](Self::prove), telling at which stage it is.
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_with(
        &self,
        circuit: impl ConstraintSynthesizer<Fr>,
        rng: &mut impl Rng,
        listener: &mut dyn FnMut(Progress),
    ) -> Result<Proved> {
        let synthesis = |e: ark_relations::gr1cs::SynthesisError| Error::Synthesis(e.to_string());
        let cs = ConstraintSystem::<Fr>::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
        circuit.generate_constraints(cs.clone()).map_err(synthesis)?;
        cs.finalize();
        let matrices = cs.to_matrices().map_err(synthesis)?;
        let r1cs = matrices.get(R1CS_PREDICATE_LABEL).map_or(&[] as &[Matrix<Fr>], Vec::as_slice);
        let constraints = r1cs.first().map_or(0, Vec::len);
        if cs.num_constraints() != constraints {
            let other = cs.num_constraints() - constraints;
            return Err(Error::CircuitMismatch(format!(
                "it has {other} constraints other than R1CS, which Groth16 does not take"
            )));
        }
        let instance = Zeroizing::new(cs.instance_assignment().map_err(synthesis)?);
        let witness = Zeroizing::new(cs.witness_assignment().map_err(synthesis)?);
        for (name, found, expected) in [
            ("instance variables", instance.len(), self.verifying_key().gamma_abc_g1.len()),
            ("witness variables", witness.len(), self.witness),
            ("rows of the domain", (constraints + instance.len()).next_power_of_two(), self.domain),
        ] {
            if found != expected {
                return Err(Error::CircuitMismatch(format!("it has {found} {name}, the key {expected}")));
            }
        }
        let mut values = Zeroizing::new(Vec::with_capacity(instance.len() + witness.len()));
        values.extend_from_slice(&instance);
        values.extend_from_slice(&witness);
        let blinding = Blinding { r: Zeroizing::new(Fr::rand(rng)), s: Zeroizing::new(Fr::rand(rng)) };
        let rows = || self.rows(r1cs, constraints, instance.len(), &values);
        self.prover.prove(&values, rows, blinding, listener)
    }

    /// Constraints first, then the instance (as rows of A: it makes the instance's polynomials
    /// independent), then zeros.
    fn rows(&self, matrices: &[Matrix<Fr>], constraints: usize, instance: usize, values: &[Fr]) -> Result<Rows> {
        let times = |matrix: usize| -> Secret {
            let mut rows = Zeroizing::new(vec![Fr::default(); self.domain]);
            if let Some(matrix) = matrices.get(matrix) {
                rows.par_iter_mut().zip(matrix).for_each(|(row, terms)| *row = evaluate_constraint(terms, values));
            }
            rows
        };
        let (mut a, b, c) = (times(0), times(1), times(2));
        if let Some(i) = (0..constraints).into_par_iter().find_first(|i| a[*i] * b[*i] != c[*i]) {
            return Err(Error::Unsatisfied { constraint: Some(i) });
        }
        a[constraints..constraints + instance].copy_from_slice(&values[..instance]);
        Ok(Rows { a, b, c })
    }
}
