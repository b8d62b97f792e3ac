//! A transform checked in O(n), at one random point.
//!
//! The coefficients are evaluated by Horner's rule, the evaluations by the barycentric formula
//! (Berrut and Trefethen, SIAM Review 46(3), 2004, section 4) on the roots of unity. Two different
//! polynomials of degree below n agree at a random point with probability below n/r < 2^-225.

use crate::NttField;
use crate::device::{Transform, reverse};
use ark_ff::batch_inversion;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

/// Is `output` the transform of `input`? Wrong for lengths that no transform has.
pub fn transform_holds<F: NttField>(input: &[F], output: &[F], transform: &Transform<F>) -> bool {
    if input.len() != output.len() || !input.len().is_power_of_two() {
        return false;
    }
    let input = Natural::of(input, transform.order.input());
    let output = Natural::of(output, transform.order.output());
    let (input, output) = (input.elements(), output.elements());
    let Some(domain) = Radix2EvaluationDomain::<F>::new(input.len()) else { return false };
    let (coefficients, evaluations) = if transform.inverse { (output, input) } else { (input, output) };
    let generator = transform.coset.unwrap_or_else(F::one);
    // t = point / generator: on the coset of g, P(g*t) interpolates at the plain roots.
    let (t, vanishing) = loop {
        let t = F::rand(&mut OsRng);
        let vanishing = domain.evaluate_vanishing_polynomial(t);
        if !vanishing.is_zero() {
            break (t, vanishing);
        }
    };
    let point = generator * t;
    let left = coefficients.iter().rev().fold(F::zero(), |sum, c| sum * point + c);
    // P(g*t) = (t^n - 1)/n * sum of e_k * w^k / (t - w^k)
    let roots: Vec<F> = domain.elements().collect();
    let mut inverses: Vec<F> = roots.iter().map(|w| t - w).collect();
    batch_inversion(&mut inverses);
    let sum: F = evaluations.iter().zip(&roots).zip(&inverses).map(|((e, w), i)| *e * w * i).sum();
    let Some(size_inverse) = domain.size_as_field_element().inverse() else { return false };
    left == sum * vanishing * size_inverse
}

/// A vector in natural order: itself, or turned around. What is copied may be a witness.
pub(super) enum Natural<'a, T: zeroize::Zeroize> {
    Itself(&'a [T]),
    Turned(Zeroizing<Vec<T>>),
}

impl<'a, T: Copy + zeroize::Zeroize> Natural<'a, T> {
    pub fn of(values: &'a [T], reversed: bool) -> Self {
        if !reversed {
            return Natural::Itself(values);
        }
        let mut turned = Zeroizing::new(values.to_vec());
        reverse(&mut turned);
        Natural::Turned(turned)
    }

    pub fn elements(&self) -> &[T] {
        match self {
            Natural::Itself(values) => values,
            Natural::Turned(values) => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Order, cpu};
    use ark_bn254::Fr;
    use ark_ff::{One, UniformRand};
    use ark_std::test_rng;

    #[test]
    fn right_transforms_pass_and_one_wrong_element_does_not() {
        let rng = &mut test_rng();
        for log_n in 0..7 {
            for inverse in [false, true] {
                for coset in [None, Some(Fr::from(5u64))] {
                    let order = Order::of(log_n % 2 == 1, log_n % 3 == 1);
                    let transform = Transform { inverse, coset, order };
                    let input: Vec<Fr> = (0..1 << log_n).map(|_| Fr::rand(rng)).collect();
                    let mut output = input.clone();
                    cpu::ntt(&mut output, &transform);
                    assert!(transform_holds(&input, &output, &transform));
                    let at = output.len() / 2;
                    output[at] += Fr::one();
                    assert!(!transform_holds(&input, &output, &transform), "{log_n} {transform:?}");
                }
            }
        }
        assert!(!transform_holds(&[Fr::one(); 3], &[Fr::one(); 3], &Transform::FORWARD));
    }
}
