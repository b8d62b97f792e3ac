//! Inversion modulo a prime by divisions by two (Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion", 2019, sections 8 and 11; in variable time here, as points and their sums are no secret of the MSM's memory
//! access pattern either). 62 steps at a time look at the lowest words only and give a 2 x 2 matrix, which is then
//! applied to the whole numbers. It takes about half the time of a binary extended Euclidean algorithm.
//!
//! Numbers are signed, in limbs of 62 bits, the top one with the sign; one limb more than the modulus has words of 64
//! bits, which leaves 50 bits and more.
//!
//! **Bounds.** A row of a matrix has |u| + |v| <= 2^62. f and g shrink. d and e, the factors, grow by at most half the modulus
//! with each matrix, of which there are at most 18 for 384 bits (theorem 11.2): below 10 p.

#![allow(clippy::needless_range_loop)] // Indices run over several arrays at once.

use ark_ff::{BigInt, Fp, MontBackend, MontConfig};

const BITS: u32 = 62;
const LOW: u64 = (1 << BITS) - 1;
/// Most limbs: of moduli of 6 words.
const LIMBS: usize = 7;

type Signed = [i64; LIMBS];

/// [`BITS`] steps: (f, g) times the matrix is (f, g) after them times 2^62.
struct Matrix {
    f: [i64; 2],
    g: [i64; 2],
}

/// The integer y below p with x y = 1 modulo p; `None` of zero. `x` is below p.
fn inverse<T: MontConfig<M>, const M: usize>(x: &[u64; M]) -> Option<[u64; M]> {
    let n = M + 1;
    assert!(n <= LIMBS);
    let modulus = split(&T::MODULUS.0);
    let (mut f, mut g) = (modulus, split(x));
    let (mut d, mut e) = ([0; LIMBS], [0; LIMBS]);
    e[0] = 1;
    if g == d {
        return None;
    }
    let mut delta = 1;
    while g[..n].iter().any(|limb| *limb != 0) {
        let matrix = steps(&mut delta, f[0], g[0]);
        (d, e) = factors(&matrix, &d, &e, &modulus, T::INV, n);
        (f, g) = halved(&matrix, &f, &g, n);
    }
    // f = 1 or -1, d = f / x.
    let negative = f[n - 1] < 0;
    for limb in &mut d[..n] {
        *limb = if negative { -*limb } else { *limb };
    }
    carry(&mut d, n);
    while d[n - 1] < 0 {
        add(&mut d, &modulus, n, 1);
    }
    loop {
        let mut less = d;
        add(&mut less, &modulus, n, -1);
        if less[n - 1] < 0 {
            return Some(join(&d));
        }
        d = less;
    }
}

fn split<const M: usize>(words: &[u64; M]) -> Signed {
    std::array::from_fn(|i| {
        let (k, off) = (62 * i / 64, 62 * i % 64);
        let low = words.get(k).map_or(0, |w| w >> off);
        let high = words.get(k + 1).map_or(0, |w| w << 1 << (63 - off));
        ((low | high) & LOW) as i64
    })
}

fn join<const M: usize>(limbs: &Signed) -> [u64; M] {
    std::array::from_fn(|k| {
        let (i, off) = (64 * k / 62, 64 * k % 62);
        (limbs[i] as u64) >> off | (limbs[i + 1] as u64) << (62 - off)
    })
}

fn carry(limbs: &mut Signed, n: usize) {
    for i in 0..n - 1 {
        limbs[i + 1] += limbs[i] >> BITS;
        limbs[i] &= LOW as i64;
    }
}

/// `a + sign * b`, carried.
fn add(a: &mut Signed, b: &Signed, n: usize, sign: i64) {
    for i in 0..n {
        a[i] += sign * b[i];
    }
    carry(a, n);
}

