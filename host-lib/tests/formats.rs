//! snarkjs' files: what is right is read and written byte for byte, what is wrong is refused by
//! name. The files in `data` were made by snarkjs.

use ark_bn254::{Fq, Fr, G2Affine};
use ark_ff::{BigInteger, PrimeField};
use ark_std::Zero;
use gristmill::{
    Error,
    formats::{self, Problem, Witness, Zkey},
    verify::verify,
};
use proptest::prelude::*;

const ZKEY: &[u8] = include_bytes!("data/circuit.zkey");
const WTNS: &[u8] = include_bytes!("data/witness.wtns");
const VKEY: &str = include_str!("data/verification_key.json");
const PROOF: &str = include_str!("data/proof.json");
const PUBLIC: &str = include_str!("data/public.json");

/// A binary file taken apart: magic, version, and sections.
#[derive(Clone)]
struct File {
    head: Vec<u8>,
    sections: Vec<(u32, Vec<u8>)>,
}

impl File {
    fn new(bytes: &[u8]) -> Self {
        let mut sections = Vec::new();
        let mut at = 12;
        while at < bytes.len() {
            let id = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let size = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
            sections.push((id, bytes[at + 12..at + 12 + size].to_vec()));
            at += 12 + size;
        }
        File { head: bytes[..8].to_vec(), sections }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        bytes.extend((self.sections.len() as u32).to_le_bytes());
        for (id, content) in &self.sections {
            bytes.extend(id.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }

    fn section(&mut self, id: u32) -> &mut Vec<u8> {
        &mut self.sections.iter_mut().find(|(i, _)| *i == id).unwrap().1
    }

    /// The bytes with some of a section replaced.
    fn with(&self, id: u32, at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut file = self.clone();
        file.section(id)[at..at + bytes.len()].copy_from_slice(bytes);
        file.bytes()
    }
}

fn zkey(bytes: &[u8]) -> Problem {
    Zkey::parse(bytes).expect_err("a damaged zkey")
}

fn wtns(bytes: &[u8]) -> Problem {
    Witness::parse(bytes).expect_err("a damaged wtns")
}

/// The problem is of this kind and its text names all of these.
macro_rules! assert_problem {
    ($problem:expr, $kind:pat, $($name:expr),+) => {{
        let problem: Problem = $problem;
        let text = problem.to_string();
        assert!(matches!(problem, $kind), "{problem:?}");
        $(assert!(text.contains($name), "`{text}` does not name `{}`", $name);)+
    }};
}

#[test]
fn whole_files_are_read() {
    let key = Zkey::parse(ZKEY).unwrap();
    assert_eq!((key.variables, key.public, key.domain, key.c.len()), (13, 2, 16, 10));
    assert_eq!(key.vk, formats::vkey::parse(VKEY.as_bytes()).unwrap());
    let witness = Witness::parse(WTNS).unwrap();
    assert_eq!(witness.values().len(), 13);
    assert_eq!(witness.values()[1..3], formats::public::parse(PUBLIC.as_bytes()).unwrap());
    assert_eq!(witness.values()[2], Fr::from(11u64));
    assert_eq!(format!("{witness:?}"), "Witness(13 values)");
}

#[test]
fn proofs_of_snarkjs_verify() {
    let vk = formats::vkey::parse(VKEY.as_bytes()).unwrap();
    let proof = formats::proof::parse(PROOF.as_bytes()).unwrap();
    let mut public = formats::public::parse(PUBLIC.as_bytes()).unwrap();
    assert!(verify(&vk, &public, &proof).unwrap());
    public[1] += Fr::from(1u64);
    assert!(!verify(&vk, &public, &proof).unwrap());
}

#[test]
fn json_is_written_byte_for_byte_as_snarkjs_writes_it() {
    assert_eq!(formats::proof::to_json(&formats::proof::parse(PROOF.as_bytes()).unwrap()), PROOF);
    assert_eq!(formats::public::to_json(&formats::public::parse(PUBLIC.as_bytes()).unwrap()), PUBLIC);
    assert_eq!(formats::vkey::to_json(&formats::vkey::parse(VKEY.as_bytes()).unwrap()), VKEY);
    assert_eq!(formats::public::to_json(&[Fr::zero()]), "[\n \"0\"\n]");
}

#[test]
fn wrong_heads_are_refused() {
    assert_problem!(zkey(WTNS), Problem::Magic { .. }, "`zkey`", "`wtns`");
    assert_problem!(wtns(ZKEY), Problem::Magic { .. }, "`wtns`", "`zkey`");
    assert_problem!(zkey(b""), Problem::Truncated { .. }, "header");
    let mut bytes = ZKEY.to_vec();
    bytes[4] = 9;
    assert_problem!(zkey(&bytes), Problem::Version { .. }, "9", "only 1");
    let mut bytes = ZKEY.to_vec();
    bytes.push(0);
    assert_problem!(zkey(&bytes), Problem::Trailing { bytes: 1 }, "1 bytes");
    // More sections promised than there are.
    bytes.pop();
    bytes[8] += 1;
    assert_problem!(zkey(&bytes), Problem::Truncated { .. }, "section 11 of 11");
}

#[test]
fn sections_must_be_there_once_and_fit() {
    let file = File::new(ZKEY);
    assert_eq!(file.bytes(), ZKEY);
    for id in 1..=9 {
        let mut missing = file.clone();
        missing.sections.retain(|(i, _)| *i != id);
        assert_problem!(zkey(&missing.bytes()), Problem::MissingSection { .. }, &format!("section {id} "));
        let mut twice = file.clone();
        let copy = (id, twice.section(id).clone());
        twice.sections.push(copy);
        assert_problem!(zkey(&twice.bytes()), Problem::DuplicateSection { .. }, &format!("section {id} "));
        let mut short = file.clone();
        short.section(id).pop();
        assert_problem!(
            zkey(&short.bytes()),
            Problem::SectionSize { .. } | Problem::Truncated { .. },
            &format!("section {id} ")
        );
        let mut long = file.clone();
        long.section(id).push(0);
        assert_problem!(zkey(&long.bytes()), Problem::SectionSize { .. }, &format!("section {id} "));
    }
    // A size that lies.
    for size in [u64::MAX, 1 << 40, ZKEY.len() as u64] {
        let mut bytes = ZKEY.to_vec();
        bytes[16..24].copy_from_slice(&size.to_le_bytes());
        assert_problem!(zkey(&bytes), Problem::Truncated { .. }, "section 1 (protocol)", &size.to_string());
    }
    // Unknown sections and another order are no harm.
    let mut other = file.clone();
    other.sections.reverse();
    other.sections.push((77, vec![1, 2, 3]));
    Zkey::parse(&other.bytes()).unwrap();
}

#[test]
fn other_protocols_curves_and_numbers_are_refused() {
    let file = File::new(ZKEY);
    assert_problem!(zkey(&file.with(1, 0, &[2])), Problem::Protocol { .. }, "plonk", "groth16");
    assert_problem!(zkey(&file.with(2, 0, &[48])), Problem::Curve { .. }, "48 bytes", "base field");
    assert_problem!(zkey(&file.with(2, 4, &[1])), Problem::Curve { .. }, "base field", &Fq::MODULUS.to_string());
    assert_problem!(zkey(&file.with(2, 40, &[2])), Problem::Curve { .. }, "scalar field");
    // Variables, public signals, domain size follow at 72.
    assert_problem!(zkey(&file.with(2, 76, &[13])), Problem::Header { .. }, "public signals is 13", "13 variables");
    assert_problem!(zkey(&file.with(2, 80, &[15])), Problem::Header { .. }, "domain size is 15", "power of two");
    assert_problem!(zkey(&file.with(2, 80, &[0])), Problem::Header { .. }, "domain size is 0");
    assert_problem!(zkey(&file.with(2, 80, &[0, 0, 0, 0x10])), Problem::Header { .. }, "268435456");
    assert_problem!(zkey(&file.with(2, 72, &[255; 4])), Problem::SectionSize { .. }, "section 5 (A points)");
    let wtns_file = File::new(WTNS);
    assert_problem!(wtns(&wtns_file.with(1, 4, &[2])), Problem::Curve { .. }, "section 1 (header)", "scalar field");
    assert_problem!(wtns(&wtns_file.with(1, 36, &[200])), Problem::SectionSize { .. }, "section 2 (values)", "200");
}

#[test]
fn elements_must_be_reduced() {
    let file = File::new(ZKEY);
    let modulus = Fq::MODULUS.to_bytes_le();
    assert_problem!(
        zkey(&file.with(5, 3 * 64 + 32, &modulus)),
        Problem::NotCanonical { .. },
        "section 5 (A points), point 3 of 13, y",
        "base field"
    );
    assert_problem!(zkey(&file.with(7, 128 + 64, &[255; 32])), Problem::NotCanonical { .. }, "point 1 of 13, y.c0");
    assert_problem!(
        zkey(&file.with(4, 4 + 44 + 12, &Fr::MODULUS.to_bytes_le())),
        Problem::NotCanonical { .. },
        "section 4 (coefficients), coefficient 1 of",
        "scalar field"
    );
    let mut secret = Fr::MODULUS;
    secret.add_with_carry(&12345u64.into());
    let problem = wtns(&File::new(WTNS).with(2, 2 * 32, &secret.to_bytes_le()));
    assert!(!problem.to_string().contains(&secret.to_string()), "a witness is secret: {problem}");
    assert_problem!(problem, Problem::NotCanonical { .. }, "section 2 (values), value 2 of 13", "scalar field");
}

#[test]
fn points_must_be_in_their_groups() {
    let file = File::new(ZKEY);
    let two = [2u8; 32];
    let point = "the point (";
    assert_problem!(zkey(&file.with(9, 15 * 64, &two)), Problem::OffCurve { .. }, "H points), point 15 of 16", point);
    assert_problem!(zkey(&file.with(3, 0, &two)), Problem::OffCurve { .. }, "section 3 (IC), point 0 of 3", "G1");
    assert_problem!(zkey(&file.with(7, 5 * 128, &two)), Problem::OffCurve { .. }, "B2 points), point 5", "G2");
    assert_problem!(zkey(&file.with(2, 84, &two)), Problem::OffCurve { .. }, "section 2 (header), alpha1");
    // A point of the twist that is not in the group of order r.
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(x.into(), false))
        .find(|p| !p.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let bytes: Vec<u8> =
        [outside.x.c0, outside.x.c1, outside.y.c0, outside.y.c1].iter().flat_map(|c| c.0.to_bytes_le()).collect();
    assert_problem!(zkey(&file.with(7, 0, &bytes)), Problem::WrongSubgroup { .. }, "B2 points), point 0", "not in");
    let gamma = 84 + 2 * 64 + 128;
    assert_problem!(zkey(&file.with(2, gamma, &bytes)), Problem::WrongSubgroup { .. }, "header), gamma2");
    assert_problem!(zkey(&file.with(2, gamma, &[0; 128])), Problem::Infinity { .. }, "header), gamma2");
    // Infinity is fine in a query.
    Zkey::parse(&file.with(5, 64, &[0; 64])).unwrap();
}

#[test]
fn coefficients_must_fit_the_circuit() {
    let file = File::new(ZKEY);
    assert_problem!(zkey(&file.with(4, 4, &[2])), Problem::Header { .. }, "coefficient 0 of", "matrix is 2");
    assert_problem!(zkey(&file.with(4, 8, &[16])), Problem::Header { .. }, "row is 16", "size is 16");
    assert_problem!(zkey(&file.with(4, 12, &[13])), Problem::Header { .. }, "signal is 13", "13 variables");
    assert_problem!(zkey(&file.with(4, 0, &[255; 4])), Problem::SectionSize { .. }, "4294967295 coefficients");
}

#[test]
fn wrong_json_is_refused() {
    let proof = |from: &str, to: &str| {
        assert!(PROOF.contains(from));
        formats::proof::parse(PROOF.replacen(from, to, 1).as_bytes()).expect_err("a damaged proof")
    };
    assert_problem!(proof("groth16", "plonk"), Problem::Protocol { .. }, "plonk");
    assert_problem!(proof("bn128", "bls12381"), Problem::Curve { .. }, "bls12381", "bn128");
    assert_problem!(proof("\"pi_a\"", "\"pi_x\""), Problem::Json { .. }, "pi_a", "proof.json");
    assert_problem!(proof("\"pi_c\"", "\"pi_a\""), Problem::Json { .. }, "duplicate", "line");
    assert_problem!(proof("\"1\"", "\"2\""), Problem::Json { .. }, "pi_a: z is 2");
    assert_problem!(proof("\"1\"", "1"), Problem::Json { .. }, "line 5");
    assert_problem!(proof("\"1\"", "\"01\""), Problem::Decimal { .. }, "`01`", "pi_a, z");
    assert_problem!(proof("\"1\"", "\"-1\""), Problem::Decimal { .. }, "`-1`");
    assert_problem!(proof("\"1\"", "\"0x1\""), Problem::Decimal { .. }, "`0x1`");
    assert_problem!(proof("\"1\"", "\"\""), Problem::Decimal { .. }, "``");
    assert_problem!(proof("[\n  \"", "[\n  \"1"), Problem::NotCanonical { .. }, "pi_a, x", "base field");
    assert_problem!(proof("\"1\"\n", "\"1\", \"1\"\n"), Problem::Json { .. }, "pi_a has 4 coordinates");
    let x = Fq::from(5u64).to_string();
    let first = PROOF.split('"').nth(3).unwrap();
    assert_problem!(proof(first, &x), Problem::OffCurve { .. }, "pi_a: the point (5,", "G1");
    assert_problem!(formats::proof::parse(b"").unwrap_err(), Problem::Json { .. }, "EOF");
    let huge = "9".repeat(100_000);
    assert_problem!(proof(first, &huge), Problem::NotCanonical { .. }, "99...");

    let public = |text: &str| formats::public::parse(text.as_bytes()).expect_err("damaged signals");
    assert_problem!(
        public(&format!("[\"1\", \"{}\"]", Fr::MODULUS)),
        Problem::NotCanonical { .. },
        "public signal 1",
        "scalar field"
    );
    assert_problem!(public("{}"), Problem::Json { .. }, "public.json");

    let vkey = |from: &str, to: &str| {
        assert!(VKEY.contains(from));
        formats::vkey::parse(VKEY.replacen(from, to, 1).as_bytes()).expect_err("a damaged key")
    };
    assert_problem!(vkey("\"nPublic\": 2", "\"nPublic\": 3"), Problem::Json { .. }, "nPublic is 3 but IC has 3 points");
    assert_problem!(vkey("bn128", "bls12381"), Problem::Curve { .. }, "bls12381");
    assert_problem!(vkey("\"1\"", "\"0\""), Problem::Infinity { .. }, "vk_alpha_1");
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.zkey");
    std::fs::write(&path, &ZKEY[..100]).unwrap();
    let text = Zkey::open(&path).unwrap_err().to_string();
    assert!(text.contains("broken.zkey: truncated"), "{text}");
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(Zkey::open(&path), Err(Error::Format(_))));
    let text = Zkey::open(folder.path().join("none.zkey")).unwrap_err().to_string();
    assert!(text.contains("none.zkey: cannot open"), "{text}");
    assert!(matches!(Zkey::open(folder.path()), Err(Error::Io { .. })));
    assert!(matches!(formats::vkey::read(folder.path()), Err(Error::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn truncation_never_panics(at in 0..ZKEY.len(), w in 0..WTNS.len(), p in 0..PROOF.len(), v in 0..VKEY.len()) {
        prop_assert!(Zkey::parse(&ZKEY[..at]).is_err());
        prop_assert!(Witness::parse(&WTNS[..w]).is_err());
        prop_assert!(formats::proof::parse(&PROOF.as_bytes()[..p]).is_err());
        prop_assert!(formats::vkey::parse(&VKEY.as_bytes()[..v]).is_err());
    }

    #[test]
    fn damage_never_panics_and_never_makes_a_false_key(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let damaged = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            for (at, value) in &damage {
                *at.get_mut(&mut bytes) = *value;
            }
            bytes
        };
        if let Ok(key) = Zkey::parse(&damaged(ZKEY)) {
            // What a reader lets through has the shape that the prover relies on.
            prop_assert!(key.a.len() == key.variables && key.h.len() == key.domain);
            prop_assert!(key.a.iter().chain(&key.h).all(|p| p.is_on_curve()));
            let fits = |c: &formats::Coefficient| (c.row as usize) < key.domain && (c.signal as usize) < key.variables;
            prop_assert!(key.coefficients.iter().all(fits));
        }
        let _ = Witness::parse(&damaged(WTNS));
        let _ = formats::proof::parse(&damaged(PROOF.as_bytes()));
        let _ = formats::vkey::parse(&damaged(VKEY.as_bytes()));
        let _ = formats::public::parse(&damaged(PUBLIC.as_bytes()));
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for magic in [&b""[..], b"zkey\x01\0\0\0", b"wtns\x02\0\0\0"] {
            let noise = [magic, &bytes].concat();
            let _ = Zkey::parse(&noise);
            let _ = Witness::parse(&noise);
        }
        let _ = formats::proof::parse(&bytes);
    }
}
