//! Constants of a modulus in 52-bit limbs, derived at compile time from arkworks' configuration.

use crate::simd::MASK;
use ark_ff::MontConfig;
use std::marker::PhantomData;

/// Constants of the modulus of `T`: `M` words of 64 bits, `L` limbs of 52.
pub(crate) struct Limbs<T, const M: usize, const L: usize>(PhantomData<T>);

impl<T: MontConfig<M>, const M: usize, const L: usize> Limbs<T, M, L> {
    /// The modulus p.
    pub const P: [u64; L] = split::<M, L>(&T::MODULUS.0);
    /// k = -1/p mod 2^52.
    pub const K: u64 = negative_inverse(Self::P[0]);
    /// (k p + 1) / 2^52, an integer below p: adding q times it to t / 2^52 adds a multiple of p to
    /// t and clears the lowest limb q of t, without a multiplication to find the multiple.
    pub const FOLD: [u64; L] = fold(&Self::P, Self::K);
    /// Limb j of (i - 4) p at `[j][i]`, as signed limbs.
    pub const MULTIPLES: [[u64; 8]; L] = multiples(&Self::P);
    /// Half the difference of the radices' exponents, 52 L and 64 M.
    pub const SHIFT: u32 = (52 * L as u32 - 64 * M as u32) / 2;
    /// Bits of the top limb of p.
    const TOP_BITS: u32 = 64 - Self::P[L - 1].leading_zeros();
    /// The estimate of a quotient looks at the top limb without this many low bits.
    pub const DROP: u32 = Self::TOP_BITS.saturating_sub(26);
    /// 2^(52 + DROP) / (top limb + 1), rounded down.
    pub const RECIPROCAL: u64 = ((1u128 << (52 + Self::DROP)) / (Self::P[L - 1] as u128 + 1)) as u64;
    /// Four times the top limb, less what limbs that are not carried yet can borrow (below 4 units)
    /// and a margin.
    pub const BIAS: u64 = (4 * Self::P[L - 1]).saturating_sub(8);

    /// Whether the bounds that the arithmetic relies on hold: R / p above 64 (see the module
    /// [`fp`](super::fp)), 4p within the words, a top limb that makes a usable estimate.
    pub const FITS: bool = {
        let bits = 52 * (L as u32 - 1) + Self::TOP_BITS;
        bits + 6 <= 52 * L as u32 && bits + 2 <= 64 * M as u32 && Self::TOP_BITS >= 12
    };

    /// `n` p as limbs.
    pub const fn times(n: u64) -> [u64; L] {
        multiple(&Self::P, n)
    }
}

pub(crate) const fn split<const M: usize, const L: usize>(words: &[u64; M]) -> [u64; L] {
    let mut out = [0; L];
    let mut i = 0;
    while i < L {
        let (k, off) = (52 * i / 64, 52 * i % 64);
        if k < M {
            let mut v = words[k] >> off;
            if off > 12 && k + 1 < M {
                v |= words[k + 1] << (64 - off);
            }
            out[i] = v & MASK;
        }
        i += 1;
    }
    out
}

const fn negative_inverse(p: u64) -> u64 {
    let mut inverse = 1u64;
    let mut i = 0;
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg() & MASK
}

const fn fold<const L: usize>(p: &[u64; L], k: u64) -> [u64; L] {
    let mut out = [0; L];
    // The lowest limb of k p is 2^52 - 1; the one that is added carries out of it.
    let mut carry = ((p[0] as u128 * k as u128) >> 52) + 1;
    let mut j = 1;
    while j < L {
        let v = p[j] as u128 * k as u128 + carry;
        out[j - 1] = v as u64 & MASK;
        carry = v >> 52;
        j += 1;
    }
    out[L - 1] = carry as u64;
    out
}

const fn multiple<const L: usize>(p: &[u64; L], n: u64) -> [u64; L] {
    let mut out = [0; L];
    let mut carry = 0u128;
    let mut j = 0;
    while j < L {
        let v = p[j] as u128 * n as u128 + carry;
        out[j] = v as u64 & MASK;
        carry = v >> 52;
        j += 1;
    }
    assert!(carry == 0);
    out
}

const fn multiples<const L: usize>(p: &[u64; L]) -> [[u64; 8]; L] {
    let mut out = [[0; 8]; L];
    let mut i = 0;
    while i < 8 {
        let n: i64 = i as i64 - 4;
        let limbs = multiple(p, n.unsigned_abs());
        let mut j = 0;
        while j < L {
            out[j][i] = if n < 0 { limbs[j].wrapping_neg() } else { limbs[j] };
            j += 1;
        }
        i += 1;
    }
    out
}
