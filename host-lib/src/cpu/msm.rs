//! MSM on the CPU, by `gristmill-cpu`.

use super::engine;
use crate::MsmCurve;
use ark_bn254::{Fr, G2Affine, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use gristmill_cpu::Coordinate;

/// Sum of `scalars[i] * points[i]` in G1; the longer slice is cut to the shorter. Any points of the curve will do,
/// of the subgroup of prime order or not.
pub fn msm<C: MsmCurve>(points: &[Affine<C>], scalars: &[C::ScalarField]) -> Projective<C> {
    C::msm_on_cpu(points, scalars)
}

/// Sum of `scalars[i] * points[i]` in BN254's G2; the longer slice is cut to the shorter.
pub fn msm_g2(points: &[G2Affine], scalars: &[Fr]) -> G2Projective {
    run(points, scalars)
}

/// On the engine that was chosen.
pub(crate) fn run<P>(points: &[Affine<P>], scalars: &[P::ScalarField]) -> Projective<P>
where
    P: SWCurveConfig<BaseField: Coordinate>,
{
    gristmill_cpu::msm(engine(), points, scalars)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::CurveGroup;
    use ark_ff::{One, UniformRand, Zero};
    use ark_std::test_rng;

    fn equals_the_sum_of_products<P: SWCurveConfig<BaseField: Coordinate>>() {
        let rng = &mut test_rng();
        let mut points: Vec<Affine<P>> = (0..100).map(|_| Projective::rand(rng).into_affine()).collect();
        let mut scalars: Vec<P::ScalarField> = (0..100).map(|_| P::ScalarField::rand(rng)).collect();
        points[3] = Affine::identity();
        scalars[4] = P::ScalarField::zero();
        scalars[5] = -P::ScalarField::one();
        let sum: Projective<P> = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
        assert_eq!(run(&points, &scalars), sum);
        assert!(run::<P>(&[], &[]).is_zero());
    }

    #[test]
    fn of_all_groups() {
        equals_the_sum_of_products::<ark_bn254::g1::Config>();
        equals_the_sum_of_products::<ark_bn254::g2::Config>();
        equals_the_sum_of_products::<ark_bls12_381::g1::Config>();
        equals_the_sum_of_products::<ark_bls12_377::g1::Config>();
    }
}
