//! Transforms of Goldilocks: the blocks around the engine, the butterfly, and commands of every kind and size.

use super::bench::{Bench, Command, Flow, Several};
use crate::field::goldilocks::tests::{edge_words, pairs};
use crate::field::goldilocks::PRIME;
use crate::field::testing::{assert_same, stream, values};
use crate::ntt::goldilocks::{Gather, GoldilocksButterfly, Spread};
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::{PackedNtt, GOLDILOCKS_VECTORS};
use gristmill_hdl_kit::cosim::{check, random_vectors, Options, Outcome};
use gristmill_hdl_kit::sim::{activity, cycle, settle, MAX_WALKS};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use num_traits::{One, Zero};
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::Block;

fn field() -> VectorField {
    VectorField::new(&GOLDILOCKS_VECTORS)
}

/// The fewest seeds.
const LOG_SEEDS: u32 = 4;

fn bench(log_max: u32) -> Bench {
    Bench::new(PackedNtt::new(log_max, LOG_SEEDS, 0, Fidelity::Twin).into(), field())
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

/// Blocks follow blocks whose last word is cut off; elements follow elements of the vector before.
#[test]
fn several_vectors_in_any_order_by_several_butterflies() {
    for log_wings in [0, 2] {
        let mut bench = Bench::new(PackedNtt::new(6, LOG_SEEDS, log_wings, Fidelity::Twin).into(), field());
        for (log_n, flow) in [(3, Flow::FREE), (6, Flow { input: 60, factors: 40, output: 50 }), (4, Flow::FREE)] {
            for kind in 0..8u32 {
                let commands: Vec<Command> = (0..4)
                    .map(|_| Command {
                        inverse: kind & 1 != 0,
                        before: (kind & 2 != 0).then(|| bench.random_factors()),
                        after: (kind & 4 != 0).then(|| bench.random_factors()),
                        input: bench.random(1 << log_n),
                    })
                    .collect();
                let how = Several { reversed_in: kind % 3 == 1, reversed_out: kind % 3 == 2 };
                bench.check_several(&commands, how, flow);
            }
        }
    }
}

/// a reduced, b and w any.
fn butterflies(random: usize) -> Vec<Vec<BigUint>> {
    let edge = edge_words();
    let mut rng = StdRng::seed_from_u64(3);
    let with_a = |(i, [b, w]): (usize, [u64; 2])| {
        let a = if i % 2 == 0 { edge[i / 2 % edge.len()] } else { rng.gen() };
        vec![BigUint::from(a % PRIME), b.into(), w.into()]
    };
    pairs(random, false).into_iter().enumerate().map(with_a).collect()
}

#[test]
fn butterfly_is_the_model() {
    let vectors = butterflies(1000);
    let p = BigUint::from(PRIME);
    let expected: Vec<Vec<BigUint>> = vectors
        .iter()
        .map(|v| {
            let product = &v[1] * &v[2] % &p;
            vec![(&v[0] + &product) % &p, (&v[0] + &p - &product) % &p]
        })
        .collect();
    for fidelity in [Fidelity::Twin, Fidelity::Rtl] {
        let mut butterfly = GoldilocksButterfly::new(fidelity);
        butterfly.connect_all();
        let results = stream(&mut butterfly, GoldilocksButterfly::LATENCY, &vectors);
        assert_same(&format!("butterfly, {fidelity:?}"), &vectors, &results, &expected);
    }
    assert_eq!(GoldilocksButterfly::LATENCY, 15);
}

#[test]
fn verilog_of_the_blocks() {
    let mut butterfly = GoldilocksButterfly::new(Fidelity::Twin);
    butterfly.connect_all();
    let vectors = values(&butterflies(5000));
    let options = Options { warm_up: GoldilocksButterfly::LATENCY, ..Default::default() };
    match check(&mut butterfly, &vectors, &options).unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { cycles } => assert_eq!(cycles, vectors.len() - options.warm_up),
        Outcome::Skipped => {}
    }
    let mut spread = Spread::default();
    spread.connect_all();
    let _ =
        check(&mut spread, &random_vectors::<Spread>(800, 2), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut gather = Gather::default();
    gather.connect_all();
    let _ =
        check(&mut gather, &random_vectors::<Gather>(800, 3), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn a_word_is_four_elements() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut spread, mut gather) = (Spread::default(), Gather::default());
    spread.connect_all();
    gather.connect_all();
    let any = |rng: &mut StdRng| BigUint::from_bytes_le(&rng.gen::<[u8; 32]>());
    let (mut word, mut element) = (any(&mut rng), rng.gen::<u64>());
    let (mut words_in, mut elements_out, mut elements_in, mut words_out) = (vec![], vec![], vec![], vec![]);
    for now in 0..4000 {
        // At first everyone is willing; what is offered stays until it is taken, so `valid` may change freely.
        let full = now < 400;
        let [valid, ready, also_valid, also_ready] = [(); 4].map(|()| full || rng.gen::<bool>());
        spread.in_data.next = U::from(&word);
        spread.in_valid.next = valid;
        spread.out_ready.next = ready;
        gather.in_data.next = element.into();
        gather.in_valid.next = also_valid;
        gather.out_ready.next = also_ready;
        settle(&mut spread, MAX_WALKS).expect("settles");
        settle(&mut gather, MAX_WALKS).expect("settles");
        if ready && spread.out_valid.val() {
            elements_out.push(BigUint::from(spread.out_data.val().low_u64()));
        }
        if valid && spread.in_ready.val() {
            words_in.push(std::mem::replace(&mut word, any(&mut rng)));
        }
        if also_ready && gather.out_valid.val() {
            words_out.push(BigUint::from(gather.out_data.val()));
        }
        if also_valid && gather.in_ready.val() {
            elements_in.push(BigUint::from(std::mem::replace(&mut element, rng.gen())));
        }
        cycle(&mut spread).expect("settles");
        cycle(&mut gather).expect("settles");
        if now == 399 {
            assert_eq!((elements_out.len(), words_in.len()), (400, 100), "an element in every cycle");
            assert_eq!((elements_in.len(), words_out.len()), (400, 100), "an element in every cycle");
        }
    }
    assert!(elements_out.len() > 1000 && words_out.len() > 250);
    assert_eq!(elements_out, field().unpack(&words_in)[..elements_out.len()]);
    assert_eq!(words_out, field().pack(&elements_in[..4 * words_out.len()]));
}

/// Plonky3's generator of the largest subgroup of a power of two, as a number.
#[test]
fn largest_root_is_that_of_plonky3() {
    assert_eq!(field().root(32), BigUint::from(1_753_635_133_440_165_772u64));
    let bench = bench(2);
    assert_eq!(bench.ntt.turnaround(), 19);
}

#[test]
fn model_is_the_definition() {
    let field = field();
    let mut bench = bench(5);
    for log_n in 0..=5 {
        let input = bench.random(1 << log_n);
        let root = field.root(log_n);
        assert_eq!(field.fft(&input, &root), field.dft(&input, &root), "2^{log_n}");
    }
}

#[test]
fn every_size_and_kind_in_as_many_cycles_as_stated() {
    let mut bench = bench(8);
    for log_n in 2..=8 {
        let input = bench.random(1 << log_n);
        for command in kinds(&mut bench, &input) {
            let outcome = bench.check(&command, Flow::FREE);
            let stated = bench.ntt.cycles(log_n, command.before.is_some(), command.after.is_some());
            assert_eq!(outcome.cycles, stated, "2^{log_n}");
            assert_eq!(outcome.busy, stated - 1, "busy from the cycle after start to the one before done");
        }
    }
}

/// The definition itself, quadratic, on the engine's results.
#[test]
fn transforms_are_the_definition() {
    let mut bench = bench(6);
    let field = field();
    for log_n in 2..=6 {
        let input = bench.random(1 << log_n);
        let root = field.root(log_n);
        for (inverse, w) in [(false, root.clone()), (true, field.inverse(&root))] {
            let command = Command { inverse, input: input.clone(), ..Default::default() };
            let outcome = bench.run(&command, Flow::FREE, None).expect("runs to its end");
            assert_eq!(outcome.output, field.dft(&input, &w), "2^{log_n}, inverse {inverse}");
        }
    }
}

#[test]
fn there_and_back_on_a_coset() {
    let mut bench = bench(8);
    let field = field();
    let input = bench.random(256);
    let (n_inverse, h) = (field.inverse(&256u32.into()), BigUint::from(7u32));
    let before = Some(Factors { start: BigUint::one(), ratio: h.clone() });
    let after = Some(Factors { start: n_inverse, ratio: field.inverse(&h) });
    let there = bench.check(&Command { before, input: input.clone(), ..Default::default() }, Flow::FREE);
    let back = bench.check(&Command { inverse: true, after, input: there.output, ..Default::default() }, Flow::FREE);
    assert_eq!(back.output, input);
}

#[test]
fn edge_vectors() {
    let mut bench = bench(8);
    let top = &bench.field.modulus - 1u32;
    for log_n in [2, 3, 8] {
        let n = 1usize << log_n;
        let one_hot = |k: usize| (0..n).map(|i| BigUint::from(u32::from(i == k))).collect::<Vec<_>>();
        let edges = edge_words().into_iter().cycle().map(|x| BigUint::from(x % PRIME)).take(n).collect();
        let vectors = [
            vec![BigUint::zero(); n],
            vec![BigUint::one(); n],
            vec![top.clone(); n],
            one_hot(0),
            one_hot(1),
            one_hot(n - 1),
            edges,
        ];
        for input in vectors {
            for inverse in [false, true] {
                bench.check(&Command { inverse, input: input.clone(), ..Default::default() }, Flow::FREE);
            }
        }
    }
}

#[test]
fn any_number_is_taken_modulo_the_prime() {
    let mut bench = bench(6);
    let words: Vec<BigUint> = edge_words().into_iter().cycle().take(64).map(BigUint::from).collect();
    let above = words.iter().filter(|x| **x >= bench.field.modulus).count();
    assert!(above >= 4, "{above} numbers that are not reduced");
    let input: Vec<BigUint> = words.iter().map(|x| x % &bench.field.modulus).collect();
    for command in kinds(&mut bench, &input) {
        bench.raw_words = Some(words.clone());
        bench.check(&command, Flow::FREE);
    }
}

#[test]
fn back_pressure_on_every_stream() {
    let mut bench = bench(6);
    for (input, factors, output) in
        [(30, 100, 100), (100, 30, 100), (100, 100, 30), (50, 50, 50), (90, 10, 5), (10, 90, 90)]
    {
        for log_n in [2, 3, 6] {
            let values = bench.random(1 << log_n);
            for command in kinds(&mut bench, &values) {
                bench.check(&command, Flow { input, factors, output });
            }
        }
    }
}

#[test]
fn reset_at_any_time() {
    let mut bench = bench(6);
    let input = bench.random(64);
    let command =
        Command { inverse: true, before: Some(bench.random_factors()), after: Some(bench.random_factors()), input };
    let whole = bench.ntt.cycles(6, true, true);
    for at in (1..whole).step_by(7) {
        assert!(bench.run(&command, Flow::FREE, Some(at)).is_none());
        bench.reset();
        bench.check(&command, Flow { input: 100, factors: 100, output: 60 });
    }
}

#[test]
fn idle_means_quiet() {
    let mut bench = bench(4);
    let input = bench.random(16);
    let command = Command { before: Some(bench.random_factors()), after: None, inverse: false, input };
    bench.check(&command, Flow::FREE);
    bench.idle(200);
    let before = activity();
    bench.idle(50);
    assert_eq!(activity(), before);
}

/// The figures of `docs/ntt.md`.
#[test]
fn figures_of_the_documentation() {
    let figures = [(8, GOLDILOCKS_8), (10, GOLDILOCKS_10), (12, GOLDILOCKS_12)];
    for (log_n, (cycles, span)) in figures {
        let mut bench = bench(log_n);
        let input = bench.random(1 << log_n);
        let outcome = bench.check(&Command { input, ..Default::default() }, Flow::FREE);
        assert_eq!((outcome.cycles, outcome.butterfly_span), (cycles, span), "2^{log_n}");
    }
}

// Cycles, and those from the first to the last butterfly.
const GOLDILOCKS_8: (u64, u64) = (1569, 1024);
const GOLDILOCKS_10: (u64, u64) = (7201, 5120);
const GOLDILOCKS_12: (u64, u64) = (32_801, 24_576);

/// `cargo test --release -p gristmill-hdl goldilocks_for_synthesis -- --ignored` with `OUT` naming a file and
/// `BLOCK` saying what: `mul`, `butterfly` or `engine` (2^12). For area and clock out of context.
#[test]
#[ignore = "writes Verilog to the file named in OUT"]
fn goldilocks_for_synthesis() {
    use crate::field::goldilocks::mul::GoldilocksMulRtl;
    use gristmill_hdl_kit::verilog::generate;
    let out = std::env::var_os("OUT").expect("OUT names the file");
    let text = match std::env::var("BLOCK").as_deref() {
        Ok("mul") => {
            let mut block = GoldilocksMulRtl::default();
            block.connect_all();
            generate(&block)
        }
        Ok("engine") => {
            let mut block = PackedNtt::new(12, 5, 0, Fidelity::Rtl);
            block.connect_all();
            generate(&block)
        }
        _ => {
            let mut block = GoldilocksButterfly::new(Fidelity::Rtl);
            block.connect_all();
            generate(&block)
        }
    };
    std::fs::write(out, text).expect("the file can be written");
}
