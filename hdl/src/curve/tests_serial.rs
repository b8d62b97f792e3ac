//! The serial adder: RTL and twin against the textbook's affine addition, Verilog against the RTL.

use gristmill_hdl_kit::cosim::{check_with, Options, Outcome};
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rust_hdl::prelude::Block;

use super::model::{Model, Projective};
use super::point_adder_serial::PointAdderSerialRtl;
use super::tests::{operands, point_pairs};
use super::*;
use crate::field::testing::{random_values, values};

const INTERVAL: usize = PointAdderSerial256::INTERVAL;
const LATENCY: usize = PointAdderSerial256::LATENCY;

/// One addition an interval, other operands on the ports between them; the results in their cycles.
fn run<B: Ports>(block: &mut B, pairs: &[Vec<BigUint>]) -> Vec<Vec<BigUint>> {
    let noise = values(&[random_values(&BN254.field, 6, 99)]);
    let operands = values(pairs);
    let mut results = vec![];
    for cycle in 0..INTERVAL * (pairs.len() - 1) + LATENCY + 1 {
        if cycle >= LATENCY && (cycle - LATENCY).is_multiple_of(INTERVAL) {
            results.push(
                (0..3).map(|port| gristmill_hdl_kit::word::U::<256>::from_limbs(&block.peek(port)).into()).collect(),
            );
        }
        let take = cycle.is_multiple_of(INTERVAL) && cycle / INTERVAL < pairs.len();
        block.poke(0, &[take as u64]);
        for (port, value) in if take { &operands[cycle / INTERVAL] } else { &noise[0] }.iter().enumerate() {
            block.poke(port + 1, value);
        }
        sim::cycle(block).expect("settles");
    }
    results
}

fn check<B: Ports>(what: &str, mut block: B, random: usize) -> Vec<Vec<BigUint>> {
    let model = Model::new(&BN254);
    let pairs = point_pairs(&BN254, random);
    block.connect_all();
    let results = run(&mut block, &operands(&BN254, &pairs));
    assert_eq!(results.len(), pairs.len());
    for ((p, q), result) in pairs.iter().zip(&results) {
        let [x, y, z] = <[BigUint; 3]>::try_from(result.clone()).expect("three coordinates");
        assert!([&x, &y, &z].into_iter().all(|c| c < &model.field.p), "{what}: not reduced");
        assert_eq!(model.to_affine(&Projective { x, y, z }), Some(model.add(p, q)), "{what}: {p:?} + {q:?}");
    }
    results
}

#[test]
fn rtl_and_twin_are_the_model() {
    let twin = PointAdderSerial256::new(&BN254, Fidelity::Twin);
    assert_eq!((twin.latency(), INTERVAL), (205, 68));
    let by_twin = check("twin", twin, 12);
    let by_rtl = check("RTL", PointAdderSerialRtl::<16, 256, 391>::new(&BN254), 12);
    // Not only the same points: the same coordinates.
    assert_eq!(by_twin, by_rtl);
}

#[test]
fn a_pause_between_additions_and_a_new_start_change_nothing() {
    let pairs = operands(&BN254, &point_pairs(&BN254, 4)[36..]);
    for fidelity in [Fidelity::Twin, Fidelity::Rtl] {
        let mut adder = PointAdderSerial256::new(&BN254, fidelity);
        adder.connect_all();
        let first = run(&mut adder, &pairs);
        // Out of step with the program's own period, with additions under way.
        adder.take.next = true;
        sim::cycle(&mut adder).expect("settles");
        adder.take.next = false;
        for _ in 0..29 {
            sim::cycle(&mut adder).expect("settles");
        }
        assert_eq!(run(&mut adder, &pairs), first, "{fidelity:?}");
    }
}

/// The Verilog against the RTL in every cycle; the twin has other values between results.
#[test]
fn verilog_is_the_rtl() {
    let mut adder = PointAdderSerialRtl::<16, 256, 391>::new(&BN254);
    adder.connect_all();
    let all = point_pairs(&BN254, 4);
    // Infinity on either side, opposite and equal points, and sums of different ones.
    let vectors = values(&operands(&BN254, &[&all[..9], &all[all.len() - 4..]].concat()));
    let outcome = check_with(&mut adder, INTERVAL * 13 + LATENCY, &Options::default(), |cycle, _, inputs| {
        inputs[0] = Default::default();
        inputs[0][0] = cycle.is_multiple_of(INTERVAL) as u64;
        inputs[1..].copy_from_slice(&vectors[(cycle / INTERVAL).min(vectors.len() - 1)]);
    });
    match outcome {
        Ok(Outcome::Agreed { cycles }) => assert_eq!(cycles, INTERVAL * 13 + LATENCY),
        Ok(Outcome::Skipped) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Writes Verilog for experiments with synthesis: `GRISTMILL_DUMP` names the folder.
#[test]
#[ignore = "writes files, checks nothing"]
fn dump() {
    let Some(folder) = std::env::var_os("GRISTMILL_DUMP").map(std::path::PathBuf::from) else { return };
    let mut adder = PointAdderSerialRtl::<16, 256, 391>::new(&BN254);
    adder.connect_all();
    std::fs::write(folder.join("adder.v"), gristmill_hdl_kit::verilog::generate(&adder)).expect("written");
    let mut product = crate::field::MontMulSerial256::new(&BN254.field);
    product.connect_all();
    std::fs::write(folder.join("mul.v"), gristmill_hdl_kit::verilog::generate(&product)).expect("written");
}
