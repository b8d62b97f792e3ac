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
const BATCH: usize = 2048;

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
    /// Coordinates, and whether the point is to be negated.
    fn get(&self, entry: u32) -> (&F, &F, bool);
}

/// Finite bases; an entry is an index times two, plus one for the negative.
pub(crate) struct Bases<'a, P: SWCurveConfig>(pub &'a [Affine<P>]);

impl<P: SWCurveConfig> Source<P::BaseField> for Bases<'_, P> {
    #[inline(always)]
    fn get(&self, entry: u32) -> (&P::BaseField, &P::BaseField, bool) {
        let point = &self.0[(entry >> 1) as usize];
        (&point.x, &point.y, entry & 1 == 1)
    }
}

/// Points of two slices, one after the other.
pub(crate) struct Points<'a, F>(pub &'a [Point<F>], pub &'a [Point<F>]);

impl<F: Field> Source<F> for Points<'_, F> {
    #[inline(always)]
    fn get(&self, entry: u32) -> (&F, &F, bool) {
        let i = entry as usize;
        let point = if i < self.0.len() { &self.0[i] } else { &self.1[i - self.0.len()] };
        (&point.x, &point.y, false)
    }
}

/// Two entries of a source.
pub(crate) type Pair = (u32, u32);

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
        for (pairs, out) in pairs.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            match self {
                #[cfg(target_arch = "x86_64")]
                Adder::Ifma(adder) => adder.add(source, pairs, out),
                Adder::Portable(adder) => adder.add(source, pairs, out),
            }
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
