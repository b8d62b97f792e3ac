//! Transforms over every curve's scalar field, and in every order, on cards that have them.

use crate::support::{
    all_kinds, configured, elements, kinds_over, rng, tiny, tiny_config, transformed, turned, values,
};
use gristmill::{Check, Curve, Error, Fallback, GoldilocksTransform, NttField, Order, Transform, cpu};
use gristmill_hdl::config::CardConfig;

const ORDERS: [Order; 4] = [Order::Natural, Order::ReversedInput, Order::ReversedOutput, Order::Reversed];

fn config<F: NttField>() -> CardConfig {
    let curve = Curve::ALL.into_iter().find(|curve| curve.scalar_field() == F::FIELD).unwrap();
    let tiny = tiny_config();
    CardConfig { name: F::FIELD.name().into(), curve: curve.name().into(), ..tiny }
}

/// Every kind and order, on chip, in card memory by passes of columns, and in four steps over the link.
fn agrees<F: NttField>() {
    let rng = &mut rng(201);
    let name = F::FIELD.name();
    let device = configured(&config::<F>(), Fallback::Never, Check::Curve, &[]);
    let info = device.info().unwrap();
    assert!(info.has_field(F::FIELD) && info.ntt.is_some_and(|n| n.max_elements == 64), "{info:?}");
    for (i, t) in kinds_over::<F>(rng).into_iter().enumerate() {
        for (k, order) in ORDERS.into_iter().enumerate() {
            let t = t.ordered(order);
            // What just fits, and every other length up to twice that with some of the kinds.
            for log in [6, (4 * i + k + i / 2) % 8] {
                let input = elements::<F>(1 << log, rng);
                let mut found = input.clone();
                device.ntt(&mut found, &t).unwrap();
                assert_eq!(found, transformed(&input, &t), "{name}, 2^{log}, {t:?}");
            }
        }
    }
    let report = device.report();
    assert!(report.butterflies > 0 && report.fallbacks == 0, "{report:?}");
    assert!(!report.host_stages.iter().any(|stage| stage == "ntt"), "{:?}", report.host_stages);

    let config = CardConfig { ntt_log_max: 9, card_mem_bytes: 1 << 17, ..config::<F>() };
    let device = configured(&config, Fallback::Never, Check::Dual, &[]);
    assert_eq!(device.info().unwrap().ntt.map(|n| n.in_memory), Some(1 << 10));
    for (t, order) in kinds_over::<F>(rng).into_iter().zip(ORDERS) {
        let t = t.ordered(order);
        let input = elements::<F>(1 << 10, rng);
        let mut found = input.clone();
        device.ntt(&mut found, &t).unwrap();
        assert_eq!(found, transformed(&input, &t), "{name}, {t:?}");
    }
    assert!(!device.report().host_stages.iter().any(|stage| stage.starts_with("four-step")));
}

#[test]
fn of_bn254() {
    agrees::<ark_bn254::Fr>();
}

#[test]
fn of_bls12_381() {
    agrees::<ark_bls12_381::Fr>();
}

#[test]
fn of_bls12_377() {
    agrees::<ark_bls12_377::Fr>();
}

/// A card's reversed orders save the host the turning, where no coset stands on that side.
#[test]
fn the_card_turns_indices_around() {
    let (device, rng) = (tiny(), &mut rng(202));
    let reversals = |t: &Transform<ark_bn254::Fr>| {
        let mut values = values(64, &mut crate::support::rng(203));
        device.take_report();
        device.ntt(&mut values, t).unwrap();
        device.take_report().host_stages.iter().filter(|stage| *stage == "bit reversal").count()
    };
    let [forward, inverse, forward_coset, inverse_coset] = all_kinds(rng);
    for order in ORDERS {
        assert_eq!(reversals(&forward.ordered(order)), 0);
        assert_eq!(reversals(&inverse.ordered(order)), 0);
        assert_eq!(reversals(&forward_coset.ordered(order)), usize::from(order.input()));
        assert_eq!(reversals(&inverse_coset.ordered(order)), usize::from(order.output()));
    }
    // There and back without any turning.
    let input = values(64, rng);
    let mut found = input.clone();
    device.ntt(&mut found, &Transform::FORWARD.ordered(Order::ReversedOutput)).unwrap();
    assert_eq!(turned(&found), transformed(&input, &Transform::FORWARD));
    device.ntt(&mut found, &Transform::INVERSE.ordered(Order::ReversedInput)).unwrap();
    assert_eq!(found, input);
}

/// Orders over Goldilocks, on chip and in card memory.
#[test]
fn of_goldilocks() {
    let config = CardConfig {
        name: "gold".into(),
        ntt_field: Some("goldilocks".into()),
        elementwise: false,
        ntt_log_max: 9,
        card_mem_bytes: 1 << 17,
        ..tiny_config()
    };
    let device = configured(&config, Fallback::Never, Check::Curve, &[]);
    let (forward, inverse) = (GoldilocksTransform::FORWARD, GoldilocksTransform::INVERSE);
    for t in [forward, inverse, forward.on_coset(7), inverse.on_coset(7)] {
        for order in ORDERS {
            let t = t.ordered(order);
            let inputs: Vec<Vec<u64>> = [4usize, 64, 512, 1024].iter().map(|n| (5..5 + *n as u64).collect()).collect();
            let mut found = inputs.clone();
            let mut vectors: Vec<&mut [u64]> = found.iter_mut().map(|v| &mut v[..]).collect();
            device.goldilocks_ntt(&mut vectors, &t).unwrap();
            for (input, found) in inputs.iter().zip(found) {
                let mut expected = input.clone();
                cpu::goldilocks_ntt(&mut expected, &t);
                assert_eq!(found, expected, "{} elements, {t:?}", input.len());
            }
        }
    }
    let report = device.report();
    assert!(!report.host_stages.iter().any(|stage| stage == "goldilocks ntt"), "{:?}", report.host_stages);
}

/// What a card of another field has not, the CPU does; lengths that no transform has are refused with the field's name.
#[test]
fn of_another_field() {
    let (device, rng) = (tiny(), &mut rng(204));
    let t = Transform::<ark_bls12_381::Fr>::INVERSE.ordered(Order::ReversedInput);
    let input = elements(32, rng);
    let mut found = input.clone();
    device.ntt(&mut found, &t).unwrap();
    assert_eq!(found, transformed(&input, &t));
    assert_eq!((device.report().cycles, device.report().fallbacks), (0, 0));
    let error = device.ntt(&mut found[..12], &t).unwrap_err();
    assert!(matches!(error, Error::NttLength { length: 12, .. }));
    assert_eq!(
        error.to_string(),
        "NTT of 12 elements over bls12-381-fr: the length must be a power of two from 1 to 2^32"
    );
}
