//! Transforms longer than the chip holds that never leave card memory: in two passes of columns.

use crate::support::{all_kinds, configured, rng, tiny_config, transformed, values};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use gristmill::{Check, Device, Fallback, Operation, Step, Transform, Vector};
use gristmill_hdl::config::CardConfig;

/// 2^9 elements on chip, and so 2^10 in memory.
fn device(card_mem_bytes: u64) -> Device {
    let config = CardConfig { name: "columns".into(), ntt_log_max: 9, card_mem_bytes, ..tiny_config() };
    configured(&config, Fallback::Never, Check::Dual, &[])
}

#[test]
fn transforms_of_host_vectors() {
    let (device, rng) = (device(1 << 20), &mut rng(91));
    assert_eq!(device.info().unwrap().ntt.unwrap().in_memory, 1 << 10);
    for t in all_kinds(rng) {
        let input = values(1 << 10, rng);
        let mut found = input.clone();
        device.ntt(&mut found, &t).unwrap();
        assert_eq!(found, transformed(&input, &t), "{t:?}");
    }
    let mut impulse = vec![Fr::zero(); 1 << 10];
    impulse[700] = Fr::one();
    for input in [vec![-Fr::one(); 1 << 10], impulse] {
        let mut found = input.clone();
        device.ntt(&mut found, &Transform::INVERSE).unwrap();
        assert_eq!(found, transformed(&input, &Transform::INVERSE));
    }
    let report = device.report();
    assert!(!report.host_stages.iter().any(|s| s == "four-step transposes"), "{:?}", report.host_stages);
    assert_eq!(report.butterflies, 6 * 10 * 512);
    // 2^11 go the way over the host.
    let input = values(1 << 11, rng);
    let mut found = input.clone();
    device.ntt(&mut found, &Transform::FORWARD).unwrap();
    assert_eq!(found, transformed(&input, &Transform::FORWARD));
    assert!(device.report().host_stages.iter().any(|s| s == "four-step transposes"));
}

#[test]
fn a_program_on_vectors_that_stay() {
    let (device, rng) = (device(1 << 20), &mut rng(94));
    let held: Vec<Vec<Fr>> = (0..2).map(|_| values(1 << 10, rng)).collect();
    let mut vectors: Vec<Vector> = held.iter().map(|v| device.vector(v).unwrap()).collect();
    assert!(vectors.iter().all(Vector::is_on_card), "{vectors:?}");
    let [_, inverse, coset, back] = all_kinds(rng);
    let steps = [
        Step::transform(0, inverse),
        Step::combine(Operation::Mul, 0, 1, 1),
        Step::transform(1, coset),
        Step::combine(Operation::Sub, 1, 0, 0),
        Step::transform(0, back),
    ];
    device.run(&mut vectors, &steps).unwrap();
    let x = transformed(&held[0], &inverse);
    let product: Vec<Fr> = x.iter().zip(&held[1]).map(|(a, b)| *a * b).collect();
    let y = transformed(&product, &coset);
    let difference: Vec<Fr> = y.iter().zip(&x).map(|(a, b)| *a - b).collect();
    assert_eq!(device.read(&vectors[1]).unwrap(), y);
    assert_eq!(device.read(&vectors[0]).unwrap(), transformed(&difference, &back));
    // Vectors of two lengths in one program, the shorter on chip.
    let short = values(64, rng);
    let mut both = [device.vector(&short).unwrap(), device.vector(&held[1]).unwrap()];
    let steps = [Step::transform(0, coset), Step::transform(1, inverse), Step::transform(0, back)];
    device.run(&mut both, &steps).unwrap();
    assert_eq!(device.read(&both[0]).unwrap(), transformed(&transformed(&short, &coset), &back));
    assert_eq!(device.read(&both[1]).unwrap(), transformed(&held[1], &inverse));
    // Too long for two passes.
    assert!(!device.vector(&values(1 << 11, rng)).unwrap().is_on_card());
}

/// Three vectors take all the memory: there is no room for a first pass, and they stay what they were.
#[test]
fn no_room_for_a_first_pass() {
    let (device, rng) = (device(96 << 10), &mut rng(95));
    let held: Vec<Vec<Fr>> = (0..3).map(|_| values(1 << 10, rng)).collect();
    let mut vectors: Vec<Vector> = held.iter().map(|v| device.vector(v).unwrap()).collect();
    assert!(vectors.iter().all(Vector::is_on_card), "{vectors:?}");
    let error = device.run(&mut vectors, &[Step::transform(1, Transform::FORWARD)]).unwrap_err().to_string();
    assert!(error.contains("no card memory for its first pass"), "{error}");
    assert_eq!(device.read(&vectors[1]).unwrap(), held[1]);
    drop(vectors.pop());
    device.run(&mut vectors, &[Step::transform(1, Transform::FORWARD)]).unwrap();
    assert_eq!(device.read(&vectors[1]).unwrap(), transformed(&held[1], &Transform::FORWARD));
    assert_eq!(device.read(&vectors[0]).unwrap(), held[0]);
}

/// Without room for a first pass vectors stay on the host, and transforms go over it.
#[test]
fn memory_that_is_short() {
    let (device, rng) = (device(48 << 10), &mut rng(92));
    assert_eq!(device.info().unwrap().ntt.unwrap().in_memory, (48 << 10) / 64);
    let input = values(1 << 10, rng);
    let vector = device.vector(&input).unwrap();
    assert!(!vector.is_on_card());
    let mut found = input.clone();
    device.ntt(&mut found, &Transform::FORWARD).unwrap();
    assert_eq!(found, transformed(&input, &Transform::FORWARD));
    assert!(device.report().host_stages.iter().any(|s| s == "four-step transposes"));
}

/// Cycles of a transform of a vector that stays on a card `sim`, for `docs/ntt.md`: `cargo test --release -p gristmill --features sim --test card
/// columns::figures -- --ignored --nocapture`, a minute and a half.
#[test]
#[ignore = "a minute and a half: prints figures"]
fn figures() {
    for (butterflies, logs) in [(1, 13..=16), (2, 14..=16), (4, 14..=16)] {
        let device = configured(&CardConfig { butterflies, ..CardConfig::sim() }, Fallback::Never, Check::None, &[]);
        for log in logs {
            let n = 1u64 << log;
            let mut vectors = [device.vector(&values(n as usize, &mut rng(93))).unwrap()];
            device.take_report();
            device.run(&mut vectors, &[Step::transform(0, Transform::FORWARD)]).unwrap();
            let report = device.take_report();
            let bound = report.butterflies / u64::from(butterflies);
            let memory = if log > 13 { 4 * n } else { 2 * n };
            let share = bound.max(memory) as f64 / report.cycles as f64 * 100.0;
            println!(
                "{butterflies} butterflies, 2^{log}: {} cycles, {share:.1} % of the bound {bound} or {memory}",
                report.cycles
            );
            assert_eq!(report.butterflies, n / 2 * log);
        }
    }
}
