//! Between arkworks' types and the card's bytes (little-endian, see `abi::layout`).
//!
//! arkworks keeps elements in Montgomery form with R = 2^256 (4 limbs) or 2^384 (6), least significant limb
//! first, which is the card's form: nothing is converted, only copied; but for small scalars of
//! MSMs, which are quicker in canonical form.

use crate::MsmCurve;
use crate::curve::Element;
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{Field, Zero};
use gristmill_abi::layout::WORD_BYTES;

/// Bytes of an affine base.
pub(super) const fn base_bytes<C: MsmCurve>() -> usize {
    C::CURVE.affine_words() * WORD_BYTES
}

/// Bytes of a projective point.
pub(super) const fn point_bytes<C: MsmCurve>() -> usize {
    3 * C::CURVE.coordinate_bytes()
}

/// Appends zeros for `count` items of `size` bytes, and hands out the place of each.
fn append(bytes: &mut Vec<u8>, count: usize, size: usize) -> std::slice::ChunksExactMut<'_, u8> {
    let start = bytes.len();
    bytes.resize(start + count * size, 0);
    bytes[start..].chunks_exact_mut(size)
}

/// Appends field elements in Montgomery form.
pub(super) fn put_elements<F: Element>(elements: &[F], bytes: &mut Vec<u8>) {
    for (e, place) in elements.iter().zip(append(bytes, elements.len(), F::BYTES)) {
        e.write_montgomery(place);
    }
}

/// Appends field elements in canonical form.
pub(super) fn put_canonical<F: Element>(elements: &[F], bytes: &mut Vec<u8>) {
    for (e, place) in elements.iter().zip(append(bytes, elements.len(), F::BYTES)) {
        e.write_canonical(place);
    }
}

/// Appends affine bases; infinity is `0, 0`.
pub(super) fn put_bases<C: MsmCurve>(points: &[Affine<C>], bytes: &mut Vec<u8>) {
    for (p, place) in points.iter().zip(append(bytes, points.len(), base_bytes::<C>())) {
        if let Some((x, y)) = p.xy() {
            let (first, second) = place.split_at_mut(C::BaseField::BYTES);
            x.write_montgomery(first);
            y.write_montgomery(second);
        }
    }
}

/// A value that the card returned and that is not below the modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotReduced {
    /// Index of the element in the result: of coordinates, in segment sums.
    pub element: usize,
}

/// Field elements from Montgomery form.
pub(super) fn elements<F: Element>(bytes: &[u8], out: &mut [F]) -> Result<(), NotReduced> {
    for (i, (bytes, e)) in bytes.chunks_exact(F::BYTES).zip(out).enumerate() {
        *e = F::from_montgomery(bytes).ok_or(NotReduced { element: i })?;
    }
    Ok(())
}

/// A projective point (homogeneous, three coordinates) from the card: Jacobian (XZ, YZ^2, Z).
/// Whether it lies on the curve is not checked here.
pub(super) fn point<C: MsmCurve>(bytes: &[u8]) -> Result<Projective<C>, NotReduced> {
    let mut coordinates = [C::BaseField::zero(); 3];
    elements(bytes, &mut coordinates)?;
    let [x, y, z] = coordinates;
    if z.is_zero() {
        return Ok(Projective::zero());
    }
    Ok(Projective::new_unchecked(x * z, y * z.square(), z))
}

/// The bytes of a homogeneous projective point, as a card would write them.
#[cfg(test)]
pub(super) fn put_point<C: MsmCurve>(p: &Projective<C>, scale: C::BaseField, bytes: &mut Vec<u8>) {
    use ark_ec::CurveGroup;
    let coordinates = match p.into_affine().xy() {
        Some((x, y)) => [x * scale, y * scale, scale],
        None => [C::BaseField::zero(), scale, C::BaseField::zero()],
    };
    put_elements(&coordinates, bytes);
}

