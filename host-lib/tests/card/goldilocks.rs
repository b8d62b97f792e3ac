//! Transforms over Goldilocks on a card that has them, against the CPU engine (whose results are Plonky3's).

use crate::support::{configured, rng, tiny, tiny_config};
use ark_std::rand::{Rng, rngs::StdRng};
use gristmill::{Check, Device, Error, Fallback, GoldilocksTransform, Options, cpu};
use gristmill_hdl::config::CardConfig;

fn config() -> CardConfig {
    CardConfig { name: "gold".into(), ntt_field: Some("goldilocks".into()), elementwise: false, ..tiny_config() }
}

fn card(fallback: Fallback, check: Check, faults: &[&str]) -> Device {
    configured(&config(), fallback, check, faults)
}

/// Some of them not reduced.
fn elements(n: usize, rng: &mut StdRng) -> Vec<u64> {
    (0..n).map(|i| if i % 7 == 3 { u64::MAX - rng.gen_range(0..9) } else { rng.r#gen() }).collect()
}

fn kinds(rng: &mut StdRng) -> [GoldilocksTransform; 5] {
    let (forward, inverse) = (GoldilocksTransform::FORWARD, GoldilocksTransform::INVERSE);
    let g = rng.gen_range(2..1 << 40);
    [forward, inverse, forward.on_coset(g), inverse.on_coset(g), forward.on_coset(u64::MAX)]
}

fn agrees(device: &Device, sizes: &[usize]) {
    let rng = &mut rng(91);
    for transform in kinds(rng) {
        let inputs: Vec<Vec<u64>> = sizes.iter().map(|n| elements(*n, rng)).collect();
        let mut found = inputs.clone();
        let mut vectors: Vec<&mut [u64]> = found.iter_mut().map(|v| &mut v[..]).collect();
        device.goldilocks_ntt(&mut vectors, &transform).unwrap();
        for (input, found) in inputs.iter().zip(found) {
            let mut expected = input.clone();
            cpu::goldilocks_ntt(&mut expected, &transform);
            assert_eq!(found, expected, "{} elements, {transform:?}", input.len());
        }
    }
}

#[test]
fn transforms_are_the_cpus() {
    for check in [Check::Curve, Check::Dual, Check::None] {
        let device = card(Fallback::Never, check, &[]);
        agrees(&device, &[4, 8, 64, 32]);
        let report = device.report();
        assert_eq!(report.butterflies, 5 * (2 * 2 + 3 * 4 + 6 * 32 + 5 * 16));
        assert!(!report.host_stages.iter().any(|s| s == "goldilocks ntt"), "{:?}", report.host_stages);
    }
    let info = card(Fallback::Never, Check::Curve, &[]).info().unwrap();
    assert_eq!(
        (info.goldilocks.map(|n| n.max_elements), info.ntt, info.field.as_str()),
        (Some(64), None, "goldilocks")
    );
}

/// Vectors that are longer than the chip, between others.
#[test]
fn longer_vectors_are_transformed_in_card_memory() {
    let config = CardConfig { ntt_log_max: 9, card_mem_bytes: 1 << 17, ..config() };
    let device = configured(&config, Fallback::Never, Check::Curve, &[]);
    assert_eq!(device.info().unwrap().goldilocks.map(|n| (n.max_elements, n.in_memory)), Some((512, 1024)));
    agrees(&device, &[1024, 64, 1024, 512]);
    let report = device.report();
    assert_eq!(report.butterflies, 5 * (2 * 10 * 512 + 6 * 32 + 9 * 256));
    assert!(!report.host_stages.iter().any(|s| s == "goldilocks ntt"), "{:?}", report.host_stages);
    // Twice as many rows as columns, four butterflies; what is longer still is the host's.
    let wider = CardConfig { ntt_log_max: 10, butterflies: 4, ..config.clone() };
    let device = configured(&wider, Fallback::Never, Check::Curve, &[]);
    agrees(&device, &[2048, 4096]);
    assert_eq!(device.report().butterflies, 5 * (11 * 1024 + 12 * 2048));
    agrees(&device, &[8192]);
    assert!(device.report().host_stages.iter().any(|s| s == "goldilocks ntt"));
    // No room for the first pass.
    let device = configured(&CardConfig { card_mem_bytes: 1 << 13, ..config }, Fallback::Never, Check::Curve, &[]);
    assert_eq!(device.info().unwrap().goldilocks.map(|n| n.in_memory), Some(512));
    agrees(&device, &[1024]);
    assert_eq!((device.report().cycles, device.report().fallbacks), (0, 0));
}

/// Sizes that the card has not, a card without, and the CPU.
#[test]
fn what_a_card_does_not_offer_the_cpu_does() {
    for (device, sizes) in [
        (card(Fallback::Never, Check::Curve, &[]), &[1, 2, 128][..]),
        (tiny(), &[4, 64]),
        (Device::open("cpu", &Options::default()).unwrap(), &[1, 4, 512]),
    ] {
        agrees(&device, sizes);
        let report = device.report();
        assert_eq!((report.cycles, report.fallbacks), (0, 0));
        assert_eq!(report.host_stages, ["goldilocks ntt"]);
    }
    // Its transforms are of no other field, so those of Fr and a proof's are the host's.
    let device = card(Fallback::Never, Check::Curve, &[]);
    let mut values = crate::support::values(16, &mut rng(92));
    let expected = crate::support::transformed(&values, &gristmill::Transform::FORWARD);
    device.ntt(&mut values, &gristmill::Transform::FORWARD).unwrap();
    assert_eq!(values, expected);
    assert_eq!(device.report().cycles, 0);
}

#[test]
fn failures_and_wrong_answers() {
    let input = elements(16, &mut rng(93));
    let transform = GoldilocksTransform::INVERSE.on_coset(7);
    let mut expected = input.clone();
    cpu::goldilocks_ntt(&mut expected, &transform);
    let device = card(Fallback::Auto, Check::Curve, &["status:8@ntt"]);
    let mut values = input.clone();
    device.goldilocks_ntt(&mut [&mut values], &transform).unwrap();
    assert_eq!((&values, device.report().fallbacks), (&expected, 1));
    let device = card(Fallback::Never, Check::Curve, &["status:8@ntt"]);
    let mut values = input.clone();
    let failed = device.goldilocks_ntt(&mut [&mut values], &transform);
    assert!(matches!(failed, Err(Error::DeviceFailed { .. })) && values == input, "{failed:?}");
    for check in [Check::Curve, Check::Dual] {
        let device = card(Fallback::Auto, check, &["corrupt@ntt"]);
        let mut values = input.clone();
        let failed = device.goldilocks_ntt(&mut [&mut values], &transform);
        assert!(matches!(failed, Err(Error::WrongAnswer { .. })) && values == input, "{failed:?}");
        assert!(device.quarantined().is_some());
    }
    // In card memory.
    let config = CardConfig { ntt_log_max: 9, card_mem_bytes: 1 << 17, ..config() };
    let input = elements(1024, &mut rng(94));
    let mut expected = input.clone();
    cpu::goldilocks_ntt(&mut expected, &transform);
    let device = configured(&config, Fallback::Auto, Check::Curve, &["status:8@ntt"]);
    let mut values = input.clone();
    device.goldilocks_ntt(&mut [&mut values], &transform).unwrap();
    assert_eq!((&values, device.report().fallbacks), (&expected, 1));
    let device = configured(&config, Fallback::Auto, Check::Curve, &["corrupt@ntt"]);
    let mut values = input.clone();
    let failed = device.goldilocks_ntt(&mut [&mut values], &transform);
    assert!(matches!(failed, Err(Error::WrongAnswer { .. })) && values == input, "{failed:?}");
}

#[test]
fn bad_input_is_told() {
    let device = card(Fallback::Never, Check::Curve, &[]);
    for length in [0, 3, 12] {
        let error = device.goldilocks_ntt(&mut [&mut vec![1; length]], &GoldilocksTransform::FORWARD).unwrap_err();
        assert!(matches!(error, Error::GoldilocksLength { length: found } if found == length), "{error:?}");
    }
    for zero in [0, 0xffff_ffff_0000_0001] {
        let mut values = [1; 4];
        let error =
            device.goldilocks_ntt(&mut [&mut values], &GoldilocksTransform::FORWARD.on_coset(zero)).unwrap_err();
        assert!(matches!(error, Error::ZeroCoset) && values == [1; 4], "{error:?}");
    }
    assert_eq!(device.report().cycles, 0);
}
