//! `verification_key.json`.

use super::{Problem, json, zkey::finite};
use crate::Result;
use ark_bn254::{Bn254, Fq6};
use ark_ec::pairing::Pairing;
use ark_groth16::VerifyingKey;
use serde::{Deserialize, Serialize};
use std::path::Path;

const EXPECTED: &str = "a Groth16 verification key (verification_key.json)";

#[derive(Serialize, Deserialize)]
struct File {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    public: u64,
    vk_alpha_1: Vec<String>,
    vk_beta_2: Vec<Vec<String>>,
    vk_gamma_2: Vec<Vec<String>>,
    vk_delta_2: Vec<Vec<String>>,
    /// e(alpha, beta): derived, so not believed when read.
    #[serde(default, skip_deserializing)]
    vk_alphabeta_12: Vec<Vec<Vec<String>>>,
    #[serde(rename = "IC")]
    ic: Vec<Vec<String>>,
}

/// Reads a verification key; its points are on their curves and in their groups, and alpha,
/// beta, gamma, delta are not infinity.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) and [`Error::Format`](crate::Error::Format).
pub fn read(path: impl AsRef<Path>) -> Result<VerifyingKey<Bn254>> {
    json::read(path.as_ref(), EXPECTED, parse)
}

/// Parses the file's bytes.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(bytes: &[u8]) -> Result<VerifyingKey<Bn254>, Problem> {
    let file: File = json::from_slice(bytes, EXPECTED)?;
    json::check_names(&file.protocol, Some(&file.curve))?;
    if file.public.checked_add(1) != Some(file.ic.len() as u64) {
        let reason = format!("nPublic is {} but IC has {} points, not one more", file.public, file.ic.len());
        return Err(Problem::Json { reason, expected: EXPECTED });
    }
    let g2 = |text: &[Vec<String>], place: &str| finite(json::g2(text, place, EXPECTED)?, || place.into());
    let ic = |(i, text): (usize, &Vec<String>)| json::g1(text, &format!("IC, point {i}"), EXPECTED);
    Ok(VerifyingKey {
        alpha_g1: finite(json::g1(&file.vk_alpha_1, "vk_alpha_1", EXPECTED)?, || "vk_alpha_1".into())?,
        beta_g2: g2(&file.vk_beta_2, "vk_beta_2")?,
        gamma_g2: g2(&file.vk_gamma_2, "vk_gamma_2")?,
        delta_g2: g2(&file.vk_delta_2, "vk_delta_2")?,
        gamma_abc_g1: file.ic.iter().enumerate().map(ic).collect::<Result<_, _>>()?,
    })
}

/// The file's text, byte for byte as snarkjs writes it.
pub fn to_json(vk: &VerifyingKey<Bn254>) -> String {
    let alphabeta = Bn254::pairing(vk.alpha_g1, vk.beta_g2).0;
    let fq6 = |v: &Fq6| [v.c0, v.c1, v.c2].iter().map(json::fq2_text).collect();
    json::to_string(&File {
        protocol: "groth16".into(),
        curve: "bn128".into(),
        public: vk.gamma_abc_g1.len().saturating_sub(1) as u64,
        vk_alpha_1: json::g1_text(&vk.alpha_g1),
        vk_beta_2: json::g2_text(&vk.beta_g2),
        vk_gamma_2: json::g2_text(&vk.gamma_g2),
        vk_delta_2: json::g2_text(&vk.delta_g2),
        vk_alphabeta_12: vec![fq6(&alphabeta.c0), fq6(&alphabeta.c1)],
        ic: vk.gamma_abc_g1.iter().map(json::g1_text).collect(),
    })
}
