//! Eight 64-bit lanes of AVX-512 with 52-bit multiply-add (IFMA), as a safe type.
//!
//! A [`Lanes`] can only be made through an [`Ifma`], and an [`Ifma`] only where the processor has
//! the instructions: that is what makes every operation below sound. All are `inline(always)`, so
//! that they end up inside the `#[target_feature]` functions that call them.

mod transpose;

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Sub};
pub(crate) use transpose::{load4, load6, store4, store6};

/// `f` of each, always inlined. `array::map` may not be: what it calls need not have the features of its caller, and
/// around a call all vectors go to memory.
#[inline(always)]
pub(crate) fn each8<A, B>(values: [A; 8], f: impl Fn(A) -> B) -> [B; 8] {
    let [a, b, c, d, e, g, h, i] = values;
    [f(a), f(b), f(c), f(d), f(e), f(g), f(h), f(i)]
}

/// Has the lines of memory at and behind `first`, `bytes` long, loaded into the cache. Any address will do.
#[inline(always)]
pub(crate) fn prefetch<T>(first: *const T, bytes: usize) {
    let first = first.cast::<i8>();
    // The memory need not begin at a line of the cache: one look more, at its last byte.
    for at in (0..bytes).step_by(64) {
        // SAFETY: a prefetch is a hint and reads nothing; x86-64 always has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(at)) };
    }
    // SAFETY: as above.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(bytes - 1)) };
}

/// Low 52 bits.
pub(crate) const MASK: u64 = (1 << 52) - 1;

/// Proof that the processor has AVX-512 F and IFMA.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

impl Ifma {
    /// `None` where an instruction set is missing.
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Ifma(()))
    }

    /// One value in all lanes.
    #[inline(always)]
    pub fn splat(self, value: u64) -> Lanes {
        // SAFETY: `self` proves that the processor has AVX-512 F.
        Lanes(unsafe { _mm512_set1_epi64(value as i64) })
    }

    /// Two words of 32 bits in each lane, the first one low.
    #[inline(always)]
    pub fn pairs(self, values: &[[u32; 2]; 8]) -> Lanes {
        // SAFETY: `self` proves AVX-512 F; the array has the 64 bytes that are read, unaligned.
        Lanes(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }

    /// Lane by lane.
    #[inline(always)]
    pub fn lanes(self, values: &[u64; 8]) -> Lanes {
        // SAFETY: `self` proves AVX-512 F; the array has the 64 bytes that are read, unaligned.
        Lanes(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }
}

/// Eight 64-bit lanes.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Lanes(__m512i);

/// The operators below exist only for values that an [`Ifma`] made.
macro_rules! op {
    ($call:expr) => {
        // SAFETY: a `Lanes` exists, so an `Ifma` did: the processor has AVX-512 F and IFMA.
        unsafe { $call }
    };
}

impl Lanes {
    /// `self + low 52 bits of (a * b)`; of `a` and `b` only the low 52 bits count.
    #[inline(always)]
    pub fn madd_lo(self, a: Lanes, b: Lanes) -> Lanes {
        Lanes(op!(_mm512_madd52lo_epu64(self.0, a.0, b.0)))
    }

    /// `self + (a * b >> 52)`; of `a` and `b` only the low 52 bits count.
    #[inline(always)]
    pub fn madd_hi(self, a: Lanes, b: Lanes) -> Lanes {
        Lanes(op!(_mm512_madd52hi_epu64(self.0, a.0, b.0)))
    }

    /// Logical shift left; `bits` is a constant after inlining. 64 and more give zero.
    #[inline(always)]
    pub fn shl(self, bits: u32) -> Lanes {
        Lanes(op!(_mm512_sllv_epi64(self.0, _mm512_set1_epi64(i64::from(bits)))))
    }

    /// Logical shift right; `bits` is a constant after inlining. 64 and more give zero.
    #[inline(always)]
    pub fn shr(self, bits: u32) -> Lanes {
        Lanes(op!(_mm512_srlv_epi64(self.0, _mm512_set1_epi64(i64::from(bits)))))
    }

    /// Arithmetic shift right by 52: the signed carry of a limb.
    #[inline(always)]
    pub fn carry(self) -> Lanes {
        Lanes(op!(_mm512_srai_epi64::<52>(self.0)))
    }

    /// `table[lane & 7]` in each lane.
    #[inline(always)]
    pub fn pick(self, table: Lanes) -> Lanes {
        Lanes(op!(_mm512_permutexvar_epi64(self.0, table.0)))
    }

    /// `value` where the mask's bit is set, else `self`.
    #[inline(always)]
    pub fn select(self, mask: u8, value: Lanes) -> Lanes {
        Lanes(op!(_mm512_mask_mov_epi64(self.0, mask, value.0)))
    }

    /// Bit i: lanes i are equal.
    #[inline(always)]
    pub fn equal(self, other: Lanes) -> u8 {
        op!(_mm512_cmpeq_epi64_mask(self.0, other.0))
    }

    /// Bit i: the lanes i have a bit in common.
    #[inline(always)]
    pub fn meet(self, other: Lanes) -> u8 {
        op!(_mm512_test_epi64_mask(self.0, other.0))
    }

    /// Bit i: lane i is zero.
    #[inline(always)]
    pub fn zeros(self) -> u8 {
        op!(_mm512_testn_epi64_mask(self.0, self.0))
    }
}

impl Add for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn add(self, other: Lanes) -> Lanes {
        Lanes(op!(_mm512_add_epi64(self.0, other.0)))
    }
}

impl Sub for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn sub(self, other: Lanes) -> Lanes {
        Lanes(op!(_mm512_sub_epi64(self.0, other.0)))
    }
}

impl BitAnd for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn bitand(self, other: Lanes) -> Lanes {
        Lanes(op!(_mm512_and_si512(self.0, other.0)))
    }
}

impl BitOr for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn bitor(self, other: Lanes) -> Lanes {
        Lanes(op!(_mm512_or_si512(self.0, other.0)))
    }
}
