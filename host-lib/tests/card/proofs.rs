//! Whole Groth16 proofs by both entrances.

use crate::support::{configured, data, options, rng, tiny, tiny_config, with};
use ark_bn254::{Bn254, Fr};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_snark::SNARK;
use ark_std::UniformRand;
use gristmill::{
    Check, Device, Fallback, Options, Place, Report, formats,
    formats::Witness,
    groth16::{ArkProver, ZkeyProver},
    verify::verify,
};
use gristmill_hdl::config::CardConfig;
use std::path::Path;

/// All that a card does was done by the card; what is left to the host is in the report.
fn done_by_the_card(report: &Report, transforms: &[&str]) {
    assert!(report.cycles > 0 && report.useful_additions > 0 && report.butterflies > 0, "{report:?}");
    assert_eq!((report.fallbacks, &report.fallback_reasons[..]), (0, &[][..]));
    for name in ["msm A", "msm B1", "msm C", "msm H"].iter().chain(transforms) {
        let stages: Vec<_> = report.stages.iter().filter(|s| s.name == *name).collect();
        assert!(stages.len() == 1 && stages[0].place == Place::Device && stages[0].cycles > 0, "{name}: {stages:?}");
    }
    let of_stages: u64 = report.stages.iter().map(|s| s.cycles).sum();
    assert_eq!(of_stages, report.cycles);
    assert!(report.host_stages.iter().any(|s| s == "msm B2 (G2)"), "{:?}", report.host_stages);
    for twin in ["PointAdder", "Butterfly"] {
        assert!(report.twins.iter().any(|t| t.starts_with(twin)), "{twin}: {:?}", report.twins);
    }
    assert!(report.adder_use.is_some_and(|u| u > 0.0 && u <= 1.0), "{:?}", report.adder_use);
}

#[test]
fn from_the_files_of_snarkjs() {
    for check in [Check::Curve, Check::Dual] {
        let device = with(Fallback::Never, check, &[]);
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        let vk = formats::vkey::read(data("verification_key.json")).unwrap();
        let proved = prover.prove(&Witness::open(data("witness.wtns")).unwrap()).unwrap();
        assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
        done_by_the_card(&proved.report, &["quotient"]);
        assert!(proved.report.host_stages.iter().any(|s| s == "check"));
    }
}

/// Two vectors go up for the quotient, and nothing comes back: its scalars are in card memory when the MSM begins.
#[test]
fn the_quotient_stays_on_the_card() {
    let bytes = |elementwise: bool| {
        let config = CardConfig { elementwise, ..tiny_config() };
        let device = configured(&config, Fallback::Never, Check::Curve, &[]);
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        let proved = prover.prove(&Witness::open(data("witness.wtns")).unwrap()).unwrap();
        let vk = formats::vkey::read(data("verification_key.json")).unwrap();
        assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
        let on_host = proved.report.host_stages.iter().any(|s| s == "quotient");
        assert_eq!(on_host, !elementwise);
        proved.report.bytes
    };
    let (stays, goes) = (bytes(true), bytes(false));
    println!("stays: {stays:?}, goes: {goes:?}");
    // Of 16 elements: 2 go up instead of 6, and the scalars not at all; none of 6 comes back. For 2 commands of 3 transforms each there are 10: 2
    // copies, a vector of zeros, 2 element-wise, 2 of 3 transforms, 3 vectors overwritten.
    let (vector, more) = (16 * 32, 10 - 2);
    assert_eq!(goes.host_read - stays.host_read + more * 64, 5 * vector);
    assert_eq!(goes.host_write - stays.host_write + more * 32, 6 * vector);
}

/// The domain of 2^10 elements is transformed in card memory, in two passes of columns, beside the key's bases.
#[test]
fn a_domain_longer_than_the_chip() {
    let config = CardConfig { ntt_log_max: 9, log_max_points: 12, card_mem_bytes: 1 << 20, ..tiny_config() };
    let device = configured(&config, Fallback::Never, Check::Curve, &[]);
    let example = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/poseidon").join(name);
    let prover = ZkeyProver::open(&device, example("circuit.zkey")).unwrap();
    let proved = prover.prove(&Witness::open(example("witness.wtns")).unwrap()).unwrap();
    let vk = formats::vkey::read(example("verification_key.json")).unwrap();
    assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
    done_by_the_card(&proved.report, &["quotient"]);
    assert_eq!(proved.report.butterflies, 6 * 512 * 10);
}

