//! MSM on the CPU, by `gristmill-cpu`.

use super::engine;
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};

/// Sum of `scalars[i] * points[i]` in G1; the longer slice is cut to the shorter.
pub fn msm(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    gristmill_cpu::msm(engine(), points, scalars)
}

/// Sum of `scalars[i] * points[i]` in G2; the longer slice is cut to the shorter.
pub fn msm_g2(points: &[G2Affine], scalars: &[Fr]) -> G2Projective {
    gristmill_cpu::msm(engine(), points, scalars)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_std::{UniformRand, Zero, test_rng};

    #[test]
    fn equals_the_sum_of_products() {
        let rng = &mut test_rng();
        let mut points: Vec<G1Affine> = (0..100).map(|_| G1Affine::rand(rng)).collect();
        let mut scalars: Vec<Fr> = (0..100).map(|_| Fr::rand(rng)).collect();
        points[3] = G1Affine::zero();
        scalars[4] = Fr::zero();
        scalars[5] = -Fr::from(1u64);
        let sum: G1Projective = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
        assert_eq!(msm(&points, &scalars), sum);
        assert!(msm(&[], &[]).into_affine().is_zero());
        let points: Vec<G2Affine> = (0..100).map(|_| G2Affine::rand(rng)).collect();
        let sum: G2Projective = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
        assert_eq!(msm_g2(&points, &scalars), sum);
    }
}
