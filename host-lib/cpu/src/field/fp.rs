//! Eight elements of a prime field, in 52-bit limbs.
//!
//! **Representation.** In memory an element is arkworks' own: the integer x 2^(64 M) mod p in M words.
//! Here it is the same integer in L limbs of 52 bits, and a product divides by 2^(52 L). Nothing is
//! converted but the positions of bits: the factor 2^(52 L - 64 M) of each product is made up for
//! by the callers (a shift of an operand, or a constant in an inversion that is done anyway).
//!
//! **Bounds.** With R = 2^(52 L), R / p > 64 ([`Limbs::FITS`]):
//! * *stored*: in [0, p + d), d < p / 256: what memory holds and [`reduced`](Fp8::reduced) makes.
//! * *product*: `mul(a, b)` < a b / R + 2p. With a, b <= 4p it is below 2.25p; with a <= 13p, b <= 4p below
//!   2.82p; with two products in one (`dot2`) of such sizes below 3.63p.
//! * *difference*: stored - stored + 2p, in (0.99p, 3.01p).
//! * `reduced` takes integers in (-4p, 4p) whose limbs are signed and not carried.
//!
//! Every limb of an operand of a product is below 2^52: only these bits are read. Sums of columns stay below
//! 2^64: at most 4 L + 2 terms below 2^52 each (6 L + 2 in `dot2`), L <= 8.

#![allow(clippy::needless_range_loop)] // Indices run over several arrays at once, shifted against each other.

use super::limbs::Limbs;
use crate::simd::{Ifma, Lanes, MASK};
use ark_ff::MontConfig;
use std::marker::PhantomData;

/// Columns of a product: at most 2 L + 1.
const COLUMNS: usize = 17;

/// Eight elements modulo the modulus of `T`.
pub struct Fp8<T, const M: usize, const L: usize> {
    pub limbs: [Lanes; L],
    field: PhantomData<T>,
}

impl<T, const M: usize, const L: usize> Clone for Fp8<T, M, L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, const M: usize, const L: usize> Copy for Fp8<T, M, L> {}

impl<T: MontConfig<M>, const M: usize, const L: usize> Fp8<T, M, L> {
    #[inline(always)]
    pub fn new(limbs: [Lanes; L]) -> Self {
        Fp8 { limbs, field: PhantomData }
    }

    /// From words of 64 bits.
    #[inline(always)]
    pub fn unpack(simd: Ifma, words: [Lanes; M]) -> Self {
        let mask = simd.splat(MASK);
        let mut limbs = [simd.splat(0); L];
        for (i, limb) in limbs.iter_mut().enumerate() {
            let (k, off) = (52 * i / 64, 52 * i % 64);
            if k < M {
                let mut v = words[k].shr(off as u32);
                if off > 12 && k + 1 < M {
                    v = v | words[k + 1].shl(64 - off as u32);
                }
                *limb = v & mask;
            }
        }
        Self::new(limbs)
    }

    /// To words of 64 bits; limbs are carried, the integer is below 2^(64 M).
    #[inline(always)]
    pub fn pack(self, simd: Ifma) -> [Lanes; M] {
        let mut words = [simd.splat(0); M];
        for (k, word) in words.iter_mut().enumerate() {
            let (i, off) = (64 * k / 52, 64 * k % 52);
            let mut v = self.limbs[i].shr(off as u32);
            for next in 1..3 {
                let at = 52 * next - off;
                if at < 64 && i + next < L {
                    v = v | self.limbs[i + next].shl(at as u32);
                }
            }
            *word = v;
        }
        words
    }

    /// Carries signed limbs; the integer is not negative.
    #[inline(always)]
    fn carried(simd: Ifma, mut limbs: [Lanes; L]) -> Self {
        let mask = simd.splat(MASK);
        for j in 0..L - 1 {
            limbs[j + 1] = limbs[j + 1] + limbs[j].carry();
            limbs[j] = limbs[j] & mask;
        }
        Self::new(limbs)
    }

