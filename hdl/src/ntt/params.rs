//! Fields of vectors: a prime field and the generator that fixes its roots of unity.

use crate::field::{FieldParams, BLS12_377_FR, BLS12_381_FR, BN254_FR, GOLDILOCKS};
use gristmill_abi::layout::{Curve, Field};
use num_bigint::BigUint;

/// A field whose vectors can be transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorParams {
    /// The prime field.
    pub field: FieldParams,
    /// Smallest generator of its multiplicative group.
    pub generator: u64,
}

/// Scalar field of BN254: transforms of up to 2^28 elements.
pub const BN254_FR_VECTORS: VectorParams = VectorParams { field: BN254_FR, generator: 5 };
/// Scalar field of BLS12-381: transforms of up to 2^32 elements.
pub const BLS12_381_FR_VECTORS: VectorParams = VectorParams { field: BLS12_381_FR, generator: 7 };
/// Scalar field of BLS12-377: transforms of up to 2^47 elements.
pub const BLS12_377_FR_VECTORS: VectorParams = VectorParams { field: BLS12_377_FR, generator: 22 };

/// Goldilocks: transforms of up to 2^32 elements, in canonical form.
pub const GOLDILOCKS_VECTORS: VectorParams = VectorParams { field: GOLDILOCKS, generator: 7 };

impl VectorParams {
    /// The scalar field of a curve.
    pub const fn of(curve: Curve) -> &'static VectorParams {
        Self::of_field(curve.scalar_field())
    }

    /// The field of this id.
    pub const fn of_field(field: Field) -> &'static VectorParams {
        match field {
            Field::Bn254Fr => &BN254_FR_VECTORS,
            Field::Bls12_381Fr => &BLS12_381_FR_VECTORS,
            Field::Bls12_377Fr => &BLS12_377_FR_VECTORS,
            Field::Goldilocks => &GOLDILOCKS_VECTORS,
        }
    }

    /// log2 of the longest transform: how often 2 divides r - 1.
    pub fn two_adicity(&self) -> u32 {
        (self.field.prime() - 1u32).trailing_zeros().unwrap_or(0) as u32
    }

    /// The word that holds 1: R mod r, the Montgomery form; or 1, the canonical one.
    pub fn one(&self) -> BigUint {
        self.field.radix() % self.field.prime()
    }

    /// The twiddle table of transforms up to 2^log_max: `w^0 .. w^(2^(log_max-1) - 1)` in
    /// Montgomery form (or canonical), w = g^((r-1)/2^log_max). Shorter transforms use it with a stride.
    pub fn twiddles(&self, log_max: u32) -> Vec<BigUint> {
        let prime = self.field.prime();
        let root = BigUint::from(self.generator).modpow(&((&prime - 1u32) >> log_max), &prime);
        std::iter::successors(Some(self.one()), |w| Some(w * &root % &prime)).take(1 << (log_max - 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_root_is_primitive() {
        for (vectors, adicity) in
            [(BN254_FR_VECTORS, 28), (BLS12_381_FR_VECTORS, 32), (BLS12_377_FR_VECTORS, 47), (GOLDILOCKS_VECTORS, 32)]
        {
            assert_eq!(vectors.two_adicity(), adicity, "{}", vectors.field.name);
            let table = vectors.twiddles(6);
            let prime = vectors.field.prime();
            // w^(n/2) = -1: the table's last entry times w is R * -1.
            let minus_one = (&table[31] * &table[1] * vectors.one().modpow(&(&prime - 2u32), &prime)) % &prime;
            assert_eq!(minus_one + vectors.one(), prime, "{}", vectors.field.name);
        }
    }
}
