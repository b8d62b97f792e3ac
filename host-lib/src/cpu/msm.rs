//! MSM on the CPU (arkworks' variable-base Pippenger).

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::PrimeField;
use rayon::prelude::*;
use zeroize::Zeroizing;

/// Sum of `scalars[i] * points[i]` in G1; the longer slice is cut to the shorter.
pub fn msm(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    let canonical = canonical(scalars);
    G1Projective::msm_bigint(points, &canonical)
}

/// Sum of `scalars[i] * points[i]` in G2; the longer slice is cut to the shorter.
pub fn msm_g2(points: &[G2Affine], scalars: &[Fr]) -> G2Projective {
    let canonical = canonical(scalars);
    G2Projective::msm_bigint(points, &canonical)
}

/// Scalars may be a witness: the copy out of Montgomery form is wiped when dropped.
fn canonical(scalars: &[Fr]) -> Zeroizing<Vec<<Fr as PrimeField>::BigInt>> {
    Zeroizing::new(scalars.par_iter().map(|s| s.into_bigint()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_std::{UniformRand, Zero, test_rng};

    #[test]
    fn equals_the_sum_of_products() {
        let rng = &mut test_rng();
        let mut points: Vec<G1Affine> = (0..40).map(|_| G1Affine::rand(rng)).collect();
        let mut scalars: Vec<Fr> = (0..40).map(|_| Fr::rand(rng)).collect();
        points[3] = G1Affine::zero();
        scalars[4] = Fr::zero();
        scalars[5] = -Fr::from(1u64);
        let sum: G1Projective = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
        assert_eq!(msm(&points, &scalars), sum);
        assert!(msm(&[], &[]).into_affine().is_zero());
    }
}