    /// N sums of the products `a[n][k] * b[n][k]` / R modulo p, by rows: each row adds a limb of `b` times `a` and
    /// clears the lowest limb, by [`Limbs::FOLD`] in all rows but the last. Column i + j of row i stays at `t[i + j]`:
    /// moving the columns down instead makes the compiler do it through memory. The N sums alternate in the code, so
    /// that each fills the time in which another waits for its own multiply-adds.
    #[inline(always)]
    fn products<const K: usize, const N: usize>(simd: Ifma, a: [[&Self; K]; N], b: [[&Self; K]; N]) -> [Self; N] {
        let zero = simd.splat(0);
        let mut t = [[zero; COLUMNS]; N];
        // One by one: a loop over so much is not unrolled, and columns would be in memory.
        assert!(L <= 8);
        Self::row::<0, K, N>(simd, &mut t, a, b);
        Self::row::<1, K, N>(simd, &mut t, a, b);
        Self::row::<2, K, N>(simd, &mut t, a, b);
        Self::row::<3, K, N>(simd, &mut t, a, b);
        Self::row::<4, K, N>(simd, &mut t, a, b);
        Self::row::<5, K, N>(simd, &mut t, a, b);
        Self::row::<6, K, N>(simd, &mut t, a, b);
        Self::row::<7, K, N>(simd, &mut t, a, b);
        let mut out = [Self::new([zero; L]); N];
        for n in 0..N {
            for j in 0..L {
                out[n].limbs[j] = t[n][L + j];
            }
            out[n] = Self::carried(simd, out[n].limbs);
        }
        out
    }

    /// Row I of [`products`](Self::products), if there is one.
    #[inline(always)]
    fn row<const I: usize, const K: usize, const N: usize>(
        simd: Ifma,
        t: &mut [[Lanes; COLUMNS]; N],
        a: [[&Self; K]; N],
        b: [[&Self; K]; N],
    ) {
        if I >= L {
            return;
        }
        for k in 0..K {
            for j in 0..L {
                for n in 0..N {
                    t[n][I + j] = t[n][I + j].madd_lo(a[n][k].limbs[j], b[n][k].limbs[I]);
                }
            }
            for j in 0..L {
                for n in 0..N {
                    t[n][I + j + 1] = t[n][I + j + 1].madd_hi(a[n][k].limbs[j], b[n][k].limbs[I]);
                }
            }
        }
        if I + 1 < L {
            let fold = Limbs::<T, M, L>::FOLD;
            for n in 0..N {
                t[n][I + 1] = t[n][I + 1] + t[n][I].shr(52);
            }
            for j in 0..L {
                for n in 0..N {
                    t[n][I + 1 + j] = t[n][I + 1 + j].madd_lo(t[n][I], simd.splat(fold[j]));
                }
            }
            for j in 0..L {
                for n in 0..N {
                    t[n][I + 2 + j] = t[n][I + 2 + j].madd_hi(t[n][I], simd.splat(fold[j]));
                }
            }
            return;
        }
        let p = Limbs::<T, M, L>::P;
        let mut q = [simd.splat(0); N];
        for n in 0..N {
            q[n] = q[n].madd_lo(t[n][I], simd.splat(Limbs::<T, M, L>::K));
        }
        for j in 0..L {
            for n in 0..N {
                t[n][I + j] = t[n][I + j].madd_lo(q[n], simd.splat(p[j]));
            }
        }
        for j in 0..L {
            for n in 0..N {
                t[n][I + j + 1] = t[n][I + j + 1].madd_hi(q[n], simd.splat(p[j]));
            }
        }
        for n in 0..N {
            t[n][I + 1] = t[n][I + 1] + t[n][I].shr(52);
        }
    }

    /// `a * b` / R.
    #[inline(always)]
    pub fn mul(simd: Ifma, a: &Self, b: &Self) -> Self {
        let [product] = Self::muls(simd, [a], [b]);
        product
    }

    /// `a[n] * b[n]` / R for each n.
    #[inline(always)]
    pub fn muls<const N: usize>(simd: Ifma, a: [&Self; N], b: [&Self; N]) -> [Self; N] {
        let (mut left, mut right) = ([[a[0]]; N], [[b[0]]; N]);
        for n in 0..N {
            (left[n], right[n]) = ([a[n]], [b[n]]);
        }
        if L > 5 {
            // SAFETY: `simd` proves the features.
            return unsafe { called(simd, left, right) };
        }
        Self::products(simd, left, right)
    }

    /// (`a[n][0] * b[n][0] + a[n][1] * b[n][1]`) / R for each n.
    #[inline(always)]
    pub fn dots<const N: usize>(simd: Ifma, a: [[&Self; 2]; N], b: [[&Self; 2]; N]) -> [Self; N] {
        // SAFETY: `simd` proves the features.
        unsafe { called(simd, a, b) }
    }

