//! By the four-step method (Bailey, "FFTs in external or hierarchical memory", 1990), in place, 8 W columns at a time: of
//! the matrix of n1 rows and n2 columns, n1 = n2 or 2 n2, the columns are transformed and multiplied by the twiddles between the steps;
//! the matrix is turned over; the columns of that one are transformed, which is the result in natural order. Where n1 = 2 n2, every two
//! rows are made one of pairs before, so that what is turned over is a square matrix of pairs. A lane's columns share their
//! twiddles, so small transforms need no shuffles: radix 4, in a thread's cache, from bit-reversed to natural order.

#![allow(clippy::needless_range_loop)] // Indices run over several arrays; closures would lose the target's features.

use super::{
    super::{target::Target, turn::turn_over},
    lanes::Eight,
    scalar::{inverse, mul, pow, root},
};
use rayon::prelude::*;

pub(super) struct Plan {
    /// As many as columns, or twice.
    rows: usize,
    columns: usize,
    /// Root of order n (or its inverse).
    root: u64,
    inverse: bool,
    /// The powers of the root of order `rows`.
    twiddles: Vec<u64>,
    /// Factor of input i is this to the power i.
    before: Option<u64>,
    /// Factor of output i is the first times the second to the power i.
    after: Option<(u64, u64)>,
}

impl Plan {
    /// Of n >= 64, a power of two.
    pub fn new(n: usize, invert: bool, coset: Option<u64>) -> Self {
        let own = root(n.ilog2());
        let (root, before, after) = match (invert, coset) {
            (false, coset) => (own, coset, None),
            (true, coset) => (inverse(own), None, Some((inverse(n as u64), coset.map_or(1, inverse)))),
        };
        let columns = 1 << (n.ilog2() / 2);
        let rows = n / columns;
        let small = pow(root, columns as u64);
        let mut twiddles = vec![1; rows];
        for i in 1..rows {
            twiddles[i] = mul(twiddles[i - 1], small);
        }
        Plan { rows, columns, root, inverse: invert, twiddles, before, after }
    }

    pub fn run<V: Kernel>(&self, proof: V::Proof, values: &mut [u64]) {
        match (self.columns >= 32, self.inverse) {
            (true, false) => self.wide::<V, 4, false>(proof, values),
            (true, true) => self.wide::<V, 4, true>(proof, values),
            (false, false) => self.wide::<V, 1, false>(proof, values),
            (false, true) => self.wide::<V, 1, true>(proof, values),
        }
    }

    fn wide<V: Kernel, const W: usize, const INVERSE: bool>(&self, proof: V::Proof, values: &mut [u64]) {
        let work = |length| vec![[V::splat(proof, 0); W]; length];
        let matrix = Target::new(values);
        (0..self.columns / (8 * W)).into_par_iter().with_max_len(1).for_each_init(
            || work(self.rows),
            // SAFETY: each call has its own 8 W columns.
            |work, block| unsafe { V::first::<W, INVERSE>(self, proof, &matrix, 8 * W * block, work) },
        );
        match self.rows == self.columns {
            true => turn_over::<_, 1>(values),
            false => {
                paired(values, self.columns);
                turn_over::<_, 2>(values);
            }
        }
        let matrix = Target::new(values);
        (0..self.rows / (8 * W)).into_par_iter().with_max_len(1).for_each_init(
            || work(self.columns),
            // SAFETY: each call has its own 8 W columns.
            |work, block| unsafe { V::second::<W, INVERSE>(self, proof, &matrix, 8 * W * block, work) },
        );
    }

    /// `scale` times the powers first, first + 1, .. of `base`.
    #[inline(always)]
    fn powers<V: Eight, const W: usize>(proof: V::Proof, base: u64, first: usize, scale: u64) -> [V; W] {
        let mut power = mul(pow(base, first as u64), scale);
        let mut out = [V::splat(proof, 0); W];
        for out in &mut out {
            let mut lanes = [0; 8];
            for lane in &mut lanes {
                *lane = power;
                power = mul(power, base);
            }
            *out = V::load(proof, &lanes);
        }
        out
    }

