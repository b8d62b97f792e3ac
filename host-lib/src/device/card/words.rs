//! Between arkworks' types and the card's words (32 bytes, little-endian, see `abi::layout`).
//!
//! arkworks keeps BN254's elements in Montgomery form with R = 2^256, least significant limb
//! first, which is the card's form: nothing is converted, only copied; but for small scalars of
//! MSMs, which are quicker in canonical form.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, Field, PrimeField, Zero};
use gristmill_abi::layout::{AFFINE_WORDS, PROJECTIVE_WORDS, WORD_BYTES};

/// Bytes of an affine base.
pub(super) const BASE_BYTES: usize = AFFINE_WORDS * WORD_BYTES;

fn limbs_to_word(limbs: &[u64; 4]) -> [u8; WORD_BYTES] {
    let mut word = [0; WORD_BYTES];
    for (bytes, limb) in word.chunks_exact_mut(8).zip(limbs) {
        bytes.copy_from_slice(&limb.to_le_bytes());
    }
    word
}

fn word_to_limbs(word: &[u8]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(word.chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        *limb = u64::from_le_bytes(eight);
    }
    limbs
}

/// Appends field elements in Montgomery form.
pub(super) fn put_elements(elements: &[Fr], bytes: &mut Vec<u8>) {
    bytes.reserve(elements.len() * WORD_BYTES);
    for e in elements {
        bytes.extend_from_slice(&limbs_to_word(&e.0.0));
    }
}

/// Appends field elements in canonical form.
pub(super) fn put_canonical(elements: &[Fr], bytes: &mut Vec<u8>) {
    bytes.reserve(elements.len() * WORD_BYTES);
    for e in elements {
        bytes.extend_from_slice(&limbs_to_word(&e.into_bigint().0));
    }
}

/// Appends affine bases; infinity is `0, 0`.
pub(super) fn put_bases(points: &[G1Affine], bytes: &mut Vec<u8>) {
    bytes.reserve(points.len() * BASE_BYTES);
    for p in points {
        match p.xy() {
            Some((x, y)) => {
                bytes.extend_from_slice(&limbs_to_word(&x.0.0));
                bytes.extend_from_slice(&limbs_to_word(&y.0.0));
            }
            None => bytes.extend_from_slice(&[0; BASE_BYTES]),
        }
    }
}

/// A value that the card returned and that is not below the modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotReduced {
    /// Index of the word in the result.
    pub word: usize,
}

fn reduced(limbs: [u64; 4], modulus: [u64; 4]) -> bool {
    limbs.iter().rev().lt(modulus.iter().rev())
}

/// Field elements from words in Montgomery form.
pub(super) fn elements(bytes: &[u8], out: &mut [Fr]) -> Result<(), NotReduced> {
    for (i, (word, e)) in bytes.chunks_exact(WORD_BYTES).zip(out).enumerate() {
        let limbs = word_to_limbs(word);
        if !reduced(limbs, Fr::MODULUS.0) {
            return Err(NotReduced { word: i });
        }
        *e = Fr::new_unchecked(BigInt(limbs));
    }
    Ok(())
}

/// A projective point (homogeneous, three words) from the card: Jacobian (XZ, YZ^2, Z).
/// Whether it lies on the curve is not checked here.
pub(super) fn point(bytes: &[u8]) -> Result<G1Projective, NotReduced> {
    let mut c = [Fq::zero(); PROJECTIVE_WORDS];
    for (i, (word, value)) in bytes.chunks_exact(WORD_BYTES).zip(&mut c).enumerate() {
        let limbs = word_to_limbs(word);
        if !reduced(limbs, Fq::MODULUS.0) {
            return Err(NotReduced { word: i });
        }
        *value = Fq::new_unchecked(BigInt(limbs));
    }
    let [x, y, z] = c;
    if z.is_zero() {
        return Ok(G1Projective::zero());
    }
    Ok(G1Projective::new_unchecked(x * z, y * z.square(), z))
}

/// The bytes of a homogeneous projective point, as a card would write them.
#[cfg(test)]
pub(super) fn put_point(p: &G1Projective, scale: Fq, bytes: &mut Vec<u8>) {
    let a = p.into_affine();
    let (x, y, z) = match a.xy() {
        Some((x, y)) => (x * scale, y * scale, scale),
        None => (Fq::zero(), scale, Fq::zero()),
    };
    for c in [x, y, z] {
        bytes.extend_from_slice(&limbs_to_word(&c.0.0));
    }
}

#[allow(unused_imports)]
use CurveGroup as _; // into_affine in tests

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{One, UniformRand};
    use ark_std::test_rng;

    #[test]
    fn elements_survive_a_round_trip() {
        let mut rng = test_rng();
        let v: Vec<Fr> = (0..9).map(|_| Fr::rand(&mut rng)).chain([Fr::zero(), -Fr::one()]).collect();
        let mut bytes = Vec::new();
        put_elements(&v, &mut bytes);
        let mut back = vec![Fr::zero(); v.len()];
        elements(&bytes, &mut back).expect("reduced");
        assert_eq!(back, v);
    }

    #[test]
    fn points_survive_a_round_trip_at_any_scale() {
        let mut rng = test_rng();
        for p in [G1Projective::zero(), G1Projective::rand(&mut rng)] {
            let mut bytes = Vec::new();
            put_point(&p, Fq::rand(&mut rng), &mut bytes);
            assert_eq!(point(&bytes), Ok(p));
        }
    }

    #[test]
    fn words_beyond_the_modulus_are_refused() {
        let mut bytes = vec![0; 96];
        bytes[32..64].copy_from_slice(&limbs_to_word(&Fq::MODULUS.0));
        assert_eq!(point(&bytes), Err(NotReduced { word: 1 }));
        let mut out = [Fr::zero(); 2];
        assert_eq!(elements(&[0xff; 64], &mut out), Err(NotReduced { word: 0 }));
    }
}
