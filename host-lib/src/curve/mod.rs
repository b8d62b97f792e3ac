//! Curves over whose G1 a device multiplies.

mod element;
mod subgroup;

pub use element::Element;
pub(crate) use subgroup::outsider;

use crate::cpu;
use crate::device::{Engine, MsmEngine};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{BigInt, PrimeField};
pub use gristmill_abi::layout::Curve;
use gristmill_cpu::Coordinate;

mod sealed {
    pub trait Sealed {}
}

/// A curve whose G1 [`Device`](crate::Device) multiplies in: arkworks' configuration of it,
/// `ark_bn254::g1::Config`, `ark_bls12_381::g1::Config` or `ark_bls12_377::g1::Config`. A call finds its
/// curve by the types of points and scalars, so it is seldom named.
///
/// Sealed: what a card computes is fixed by its contract.
pub trait MsmCurve:
    SWCurveConfig<BaseField: Coordinate + Element, ScalarField: Element + PrimeField<BigInt = BigInt<4>>> + sealed::Sealed
{
    /// Its id and name in the card's contract.
    const CURVE: Curve;

    /// Whether a card takes points of the subgroup of prime order only.
    ///
    /// Its formulas (Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves",
    /// EUROCRYPT 2016, section 3) fail for two points whose difference has order two, and only for those. On
    /// BN254 (prime order) and BLS12-381 (cofactor 0x396c8c005555e1568c00aaab0000aaab, odd) no point has it.
    /// BLS12-377's cofactor is even; in its subgroup, of odd order, no difference has order two either.
    const SUBGROUP_ONLY: bool;

    /// Whether a point of the curve is in the subgroup of prime order.
    fn is_in_subgroup(point: &Affine<Self>) -> bool;

    /// [`cpu::msm`](crate::cpu::msm), compiled here and not where a generic function is used.
    #[doc(hidden)]
    fn msm_on_cpu(points: &[Affine<Self>], scalars: &[Self::ScalarField]) -> Projective<Self>;

    /// An engine's side for this curve.
    #[doc(hidden)]
    fn engine(engine: &dyn Engine) -> &dyn MsmEngine<Self>;
}

macro_rules! curve {
    ($config:ty, $curve:expr, $subgroup_only:expr, $is_in_subgroup:expr) => {
        impl sealed::Sealed for $config {}

        impl MsmCurve for $config {
            const CURVE: Curve = $curve;
            const SUBGROUP_ONLY: bool = $subgroup_only;

            fn is_in_subgroup(point: &Affine<Self>) -> bool {
                $is_in_subgroup(point)
            }

            fn msm_on_cpu(points: &[Affine<Self>], scalars: &[Self::ScalarField]) -> Projective<Self> {
                cpu::run(points, scalars)
            }

            fn engine(engine: &dyn Engine) -> &dyn MsmEngine<Self> {
                engine
            }
        }
    };
}

curve!(ark_bn254::g1::Config, Curve::Bn254, false, Self::is_in_correct_subgroup_assuming_on_curve);
curve!(ark_bls12_381::g1::Config, Curve::Bls12_381, false, Self::is_in_correct_subgroup_assuming_on_curve);
curve!(ark_bls12_377::g1::Config, Curve::Bls12_377, true, subgroup::of_bls12_377);

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<C: MsmCurve>(scalar_bits: u32) {
        let curve = C::CURVE;
        assert_eq!(<C::BaseField as Element>::BYTES, curve.coordinate_bytes(), "{}", curve.name());
        assert_eq!(C::ScalarField::MODULUS_BIT_SIZE, scalar_bits);
        assert_eq!(curve.scalar_bits() as u32, scalar_bits, "{}", curve.name());
        // The order of the whole curve is r times the cofactor; r is odd.
        let even = C::COFACTOR[0].is_multiple_of(2);
        assert_eq!(C::SUBGROUP_ONLY, even, "{}", curve.name());
    }

    #[test]
    fn constants_are_those_of_arkworks() {
        agrees::<ark_bn254::g1::Config>(254);
        agrees::<ark_bls12_381::g1::Config>(255);
        agrees::<ark_bls12_377::g1::Config>(253);
    }
}
