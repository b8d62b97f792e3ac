//! Fields as constants: a field is a value, never a copy of the code.

use num_bigint::BigUint;

/// Width in bits of one digit of a multiplier. No port shows it.
pub const DIGIT_BITS: usize = 16;

/// A prime field of at most 384 bits in Montgomery form, or that of 64 bits in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldParams {
    /// Name in reports, e.g. `bn254-fq`.
    pub name: &'static str,
    /// The prime p, little-endian 64-bit limbs, unused ones zero.
    pub modulus: [u64; 6],
    /// Bits of the word that holds an element; R = 2^`word_bits`. 256 or 384, and 2p < R; or 64 ([`GOLDILOCKS`]), and R = 1.
    pub word_bits: usize,
}

/// Coordinates of BN254 (alt_bn128).
pub const BN254_FQ: FieldParams = FieldParams {
    name: "bn254-fq",
    modulus: [0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029, 0, 0],
    word_bits: 256,
};
/// Scalars of BN254.
pub const BN254_FR: FieldParams = FieldParams {
    name: "bn254-fr",
    modulus: [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029, 0, 0],
    word_bits: 256,
};
/// Coordinates of BLS12-381.
pub const BLS12_381_FQ: FieldParams = FieldParams {
    name: "bls12-381-fq",
    modulus: [
        0xb9feffffffffaaab,
        0x1eabfffeb153ffff,
        0x6730d2a0f6b0f624,
        0x64774b84f38512bf,
        0x4b1ba7b6434bacd7,
        0x1a0111ea397fe69a,
    ],
    word_bits: 384,
};
/// Scalars of BLS12-381.
pub const BLS12_381_FR: FieldParams = FieldParams {
    name: "bls12-381-fr",
    modulus: [0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48, 0, 0],
    word_bits: 256,
};
/// Coordinates of BLS12-377.
pub const BLS12_377_FQ: FieldParams = FieldParams {
    name: "bls12-377-fq",
    modulus: [
        0x8508c00000000001,
        0x170b5d4430000000,
        0x1ef3622fba094800,
        0x1a22d9f300f5138f,
        0xc63b05c06ca1493b,
        0x01ae3a4617c510ea,
    ],
    word_bits: 384,
};
/// Scalars of BLS12-377.
pub const BLS12_377_FR: FieldParams = FieldParams {
    name: "bls12-377-fr",
    modulus: [0x0a11800000000001, 0x59aa76fed0000001, 0x60b44d1e5c37b001, 0x12ab655e9a2ca556, 0, 0],
    word_bits: 256,
};

/// Goldilocks, 2^64 - 2^32 + 1: what [`super::goldilocks`] computes in.
pub const GOLDILOCKS: FieldParams =
    FieldParams { name: "goldilocks", modulus: [super::goldilocks::PRIME, 0, 0, 0, 0, 0], word_bits: 64 };

impl FieldParams {
    /// R: an element x stands in its word as x R mod p.
    pub fn radix(&self) -> BigUint {
        BigUint::from(1u32) << if self.word_bits == GOLDILOCKS.word_bits { 0 } else { self.word_bits }
    }

    /// The prime p.
    pub fn prime(&self) -> BigUint {
        from_limbs(&self.modulus)
    }

    /// Bits of p.
    pub fn bits(&self) -> usize {
        self.prime().bits() as usize
    }

    /// -p^-1 modulo 2^64; its low bits serve every smaller digit.
    pub const fn n0_inverse(&self) -> u64 {
        // Newton's iteration doubles the correct bits: 1, 2, 4, ... 64.
        let mut inverse = 1u64;
        let mut round = 0;
        while round < 6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(self.modulus[0].wrapping_mul(inverse)));
            round += 1;
        }
        inverse.wrapping_neg()
    }

    /// Digit `index` (16 bits) of p.
    pub const fn digit(&self, index: usize) -> u64 {
        (self.modulus[index / 4] >> (16 * (index % 4))) & 0xffff
    }

    /// Panics unless the RTL can hold this field in words of `word_bits`: called by constructors.
    pub fn assert_fits(&self, word_bits: usize) {
        assert_eq!(self.word_bits, word_bits, "field {} needs words of {} bits", self.name, self.word_bits);
        assert!(self.modulus[0] & 1 == 1, "field {}: the modulus is even", self.name);
        assert!(self.bits() < word_bits, "field {}: 2p must be below 2^{word_bits}", self.name);
    }
}

/// Little-endian limbs to an integer.
pub fn from_limbs(limbs: &[u64]) -> BigUint {
    BigUint::from_bytes_le(&limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> BigUint {
        text.parse().expect("a decimal number")
    }

    #[test]
    fn primes_are_those_of_the_curves() {
        use ark_ff::PrimeField;
        let fq: BigUint = ark_bn254::Fq::MODULUS.into();
        let fr: BigUint = ark_bn254::Fr::MODULUS.into();
        assert_eq!(BN254_FQ.prime(), fq);
        assert_eq!(BN254_FR.prime(), fr);
        // BLS12-381 by its family: x = -0xd201000000010000, r = x^4 - x^2 + 1, q = (x-1)^2 r / 3 + x.
        let x = BigUint::from(0xd201000000010000u64);
        let r = x.pow(4) - x.pow(2) + 1u32;
        let q = (&x + 1u32).pow(2) * &r / 3u32 - &x;
        assert_eq!(BLS12_381_FR.prime(), r);
        assert_eq!(BLS12_381_FQ.prime(), q);
        assert_eq!(BLS12_381_FR.prime().bits(), 255);
        // BLS12-377 by the same family: x = 0x8508c00000000001.
        let x = BigUint::from(0x8508c00000000001u64);
        let r377 = x.pow(4) - x.pow(2) + 1u32;
        let q377 = (&x - 1u32).pow(2) * &r377 / 3u32 + &x;
        assert_eq!((BLS12_377_FR.prime(), BLS12_377_FQ.prime()), (r377, q377));
        assert_eq!((BLS12_377_FR.prime().bits(), BLS12_377_FQ.prime().bits()), (253, 377));
        assert_eq!(r, decimal("52435875175126190479447740508185965837690552500527637822603658699938581184513"));
    }

    #[test]
    fn n0_inverse_inverts() {
        for field in [BN254_FQ, BN254_FR, BLS12_381_FQ, BLS12_381_FR, BLS12_377_FQ, BLS12_377_FR] {
            assert_eq!(field.n0_inverse().wrapping_mul(field.modulus[0]), u64::MAX, "{}", field.name);
            field.assert_fits(field.word_bits);
        }
    }

    #[test]
    fn digits_make_the_modulus() {
        for field in [BN254_FQ, BLS12_381_FQ] {
            let digits = field.word_bits / DIGIT_BITS;
            let sum: BigUint = (0..digits).map(|i| BigUint::from(field.digit(i)) << (DIGIT_BITS * i)).sum();
            assert_eq!(sum, field.prime());
        }
    }
}
