//! Checks of what a card answers.

mod goldilocks;
mod ntt;

pub use goldilocks::goldilocks_holds;
pub use ntt::transform_holds;

use crate::MsmCurve;
use ark_ec::{CurveGroup, short_weierstrass::Projective};
use ark_ff::{Field, Zero};

/// Is this a point that a card can have as a sum? BN254: of G1, for the curve has prime order. BLS12-381: of the
/// curve, as its bases are. BLS12-377: of G1, as its bases are ([`MsmCurve::SUBGROUP_ONLY`]).
pub fn point_holds<C: MsmCurve>(point: &Projective<C>) -> bool {
    if point.z.is_zero() {
        return true;
    }
    // Jacobian coordinates: Y^2 = X^3 + b*Z^6; a is zero on all three.
    let z2 = point.z.square();
    point.y.square() == point.x.square() * point.x + C::COEFF_B * z2.square() * z2
        && (!C::SUBGROUP_ONLY || C::is_in_subgroup(&point.into_affine()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{One, UniformRand};
    use ark_std::test_rng;

    fn points_pass_and_others_do_not<C: MsmCurve>() {
        assert!(C::COEFF_A.is_zero());
        let rng = &mut test_rng();
        let mut p = Projective::<C>::rand(rng) + Projective::rand(rng);
        assert!(point_holds(&p));
        assert!(point_holds(&Projective::<C>::zero()));
        p.x += C::BaseField::one();
        assert!(!point_holds(&p));
    }

    #[test]
    fn points_of_the_curve_pass_and_others_do_not() {
        points_pass_and_others_do_not::<ark_bn254::g1::Config>();
        points_pass_and_others_do_not::<ark_bls12_381::g1::Config>();
        points_pass_and_others_do_not::<ark_bls12_377::g1::Config>();
        // On the curve, out of the group.
        use ark_bls12_377::{Fq, G1Affine, G1Projective};
        let of_order_two = G1Affine::new_unchecked(-Fq::one(), Fq::zero());
        assert!(!point_holds(&(G1Projective::rand(&mut test_rng()) + of_order_two)));
    }
}
