//! Commands of every kind and size against the model.

use super::bench::{Bench, Command, Flow};
use crate::ntt::model::VectorField;
use crate::ntt::{Ntt, BLS12_381_FR_VECTORS, BN254_FR_VECTORS};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use num_traits::{One, Zero};

const LOG_SEEDS: u32 = 7;

fn bench(log_max: u32) -> Bench {
    Bench::new(Ntt::new(&BN254_FR_VECTORS, log_max, LOG_SEEDS, Fidelity::Twin), VectorField::bn254_fr())
}

/// The eight kinds of command.
fn kinds(bench: &mut Bench, input: &[BigUint]) -> Vec<Command> {
    (0..8u32)
        .map(|kind| Command {
            inverse: kind & 1 != 0,
            before: (kind & 2 != 0).then(|| bench.random_factors()),
            after: (kind & 4 != 0).then(|| bench.random_factors()),
            input: input.to_vec(),
        })
        .collect()
}

#[test]
fn every_size_and_kind_back_to_back() {
    let mut bench = bench(8);
    for log_n in 1..=8 {
        let input = bench.random(1 << log_n);
        for command in kinds(&mut bench, &input) {
            bench.check(&command, Flow::FREE);
        }
    }
}

#[test]
fn edge_vectors() {
    let mut bench = bench(8);
    let top = &bench.field.modulus - 1u32;
    for log_n in [1, 2, 3, 8] {
        let n = 1usize << log_n;
        let one_hot = |k: usize| (0..n).map(|i| BigUint::from(u32::from(i == k))).collect::<Vec<_>>();
        let vectors = [
            vec![BigUint::zero(); n],
            vec![BigUint::one(); n],
            vec![top.clone(); n],
            one_hot(0),
            one_hot(1),
            one_hot(n - 1),
        ];
        for input in vectors {
            for inverse in [false, true] {
                bench.check(&Command { inverse, input: input.clone(), ..Default::default() }, Flow::FREE);
            }
        }
    }
}

#[test]
fn back_pressure_on_every_stream() {
    let mut bench = bench(6);
    for (input, factors, output) in [(30, 100, 100), (100, 30, 100), (100, 100, 30), (50, 50, 50), (90, 10, 5)] {
        for log_n in [1, 3, 6] {
            let values = bench.random(1 << log_n);
            for command in kinds(&mut bench, &values) {
                bench.check(&command, Flow { input, factors, output });
            }
        }
    }
}

#[test]
fn cycles_are_as_stated() {
    let mut bench = bench(8);
    for log_n in 1..=8 {
        let input = bench.random(1 << log_n);
        for command in kinds(&mut bench, &input) {
            let outcome = bench.check(&command, Flow::FREE);
            let stated = bench.ntt.cycles(log_n, command.before.is_some(), command.after.is_some());
            assert_eq!(outcome.cycles, stated, "2^{log_n}");
            assert_eq!(outcome.busy, stated - 1, "busy from the cycle after start to the one before done");
        }
    }
}

/// The figures of `docs/ntt.md`.
#[test]
fn figures_of_the_documentation() {
    for (log_n, cycles, span) in [(8, 1654, 1024), (10, 7286, 5120), (12, 32886, 24576)] {
        let mut bench = bench(log_n);
        let input = bench.random(1 << log_n);
        let command = Command { input, ..Default::default() };
        let outcome = bench.check(&command, Flow::FREE);
        assert_eq!((outcome.cycles, outcome.butterfly_span), (cycles, span), "2^{log_n}");
    }
}

#[test]
fn reset_at_any_time() {
    let mut bench = bench(6);
    let input = bench.random(64);
    let command =
        Command { inverse: true, before: Some(bench.random_factors()), after: Some(bench.random_factors()), input };
    let whole = bench.ntt.cycles(6, true, true);
    for at in (1..whole).step_by(23) {
        assert!(bench.run(&command, Flow::FREE, Some(at)).is_none());
        bench.reset();
        bench.check(&command, Flow { input: 100, factors: 100, output: 60 });
    }
}

#[test]
fn any_word_is_taken_modulo_the_prime() {
    let mut bench = bench(3);
    // The words of -1, r - 1 and so on that are not reduced: the bench sends what it is given.
    let r = bench.field.modulus.clone();
    let whole = (BigUint::one() << 256u32) - 1u32;
    let words: Vec<BigUint> = (0..8u32).map(|i| if i % 2 == 0 { &whole - i } else { &r * 5u32 + i }).collect();
    let input: Vec<BigUint> = words.iter().map(|w| bench.field.from_montgomery(w)).collect();
    bench.raw_words = Some(words);
    bench.check(&Command { input, ..Default::default() }, Flow::FREE);
}

/// An idle engine must come to rest, so that a simulator can let it sleep.
#[test]
fn idle_means_quiet() {
    let mut bench = bench(4);
    let input = bench.random(16);
    let command = Command { before: Some(bench.random_factors()), after: None, inverse: false, input };
    bench.check(&command, Flow::FREE);
    bench.idle(200);
    let before = gristmill_hdl_kit::sim::activity();
    bench.idle(50);
    assert_eq!(gristmill_hdl_kit::sim::activity(), before);
}

#[test]
fn vectors_over_another_field() {
    let (field, generator) = (crate::field::BLS12_381_FR, 7u32.into());
    let ntt = Ntt::new(&BLS12_381_FR_VECTORS, 5, LOG_SEEDS, Fidelity::Twin);
    let mut bench = Bench::new(ntt, VectorField { modulus: field.prime(), generator });
    let input = bench.random(32);
    for command in kinds(&mut bench, &input) {
        bench.check(&command, Flow::FREE);
    }
}

#[test]
#[ignore = "prints the speed of the native simulation"]
fn native_speed() {
    let mut bench = bench(10);
    let input = bench.random(1 << 10);
    let command = Command { input, ..Default::default() };
    let begin = std::time::Instant::now();
    let cycles: u64 = (0..10).filter_map(|_| bench.run(&command, Flow::FREE, None)).map(|o| o.cycles).sum();
    println!("{:.0} cycles a second", cycles as f64 / begin.elapsed().as_secs_f64());
}