    /// Limb by limb, not carried.
    #[inline(always)]
    pub fn minus(mut self, other: &Self) -> Self {
        for j in 0..L {
            self.limbs[j] = self.limbs[j] - other.limbs[j];
        }
        self
    }

    /// `a - b + N p`, carried.
    #[inline(always)]
    pub fn difference<const N: u64>(simd: Ifma, a: &Self, b: &Self) -> Self {
        let offset = const { Limbs::<T, M, L>::times(N) };
        let mut limbs = a.minus(b).limbs;
        for j in 0..L {
            limbs[j] = limbs[j] + simd.splat(offset[j]);
        }
        Self::carried(simd, limbs)
    }

    /// `(a - b + 2p) * 2^SHIFT`, for a product: bits above the 52nd of a limb are not cleared.
    #[inline(always)]
    pub fn shifted_difference(simd: Ifma, a: &Self, b: &Self) -> Self {
        let shift = Limbs::<T, M, L>::SHIFT;
        let d = Self::difference::<2>(simd, a, b).limbs;
        let mut limbs = d;
        limbs[0] = d[0].shl(shift);
        for j in 1..L {
            limbs[j] = d[j].shl(shift) | d[j - 1].shr(52 - shift);
        }
        Self::new(limbs)
    }

    /// `N p - n * a`, carried, for n = 1 or 5.
    #[inline(always)]
    pub fn negated<const N: u64>(&self, simd: Ifma, five: bool) -> Self {
        let offset = const { Limbs::<T, M, L>::times(N) };
        let mut limbs = self.limbs;
        for j in 0..L {
            let v = if five { limbs[j].shl(2) + limbs[j] } else { limbs[j] };
            limbs[j] = simd.splat(offset[j]) - v;
        }
        Self::carried(simd, limbs)
    }

    /// `p - a` in the lanes of `mask`, `a` in the others; limbs are not carried.
    #[inline(always)]
    pub fn negate_where(mut self, simd: Ifma, mask: u8) -> Self {
        let p = Limbs::<T, M, L>::P;
        for j in 0..L {
            self.limbs[j] = self.limbs[j].select(mask, simd.splat(p[j]) - self.limbs[j]);
        }
        self
    }

    /// Signed limbs of an integer in (-4p, 4p) to its *stored* form: the multiple of p to subtract is
    /// estimated from the top limb, from below.
    #[inline(always)]
    pub fn reduced(self, simd: Ifma) -> Self {
        let top = self.limbs[L - 1] + simd.splat(Limbs::<T, M, L>::BIAS);
        let quotient = simd.splat(0).madd_hi(top.shr(Limbs::<T, M, L>::DROP), simd.splat(Limbs::<T, M, L>::RECIPROCAL));
        let mut limbs = self.limbs;
        for j in 0..L {
            let table = const { &Limbs::<T, M, L>::MULTIPLES };
            limbs[j] = limbs[j] - quotient.pick(simd.lanes(&table[j]));
        }
        Self::carried(simd, limbs)
    }

    /// `other` in the lanes of `mask`.
    #[inline(always)]
    pub fn select(mut self, mask: u8, other: &Self) -> Self {
        for j in 0..L {
            self.limbs[j] = self.limbs[j].select(mask, other.limbs[j]);
        }
        self
    }

    /// Lanes in which a *difference* may be a multiple of p: all that are, and few others.
    #[inline(always)]
    pub fn maybe_zero(&self, simd: Ifma) -> u8 {
        let low = |n| simd.splat(n);
        let limb = self.limbs[0];
        let (one, two, three) =
            const { (Limbs::<T, M, L>::times(1)[0], Limbs::<T, M, L>::times(2)[0], Limbs::<T, M, L>::times(3)[0]) };
        limb.equal(low(one)) | limb.equal(low(two)) | limb.equal(low(three))
    }
}

/// [`Fp8::products`] as a call: large ones would overflow the instruction cache where they are inlined.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn called<T: MontConfig<M>, const M: usize, const L: usize, const K: usize, const N: usize>(
    simd: Ifma,
    a: [[&Fp8<T, M, L>; K]; N],
    b: [[&Fp8<T, M, L>; K]; N],
) -> [Fp8<T, M, L>; N] {
    Fp8::products(simd, a, b)
}
