//! `U<N>`: an unsigned word of N bits (N <= 576) on 64-bit limbs, in place of RustHDL's `Bits<N>`.
//!
//! `Bits<N>` keeps one byte per bit beyond 32 bits; `U<N>` is 10 to 30 times faster in simulation
//! and multiplies at any width. It works inside `#[hdl_gen]` kernels as `Bits<N>` does: the
//! operators wrap at N bits, and a change of width is spelled with a `bit_cast_*` function, which
//! `#[hdl_gen]` takes for a cast.
//!
//! Limbs are little-endian: limb 0 holds bits 0 to 63. Bits at and above N are always zero.

mod convert;
mod fields;
mod ops;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use fields::literal;
use rust_hdl::prelude::Bits;

/// Number of 64-bit limbs that every `U<N>` holds.
pub const LIMBS: usize = 9;
/// The widest word.
pub const MAX_BITS: usize = 64 * LIMBS;

/// An unsigned word of `N` bits, 1 <= N <= 576.
#[derive(Clone, Copy)]
pub struct U<const N: usize>([u64; LIMBS]);

impl<const N: usize> U<N> {
    /// Limbs in use; the others are zero.
    pub const USED: usize = {
        assert!(N >= 1 && N <= MAX_BITS, "U<N> holds 1 to 576 bits");
        N.div_ceil(64)
    };
    const TOP: u64 = if N.is_multiple_of(64) { !0 } else { (1u64 << (N % 64)) - 1 };
    /// The word 0.
    pub const ZERO: Self = U([0; LIMBS]);

    #[inline(always)]
    fn trim(mut self) -> Self {
        self.0[Self::USED - 1] &= Self::TOP;
        self
    }

    /// Bits `index .. index + M`; bits beyond N read as zero (in Verilog they would be unknown).
    #[inline(always)]
    pub fn get_bits<const M: usize>(&self, index: usize) -> U<M> {
        debug_assert!(index + M <= N, "get_bits::<{M}>({index}) of a word of {N} bits");
        self.slice::<M>(index)
    }

    #[inline(always)]
    fn slice<const M: usize>(&self, index: usize) -> U<M> {
        let (w, s) = (index / 64, index % 64);
        let mut r = [0u64; LIMBS];
        for (i, x) in r.iter_mut().enumerate().take(U::<M>::USED) {
            let lo = if w + i < LIMBS { self.0[w + i] } else { 0 };
            let hi = if w + i + 1 < LIMBS { self.0[w + i + 1] } else { 0 };
            *x = if s == 0 { lo } else { (lo >> s) | (hi << (64 - s)) };
        }
        U::<M>(r).trim()
    }

    /// Bit `index`; false beyond N.
    #[inline(always)]
    pub fn get_bit(&self, index: usize) -> bool {
        debug_assert!(index < N, "get_bit({index}) of a word of {N} bits");
        index < MAX_BITS && (self.0[index / 64] >> (index % 64)) & 1 != 0
    }

    /// Zero-extension to M >= N bits. `#[hdl_gen]` emits nothing for it: use it only where the
    /// word is assigned as it is, and [`bit_cast_u`] in every other place.
    #[inline(always)]
    pub fn to_bits<const M: usize>(self) -> U<M> {
        const { assert!(M >= N, "to_bits only widens; bit_cast_u narrows") };
        U::<M>(self.0)
    }

    /// Whether any bit is set.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.0[..Self::USED].iter().fold(0, |a, x| a | x) != 0
    }

    /// Whether all N bits are set.
    #[inline(always)]
    pub fn all(&self) -> bool {
        self.0[..Self::USED - 1].iter().all(|x| *x == !0) && self.0[Self::USED - 1] == Self::TOP
    }

    /// Parity of the bits.
    #[inline(always)]
    pub fn xor(&self) -> bool {
        self.0[..Self::USED].iter().fold(0, |a, x| a ^ x).count_ones() & 1 == 1
    }

    /// The low 64 bits.
    #[inline(always)]
    pub fn low_u64(&self) -> u64 {
        self.0[0]
    }

    /// All limbs, little-endian.
    #[inline(always)]
    pub fn limbs(&self) -> &[u64; LIMBS] {
        &self.0
    }

    /// From limbs, little-endian; missing ones are zero, bits from N on are dropped.
    #[inline(always)]
    pub fn from_limbs(limbs: &[u64]) -> Self {
        let mut r = [0; LIMBS];
        for (x, l) in r.iter_mut().zip(&limbs[..limbs.len().min(Self::USED)]) {
            *x = *l;
        }
        U(r).trim()
    }
}

/// Zero-extends or truncates a word: `bit_cast_u::<M, N>(x)` has M bits.
///
/// The name starts with `bit_cast` so that `#[hdl_gen]` accepts it. Cast the operands, not a sum:
/// in Verilog the cast of a sum keeps the carry (the source check rejects that).
#[inline(always)]
pub fn bit_cast_u<const M: usize, const N: usize>(x: U<N>) -> U<M> {
    let mut r = [0u64; LIMBS];
    let n = if U::<M>::USED < U::<N>::USED { U::<M>::USED } else { U::<N>::USED };
    r[..n].copy_from_slice(&x.0[..n]);
    U::<M>(r).trim()
}

/// `Bits<N>` to `U<M>`, zero-extended or truncated.
#[inline(always)]
pub fn bit_cast_bu<const M: usize, const N: usize>(x: Bits<N>) -> U<M> {
    bit_cast_u::<M, N>(U::<N>::from(x))
}

/// `U<N>` to `Bits<M>`, zero-extended or truncated.
#[inline(always)]
pub fn bit_cast_ub<const M: usize, const N: usize>(x: U<N>) -> Bits<M> {
    bit_cast_u::<M, N>(x).into()
}
