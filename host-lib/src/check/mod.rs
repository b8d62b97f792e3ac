//! Checks of what a card answers.

mod ntt;

pub use ntt::transform_holds;

use ark_bn254::{Fq, G1Projective};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::Field;
use ark_std::Zero;

/// Is this a point of BN254's G1? (The curve has prime order, so a point on it is in the group.)
pub fn point_holds(point: &G1Projective) -> bool {
    if point.z.is_zero() {
        return true;
    }
    // Jacobian coordinates: Y^2 = X^3 + b*Z^6.
    let z2 = point.z.square();
    let b: Fq = <ark_bn254::g1::Config as SWCurveConfig>::COEFF_B;
    point.y.square() == point.x.square() * point.x + b * z2.square() * z2
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_std::{UniformRand, test_rng};

    #[test]
    fn points_of_the_curve_pass_and_others_do_not() {
        let rng = &mut test_rng();
        let mut p = G1Projective::rand(rng) + G1Projective::rand(rng);
        assert!(point_holds(&p));
        assert!(point_holds(&G1Projective::zero()));
        p.x += Fq::from(1u64);
        assert!(!point_holds(&p));
    }
}
