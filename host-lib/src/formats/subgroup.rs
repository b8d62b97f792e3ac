//! Membership in G2 for many points at once.
//!
//! The twist has (2q - r) r points, and 2q - r = 10069 * 5864401 * 1875725156269 * (a prime of 177 bits). Each point
//! outside G2 has a component of one of these orders, and a random sum of the points, with factors below 2^13 < 10069, has
//! none with a probability of at most 2^-13. So five such sums are in G2, with a point outside it among theirs, with a
//! probability of at most 2^-65. (Should one pass, no proof would leave: B is checked with each.)
//! (Bellare, Garay, Rabin, "Fast batch verification for modular exponentiation and digital
//! signatures", EUROCRYPT 1998, section 3: the small-exponents test, whose factors a small cofactor bounds.)

use crate::{cpu, formats::Problem};
use ark_bn254::{Fr, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use rand::{RngCore, rngs::OsRng};
use rayon::prelude::*;

/// Bits of a factor.
const BITS: u32 = 13;
/// Sums.
const SUMS: usize = 5;
/// Below so many points, each for itself is as quick.
const FEW: usize = 64;

/// The first point that is not in G2, if there is one; all are on the curve or infinity.
pub(super) fn outsider(points: &[G2Affine]) -> Option<usize> {
    let inside = |p: &G2Affine| p.is_zero() || p.is_in_correct_subgroup_assuming_on_curve();
    if points.len() >= FEW && all_inside(points) {
        return None;
    }
    points.par_iter().position_first(|p| !inside(p))
}

/// False if any point is outside, or if there is no randomness.
fn all_inside(points: &[G2Affine]) -> bool {
    let mut bytes = vec![0u8; 2 * points.len()];
    (0..SUMS).all(|_| {
        if OsRng.try_fill_bytes(&mut bytes).is_err() {
            return false;
        }
        let factor = |b: &[u8]| Fr::from(u16::from_le_bytes([b[0], b[1]]) & ((1 << BITS) - 1));
        let factors: Vec<Fr> = bytes.par_chunks_exact(2).map(factor).collect();
        let sum = cpu::msm_g2(points, &factors).into_affine();
        sum.is_zero() || sum.is_in_correct_subgroup_assuming_on_curve()
    })
}

/// [`outsider`] as a problem of a section; `place` names a point by its number.
pub(super) fn check(points: &[G2Affine], place: impl Fn(usize) -> String) -> Result<(), Problem> {
    match outsider(points) {
        None => Ok(()),
        Some(i) => Err(super::element::wrong_subgroup(&points[i], || place(i))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fq2;
    use ark_ff::PrimeField;
    use ark_std::{UniformRand, test_rng};

    /// A point of the twist of order 10069, the least prime in the cofactor: the hardest to find.
    fn of_order_10069(rng: &mut impl ark_std::rand::Rng) -> G2Affine {
        let largest = [0x9b6e0b358e0d894d, 0xe9dab9240f0c6ab8, 0x210315729f570];
        loop {
            let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), true) else { continue };
            let others = [&Fr::MODULUS.0[..], &[5_864_401], &[1_875_725_156_269], &largest];
            let point = others.iter().fold(point, |p, factor| p.mul_bigint(factor).into_affine());
            if !point.is_zero() {
                assert!(point.is_on_curve() && point.mul_bigint([10069u64]).into_affine().is_zero());
                return point;
            }
        }
    }

    #[test]
    fn one_outsider_among_many_is_found() {
        let rng = &mut test_rng();
        let start = ark_bn254::G2Projective::rand(rng);
        let mut points = vec![start.into_affine()];
        for _ in 1..3 * FEW {
            points.push((*points.last().unwrap() + start).into_affine());
        }
        points[7] = G2Affine::zero();
        assert_eq!(outsider(&points), None);
        assert_eq!(outsider(&points[..5]), None);
        let bad = of_order_10069(rng);
        for at in [0, 7, 100, 3 * FEW - 1] {
            let mut damaged = points.clone();
            damaged[at] = bad;
            assert_eq!(outsider(&damaged), Some(at));
            // A component of that order beside one in G2.
            damaged[at] = (points[20] + bad).into_affine();
            assert_eq!(outsider(&damaged), Some(at));
            assert_eq!(outsider(&damaged[at..]), Some(0));
        }
    }
}
