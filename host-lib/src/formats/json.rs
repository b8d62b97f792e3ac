//! Numbers and points in snarkjs' JSON: decimal strings; points projective with z = 1, or z = 0
//! for infinity.

use super::{FormatError, Problem, element};
use crate::{Error, Result};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use ark_std::{One, Zero};
use serde::{Serialize, de::DeserializeOwned};
use std::{fs::File, io::Read, path::Path};

/// Larger files are not read: these hold a few points and the public signals.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a file and parses it.
pub(super) fn read<T>(
    path: &Path,
    expected: &'static str,
    parse: impl FnOnce(&[u8]) -> Result<T, Problem>,
) -> Result<T> {
    let io = |action| move |source| Error::Io { path: path.to_owned(), action, source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io("open"))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io("read"))?;
    let parsed = if bytes.len() as u64 > MAX_BYTES {
        Err(Problem::Json { reason: format!("larger than {MAX_BYTES} bytes"), expected })
    } else {
        parse(&bytes)
    };
    parsed.map_err(|problem| FormatError { file: path.to_owned(), problem }.into())
}

/// Parses JSON into a type.
pub(super) fn from_slice<T: DeserializeOwned>(bytes: &[u8], expected: &'static str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|e| Problem::Json { reason: e.to_string(), expected })
}

/// JSON as snarkjs writes it: indented by one space, no newline at the end.
pub(super) fn to_string(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // Strings and vectors always serialize, and into memory.
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// The protocol must be groth16, the curve bn128 where it is given.
pub(super) fn check_names(protocol: &str, curve: Option<&str>) -> Result<(), Problem> {
    if protocol != "groth16" {
        return Err(Problem::Protocol { found: format!("`{}`", shorten(protocol)) });
    }
    match curve {
        None | Some("bn128") => Ok(()),
        Some(other) => Err(Problem::Curve {
            place: "curve".into(),
            found: format!("`{}`", shorten(other)),
            expected: "bn128".into(),
        }),
    }
}

/// A field element from decimal digits.
pub(super) fn decimal<F: PrimeField<BigInt = BigInt<4>>>(
    text: &str,
    field: &'static str,
    place: impl Fn() -> String,
) -> Result<F, Problem> {
    let bad = || Problem::Decimal { place: place(), found: shorten(text) };
    let too_large = || Problem::NotCanonical { place: place(), found: shorten(text), field };
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) || (text.len() > 1 && text.starts_with('0')) {
        return Err(bad());
    }
    let mut limbs = [0u64; 4];
    for digit in text.bytes() {
        let mut carry = u128::from(digit - b'0');
        for limb in &mut limbs {
            carry += u128::from(*limb) * 10;
            *limb = carry as u64;
            carry >>= 64;
        }
        if carry != 0 {
            return Err(too_large());
        }
    }
    F::from_bigint(BigInt::new(limbs)).ok_or_else(too_large)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(90) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

fn fq(text: &str, place: impl Fn() -> String) -> Result<Fq, Problem> {
    decimal(text, "base field", place)
}

/// A point of G1 from `[x, y, z]`.
pub(super) fn g1(text: &[String], place: &str, expected: &'static str) -> Result<G1Affine, Problem> {
    let [x, y, z] = text else {
        return Err(Problem::Json { reason: format!("{place} has {} coordinates, not 3", text.len()), expected });
    };
    let (x, y, z) =
        (fq(x, || format!("{place}, x"))?, fq(y, || format!("{place}, y"))?, fq(z, || format!("{place}, z"))?);
    if z.is_zero() {
        return Ok(G1Affine::zero());
    }
    if !z.is_one() {
        return Err(Problem::Json { reason: format!("{place}: z is {z}, not 1 (or 0 for infinity)"), expected });
    }
    if x.is_zero() && y.is_zero() {
        return Err(Problem::OffCurve { place: place.into(), group: "G1", x: "0".into(), y: "0".into() });
    }
    element::g1_from(x, y, || place.to_owned())
}

/// A point of G2 from `[[x.c0, x.c1], [y.c0, y.c1], [z.c0, z.c1]]`.
pub(super) fn g2(text: &[Vec<String>], place: &str, expected: &'static str) -> Result<G2Affine, Problem> {
    let mut parts = [Fq2::zero(); 3];
    if text.len() != 3 {
        return Err(Problem::Json { reason: format!("{place} has {} coordinates, not 3", text.len()), expected });
    }
    for ((part, name), text) in parts.iter_mut().zip(["x", "y", "z"]).zip(text) {
        let [c0, c1] = text.as_slice() else {
            let reason = format!("{place}, {name} has {} components, not 2", text.len());
            return Err(Problem::Json { reason, expected });
        };
        *part = Fq2::new(fq(c0, || format!("{place}, {name}.c0"))?, fq(c1, || format!("{place}, {name}.c1"))?);
    }
    let [x, y, z] = parts;
    if z.is_zero() {
        return Ok(G2Affine::zero());
    }
    if !z.is_one() {
        return Err(Problem::Json { reason: format!("{place}: z is {z}, not 1 (or 0 for infinity)"), expected });
    }
    if x.is_zero() && y.is_zero() {
        return Err(Problem::OffCurve { place: place.into(), group: "G2", x: "0".into(), y: "0".into() });
    }
    element::g2_from(x, y, || place.to_owned())
}

/// `[x, y, z]` as snarkjs writes it.
pub(super) fn g1_text(point: &G1Affine) -> Vec<String> {
    match point.xy() {
        Some((x, y)) => vec![digits(x), digits(y), "1".into()],
        None => vec!["0".into(), "1".into(), "0".into()],
    }
}

/// `[[x.c0, x.c1], ...]` as snarkjs writes it.
pub(super) fn g2_text(point: &G2Affine) -> Vec<Vec<String>> {
    let (x, y, z) = match point.xy() {
        Some((x, y)) => (x, y, Fq2::one()),
        None => (Fq2::zero(), Fq2::one(), Fq2::zero()),
    };
    [x, y, z].iter().map(fq2_text).collect()
}

/// `[c0, c1]`.
pub(super) fn fq2_text(value: &Fq2) -> Vec<String> {
    vec![digits(value.c0), digits(value.c1)]
}

/// Decimal digits of the canonical value.
pub(super) fn digits<F: PrimeField>(value: F) -> String {
    value.into_bigint().to_string()
}
