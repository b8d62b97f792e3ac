//! The four steps in place as `ifma` describes them, by arkworks' own multiplication: eight columns, then eight rows, at a time.

use super::{TransformField, target::Target, turn::turn_over};
use ark_ff::{BigInt, FftField, Fp, MontBackend, MontConfig};
use rayon::prelude::*;

/// Below 2^6 there are no eight columns and rows.
const LEAST: usize = 64;

/// Rows that loads and stores of columns run ahead.
const AHEAD: usize = 16;

/// An element of each of eight small transforms.
type Eight<F> = [F; 8];

struct Plan<F> {
    rows: usize,
    columns: usize,
    /// Root of order n (or its inverse).
    root: F,
    /// Powers of the root of order `rows`.
    twiddles: Vec<F>,
    /// Factor of input i is this to the power i.
    before: Option<F>,
    /// Factor of output i is the first times the second to the power i.
    after: Option<(F, F)>,
}

/// Transforms a vector whose length is a power of two that the field has a root for, on the coset of a generator that is not zero. False, and
/// the vector as it was, if it is too short.
pub(super) fn transform<F: TransformField>(values: &mut [F], inverse: bool, coset: Option<F>) -> bool {
    let plan = if values.len() < LEAST { None } else { Plan::new(values.len(), inverse, coset) };
    let Some(plan) = plan else { return false };
    plan.run(values);
    true
}

impl<F: TransformField> Plan<F> {
    fn new(n: usize, inverse: bool, coset: Option<F>) -> Option<Self> {
        let (mut root, mut before, mut after) = (F::get_root_of_unity(n as u64)?, coset, None);
        if inverse {
            root = root.inverse()?;
            let ratio = match coset {
                Some(generator) => generator.inverse()?,
                None => F::one(),
            };
            (before, after) = (None, Some((F::from(n as u64).inverse()?, ratio)));
        }
        let columns = 1 << (n.ilog2() / 2);
        let rows = n / columns;
        let small = root.pow([columns as u64]);
        let twiddles = std::iter::successors(Some(F::one()), |w| Some(*w * small)).take(rows / 2).collect();
        Some(Plan { rows, columns, root, twiddles, before, after })
    }

    fn run(&self, values: &mut [F]) {
        let matrix = Target::new(values);
        (0..self.columns / 8).into_par_iter().for_each_init(
            || vec![[F::zero(); 8]; self.rows],
            // SAFETY: each call has its own eight columns.
            |work, block| unsafe { self.columns(&matrix, 8 * block, work) },
        );
        let pairs = self.rows != self.columns;
        values.par_chunks_mut(8 * self.columns).enumerate().with_min_len(1).for_each_init(
            || vec![[F::zero(); 8]; self.columns],
            |work, (block, rows)| self.rows(rows, 8 * block, if pairs { 2 } else { 1 }, work),
        );
        match pairs {
            false => turn_over::<_, 1>(values),
            true => turn_over::<_, 2>(values),
        }
    }

    /// Columns first .. first + 8 of the matrix.
    ///
    /// # Safety
    /// No other reference to these columns is alive.
    unsafe fn columns(&self, matrix: &Target<'_, F>, first: usize, work: &mut [Eight<F>]) {
        let shift = usize::BITS - self.rows.ilog2();
        let mut coset = self.before.map(|g| (powers(g, first, F::one()), g.pow([self.columns as u64])));
        for r in 0..self.rows {
            let at = r * self.columns + first;
            ahead(matrix.address(at + AHEAD * self.columns));
            // SAFETY: by the caller's promise.
            let mut v = *unsafe { matrix.eight(at) };
            if let Some((power, step)) = &mut coset {
                times(&mut v, power);
                power.iter_mut().for_each(|p| *p *= *step);
            }
            work[r.reverse_bits() >> shift] = v;
        }
        self.small(work);
        let step = powers(self.root, first, F::one());
        let mut power = step;
        for (r, v) in work.iter_mut().enumerate() {
            if r > 0 {
                times(v, &power);
                times(&mut power, &step);
            }
            let at = r * self.columns + first;
            ahead(matrix.address(at + AHEAD * self.columns));
            // SAFETY: by the caller's promise.
            *unsafe { matrix.eight(at) } = *v;
        }
    }

