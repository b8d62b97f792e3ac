//! A card without memory of its own: every operand lies in host memory.

use crate::support::{all_kinds, configured, rng, sum, terms, tiny_config, transformed, values};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_std::UniformRand;
use gristmill::{
    Bases, Check, Device, Error, Fallback, Place, formats, formats::Witness, groth16::ZkeyProver, verify::verify,
};
use gristmill_hdl::config::CardConfig;
use std::path::{Path, PathBuf};

fn bare(fallback: Fallback, check: Check, faults: &[&str]) -> Device {
    let config = CardConfig { name: "bare".into(), card_mem_bytes: 0, ..tiny_config() };
    configured(&config, fallback, check, faults)
}

fn honest() -> Device {
    bare(Fallback::Never, Check::Curve, &[])
}

/// The card's own memory was not asked for a word.
fn nothing_on_the_card(device: &Device) {
    let report = device.report();
    assert!(report.cycles > 0 && report.bytes.host_read > 0, "{report:?}");
    assert_eq!((report.bytes.card_read, report.bytes.card_write, report.fallbacks), (0, 0, 0), "{report:?}");
}

#[test]
fn it_says_so() {
    let info = honest().info().unwrap();
    assert_eq!(info.card_mem_bytes, Some(0));
    assert!(info.msm.is_some() && info.ntt.is_some());
}

#[test]
fn sums_are_those_of_arkworks() {
    let (device, rng) = (honest(), &mut rng(31));
    for n in [0, 1, 2, 33, 100] {
        let (points, scalars) = terms(n, rng);
        let bases = device.upload_bases(&points).unwrap();
        for _ in 0..2 {
            assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars), "{n} points");
        }
    }
    nothing_on_the_card(&device);
}

/// Ten points in a command: a batch of several commands an MSM, of sets that share one queue.
#[test]
fn more_points_than_a_command_takes() {
    let config = CardConfig { name: "few".into(), card_mem_bytes: 0, log_max_points: 3, ..tiny_config() };
    let (device, rng) = (configured(&config, Fallback::Never, Check::Dual, &[]), &mut rng(32));
    let sets: Vec<_> = [61, 8, 9].into_iter().map(|n| terms(n, rng)).collect();
    let bases: Vec<Bases> = sets.iter().map(|(points, _)| device.upload_bases(points).unwrap()).collect();
    let order = [0, 2, 1, 0];
    let jobs: Vec<(&Bases, &[Fr])> = order.iter().map(|i| (&bases[*i], &sets[*i].1[..])).collect();
    let expected: Vec<G1Projective> = order.iter().map(|i| sum(&sets[*i].0, &sets[*i].1)).collect();
    assert_eq!(device.msm_batch(&jobs).unwrap(), expected);
    nothing_on_the_card(&device);
}

#[test]
fn transforms_are_those_of_ark_poly_on_chip_and_beyond() {
    let (device, rng) = (honest(), &mut rng(33));
    for t in all_kinds(rng) {
        for log in [0, 1, 6, 8] {
            let input = values(1 << log, rng);
            let mut found = input.clone();
            device.ntt(&mut found, &t).unwrap();
            assert_eq!(found, transformed(&input, &t), "2^{log}, {t:?}");
        }
    }
    nothing_on_the_card(&device);
}

fn product(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/product").join(file)
}

#[test]
fn a_whole_proof_of_the_product_example() {
    let device = bare(Fallback::Never, Check::Dual, &[]);
    let prover = ZkeyProver::open(&device, product("circuit.zkey")).unwrap();
    let proved = prover.prove(&Witness::open(product("witness.wtns")).unwrap()).unwrap();
    let vk = formats::vkey::read(product("verification_key.json")).unwrap();
    assert!(verify(&vk, &proved.public, &proved.proof).unwrap());
    for name in ["msm A", "msm B1", "msm C", "msm H", "ntt to coefficients", "ntt to coset"] {
        let stage = proved.report.stages.iter().find(|s| s.name == name).unwrap();
        assert!(stage.place == Place::Device && stage.cycles > 0, "{name}: {stage:?}");
    }
    nothing_on_the_card(&device);
}

#[test]
fn wrong_answers_are_found() {
    let (points, scalars) = terms(9, &mut rng(34));
    for (fault, check) in [("wrong-point@msm", Check::Dual), ("corrupt@msm", Check::Curve)] {
        let device = bare(Fallback::Auto, check, &[fault]);
        let bases = device.upload_bases(&points).unwrap();
        let result = device.msm(&bases, &scalars);
        assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{fault}: {result:?}");
        assert!(matches!(device.msm(&bases, &scalars), Err(Error::Quarantined { .. })));
    }
    let device = bare(Fallback::Auto, Check::Curve, &["corrupt:3@ntt+5"]);
    let result = device.ntt(&mut values(128, &mut rng(35)), &gristmill::Transform::FORWARD);
    assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{result:?}");
    // A proof whose checks were off is found by its verification.
    let device = bare(Fallback::Auto, Check::None, &["wrong-point@msm+1"]);
    let prover = ZkeyProver::open(&device, product("circuit.zkey")).unwrap();
    let result = prover.prove(&Witness::open(product("witness.wtns")).unwrap());
    assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{result:?}");
}

/// After an error the card is reset and the bases are brought anew.
#[test]
fn failures_are_survived() {
    let device = bare(Fallback::Auto, Check::Dual, &["status:8@msm+1", "hang@msm+2"]);
    let rng = &mut rng(36);
    let points: Vec<G1Affine> = (0..20).map(|_| G1Affine::rand(rng)).collect();
    let bases = device.upload_bases(&points).unwrap();
    for _ in 0..6 {
        let scalars = values(20, rng);
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    }
    assert_eq!(device.report().fallbacks, 2);
}
