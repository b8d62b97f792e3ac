//! Proofs on the CPU through both entrances.

use ark_bn254::{Bn254, Fr};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_snark::SNARK;
use ark_std::{
    One, UniformRand, Zero,
    rand::{SeedableRng, rngs::StdRng},
};
use gristmill::{
    Device, Error, ErrorKind, Options, Place,
    formats::{self, Witness, Zkey},
    groth16::{ArkProver, ZkeyProver},
    verify::verify,
};
use std::path::PathBuf;

fn cpu() -> Device {
    Device::open("cpu", &Options::default()).unwrap()
}

fn example(name: &str, file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name).join(file)
}

#[test]
fn snarkjs_files_make_proofs_that_verify_under_the_key_beside_them() {
    for name in ["poseidon", "merkle"] {
        let device = cpu();
        let prover = ZkeyProver::open(&device, example(name, "circuit.zkey")).unwrap();
        let vk = formats::vkey::read(example(name, "verification_key.json")).unwrap();
        assert_eq!(*prover.verifying_key(), vk);
        let witness = Witness::open(example(name, "witness.wtns")).unwrap();
        let mut seen = Vec::new();
        let first = prover.prove_with(&witness, &mut |p| seen.push((p.stage, p.done, p.total))).unwrap();
        let second = prover.prove(&witness).unwrap();
        assert_ne!(first.proof, second.proof, "blinding");
        for proved in [&first, &second] {
            // Through the files, as another program would.
            let proof = formats::proof::parse(formats::proof::to_json(&proved.proof).as_bytes()).unwrap();
            let public = formats::public::parse(formats::public::to_json(&proved.public).as_bytes()).unwrap();
            assert!(verify(&vk, &public, &proof).unwrap());
            let mut other = public.clone();
            other[0] += Fr::one();
            assert!(!verify(&vk, &other, &proof).unwrap());
            assert!(matches!(
                verify(&vk, &public[1..], &proof),
                Err(Error::PublicLength { found, expected }) if found + 1 == expected
            ));
        }
        assert_eq!(seen.first(), Some(&("constraints", 0, 8)));
        assert_eq!(seen.last(), Some(&("done", 8, 8)));
        assert!(seen.windows(2).all(|w| w[0].1 < w[1].1), "{seen:?}");
        let report = &first.report;
        assert_eq!((report.device.as_str(), report.cycles, report.fallbacks), ("cpu", 0, 0));
        for stage in
            ["ntt to coefficients", "ntt to coset", "msm A", "msm B1", "msm B2 (G2)", "msm C", "msm H", "verify"]
        {
            let stage = report.stages.iter().find(|s| s.name == stage).expect(stage);
            assert_eq!((stage.place, stage.calls), (Place::Host, 1));
        }
        assert!(device.report().stages.iter().any(|s| s.name == "msm A" && s.calls == 2));
        assert!(serde_json::to_value(report).unwrap()["stages"].is_array());
    }
}

#[test]
fn bad_witnesses_are_refused() {
    let prover = ZkeyProver::open(&cpu(), example("poseidon", "circuit.zkey")).unwrap();
    let good = Witness::open(example("poseidon", "witness.wtns")).unwrap();
    let mut values = good.values().to_vec();
    *values.last_mut().unwrap() += Fr::one();
    let error = prover.prove(&Witness::from_values(values)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsatisfied);
    assert!(error.to_string().contains("does not satisfy the circuit"), "{error}");
    let mut values = good.values().to_vec();
    values[0] = Fr::zero();
    assert!(matches!(prover.prove(&Witness::from_values(values)), Err(Error::WitnessOne)));
    let other = Witness::open(example("merkle", "witness.wtns")).unwrap();
    let expected = prover.variables();
    assert!(matches!(
        prover.prove(&other),
        Err(Error::WitnessLength { found, expected: e }) if found == other.values().len() && e == expected
    ));
    // The next job works.
    prover.prove(&good).unwrap();
}

#[test]
fn the_proof_of_a_key_with_another_query_is_not_let_out() {
    let mut zkey = Zkey::open(example("poseidon", "circuit.zkey")).unwrap();
    zkey.h.swap(0, 1);
    let prover = ZkeyProver::new(&cpu(), zkey).unwrap();
    let witness = Witness::open(example("poseidon", "witness.wtns")).unwrap();
    assert!(matches!(prover.prove(&witness), Err(Error::Unsatisfied { constraint: None })));
}

