//! Cycles and events of the engine, exact for a seed.

use super::{Bench, Command, Stalls};

#[test]
fn one_point() {
    let mut bench = Bench::new(4);
    let outcome = bench.check(&Command::random(1, 1), Stalls::default(), 0);
    println!("{} cycles, {:?}", outcome.cycles, outcome.events);
}

#[test]
fn random_points_at_full_size() {
    let mut bench = Bench::new(8);
    let command = Command::random(4096, 7);
    let begin = std::time::Instant::now();
    let outcome = bench.check(&command, Stalls::default(), 0);
    let bound = bench.config.bound_cycles(4096) as f64;
    println!(
        "{} cycles, {:.4} of the bound, {:?}, {:.1} s",
        outcome.cycles,
        outcome.cycles as f64 / bound,
        outcome.events,
        begin.elapsed().as_secs_f64()
    );
    assert!(outcome.cycles as f64 <= 1.15 * bound);
}
