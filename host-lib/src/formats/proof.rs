//! `proof.json`.

use super::{Problem, json};
use crate::Result;
use ark_bn254::Bn254;
use ark_groth16::Proof;
use serde::{Deserialize, Serialize};
use std::path::Path;

const EXPECTED: &str = "a Groth16 proof (proof.json)";

#[derive(Serialize, Deserialize)]
struct File {
    pi_a: Vec<String>,
    pi_b: Vec<Vec<String>>,
    pi_c: Vec<String>,
    protocol: String,
    // Some provers leave it out.
    #[serde(default)]
    curve: Option<String>,
}

/// Reads a proof; its points are on their curves and in their groups.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) and [`Error::Format`](crate::Error::Format).
pub fn read(path: impl AsRef<Path>) -> Result<Proof<Bn254>> {
    json::read(path.as_ref(), EXPECTED, parse)
}

/// Parses the file's bytes.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(bytes: &[u8]) -> Result<Proof<Bn254>, Problem> {
    let file: File = json::from_slice(bytes, EXPECTED)?;
    json::check_names(&file.protocol, file.curve.as_deref())?;
    Ok(Proof {
        a: json::g1(&file.pi_a, "pi_a", EXPECTED)?,
        b: json::g2(&file.pi_b, "pi_b", EXPECTED)?,
        c: json::g1(&file.pi_c, "pi_c", EXPECTED)?,
    })
}

/// The file's text, byte for byte as snarkjs writes it.
pub fn to_json(proof: &Proof<Bn254>) -> String {
    json::to_string(&File {
        pi_a: json::g1_text(&proof.a),
        pi_b: json::g2_text(&proof.b),
        pi_c: json::g1_text(&proof.c),
        protocol: "groth16".into(),
        curve: Some("bn128".into()),
    })
}
