//! A card that fails: an error that says so, or the CPU's result and a count. What a reset cures
//! does not hurt the next task.

use crate::support::{rng, sum, terms, transformed, values, with};
use gristmill::{Check, Device, Error, Fallback, Transform};

/// The fault at an MSM: a clear error without fall-back, the right sum and a count with it. Then
/// a transform on the same device, by the card if it is `curable`.
fn fails_at_msm(fault: &str, says: &[&str], curable: bool) {
    let (points, scalars) = terms(5, &mut rng(31));
    let expected = sum(&points, &scalars);
    let device = with(Fallback::Never, Check::Curve, &[fault]);
    let bases = device.upload_bases(&points).unwrap();
    match device.msm(&bases, &scalars) {
        Err(error @ Error::DeviceFailed { .. }) => {
            let text = error.to_string();
            assert!(says.iter().all(|s| text.contains(s)) && text.contains("`sim`"), "{fault}: {text}");
        }
        other => panic!("{fault}: {other:?}"),
    }
    let input = values(8, &mut rng(32));
    let mut found = input.clone();
    let after = device.ntt(&mut found, &Transform::FORWARD);
    if curable {
        after.unwrap();
        assert_eq!(found, transformed(&input, &Transform::FORWARD));
        // The reset took the bases along; they come back.
        assert_eq!(device.msm(&bases, &scalars).unwrap(), expected);
    } else {
        assert!(matches!(after, Err(Error::DeviceFailed { .. })), "{fault}: {after:?}");
        assert_eq!(found, input);
    }
    assert_eq!((device.report().fallbacks, device.quarantined()), (0, None));

    let device = with(Fallback::Auto, Check::Curve, &[fault]);
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), expected);
    assert_eq!(device.report().fallbacks, 1, "{fault}");
    let reasons = device.report().fallback_reasons;
    assert!(says.iter().all(|s| reasons[0].contains(s)), "{fault}: {reasons:?}");
    assert_eq!(device.msm(&bases, &scalars).unwrap(), expected);
    assert_eq!(device.report().fallbacks, if curable { 1 } else { 2 }, "{fault}");
}

#[test]
fn an_error_status() {
    fails_at_msm("status:8@msm", &["command msm ended with"], true);
}

#[test]
fn a_status_that_does_not_exist() {
    fails_at_msm("status:200@msm", &["garbage", "200"], true);
}

#[test]
fn a_dropped_completion_times_out() {
    // A card that thinks it is done is idle, and an idle simulation only runs while it is asked: whether its cycles
    // or ten seconds are used up first depends on the machine. Both errors say this, and no other does.
    fails_at_msm("drop@msm", &["command msm", "; reset the card"], true);
}

#[test]
fn a_hang_times_out() {
    fails_at_msm("hang@msm", &["did not finish command msm"], true);
}

#[test]
fn garbage_registers() {
    fails_at_msm("garbage@msm", &["is gone", "all ones"], false);
}

#[test]
fn a_card_that_dies() {
    fails_at_msm("die@msm", &["is gone", "all ones"], false);
}

#[test]
fn failed_transforms_leave_the_vector_alone() {
    let input = values(16, &mut rng(33));
    for fault in ["status:8@ntt", "hang@ntt", "die@ntt"] {
        let device = with(Fallback::Never, Check::Curve, &[fault]);
        let mut found = input.clone();
        assert!(matches!(device.ntt(&mut found, &Transform::INVERSE), Err(Error::DeviceFailed { .. })), "{fault}");
        assert_eq!(found, input);
        let device = with(Fallback::Auto, Check::Curve, &[fault]);
        device.ntt(&mut found, &Transform::INVERSE).unwrap();
        assert_eq!(found, transformed(&input, &Transform::INVERSE));
        assert_eq!(device.report().fallbacks, 1);
    }
    // In the midst of four steps: the eight columns are commands of their own, the rows one for all.
    let input = values(128, &mut rng(34));
    let device = with(Fallback::Never, Check::Curve, &["status:8@ntt+8"]);
    let mut found = input.clone();
    assert!(device.ntt(&mut found, &Transform::FORWARD).is_err());
    assert_eq!(found, input);
    device.ntt(&mut found, &Transform::FORWARD).unwrap();
    assert_eq!(found, transformed(&input, &Transform::FORWARD));
}

#[test]
fn a_failed_upload() {
    let (points, scalars) = terms(5, &mut rng(35));
    let device = with(Fallback::Never, Check::Curve, &["status:8@copy"]);
    assert!(matches!(device.upload_bases(&points), Err(Error::DeviceFailed { .. })));
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    let device = with(Fallback::Auto, Check::Curve, &["status:8@copy"]);
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    assert_eq!(device.report().fallbacks, 2, "the upload, and the MSM that had no bases on the card");
}

/// One command of a batch fails: those after it are lost, and none of their results is taken for
/// one of the next task.
#[test]
fn a_failure_in_the_midst_of_a_batch() {
    let (points, scalars) = terms(5, &mut rng(36));
    let device: Device = with(Fallback::Never, Check::Curve, &["status:8@msm+1"]);
    let [bases, others] = [(); 2].map(|()| device.upload_bases(&points).unwrap());
    let twice: Vec<_> = scalars.iter().map(|s| *s + s).collect();
    let jobs = [(&bases, &scalars[..]), (&others, &twice[..]), (&bases, &scalars[..])];
    assert!(matches!(device.msm_batch(&jobs), Err(Error::DeviceFailed { .. })));
    let expected = sum(&points, &scalars);
    assert_eq!(device.msm_batch(&jobs).unwrap(), [expected, expected + expected, expected]);
    // Over one base set they are one command.
    let device: Device = with(Fallback::Never, Check::Curve, &["status:8@msm+1"]);
    let bases = device.upload_bases(&points).unwrap();
    let jobs = [(&bases, &scalars[..]), (&bases, &twice[..]), (&bases, &scalars[..])];
    assert_eq!(device.msm_batch(&jobs).unwrap(), [expected, expected + expected, expected]);
    assert!(matches!(device.msm_batch(&jobs), Err(Error::DeviceFailed { .. })));
    assert_eq!(device.msm_batch(&jobs).unwrap(), [expected, expected + expected, expected]);
}