/// The affine points that bases in the card's bytes are.
#[cfg(test)]
pub(super) fn bases<C: MsmCurve>(bytes: &[u8]) -> Result<Vec<Affine<C>>, NotReduced> {
    let mut coordinates = vec![C::BaseField::zero(); bytes.len() / C::BaseField::BYTES];
    elements(bytes, &mut coordinates)?;
    let point = |xy: &[C::BaseField]| match xy {
        [x, y] if x.is_zero() && y.is_zero() => Affine::identity(),
        [x, y] => Affine::new_unchecked(*x, *y),
        _ => unreachable!("pairs"),
    };
    Ok(coordinates.chunks_exact(2).map(point).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Curve;
    use ark_bn254::Fr;
    use ark_ec::PrimeGroup;
    use ark_ff::{BigInteger, One, PrimeField, UniformRand};
    use ark_std::rand::{SeedableRng, rngs::StdRng};
    use ark_std::test_rng;
    use proptest::prelude::*;

    fn elements_survive<F: Element>() {
        let mut rng = test_rng();
        let v: Vec<F> = (0..9).map(|_| F::rand(&mut rng)).chain([F::zero(), F::one(), -F::one()]).collect();
        let mut bytes = vec![7];
        put_elements(&v, &mut bytes);
        assert_eq!(bytes.len(), 1 + v.len() * F::BYTES);
        let mut back = vec![F::zero(); v.len()];
        elements(&bytes[1..], &mut back).expect("reduced");
        assert_eq!(back, v);
        // Canonical form is arkworks' own little-endian bytes, Montgomery form the same of R times the element.
        let r = F::from(2u64).pow([8 * F::BYTES as u64]);
        let (mut canonical, mut montgomery) = (Vec::new(), Vec::new());
        for e in &v {
            canonical.extend(e.into_bigint().to_bytes_le());
            montgomery.extend((*e * r).into_bigint().to_bytes_le());
        }
        assert_eq!(bytes[1..], montgomery);
        bytes.clear();
        put_canonical(&v, &mut bytes);
        assert_eq!(bytes, canonical);
    }

    #[test]
    fn elements_survive_a_round_trip() {
        elements_survive::<Fr>();
        elements_survive::<ark_bn254::Fq>();
        elements_survive::<ark_bls12_381::Fr>();
        elements_survive::<ark_bls12_381::Fq>();
        elements_survive::<ark_bls12_377::Fr>();
        elements_survive::<ark_bls12_377::Fq>();
    }

    /// Points and bases of one curve there and back, some at infinity, at any scale.
    fn points_survive<C: MsmCurve>(seed: u64, n: usize) {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut point, step) = (Projective::<C>::rand(&mut rng), Projective::<C>::generator());
        let points: Vec<Projective<C>> = (0..n)
            .map(|i| {
                point += step;
                if (seed >> (i % 61)) & 3 == 0 { Projective::zero() } else { point }
            })
            .collect();
        let (mut bytes, mut scale) = (Vec::new(), C::BaseField::rand(&mut rng));
        for p in &points {
            scale += C::BaseField::one();
            put_point(p, scale, &mut bytes);
        }
        assert_eq!(bytes.len(), n * point_bytes::<C>());
        for (p, bytes) in points.iter().zip(bytes.chunks_exact(point_bytes::<C>())) {
            assert_eq!(self::point::<C>(bytes), Ok(*p), "{}", C::CURVE.name());
        }
        let affine: Vec<Affine<C>> = points.iter().map(|p| (*p).into()).collect();
        bytes.clear();
        put_bases(&affine, &mut bytes);
        assert_eq!(bytes.len(), n * base_bytes::<C>());
        assert_eq!(bases::<C>(&bytes), Ok(affine));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn points_survive_a_round_trip_at_any_scale(seed in any::<u64>(), n in 0usize..20) {
            points_survive::<ark_bn254::g1::Config>(seed, n);
            points_survive::<ark_bls12_381::g1::Config>(seed, n);
            points_survive::<ark_bls12_377::g1::Config>(seed, n);
        }

        /// Every 3 coordinates of bytes are a point or name the first that is not below the modulus.
        #[test]
        fn any_bytes_are_a_point_or_refused(
            mut bytes in proptest::collection::vec(any::<u8>(), 144),
            top in proptest::collection::vec(0u8..0x40, 3),
        ) {
            fn check<C: MsmCurve>(bytes: &[u8]) {
                let size = C::BaseField::BYTES;
                let modulus = C::BaseField::MODULUS.to_bytes_le();
                let below = |b: &[u8]| b.iter().rev().lt(modulus.iter().rev());
                let first = bytes.chunks_exact(size).take(3).position(|b| !below(b));
                match (point::<C>(&bytes[..3 * size]), first) {
                    (Err(NotReduced { element }), Some(at)) => assert_eq!(element, at),
                    (Ok(_), None) => {}
                    other => panic!("{}: {other:?}", C::CURVE.name()),
                }
            }
            // About half of the coordinates are below the modulus, whose highest byte is 0x30, 0x1a or 0x01.
            for (i, top) in top.iter().enumerate() {
                bytes[32 * i + 31] = *top;
            }
            check::<ark_bn254::g1::Config>(&bytes);
            for (i, top) in top.iter().enumerate() {
                bytes[48 * i + 47] = top / 2;
            }
            check::<ark_bls12_381::g1::Config>(&bytes);
            for (i, top) in top.iter().enumerate() {
                bytes[48 * i + 47] = top / 24;
            }
            check::<ark_bls12_377::g1::Config>(&bytes);
        }
    }

    fn the_modulus_is_refused<C: MsmCurve>() {
        let size = C::BaseField::BYTES;
        assert_eq!(size, C::CURVE.coordinate_bytes());
        let modulus = C::BaseField::MODULUS.to_bytes_le();
        for at in 0..3 {
            let mut bytes = vec![0; 3 * size];
            bytes[at * size..][..size].copy_from_slice(&modulus);
            assert_eq!(point::<C>(&bytes), Err(NotReduced { element: at }));
            // One less is an element.
            let mut below = C::BaseField::MODULUS;
            below.sub_with_borrow(&1u64.into());
            bytes[at * size..][..size].copy_from_slice(&below.to_bytes_le());
            assert!(point::<C>(&bytes).is_ok());
        }
        assert!(!C::COEFF_B.is_zero(), "(0, 0) is on no curve");
    }

    #[test]
    fn elements_beyond_the_modulus_are_refused() {
        the_modulus_is_refused::<ark_bn254::g1::Config>();
        the_modulus_is_refused::<ark_bls12_381::g1::Config>();
        the_modulus_is_refused::<ark_bls12_377::g1::Config>();
        let mut out = [Fr::zero(); 2];
        assert_eq!(elements(&[0xff; 64], &mut out), Err(NotReduced { element: 0 }));
    }

    #[test]
    fn sizes_are_those_of_the_contract() {
        assert_eq!((base_bytes::<ark_bn254::g1::Config>(), point_bytes::<ark_bn254::g1::Config>()), (64, 96));
        for curve in [Curve::Bls12_381, Curve::Bls12_377] {
            assert_eq!(2 * WORD_BYTES * curve.segment_words(), 2 * 288, "{}", curve.name());
        }
        assert_eq!((base_bytes::<ark_bls12_381::g1::Config>(), point_bytes::<ark_bls12_381::g1::Config>()), (96, 144));
        assert_eq!((base_bytes::<ark_bls12_377::g1::Config>(), point_bytes::<ark_bls12_377::g1::Config>()), (96, 144));
    }
}