/// Steps (delta, f, g) to (1 - delta, g, (g - f) / 2) where delta > 0 and g is odd, else to (1 + delta, f, (g + (g mod 2) f) / 2),
/// of which only the lowest 62 bits count. As long as nothing is exchanged, several steps are one: the multiple of f that
/// clears several bits of g at once.
#[inline(always)]
fn steps(delta: &mut i64, f: i64, g: i64) -> Matrix {
    let (mut f, mut g) = (f as u64, g as u64);
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = BITS;
    loop {
        let zeros = (g | 1 << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        *delta += i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        if *delta > 0 {
            *delta = -*delta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // 1 - delta steps go without an exchange. f (f^2 - 2) = -1 / f modulo 2^6.
        let bits = left.min((1 - *delta).min(6) as u32);
        let factor = g.wrapping_mul(f).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & ((1 << bits) - 1);
        g = g.wrapping_add(f.wrapping_mul(factor));
        q = q.wrapping_add(u.wrapping_mul(factor));
        r = r.wrapping_add(v.wrapping_mul(factor));
    }
    Matrix { f: [u as i64, v as i64], g: [q as i64, r as i64] }
}

/// The matrix times (f, g), divided by 2^62.
#[inline(always)]
fn halved(m: &Matrix, f: &Signed, g: &Signed, n: usize) -> (Signed, Signed) {
    let mut out = [[0; LIMBS]; 2];
    for (out, row) in out.iter_mut().zip([m.f, m.g]) {
        let product = |i: usize| i128::from(row[0]) * i128::from(f[i]) + i128::from(row[1]) * i128::from(g[i]);
        let mut sum = product(0) >> BITS;
        for i in 1..n {
            sum += product(i);
            out[i - 1] = sum as i64 & LOW as i64;
            sum >>= BITS;
        }
        out[n - 1] = sum as i64;
    }
    (out[0], out[1])
}

/// The matrix times (d, e), divided by 2^62 modulo p; `inverse` is -1 / p modulo 2^64.
#[inline(always)]
fn factors(m: &Matrix, d: &Signed, e: &Signed, p: &Signed, inverse: u64, n: usize) -> (Signed, Signed) {
    let mut out = [[0; LIMBS]; 2];
    for (out, row) in out.iter_mut().zip([m.f, m.g]) {
        let product = |i: usize| i128::from(row[0]) * i128::from(d[i]) + i128::from(row[1]) * i128::from(e[i]);
        let first = product(0);
        // From -2^61 to 2^61.
        let multiple = ((first as u64).wrapping_mul(inverse) << 2) as i64 >> 2;
        let mut sum = (first + i128::from(multiple) * i128::from(p[0])) >> BITS;
        for i in 1..n {
            sum += product(i) + i128::from(multiple) * i128::from(p[i]);
            out[i - 1] = sum as i64 & LOW as i64;
            sum >>= BITS;
        }
        out[n - 1] = sum as i64;
    }
    (out[0], out[1])
}

/// The inverse of an element.
pub(super) fn element<T: MontConfig<M>, const M: usize>(
    x: &Fp<MontBackend<T, M>, M>,
) -> Option<Fp<MontBackend<T, M>, M>> {
    // In memory there is x times R: its inverse is to be multiplied by R^2.
    let raw = |words| Fp::<MontBackend<T, M>, M>::new_unchecked(words);
    Some(raw(BigInt(inverse::<T, M>(&x.0.0)?)) * raw(T::R2) * raw(T::R2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, PrimeField, UniformRand, Zero};
    use ark_std::test_rng;

    fn equals_arkworks<T: MontConfig<M>, const M: usize>() {
        let rng = &mut test_rng();
        let one = Fp::<MontBackend<T, M>, M>::ONE;
        assert_eq!(element::<T, M>(&Fp::zero()), None);
        let mut values: Vec<Fp<MontBackend<T, M>, M>> = (0..3000).map(|_| UniformRand::rand(rng)).collect();
        for bits in 0..u64::from(Fp::<MontBackend<T, M>, M>::MODULUS_BIT_SIZE) {
            let power = (one + one).pow([bits]);
            // As values and as integers in memory.
            for v in [power, -power, power + one, power - one] {
                values.extend([v, Fp::new_unchecked(v.into_bigint())]);
            }
        }
        for v in values.iter().filter(|v| !v.is_zero()) {
            assert_eq!(element(v), v.inverse(), "{v}");
        }
    }

    #[test]
    fn is_the_inverse() {
        equals_arkworks::<ark_bn254::FqConfig, 4>();
        equals_arkworks::<ark_bls12_381::FqConfig, 6>();
        equals_arkworks::<ark_bls12_377::FqConfig, 6>();
    }
}
