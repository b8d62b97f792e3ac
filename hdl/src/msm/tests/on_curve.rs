//! Curves of arkworks, the engines for them, and points as words.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;

use super::pins::Engine;
use crate::curve::CurveParams;
use crate::field::{Arithmetic, FieldParams};
use crate::msm::{Msm256, MsmConfig, WideMsm};
use crate::ntt::VectorParams;

/// A curve of arkworks, and the engine for it.
pub trait TestCurve: SWCurveConfig<BaseField: PrimeField> {
    const CURVE: Curve;
    type Engine: Engine;
    fn engine(config: &MsmConfig, arithmetic: Arithmetic) -> Self::Engine;

    fn params() -> &'static CurveParams {
        CurveParams::of(Self::CURVE)
    }

    fn scalars() -> &'static FieldParams {
        &VectorParams::of(Self::CURVE).field
    }

    /// The group's order.
    fn order() -> BigUint {
        Self::scalars().prime()
    }
}

pub type Bn254 = ark_bn254::g1::Config;
pub type Bls12_381 = ark_bls12_381::g1::Config;
pub type Bls12_377 = ark_bls12_377::g1::Config;

impl TestCurve for Bn254 {
    const CURVE: Curve = Curve::Bn254;
    type Engine = Msm256;
    fn engine(config: &MsmConfig, arithmetic: Arithmetic) -> Msm256 {
        Msm256::with_arithmetic(config, Self::params(), Self::scalars(), arithmetic, Fidelity::Twin)
    }
}

impl TestCurve for Bls12_381 {
    const CURVE: Curve = Curve::Bls12_381;
    type Engine = WideMsm;
    fn engine(config: &MsmConfig, _: Arithmetic) -> WideMsm {
        WideMsm::new(config, Self::params(), Self::scalars(), Fidelity::Twin)
    }
}

impl TestCurve for Bls12_377 {
    const CURVE: Curve = Curve::Bls12_377;
    type Engine = WideMsm;
    fn engine(config: &MsmConfig, _: Arithmetic) -> WideMsm {
        WideMsm::new(config, Self::params(), Self::scalars(), Fidelity::Twin)
    }
}

pub fn affine<C: TestCurve>(log: Option<&BigUint>) -> Affine<C> {
    match log {
        Some(log) => (Projective::generator() * C::ScalarField::from(log.clone())).into_affine(),
        None => Affine::identity(),
    }
}

/// R, of coordinates in Montgomery form.
fn montgomery<C: TestCurve>() -> C::BaseField {
    C::BaseField::from(2u64).pow([C::params().field.word_bits as u64])
}

/// The words of bases on BN254.
pub fn base_words(logs: &[Option<BigUint>]) -> Vec<U<256>> {
    base_words_on::<Bn254>(logs)
}

pub fn base_words_on<C: TestCurve>(logs: &[Option<BigUint>]) -> Vec<U<256>> {
    let r = montgomery::<C>();
    let points: Vec<Projective<C>> = logs.iter().map(|log| affine(log.as_ref()).into_group()).collect();
    let mut bytes = vec![];
    for point in Projective::normalize_batch(&points) {
        let (x, y) = point.xy().unwrap_or_default();
        for coordinate in [x, y] {
            let at = bytes.len() + C::CURVE.coordinate_bytes();
            bytes.extend((coordinate * r).into_bigint().to_bytes_le());
            bytes.resize(at, 0);
        }
    }
    bytes.chunks(32).map(|word| BigUint::from_bytes_le(word).into()).collect()
}

/// What a host makes of the segment sums, from the points alone.
pub fn combine<C: TestCurve>(config: &MsmConfig, sums: &[Affine<C>]) -> Projective<C> {
    let mut total = Projective::default();
    for window in sums.chunks(2 * config.segments).rev() {
        for _ in 0..config.window_bits {
            total += total;
        }
        for (s, sum) in window.chunks(2).enumerate() {
            total += sum[0] + sum[1] * C::ScalarField::from((s * config.buckets_per_segment()) as u64);
        }
    }
    total
}

/// The points in words of results.
pub fn points<C: TestCurve>(words: &[U<256>]) -> Vec<Affine<C>> {
    elements::<C>(words).chunks(3).map(point).collect()
}

/// Coordinates out of words.
fn elements<C: TestCurve>(words: &[U<256>]) -> Vec<C::BaseField> {
    let r_inverse = montgomery::<C>().inverse().expect("R is not zero");
    let bytes: Vec<u8> =
        words.iter().flat_map(|w| w.limbs()[..4].iter().flat_map(|l| l.to_le_bytes()).collect::<Vec<_>>()).collect();
    bytes
        .chunks(C::CURVE.coordinate_bytes())
        .map(|element| {
            let element = BigUint::from_bytes_le(element);
            assert!(element < C::params().field.prime(), "a reduced coordinate");
            C::BaseField::from(element) * r_inverse
        })
        .collect()
}

/// The word of a scalar; one that is not below the order stands in either form as it is.
pub fn scalar_word(scalar: &BigUint, montgomery: bool) -> BigUint {
    scalar_word_on::<Bn254>(scalar, montgomery)
}

pub fn scalar_word_on<C: TestCurve>(scalar: &BigUint, montgomery: bool) -> BigUint {
    let order = C::order();
    if montgomery && *scalar < order {
        (scalar << 256) % order
    } else {
        scalar.clone()
    }
}

/// X, Y, Z.
fn point<C: TestCurve>(coordinates: &[C::BaseField]) -> Affine<C> {
    let [x, y, z] = [0, 1, 2].map(|i| coordinates[i]);
    match z.inverse() {
        Some(inverse) => {
            let point = Affine::new_unchecked(x * inverse, y * inverse);
            assert!(point.is_on_curve());
            point
        }
        None => {
            assert!(x == C::BaseField::from(0u64) && y != C::BaseField::from(0u64), "infinity is 0 : y : 0");
            Affine::identity()
        }
    }
}