    /// The first step of columns first .. first + 8 W.
    ///
    /// # Safety
    /// Nobody else has these columns.
    #[inline(always)]
    unsafe fn first<V: Eight, const W: usize, const INVERSE: bool>(
        &self,
        proof: V::Proof,
        matrix: &Target<'_, u64>,
        first: usize,
        work: &mut [[V; W]],
    ) {
        let shift = usize::BITS - self.rows.ilog2();
        let mut coset = None;
        if let Some(g) = self.before {
            coset = Some((Self::powers::<V, W>(proof, g, first, 1), V::splat(proof, pow(g, self.columns as u64))));
        }
        for r in 0..self.rows {
            let row = &mut work[r.reverse_bits() >> shift];
            for w in 0..W {
                // SAFETY: the caller's promise.
                row[w] = V::load(proof, unsafe { matrix.eight(r * self.columns + first + 8 * w) });
            }
            if let Some((power, step)) = &mut coset {
                for w in 0..W {
                    row[w] = row[w].mul(power[w]);
                    power[w] = power[w].mul(*step);
                }
            }
        }
        self.small::<V, W, INVERSE>(proof, work);
        let steps = Self::powers::<V, W>(proof, self.root, first, 1);
        let mut power = [V::splat(proof, 1); W];
        for (r, row) in work.iter().enumerate() {
            for w in 0..W {
                let v = row[w].mul(power[w]);
                power[w] = power[w].mul(steps[w]);
                // SAFETY: the caller's promise.
                v.store(unsafe { matrix.eight(r * self.columns + first + 8 * w) });
            }
        }
    }

    /// The second step of columns first .. first + 8 W of the matrix that was turned over.
    ///
    /// # Safety
    /// Nobody else has these columns.
    #[inline(always)]
    unsafe fn second<V: Eight, const W: usize, const INVERSE: bool>(
        &self,
        proof: V::Proof,
        matrix: &Target<'_, u64>,
        first: usize,
        work: &mut [[V; W]],
    ) {
        let shift = usize::BITS - self.columns.ilog2();
        for c in 0..self.columns {
            let row = &mut work[c.reverse_bits() >> shift];
            for w in 0..W {
                // SAFETY: the caller's promise.
                row[w] = V::load(proof, unsafe { matrix.eight(c * self.rows + first + 8 * w) });
            }
        }
        self.small::<V, W, INVERSE>(proof, work);
        let mut factors = None;
        if let Some((scale, g)) = self.after {
            factors = Some((Self::powers::<V, W>(proof, g, first, scale), V::splat(proof, pow(g, self.rows as u64))));
        }
        for (k, row) in work.iter().enumerate() {
            for w in 0..W {
                let mut v = row[w];
                if let Some((power, step)) = &mut factors {
                    v = v.mul(power[w]);
                    power[w] = power[w].mul(*step);
                }
                // SAFETY: the caller's promise.
                v.canonical().store(unsafe { matrix.eight(k * self.rows + first + 8 * w) });
            }
        }
    }

