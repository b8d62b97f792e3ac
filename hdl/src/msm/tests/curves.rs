//! The engine on the BLS12 curves: every segment sum against the model, the whole against arkworks, cycles against the model of cycles.

use gristmill_abi::layout::Curve;
use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::bench::BenchOf;
use super::cycles::agrees;
use super::on_curve::{Bls12_377, Bls12_381, TestCurve};
use super::{Command, Stalls};
use crate::curve::PointAdder384;
use crate::msm::MsmConfig;

const PAUSES: Stalls = Stalls { base: 120, scalar: 200, out: 150 };

fn edge_commands<C: TestCurve>() -> Vec<Command> {
    let random = Command::random_on::<C>(20, 1);
    let order = C::order();
    let scalars = |scalar: &dyn Fn(usize) -> BigUint| Command {
        scalars: (0..20).map(scalar).collect(),
        ..Command::random_on::<C>(20, 2)
    };
    vec![
        scalars(&|_| BigUint::zero()),
        scalars(&|_| BigUint::one()),
        scalars(&|_| &order - 1u32),
        scalars(&|i| BigUint::one() << (12 * i)),
        // Out of range: the order itself, and all ones.
        scalars(&|i| if i == 7 { order.clone() } else { (BigUint::one() << 256) - 1u32 }),
        // One base, then itself and its negative; infinity.
        Command { logs: vec![random.logs[0].clone(); 20], ..random.clone() },
        Command {
            logs: (0..20).map(|i| random.logs[0].clone().map(|k| if i % 2 == 0 { k } else { &order - k })).collect(),
            scalars: vec![random.scalars[0].clone(); 20],
            montgomery: false,
        },
        Command { logs: vec![None; 20], ..random.clone() },
        Command { montgomery: true, ..random.clone() },
        Command::random_on::<C>(0, 3),
        Command::random_on::<C>(1, 4),
        random,
    ]
}

fn edges<C: TestCurve>() {
    edges_of::<C>(BenchOf::new(4));
}

/// With several adders or multiples of bases.
fn shared<C: TestCurve>(window_bits: usize, adders: usize, multiples: usize) -> BenchOf<C> {
    let one = MsmConfig::for_latency(C::CURVE, window_bits, 16, PointAdder384::LATENCY);
    BenchOf::with(MsmConfig { adders, multiples, ..one }.fit(PointAdder384::LATENCY))
}

fn edges_of<C: TestCurve>(mut bench: BenchOf<C>) {
    for (i, command) in edge_commands::<C>().iter().enumerate() {
        bench.check(command, Stalls::default(), i as u64);
        bench.check(command, PAUSES, i as u64);
    }
}

#[test]
fn edges_bls12_381() {
    edges::<Bls12_381>();
}

#[test]
fn edges_bls12_377() {
    edges::<Bls12_377>();
}

#[test]
fn edges_with_several_adders_and_multiples() {
    edges_of::<Bls12_381>(shared(4, 2, 1));
    edges_of::<Bls12_377>(shared(4, 3, 2));
    edges_of::<Bls12_381>(shared(5, 1, 4));
}

#[test]
fn a_reset_in_any_phase_leaves_a_clean_engine() {
    resets(BenchOf::new(3));
    resets(shared(3, 2, 1));
}

fn resets(mut bench: BenchOf<Bls12_381>) {
    let command = Command::random_on::<Bls12_381>(3, 15);
    let whole = bench.check(&command, Stalls::default(), 0);
    for cycles in [1, 3, 20, 500, whole.cycles - 600, whole.cycles - 4, whole.cycles - 2, whole.cycles - 1] {
        assert!(bench.run_for(&command, Stalls::default(), 0, cycles).is_none());
        bench.reset();
        let again = bench.check(&command, Stalls::default(), 0);
        assert_eq!(again.cycles, whole.cycles, "after a reset in cycle {cycles}");
        assert_eq!(again.words, whole.words);
    }
}

fn model_of_cycles<C: TestCurve>() {
    for (window_bits, points) in [(4, 90), (5, 40), (8, 33)] {
        let mut bench = BenchOf::<C>::new(window_bits);
        let random = Command::random_on::<C>(points, 5);
        let few = &random.scalars[..2];
        for command in [
            Command { scalars: vec![BigUint::zero(); points], ..random.clone() },
            Command { scalars: vec![BigUint::one(); points], ..random.clone() },
            Command { scalars: (0..points).map(|i| few[i * 7 % 5 % 2].clone()).collect(), ..random.clone() },
            Command { montgomery: true, ..random.clone() },
            random,
        ] {
            agrees(&mut bench, &command);
        }
    }
}

#[test]
fn cycle_for_cycle_bls12_381() {
    model_of_cycles::<Bls12_381>();
}

#[test]
fn cycle_for_cycle_bls12_377() {
    model_of_cycles::<Bls12_377>();
}

fn at_full_size<C: TestCurve>(mut bench: BenchOf<C>, points: usize) -> (u64, [u64; 5]) {
    let outcome = bench.check(&Command::random_on::<C>(points, 7), Stalls::default(), 0);
    let bound = bench.config.bound_cycles(points);
    println!(
        "{}, {} adders, {} multiples, {points} points: {} cycles, {:.4} of the bound {bound}, useful, input, bucket, empty, drain: {:?}",
        C::CURVE.name(),
        bench.config.adders,
        bench.config.multiples,
        outcome.cycles,
        outcome.cycles as f64 / bound as f64,
        outcome.events,
    );
    (outcome.cycles, outcome.events)
}

/// The figure of the engine: 2^12 random points at c = 8.
#[test]
fn random_points_at_full_size() {
    let got = [at_full_size::<Bls12_381>(BenchOf::new(8), 4096), at_full_size::<Bls12_377>(BenchOf::new(8), 4096)];
    assert_eq!(got, [(140020, [134478, 4, 564, 4258, 714]), (139935, [134317, 4, 577, 4317, 718])]);
}

/// Several adders, and multiples of bases.
#[test]
fn shared_points_at_full_size() {
    let got = [
        at_full_size::<Bls12_381>(shared(8, 2, 1), 4096).0,
        at_full_size::<Bls12_377>(shared(8, 4, 1), 4096).0,
        at_full_size::<Bls12_381>(shared(10, 1, 4), 4096).0,
    ];
    assert_eq!(got, [70_817, 36_412, 114_341]);
}

#[test]
#[should_panic(expected = "needs words of 384 bits")]
fn an_engine_has_the_width_of_its_curve() {
    let config =
        MsmConfig { curve: Curve::Bls12_377, window_bits: 4, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
    crate::msm::Msm256::new(&config, Bls12_377::params(), Bls12_377::scalars(), Default::default());
}
