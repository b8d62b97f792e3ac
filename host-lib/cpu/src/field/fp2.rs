//! Eight elements of a quadratic extension, u^2 = -1 or -5, over a vector of its base field.
//!
//! A product is two sums of two products, each reduced once: (a0 b0 + a1 (-n b1)) + (a0 b1 + a1 b0) u.
//! All values keep the bounds of [`fp`](super::fp); the second factor's components are at most 4p where
//! n = 1 and 3.1p where n = 5 (which is taken for moduli with R / p above 2^30 only).

use super::{Coordinate, Prime, PrimeVector, Vector};
use crate::simd::{Ifma, Lanes, each8};
use ark_ff::{Field, Fp2Config, Fp2ConfigWrapper, QuadExtField};

type Base<C> = <<C as Fp2Config>::Fp as Coordinate>::Vector;

/// c0 + c1 u.
pub struct Fp2x8<C: Fp2Config<Fp: Prime>> {
    c0: Base<C>,
    c1: Base<C>,
}

impl<C: Fp2Config<Fp: Prime>> Clone for Fp2x8<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Fp2Config<Fp: Prime>> Copy for Fp2x8<C> {}

impl<C: Fp2Config<Fp: Prime>> Coordinate for QuadExtField<Fp2ConfigWrapper<C>> {
    type Vector = Fp2x8<C>;

    fn vectorised() -> bool {
        let one = C::NONRESIDUE == C::Fp::NEG_ONE;
        let five = C::NONRESIDUE == -C::Fp::from(5u64) && C::Fp::ROOMY;
        C::Fp::vectorised() && (one || five)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        QuadExtField { c0: self.c0.canonical(), c1: self.c1.canonical() }
    }

    fn scaled_inverse(&self) -> Option<Self> {
        // (c0 - c1 u) / (c0^2 - u^2 c1^2). The scale is that of the base field's words.
        let norm = self.c0.square() - C::NONRESIDUE * self.c1.square();
        let inverse = norm.scaled_inverse()?;
        Some(QuadExtField { c0: self.c0 * inverse, c1: -self.c1 * inverse })
    }
}

impl<C: Fp2Config<Fp: Prime>> Fp2x8<C> {
    #[inline(always)]
    fn each(self, other: &Self, f: impl Fn(&Base<C>, &Base<C>) -> Base<C>) -> Self {
        Fp2x8 { c0: f(&self.c0, &other.c0), c1: f(&self.c1, &other.c1) }
    }
}

impl<C: Fp2Config<Fp: Prime>> Vector for Fp2x8<C> {
    type Scalar = QuadExtField<Fp2ConfigWrapper<C>>;

    #[inline(always)]
    fn load(simd: Ifma, rows: [&Self::Scalar; 8]) -> Self {
        Fp2x8 { c0: Base::<C>::load(simd, each8(rows, |r| &r.c0)), c1: Base::<C>::load(simd, each8(rows, |r| &r.c1)) }
    }

    #[inline(always)]
    fn store(self, simd: Ifma, rows: [&mut Self::Scalar; 8]) {
        let mut rows = rows;
        self.c0.store(simd, each8(rows.each_mut(), |r| &mut r.c0));
        self.c1.store(simd, each8(rows, |r| &mut r.c1));
    }

    #[inline(always)]
    fn mul(simd: Ifma, a: &Self, b: &Self) -> Self {
        let minus = if C::NONRESIDUE == C::Fp::NEG_ONE { b.c1.opposite(simd) } else { b.c1.minus_five(simd) };
        let (left, right) = ([&a.c0, &a.c1], [[&b.c0, &minus], [&b.c1, &b.c0]]);
        let [c0, c1] = Base::<C>::dots(simd, [left; 2], right);
        Fp2x8 { c0, c1 }
    }

    #[inline(always)]
    fn mul2(simd: Ifma, a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        // A product of the extension is two of the base field's at once already.
        [Self::mul(simd, a[0], b[0]), Self::mul(simd, a[1], b[1])]
    }

    #[inline(always)]
    fn difference(simd: Ifma, a: &Self, b: &Self) -> Self {
        a.each(b, |a, b| Base::<C>::difference(simd, a, b))
    }

    #[inline(always)]
    fn shifted_difference(simd: Ifma, a: &Self, b: &Self) -> Self {
        a.each(b, |a, b| Base::<C>::shifted_difference(simd, a, b))
    }

    #[inline(always)]
    fn minus(self, other: &Self) -> Self {
        self.each(other, |a, b| a.minus(b))
    }

    #[inline(always)]
    fn reduced(self, simd: Ifma) -> Self {
        Fp2x8 { c0: self.c0.reduced(simd), c1: self.c1.reduced(simd) }
    }

    #[inline(always)]
    fn negate_where(self, simd: Ifma, mask: u8) -> Self {
        Fp2x8 { c0: self.c0.negate_where(simd, mask), c1: self.c1.negate_where(simd, mask) }
    }

    #[inline(always)]
    fn select(self, mask: u8, other: &Self) -> Self {
        self.each(other, |a, b| a.select(mask, b))
    }

    #[inline(always)]
    fn maybe_zero(&self, simd: Ifma) -> u8 {
        self.c0.maybe_zero(simd) & self.c1.maybe_zero(simd)
    }

    #[inline(always)]
    fn low(&self) -> Lanes {
        self.c0.low() | self.c1.low()
    }
}