#[test]
fn a_quotient_that_fails_on_the_card_is_made_by_the_cpu() {
    for fault in ["status:8@elementwise+1", "status:9@ntt+1", "status:8@zero", "hang@elementwise"] {
        let device = with(Fallback::Auto, Check::Curve, &[fault]);
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        let vk = formats::vkey::read(data("verification_key.json")).unwrap();
        for fails in [true, false] {
            let proved = prover.prove(&Witness::open(data("witness.wtns")).unwrap()).unwrap();
            assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
            assert_eq!(proved.report.fallbacks, u64::from(fails), "{fault}: {:?}", proved.report.fallback_reasons);
        }
        let device = with(Fallback::Never, Check::Curve, &[fault]);
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        let failed = prover.prove(&Witness::open(data("witness.wtns")).unwrap());
        assert!(matches!(failed, Err(gristmill::Error::DeviceFailed { .. })), "{fault}: {failed:?}");
    }
}

/// A wrong element in a vector that nobody checks makes a proof that fails, and the card is found out.
#[test]
fn a_wrong_quotient_is_found_by_the_proof() {
    let device = with(Fallback::Auto, Check::Curve, &["corrupt@elementwise+1"]);
    let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
    let failed = prover.prove(&Witness::open(data("witness.wtns")).unwrap());
    assert!(matches!(failed, Err(gristmill::Error::WrongAnswer { .. })), "{failed:?}");
    assert!(device.quarantined().is_some());
}

#[test]
fn a_proof_survives_failures() {
    let faults = ["status:8@copy", "status:8@ntt+1", "hang@msm", "status:8@msm+2"];
    let device = with(Fallback::Auto, Check::Curve, &faults);
    let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
    let proved = prover.prove(&Witness::open(data("witness.wtns")).unwrap()).unwrap();
    let vk = formats::vkey::read(data("verification_key.json")).unwrap();
    assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
    assert!(proved.report.fallbacks > 0 && proved.report.cycles > 0, "{:?}", proved.report);
}

/// x^(2^rounds) with a public offset in each round.
#[derive(Clone)]
pub struct Squares {
    pub x: Option<Fr>,
    pub offset: Option<Fr>,
    pub rounds: usize,
}

impl ConstraintSynthesizer<Fr> for Squares {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        use ark_r1cs_std::{alloc::AllocVar, eq::EqGadget, fields::FieldVar, fields::fp::FpVar};
        let missing = || SynthesisError::AssignmentMissing;
        let result = self.x.zip(self.offset).map(|(x, offset)| (0..self.rounds).fold(x, |y, _| y * y + offset));
        let offset = FpVar::new_input(cs.clone(), || self.offset.ok_or_else(missing))?;
        let result = FpVar::new_input(cs.clone(), || result.ok_or_else(missing))?;
        let mut y = FpVar::new_witness(cs, || self.x.ok_or_else(missing))?;
        for _ in 0..self.rounds {
            y = y.square()? + &offset;
        }
        y.enforce_equal(&result)
    }
}

/// Domains of 16 (vectors that stay on the card) and of 128 (four steps, brought each time).
#[test]
fn from_an_arkworks_circuit_the_proof_of_ark_groth16() {
    for rounds in [10, 90] {
        let setup = &mut rng(41);
        let circuit = Squares { x: Some(Fr::rand(setup)), offset: Some(Fr::rand(setup)), rounds };
        let (pk, vk) = Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), setup).unwrap();
        let expected = Groth16::<Bn254>::prove(&pk, circuit.clone(), &mut rng(42)).unwrap();
        let prover = ArkProver::new(&tiny(), pk).unwrap();
        let proved = prover.prove(circuit, &mut rng(42)).unwrap();
        assert_eq!(proved.proof, expected, "the same blinding");
        assert!(Groth16::<Bn254>::verify(&vk, &proved.public, &proved.proof).unwrap());
        let transforms: &[&str] = match rounds {
            10 => &["quotient"],
            _ => &["ntt to coefficients", "ntt to coset", "ntt from coset"],
        };
        done_by_the_card(&proved.report, transforms);
    }
}

/// A card without waves and faults takes the same cycles for the same work each time.
#[test]
fn cycles_are_reproducible() {
    let run = || {
        let device = Device::open("sim", &Options { check: Check::None, ..options(&[]) }).unwrap();
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        prover.prove(&Witness::open(data("witness.wtns")).unwrap()).unwrap().report
    };
    let (first, second) = (run(), run());
    let counted = |r: &Report| (r.cycles, r.msm_cycles, r.useful_additions, r.butterflies, r.stalls, r.bytes);
    assert_eq!(counted(&first), counted(&second));
}
