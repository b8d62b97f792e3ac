//! `.zkey`: the proving key that snarkjs' `groth16 setup` and its contributions make.
//!
//! | section | holds |
//! |---|---|
//! | 1 | protocol (u32, 1 is groth16) |
//! | 2 | bytes of q (u32), q, bytes of r (u32), r, variables, public signals, domain size (u32 each), alpha1, beta1, beta2, gamma2, delta1, delta2 |
//! | 3 | IC: public signals + 1 points of G1 |
//! | 4 | number (u32) of coefficients of A and B, each: matrix (u32, 0 A, 1 B), row, signal (u32), value * R^2 |
//! | 5, 6 | A and B1: a point of G1 for each variable |
//! | 7 | B2: a point of G2 for each variable |
//! | 8 | C: a point of G1 for each private variable |
//! | 9 | H: a point of G1 for each element of the domain |
//! | 10 | contributions; not read here (`snarkjs zkey verify` does) |

use super::{
    Problem,
    binary::{Cursor, Section, Sections},
    element::{self, WORD},
    parse_mapped, subgroup,
};
use crate::Result;
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{FftField, PrimeField};
use ark_groth16::VerifyingKey;
use rayon::prelude::*;
use std::path::Path;

const MAGIC: &str = "zkey";
const VERSION: u32 = 1;
const NAMES: &[(u32, &str)] = &[
    (1, "protocol"),
    (2, "header"),
    (3, "IC"),
    (4, "coefficients"),
    (5, "A points"),
    (6, "B1 points"),
    (7, "B2 points"),
    (8, "C points"),
    (9, "H points"),
    (10, "contributions"),
];
const GROTH16: u32 = 1;
const G1_BYTES: usize = 2 * WORD;
const G2_BYTES: usize = 4 * WORD;
const COEFFICIENT_BYTES: usize = 12 + WORD;
/// q, r with their sizes, three numbers, three points of G1 and three of G2.
const HEADER_BYTES: u64 = (2 * (4 + WORD) + 12 + 3 * G1_BYTES + 3 * G2_BYTES) as u64;

/// The constraint matrix of a coefficient. (C is not in the file: a valid witness has C = A * B.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// Left factors.
    A,
    /// Right factors.
    B,
}

/// One entry of a constraint matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficient {
    /// Which matrix.
    pub matrix: Matrix,
    /// Constraint, below the domain's size.
    pub row: u32,
    /// Variable, below the number of variables.
    pub signal: u32,
    /// The entry.
    pub value: Fr,
}

/// A proving key, every value checked: canonical, on its curve, in its group.
#[derive(Clone, Debug)]
pub struct Zkey {
    /// Variables, the constant one included.
    pub variables: usize,
    /// Public signals, without the constant one.
    pub public: usize,
    /// Size of the domain, a power of two.
    pub domain: usize,
    /// beta in G1.
    pub beta_g1: G1Affine,
    /// delta in G1.
    pub delta_g1: G1Affine,
    /// The verification key (from the header and IC).
    pub vk: VerifyingKey<Bn254>,
    /// Entries of A and B.
    pub coefficients: Vec<Coefficient>,
    /// A query, one for each variable.
    pub a: Vec<G1Affine>,
    /// B query in G1, one for each variable.
    pub b_g1: Vec<G1Affine>,
    /// B query in G2, one for each variable.
    pub b_g2: Vec<G2Affine>,
    /// C query, one for each private variable.
    pub c: Vec<G1Affine>,
    /// H query, one for each element of the domain.
    pub h: Vec<G1Affine>,
}

