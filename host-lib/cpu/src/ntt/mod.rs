//! The number-theoretic transform, natural order to natural order, over fields of four words.

#[cfg(target_arch = "x86_64")]
mod constant;
#[cfg(target_arch = "x86_64")]
mod exact;
pub(crate) mod goldilocks;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
mod target;
#[cfg(test)]
mod tests;
mod turn;

pub use goldilocks::{GOLDILOCKS, GoldilocksError, goldilocks_ntt};

use crate::Engine;
use ark_ff::FftField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zeroize::Zeroizing;

/// A field of transforms: arkworks' prime fields of 4 words.
pub trait TransformField: FftField {
    /// Whether the vectors' bounds hold for this modulus and length.
    #[doc(hidden)]
    fn vectorised(length: usize) -> bool;
    /// By the IFMA engine, if the processor has it.
    #[doc(hidden)]
    fn transform(values: &mut [Self], inverse: bool, coset: Option<Self>) -> bool;
    /// `a + t` and `a - t`.
    #[doc(hidden)]
    fn apart(a: &Self, t: &Self) -> (Self, Self);
}

#[cfg(not(target_arch = "x86_64"))]
impl<T: ark_ff::MontConfig<4>> TransformField for ark_ff::Fp<ark_ff::MontBackend<T, 4>, 4> {
    fn vectorised(_: usize) -> bool {
        false
    }
    fn transform(_: &mut [Self], _: bool, _: Option<Self>) -> bool {
        false
    }
    fn apart(a: &Self, t: &Self) -> (Self, Self) {
        portable::apart(a, t)
    }
}

/// Transforms in place. Forward: the polynomial of the coefficients `values` is evaluated at g w^i, w the
/// primitive root of arkworks' domain of this length and g the generator of the `coset` (1 where there is
/// none); inverse: the other way. False, and `values` as they were, where the length is no power of two, the
/// field has no root of that order, or g is zero.
#[must_use]
pub fn ntt<F: TransformField>(engine: Engine, values: &mut [F], inverse: bool, coset: Option<F>) -> bool {
    let domain = if values.len().is_power_of_two() { Radix2EvaluationDomain::<F>::new(values.len()) } else { None };
    let Some(mut domain) = domain else { return false };
    if let Some(generator) = coset {
        let Some(moved) = domain.get_coset(generator) else { return false };
        domain = moved;
    }
    if engine == Engine::Ifma && F::vectorised(values.len()) && F::transform(values, inverse, coset) {
        return true;
    }
    if portable::transform(values, inverse, coset) {
        return true;
    }
    // ark-poly transforms vectors only. The copy may hold a witness: wiped when dropped.
    let mut copy = Zeroizing::new(values.to_vec());
    if inverse {
        domain.ifft_in_place(&mut *copy);
    } else {
        domain.fft_in_place(&mut *copy);
    }
    values.copy_from_slice(&copy);
    true
}
