//! Both engines against arkworks (Goldilocks: against the definition's inverse and each other) on random and on adverse inputs, for as long as
//! wanted; a sample of it always.
//!
//!     GRISTMILL_RANDOM_SECONDS=3600 cargo test --release -p gristmill-cpu --test random -- --nocapture
//!
//! A failure names its seed; `GRISTMILL_RANDOM_SEED=S` begins with that one.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{BigInteger, PrimeField, UniformRand, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use gristmill_cpu::{Coordinate, Engine, GOLDILOCKS, TransformField, goldilocks_ntt, msm, ntt};
use std::io::Write;
use std::time::{Duration, Instant};

/// What the sample takes.
const SAMPLE: Duration = Duration::from_secs(5);

fn engines() -> impl Iterator<Item = Engine> {
    [Engine::Ifma, Engine::Portable].into_iter().filter(|engine| engine.is_available())
}

/// Elements whose integers in memory or canonical form make carries ripple: few bits, all ones, next to the modulus or to a power of two.
fn element<F: PrimeField>(rng: &mut StdRng) -> F {
    let power = |rng: &mut StdRng| F::from(2u64).pow([rng.gen_range(0..u64::from(F::MODULUS_BIT_SIZE))]);
    // In memory v is v R: this makes it v.
    let in_memory = |v: F| {
        let r = F::from(2u64).pow([64 * F::MODULUS.as_ref().len() as u64]);
        v * r.inverse().unwrap_or_else(F::one)
    };
    let limbs = |rng: &mut StdRng| {
        let mut limbs = F::MODULUS;
        for limb in limbs.as_mut() {
            *limb = [0, u64::MAX, 1, 1 << 63, (1 << 52) - 1, rng.r#gen()][rng.gen_range(0..6)];
        }
        F::from_le_bytes_mod_order(&limbs.to_bytes_le())
    };
    match rng.gen_range(0..12) {
        0 => F::zero(),
        1 => F::one(),
        2 => -F::one(),
        3 => power(rng),
        4 => -power(rng),
        5 => power(rng) - F::one(),
        6 => in_memory(power(rng) - F::one()),
        7 => in_memory(-F::from(rng.gen_range(1..3u64))),
        8 => limbs(rng),
        9 => in_memory(limbs(rng)),
        10 => F::from(rng.gen_range(0..5u64)),
        _ => F::rand(rng),
    }
}

/// Few points, many times: equal ones, opposite ones and infinity meet in buckets.
fn sum<P: SWCurveConfig<BaseField: Coordinate>>(rng: &mut StdRng) {
    let log = rng.gen_range(1..13);
    let n = rng.gen_range(0..1usize << log);
    let few: Vec<Affine<P>> = (0..rng.gen_range(1..64)).map(|_| Projective::rand(rng).into_affine()).collect();
    let share = rng.gen_range(0..100);
    let mut next = Projective::<P>::rand(rng);
    let mut points = Vec::with_capacity(n);
    for _ in 0..n {
        next += few[0];
        points.push(match rng.gen_range(0..100) {
            i if i >= share => next,
            i if i % 9 == 0 => Projective::zero(),
            i if i % 3 == 0 => -Projective::from(few[rng.gen_range(0..few.len())]),
            _ => few[rng.gen_range(0..few.len())].into(),
        });
    }
    let points = Projective::normalize_batch(&points);
    let kind = rng.gen_range(0..4);
    let all: P::ScalarField = element(rng);
    let scalars: Vec<P::ScalarField> = (0..n)
        .map(|i| match kind {
            0 => P::ScalarField::rand(rng),
            1 => element(rng),
            2 if i % 7 > 0 => all,
            3 if i % 20 > 0 => P::ScalarField::zero(),
            _ => element(rng),
        })
        .collect();
    let expected = Projective::<P>::msm_unchecked(&points, &scalars);
    let threads = rng.gen_range(1..6);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    for engine in engines() {
        let found = pool.install(|| msm::<P>(engine, &points, &scalars));
        assert!(found == expected, "MSM of {n} points, kind {kind}, {engine:?}, {threads} threads");
    }
}

fn transform<F: TransformField + PrimeField>(rng: &mut StdRng) {
    let log = rng.gen_range(0..15);
    let (inverse, edges) = (rng.r#gen(), rng.r#gen());
    let coset = [None, Some(F::GENERATOR), Some(F::rand(rng))][rng.gen_range(0..3)];
    let values: Vec<F> = (0..1usize << log).map(|_| if edges { element(rng) } else { F::rand(rng) }).collect();
    let domain = Radix2EvaluationDomain::<F>::new(1 << log).expect("a domain");
    let domain = coset.map_or(domain, |g| domain.get_coset(g).expect("not zero"));
    let expected = if inverse { domain.ifft(&values) } else { domain.fft(&values) };
    for engine in engines() {
        let mut own = values.clone();
        assert!(ntt(engine, &mut own, inverse, coset));
        assert!(own == expected, "NTT of 2^{log}, inverse {inverse}, coset {coset:?}, {engine:?}");
    }
}

fn goldilocks(rng: &mut StdRng) {
    let log = rng.gen_range(0..16);
    let coset = [None, Some(7), Some(rng.gen_range(1..GOLDILOCKS))][rng.gen_range(0..3)];
    let edge =
        |rng: &mut StdRng| [0, 1, GOLDILOCKS - 1, GOLDILOCKS, u64::MAX, 1 << 32, (1 << 32) - 1][rng.gen_range(0..7)];
    let edges = rng.r#gen();
    let values: Vec<u64> = (0..1usize << log).map(|_| if edges { edge(rng) } else { rng.r#gen() }).collect();
    let mut results = engines().map(|engine| {
        let mut own = values.clone();
        goldilocks_ntt(engine, &mut own, false, coset).expect("a length");
        let forward = own.clone();
        goldilocks_ntt(engine, &mut own, true, coset).expect("a length");
        assert!(
            own.iter().zip(&values).all(|(a, b)| *a == b % GOLDILOCKS),
            "there and back, 2^{log}, {coset:?}, {engine:?}"
        );
        // The first evaluation, by definition at the coset's generator.
        let (p, g) = (u128::from(GOLDILOCKS), u128::from(coset.unwrap_or(1)));
        let at = values.iter().rev().fold(0u128, |sum, c| (sum * g + u128::from(*c)) % p);
        assert_eq!(u128::from(forward[0]), at, "2^{log}, {coset:?}, {engine:?}");
        forward
    });
    let first = results.next().expect("an engine");
    assert!(results.all(|other| other == first), "engines differ, 2^{log}, {coset:?}");
}

#[test]
fn random_and_adverse_inputs() {
    if !Engine::Ifma.is_available() {
        // Past the harness' capture.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the engine `ifma`: no AVX-512 IFMA here; run it on a processor that has it (Intel since Ice Lake, AMD since Zen 4)"
        );
    }
    let number = |name: &str| {
        std::env::var(name).ok().map(|v| v.parse::<u64>().unwrap_or_else(|_| panic!("{name}={v}: no number")))
    };
    let span = number("GRISTMILL_RANDOM_SECONDS").map_or(SAMPLE, Duration::from_secs);
    let first = number("GRISTMILL_RANDOM_SEED").unwrap_or_else(rand_seed);
    let (start, mut seed, mut rounds) = (Instant::now(), first, 0u64);
    while rounds == 0 || start.elapsed() < span {
        let case = std::panic::catch_unwind(|| one(seed));
        assert!(case.is_ok(), "GRISTMILL_RANDOM_SEED={seed} shows it");
        seed = seed.wrapping_add(1);
        rounds += 1;
    }
    println!(
        "{rounds} cases from seed {first} in {:.0} s: {:?}",
        start.elapsed().as_secs_f64(),
        engines().collect::<Vec<_>>()
    );
}

fn rand_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |now| now.as_nanos() as u64)
}

/// One case, of a kind that the seed picks.
fn one(seed: u64) {
    let rng = &mut StdRng::seed_from_u64(seed);
    match rng.gen_range(0..10) {
        0 => sum::<ark_bn254::g1::Config>(rng),
        1 => sum::<ark_bn254::g2::Config>(rng),
        2 => sum::<ark_bls12_381::g1::Config>(rng),
        3 => sum::<ark_bls12_381::g2::Config>(rng),
        4 => sum::<ark_bls12_377::g1::Config>(rng),
        5 => sum::<ark_bls12_377::g2::Config>(rng),
        6 => transform::<ark_bn254::Fr>(rng),
        7 => transform::<ark_bls12_381::Fr>(rng),
        8 => transform::<ark_bls12_377::Fr>(rng),
        _ => goldilocks(rng),
    }
}
