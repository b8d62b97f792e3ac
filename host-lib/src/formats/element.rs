//! Field elements and points of binary files: little-endian words of 32 bytes; coordinates in
//! Montgomery form (R = 2^256), an affine point as `x, y`, infinity as `0, 0`, an element of Fq2
//! as `c0, c1`.

use super::Problem;
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use ark_std::Zero;

/// Bytes of a field element.
pub(super) const WORD: usize = 32;

/// The integer in 32 little-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> BigInt<4> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        *limb = u64::from_le_bytes(word);
    }
    BigInt::new(limbs)
}

/// An Fr in canonical form.
pub(super) fn fr_canonical(bytes: &[u8], place: impl Fn() -> String) -> Result<Fr, Problem> {
    let value = integer(bytes);
    Fr::from_bigint(value).ok_or_else(|| not_canonical(value, "scalar field", place))
}

/// An Fr stored as value * R^2: arkworks' memory holds value * R, so one division by R is left.
pub(super) fn fr_twice_montgomery(bytes: &[u8], place: impl Fn() -> String) -> Result<Fr, Problem> {
    let value = integer(bytes);
    if value >= Fr::MODULUS {
        return Err(not_canonical(value, "scalar field", place));
    }
    Ok(Fr::new_unchecked(value) * Fr::new_unchecked(BigInt::one()))
}

fn fq_montgomery(bytes: &[u8], place: impl Fn() -> String) -> Result<Fq, Problem> {
    let value = integer(bytes);
    if value >= Fq::MODULUS {
        return Err(not_canonical(value, "base field", place));
    }
    Ok(Fq::new_unchecked(value))
}

fn not_canonical(value: BigInt<4>, field: &'static str, place: impl Fn() -> String) -> Problem {
    Problem::NotCanonical { place: place(), found: value.to_string(), field }
}

/// A point of G1 from 64 bytes, on the curve or infinity.
pub(super) fn g1(bytes: &[u8], place: impl Fn() -> String) -> Result<G1Affine, Problem> {
    let x = fq_montgomery(&bytes[..WORD], || format!("{}, x", place()))?;
    let y = fq_montgomery(&bytes[WORD..], || format!("{}, y", place()))?;
    g1_from(x, y, place)
}

/// A point of G1 from coordinates, on the curve; (0, 0) is infinity.
pub(super) fn g1_from(x: Fq, y: Fq, place: impl Fn() -> String) -> Result<G1Affine, Problem> {
    if x.is_zero() && y.is_zero() {
        return Ok(G1Affine::zero());
    }
    // G1 has prime order: on the curve is in the group.
    let point = G1Affine::new_unchecked(x, y);
    match point.is_on_curve() {
        true => Ok(point),
        false => Err(Problem::OffCurve { place: place(), group: "G1", x: x.to_string(), y: y.to_string() }),
    }
}

/// A point of G2 from 128 bytes, in the group or infinity.
pub(super) fn g2(bytes: &[u8], place: impl Fn() -> String) -> Result<G2Affine, Problem> {
    in_group(g2_on_curve(bytes, &place)?, place)
}

/// A point of the twist from 128 bytes, or infinity. Whether it is in G2 is to be checked.
pub(super) fn g2_on_curve(bytes: &[u8], place: impl Fn() -> String) -> Result<G2Affine, Problem> {
    let part = |i: usize, name: &'static str| {
        fq_montgomery(&bytes[i * WORD..(i + 1) * WORD], || format!("{}, {name}", place()))
    };
    let x = Fq2::new(part(0, "x.c0")?, part(1, "x.c1")?);
    let y = Fq2::new(part(2, "y.c0")?, part(3, "y.c1")?);
    twist(x, y, place)
}

/// A point of G2 from coordinates, in the group; (0, 0) is infinity.
pub(super) fn g2_from(x: Fq2, y: Fq2, place: impl Fn() -> String) -> Result<G2Affine, Problem> {
    in_group(twist(x, y, &place)?, place)
}

fn text(v: Fq2) -> String {
    format!("[{}, {}]", v.c0, v.c1)
}

fn twist(x: Fq2, y: Fq2, place: impl Fn() -> String) -> Result<G2Affine, Problem> {
    if x.is_zero() && y.is_zero() {
        return Ok(G2Affine::zero());
    }
    let point = G2Affine::new_unchecked(x, y);
    match point.is_on_curve() {
        true => Ok(point),
        false => Err(Problem::OffCurve { place: place(), group: "G2", x: text(x), y: text(y) }),
    }
}

fn in_group(point: G2Affine, place: impl Fn() -> String) -> Result<G2Affine, Problem> {
    match point.is_zero() || point.is_in_correct_subgroup_assuming_on_curve() {
        true => Ok(point),
        false => Err(wrong_subgroup(&point, place)),
    }
}

/// A point of the twist that is not in G2.
pub(super) fn wrong_subgroup(point: &G2Affine, place: impl Fn() -> String) -> Problem {
    Problem::WrongSubgroup { place: place(), x: text(point.x) }
}
