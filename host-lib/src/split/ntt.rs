//! The four-step transform (Bailey, *FFTs in External or Hierarchical Memory*, J. Supercomputing 4,
//! 1990, section 2): with N = R*C, input j = j1*C + j2 and output k = k1 + R*k2,
//!
//! 1. each of the C columns (j2 fixed) is transformed over j1: R elements;
//! 2. element (k1, j2) is multiplied by w^(j2*k1), w the root of order N;
//! 3. each of the R rows (k1 fixed) is transformed over j2: C elements;
//! 4. the matrix is read by columns.
//!
//! The factors of step 2 and those of cosets are geometric sequences along every column and row,
//! so each small transform carries them as its factors before and after, which is what a card's
//! NTT command takes. Rows that are still too long are split again.

use crate::NttField;
use crate::device::{Order, Transform};
use zeroize::Zeroizing;

/// The factors `start * ratio^i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence<F> {
    /// The first factor.
    pub start: F,
    /// Each to the one before.
    pub ratio: F,
}

impl<F: NttField> Sequence<F> {
    /// Multiplies element i by `start * ratio^i`.
    pub fn apply(&self, values: &mut [F]) {
        let mut factor = self.start;
        for v in values {
            *v *= factor;
            factor *= self.ratio;
        }
    }

    /// Every `step`-th factor from `first` on.
    pub fn strided(&self, first: usize, step: usize) -> Self {
        Sequence { start: self.start * self.ratio.pow([first as u64]), ratio: self.ratio.pow([step as u64]) }
    }
}

/// A transform as a card's NTT command does it: `output_k = after_k * sum of before_j * input_j *
/// w^(jk)`, with w^-1 in place of w if inverse, and no division by the length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kernel<F> {
    /// Use w^-1.
    pub inverse: bool,
    /// Factors of the input.
    pub before: Option<Sequence<F>>,
    /// Factors of the output.
    pub after: Option<Sequence<F>>,
}

impl<F: NttField> Kernel<F> {
    /// The kernel of a transform of `length` elements (a power of two, of a coset that is not 0), in natural order.
    pub fn of(transform: &Transform<F>, length: usize) -> Self {
        let coset = transform.coset.filter(|g| !g.is_one());
        if transform.inverse {
            let start = F::from(length as u64).inverse().unwrap_or_default();
            let ratio = coset.and_then(|g| g.inverse()).unwrap_or_else(F::one);
            Kernel { inverse: true, before: None, after: Some(Sequence { start, ratio }) }
        } else {
            let before = coset.map(|ratio| Sequence { start: F::one(), ratio });
            Kernel { inverse: false, before, after: None }
        }
    }
}

/// One small transform of a batch, in place.
pub struct SmallNtt<'a, F> {
    /// The vector, of a power of two of elements.
    pub values: &'a mut [F],
    /// What to do with it.
    pub kernel: Kernel<F>,
    /// In which order its elements lie. A small transform of a longer one's is in natural order.
    pub order: Order,
}

