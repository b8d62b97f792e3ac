use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::cosim::{check_with, Options};
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use num_traits::{One, Zero};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

use super::Slicer;
use crate::curve::{PointAdder256, BN254};
use crate::field::Arithmetic;
use crate::field::BN254_FR;
use crate::msm::tests::bench::{BenchOf, Command, Stalls};
use crate::msm::tests::on_curve::Bn254;
use crate::msm::{digits, model, CycleModel, Lanes256, MsmConfig};

const PAUSES: Stalls = Stalls { base: 120, scalar: 200, out: 150 };

fn config(window_bits: usize, adders: usize) -> MsmConfig {
    with_multiples(window_bits, adders, 1)
}

fn with_multiples(window_bits: usize, adders: usize, multiples: usize) -> MsmConfig {
    MsmConfig { curve: Curve::Bn254, window_bits, segments: 1, stall_depth: 16, adders, multiples }
        .fit(PointAdder256::LATENCY)
}

fn bench(config: MsmConfig) -> BenchOf<Bn254, Lanes256> {
    BenchOf::around(config, Lanes256::new(&config, &BN254, &BN254_FR, Fidelity::Twin), 1)
}

/// What the adders' recoders make of the slices: digits with their own last carry dropped.
fn digits_of_slices(config: &MsmConfig, scalar: &BigUint, carries: u64) -> Vec<i64> {
    let (c, windows) = (config.window_bits, config.lane_windows());
    let slice = |i: usize| (scalar >> (i * c * windows)) & ((BigUint::one() << (c * windows)) - 1u32);
    let half = 1i64 << (c - 1);
    (0..config.adders)
        .flat_map(|i| {
            let mut rest = slice(i) + (carries >> i & 1);
            let mut carry = 0;
            (0..windows)
                .map(|_| {
                    let window =
                        (&rest & &BigUint::from(2 * half as u64 - 1)).to_u64_digits().first().map_or(0, |d| *d as i64)
                            + carry;
                    rest >>= c;
                    carry = i64::from(window > half);
                    window - carry * 2 * half
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Runs scalars through a slicer; what it shows.
fn slices(config: &MsmConfig, scalars: &[BigUint], montgomery: bool) -> Vec<(BigUint, u64)> {
    let mut slicer = Slicer::new(config, &BN254_FR);
    slicer.connect_all();
    let (mut sent, mut out, mut offered) = (0, vec![], false);
    let mut rng = StdRng::seed_from_u64(1);
    for n in 0..scalars.len() * 60 + 400 {
        offered = sent < scalars.len() && (offered || rng.gen());
        slicer.start.next = n == 0;
        slicer.count.next = (scalars.len() as u64).into();
        slicer.montgomery.next = montgomery;
        slicer.scalar_valid.next = offered;
        slicer.scalar_data.next = scalars.get(sent).cloned().unwrap_or_default().into();
        let ready = rng.gen_range(0..3) != 0;
        slicer.out_ready.next = ready;
        sim::settle(&mut slicer, sim::MAX_WALKS).expect("settles");
        if offered && slicer.scalar_ready.val() {
            sent += 1;
            offered = false;
        }
        if ready && slicer.out_valid.val() {
            out.push((slicer.scalar.val().into(), slicer.carries.val().into()));
        }
        sim::cycle(&mut slicer).expect("settles");
    }
    out
}

fn check_slices(config: &MsmConfig, scalars: &[BigUint], montgomery: bool) {
    let order = BN254_FR.prime();
    let r_inverse = (BigUint::one() << 256u32).modpow(&(&order - 2u32), &order);
    let got = slices(config, scalars, montgomery);
    assert_eq!(got.len(), scalars.len() * config.multiples);
    for (scalar, parts) in scalars.iter().zip(got.chunks(config.multiples)) {
        let canonical = match scalar {
            s if *s >= order => BigUint::zero(),
            s if montgomery => s * &r_inverse % &order,
            s => s.clone(),
        };
        assert_eq!(parts[0].0, canonical);
        let digits: Vec<i64> =
            parts.iter().flat_map(|(bits, carries)| digits_of_slices(config, bits, *carries)).collect();
        assert_eq!(digits, model::digits(config, &canonical), "{canonical:x}");
    }
}

#[test]
fn slices_of_edges() {
    let order = BN254_FR.prime();
    let shapes = [
        (4, 2, 1),
        (4, 4, 2),
        (5, 4, 1),
        (8, 2, 1),
        (8, 1, 2),
        (8, 4, 1),
        (15, 2, 1),
        (15, 1, 8),
        (15, 4, 2),
        (16, 8, 1),
        (16, 7, 1),
        (13, 3, 2),
    ];
    for (window_bits, adders, multiples) in shapes {
        let config = with_multiples(window_bits, adders, multiples);
        let slice = window_bits * config.lane_windows();
        // At the border of a slice: the largest that carries nothing, one more, and all ones.
        let quiet: BigUint =
            (0..config.lane_windows()).map(|w| BigUint::one() << (w * window_bits + window_bits - 1)).sum();
        let mut scalars =
            vec![BigUint::zero(), BigUint::one(), &order - 1u32, order.clone(), (BigUint::one() << 256) - 1u32];
        for border in [quiet.clone(), &quiet + 1u32, (BigUint::one() << slice) - 1u32, BigUint::one() << slice] {
            scalars.push(border.clone() % &order);
            scalars.push((border << slice) % &order);
        }
        check_slices(&config, &scalars, false);
        check_slices(&config, &scalars, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn slices_have_the_digits_of_the_scalar(
        window_bits in 3usize..=16,
        adders in 1usize..=4,
        log_multiples in 0usize..=1,
        bytes in proptest::collection::vec(any::<[u8; 32]>(), 1..12),
        montgomery: bool,
    ) {
        let scalars: Vec<BigUint> = bytes.iter().map(|b| BigUint::from_bytes_le(b) >> 2u32).collect();
        let multiples = if adders == 1 { 2 << log_multiples } else { 1 << log_multiples };
        check_slices(&with_multiples(window_bits, adders, multiples), &scalars, montgomery);
    }
}

#[test]
fn edges() {
    for (adders, multiples) in [(2, 1), (4, 1), (1, 4), (2, 2)] {
        let mut bench = bench(with_multiples(4, adders, multiples));
        let order = BN254_FR.prime();
        let random = Command::random(24, 1);
        let commands = [
            Command::random(0, 0),
            Command::random(1, 1),
            Command::with_scalars(24, 2, |_| BigUint::zero()),
            Command::with_scalars(24, 3, |_| BigUint::one()),
            Command::with_scalars(24, 4, |_| &order - 1u32),
            Command::with_scalars(24, 5, |i| if i == 9 { order.clone() } else { BigUint::one() << (10 * i) }),
            Command {
                logs: vec![random.logs[0].clone(); 24],
                scalars: vec![random.scalars[0].clone(); 24],
                montgomery: false,
            },
            Command { logs: vec![None; 24], ..random.clone() },
            Command { montgomery: true, ..random.clone() },
            random,
        ];
        for (i, command) in commands.iter().enumerate() {
            bench.check(command, Stalls::default(), i as u64);
            bench.check(command, PAUSES, i as u64);
        }
    }
}

#[test]
fn a_reset_in_any_phase_leaves_a_clean_engine() {
    let mut bench = bench(config(4, 2));
    let command = Command::random(5, 15);
    let whole = bench.check(&command, Stalls::default(), 0);
    for cycles in [1, 4, 30, 300, whole.cycles - 400, whole.cycles - 200, whole.cycles - 2, whole.cycles - 1] {
        assert!(bench.run_for(&command, Stalls::default(), 0, cycles).is_none());
        bench.reset();
        let again = bench.check(&command, Stalls::default(), 0);
        assert_eq!((again.cycles, again.words), (whole.cycles, whole.words.clone()), "after a reset in cycle {cycles}");
    }
}

fn limbs(scalar: &BigUint) -> [u64; 4] {
    let mut limbs = [0; 4];
    limbs.iter_mut().zip(scalar.to_u64_digits()).for_each(|(limb, digit)| *limb = digit);
    limbs
}

/// Random points: cycles and useful additions, near those of the model; printed against N*m*W + 2B of one adder.
fn at_full_size(window_bits: usize, adders: usize, multiples: usize, points: usize, montgomery: bool) -> (u64, u64) {
    let mut bench = bench(with_multiples(window_bits, adders, multiples));
    let command = Command { montgomery, ..Command::random(points, 7) };
    let outcome = bench.check(&command, Stalls::default(), 0);
    let bound = bench.config.bound_cycles(points);
    let mut scalars = command.scalars.iter();
    let predicted = CycleModel::new(&bench.config, Arithmetic::Pipelined).run(points as u64, montgomery, move |out| {
        digits(&bench.config, &limbs(scalars.next().expect("as many as points")), out)
    });
    println!("model: {} cycles, {} useful", predicted.total(), predicted.useful());
    assert!(predicted.total().abs_diff(outcome.cycles) * 100 <= outcome.cycles);
    assert!(predicted.useful().abs_diff(outcome.events[0]) * 100 <= outcome.events[0]);
    println!(
            "c = {window_bits}, {adders} adders, {multiples} multiples, {points} points, Montgomery {montgomery}: {} cycles, {:.4} of the bound {bound}, useful, input, bucket, empty, drain: {:?}",
            outcome.cycles,
            outcome.cycles as f64 / bound as f64,
            outcome.events,
        );
    (outcome.cycles, outcome.events[0])
}

/// The figures of the engine.
#[test]
fn random_points_at_full_size() {
    let shapes = [(8, 2, 1, 4096, false), (8, 4, 1, 4096, false), (8, 1, 2, 4096, false), (10, 1, 4, 4096, false)];
    let got = shapes.map(|(c, adders, multiples, n, form)| at_full_size(c, adders, multiples, n, form));
    assert_eq!(got, [(70_221, 134_407), (35_783, 134_281), (135_531, 132_501), (114_029, 109_716)]);
}

#[test]
#[ignore = "takes a minute: run with `cargo test --release -p gristmill-hdl --lib msm::lanes -- --ignored --nocapture`"]
fn more_random_points_at_full_size() {
    let shapes = [(8, 4, 1, 4096, true), (10, 4, 1, 16384, false), (8, 1, 4, 4096, true), (8, 2, 2, 4096, false)];
    let got = shapes.map(|(c, adders, multiples, n, form)| at_full_size(c, adders, multiples, n, form));
    assert_eq!(got, [(35_838, 134_281), (123_393, 437_305), (133_531, 131_477), (68_142, 132_437)]);
}

#[test]
fn verilog_of_the_slicer_agrees() {
    for (window_bits, adders, multiples) in [(8, 4, 1), (15, 2, 1), (8, 1, 4), (5, 2, 2)] {
        let mut slicer = Slicer::new(&with_multiples(window_bits, adders, multiples), &BN254_FR);
        slicer.connect_all();
        let mut rng = StdRng::seed_from_u64(3);
        let input = |name: &str| Slicer::inputs().iter().position(|p| p.name == name).expect("an input");
        let number = |x: u64| -> Value { *U::<64>::from(x).limbs() };
        let _ = check_with(&mut slicer, 3000, &Options::default(), |n, _, inputs| {
            let bytes: [u8; 32] = rng.gen();
            inputs[input("reset")] = number(u64::from(n % 1100 == 1099));
            inputs[input("start")] = number(u64::from(n % 500 == 3));
            inputs[input("count")] = number(40);
            inputs[input("montgomery")] = number(u64::from(n % 1000 > 500));
            inputs[input("scalar_data")] =
                *U::<256>::from(BigUint::from_bytes_le(&bytes) >> rng.gen_range(0..5u32)).limbs();
            inputs[input("scalar_valid")] = number(rng.gen_range(0..2));
            inputs[input("out_ready")] = number(rng.gen_range(0..2));
        })
        .unwrap_or_else(|e| panic!("{e}"));
    }
}
