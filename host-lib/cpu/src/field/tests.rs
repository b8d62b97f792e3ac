//! Against arkworks, on edge values in every pair and on random ones.

use super::*;
use ark_ff::{BigInteger, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use proptest::prelude::*;

/// Words of elements as they may be stored: reduced, and up to p + p / 256.
fn edges<F: PrimeField>(seed: u64) -> Vec<F> {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut all = vec![F::zero(), F::one(), -F::one(), F::one().double(), -F::one().double()];
    // Integers in memory: all-ones limbs, ones that carry through every limb, single bits.
    let bits = F::MODULUS_BIT_SIZE as u64;
    for k in [0, 1, 51, 52, 53, 63, 64, 65, 103, 104, 127, 128, 207, 208, bits - 2, bits - 1] {
        let power = F::from(2u64).pow([k]);
        all.extend([power, power - F::one(), -power, F::one() - power]);
    }
    all.extend((0..8).map(|_| F::rand(rng)));
    all
}

/// `value` is what memory holds: a Montgomery product of the engine divides by 2^(52 L), arkworks' by
/// 2^(64 M). `2^(52 L - 64 M) * engine's product = arkworks' product`.
fn products<F: Prime>(a: &[F], b: &[F]) {
    let Some(simd) = Ifma::new() else {
        eprintln!("SKIPPED: this processor has no AVX-512 IFMA");
        return;
    };
    assert!(F::vectorised());
    let half = half_gap::<F>();
    let up = half.square();
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let (a, b): (&[F; 8], &[F; 8]) = (a.try_into().unwrap(), b.try_into().unwrap());
        let (va, vb) = (F::Vector::load(simd, a.each_ref()), F::Vector::load(simd, b.each_ref()));
        let read = |v: F::Vector| {
            let mut out = [F::zero(); 8];
            v.reduced(simd).store(simd, out.each_mut());
            out.map(F::canonical)
        };
        let dot2 = |a: &F::Vector, b: &F::Vector, c: &F::Vector, d: &F::Vector| {
            let [one, other] = F::Vector::dots(simd, [[a, c], [c, a]], [[b, d], [d, b]]);
            assert_eq!(read(one), read(other));
            one
        };
        let product = read(F::Vector::mul(simd, &va, &vb));
        let zero = F::Vector::load(simd, [&F::ZERO; 8]);
        let square = read(F::Vector::mul(simd, &va, &va));
        let difference = F::Vector::difference(simd, &va, &vb);
        let negative = F::Vector::difference(simd, &zero, &va);
        let wide = read(dot2(&difference, &negative, &va, &vb));
        let opposite = read(dot2(&difference, &vb.opposite(simd), &negative, &vb));
        let shifted = read(F::Vector::mul(simd, &F::Vector::shifted_difference(simd, &va, &vb), &vb));
        let signs = read(va.negate_where(simd, 0b1010_0110));
        let suspects = difference.maybe_zero(simd);
        for i in 0..8 {
            let (x, y) = (a[i].canonical(), b[i].canonical());
            assert_eq!(product[i] * up, x * y);
            assert_eq!(square[i] * up, x * x);
            assert_eq!(wide[i] * up, (x - y) * -x + x * y);
            assert_eq!(opposite[i] * up, (x - y) * -y + -x * y);
            assert_eq!(shifted[i] * up, (x - y) * y * half);
            assert_eq!(signs[i], if 0b1010_0110 >> i & 1 == 1 { -x } else { x });
            assert!(x != y || suspects >> i & 1 == 1, "a zero that is not seen");
            assert_eq!(read(difference)[i], x - y);
        }
        if F::ROOMY {
            let five = read(dot2(&difference, &vb.minus_five(simd), &negative, &vb));
            for i in 0..8 {
                let (x, y) = (a[i].canonical(), b[i].canonical());
                assert_eq!(five[i] * up, (x - y) * -(y * F::from(5u64)) + -x * y);
            }
        }
    }
}

/// 2^SHIFT: half of what the two radices differ by.
fn half_gap<F: Prime>() -> F {
    let words = F::BigInt::NUM_LIMBS as u64;
    F::from(2u64).pow([(52 * if words == 4 { 5 } else { 8 } - 64 * words) / 2])
}

fn all_pairs<F: Prime>() {
    let values = edges::<F>(1);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for x in &values {
        for y in &values {
            a.push(*x);
            b.push(*y);
        }
    }
    products(&a, &b);
}

#[test]
fn edge_values_in_every_pair() {
    all_pairs::<ark_bn254::Fq>();
    all_pairs::<ark_bls12_381::Fq>();
    all_pairs::<ark_bls12_377::Fq>();
}

/// Elements of 4 words whose integer in memory is anything below p + p / 256.
fn raw4() -> impl Strategy<Value = ark_bn254::Fq> {
    let limb = prop_oneof![Just(0u64), Just(u64::MAX), Just(1), Just(MAX52), any::<u64>()];
    (limb.clone(), limb.clone(), limb, prop_oneof![Just(0u64), Just(u64::MAX), any::<u64>()], 0u8..4).prop_map(
        |(a, b, c, d, kind)| {
            let p = ark_bn254::Fq::MODULUS.0;
            // At, just below, and just above the modulus; or anything whose top word is below p's.
            let words = match kind {
                0 => [p[0].wrapping_add(a & 1), p[1], p[2], p[3]],
                1 => [a, b, c | p[2], p[3]],
                _ => [a, b, c, d % p[3]],
            };
            Fp(BigInt(words), std::marker::PhantomData)
        },
    )
}

const MAX52: u64 = (1 << 52) - 1;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_words_multiply_as_arkworks(a in proptest::collection::vec(raw4(), 8), b in proptest::collection::vec(raw4(), 8)) {
        products(&a, &b);
    }

    #[test]
    fn random_elements_of_six_words(seed in any::<u64>()) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let mut element = || -> ark_bls12_381::Fq { UniformRand::rand(rng) };
        let (a, b): (Vec<_>, Vec<_>) = (0..8).map(|_| (element(), element())).unzip();
        products(&a, &b);
    }
}
