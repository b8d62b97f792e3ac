//! The number-theoretic transform over the Goldilocks field, p = 2^64 - 2^32 + 1.

mod four_step;
mod lanes;
pub(crate) mod scalar;
#[cfg(test)]
mod tests;

use crate::Engine;
use four_step::Plan;
use scalar::{TWO_ADICITY, canonical, inverse, mul, pow, root};

pub use scalar::GOLDILOCKS;

/// Below this the four-step method has no eight columns and rows.
const LEAST: usize = 64;

/// What cannot be transformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoldilocksError {
    /// A length without a root of unity.
    #[error("NTT of {0} elements over Goldilocks: the length must be a power of two from 1 to 2^32")]
    Length(usize),
    /// Zero is no coset generator.
    #[error("NTT on the coset of 0: the coset's generator must not be zero modulo p")]
    ZeroCoset,
}

/// Transforms in place, natural order to natural order; one column.
///
/// Elements are plain integers (no Montgomery form), as in Plonky3's `Goldilocks`, which is a transparent u64: its
/// slices may be viewed as `&mut [u64]` and back. Any u64 is taken for its residue, so p .. 2^64 - 1 are reduced, not
/// refused; results are canonical, below p. The root of order 2^k is 7^((p - 1) / 2^k), as in Plonky3 and Plonky2.
///
/// Forward: coefficients c become evaluations `e_k = sum of c_j * (g * w^k)^j`, g the `coset`'s generator (1 where there is
/// none); inverse: the other way, the division by the length included.
///
/// ```
/// use gristmill_cpu::{Engine, goldilocks_ntt};
///
/// let mut values = vec![1, 2, 3, 4];
/// goldilocks_ntt(Engine::chosen()?, &mut values, false, None)?;
/// assert_eq!(values[0], 10);
/// goldilocks_ntt(Engine::chosen()?, &mut values, true, None)?;
/// assert_eq!(values, [1, 2, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`GoldilocksError`]; the values are as they were.
pub fn goldilocks_ntt(
    engine: Engine,
    values: &mut [u64],
    inverse: bool,
    coset: Option<u64>,
) -> Result<(), GoldilocksError> {
    let n = values.len();
    if !n.is_power_of_two() || n.ilog2() > TWO_ADICITY {
        return Err(GoldilocksError::Length(n));
    }
    let coset = coset.map(canonical);
    if coset == Some(0) {
        return Err(GoldilocksError::ZeroCoset);
    }
    if n < LEAST {
        radix_2(values, inverse, coset);
        return Ok(());
    }
    let plan = Plan::new(n, inverse, coset);
    #[cfg(target_arch = "x86_64")]
    if engine == Engine::Ifma
        && let Some(simd) = crate::simd::Ifma::new()
    {
        plan.run::<lanes::Avx>(simd, values);
        return Ok(());
    }
    let _ = engine;
    plan.run::<lanes::Plain>((), values);
    Ok(())
}

/// Radix 2 in place, one element after the other; for short vectors.
fn radix_2(values: &mut [u64], invert: bool, coset: Option<u64>) {
    let n = values.len();
    let own = root(n.ilog2());
    let root = if invert { inverse(own) } else { own };
    let scaled = |values: &mut [u64], mut scale: u64, g: u64| {
        for v in values {
            *v = mul(*v, scale);
            scale = mul(scale, g);
        }
    };
    if !invert {
        scaled(values, 1, coset.unwrap_or(1));
    }
    if n > 1 {
        for i in 0..n {
            let j = i.reverse_bits() >> (usize::BITS - n.ilog2());
            if i < j {
                values.swap(i, j);
            }
        }
    }
    let mut half = 1;
    while half < n {
        let step = pow(root, (n / (2 * half)) as u64);
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            let mut twiddle = 1;
            for (a, b) in low.iter_mut().zip(high) {
                let (x, y) = (*a, mul(*b, twiddle));
                // Both are below p.
                *a = canonical(if x >= GOLDILOCKS - y { x - (GOLDILOCKS - y) } else { x + y });
                *b = if x >= y { x - y } else { x + (GOLDILOCKS - y) };
                twiddle = mul(twiddle, step);
            }
        }
        half *= 2;
    }
    if invert {
        scaled(values, inverse(n as u64), coset.map_or(1, inverse));
    }
}
