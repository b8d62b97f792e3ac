//! By the four-step method (Bailey, "FFTs in external or hierarchical memory", 1990), eight small transforms
//! at a time, one in each lane, so that all lanes share their twiddles. The vector is a matrix of n1 rows and n2 columns, n1 = n2 or 2 n2:
//!
//! 1. Columns: eight columns are loaded (times the coset's factors), transformed, multiplied by the twiddles between
//!    the steps, and stored where they were.
//! 2. Rows: eight rows are loaded, transformed, multiplied by the scale (1/n, the inverse coset's factors, or
//!    one), fully reduced, and stored where they were; two rows of one pair element by element in turn, where n1 = 2 n2.
//! 3. The matrix of n2 times n2 elements, or pairs, is turned over tile by tile, which is the natural order.
//!
//! Nothing is beside the vector but what a thread works on.
//!
//! A small transform loads in bit-reversed order and runs radix-2 stages, two of them at a time in registers, and the first
//! ones for a block that fits the first-level cache before the next block. Limbs are carried only where they enter a
//! product: a stage adds less than 2^57 to a limb, so that 28 stages stay below 2^62.
//! **Bounds**: inputs are below 2.1p; each stage adds at most 3p (a product by a twiddle is below 2.001p, and
//! 3p makes up for it where it is subtracted); after S stages an operand is below (2.1 + 3 S) p, which must be below
//! 0.95 R, so that the product by a factor below 2.1p is below 4p, where `reduced` takes it.
//! [`STAGES`](Plan::fits) follows from R / p: 25 for BN254's Fr, 10 for BLS12-381's.

use super::{TransformField, constant::Constant, portable, target::Target, turn::turn_over};
use crate::{
    field::{Fp8, Limbs},
    simd::{Ifma, each8, load4, prefetch, store4},
};
use ark_ff::{FftField, Field, Fp, MontBackend, MontConfig};
use rayon::prelude::*;

type Element<T> = Fp<MontBackend<T, 4>, 4>;
type Vector<T> = Fp8<T, 4, 5>;
/// A constant factor: times 2^260, so that a product by it keeps the other operand's form.
type Factor = [u64; 5];

/// Rows that loads and stores of columns run ahead: the processor does not look across pages itself.
const AHEAD: usize = 16;
const LANES: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
/// Vectors that fit the first-level cache, beside twiddles: 20 KiB.
const NEAR: usize = 64;
/// Below 2^6 there are no eight columns and rows.
const LEAST: usize = 64;

impl<T: MontConfig<4>> TransformField for Element<T> {
    fn vectorised(length: usize) -> bool {
        let ratio = (1u64 << 52) / (Limbs::<T, 4, 5>::P[4] + 1);
        let stages = (length.max(1).ilog2() as u64).div_ceil(2);
        length >= LEAST && ratio >= 32 && 3 * stages + 3 <= 95 * ratio / 100
    }

    fn transform(values: &mut [Self], inverse: bool, coset: Option<Self>) -> bool {
        let (Some(simd), Some(plan)) = (Ifma::new(), Plan::new(values.len(), inverse, coset)) else { return false };
        plan.run(simd, values);
        true
    }

    #[inline(always)]
    fn apart(a: &Self, t: &Self) -> (Self, Self) {
        portable::apart(a, t)
    }
}

struct Plan<T: MontConfig<4>> {
    rows: usize,
    columns: usize,
    /// Root of order n (or its inverse).
    root: Element<T>,
    /// Twiddles of the columns' small transforms, of `rows` elements: the powers of their root.
    twiddles: Vec<Constant>,
    /// Factor of input i is this to the power i.
    before: Option<Element<T>>,
    /// Factor of output i is the first times the second to the power i.
    after: (Element<T>, Option<Element<T>>),
}

/// An element as a factor.
fn factor<T: MontConfig<4>>(value: Element<T>) -> Factor {
    crate::field::split::<4, 5>(&(value * Element::<T>::from(16u64)).0.0)
}

