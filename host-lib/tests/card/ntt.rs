//! Transforms against ark-poly: on chip and in four steps.

use crate::support::{all_kinds, rng, tiny, transformed, values};
use ark_bn254::Fr;
use ark_std::{One, Zero};
use gristmill::Transform;

#[test]
fn all_kinds_on_chip() {
    let (device, rng) = (tiny(), &mut rng(11));
    for t in all_kinds(rng) {
        for log in 0..=6 {
            let input = values(1 << log, rng);
            let mut found = input.clone();
            device.ntt(&mut found, &t).unwrap();
            assert_eq!(found, transformed(&input, &t), "2^{log}, {t:?}");
        }
    }
}

#[test]
fn special_vectors() {
    let (device, rng) = (tiny(), &mut rng(12));
    let mut impulse = vec![Fr::zero(); 32];
    impulse[7] = Fr::one();
    let inputs = [vec![Fr::zero(); 32], vec![Fr::one(); 32], vec![-Fr::one(); 32], impulse];
    for t in all_kinds(rng).into_iter().chain([Transform::FORWARD.on_coset(Fr::one())]) {
        let mut found = inputs.clone();
        let mut vectors: Vec<&mut [Fr]> = found.iter_mut().map(|v| &mut v[..]).collect();
        device.ntt_batch(&mut vectors, &t).unwrap();
        for (found, input) in found.iter().zip(&inputs) {
            assert_eq!(*found, transformed(input, &t), "{t:?}");
        }
    }
}

#[test]
fn vectors_beyond_the_chip_take_four_steps() {
    let (device, rng) = (tiny(), &mut rng(13));
    let [forward, inverse, forward_coset, inverse_coset] = all_kinds(rng);
    for (log, t) in [
        (7, forward),
        (7, inverse),
        (7, forward_coset),
        (7, inverse_coset),
        (8, forward_coset),
        (9, inverse_coset),
        // 16 times what fits on chip.
        (10, forward_coset),
    ] {
        let input = values(1 << log, rng);
        let mut found = input.clone();
        device.ntt(&mut found, &t).unwrap();
        assert_eq!(found, transformed(&input, &t), "2^{log}, {t:?}");
    }
    let report = device.report();
    assert!(report.host_stages.iter().any(|s| s == "four-step transposes"), "{:?}", report.host_stages);
}

#[test]
fn a_batch_mixes_sizes() {
    let (device, rng) = (tiny(), &mut rng(14));
    for t in all_kinds(rng) {
        let inputs: Vec<Vec<Fr>> = [3, 0, 7, 6, 1].into_iter().map(|log| values(1 << log, rng)).collect();
        let mut found = inputs.clone();
        let mut vectors: Vec<&mut [Fr]> = found.iter_mut().map(|v| &mut v[..]).collect();
        device.ntt_batch(&mut vectors, &t).unwrap();
        let expected: Vec<Vec<Fr>> = inputs.iter().map(|v| transformed(v, &t)).collect();
        assert_eq!(found, expected, "{t:?}");
    }
    let report = device.report();
    let stage = report.stages.iter().find(|s| s.name == "ntt").unwrap();
    assert!(stage.calls == 4 && stage.cycles > 0 && report.butterflies > 0, "{report:?}");
}