/// Transforms a power of two of elements in place, by batches of transforms of at most `max`
/// elements each (a power of two from 2 on) that `small` does.
///
/// # Errors
/// The first one of `small`; the values are then what they were.
pub fn ntt<F: NttField, E>(
    values: &mut [F],
    kernel: Kernel<F>,
    max: usize,
    small: &mut impl FnMut(&mut [SmallNtt<'_, F>]) -> Result<(), E>,
) -> Result<(), E> {
    let n = values.len();
    let max = max.max(2);
    if n <= max {
        let mut copy = Zeroizing::new(values.to_vec());
        small(&mut [SmallNtt { values: &mut copy, kernel, order: Order::Natural }])?;
        values.copy_from_slice(&copy);
        return Ok(());
    }
    let (log_n, log_max) = (n.ilog2(), max.ilog2());
    let rows = 1 << log_n.div_ceil(log_n.div_ceil(log_max));
    let columns = n / rows;
    let root = F::get_root_of_unity(n as u64).unwrap_or_else(F::one);
    let root = if kernel.inverse { root.inverse().unwrap_or(root) } else { root };

    let mut by_columns = transposed(values, rows, columns);
    let mut twiddle = F::one();
    let mut batch: Vec<SmallNtt<'_, F>> = Vec::with_capacity(columns);
    for (j2, column) in by_columns.chunks_exact_mut(rows).enumerate() {
        let before = kernel.before.map(|s| s.strided(j2, columns));
        let after = (j2 > 0).then_some(Sequence { start: F::one(), ratio: twiddle });
        let kernel = Kernel { inverse: kernel.inverse, before, after };
        batch.push(SmallNtt { values: column, kernel, order: Order::Natural });
        twiddle *= root;
    }
    small(&mut batch)?;

    let mut by_rows = transposed(&by_columns, columns, rows);
    let row_kernel =
        |k1| Kernel { inverse: kernel.inverse, before: None, after: kernel.after.map(|s| s.strided(k1, rows)) };
    if columns <= max {
        let vectors = by_rows.chunks_exact_mut(columns).enumerate();
        let row = |(k1, values)| SmallNtt { values, kernel: row_kernel(k1), order: Order::Natural };
        small(&mut vectors.map(row).collect::<Vec<_>>())?;
    } else {
        for (k1, row) in by_rows.chunks_exact_mut(columns).enumerate() {
            ntt(row, row_kernel(k1), max, small)?;
        }
    }
    values.copy_from_slice(&transposed(&by_rows, rows, columns));
    Ok(())
}

/// The matrix of `rows * columns` elements, row by row, turned over.
fn transposed<F: NttField>(matrix: &[F], rows: usize, columns: usize) -> Zeroizing<Vec<F>> {
    let mut turned = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        turned.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    Zeroizing::new(turned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu;
    use ark_bn254::Fr;
    use ark_ff::{FftField, Field, One};
    use ark_std::{UniformRand, test_rng};

    /// The kernel by its definition.
    fn by_definition(values: &mut [Fr], kernel: &Kernel<Fr>) {
        let n = values.len();
        let w = Fr::get_root_of_unity(n as u64).unwrap();
        let w = if kernel.inverse { w.inverse().unwrap() } else { w };
        if let Some(s) = kernel.before {
            s.apply(values);
        }
        let input = values.to_vec();
        for (k, v) in values.iter_mut().enumerate() {
            *v = input.iter().enumerate().map(|(j, x)| w.pow([(j * k) as u64]) * x).sum();
        }
        if let Some(s) = kernel.after {
            s.apply(values);
        }
    }

    #[test]
    fn equals_ark_poly_whatever_fits() {
        let rng = &mut test_rng();
        for log_n in 0..=9 {
            for max in [2, 8, 64] {
                for inverse in [false, true] {
                    for coset in [None, Some(Fr::from(5u64))] {
                        let transform = Transform { inverse, coset, order: Order::Natural };
                        let mut values: Vec<Fr> = (0..1 << log_n).map(|_| Fr::rand(rng)).collect();
                        let mut expected = values.clone();
                        cpu::ntt(&mut expected, &transform);
                        let kernel = Kernel::of(&transform, values.len());
                        let mut small = |batch: &mut [SmallNtt<'_, Fr>]| {
                            for task in batch.iter_mut() {
                                assert!(task.values.len() <= max);
                                by_definition(task.values, &task.kernel);
                            }
                            Ok::<_, ()>(())
                        };
                        assert_eq!(ntt(&mut values, kernel, max, &mut small), Ok(()));
                        assert_eq!(values, expected, "2^{log_n} by {max}, {transform:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_error_leaves_the_values_alone() {
        let mut values: Vec<Fr> = (0..64u64).map(Fr::from).collect();
        let before = values.clone();
        let mut calls = 0;
        let result = ntt(&mut values, Kernel::default(), 8, &mut |batch: &mut [SmallNtt<'_, Fr>]| {
            calls += 1;
            batch[0].values[0] = Fr::one();
            if calls == 2 { Err("broken") } else { Ok(()) }
        });
        assert_eq!((result, values), (Err("broken"), before));
    }
}
