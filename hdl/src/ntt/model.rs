//! Software model of the transform: plain integers, nothing shared with the RTL or its twins.
//!
//! Values are residues in canonical form; [`VectorField::to_montgomery`] makes the elements that
//! travel on the streams, [`VectorField::pack`] words of them. [`VectorField::dft`] is the definition, quadratic;
//! [`VectorField::fft`] the recursion by even and odd indices (Cooley and Tukey, 1965) for sizes
//! where the definition is too slow. The tests hold one against the other.

use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::VectorParams;

/// A field of vectors: its modulus r and the smallest generator of its multiplicative group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorField {
    /// The modulus r.
    pub modulus: BigUint,
    /// The smallest generator of the multiplicative group.
    pub generator: BigUint,
    /// Bits of an element on the streams: 256, and it is in Montgomery form, or 64, and it is in canonical form.
    pub element_bits: u32,
}

/// A factor sequence: element i is `start * ratio^i`, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    /// Element 0.
    pub start: BigUint,
    /// Quotient of neighbours.
    pub ratio: BigUint,
}

impl VectorField {
    /// Scalar field of BN254, generator 5.
    pub fn bn254_fr() -> Self {
        let hex = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        VectorField {
            modulus: BigUint::parse_bytes(hex.as_bytes(), 16).unwrap_or_default(),
            generator: 5u32.into(),
            element_bits: 256,
        }
    }

    /// The field of these parameters.
    pub fn new(params: &VectorParams) -> Self {
        VectorField {
            modulus: params.field.prime(),
            generator: params.generator.into(),
            element_bits: params.field.word_bits as u32,
        }
    }

    fn radix(&self) -> BigUint {
        BigUint::one() << if self.element_bits == 64 { 0 } else { self.element_bits }
    }

    /// `value * 2^256 mod r`; with canonical elements the value itself.
    pub fn to_montgomery(&self, value: &BigUint) -> BigUint {
        (value * self.radix()) % &self.modulus
    }

    /// The inverse of [`to_montgomery`](Self::to_montgomery).
    pub fn from_montgomery(&self, value: &BigUint) -> BigUint {
        (value * self.inverse(&self.radix())) % &self.modulus
    }

    /// Elements in 256-bit words, the first one lowest; what is left of the last word is zero.
    pub fn pack(&self, elements: &[BigUint]) -> Vec<BigUint> {
        let join = |word: &[BigUint]| word.iter().rev().fold(BigUint::zero(), |all, x| (all << self.element_bits) | x);
        elements.chunks(256 / self.element_bits as usize).map(join).collect()
    }

    /// The elements of words.
    pub fn unpack(&self, words: &[BigUint]) -> Vec<BigUint> {
        let mask = (BigUint::one() << self.element_bits) - 1u32;
        let shifts = || (0..256).step_by(self.element_bits as usize);
        words.iter().flat_map(|word| shifts().map(|shift| (word >> shift) & &mask).collect::<Vec<_>>()).collect()
    }

    /// The inverse of a residue other than zero (Fermat).
    pub fn inverse(&self, value: &BigUint) -> BigUint {
        (value % &self.modulus).modpow(&(&self.modulus - 2u32), &self.modulus)
    }

    /// The primitive 2^log_n-th root of unity `g^((r-1)/2^log_n)`.
    pub fn root(&self, log_n: u32) -> BigUint {
        self.generator.modpow(&((&self.modulus - 1u32) >> log_n), &self.modulus)
    }

    /// Powers 0 to `count - 1` of `ratio`, times `start`.
    pub fn sequence(&self, factors: &Factors, count: usize) -> Vec<BigUint> {
        std::iter::successors(Some(&factors.start % &self.modulus), |f| Some(f * &factors.ratio % &self.modulus))
            .take(count)
            .collect()
    }

    /// The words of a factor block as `abi::layout::Field::factor_block_words` says: the first K = 2^log_seeds
    /// elements of the sequence, then `ratio^K` in a word of its own.
    pub fn factor_block(&self, factors: &Factors, log_seeds: u32) -> Vec<BigUint> {
        let forms = |elements: &[BigUint]| -> Vec<BigUint> { elements.iter().map(|x| self.to_montgomery(x)).collect() };
        let mut words = self.pack(&forms(&self.sequence(factors, 1 << log_seeds)));
        words.extend(forms(&[factors.ratio.modpow(&(BigUint::one() << log_seeds), &self.modulus)]));
        words
    }

    /// The transform by its definition: output k is the sum of input j times `w^(jk)`.
    pub fn dft(&self, input: &[BigUint], w: &BigUint) -> Vec<BigUint> {
        let powers = self.sequence(&Factors { start: BigUint::one(), ratio: w.clone() }, input.len());
        (0..input.len())
            .map(|k| {
                let sum = input.iter().enumerate().map(|(j, x)| x * &powers[j * k % input.len()]);
                sum.fold(BigUint::zero(), |a, b| a + b) % &self.modulus
            })
            .collect()
    }

