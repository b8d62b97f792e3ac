//! Cycles and events of the engine, exact for a seed: a change of these numbers is a decision.

use super::{Bench, Command, Stalls};
use crate::msm::MsmConfig;
use gristmill_abi::layout::Curve;

#[test]
fn one_point() {
    let mut bench = Bench::new(4);
    let outcome = bench.check(&Command::random(1, 1), Stalls::default(), 0);
    assert_eq!((outcome.cycles, outcome.events), (1609, [194, 4, 0, 958, 451]));
}

#[test]
fn sizes_of_windows_and_segments() {
    let expected = [(2, 10, 2876), (3, 30, 3979), (4, 200, 14384), (6, 200, 11767), (9, 200, 21197), (11, 100, 52048)];
    let got = expected.map(|(window_bits, points, _)| {
        let mut bench = Bench::new(window_bits);
        let outcome = bench.check(&Command::random(points, 3), Stalls::default(), 0);
        let bound = bench.config.bound_cycles(points);
        println!("c = {window_bits}, {points} points: {} cycles, bound {bound}, {:?}", outcome.cycles, outcome.events);
        (window_bits, points, outcome.cycles)
    });
    assert_eq!(got, expected, "window bits, points, cycles");
}

#[test]
fn more_segments_than_needed() {
    let mut bench = Bench::with(MsmConfig {
        curve: Curve::Bn254,
        window_bits: 5,
        segments: 16,
        stall_depth: 32,
        adders: 1,
        multiples: 1,
    });
    bench.check(&Command::random(50, 4), Stalls::default(), 0);
}

/// The figure of the engine: 2^12 random points at c = 8, cycles within 1.03 of N*W + 2B.
#[test]
fn random_points_at_full_size() {
    let mut bench = Bench::new(8);
    let command = Command::random(4096, 7);
    let begin = std::time::Instant::now();
    let outcome = bench.check(&command, Stalls::default(), 0);
    let bound = bench.config.bound_cycles(4096);
    println!(
        "{} cycles, {:.4} of the bound {bound}, useful, input, bucket, empty, drain: {:?}; {:.1} s with all checks",
        outcome.cycles,
        outcome.cycles as f64 / bound as f64,
        outcome.events,
        begin.elapsed().as_secs_f64()
    );
    assert!(outcome.cycles as usize * 100 <= bound * 103);
    assert_eq!((outcome.cycles, outcome.events), (139816, [134407, 4, 580, 4304, 519]));
}

/// Not a check: how fast the native simulation is, and how many walks over the signals it takes.
#[test]
#[ignore = "a measurement"]
fn speed_of_simulation() {
    let mut bench = Bench::new(8);
    let (rate, walks) = bench.speed(&Command::random(400, 3));
    println!("{rate:.0} cycles/s, {walks:.2} walks a cycle");
}
