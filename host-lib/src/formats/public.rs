//! `public.json`: the public signals (outputs first, then public inputs).

use super::{Problem, json};
use crate::Result;
use ark_bn254::Fr;
use std::path::Path;

const EXPECTED: &str = "a list of public signals (public.json)";

/// Reads public signals.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) and [`Error::Format`](crate::Error::Format).
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Fr>> {
    json::read(path.as_ref(), EXPECTED, parse)
}

/// Parses the file's bytes.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(bytes: &[u8]) -> Result<Vec<Fr>, Problem> {
    let signals: Vec<String> = json::from_slice(bytes, EXPECTED)?;
    let parse = |(i, text): (usize, &String)| json::decimal(text, "scalar field", || format!("public signal {i}"));
    signals.iter().enumerate().map(parse).collect()
}

/// The file's text, byte for byte as snarkjs writes it.
pub fn to_json(signals: &[Fr]) -> String {
    json::to_string(&signals.iter().map(|s| json::digits(*s)).collect::<Vec<_>>())
}
