//! Affine additions by the thousand, with one inversion for all: the one primitive that the MSM is
//! made of. Complete: infinity, equal and opposite points give what they should.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
#[cfg(test)]
mod tests;

use crate::{Coordinate, Engine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::Field;

/// Additions that share an inversion.
pub(crate) const BATCH: usize = 2048;

/// An affine point in working memory. (0, 0), which is on no curve with b != 0, is infinity. With
/// the IFMA engine coordinates may be slightly above p (see the field's bounds).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Point<F> {
    pub x: F,
    pub y: F,
}

impl<F: Field> Point<F> {
    /// Exact: infinity is always stored as zeros.
    pub fn is_infinity(&self) -> bool {
        self.x.is_zero() && self.y.is_zero()
    }
}

/// Where operands come from.
pub(crate) trait Source<F>: Sync {
    /// The lowest bit of an entry says whether the point is to be negated.
    const SIGNED: bool;

    /// Coordinates.
    fn get(&self, entry: u32) -> (&F, &F);

    /// Whether the point is to be negated.
    #[inline(always)]
    fn negative(&self, entry: u32) -> bool {
        Self::SIGNED && entry & 1 == 1
    }

    /// The point, negated if it is to be.
    #[inline(always)]
    fn point(&self, entry: u32) -> Point<F>
    where
        F: Field,
    {
        let (&x, &y) = self.get(entry);
        Point { x, y: if self.negative(entry) { -y } else { y } }
    }

    /// Has the coordinates loaded into the cache.
    #[inline(always)]
    fn prefetch(&self, entry: u32) {
        #[cfg(target_arch = "x86_64")]
        crate::simd::prefetch(self.get(entry).0, 2 * size_of::<F>());
        #[cfg(not(target_arch = "x86_64"))]
        let _ = entry;
    }
}

/// Finite bases; an entry is an index times two, plus one for the negative.
pub(crate) struct Bases<'a, P: SWCurveConfig>(pub &'a [Affine<P>]);

impl<P: SWCurveConfig> Source<P::BaseField> for Bases<'_, P> {
    const SIGNED: bool = true;

    #[inline(always)]
    fn get(&self, entry: u32) -> (&P::BaseField, &P::BaseField) {
        let point = &self.0[(entry >> 1) as usize];
        (&point.x, &point.y)
    }
}

/// Points of working memory.
pub(crate) struct Points<'a, F>(pub &'a [Point<F>]);

impl<F: Field> Source<F> for Points<'_, F> {
    const SIGNED: bool = false;

    #[inline(always)]
    fn get(&self, entry: u32) -> (&F, &F) {
        let point = &self.0[entry as usize];
        (&point.x, &point.y)
    }
}

/// Two entries of a source.
pub(crate) type Pair = [u32; 2];

/// Working memory of one thread for [`add`](Adder::add).
pub(crate) enum Adder<F: Coordinate> {
    #[cfg(target_arch = "x86_64")]
    Ifma(ifma::Adder<F::Vector>),
    Portable(portable::Adder<F>),
}

impl<F: Coordinate> Adder<F> {
    pub fn new(engine: Engine) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let (Engine::Ifma, true, Some(simd)) = (engine, F::vectorised(), crate::simd::Ifma::new()) {
            return Adder::Ifma(ifma::Adder::new(simd));
        }
        let _ = engine;
        Adder::Portable(portable::Adder::default())
    }

    /// `out[i]` = sum of the two points of `pairs[i]`; as long as each other.
    pub fn add(&mut self, source: &impl Source<F>, pairs: &[Pair], out: &mut [Point<F>]) {
        debug_assert_eq!(pairs.len(), out.len());
        for (i, out) in out.chunks_mut(BATCH).enumerate() {
            self.begin(source, source, &pairs[BATCH * i..], out.len());
            self.finish(out);
        }
    }

    /// `sums[i]` becomes the sum of itself and the second point of `pairs[i]`; the first entry of `pairs[i]` is `i`.
    pub fn add_to(&mut self, source: &impl Source<F>, pairs: &[Pair], sums: &mut [Point<F>]) {
        debug_assert_eq!(pairs.len(), sums.len());
        for start in (0..sums.len()).step_by(BATCH) {
            let end = sums.len().min(start + BATCH);
            self.begin(&Points(sums), source, &pairs[start..], end - start);
            self.finish(&mut sums[start..end]);
        }
    }

    /// The part that reads: of the first `number` pairs, at most [`BATCH`]. Those behind them may be loaded ahead.
    fn begin(&mut self, left: &impl Source<F>, right: &impl Source<F>, pairs: &[Pair], number: usize) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Adder::Ifma(adder) => adder.begin(left, right, pairs, number),
            Adder::Portable(adder) => adder.begin(left, right, pairs, number),
        }
    }

    /// The part that writes; as many as begun.
    fn finish(&mut self, out: &mut [Point<F>]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Adder::Ifma(adder) => adder.finish(out),
            Adder::Portable(adder) => adder.finish(out),
        }
    }
}

/// What the sum of two points needs.
enum Case<F> {
    /// The slope is the quotient of the differences.
    Chord,
    /// The slope is `dy / dx`, the tangent's.
    Tangent { dx: F, dy: F },
    /// The sum is known.
    Known(Point<F>),
}

impl<F: Field> Case<F> {
    /// Of points with fully reduced coordinates, on a curve with a = 0.
    fn of(p: Point<F>, q: Point<F>) -> Self {
        if p.is_infinity() {
            Case::Known(q)
        } else if q.is_infinity() {
            Case::Known(p)
        } else if p.x != q.x {
            Case::Chord
        } else if p.y == q.y && !p.y.is_zero() {
            let square = p.x.square();
            Case::Tangent { dx: p.y.double(), dy: square.double() + square }
        } else {
            Case::Known(Point { x: F::ZERO, y: F::ZERO })
        }
    }
}
