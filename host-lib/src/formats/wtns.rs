//! `.wtns`: the witness. Section 1: bytes of r (u32), r, number of values (u32); section 2: the
//! values, canonical.

use super::{
    Problem,
    binary::{Cursor, Sections},
    element::{self, WORD},
    parse_mapped, zkey,
};
use crate::Result;
use ark_bn254::Fr;
use ark_ff::PrimeField;
use rayon::prelude::*;
use std::{fmt, path::Path};
use zeroize::Zeroizing;

const MAGIC: &str = "wtns";
const VERSION: u32 = 2;
const NAMES: &[(u32, &str)] = &[(1, "header"), (2, "values")];

/// A witness: the values of all variables, the constant one first, then the public signals. A
/// secret: wiped when dropped, never printed.
#[derive(Clone)]
pub struct Witness(Zeroizing<Vec<Fr>>);

impl Witness {
    /// Reads a file (through a memory map, which leaves no copy behind in this process).
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) and [`Error::Format`](crate::Error::Format).
    pub fn open(path: impl AsRef<Path>) -> Result<Witness> {
        parse_mapped(path.as_ref(), Witness::parse)
    }

    /// Parses the file's bytes.
    ///
    /// # Errors
    /// What is wrong, and where. Values that are not canonical are not shown.
    pub fn parse(bytes: &[u8]) -> Result<Witness, Problem> {
        let sections = Sections::scan(bytes, MAGIC, VERSION, NAMES)?;
        let header = sections.get(1)?;
        let cursor = &mut Cursor::new(header.bytes);
        zkey::modulus(cursor, header, "scalar field", &Fr::MODULUS.to_string())?;
        let _whole = header.records(0, 1, (4 + WORD + 4) as u64, "bytes of a witness header over bn128")?;
        let count = cursor.u32(|| header.place("number of values"))?;
        let values = sections.get(2)?;
        let records = values.records(0, WORD, count.into(), "values")?;
        let parse = |(i, bytes): (usize, &[u8])| {
            element::fr_canonical(bytes, || values.place(format!("value {i} of {count}"))).map_err(hide)
        };
        // Room for all at once: a growing vector would leave copies behind.
        let mut witness = Zeroizing::new(vec![Fr::default(); count as usize]);
        witness
            .par_iter_mut()
            .zip(records.par_chunks_exact(WORD).enumerate())
            .try_for_each(|(slot, record)| parse(record).map(|value| *slot = value))?;
        Ok(Witness(witness))
    }

    /// From values: the constant one, the public signals, the private ones.
    pub fn from_values(values: Vec<Fr>) -> Witness {
        Witness(Zeroizing::new(values))
    }

    /// The values.
    pub fn values(&self) -> &[Fr] {
        &self.0
    }
}

/// Witnesses are secrets, also in error messages.
fn hide(problem: Problem) -> Problem {
    match problem {
        Problem::NotCanonical { place, field, .. } => {
            Problem::NotCanonical { place, found: "the value (secret, not shown)".into(), field }
        }
        other => other,
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness({} values)", self.0.len())
    }
}
