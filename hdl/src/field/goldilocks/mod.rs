//! The Goldilocks field, p = 2^64 - 2^32 + 1: elements of 64 bits in canonical form, one product a cycle.
//!
//! 2^64 = 2^32 - 1 and 2^96 = -1 modulo p, so that products are reduced by a few additions.
//!
//! | file | holds |
//! |---|---|
//! | [`product`] | 16 x 16 bits: what a DSP block makes |
//! | [`mul`](mod@mul) | [`GoldilocksMul`], the multiplier: RTL and twin |
//! | [`correct`] | the last step of all: from -p .. 2p to 0 .. p |
//! | [`sum`] | [`GoldilocksSum`]: addition or subtraction |
//! | this one | the same on machine words: what the twins compute with |
//!
//! In the RTL no carry travels farther than 52 bits in a cycle, and products have the three registers that DSP
//! blocks offer.

pub mod correct;
pub mod mul;
pub mod product;
pub mod sum;
#[cfg(test)]
pub(crate) mod tests;

pub use mul::GoldilocksMul;
pub use sum::GoldilocksSum;

/// The prime.
pub const PRIME: u64 = 0xffff_ffff_0000_0001;
/// 2^64 modulo the prime.
const EPSILON: u64 = 0xffff_ffff;

/// a + b mod p of reduced a and b.
#[inline(always)]
pub fn add(a: u64, b: u64) -> u64 {
    let (sum, over) = a.overflowing_add(b);
    // The sum is below 2p, so one subtraction is enough, past 2^64 too.
    if over || sum >= PRIME {
        sum.wrapping_sub(PRIME)
    } else {
        sum
    }
}

/// a - b mod p of reduced a and b.
#[inline(always)]
pub fn sub(a: u64, b: u64) -> u64 {
    let (difference, under) = a.overflowing_sub(b);
    if under {
        difference.wrapping_add(PRIME)
    } else {
        difference
    }
}

/// a * b mod p, of any two words.
#[inline(always)]
pub fn mul(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let (low, high) = (product as u64, (product >> 64) as u64);
    // low + middle * 2^64 + top * 2^96 = low + middle * (2^32 - 1) - top
    let (top, middle) = (high >> 32, high & EPSILON);
    let (mut value, under) = low.overflowing_sub(top);
    if under {
        value = value.wrapping_sub(EPSILON);
    }
    let (mut value, over) = value.overflowing_add(middle * EPSILON);
    if over {
        value = value.wrapping_add(EPSILON);
    }
    if value >= PRIME {
        value -= PRIME;
    }
    value
}