/// x^(2^rounds) with a public offset in each round; `cheat` breaks the last.
#[derive(Clone)]
struct Squares {
    x: Option<Fr>,
    offset: Option<Fr>,
    rounds: usize,
    cheat: bool,
}

impl ConstraintSynthesizer<Fr> for Squares {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        use ark_r1cs_std::{alloc::AllocVar, eq::EqGadget, fields::FieldVar, fields::fp::FpVar};
        let missing = || SynthesisError::AssignmentMissing;
        let result = self.x.zip(self.offset).map(|(x, offset)| {
            let y = (0..self.rounds).fold(x, |y, _| y * y + offset);
            if self.cheat { y + Fr::one() } else { y }
        });
        let offset = FpVar::new_input(cs.clone(), || self.offset.ok_or_else(missing))?;
        let result = FpVar::new_input(cs.clone(), || result.ok_or_else(missing))?;
        let mut y = FpVar::new_witness(cs, || self.x.ok_or_else(missing))?;
        for _ in 0..self.rounds {
            y = y.square()? + &offset;
        }
        y.enforce_equal(&result)
    }
}

#[test]
fn an_arkworks_circuit_is_proved_as_ark_groth16_would() {
    let rng = &mut StdRng::seed_from_u64(7);
    // Domains that are full, half full, and of few rows.
    for rounds in [1, 3, 28, 40] {
        let circuit = |x, offset, cheat| Squares { x, offset, rounds, cheat };
        let (pk, vk) = Groth16::<Bn254>::circuit_specific_setup(circuit(None, None, false), rng).unwrap();
        let prover = ArkProver::new(&cpu(), pk.clone()).unwrap();
        for _ in 0..2 {
            let (x, offset) = (Fr::rand(rng), Fr::rand(rng));
            let proved = prover.prove(circuit(Some(x), Some(offset), false), rng).unwrap();
            assert!(Groth16::<Bn254>::verify(&vk, &proved.public, &proved.proof).unwrap());
            assert_eq!(proved.public[0], offset);
        }
        let error = prover.prove(circuit(Some(Fr::one()), Some(Fr::one()), true), rng).unwrap_err();
        assert!(matches!(error, Error::Unsatisfied { constraint: Some(_) }), "{error}");
        let larger = Squares { x: Some(Fr::one()), offset: Some(Fr::one()), rounds: rounds + 1, cheat: false };
        assert!(matches!(prover.prove(larger, rng), Err(Error::CircuitMismatch(_))));
        let without = circuit(None, Some(Fr::one()), false);
        assert!(matches!(prover.prove(without, rng), Err(Error::Synthesis(_))));
    }
}

#[test]
fn the_same_blinding_gives_the_proof_of_ark_groth16() {
    let rng = &mut StdRng::seed_from_u64(8);
    let circuit = Squares { x: Some(Fr::rand(rng)), offset: Some(Fr::rand(rng)), rounds: 20, cheat: false };
    let (pk, _) = Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), rng).unwrap();
    let expected = Groth16::<Bn254>::prove(&pk, circuit.clone(), &mut StdRng::seed_from_u64(9)).unwrap();
    let proved = ArkProver::new(&cpu(), pk).unwrap().prove(circuit, &mut StdRng::seed_from_u64(9)).unwrap();
    assert_eq!(proved.proof, expected);
}

#[test]
fn proving_keys_that_contradict_themselves_are_refused() {
    let rng = &mut StdRng::seed_from_u64(10);
    let circuit = Squares { x: None, offset: None, rounds: 5, cheat: false };
    let (pk, _) = Groth16::<Bn254>::circuit_specific_setup(circuit, rng).unwrap();
    for damage in 0..4 {
        let mut pk = pk.clone();
        let _ = match damage {
            0 => pk.a_query.pop(),
            1 => pk.b_g1_query.pop(),
            2 => pk.h_query.pop(),
            _ => pk.l_query.pop(),
        };
        assert!(matches!(ArkProver::new(&cpu(), pk), Err(Error::KeyShape(_))), "{damage}");
    }
}
