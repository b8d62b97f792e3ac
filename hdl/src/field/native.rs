//! Field arithmetic on machine words: what the twins compute with.
//!
//! Montgomery multiplication by coarsely integrated operand scanning (Koc, Acar, Kaliski,
//! "Analyzing and comparing Montgomery multiplication algorithms", 1996, section 5).

use gristmill_hdl_kit::word::U;

use super::FieldParams;

/// A field on `N` 64-bit limbs, R = 2^(64 N), 2p < R. Elements are reduced, in Montgomery form.
#[derive(Clone, Copy, Debug)]
pub struct Native<const N: usize> {
    p: [u64; N],
    n0: u64,
}

impl<const N: usize> Native<N> {
    /// The arithmetic of a field whose word has 64 N bits.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(64 * N);
        let mut p = [0; N];
        p.copy_from_slice(&params.modulus[..N]);
        Self { p, n0: params.n0_inverse() }
    }

    /// x - p if that is not negative, else x; for x < 2p.
    #[inline(always)]
    fn reduce_once(&self, x: [u64; N]) -> [u64; N] {
        let (difference, borrow) = subtract(&x, &self.p);
        if borrow {
            x
        } else {
            difference
        }
    }

    /// a + b mod p.
    #[inline(always)]
    pub fn add(&self, a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        self.reduce_once(add(a, b))
    }

    /// a - b mod p.
    #[inline(always)]
    pub fn sub(&self, a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        let (difference, borrow) = subtract(a, b);
        if borrow {
            add(&difference, &self.p)
        } else {
            difference
        }
    }

    /// k * a mod p for a small k (double and add).
    #[inline(always)]
    pub fn mul_small(&self, k: u32, a: &[u64; N]) -> [u64; N] {
        let mut result = [0; N];
        for bit in (0..32 - k.leading_zeros()).rev() {
            result = self.add(&result, &result);
            if (k >> bit) & 1 == 1 {
                result = self.add(&result, a);
            }
        }
        result
    }

    /// a * b / R mod p.
    #[inline(always)]
    pub fn mul(&self, a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        let mut t = [0u64; N];
        let mut top = 0u64;
        for &digit in b {
            let mut carry = 0u128;
            for j in 0..N {
                carry += a[j] as u128 * digit as u128 + t[j] as u128;
                t[j] = carry as u64;
                carry >>= 64;
            }
            carry += top as u128;
            let (sum, over) = (carry as u64, (carry >> 64) as u64);
            let m = t[0].wrapping_mul(self.n0);
            let mut carry = (m as u128 * self.p[0] as u128 + t[0] as u128) >> 64;
            for j in 1..N {
                carry += m as u128 * self.p[j] as u128 + t[j] as u128;
                t[j - 1] = carry as u64;
                carry >>= 64;
            }
            carry += sum as u128;
            t[N - 1] = carry as u64;
            top = over + (carry >> 64) as u64;
        }
        // The result is below 2p < R, so `top` is zero here.
        self.reduce_once(t)
    }
}

/// [`Native`] for a word of either size, on the ports' type.
#[derive(Clone, Copy, Debug)]
pub enum NativeWord {
    /// 256-bit words.
    W256(Native<4>),
    /// 384-bit words.
    W384(Native<6>),
}

impl NativeWord {
    /// The arithmetic of a field.
    ///
    /// # Panics
    /// If the field's word has neither 256 nor 384 bits.
    pub fn new(params: &FieldParams) -> Self {
        match params.word_bits {
            256 => Self::W256(Native::new(params)),
            384 => Self::W384(Native::new(params)),
            bits => panic!("field {}: words of {bits} bits; there are 256 and 384", params.name),
        }
    }

    /// a * b / R mod p.
    #[inline]
    pub fn mul<const W: usize>(&self, a: &U<W>, b: &U<W>) -> U<W> {
        match self {
            Self::W256(field) => U::from_limbs(&field.mul(&first(a), &first(b))),
            Self::W384(field) => U::from_limbs(&field.mul(&first(a), &first(b))),
        }
    }

    /// a + b mod p.
    #[inline]
    pub fn add<const W: usize>(&self, a: &U<W>, b: &U<W>) -> U<W> {
        match self {
            Self::W256(field) => U::from_limbs(&field.add(&first(a), &first(b))),
            Self::W384(field) => U::from_limbs(&field.add(&first(a), &first(b))),
        }
    }

    /// a - b mod p.
    #[inline]
    pub fn sub<const W: usize>(&self, a: &U<W>, b: &U<W>) -> U<W> {
        match self {
            Self::W256(field) => U::from_limbs(&field.sub(&first(a), &first(b))),
            Self::W384(field) => U::from_limbs(&field.sub(&first(a), &first(b))),
        }
    }
}

/// The low N limbs of a word.
#[inline(always)]
pub fn first<const N: usize, const W: usize>(word: &U<W>) -> [u64; N] {
    std::array::from_fn(|i| word.limbs()[i])
}

#[inline(always)]
fn add<const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    let mut sum = [0; N];
    let mut carry = false;
    for j in 0..N {
        let (low, over) = a[j].overflowing_add(b[j]);
        let (low, over_again) = low.overflowing_add(carry as u64);
        sum[j] = low;
        carry = over | over_again;
    }
    sum
}

#[inline(always)]
fn subtract<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut difference = [0; N];
    let mut borrow = false;
    for j in 0..N {
        let (low, under) = a[j].overflowing_sub(b[j]);
        let (low, under_again) = low.overflowing_sub(borrow as u64);
        difference[j] = low;
        borrow = under | under_again;
    }
    (difference, borrow)
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::super::params::from_limbs;
    use super::super::{BLS12_381_FQ, BLS12_381_FR, BN254_FQ, BN254_FR};
    use super::*;
    use num_bigint::BigUint;
    use rand::{Rng, SeedableRng};

    fn limbs<const N: usize>(x: &BigUint) -> [u64; N] {
        let mut out = [0; N];
        for (limb, digit) in out.iter_mut().zip(x.iter_u64_digits()) {
            *limb = digit;
        }
        out
    }

    fn check<const N: usize>(params: &FieldParams) {
        let (native, model) = (Native::<N>::new(params), Model::new(params));
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let mut values = vec![0u32.into(), 1u32.into(), 2u32.into(), &model.p - 1u32, &model.p - 2u32, model.r.clone()];
        for _ in 0..20 {
            let words: [u64; N] = std::array::from_fn(|_| rng.gen());
            values.push(from_limbs(&words) % &model.p);
        }
        for a in &values {
            for k in [0, 1, 2, 3, 9, 12, 15] {
                assert_eq!(from_limbs(&native.mul_small(k, &limbs(a))), model.mul_small(k as u64, a));
            }
            for b in &values {
                let (x, y) = (limbs(a), limbs(b));
                assert_eq!(from_limbs(&native.mul(&x, &y)), model.mont_mul(a, b), "{a} * {b}");
                assert_eq!(from_limbs(&native.add(&x, &y)), model.add(a, b), "{a} + {b}");
                assert_eq!(from_limbs(&native.sub(&x, &y)), model.sub(a, b), "{a} - {b}");
            }
        }
    }

    #[test]
    fn native_is_the_model() {
        check::<4>(&BN254_FQ);
        check::<4>(&BN254_FR);
        check::<4>(&BLS12_381_FR);
        check::<6>(&BLS12_381_FQ);
    }
}
