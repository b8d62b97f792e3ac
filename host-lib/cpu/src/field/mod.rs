//! Vectors of eight field elements, and how arkworks' elements get into them.

mod fp;
mod fp2;
mod inverse;
mod limbs;
#[cfg(test)]
mod tests;

use crate::simd::{Ifma, Lanes, each8, load4, load6, store4, store6};
use ark_ff::{BigInt, BigInteger, Field, Fp, MontBackend, MontConfig, PrimeField};
pub(crate) use fp::Fp8;
pub(crate) use limbs::{Limbs, split};

/// A field of coordinates: arkworks' prime fields of 4 and 6 words and their quadratic extensions.
pub trait Coordinate: Field {
    /// Eight elements.
    #[doc(hidden)]
    type Vector: Vector<Scalar = Self>;

    /// Whether the vectors' bounds hold for this modulus (and this extension).
    #[doc(hidden)]
    fn vectorised() -> bool;

    /// Fully reduced, of a *stored* one.
    #[doc(hidden)]
    fn canonical(self) -> Self;

    /// The inverse, times what makes a slope come out with half the difference of the two radices.
    #[doc(hidden)]
    fn scaled_inverse(&self) -> Option<Self>;
}

/// A prime field of coordinates.
pub trait Prime: Coordinate<Vector: PrimeVector> + PrimeField {
    /// R / p is above 2^30.
    const ROOMY: bool;

    /// 2^(52 L + (52 L + 64 M) / 2 - 2 * 64 M): with it, slope = inverse of the difference of x times that of y
    /// comes out times 2^((52 L + 64 M) / 2), and its square times 2^(64 M), as memory holds it.
    fn scale() -> Self;
}

/// Eight elements; see [`fp`] for the bounds that the names stand for.
pub trait Vector: Copy + Send {
    type Scalar;

    /// From memory.
    fn load(simd: Ifma, rows: [&Self::Scalar; 8]) -> Self;
    /// To memory; carried and below 2^(64 M).
    fn store(self, simd: Ifma, rows: [&mut Self::Scalar; 8]);
    /// Product by 2^(-52 L).
    fn mul(simd: Ifma, a: &Self, b: &Self) -> Self;
    /// Two products by 2^(-52 L), at once: faster than one after the other.
    fn mul2(simd: Ifma, a: [&Self; 2], b: [&Self; 2]) -> [Self; 2];
    /// `a - b + 2p`.
    fn difference(simd: Ifma, a: &Self, b: &Self) -> Self;
    /// `(a - b + 2p) * 2^((52 L - 64 M) / 2)`, for products only.
    fn shifted_difference(simd: Ifma, a: &Self, b: &Self) -> Self;
    /// Not carried.
    fn minus(self, other: &Self) -> Self;
    /// To the stored form.
    fn reduced(self, simd: Ifma) -> Self;
    /// `p - a` in some lanes, not carried.
    fn negate_where(self, simd: Ifma, mask: u8) -> Self;
    /// The other in some lanes.
    fn select(self, mask: u8, other: &Self) -> Self;
    /// Lanes in which a difference may be zero.
    fn maybe_zero(&self, simd: Ifma) -> u8;
    /// Zero where the element is zero, and seldom else.
    fn low(&self) -> Lanes;
}

/// What the quadratic extension needs of its base field.
pub trait PrimeVector: Vector {
    /// `4p - a`.
    fn opposite(&self, simd: Ifma) -> Self;
    /// `16p - 5a`.
    fn minus_five(&self, simd: Ifma) -> Self;
    /// `a[n][0] * b[n][0] + a[n][1] * b[n][1]` by 2^(-52 L) for each n.
    fn dots<const N: usize>(simd: Ifma, a: [[&Self; 2]; N], b: [[&Self; 2]; N]) -> [Self; N];
}

macro_rules! words {
    ($m:literal, $l:literal, $load:ident, $store:ident) => {
        impl<T: MontConfig<$m>> Coordinate for Fp<MontBackend<T, $m>, $m> {
            type Vector = Fp8<T, $m, $l>;

            fn vectorised() -> bool {
                Limbs::<T, $m, $l>::FITS
            }

            #[inline(always)]
            fn canonical(mut self) -> Self {
                // A stored integer is below 2p.
                if self.0 >= T::MODULUS {
                    self.0.sub_with_borrow(&T::MODULUS);
                }
                self
            }

            fn scaled_inverse(&self) -> Option<Self> {
                Some(inverse::element(self)? * Self::scale())
            }
        }

        impl<T: MontConfig<$m>> Prime for Fp<MontBackend<T, $m>, $m> {
            const ROOMY: bool = {
                let bits = T::MODULUS.const_num_bits();
                Limbs::<T, $m, $l>::FITS && bits + 30 < 52 * $l
            };

            fn scale() -> Self {
                let mut words = [0u64; $m];
                words[0] = 1 << (52 * $l + (52 * $l + 64 * $m) / 2 - 128 * $m);
                Self::new(BigInt(words))
            }
        }

        impl<T: MontConfig<$m>> Vector for Fp8<T, $m, $l> {
            type Scalar = Fp<MontBackend<T, $m>, $m>;

            #[inline(always)]
            fn load(simd: Ifma, rows: [&Self::Scalar; 8]) -> Self {
                Self::unpack(simd, $load(simd, each8(rows, |r| &r.0.0)))
            }

            #[inline(always)]
            fn store(self, simd: Ifma, rows: [&mut Self::Scalar; 8]) {
                $store(simd, self.pack(simd), each8(rows, |r| &mut r.0.0));
            }

            #[inline(always)]
            fn mul(simd: Ifma, a: &Self, b: &Self) -> Self {
                Fp8::mul(simd, a, b)
            }

            #[inline(always)]
            fn mul2(simd: Ifma, a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
                Fp8::muls(simd, a, b)
            }

            #[inline(always)]
            fn difference(simd: Ifma, a: &Self, b: &Self) -> Self {
                Fp8::difference::<2>(simd, a, b)
            }

            #[inline(always)]
            fn shifted_difference(simd: Ifma, a: &Self, b: &Self) -> Self {
                Fp8::shifted_difference(simd, a, b)
            }

            #[inline(always)]
            fn minus(self, other: &Self) -> Self {
                Fp8::minus(self, other)
            }

            #[inline(always)]
            fn reduced(self, simd: Ifma) -> Self {
                Fp8::reduced(self, simd)
            }

            #[inline(always)]
            fn negate_where(self, simd: Ifma, mask: u8) -> Self {
                Fp8::negate_where(self, simd, mask)
            }

            #[inline(always)]
            fn select(self, mask: u8, other: &Self) -> Self {
                Fp8::select(self, mask, other)
            }

            #[inline(always)]
            fn maybe_zero(&self, simd: Ifma) -> u8 {
                Fp8::maybe_zero(self, simd)
            }

            #[inline(always)]
            fn low(&self) -> Lanes {
                self.limbs[0]
            }
        }

        impl<T: MontConfig<$m>> PrimeVector for Fp8<T, $m, $l> {
            #[inline(always)]
            fn opposite(&self, simd: Ifma) -> Self {
                self.negated::<4>(simd, false)
            }

            #[inline(always)]
            fn minus_five(&self, simd: Ifma) -> Self {
                self.negated::<16>(simd, true)
            }

            #[inline(always)]
            fn dots<const N: usize>(simd: Ifma, a: [[&Self; 2]; N], b: [[&Self; 2]; N]) -> [Self; N] {
                Fp8::dots(simd, a, b)
            }
        }
    };
}

words!(4, 5, load4, store4);
words!(6, 8, load6, store6);
