//! libsnark's reduction of R1CS to QAP on domains whose transforms a device does.

use super::DeviceDomain;
use ark_ff::PrimeField;
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP};
use ark_poly::EvaluationDomain;
use ark_relations::gr1cs::{ConstraintSystemRef, Matrix, SynthesisError};

/// [`LibsnarkReduction`] over [`DeviceDomain`], whatever domain arkworks' prover asks for: the second parameter of
/// [`Groth16`](ark_groth16::Groth16). Keys and proofs are the same.
pub struct DeviceReduction;

impl R1CSToQAP for DeviceReduction {
    #[allow(clippy::type_complexity)]
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize), SynthesisError> {
        LibsnarkReduction::instance_map_with_evaluation::<F, DeviceDomain<F>>(cs, t)
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[Matrix<F>],
        num_inputs: usize,
        num_constraints: usize,
        full_assignment: &[F],
    ) -> Result<Vec<F>, SynthesisError> {
        LibsnarkReduction::witness_map_from_matrices::<F, DeviceDomain<F>>(
            matrices,
            num_inputs,
            num_constraints,
            full_assignment,
        )
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        max_power: usize,
        t: F,
        zt: F,
        delta_inverse: F,
    ) -> Result<Vec<F>, SynthesisError> {
        LibsnarkReduction::h_query_scalars::<F, DeviceDomain<F>>(max_power, t, zt, delta_inverse)
    }
}
