//! Where the time goes: `cargo test --release -p gristmill-cpu --lib profile -- --ignored --nocapture --test-threads 1`.

use super::{plan::Plan, *};
use ark_ec::CurveGroup;
use ark_ff::UniformRand;
use ark_std::test_rng;
use std::{hint::black_box, time::Instant};

fn clock<T>(mut f: impl FnMut() -> T) -> f64 {
    (0..7)
        .map(|_| {
            let start = Instant::now();
            black_box(f());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn bases<P: SWCurveConfig>(n: usize) -> Vec<Affine<P>> {
    let rng = &mut test_rng();
    let steps: Vec<Projective<P>> = (0..16).map(|_| Projective::rand(rng)).collect();
    let mut next = steps[0];
    let points: Vec<_> = (0..n)
        .map(|i| {
            next += steps[(i * 7 + i / 16) % 16];
            next
        })
        .collect();
    Projective::normalize_batch(&points)
}

fn phases<P: SWCurveConfig<BaseField: Coordinate>>(name: &str, log: u32, engine: Engine) {
    if std::env::var("PROFILE").is_ok_and(|only| !format!("{name} {engine:?}").contains(&only)) {
        return;
    }
    let n = 1usize << log;
    let points = bases::<P>(n);
    let rng = &mut test_rng();
    let scalars: Vec<P::ScalarField> = (0..n).map(|_| UniformRand::rand(rng)).collect();
    let plan = Plan::new(P::ScalarField::MODULUS_BIT_SIZE, n, 1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let whole = clock(|| run(engine, &points, &scalars, &plan));
        let digits = Digits::new(&points, &scalars, plan.width);
        let t_digits = clock(|| Digits::new(&points, &scalars, plan.width));
        let w = digits.windows;
        let keys = 0..plan.buckets();
        let mut sorted = Sorted::default();
        let t_sort = clock(|| sorted.fill(&digits, &keys));
        let own = Pool { engine, idle: Mutex::new(Vec::new()) };
        let mut sums = vec![Point::default(); keys.len()];
        let t_sums = clock(|| accumulate(&points, std::slice::from_ref(&sorted), &mut sums, &own));
        let t_reduce = clock(|| own.with(|r| reduce::weighted::<P, _>(r, std::slice::from_ref(&keys), &sums, plan.width)));
        println!(
            "{name} 2^{log} {engine:?} width {} windows {w}: whole {:.1} ms; digits {:.2}, sort {:.2}, sums {:.2} ({:.1} ns an addition), buckets {:.2} ({:.1} ns an addition)",
            plan.width, whole * 1e3, t_digits * 1e3, t_sort * 1e3 * w as f64, t_sums * 1e3 * w as f64,
            t_sums * 1e9 / (n as f64 - keys.len() as f64 * (1.0 - (-(n as f64) / keys.len() as f64).exp())), t_reduce * 1e3 * w as f64, t_reduce * 1e9 / keys.len() as f64 / 2.0
        );
        // Additions alone.
        let memory: Vec<_> = points.iter().take(4096).map(|p| Point { x: p.x, y: p.y }).collect();
        let mut adder = Adder::<P::BaseField>::new(engine);
        let pairs: Vec<[u32; 2]> = (0..2048).map(|i| [2 * i, 2 * i + 1]).collect();
        let mut out = vec![Point::default(); pairs.len()];
        let t = clock(|| (0..50).for_each(|_| adder.add(&Points(&memory), &pairs, &mut out)));
        let small = clock(|| (0..50).for_each(|_| adder.add(&Points(&memory), &pairs[..8], &mut out[..8])));
        println!("    in cache: {:.1} ns an addition; a batch of eight {:.2} us", t * 1e9 / 50.0 / 2048.0, small * 1e6 / 50.0);
    });
}

#[test]
#[ignore = "prints times: run by hand on a quiet machine"]
fn profile() {
    for engine in Engine::tested() {
        phases::<ark_bn254::g1::Config>("BN254 G1", 16, engine);
        phases::<ark_bls12_381::g1::Config>("BLS12-381 G1", 16, engine);
        phases::<ark_bn254::g2::Config>("BN254 G2", 14, engine);
        phases::<ark_bls12_381::g2::Config>("BLS12-381 G2", 14, engine);
    }
}
