//! Eight Goldilocks elements. Any 64-bit integer stands for its residue; *canonical* is below p.
//!
//! A product's 128 bits lo + 2^64 (m + 2^32 h), m and h below 2^32, are lo - h + m (2^32 - 1) modulo p, since
//! 2^64 = 2^32 - 1 and 2^96 = -1. A carry out of bit 63 counts 2^32 - 1, a borrow as much less; neither happens twice:
//! * lo - h with a borrow is at least 2^64 - 2^32 + 1, and m (2^32 - 1) at most 2^64 - 2^33 + 1;
//! * a + c, c canonical, with a carry is at most p - 2; a - c with a borrow at least 2^32.

use super::scalar::{EPSILON, GOLDILOCKS};

pub(super) trait Eight: Copy + Send {
    /// What proves that the processor has the instructions.
    type Proof: Copy + Send + Sync;

    fn splat(proof: Self::Proof, value: u64) -> Self;
    fn load(proof: Self::Proof, values: &[u64; 8]) -> Self;
    fn store(self, out: &mut [u64; 8]);
    fn canonical(self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `other` is canonical.
    fn plus(self, other: Self) -> Self;
    /// `other` is canonical.
    fn minus(self, other: Self) -> Self;
    /// Times 2^48, the root of order four.
    fn turned(self) -> Self;
}

/// Plain 64-bit code.
#[derive(Clone, Copy)]
pub(super) struct Plain([u64; 8]);

#[inline(always)]
fn reduced(wide: u128) -> u64 {
    let (low, high) = (wide as u64, (wide >> 64) as u64);
    let (mut t, borrow) = low.overflowing_sub(high >> 32);
    if borrow {
        t = t.wrapping_sub(EPSILON);
    }
    let (sum, carry) = t.overflowing_add((high & EPSILON) * EPSILON);
    if carry { sum.wrapping_add(EPSILON) } else { sum }
}

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Plain(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Eight for Plain {
    type Proof = ();

    #[inline(always)]
    fn splat((): (), value: u64) -> Self {
        Plain([value; 8])
    }

    #[inline(always)]
    fn load((): (), values: &[u64; 8]) -> Self {
        Plain(*values)
    }

    #[inline(always)]
    fn store(self, out: &mut [u64; 8]) {
        *out = self.0;
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        Plain(self.0.map(|a| a.min(a.wrapping_sub(GOLDILOCKS))))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| reduced(a as u128 * b as u128))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| {
            let (sum, carry) = a.overflowing_add(b);
            if carry { sum.wrapping_add(EPSILON) } else { sum }
        })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.zip(other, |a, b| {
            let (difference, borrow) = a.overflowing_sub(b);
            if borrow { difference.wrapping_sub(EPSILON) } else { difference }
        })
    }

    #[inline(always)]
    fn turned(self) -> Self {
        Plain(self.0.map(|a| reduced((a as u128) << 48)))
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use vector::Avx;

#[cfg(target_arch = "x86_64")]
mod vector {
    use super::{EPSILON, Eight, GOLDILOCKS};
    use crate::simd::Ifma;
    use std::arch::x86_64::*;

    /// In a register of AVX-512. Made only with an [`Ifma`], so the processor has AVX-512 F.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx(__m512i);

    macro_rules! op {
        ($call:expr) => {
            // SAFETY: an `Avx` or an `Ifma` exists, so the processor has AVX-512 F.
            unsafe { $call }
        };
    }

    #[inline(always)]
    fn all(value: u64) -> __m512i {
        op!(_mm512_set1_epi64(value as i64))
    }

    #[inline(always)]
    fn reduced(low: __m512i, high: __m512i) -> Avx {
        op!({
            let epsilon = all(EPSILON);
            let top = _mm512_srli_epi64::<32>(high);
            let borrow = _mm512_cmplt_epu64_mask(low, top);
            let t = _mm512_sub_epi64(low, top);
            let t = _mm512_mask_sub_epi64(t, borrow, t, epsilon);
            let middle = _mm512_mul_epu32(high, epsilon);
            let sum = _mm512_add_epi64(t, middle);
            let carry = _mm512_cmplt_epu64_mask(sum, middle);
            Avx(_mm512_mask_add_epi64(sum, carry, sum, epsilon))
        })
    }

    impl Eight for Avx {
        type Proof = Ifma;

        #[inline(always)]
        fn splat(_: Ifma, value: u64) -> Self {
            Avx(all(value))
        }

        #[inline(always)]
        fn load(_: Ifma, values: &[u64; 8]) -> Self {
            // The array has the 64 bytes that are read, unaligned.
            Avx(op!(_mm512_loadu_si512(values.as_ptr().cast())))
        }

        #[inline(always)]
        fn store(self, out: &mut [u64; 8]) {
            // The array has the 64 bytes that are written, unaligned.
            op!(_mm512_storeu_si512(out.as_mut_ptr().cast(), self.0))
        }

        #[inline(always)]
        fn canonical(self) -> Self {
            Avx(op!(_mm512_min_epu64(self.0, _mm512_sub_epi64(self.0, all(GOLDILOCKS)))))
        }

        /// Four products of 32 bits.
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            op!({
                let (a, b, mask) = (self.0, other.0, all(EPSILON));
                let (a1, b1) = (_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
                let low = _mm512_mul_epu32(a, b);
                let t = _mm512_add_epi64(_mm512_mul_epu32(a1, b), _mm512_srli_epi64::<32>(low));
                let u = _mm512_add_epi64(_mm512_mul_epu32(a, b1), _mm512_and_si512(t, mask));
                let high = _mm512_add_epi64(_mm512_mul_epu32(a1, b1), _mm512_srli_epi64::<32>(t));
                let high = _mm512_add_epi64(high, _mm512_srli_epi64::<32>(u));
                let low = _mm512_mask_blend_epi32(0xaaaa, low, _mm512_slli_epi64::<32>(u));
                reduced(low, high)
            })
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            op!({
                let sum = _mm512_add_epi64(self.0, other.0);
                let carry = _mm512_cmplt_epu64_mask(sum, other.0);
                Avx(_mm512_mask_add_epi64(sum, carry, sum, all(EPSILON)))
            })
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            op!({
                let difference = _mm512_sub_epi64(self.0, other.0);
                let borrow = _mm512_cmplt_epu64_mask(self.0, other.0);
                Avx(_mm512_mask_sub_epi64(difference, borrow, difference, all(EPSILON)))
            })
        }

        #[inline(always)]
        fn turned(self) -> Self {
            op!(reduced(_mm512_slli_epi64::<48>(self.0), _mm512_srli_epi64::<16>(self.0)))
        }
    }
}
