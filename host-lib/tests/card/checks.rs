//! Wrong answers: found, never covered up, and the device is not used again.

use crate::support::{data, rng, sum, terms, values, with};
use gristmill::{Check, Device, Error, Fallback, Transform, formats::Witness, groth16::ZkeyProver};

/// The device is quarantined, for clones and all tasks, and nothing fell back.
fn is_quarantined(device: &Device) {
    let (points, _) = terms(2, &mut rng(20));
    let clone = device.with_check(Check::None);
    assert!(device.quarantined().is_some());
    assert!(matches!(clone.upload_bases(&points), Err(Error::Quarantined { .. })));
    assert!(matches!(clone.ntt(&mut values(4, &mut rng(21)), &Transform::FORWARD), Err(Error::Quarantined { .. })));
    assert_eq!(device.report().fallbacks, 0);
}

#[test]
fn wrong_sums_are_found_by_the_check_that_can() {
    let (points, scalars) = terms(9, &mut rng(22));
    for (fault, check, caught) in [
        ("wrong-point@msm", Check::Dual, true),
        ("corrupt@msm", Check::Dual, true),
        ("corrupt@msm", Check::Curve, true),
        // On the curve: only a second computation or the proof's verification tells.
        ("wrong-point@msm", Check::Curve, false),
        ("wrong-point@msm", Check::None, false),
    ] {
        let device = with(Fallback::Auto, check, &[fault]);
        let bases = device.upload_bases(&points).unwrap();
        match device.msm(&bases, &scalars) {
            Err(Error::WrongAnswer { .. }) if caught => {
                assert!(matches!(device.msm(&bases, &scalars), Err(Error::Quarantined { .. })));
                is_quarantined(&device);
            }
            Ok(found) if !caught => {
                assert_ne!(found, sum(&points, &scalars), "the fault did hit");
                assert_eq!(device.quarantined(), None);
            }
            other => panic!("{fault}, {check:?}: {other:?}"),
        }
    }
}

#[test]
fn wrong_transforms_are_found() {
    let input = values(16, &mut rng(23));
    for (check, caught) in [(Check::Curve, true), (Check::Dual, true), (Check::None, false)] {
        let device = with(Fallback::Auto, check, &["corrupt:5@ntt"]);
        let mut found = input.clone();
        let result = device.ntt(&mut found, &Transform::INVERSE);
        assert_eq!(matches!(result, Err(Error::WrongAnswer { .. })), caught, "{check:?}: {result:?}");
        assert_eq!(found == input, caught, "the vector is left alone");
        if caught {
            is_quarantined(&device);
        }
    }
    // One wrong small transform among those of the four steps.
    let device = with(Fallback::Auto, Check::Curve, &["corrupt:3@ntt+5"]);
    let result = device.ntt(&mut values(128, &mut rng(24)), &Transform::FORWARD);
    assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{result:?}");
}

#[test]
fn a_wrong_but_valid_point_never_leaves_in_a_proof() {
    // The first MSM of the proof, and a later one.
    for fault in ["wrong-point@msm", "wrong-point@msm+3"] {
        let device = with(Fallback::Auto, Check::None, &[fault]);
        let prover = ZkeyProver::open(&device, data("circuit.zkey")).unwrap();
        let witness = Witness::open(data("witness.wtns")).unwrap();
        let result = prover.prove(&witness);
        assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{fault}: {result:?}");
        assert!(matches!(prover.prove(&witness), Err(Error::Quarantined { .. })));
        is_quarantined(&device);
    }
}