    /// Transforms in each lane, from bit-reversed to natural order.
    #[inline(always)]
    fn small<V: Eight, const W: usize, const INVERSE: bool>(&self, proof: V::Proof, work: &mut [[V; W]]) {
        let mut half = 1;
        if work.len().ilog2() % 2 == 1 {
            for pair in work.as_chunks_mut::<2>().0 {
                for w in 0..W {
                    let t = pair[1][w].canonical();
                    (pair[0][w], pair[1][w]) = (pair[0][w].plus(t), pair[0][w].minus(t));
                }
            }
            half = 2;
        }
        while half < work.len() {
            let stride = self.rows / (4 * half);
            for block in work.chunks_exact_mut(4 * half) {
                let (low, high) = block.split_at_mut(2 * half);
                let ((x0, x1), (x2, x3)) = (low.split_at_mut(half), high.split_at_mut(half));
                for j in 0..half {
                    let at = j * stride;
                    let (u1, u2, u3) = (
                        V::splat(proof, self.twiddles[at]),
                        V::splat(proof, self.twiddles[2 * at]),
                        V::splat(proof, self.twiddles[3 * at]),
                    );
                    for w in 0..W {
                        let (v0, mut v1, mut v2, mut v3) = (x0[j][w], x1[j][w], x2[j][w], x3[j][w]);
                        if half > 1 {
                            (v1, v2, v3) = (v1.mul(u2), v2.mul(u1), v3.mul(u3));
                        }
                        let (t1, t3) = (v1.canonical(), v3.canonical());
                        let (a, b) = (v0.plus(t1), v0.minus(t1));
                        let (c, d) = (v2.plus(t3).canonical(), v2.minus(t3).turned().canonical());
                        (x0[j][w], x2[j][w]) = (a.plus(c), a.minus(c));
                        // The root of order four is 2^48, its inverse the negative.
                        let (e, f) = (b.plus(d), b.minus(d));
                        (x1[j][w], x3[j][w]) = if INVERSE { (f, e) } else { (e, f) };
                    }
                }
            }
            half *= 4;
        }
    }
}

/// Makes every two rows of so many columns one row of pairs.
fn paired(values: &mut [u64], columns: usize) {
    values.par_chunks_mut(2 * columns).for_each_init(
        || vec![0; 2 * columns],
        |pairs, rows| {
            let (upper, lower) = rows.split_at(columns);
            for ((pair, a), b) in pairs.as_chunks_mut::<2>().0.iter_mut().zip(upper).zip(lower) {
                *pair = [*a, *b];
            }
            rows.copy_from_slice(pairs);
        },
    );
}

/// The two steps as functions of their own, compiled for the instructions that the vector needs.
pub(super) trait Kernel: Eight {
    /// # Safety
    /// Nobody else has these columns.
    unsafe fn first<const W: usize, const INVERSE: bool>(
        plan: &Plan,
        proof: Self::Proof,
        matrix: &Target<'_, u64>,
        first: usize,
        work: &mut [[Self; W]],
    );

    /// # Safety
    /// Nobody else has these columns.
    unsafe fn second<const W: usize, const INVERSE: bool>(
        plan: &Plan,
        proof: Self::Proof,
        matrix: &Target<'_, u64>,
        first: usize,
        work: &mut [[Self; W]],
    );
}

macro_rules! kernel {
    ($vector:ty, $($feature:meta)?) => {
        impl Kernel for $vector {
            kernel!(@step first, $vector, $($feature)?);
            kernel!(@step second, $vector, $($feature)?);
        }
    };
    (@step $step:ident, $vector:ty, $($feature:meta)?) => {
        unsafe fn $step<const W: usize, const INVERSE: bool>(
            plan: &Plan,
            proof: Self::Proof,
            matrix: &Target<'_, u64>,
            first: usize,
            work: &mut [[Self; W]],
        ) {
            $(#[$feature])?
            unsafe fn compiled<const W: usize, const INVERSE: bool>(
                plan: &Plan,
                proof: <$vector as Eight>::Proof,
                matrix: &Target<'_, u64>,
                first: usize,
                work: &mut [[$vector; W]],
            ) {
                // SAFETY: the caller's promise.
                unsafe { plan.$step::<$vector, W, INVERSE>(proof, matrix, first, work) }
            }
            // SAFETY: the caller's promise; `proof` proves the features.
            unsafe { compiled::<W, INVERSE>(plan, proof, matrix, first, work) }
        }
    };
}

kernel!(super::lanes::Plain,);
#[cfg(target_arch = "x86_64")]
kernel!(super::lanes::Avx, target_feature(enable = "avx512f"));
