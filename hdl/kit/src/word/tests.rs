//! `U<N>` against `num_bigint` on random and edge words.

use super::*;
use num_bigint::BigUint;
use num_traits::{One, Zero};
use proptest::prelude::*;

fn modulus(n: usize) -> BigUint {
    BigUint::one() << n
}

fn edge(n: usize) -> Vec<BigUint> {
    let m = modulus(n);
    let mut v = vec![BigUint::zero(), BigUint::one(), &m - 1u32, &m >> 1, (&m >> 1) - 1u32];
    v.extend([31, 32, 63, 64, 65, 127, 128, 255].iter().filter(|b| **b < n).map(|b| BigUint::one() << *b));
    v.iter().map(|x| x % &m).collect()
}

fn word(n: usize) -> impl Strategy<Value = BigUint> {
    let e = edge(n);
    prop_oneof![
        3 => proptest::collection::vec(any::<u64>(), n.div_ceil(64)).prop_map(move |v| {
            let b: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
            BigUint::from_bytes_le(&b) % modulus(n)
        }),
        1 => proptest::sample::select(e),
    ]
}

fn check<const N: usize>(x: &BigUint, y: &BigUint, s: usize) {
    let m = modulus(N);
    let (a, b) = (U::<N>::from(x), U::<N>::from(y));
    let big = |w: U<N>| BigUint::from(w);
    assert_eq!(big(a), *x);
    assert_eq!(big(a + b), (x + y) % &m);
    assert_eq!(big(a - b), (x + &m - y) % &m);
    assert_eq!(big(a * b), (x * y) % &m);
    assert_eq!(big(a & b), x & y);
    assert_eq!(big(a | b), x | y);
    assert_eq!(big(a ^ b), x ^ y);
    assert_eq!(big(!a), &m - 1u32 - x);
    assert_eq!(big(a << s), (x << s) % &m);
    assert_eq!(big(a >> s), x >> s);
    assert_eq!(big(a << Bits::<10>::from(s as u64)), (x << s) % &m);
    assert_eq!(big(a >> U::<12>::from(s as u64)), x >> s);
    assert_eq!(big(a + 5), (x + 5u32) % &m);
    assert_eq!(a == b, x == y);
    assert_eq!(a.cmp(&b), x.cmp(y));
    assert_eq!(a < b, x < y);
    assert_eq!(a.any(), !x.is_zero());
    assert_eq!(a.all(), *x == &m - 1u32);
    assert_eq!(a.xor(), x.count_ones() % 2 == 1);
    for i in [0, 1, N / 2, N - 1] {
        assert_eq!(a.get_bit(i), x.bit(i as u64));
    }
    if N >= 12 {
        for i in [0, N / 3, N - 11] {
            assert_eq!(BigUint::from(a.get_bits::<11>(i)), (x >> i) % 2048u32);
        }
    }
    assert_eq!(BigUint::from(bit_cast_u::<576, N>(a)), *x);
    assert_eq!(BigUint::from(bit_cast_u::<7, N>(a)), x % 128u32);
    assert_eq!(BigUint::from(bit_cast_u::<65, N>(a)), x % modulus(65));
    let bits: Bits<N> = a.into();
    assert_eq!(BigUint::from(bits), *x);
    assert_eq!(U::<N>::from(bits), a);
    assert_eq!(BigUint::from(bit_cast_ub::<5, N>(a)), x % 32u32);
    assert_eq!(BigUint::from(bit_cast_bu::<9, N>(bits)), x % 512u32);
    assert_eq!(U::<N>::from_limbs(a.limbs()), a);
    assert_eq!(format!("{a:x}"), format!("{x:x}"));
}

macro_rules! widths {
    ($($name:ident $n:literal),*) => { $(
        #[test]
        fn $name() {
            for x in edge($n) {
                for y in edge($n) {
                    for s in [0, 1, 63, 64, $n - 1, $n, $n + 1, 600] {
                        check::<$n>(&x, &y, s);
                    }
                }
            }
            proptest!(ProptestConfig::with_cases(64), |(x in word($n), y in word($n), s in 0usize..600)| {
                check::<$n>(&x, &y, s);
            });
        }
    )* };
}
widths!(bits_1 1, bits_8 8, bits_32 32, bits_33 33, bits_64 64, bits_65 65, bits_128 128, bits_254 254, bits_256 256, bits_381 381, bits_512 512, bits_576 576);

#[test]
fn huge_shift_amount_shifts_everything_out() {
    let x = U::<100>::from(7) << 80;
    assert_eq!(x >> (U::<200>::from(1) << 130), U::ZERO);
    assert_eq!(x << U::<64>::from(u64::MAX), U::ZERO);
}

#[test]
fn widening() {
    assert_eq!(U::<8>::from(255).to_bits::<16>(), U::<16>::from(255));
}
