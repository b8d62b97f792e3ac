//! Reference model of the field: definitions on big integers, nothing clever.
//!
//! The model shares no code with the twins ([`super::native`]): a product in Montgomery form is
//! computed as a * b * R^-1 mod p, with R^-1 from Fermat's theorem.

use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::FieldParams;

/// A field with its constants. Elements are reduced; each method says their form.
#[derive(Clone, Debug)]
pub struct Model {
    /// The prime.
    pub p: BigUint,
    /// R mod p: the Montgomery form of 1.
    pub r: BigUint,
    r_inverse: BigUint,
}

impl Model {
    /// The model of a field.
    pub fn new(params: &FieldParams) -> Self {
        let p = params.prime();
        let r = (BigUint::one() << params.word_bits) % &p;
        let r_inverse = r.modpow(&(&p - 2u32), &p);
        Self { p, r, r_inverse }
    }

    /// a + b, any form.
    pub fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + b) % &self.p
    }

    /// a - b, any form.
    pub fn sub(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + (&self.p - b)) % &self.p
    }

    /// -a, any form.
    pub fn neg(&self, a: &BigUint) -> BigUint {
        self.sub(&BigUint::zero(), a)
    }

    /// k * a for a small integer k, any form.
    pub fn mul_small(&self, k: u64, a: &BigUint) -> BigUint {
        (a * k) % &self.p
    }

    /// a * b / R: the product of Montgomery forms, in Montgomery form.
    pub fn mont_mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a * b * &self.r_inverse) % &self.p
    }

    /// a * b of canonical forms.
    pub fn mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a * b) % &self.p
    }

    /// 1/a of a canonical form; `None` for 0.
    pub fn inverse(&self, a: &BigUint) -> Option<BigUint> {
        let a = a % &self.p;
        if a.is_zero() {
            return None;
        }
        Some(a.modpow(&(&self.p - 2u32), &self.p))
    }

    /// Canonical to Montgomery form.
    pub fn to_montgomery(&self, a: &BigUint) -> BigUint {
        (a * &self.r) % &self.p
    }

    /// Montgomery to canonical form.
    pub fn to_canonical(&self, a: &BigUint) -> BigUint {
        (a * &self.r_inverse) % &self.p
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BLS12_381_FQ, BN254_FQ, BN254_FR};
    use super::*;
    use ark_ff::{Field, PrimeField, UniformRand};

    #[test]
    fn agrees_with_arkworks() {
        let mut rng = ark_std::test_rng();
        let model = Model::new(&BN254_FQ);
        let int = |x: ark_bn254::Fq| -> BigUint { x.into_bigint().into() };
        for _ in 0..50 {
            let (a, b) = (ark_bn254::Fq::rand(&mut rng), ark_bn254::Fq::rand(&mut rng));
            assert_eq!(model.add(&int(a), &int(b)), int(a + b));
            assert_eq!(model.sub(&int(a), &int(b)), int(a - b));
            assert_eq!(model.neg(&int(a)), int(-a));
            assert_eq!(model.mul(&int(a), &int(b)), int(a * b));
            assert_eq!(model.inverse(&int(a)), a.inverse().map(int));
            let product = model.mont_mul(&model.to_montgomery(&int(a)), &model.to_montgomery(&int(b)));
            assert_eq!(model.to_canonical(&product), int(a * b));
            // arkworks keeps elements in Montgomery form with the same R.
            let inside: BigUint = ark_ff::BigInt(a.0 .0).into();
            assert_eq!(model.to_montgomery(&int(a)), inside);
        }
    }

    #[test]
    fn forms_are_inverse_to_each_other() {
        for params in [BN254_FR, BLS12_381_FQ] {
            let model = Model::new(&params);
            for a in [BigUint::zero(), BigUint::one(), &model.p - 1u32] {
                assert_eq!(model.to_canonical(&model.to_montgomery(&a)), a);
            }
            assert_eq!(model.neg(&BigUint::zero()), BigUint::zero());
            assert_eq!(model.inverse(&BigUint::zero()), None);
        }
    }
}
