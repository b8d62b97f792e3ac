//! Single elements modulo p = 2^64 - 2^32 + 1: any u64 stands for its residue; results are canonical.

/// The modulus, 2^64 - 2^32 + 1.
pub const GOLDILOCKS: u64 = 0xffff_ffff_0000_0001;

/// 2^64 mod p.
pub(super) const EPSILON: u64 = 0xffff_ffff;

/// Largest order of a root of unity: 2^32.
pub const TWO_ADICITY: u32 = 32;

/// The residue below p.
#[inline(always)]
pub const fn canonical(a: u64) -> u64 {
    if a >= GOLDILOCKS { a - GOLDILOCKS } else { a }
}

/// The product.
#[inline(always)]
pub const fn mul(a: u64, b: u64) -> u64 {
    (a as u128 * b as u128 % GOLDILOCKS as u128) as u64
}

/// The power.
pub const fn pow(mut base: u64, mut exponent: u64) -> u64 {
    let mut out = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            out = mul(out, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    out
}

/// The inverse; zero of zero.
pub const fn inverse(a: u64) -> u64 {
    pow(a, GOLDILOCKS - 2)
}

/// The root of order 2^log that is a power of 7, the least generator of the multiplicative group; Plonky3's.
pub const fn root(log: u32) -> u64 {
    pow(7, (GOLDILOCKS - 1) >> log)
}