impl<T: MontConfig<4>> Plan<T> {
    fn new(n: usize, inverse: bool, coset: Option<Element<T>>) -> Option<Self> {
        let (mut root, mut before, mut after) = (Element::<T>::get_root_of_unity(n as u64)?, coset, None);
        let mut scale = Element::<T>::ONE;
        if inverse {
            root = root.inverse()?;
            scale = Element::<T>::from(n as u64).inverse()?;
            (before, after) = (None, coset.map(|g| g.inverse()).unwrap_or(None));
        }
        let columns = 1 << (n.ilog2() / 2);
        let rows = n / columns;
        let small = root.pow([columns as u64]);
        let mut power = Element::<T>::ONE;
        let twiddles = (0..rows / 2)
            .map(|_| {
                let own = Constant::new(power);
                power *= small;
                own
            })
            .collect();
        Some(Plan { rows, columns, root, twiddles, before, after: (scale, after) })
    }

    fn run(&self, simd: Ifma, values: &mut [Element<T>]) {
        let zero = [simd.splat(0); 5];
        let matrix = Target::new(values);
        (0..self.columns / 8).into_par_iter().for_each_init(
            || vec![Vector::<T>::new(zero); self.rows],
            // SAFETY: `simd` proves the features; each call has its own eight columns.
            |work, block| unsafe { self.columns(simd, &matrix, 8 * block, work) },
        );
        values.par_chunks_mut(8 * self.columns).enumerate().with_min_len(1).for_each_init(
            || vec![Vector::<T>::new(zero); self.columns],
            |work, (block, rows)| match self.rows == self.columns {
                // SAFETY: `simd` proves the features.
                true => unsafe { self.rows::<1>(simd, rows, 8 * block, work) },
                // SAFETY: the same.
                false => unsafe { self.rows::<2>(simd, rows, 8 * block, work) },
            },
        );
        match self.rows == self.columns {
            true => turn_over::<_, 1>(values),
            false => turn_over::<_, 2>(values),
        }
    }

    /// Powers first, first + 1, .. of the root as factors in the lanes, and their common factor's step.
    #[inline(always)]
    fn lanes(simd: Ifma, root: Element<T>, first: usize, scale: Element<T>) -> Vector<T> {
        let mut power = root.pow([first as u64]) * scale * Element::<T>::from(16u64);
        let values: [Element<T>; 8] = std::array::from_fn(|_| {
            let own = power;
            power *= root;
            own
        });
        Vector::unpack(simd, load4(simd, each8(values.each_ref(), |v| &v.0.0)))
    }

    /// Columns first .. first + 8 of the matrix.
    ///
    /// # Safety
    /// No other reference to these columns is alive.
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn columns(&self, simd: Ifma, matrix: &Target<'_, Element<T>>, first: usize, work: &mut [Vector<T>]) {
        let shift = usize::BITS - self.rows.ilog2();
        let mut coset = self.before.map(|g| {
            (Self::lanes(simd, g, first, Element::<T>::ONE), splat(simd, &factor(g.pow([self.columns as u64]))))
        });
        for r in 0..self.rows {
            let at = r * self.columns + first;
            prefetch(matrix.address(at + AHEAD * self.columns), 256);
            // SAFETY: by the caller's promise.
            let mut v = read(simd, unsafe { matrix.eight(at) });
            if let Some((power, step)) = &mut coset {
                v = Vector::mul(simd, &v, power);
                *power = Vector::mul(simd, power, step);
            }
            work[r.reverse_bits() >> shift] = v;
        }
        self.small(simd, work);
        let step = Self::lanes(simd, self.root, first, Element::<T>::ONE);
        let mut power = splat(simd, &factor(Element::<T>::ONE));
        for (r, v) in work.iter().enumerate() {
            let at = r * self.columns + first;
            prefetch(matrix.address(at + AHEAD * self.columns), 256);
            let v = Vector::mul(simd, &v.settled(), &power).reduced(simd);
            // SAFETY: by the caller's promise.
            write(simd, v, unsafe { matrix.eight(at) });
            power = Vector::mul(simd, &power, &step);
        }
    }