    /// Eight rows from the `first` one, `turns` of which go in turn.
    fn rows(&self, rows: &mut [F], first: usize, turns: usize, work: &mut [Eight<F>]) {
        let length = self.columns;
        let shift = usize::BITS - length.ilog2();
        for c in 0..length {
            work[c.reverse_bits() >> shift] = std::array::from_fn(|lane| rows[lane * length + c]);
        }
        self.small(work);
        let mut factors = self.after.map(|(scale, g)| (powers(g, first, scale), g.pow([self.rows as u64])));
        for (k, v) in work.iter_mut().enumerate() {
            if let Some((power, step)) = &mut factors {
                times(v, power);
                if !step.is_one() {
                    power.iter_mut().for_each(|p| *p *= *step);
                }
            }
            for (lane, v) in v.iter().enumerate() {
                rows[lane / turns * turns * length + turns * k + lane % turns] = *v;
            }
        }
    }

    /// Eight transforms, from bit-reversed to natural order.
    fn small(&self, work: &mut [Eight<F>]) {
        let mut half = 1;
        while half < work.len() {
            let stride = self.rows / (2 * half);
            for block in work.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (j, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let w = &self.twiddles[j * stride];
                    for (a, b) in a.iter_mut().zip(b) {
                        let t = if j == 0 { *b } else { *b * w };
                        (*a, *b) = F::apart(a, &t);
                    }
                }
            }
            half *= 2;
        }
    }
}

/// Powers first, first + 1, .. of a ratio, each times a scale.
fn powers<F: FftField>(ratio: F, first: usize, scale: F) -> Eight<F> {
    let mut power = ratio.pow([first as u64]) * scale;
    std::array::from_fn(|_| {
        let own = power;
        power *= ratio;
        own
    })
}

fn times<F: FftField>(values: &mut Eight<F>, factors: &Eight<F>) {
    values.iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
}

/// `a + t` and `a - t` without branches, which random values would have mispredicted half of the time. The modulus is below 2^255.
#[inline(always)]
pub(super) fn apart<T: MontConfig<4>>(
    a: &Fp<MontBackend<T, 4>, 4>,
    t: &Fp<MontBackend<T, 4>, 4>,
) -> (Fp<MontBackend<T, 4>, 4>, Fp<MontBackend<T, 4>, 4>) {
    let (a, t, p) = (&a.0.0, &t.0.0, &T::MODULUS.0);
    let (sum, _) = plus(a, t);
    let (less, borrow) = minus(&sum, p);
    let keep = u64::from(borrow).wrapping_neg();
    let sum = std::array::from_fn(|i| (sum[i] & keep) | (less[i] & !keep));
    let (difference, borrow) = minus(a, t);
    let mask = u64::from(borrow).wrapping_neg();
    let (difference, _) = plus(&difference, &p.map(|limb| limb & mask));
    (Fp::new_unchecked(BigInt(sum)), Fp::new_unchecked(BigInt(difference)))
}

#[inline(always)]
fn plus(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut carry = false;
    let sum = std::array::from_fn(|i| {
        let (low, first) = a[i].overflowing_add(b[i]);
        let (low, second) = low.overflowing_add(u64::from(carry));
        carry = first | second;
        low
    });
    (sum, carry)
}

#[inline(always)]
fn minus(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut borrow = false;
    let difference = std::array::from_fn(|i| {
        let (low, first) = a[i].overflowing_sub(b[i]);
        let (low, second) = low.overflowing_sub(u64::from(borrow));
        borrow = first | second;
        low
    });
    (difference, borrow)
}

/// Has eight elements loaded into the cache.
#[inline(always)]
fn ahead<F>(first: *const F) {
    #[cfg(target_arch = "x86_64")]
    crate::simd::prefetch(first, 8 * size_of::<F>());
    #[cfg(not(target_arch = "x86_64"))]
    let _ = first;
}
