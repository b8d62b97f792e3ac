//! Products by constants with a quotient made beforehand (Shoup's trick, as in Harvey, "Faster arithmetic for
//! number-theoretic transforms", 2014, section 2): of w < p, w' = floor(w R / p), R = 2^260. Then q = floor(w' b / R) is
//! floor(w b / p) or up to 2 less, and w b - q p, of which only the low 260 bits are computed, is below 2.001 p.
//!
//! Of w' b only the columns from the fifth on are summed: what is left out is below 8 * 2^208, less than 2^-48 of R.
//! The form of b is kept: w is a plain integer.

#![allow(clippy::needless_range_loop)] // As in the field.

use crate::{
    field::{Fp8, Limbs, split},
    simd::{Ifma, MASK},
};
use ark_ff::{Fp, MontBackend, MontConfig, PrimeField};

/// A constant and its quotient.
#[derive(Clone, Copy)]
pub(super) struct Constant {
    value: [u64; 5],
    quotient: [u64; 5],
}

impl Constant {
    pub fn new<T: MontConfig<4>>(w: Fp<MontBackend<T, 4>, 4>) -> Self {
        // w R mod p is the integer in memory, w 2^256 mod p, times 2^4. w R - (w R mod p) = w' p, so that
        // w' = -(w R mod p) / p modulo R: limb by limb, as a Montgomery reduction finds its quotients.
        let mut rest = split::<4, 5>(&(w * Fp::<MontBackend<T, 4>, 4>::from(16u64)).0.0);
        let p = Limbs::<T, 4, 5>::P;
        let mut quotient = [0; 5];
        for i in 0..5 {
            quotient[i] = rest[i].wrapping_mul(Limbs::<T, 4, 5>::K) & MASK;
            let mut carry = 0;
            for j in 0..5 - i {
                let v = rest[i + j] as u128 + quotient[i] as u128 * p[j] as u128 + carry;
                rest[i + j] = v as u64 & MASK;
                carry = v >> 52;
            }
        }
        Constant { value: split::<4, 5>(&w.into_bigint().0), quotient }
    }
}

/// R - p: adding a multiple of it modulo R subtracts that of p.
const fn complement(p: [u64; 5]) -> [u64; 5] {
    let mut out = [0; 5];
    let mut borrow = 0;
    let mut i = 0;
    while i < 5 {
        let v = 0u64.wrapping_sub(p[i]).wrapping_sub(borrow);
        out[i] = v & MASK;
        borrow = v >> 63;
        i += 1;
    }
    out
}

impl<T: MontConfig<4>> Fp8<T, 4, 5> {
    /// Limbs of a non-negative integer below R whose low 52 bits are right, the others whatever they are: what
    /// products take.
    #[inline(always)]
    pub(super) fn settled(mut self) -> Self {
        for j in 0..4 {
            self.limbs[j + 1] = self.limbs[j + 1] + self.limbs[j].carry();
        }
        self
    }

    /// `w b` modulo p, below 2.001 p, of a settled b. Limbs are not carried: all but the top one are from 0 to
    /// 2^56, that is signed.
    #[inline(always)]
    pub(super) fn times(simd: Ifma, b: &Self, w: &Constant) -> Self {
        let negative = const { complement(Limbs::<T, 4, 5>::P) };
        let zero = simd.splat(0);
        let mut high = [zero; 6];
        for i in 0..5 {
            let digit = simd.splat(w.quotient[i]);
            for j in 4 - i..5 {
                high[i + j - 4] = high[i + j - 4].madd_lo(digit, b.limbs[j]);
            }
            for j in 3usize.saturating_sub(i)..5 {
                high[i + j - 3] = high[i + j - 3].madd_hi(digit, b.limbs[j]);
            }
        }
        // Half of the top limb's range above, so that its sign survives the mask.
        let mut low = [zero, zero, zero, zero, simd.splat(1 << 51)];
        for i in 0..5 {
            let digit = simd.splat(w.value[i]);
            for j in 0..5 - i {
                low[i + j] = low[i + j].madd_lo(digit, b.limbs[j]);
            }
            for j in 0..4 - i {
                low[i + j + 1] = low[i + j + 1].madd_hi(digit, b.limbs[j]);
            }
        }
        for i in 0..5 {
            let digit = high[i + 1] + high[i].shr(52);
            high[i + 1] = digit;
            for j in 0..5 - i {
                low[i + j] = low[i + j].madd_lo(digit, simd.splat(negative[j]));
            }
            for j in 0..4 - i {
                low[i + j + 1] = low[i + j + 1].madd_hi(digit, simd.splat(negative[j]));
            }
        }
        low[4] = (low[4] & simd.splat(MASK)) - simd.splat(1 << 51);
        Self::new(low)
    }

