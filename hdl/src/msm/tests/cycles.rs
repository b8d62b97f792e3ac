//! The cycle model against the RTL: every cycle and event, on sizes, windows and distributions.

use gristmill_abi::layout::Curve;
use num_bigint::BigUint;
use num_traits::{One, Zero};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::bench::BenchOf;
use super::on_curve::TestCurve;
use super::{Bench, Command, Stalls};
use crate::curve::PointAdder256;
use crate::field::{Arithmetic, BN254_FR};
use crate::msm::{digits, model, CycleModel, Cycles, MsmConfig};
use crate::ntt::VectorParams;

fn limbs(scalar: &BigUint) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, word) in limbs.iter_mut().zip(scalar.to_u64_digits()) {
        *limb = word;
    }
    limbs
}

fn predict(config: &MsmConfig, arithmetic: Arithmetic, command: &Command) -> Cycles {
    let order = VectorParams::of(config.curve).field.prime();
    let mut points = command.scalars.iter().zip(&command.logs);
    CycleModel::new(config, arithmetic).run(command.scalars.len() as u64, command.montgomery, move |out| {
        match points.next().expect("as many as the command has") {
            (scalar, Some(_)) if *scalar < order => digits(config, &limbs(scalar), out),
            _ => {}
        }
    })
}

pub fn agrees<C: TestCurve>(bench: &mut BenchOf<C>, command: &Command) -> Cycles {
    let predicted = predict(&bench.config, Arithmetic::Pipelined, command);
    let outcome = bench.run(command, Stalls::default(), 0);
    let p = predicted;
    assert_eq!(
        (p.total(), [p.useful(), p.input, p.bucket, p.empty, p.drain]),
        (outcome.cycles, outcome.events),
        "c = {}, {} points: {p:?}",
        bench.config.window_bits,
        command.scalars.len()
    );
    predicted
}

#[test]
fn digits_are_those_of_the_model() {
    for window_bits in [2, 3, 5, 8, 11, 15, 16] {
        let config = MsmConfig::for_latency(Curve::Bn254, window_bits, 16, PointAdder256::LATENCY);
        let edges = [BigUint::zero(), BigUint::one(), BN254_FR.prime() - 1u32, (BigUint::one() << 252) - 1u32];
        for scalar in Command::random(200, 21).scalars.iter().chain(&edges) {
            let mut expected: Vec<u32> =
                model::digits(&config, scalar).iter().map(|d| d.unsigned_abs() as u32).collect();
            while expected.last() == Some(&0) {
                expected.pop();
            }
            let mut out = vec![];
            digits(&config, &limbs(scalar), &mut out);
            assert_eq!(out, expected, "{scalar} at c = {window_bits}");
        }
    }
}

#[test]
fn uniform_scalars_of_any_size_cycle_for_cycle() {
    for (window_bits, sizes) in [(4, &[0, 1, 2, 37, 150][..]), (6, &[90][..]), (8, &[5, 257][..]), (9, &[64][..])] {
        let mut bench = Bench::new(window_bits);
        for &points in sizes {
            agrees(&mut bench, &Command::random(points, 100 + points as u64));
        }
    }
}

#[test]
fn distributions_cycle_for_cycle() {
    let order = BN254_FR.prime();
    let few = Command::random(3, 22).scalars;
    for window_bits in [4, 8] {
        let mut bench = Bench::new(window_bits);
        let random = Command::random(160, 23);
        let commands = [
            Command::with_scalars(160, 24, |_| BigUint::zero()),
            Command::with_scalars(160, 24, |_| BigUint::one()),
            Command::with_scalars(160, 24, |_| order.clone() - 1u32),
            Command::with_scalars(160, 24, |_| few[0].clone()),
            Command::with_scalars(160, 24, |i| few[(i * i) % 3].clone()),
            Command::with_scalars(160, 24, |i| BigUint::from((i * 40503) as u16)),
            Command::with_scalars(160, 24, |i| if i % 10 == 3 { few[i % 3].clone() } else { BigUint::zero() }),
            Command { montgomery: true, ..random.clone() },
            Command { montgomery: true, ..Command::with_scalars(60, 24, BigUint::from) },
            Command { logs: (0..160).map(|i| random.logs[i].clone().filter(|_| i % 4 != 0)).collect(), ..random },
        ];
        for command in &commands {
            agrees(&mut bench, command);
        }
    }
}

