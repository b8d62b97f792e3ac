//! An MSM's operands are as long as its curve's points.

mod support;

use gristmill_abi::layout::{Curve, msm_result_words};
use gristmill_abi::{caps, registers as reg};
use gristmill_driver::*;
use support::Fake;

const MSM: caps::Msm =
    caps::Msm { adders: 1, window_bits: 8, windows: 32, segments: 2, log_max_points: 10, log_multiples: 0 };

/// A card that says so, and executes no MSM.
fn card(curves: u32) -> Card {
    let fake = Fake::new();
    fake.set(reg::CAPS, caps::COPY | caps::MSM | 1 << caps::QUEUES_SHIFT);
    fake.set(reg::CAP_MSM, MSM.encode());
    fake.set(reg::CAP_CURVES, curves);
    Card::open(Box::new(fake)).unwrap()
}

#[test]
fn results_are_those_of_the_cards_curve() {
    for curve in Curve::ALL {
        let card = card(1 << curve as u32);
        assert_eq!(card.info().curve(), Some(curve));
        assert_eq!(card.info().msm_result_words(), msm_result_words(curve, 32, 2), "{}", curve.name());
    }
    // A curve that this driver does not know.
    let card = card(1 << 7);
    assert_eq!((card.info().curve(), card.info().msm_result_words()), (None, 0));
}

#[test]
fn short_operands_are_refused_and_exact_ones_are_not() {
    let points = 5;
    for curve in Curve::ALL {
        let mut card = card(1 << curve as u32);
        let exact = [points * curve.affine_words() as u64, points, card.info().msm_result_words() as u64];
        for short in [None, Some(0), Some(1), Some(2)] {
            let buffers: Vec<DmaBuffer> = exact.iter().map(|words| card.allocate(32 * words).unwrap()).collect();
            let place = |i: usize| {
                let len = 32 * exact[i] - if short == Some(i) { 32 } else { 0 };
                buffers[i].slice(0, len).unwrap()
            };
            let command = Command::msm(curve, points as u32, place(0), place(1), ScalarForm::Canonical, place(2));
            match (card.run(command), short) {
                (Err(Error::ShortOperand { operand, needs, has, .. }), Some(i)) => {
                    let name = ["a", "b", "c"][i];
                    assert_eq!((operand, needs, has), (name, 32 * exact[i], 32 * exact[i] - 32), "{}", curve.name());
                }
                // It came to the card, which has no such engine.
                (Err(Error::Command { .. }), None) => {}
                (other, _) => panic!("{}, {short:?}: {other:?}", curve.name()),
            }
        }
    }
}