    /// `a + t` and `a - t + 3p`, limb by limb.
    #[inline(always)]
    pub(super) fn apart(simd: Ifma, a: &Self, t: &Self) -> (Self, Self) {
        let offset = const { Limbs::<T, 4, 5>::times(3) };
        let (mut sum, mut difference) = (*a, *a);
        for j in 0..5 {
            sum.limbs[j] = a.limbs[j] + t.limbs[j];
            difference.limbs[j] = a.limbs[j] + simd.splat(offset[j]) - t.limbs[j];
        }
        (sum, difference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::store4;
    use ark_ff::{AdditiveGroup, BigInt, FftField, Field, UniformRand};
    use ark_std::test_rng;

    /// Products by constants of integers up to 0.95 R, each limb of which may be all ones.
    fn multiplies<T: MontConfig<4>>() {
        type F<T> = Fp<MontBackend<T, 4>, 4>;
        let Some(simd) = Ifma::new() else { return };
        let rng = &mut test_rng();
        let mut constants = vec![F::<T>::ZERO, F::<T>::ONE, -F::<T>::ONE, F::<T>::GENERATOR];
        constants.extend((0..40).map(|_| F::<T>::rand(rng)));
        constants.extend((0..250).step_by(13).map(|bits| F::<T>::from(2u64).pow([bits])));
        let top = (1u64 << 52) / 100 * 94;
        let limbs = |v: [u64; 5]| [v[0] & MASK, v[1] & MASK, v[2] & MASK, v[3] & MASK, v[4] % (top + 1)];
        let mut values = vec![[0; 5], limbs([1, 0, 0, 0, 0]), [MASK, MASK, MASK, MASK, top], [0, 0, 0, 0, top]];
        values.extend((0..5).map(|i| limbs(std::array::from_fn(|j| if i == j { u64::MAX } else { 0 }))));
        values.extend((0..55).map(|_| limbs(std::array::from_fn(|_| UniformRand::rand(rng)))));
        for w in &constants {
            let constant = Constant::new(*w);
            for eight in values.as_chunks::<8>().0 {
                let columns = std::array::from_fn(|j| simd.lanes(&eight.map(|v| v[j])));
                let mut product = Fp8::<T, 4, 5>::times(simd, &Fp8::new(columns), &constant).settled();
                for j in 0..4 {
                    product.limbs[j] = product.limbs[j] & simd.splat(MASK);
                }
                let mut words = [[0u64; 4]; 8];
                store4(simd, product.reduced(simd).exact(simd).pack(simd), words.each_mut());
                for (value, words) in eight.iter().zip(words) {
                    let radix = F::<T>::from(1u64 << 52);
                    let b = value.iter().rev().fold(F::<T>::ZERO, |sum, limb| sum * radix + F::<T>::from(*limb));
                    assert_eq!(F::<T>::from_bigint(BigInt(words)), Some(b * w), "{value:x?}");
                }
            }
        }
    }

    #[test]
    fn equals_arkworks() {
        multiplies::<ark_bn254::FrConfig>();
        multiplies::<ark_bls12_381::FrConfig>();
        multiplies::<ark_bls12_377::FrConfig>();
    }
}