impl Zkey {
    /// Reads a file (through a memory map).
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Format`](crate::Error::Format).
    pub fn open(path: impl AsRef<Path>) -> Result<Zkey> {
        parse_mapped(path.as_ref(), Zkey::parse)
    }

    /// Parses the file's bytes.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(bytes: &[u8]) -> Result<Zkey, Problem> {
        let sections = Sections::scan(bytes, MAGIC, VERSION, NAMES)?;
        let protocol = sections.get(1)?;
        let found = Cursor::new(protocol.records(0, 4, 1, "protocol number")?).u32(|| protocol.place("protocol"))?;
        if found != GROTH16 {
            let found = match found {
                2 => "plonk".to_owned(),
                10 => "fflonk".to_owned(),
                n => format!("number {n}"),
            };
            return Err(Problem::Protocol { found });
        }
        let header = Header::parse(sections.get(2)?)?;
        let [variables, public, domain] = [header.variables, header.public, header.domain].map(u64::from);
        let section = sections.get(3)?;
        let ic = points(section, public + 1, G1_BYTES, |b, at| element::g1(b, at))?;
        let coefficients = coefficients(sections.get(4)?, &header)?;
        let vk = VerifyingKey {
            alpha_g1: header.alpha_g1,
            beta_g2: header.beta_g2,
            gamma_g2: header.gamma_g2,
            delta_g2: header.delta_g2,
            gamma_abc_g1: ic,
        };
        Ok(Zkey {
            variables: header.variables as usize,
            public: header.public as usize,
            domain: header.domain as usize,
            beta_g1: header.beta_g1,
            delta_g1: header.delta_g1,
            vk,
            coefficients,
            a: points(sections.get(5)?, variables, G1_BYTES, |b, at| element::g1(b, at))?,
            b_g1: points(sections.get(6)?, variables, G1_BYTES, |b, at| element::g1(b, at))?,
            b_g2: b_g2(sections.get(7)?, variables)?,
            c: points(sections.get(8)?, variables - public - 1, G1_BYTES, |b, at| element::g1(b, at))?,
            h: points(sections.get(9)?, domain, G1_BYTES, |b, at| element::g1(b, at))?,
        })
    }
}

struct Header {
    variables: u32,
    public: u32,
    domain: u32,
    alpha_g1: G1Affine,
    beta_g1: G1Affine,
    delta_g1: G1Affine,
    beta_g2: G2Affine,
    gamma_g2: G2Affine,
    delta_g2: G2Affine,
}

impl Header {
    fn parse(section: Section<'_>) -> Result<Self, Problem> {
        let cursor = &mut Cursor::new(section.bytes);
        modulus(cursor, section, "base field", &Fq::MODULUS.to_string())?;
        modulus(cursor, section, "scalar field", &Fr::MODULUS.to_string())?;
        let _whole = section.records(0, 1, HEADER_BYTES, "bytes of a Groth16 header over bn128")?;
        let mut number = |name: &str| cursor.u32(|| section.place(name));
        let (variables, public, domain) = (number("variables")?, number("public signals")?, number("domain size")?);
        let bad = |name, found: u32, rule: String| {
            Err(Problem::Header { place: section.place("numbers"), name, found: found.into(), rule })
        };
        if public >= variables {
            return bad("number of public signals", public, format!("there are {variables} variables with the one"));
        }
        // snarkjs' quotient needs a root of twice the domain's order.
        let max = 1 << (Fr::TWO_ADICITY - 1);
        if !domain.is_power_of_two() || domain > max {
            return bad("domain size", domain, format!("it must be a power of two up to {max}"));
        }
        fn g1(cursor: &mut Cursor<'_>, section: Section<'_>, name: &str) -> Result<G1Affine, Problem> {
            let bytes = cursor.array::<G1_BYTES>(|| section.place(name))?;
            finite(element::g1(&bytes, || section.place(name))?, || section.place(name))
        }
        fn g2(cursor: &mut Cursor<'_>, section: Section<'_>, name: &str) -> Result<G2Affine, Problem> {
            let bytes = cursor.array::<G2_BYTES>(|| section.place(name))?;
            finite(element::g2(&bytes, || section.place(name))?, || section.place(name))
        }
        Ok(Header {
            variables,
            public,
            domain,
            alpha_g1: g1(cursor, section, "alpha1")?,
            beta_g1: g1(cursor, section, "beta1")?,
            beta_g2: g2(cursor, section, "beta2")?,
            gamma_g2: g2(cursor, section, "gamma2")?,
            delta_g1: g1(cursor, section, "delta1")?,
            delta_g2: g2(cursor, section, "delta2")?,
        })
    }
}

/// The point, if it is not infinity: with alpha, beta, gamma or delta at infinity, proofs mean nothing.
pub(super) fn finite<P: AffineRepr>(point: P, place: impl Fn() -> String) -> Result<P, Problem> {
    if point.is_zero() { Err(Problem::Infinity { place: place() }) } else { Ok(point) }
}

/// A modulus with its size in front, which must be the one expected.
pub(super) fn modulus(
    cursor: &mut Cursor<'_>,
    section: Section<'_>,
    field: &'static str,
    expected: &str,
) -> Result<(), Problem> {
    let place = || section.place(format!("modulus of the {field}"));
    let curve = |found: String| Problem::Curve { place: place(), found, expected: expected.to_owned() };
    let size = cursor.u32(place)?;
    if size != WORD as u32 {
        return Err(curve(format!("a modulus of {size} bytes")));
    }
    let found = element::integer(&cursor.array::<WORD>(place)?).to_string();
    if found == expected { Ok(()) } else { Err(curve(found)) }
}

fn points<P: Send>(
    section: Section<'_>,
    count: u64,
    size: usize,
    parse: impl Fn(&[u8], &dyn Fn() -> String) -> Result<P, Problem> + Sync,
) -> Result<Vec<P>, Problem> {
    section
        .records(0, size, count, "points")?
        .par_chunks_exact(size)
        .enumerate()
        .map(|(i, bytes)| parse(bytes, &|| section.place(format!("point {i} of {count}"))))
        .collect()
}

fn b_g2(section: Section<'_>, count: u64) -> Result<Vec<G2Affine>, Problem> {
    let points = points(section, count, G2_BYTES, |b, at| element::g2_on_curve(b, at))?;
    subgroup::check(&points, |i| section.place(format!("point {i} of {count}")))?;
    Ok(points)
}

fn coefficients(section: Section<'_>, header: &Header) -> Result<Vec<Coefficient>, Problem> {
    let count: u64 = Cursor::new(section.bytes).u32(|| section.place("number of coefficients"))?.into();
    let records = section.records(4, COEFFICIENT_BYTES, count, "coefficients")?;
    let parse = |(i, bytes): (usize, &[u8])| {
        let place = || section.place(format!("coefficient {i} of {count}"));
        let cursor = &mut Cursor::new(bytes);
        let (matrix, row, signal) = (cursor.u32(place)?, cursor.u32(place)?, cursor.u32(place)?);
        let bad =
            |name, found: u32, rule: String| Err(Problem::Header { place: place(), name, found: found.into(), rule });
        let matrix = match matrix {
            0 => Matrix::A,
            1 => Matrix::B,
            m => return bad("matrix", m, "it must be 0 (A) or 1 (B)".into()),
        };
        if row >= header.domain {
            return bad("row", row, format!("the domain's size is {}", header.domain));
        }
        if signal >= header.variables {
            return bad("signal", signal, format!("there are {} variables", header.variables));
        }
        let value = element::fr_twice_montgomery(cursor.take(WORD as u64, place)?, place)?;
        Ok(Coefficient { matrix, row, signal, value })
    };
    records.par_chunks_exact(COEFFICIENT_BYTES).enumerate().map(parse).collect()
}
