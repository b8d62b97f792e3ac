//! The engine around the serial adder: the same results, and what an addition in 68 cycles costs.

use gristmill_abi::layout::Curve;
use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::{Bench, Command, Stalls};
use crate::field::{Arithmetic, BN254_FR};
use crate::msm::MsmConfig;

const PAUSES: Stalls = Stalls { base: 120, scalar: 200, out: 150 };

fn bench(window_bits: usize) -> Bench {
    Bench::with_arithmetic(
        MsmConfig { curve: Curve::Bn254, window_bits, segments: 1, stall_depth: 8, adders: 1, multiples: 1 },
        Arithmetic::Serial,
    )
}

fn order() -> BigUint {
    BN254_FR.prime()
}

#[test]
fn edge_scalars_and_few_points() {
    let mut bench = bench(3);
    for (i, command) in [
        Command::random(0, 0),
        Command::random(1, 1),
        Command::random(2, 2),
        Command::with_scalars(8, 3, |_| BigUint::zero()),
        Command::with_scalars(8, 4, |_| BigUint::one()),
        Command::with_scalars(8, 5, |_| order() - 1u32),
        Command::with_scalars(8, 6, |i| BigUint::one() << (13 * i)),
        Command { montgomery: true, ..Command::random(8, 7) },
    ]
    .iter()
    .enumerate()
    {
        // Each under one manner of flow: which one does not matter to a scalar.
        bench.check(command, if i % 2 == 0 { Stalls::default() } else { PAUSES }, i as u64);
    }
}

#[test]
fn bases_that_repeat_cancel_or_are_infinity() {
    let mut bench = bench(4);
    let random = Command::random(24, 8);
    let same = Command { logs: vec![random.logs[0].clone(); 24], ..random.clone() };
    let cancel = Command {
        logs: (0..24).map(|i| random.logs[i / 2].clone().map(|k| if i % 2 == 0 { k } else { order() - k })).collect(),
        scalars: (0..24).map(|i| random.scalars[i / 2].clone()).collect(),
        montgomery: false,
    };
    // One base and its negative under one scalar: every sum in a bucket is a doubling or infinity.
    let both = Command {
        logs: (0..24).map(|i| random.logs[0].clone().map(|k| if i % 2 == 0 { k } else { order() - k })).collect(),
        scalars: vec![random.scalars[0].clone(); 24],
        montgomery: false,
    };
    let nothing = Command { logs: vec![None; 24], ..random.clone() };
    for command in [&same, &cancel, &both, &nothing, &random] {
        bench.check(command, Stalls::default(), 0);
    }
}

#[test]
fn a_reset_in_any_phase_leaves_a_clean_engine() {
    let mut bench = bench(3);
    let command = Command::random(3, 15);
    let whole = bench.check(&command, Stalls::default(), 0);
    for cycles in [1, 50, 700, 4000, whole.cycles - 20_000, whole.cycles - 700, whole.cycles - 2] {
        assert!(bench.run_for(&command, Stalls::default(), 0, cycles).is_none());
        bench.reset();
        let again = bench.check(&command, Stalls::default(), 0);
        assert_eq!(again.cycles, whole.cycles, "after a reset in cycle {cycles}");
        assert_eq!(again.words, whole.words);
    }
}

/// The windows of the configuration `ecp5-85k`: exact, against an addition in each 68 cycles.
fn cycles_of(points: usize, cycles: u64, useful: u64) {
    let mut bench = bench(5);
    let outcome = bench.check(&Command::random(points, 7), Stalls::default(), 0);
    let bound = bench.config.bound_cycles(points) * bench.interval;
    println!(
        "{points} points: {} cycles, {:.4} of the bound {bound}, useful, input, bucket, empty, drain: {:?}",
        outcome.cycles,
        outcome.cycles as f64 / bound as f64,
        outcome.events
    );
    assert_eq!((outcome.cycles, outcome.events[0]), (cycles, useful));
}

#[test]
fn cycles_at_the_size_of_a_small_part() {
    cycles_of(64, 280_843, 3_866);
}

#[test]
#[ignore = "a minute: run with `cargo test --release -p gristmill-hdl --lib msm::tests::serial -- --ignored`"]
fn cycles_of_a_longer_vector() {
    cycles_of(256, 925_007, 13_364);
}

/// Bits of scalars that are all one value meet in few buckets: no operand waits for a sum in flight.
#[test]
fn one_value_of_scalars_keeps_the_adder_busy() {
    let mut bench = bench(4);
    let value = Command::random(1, 9).scalars[0].clone();
    let outcome = bench.check(&Command::with_scalars(40, 9, |_| value.clone()), Stalls::default(), 0);
    let bound = bench.config.bound_cycles(40) * bench.interval;
    println!("one value: {} cycles, bound {bound}, {:?}", outcome.cycles, outcome.events);
    assert!(outcome.cycles as usize * 100 <= bound * 110);
}