#[test]
fn a_shallow_fifo_and_more_segments_cycle_for_cycle() {
    let few = Command::random(2, 25).scalars;
    let mut bench = Bench::with(MsmConfig {
        curve: Curve::Bn254,
        window_bits: 5,
        segments: 8,
        stall_depth: 8,
        adders: 1,
        multiples: 1,
    });
    agrees(&mut bench, &Command::with_scalars(120, 26, |i| few[i * 7 % 5 % 2].clone()));
    agrees(&mut bench, &Command::random(120, 27));
}

#[test]
fn a_serial_adder_within_one_percent() {
    let config =
        MsmConfig { curve: Curve::Bn254, window_bits: 4, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
    let mut bench = Bench::with_arithmetic(config, Arithmetic::Serial);
    let one = Command::with_scalars(40, 28, |_| BigUint::one());
    for command in [Command::random(30, 29), Command::random(3, 30), one] {
        let predicted = predict(&config, Arithmetic::Serial, &command);
        let outcome = bench.run(&command, Stalls::default(), 0);
        println!("serial, {} points: {} predicted, {}", command.scalars.len(), predicted.total(), outcome.cycles);
        assert!(predicted.total().abs_diff(outcome.cycles) * 100 <= outcome.cycles);
        // Who goes first differs by a beat now and then, and so who meets whom.
        assert!(predicted.useful().abs_diff(outcome.events[0]) * 100 <= 2 * outcome.events[0]);
    }
}

/// By the model: a few random values take at most a tenth more than uniform scalars, however many adders share the windows. The figures of `docs/msm.md`.
#[test]
fn few_values_take_little_more_than_many() {
    let mut worst = [0f64; 5];
    for adders in [1, 2, 4] {
        for (window_bits, points) in [(4, 200), (8, 4096), (9, 1024), (13, 4096)] {
            for curve in [Curve::Bn254, Curve::Bls12_381] {
                let mut rng = StdRng::seed_from_u64(17);
                let one = MsmConfig::for_latency(curve, window_bits, 16, PointAdder256::LATENCY);
                let config = MsmConfig { adders, ..one }.fit(PointAdder256::LATENCY);
                let mut total = |values: usize| {
                    let mut random = || [rng.gen(), rng.gen(), rng.gen(), rng.gen::<u64>() >> 2];
                    let all: Vec<[u64; 4]> = (0..values).map(|_| random()).collect();
                    let scalars: Vec<[u64; 4]> = match values {
                        0 => (0..points).map(|_| random()).collect(),
                        _ => (0..points).map(|_| all[rng.gen_range(0..values)]).collect(),
                    };
                    let mut scalars = scalars.iter();
                    let run = move |out: &mut Vec<u32>| digits(&config, scalars.next().expect("a scalar"), out);
                    CycleModel::new(&config, Arithmetic::Pipelined).run(points as u64, false, run).total() as f64
                };
                let uniform = total(0);
                for values in [1, 2, 2, 2, 3, 4, 8, 16] {
                    let ratio = total(values) / uniform;
                    assert!(ratio <= 1.1, "{curve:?}, c = {window_bits}, {adders} adders, {values} values: {ratio:.3}");
                    worst[adders] = worst[adders].max(ratio);
                }
            }
        }
    }
    println!("at most, with 1, 2 and 4 adders: {:.3}, {:.3}, {:.3}", worst[1], worst[2], worst[4]);
}
