//! Machine words, RTL, twin and generated Verilog against definitions on big integers.

use gristmill_hdl_kit::cosim::{check, Options, Outcome};
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rand::{rngs::StdRng, Rng, SeedableRng};

use super::correct::Correct;
use super::mul::GoldilocksMulRtl;
use super::product::{Product, PRODUCT_LATENCY};
use super::{GoldilocksMul, GoldilocksSum, PRIME};
use crate::field::testing::{assert_same, stream, values};

type Vectors = Vec<Vec<BigUint>>;

fn p() -> BigUint {
    PRIME.into()
}

/// Words at which carries, borrows and the last step change; some are not reduced.
pub fn edge_words() -> Vec<u64> {
    let half = 1u64 << 32;
    let mut words = vec![0, 1, 2, half - 2, half - 1, half, half + 1, half + 2, 1 << 63, (1 << 63) - 1, u64::MAX];
    // Around p, and 2p modulo 2^64.
    words.extend([PRIME - half, PRIME - half + 1, PRIME - 2, PRIME - 1, PRIME, PRIME + 1, PRIME + (half - 2)]);
    words.extend([PRIME / 2, PRIME / 2 + 1, 0xffff, 0x1_0000, 0xffff_0000_ffff_0000, 0x0000_ffff_0000_ffff]);
    // Limbs of ones alone and together, and the negatives of the powers of the digit's base.
    for limb in 0..4 {
        words.extend([0xffff << (16 * limb), !(0xffff << (16 * limb)), PRIME - (1 << (16 * limb))]);
    }
    words
}

/// Every pair of edge words, then random pairs; reduced if need be.
pub fn pairs(random: usize, reduced: bool) -> Vec<[u64; 2]> {
    let edge = edge_words();
    let mut rng = StdRng::seed_from_u64(64);
    let mut all: Vec<[u64; 2]> = edge.iter().flat_map(|a| edge.iter().map(|b| [*a, *b])).collect();
    all.extend((0..random).map(|_| rng.gen::<[u64; 2]>()));
    if reduced {
        all.iter_mut().flatten().for_each(|x| *x %= PRIME);
    }
    all
}

fn vectors(pairs: &[[u64; 2]]) -> Vectors {
    pairs.iter().map(|pair| pair.map(BigUint::from).to_vec()).collect()
}

fn run<B: Ports>(what: &str, mut block: B, latency: usize, vectors: &Vectors, f: impl Fn(&[BigUint]) -> BigUint) {
    block.connect_all();
    let results = stream(&mut block, latency, vectors);
    let expected: Vectors = vectors.iter().map(|operands| vec![f(operands)]).collect();
    assert_same(what, vectors, &results, &expected);
}

fn compare<B: Ports>(what: &str, mut block: B, vectors: &Vectors, warm_up: usize) {
    block.connect_all();
    let options = Options { warm_up, ..Options::default() };
    match check(&mut block, &values(vectors), &options).unwrap_or_else(|e| panic!("{what}: {e}")) {
        Outcome::Agreed { cycles } => assert_eq!(cycles, vectors.len() - warm_up, "{what}"),
        Outcome::Skipped => {}
    }
}

#[test]
fn the_prime_is_that_of_plonky3() {
    assert_eq!(u128::from(PRIME), (1u128 << 64) - (1 << 32) + 1);
}

#[test]
fn words_are_integers() {
    for [a, b] in pairs(10_000, false) {
        let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
        assert_eq!(u128::from(super::mul(a, b)), product, "{a:x} * {b:x}");
    }
    for [a, b] in pairs(10_000, true) {
        let (wide, prime) = (u128::from(a), u128::from(PRIME));
        assert_eq!(u128::from(super::add(a, b)), (wide + u128::from(b)) % prime, "{a:x} + {b:x}");
        assert_eq!(u128::from(super::sub(a, b)), (wide + prime - u128::from(b)) % prime, "{a:x} - {b:x}");
    }
}

#[test]
fn sums_are_integers() {
    let vectors = vectors(&pairs(2000, true));
    run("sum", GoldilocksSum::plus(), GoldilocksSum::LATENCY, &vectors, |x| (&x[0] + &x[1]) % p());
    run("difference", GoldilocksSum::minus(), GoldilocksSum::LATENCY, &vectors, |x| (p() + &x[0] - &x[1]) % p());
}

/// Numbers around -p, 0, p and 2p, as the upper part (34 bits, signed) and the lower one.
fn to_correct() -> Vectors {
    let prime = i128::from(PRIME);
    let mut numbers = Vec::new();
    for near in [
        1 - prime,
        -(1 << 51),
        -(1i128 << 32),
        0,
        1i128 << 32,
        prime,
        1i128 << 64,
        (1i128 << 64) + (1 << 51),
        2 * prime,
    ] {
        numbers.extend((-3..=3).map(|step| near + step));
    }
    let mut rng = StdRng::seed_from_u64(34);
    numbers.extend((0..500).map(|_| rng.gen_range(1 - prime..2 * prime)));
    numbers.retain(|v| (1 - prime..2 * prime).contains(v));
    numbers.iter().map(|v| vec![((v >> 32) as u64 & 0x3_ffff_ffff).into(), (*v as u64 & 0xffff_ffff).into()]).collect()
}

#[test]
fn last_step_is_integers() {
    run("last step", Correct::default(), Correct::LATENCY, &to_correct(), |x| {
        let high = x[0].iter_u64_digits().next().unwrap_or(0);
        let high = if high >> 33 == 1 { i128::from(high) - (1 << 34) } else { i128::from(high) };
        let value = (high << 32) + i128::from(x[1].iter_u64_digits().next().unwrap_or(0));
        BigUint::from(value.rem_euclid(i128::from(PRIME)) as u64)
    });
}

#[test]
fn products_are_integers() {
    let narrow: Vec<[u64; 2]> = pairs(500, false).iter().map(|pair| pair.map(|x| x & 0xffff)).collect();
    run("DSP product", Product::default(), PRODUCT_LATENCY, &vectors(&narrow), |x| &x[0] * &x[1]);
    let vectors = vectors(&pairs(3000, false));
    for fidelity in [Fidelity::Twin, Fidelity::Rtl] {
        let block = GoldilocksMul::new(fidelity);
        run(&format!("product, {fidelity:?}"), block, GoldilocksMul::LATENCY, &vectors, |x| &x[0] * &x[1] % p());
    }
}

#[test]
fn latencies() {
    // Other blocks count on these; a change is a decision.
    assert_eq!((GoldilocksMul::LATENCY, GoldilocksSum::LATENCY), (11, 4));
}

#[test]
fn verilog() {
    compare("sum", GoldilocksSum::plus(), &vectors(&pairs(500, true)), 0);
    compare("difference", GoldilocksSum::minus(), &vectors(&pairs(500, true)), 0);
    compare("last step", Correct::default(), &to_correct(), 0);
    compare("product, RTL", GoldilocksMulRtl::default(), &vectors(&pairs(2000, false)), 0);
    let many = vectors(&pairs(20_000, false));
    compare("product, twin", GoldilocksMul::new(Fidelity::Twin), &many, GoldilocksMul::LATENCY);
}