    /// Eight rows from the `first` one, U of which go in turn.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn rows<const U: usize>(&self, simd: Ifma, rows: &mut [Element<T>], first: usize, work: &mut [Vector<T>]) {
        let length = self.columns;
        let shift = usize::BITS - length.ilog2();
        for c in 0..length {
            let lanes = each8(LANES, |lane| &rows[lane * length + c].0.0);
            work[c.reverse_bits() >> shift] = Vector::unpack(simd, load4(simd, lanes));
        }
        self.small(simd, work);
        let (scale, root) = self.after;
        let mut power = Self::lanes(simd, root.unwrap_or(Element::<T>::ONE), first, scale);
        let step = root.map(|g| splat(simd, &factor(g.pow([self.rows as u64]))));
        let own = Target::new(rows);
        for (k, v) in work.iter().enumerate() {
            let v = Vector::mul(simd, &v.settled(), &power).reduced(simd).exact(simd);
            // SAFETY: eight different elements of this call's rows.
            let place = |lane: usize| unsafe { own.one(lane / U * U * length + U * k + lane % U) };
            store4(simd, v.pack(simd), each8(LANES, |lane| &mut place(lane).0.0));
            if let Some(step) = &step {
                power = Vector::mul(simd, &power, step);
            }
        }
    }

    /// Transforms in each lane, from bit-reversed to natural order.
    #[inline(always)]
    fn small(&self, simd: Ifma, work: &mut [Vector<T>]) {
        let length = work.len();
        let near = length.min(NEAR);
        for block in work.chunks_exact_mut(near) {
            self.stages(simd, block, 1, near);
        }
        self.stages(simd, work, near, length);
    }

    /// The stages from blocks of `half` elements to blocks of `end`.
    #[inline(always)]
    fn stages(&self, simd: Ifma, work: &mut [Vector<T>], mut half: usize, end: usize) {
        while 4 * half <= end {
            let stride = self.rows / (4 * half);
            for block in work.chunks_exact_mut(4 * half) {
                let (low, high) = block.split_at_mut(2 * half);
                let ((q0, q1), (q2, q3)) = (low.split_at_mut(half), high.split_at_mut(half));
                for (j, (((a, b), c), d)) in q0.iter_mut().zip(q1).zip(q2).zip(q3).enumerate() {
                    let (mut t, mut u) = (*b, *d);
                    if half > 1 {
                        let w = &self.twiddles[2 * j * stride];
                        (t, u) = (Vector::times(simd, &b.settled(), w), Vector::times(simd, &d.settled(), w));
                    }
                    let ((a1, b1), (c1, d1)) = (Vector::apart(simd, a, &t), Vector::apart(simd, c, &u));
                    let t = Vector::times(simd, &c1.settled(), &self.twiddles[j * stride]);
                    let u = Vector::times(simd, &d1.settled(), &self.twiddles[(j + half) * stride]);
                    ((*a, *c), (*b, *d)) = (Vector::apart(simd, &a1, &t), Vector::apart(simd, &b1, &u));
                }
            }
            half *= 4;
        }
        if half < end {
            let stride = self.rows / (2 * half);
            for block in work.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (j, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let t = if half == 1 { *b } else { Vector::times(simd, &b.settled(), &self.twiddles[j * stride]) };
                    (*a, *b) = Vector::apart(simd, a, &t);
                }
            }
        }
    }
}

#[inline(always)]
fn splat<T: MontConfig<4>>(simd: Ifma, factor: &Factor) -> Vector<T> {
    let [a, b, c, d, e] = *factor;
    Vector::new([simd.splat(a), simd.splat(b), simd.splat(c), simd.splat(d), simd.splat(e)])
}

#[inline(always)]
fn read<T: MontConfig<4>>(simd: Ifma, from: &[Element<T>; 8]) -> Vector<T> {
    Vector::unpack(simd, load4(simd, each8(from.each_ref(), |e| &e.0.0)))
}

#[inline(always)]
fn write<T: MontConfig<4>>(simd: Ifma, v: Vector<T>, out: &mut [Element<T>; 8]) {
    store4(simd, v.pack(simd), each8(out.each_mut(), |e| &mut e.0.0));
}
