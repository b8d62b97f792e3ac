//! Cycles and events of the engine, exact for a seed.

use super::{Bench, Command, Stalls};

#[test]
fn one_point() {
    let mut bench = Bench::new(4);
    let outcome = bench.check(&Command::random(1, 1), Stalls::default(), 0);
    println!("{} cycles, {:?}", outcome.cycles, outcome.events);
}

#[test]
fn sizes_of_windows_and_segments() {
    for (window_bits, points) in [(2, 10), (3, 30), (4, 200), (6, 200), (9, 200), (11, 100)] {
        let mut bench = Bench::new(window_bits);
        let outcome = bench.check(&Command::random(points, 3), Stalls::default(), 0);
        let bound = bench.config.bound_cycles(points);
        println!(
            "c = {window_bits}, {:?}: {} cycles, bound {bound}, {:?}",
            bench.config, outcome.cycles, outcome.events
        );
    }
}

/// The figure of the engine: 2^12 random points at c = 8, cycles within 1.15 of N*W + 2B.
#[test]
fn random_points_at_full_size() {
    let mut bench = Bench::new(8);
    let command = Command::random(4096, 7);
    let begin = std::time::Instant::now();
    let outcome = bench.run(&command, Stalls::default(), 0);
    let rate = outcome.cycles as f64 / begin.elapsed().as_secs_f64();
    let bound = bench.config.bound_cycles(4096);
    println!("{} cycles, bound {bound}, {:?}, simulated at {rate:.0} cycles/s", outcome.cycles, outcome.events);
    let outcome = bench.check(&command, Stalls::default(), 0);
    assert!(outcome.cycles as usize * 100 <= bound * 115);
}