    /// The same by recursion; the length is a power of two.
    pub fn fft(&self, input: &[BigUint], w: &BigUint) -> Vec<BigUint> {
        if input.len() == 1 {
            return input.to_vec();
        }
        let half = |odd: usize| -> Vec<BigUint> { input.iter().skip(odd).step_by(2).cloned().collect() };
        let square = w * w % &self.modulus;
        let (even, odd) = (self.fft(&half(0), &square), self.fft(&half(1), &square));
        let twiddles = self.sequence(&Factors { start: BigUint::one(), ratio: w.clone() }, even.len());
        let turned: Vec<BigUint> = odd.iter().zip(&twiddles).map(|(x, t)| x * t % &self.modulus).collect();
        let low = even.iter().zip(&turned).map(|(e, t)| (e + t) % &self.modulus);
        let high = even.iter().zip(&turned).map(|(e, t)| (e + &self.modulus - t) % &self.modulus);
        low.chain(high).collect()
    }

    /// What the command NTT computes, canonical to canonical: factors before, transform with w or
    /// its inverse (no division by n), factors after.
    pub fn command(
        &self,
        input: &[BigUint],
        inverse: bool,
        before: Option<&Factors>,
        after: Option<&Factors>,
    ) -> Vec<BigUint> {
        let times = |values: &[BigUint], factors: Option<&Factors>| match factors {
            None => values.to_vec(),
            Some(f) => values.iter().zip(self.sequence(f, values.len())).map(|(v, f)| v * f % &self.modulus).collect(),
        };
        let root = self.root(input.len().trailing_zeros());
        let w = if inverse { self.inverse(&root) } else { root };
        times(&self.fft(&times(input, before), &w), after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;
    use ark_ff::{FftField, Field, PrimeField};
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use rand::{rngs::StdRng, Rng, SeedableRng};

    fn random(field: &VectorField, n: usize, seed: u64) -> Vec<BigUint> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..n).map(|_| BigUint::from_bytes_le(&rng.gen::<[u8; 32]>()) % &field.modulus).collect()
    }

    fn to_ark(values: &[BigUint]) -> Vec<Fr> {
        values.iter().map(|v| Fr::from(v.clone())).collect()
    }

    fn from_ark(values: &[Fr]) -> Vec<BigUint> {
        values.iter().map(|v| (*v).into()).collect()
    }

    #[test]
    fn constants_are_those_of_arkworks() {
        let field = VectorField::bn254_fr();
        assert_eq!(field.modulus, BigUint::from(Fr::MODULUS));
        assert_eq!(field.generator, BigUint::from(Fr::GENERATOR));
        for log_n in 1..=28 {
            let root = Fr::get_root_of_unity(1 << log_n).expect("two-adicity 28");
            assert_eq!(field.root(log_n), BigUint::from(root), "2^{log_n}");
        }
    }

    #[test]
    fn recursion_is_the_definition() {
        let field = VectorField::bn254_fr();
        for log_n in 0u32..=6 {
            let x = random(&field, 1 << log_n, u64::from(log_n));
            assert_eq!(field.fft(&x, &field.root(log_n)), field.dft(&x, &field.root(log_n)), "2^{log_n}");
        }
    }

    #[test]
    fn arkworks_transforms_are_commands() {
        let field = VectorField::bn254_fr();
        let one = BigUint::one();
        for log_n in 1u32..=8 {
            let n = 1usize << log_n;
            let x = random(&field, n, 100 + u64::from(log_n));
            let domain = Radix2EvaluationDomain::<Fr>::new(n).expect("a small domain");
            let offset = Fr::from(7u64);
            let coset = domain.get_coset(offset).expect("not zero");
            let n_inverse = field.inverse(&BigUint::from(n));
            let shift = Factors { start: one.clone(), ratio: 7u32.into() };
            let scale = Factors { start: n_inverse.clone(), ratio: one.clone() };
            let unshift = Factors { start: n_inverse, ratio: BigUint::from(offset.inverse().expect("not zero")) };
            assert_eq!(field.command(&x, false, None, None), from_ark(&domain.fft(&to_ark(&x))));
            assert_eq!(field.command(&x, true, None, Some(&scale)), from_ark(&domain.ifft(&to_ark(&x))));
            assert_eq!(field.command(&x, false, Some(&shift), None), from_ark(&coset.fft(&to_ark(&x))));
            assert_eq!(field.command(&x, true, None, Some(&unshift)), from_ark(&coset.ifft(&to_ark(&x))));
        }
    }
}
