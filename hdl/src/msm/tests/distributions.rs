//! Distributions of scalars and bases that meet every case, and streams that pause.

use gristmill_abi::layout::Curve;
use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::{Bench, Command, Stalls};
use crate::field::BN254_FR;
use crate::msm::MsmConfig;

const PAUSES: Stalls = Stalls { base: 120, scalar: 200, out: 150 };

fn order() -> BigUint {
    BN254_FR.prime()
}

/// Runs commands one after the other on one engine, with and without pauses.
fn check_all(bench: &mut Bench, commands: &[Command]) {
    for (i, command) in commands.iter().enumerate() {
        bench.check(command, Stalls::default(), i as u64);
        bench.check(command, PAUSES, i as u64);
    }
}

#[test]
fn edge_scalars() {
    let mut bench = Bench::new(4);
    let commands = [
        Command::with_scalars(20, 1, |_| BigUint::zero()),
        Command::with_scalars(20, 2, |_| BigUint::one()),
        Command::with_scalars(20, 3, |_| order() - 1u32),
        // Every digit 8 = 2^(c-1), the largest that does not carry.
        Command::with_scalars(20, 4, |_| (0..63).map(|w| BigUint::from(8u32) << (4 * w)).sum::<BigUint>() >> 4),
        // A carry that runs through all windows.
        Command::with_scalars(20, 5, |_| (BigUint::one() << 252) - 1u32),
        Command::with_scalars(20, 6, |i| BigUint::one() << (13 * i)),
        Command::with_scalars(20, 7, |i| if i % 5 == 4 { BigUint::from(i) } else { BigUint::zero() }),
    ];
    check_all(&mut bench, &commands);
}

#[test]
fn few_points() {
    let mut bench = Bench::new(4);
    for points in [0, 1, 2, 3] {
        bench.check(&Command::random(points, points as u64), Stalls::default(), 0);
    }
}

#[test]
fn bases_that_repeat_cancel_or_are_infinity() {
    let mut bench = Bench::new(4);
    let random = Command::random(60, 8);
    let same = Command { logs: vec![random.logs[0].clone(); 60], ..random.clone() };
    let cancel = Command {
        logs: (0..60).map(|i| random.logs[i / 2].clone().map(|k| if i % 2 == 0 { k } else { order() - k })).collect(),
        scalars: (0..60).map(|i| random.scalars[i / 2].clone()).collect(),
        montgomery: false,
    };
    // One base and its negative under one scalar: every sum in a bucket is a doubling or infinity.
    let both = Command {
        logs: (0..60).map(|i| cancel.logs[i % 2].clone()).collect(),
        scalars: vec![random.scalars[3].clone(); 60],
        montgomery: false,
    };
    let holes =
        Command { logs: (0..60).map(|i| random.logs[i].clone().filter(|_| i % 3 != 0)).collect(), ..random.clone() };
    let nothing = Command { logs: vec![None; 60], ..random.clone() };
    let mut outcome = None;
    for command in [&same, &cancel, &both, &holes, &nothing] {
        outcome = Some(bench.check(command, Stalls::default(), 0));
        bench.check(command, PAUSES, 1);
    }
    // Nothing but infinity: not one useful addition.
    assert_eq!(outcome.map(|o| o.events[0]), Some(0));
    bench.check(&random, Stalls::default(), 2);
}

#[test]
fn few_values_of_scalars_keep_the_adder_busy() {
    let mut bench = Bench::new(8);
    let random = Command::random(2, 9);
    for (values, percent) in [(1, 105), (2, 120)] {
        let command = Command::with_scalars(600, 9, |i| random.scalars[(i * 7 / 5) % values].clone());
        let outcome = bench.check(&command, Stalls::default(), 0);
        let bound = bench.config.bound_cycles(600);
        println!("{values} values: {} cycles, bound {bound}, {:?}", outcome.cycles, outcome.events);
        assert!(outcome.cycles as usize * 100 <= bound * percent);
    }
    // All in one bucket: bound by that bucket's one way in and out.
    let command = Command::with_scalars(2000, 9, |_| BigUint::one());
    let outcome = bench.check(&command, Stalls::default(), 0);
    println!("all one: {} cycles, {:?}", outcome.cycles, outcome.events);
    assert!(outcome.cycles <= 2000 * 3 + 2 * bench.config.buckets() as u64 + 3000);
}

#[test]
fn a_shallow_fifo_never_overflows() {
    // Segments more than needed, and the least depth; the bench fails if a sum finds no place.
    let mut bench = Bench::with(MsmConfig {
        curve: Curve::Bn254,
        window_bits: 5,
        segments: 8,
        stall_depth: 8,
        adders: 1,
        multiples: 1,
    });
    let random = Command::random(3, 10);
    for values in 1..=3 {
        let command = Command::with_scalars(200, 10, |i| random.scalars[(i * i + i / 3) % values].clone());
        bench.check(&command, Stalls::default(), 0);
        bench.check(&command, Stalls { base: 40, scalar: 40, out: 0 }, 1);
    }
    bench.check(&Command::random(200, 11), Stalls::default(), 0);
}

#[test]
fn scalars_in_montgomery_form() {
    let mut bench = Bench::new(8);
    let canonical = Command::random(100, 12);
    let mut montgomery = Command { montgomery: true, ..canonical.clone() };
    let plain = bench.check(&canonical, Stalls::default(), 0);
    let outcome = bench.check(&montgomery, Stalls::default(), 0);
    assert_eq!(plain.words.len(), outcome.words.len());
    // The reduction runs ahead of the digits: only its latency shows.
    assert!(outcome.cycles <= plain.cycles + 70, "{} after {}", outcome.cycles, plain.cycles);
    bench.check(&montgomery, PAUSES, 1);
    for (i, edge) in [BigUint::zero(), BigUint::one(), order() - 1u32, order()].into_iter().enumerate() {
        montgomery.scalars[10 + i] = edge;
    }
    bench.check(&montgomery, Stalls::default(), 2);
}

#[test]
fn scalars_out_of_range_are_reported_and_the_command_completes() {
    let mut bench = Bench::new(4);
    let mut command = Command::random(30, 13);
    command.scalars[17] = order();
    command.scalars[23] = (BigUint::one() << 256) - 1u32;
    for montgomery in [false, true] {
        command.montgomery = montgomery;
        let outcome = bench.check(&command, PAUSES, 3);
        assert_eq!(outcome.error, Some(17));
    }
    // Held until the next start.
    assert_eq!(bench.check(&Command::random(5, 14), Stalls::default(), 0).error, None);
}

#[test]
fn a_reset_in_any_phase_leaves_a_clean_engine() {
    let mut bench = Bench::new(4);
    let command = Command::random(40, 15);
    let whole = bench.check(&command, Stalls::default(), 0);
    for cycles in [1, 50, 700, 2700, whole.cycles - 800, whole.cycles - 400, whole.cycles - 2] {
        assert!(bench.run_for(&command, Stalls::default(), 0, cycles).is_none());
        bench.reset();
        let again = bench.check(&command, Stalls::default(), 0);
        assert_eq!(again.cycles, whole.cycles, "after a reset in cycle {cycles}");
        assert_eq!(again.words, whole.words);
    }
}
