//! The entrance for arkworks: a proving key, a circuit, a random number generator.

use super::{
    matrix::Rowed,
    prover::{Blinding, Listener, Parts, Proved, Prover},
    quotient::{Form, Rows, Secret},
};
use crate::{Device, Error, Result};
use ark_bn254::{Bn254, Fr};
use ark_groth16::{ProvingKey, VerifyingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, Matrix, OptimizationGoal, R1CS_PREDICATE_LABEL, SynthesisMode,
};
use ark_std::{UniformRand, rand::Rng};
use rayon::prelude::*;
use std::{sync::OnceLock, time::Instant};
use zeroize::Zeroizing;

/// Proves under an `ark_groth16::ProvingKey<Bn254>` made with ark-groth16's own reduction
/// (libsnark's); its bases stay on the device. The proofs verify with
/// `ark_groth16::Groth16::<Bn254>::verify`.
pub struct ArkProver {
    prover: Prover,
    witness: usize,
    domain: usize,
    /// A, B, C of the circuit: kept from the first proof that verified.
    constraints: OnceLock<[Rowed; 3]>,
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
            checked: false,
        };
        Ok(ArkProver { prover: Prover::new(device, parts)?, witness, domain, constraints: OnceLock::new() })
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
    /// The constraint matrices are kept from the first proof; later ones have the circuit make the values
    /// of its variables only. All circuits must be the key's, so their constraints are the same.
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
        listener: &mut Listener<'_>,
    ) -> Result<Proved> {
        let start = Instant::now();
        let synthesised = self.synthesise(circuit)?;
        let took = start.elapsed();
        let (values, fresh) = (synthesised.values, synthesised.constraints);
        let blinding = Blinding { r: Zeroizing::new(Fr::rand(rng)), s: Zeroizing::new(Fr::rand(rng)) };
        let rows = || match fresh.as_ref().or_else(|| self.constraints.get()) {
            Some(matrices) => self.rows(matrices, &values),
            None => Err(Error::Internal("no constraint matrices".into())),
        };
        let proved = self.prover.prove(&values, Some(("synthesis", took)), rows, blinding, listener)?;
        if let Some(matrices) = fresh {
            // Another thread may have been first, with the same.
            let _ = self.constraints.set(matrices);
        }
        Ok(proved)
    }

    /// Has the circuit make its variables' values, and its constraints unless they are known.
    fn synthesise(&self, circuit: impl ConstraintSynthesizer<Fr>) -> Result<Synthesised> {
        let failed = |e: ark_relations::gr1cs::SynthesisError| Error::Synthesis(e.to_string());
        let construct_matrices = self.constraints.get().is_none();
        let cs = ConstraintSystem::<Fr>::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Prove { construct_matrices, generate_lc_assignments: false });
        circuit.generate_constraints(cs.clone()).map_err(failed)?;
        cs.finalize();
        let system = cs.borrow().ok_or_else(|| Error::Internal("a constraint system that is none".into()))?;
        let instance = system.instance_assignment().map_err(failed)?;
        let witness = system.witness_assignment().map_err(failed)?;
        let mut counts = vec![
            ("instance variables", instance.len(), self.verifying_key().gamma_abc_g1.len()),
            ("witness variables", witness.len(), self.witness),
        ];
        let mut constraints = None;
        if construct_matrices {
            let mut matrices = system.to_matrices().map_err(failed)?;
            let r1cs: Vec<Matrix<Fr>> = matrices.remove(R1CS_PREDICATE_LABEL).unwrap_or_default();
            let rows = r1cs.first().map_or(0, Vec::len);
            if system.num_constraints() != rows {
                let other = system.num_constraints() - rows;
                return Err(Error::CircuitMismatch(format!(
                    "it has {other} constraints other than R1CS, which Groth16 does not take"
                )));
            }
            counts.push(("rows of the domain", (rows + instance.len()).next_power_of_two(), self.domain));
            let matrix = |i: usize| Rowed::from_rows(r1cs.get(i).map_or(&[], Vec::as_slice));
            constraints = Some([matrix(0), matrix(1), matrix(2)]);
        }
        for (name, found, expected) in counts {
            if found != expected {
                return Err(Error::CircuitMismatch(format!("it has {found} {name}, the key {expected}")));
            }
        }
        let mut values = Zeroizing::new(Vec::with_capacity(instance.len() + witness.len()));
        values.extend_from_slice(instance);
        values.extend_from_slice(witness);
        Ok(Synthesised { values, constraints })
    }

    /// Constraints first, then the instance (as rows of A: it makes the instance's polynomials
    /// independent), then zeros.
    fn rows(&self, matrices: &[Rowed; 3], values: &[Fr]) -> Result<Rows> {
        let [mut a, b, c] = matrices.each_ref().map(|matrix| matrix.times(values, self.domain));
        let constraints = matrices[0].rows();
        if let Some(i) = (0..constraints).into_par_iter().find_first(|i| a[*i] * b[*i] != c[*i]) {
            return Err(Error::Unsatisfied { constraint: Some(i) });
        }
        let instance = self.verifying_key().gamma_abc_g1.len();
        a[constraints..constraints + instance].copy_from_slice(&values[..instance]);
        Ok(Rows { a, b })
    }
}

/// What comes out of a circuit.
struct Synthesised {
    /// The one, the instance, the witness.
    values: Secret,
    /// A, B and C, if they were not known.
    constraints: Option<[Rowed; 3]>,
}
