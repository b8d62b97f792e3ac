//! Against Plonky3, the definition, and 128-bit arithmetic on edge values.

use super::{
    lanes::{Eight, Plain},
    *,
};
use p3_dft::{Radix2Dit, TwoAdicSubgroupDft};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use proptest::prelude::*;

/// Integers on both sides of p, of 2^32 and of its multiples, and the ends.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    7,
    (1 << 32) - 2,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    1 << 63,
    GOLDILOCKS - 2,
    GOLDILOCKS - 1,
    GOLDILOCKS,
    GOLDILOCKS + 1,
    u64::MAX - 1,
    u64::MAX,
    0xffff_fffe_ffff_ffff,
];

fn arithmetic<V: Eight>(proof: V::Proof, a: [u64; 8], b: [u64; 8]) {
    let p = GOLDILOCKS as u128;
    let (va, vb) = (V::load(proof, &a), V::load(proof, &b));
    let read = |v: V| {
        let mut out = [0; 8];
        v.store(&mut out);
        out.map(|x| x as u128 % p)
    };
    let mut exact = [0; 8];
    va.canonical().store(&mut exact);
    let c = vb.canonical();
    let results = [va.mul(vb), va.plus(c), va.minus(c), va.turned()].map(read);
    for i in 0..8 {
        let (x, y) = (a[i] as u128 % p, b[i] as u128 % p);
        assert_eq!(exact[i] as u128, x);
        let expected = [x * y % p, (x + y) % p, (x + p - y) % p, x * (1 << 48) % p];
        assert_eq!(results.map(|r| r[i]), expected, "{} and {}", a[i], b[i]);
    }
}

fn everywhere(a: [u64; 8], b: [u64; 8]) {
    arithmetic::<Plain>((), a, b);
    #[cfg(target_arch = "x86_64")]
    match crate::simd::Ifma::new() {
        Some(simd) => arithmetic::<lanes::Avx>(simd, a, b),
        None => eprintln!("SKIPPED: the vectors of Goldilocks: this processor has no AVX-512 IFMA"),
    }
}

#[test]
fn edge_values_in_every_pair() {
    for a in EDGES {
        for b in EDGES.as_chunks::<8>().0 {
            everywhere([a; 8], *b);
        }
    }
}

fn theirs(values: &[u64]) -> Vec<Goldilocks> {
    values.iter().map(|v| Goldilocks::from_u64(v % GOLDILOCKS)).collect()
}

fn numbers(values: &[Goldilocks]) -> Vec<u64> {
    values.iter().map(|v| v.as_canonical_u64()).collect()
}

/// Every direction and coset, both engines.
fn equals_plonky3(values: &[u64]) {
    let dft = Radix2Dit::default();
    for coset in [None, Some(7), Some(GOLDILOCKS - 1), Some(GOLDILOCKS + 5)] {
        let shift = Goldilocks::from_u64(coset.unwrap_or(1) % GOLDILOCKS);
        let forward = numbers(&dft.coset_dft(theirs(values), shift));
        let backward = numbers(&dft.coset_idft(theirs(values), shift));
        for engine in Engine::tested() {
            for (inverse, expected) in [(false, &forward), (true, &backward)] {
                let mut own = values.to_vec();
                goldilocks_ntt(engine, &mut own, inverse, coset).unwrap();
                assert!(own == *expected, "2^{}, inverse {inverse}, {coset:?}, {engine:?}", values.len().ilog2());
            }
        }
    }
}

#[test]
fn every_length_equals_plonky3() {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        state ^ (state >> 29)
    };
    for log in 0..=16 {
        let n = 1 << log;
        equals_plonky3(&(0..n).map(|_| next()).collect::<Vec<_>>());
        if log <= 12 {
            // Edges, integers above p among them.
            equals_plonky3(&(0..n).map(|_| EDGES[next() as usize % 16]).collect::<Vec<_>>());
            equals_plonky3(&vec![u64::MAX; n]);
            equals_plonky3(&vec![GOLDILOCKS - 1; n]);
        }
    }
}

#[test]
fn is_the_definition() {
    let values: Vec<u64> = (0..128).map(|i| i * i * i + u64::MAX / 3).collect();
    let w = root(7);
    for engine in Engine::tested() {
        let mut own = values.clone();
        goldilocks_ntt(engine, &mut own, false, Some(3)).unwrap();
        for (k, found) in own.iter().enumerate() {
            let at = mul(3, pow(w, k as u64));
            let sum = values.iter().rev().fold(0u128, |sum, v| (sum * at as u128 + *v as u128) % GOLDILOCKS as u128);
            assert_eq!(*found as u128, sum);
        }
    }
}

#[test]
fn what_cannot_be_transformed_stays() {
    let mut values = vec![u64::MAX; 3];
    assert_eq!(goldilocks_ntt(Engine::best(), &mut values, false, None), Err(GoldilocksError::Length(3)));
    assert_eq!(goldilocks_ntt(Engine::best(), &mut [], false, None), Err(GoldilocksError::Length(0)));
    let mut values = vec![u64::MAX; 64];
    for zero in [0, GOLDILOCKS] {
        assert_eq!(goldilocks_ntt(Engine::best(), &mut values, true, Some(zero)), Err(GoldilocksError::ZeroCoset));
    }
    assert_eq!(values, vec![u64::MAX; 64]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_integers_compute_as_128_bits(a in any::<[u64; 8]>(), b in any::<[u64; 8]>()) {
        everywhere(a, b);
    }

    #[test]
    fn any_short_vector_equals_plonky3(values in proptest::collection::vec(any::<u64>(), 256)) {
        equals_plonky3(&values);
    }
}
