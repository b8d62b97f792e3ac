//! Commands of every kind and size against the model.

use super::bench::{Bench, Command, Flow};
use crate::field::Arithmetic;
use crate::ntt::model::VectorField;
use crate::ntt::{VectorNtt, BLS12_381_FR_VECTORS, BN254_FR_VECTORS};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use num_traits::{One, Zero};

const LOG_SEEDS: u32 = 7;

const BOTH: [Arithmetic; 2] = [Arithmetic::Pipelined, Arithmetic::Serial];

fn bench(log_max: u32, arithmetic: Arithmetic) -> Bench {
    bench_with(log_max, LOG_SEEDS, arithmetic)
}

fn bench_with(log_max: u32, log_seeds: u32, arithmetic: Arithmetic) -> Bench {
    Bench::new(
        VectorNtt::new(&BN254_FR_VECTORS, log_max, log_seeds, arithmetic, Fidelity::Twin),
        VectorField::bn254_fr(),
    )
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
    for arithmetic in BOTH {
        let mut bench = bench(8, arithmetic);
        for log_n in 1..=8 {
            let input = bench.random(1 << log_n);
            for command in kinds(&mut bench, &input) {
                bench.check(&command, Flow::FREE);
            }
        }
    }
}

#[test]
fn edge_vectors() {
    for arithmetic in BOTH {
        let mut bench = bench(8, arithmetic);
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
}

#[test]
fn back_pressure_on_every_stream() {
    for arithmetic in BOTH {
        let mut bench = bench(6, arithmetic);
        for (input, factors, output) in [(30, 100, 100), (100, 30, 100), (100, 100, 30), (50, 50, 50), (90, 10, 5)] {
            for log_n in [1, 3, 6] {
                let values = bench.random(1 << log_n);
                for command in kinds(&mut bench, &values) {
                    bench.check(&command, Flow { input, factors, output });
                }
            }
        }
    }
}

#[test]
fn cycles_are_as_stated() {
    for arithmetic in BOTH {
        let mut bench = bench(8, arithmetic);
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
}

/// The figures of `docs/ntt.md`.
#[test]
fn figures_of_the_documentation() {
    let pipelined = [(8, 1599, 1024), (10, 7231, 5120), (12, 32831, 24576)];
    let serial = [(8, 26_218, 17_392), (10, 121_962, 87_024), (11, 261_226, 191_472)];
    for (arithmetic, figures) in BOTH.into_iter().zip([pipelined, serial]) {
        let got = figures.map(|(log_n, _, _)| {
            let mut bench = bench(log_n, arithmetic);
            let input = bench.random(1 << log_n);
            let command = Command { input, ..Default::default() };
            let outcome = bench.check(&command, Flow::FREE);
            (log_n, outcome.cycles, outcome.butterfly_span)
        });
        assert_eq!(got, figures, "{arithmetic:?}: log2 of the size, cycles, span of the butterflies");
    }
}

/// With the fewest seeds a factor is back just in time; with a slow line it is back long before the
/// next one is used, and must not take its place too early.
#[test]
fn serial_with_four_seeds() {
    let mut bench = bench_with(6, 2, Arithmetic::Serial);
    for (input, output) in [(100, 100), (100, 50), (100, 5), (1, 100), (100, 1), (2, 2)] {
        for log_n in [1, 2, 6] {
            let values = bench.random(1 << log_n);
            for command in kinds(&mut bench, &values) {
                let outcome = bench.check(&command, Flow { input, output, ..Flow::FREE });
                let stated = bench.ntt.cycles(log_n, command.before.is_some(), command.after.is_some());
                assert!(outcome.cycles == stated || (input, output) != (100, 100), "2^{log_n}");
            }
        }
    }
}

#[test]
fn reset_at_any_time() {
    for arithmetic in BOTH {
        let mut bench = bench(6, arithmetic);
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
}

#[test]
fn any_word_is_taken_modulo_the_prime() {
    for arithmetic in BOTH {
        let mut bench = bench(3, arithmetic);
        // The words of -1, r - 1 and so on that are not reduced: the bench sends what it is given.
        let r = bench.field.modulus.clone();
        let whole = (BigUint::one() << 256u32) - 1u32;
        let words: Vec<BigUint> = (0..8u32).map(|i| if i % 2 == 0 { &whole - i } else { &r * 5u32 + i }).collect();
        let input: Vec<BigUint> = words.iter().map(|w| bench.field.from_montgomery(w)).collect();
        bench.raw_words = Some(words);
        bench.check(&Command { input, ..Default::default() }, Flow::FREE);
    }
}

/// An idle engine must come to rest, so that a simulator can let it sleep.
#[test]
fn idle_means_quiet() {
    for arithmetic in BOTH {
        let mut bench = bench(4, arithmetic);
        let input = bench.random(16);
        let command = Command { before: Some(bench.random_factors()), after: None, inverse: false, input };
        bench.check(&command, Flow::FREE);
        bench.idle(200);
        let before = gristmill_hdl_kit::sim::activity();
        bench.idle(50);
        assert_eq!(gristmill_hdl_kit::sim::activity(), before);
    }
}

#[test]
fn vectors_over_another_field() {
    for arithmetic in BOTH {
        let (field, generator) = (crate::field::BLS12_381_FR, 7u32.into());
        let ntt = VectorNtt::new(&BLS12_381_FR_VECTORS, 5, LOG_SEEDS, arithmetic, Fidelity::Twin);
        let mut bench = Bench::new(ntt, VectorField { modulus: field.prime(), generator, element_bits: 256 });
        let input = bench.random(32);
        for command in kinds(&mut bench, &input) {
            bench.check(&command, Flow::FREE);
        }
    }
}

#[test]
#[ignore = "prints the speed of the native simulation"]
fn native_speed() {
    for arithmetic in BOTH {
        let mut bench = bench(10, arithmetic);
        let input = bench.random(1 << 10);
        let command = Command { input, ..Default::default() };
        let begin = std::time::Instant::now();
        let cycles: u64 = (0..4).filter_map(|_| bench.run(&command, Flow::FREE, None)).map(|o| o.cycles).sum();
        println!("{arithmetic:?}: {:.0} cycles a second", cycles as f64 / begin.elapsed().as_secs_f64());
    }
}

/// `cargo test --release -p gristmill-hdl verilog_for_synthesis -- --ignored` with `OUT` naming a
/// file: the engine of the small part, for area and clock out of context.
#[test]
#[ignore = "writes the serial engine's Verilog to the file named in OUT"]
fn verilog_for_synthesis() {
    let out = std::env::var_os("OUT").expect("OUT names the file");
    let mut ntt = VectorNtt::new(&BN254_FR_VECTORS, 11, 2, Arithmetic::Serial, Fidelity::Rtl);
    rust_hdl::prelude::Block::connect_all(&mut ntt);
    std::fs::write(out, gristmill_hdl_kit::verilog::generate(&ntt)).expect("the file can be written");
}
