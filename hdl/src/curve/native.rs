//! The complete addition on machine words: what the adder's twin computes with.

use gristmill_hdl_kit::word::U;

use super::CurveParams;
use crate::field::native::{first, Native};

/// X, Y, Z of a projective point on N limbs, Montgomery form.
type Limbs<const N: usize> = [[u64; N]; 3];

/// Complete addition on a curve with a = 0 (Renes, Costello, Batina, eprint 2015/1060, algorithm 7).
#[derive(Clone, Copy, Debug)]
pub struct NativeAdder<const N: usize> {
    field: Native<N>,
    b3: u32,
}

impl<const N: usize> NativeAdder<N> {
    /// For a curve over a field of 64 N-bit words.
    pub fn new(curve: &CurveParams) -> Self {
        Self { field: Native::new(&curve.field), b3: curve.b3() }
    }

    /// P + Q for any two points of the curve.
    #[inline]
    pub fn add(&self, [x1, y1, z1]: &Limbs<N>, [x2, y2, z2]: &Limbs<N>) -> Limbs<N> {
        let f = &self.field;
        let (xx, yy, zz) = (f.mul(x1, x2), f.mul(y1, y2), f.mul(z1, z2));
        // The cross sums, e.g. x1*y2 + x2*y1.
        let cross = |a1, b1, a2, b2, aa, bb| f.sub(&f.mul(&f.add(a1, b1), &f.add(a2, b2)), &f.add(aa, bb));
        let xy = cross(x1, y1, x2, y2, &xx, &yy);
        let yz = cross(y1, z1, y2, z2, &yy, &zz);
        let xz = cross(x1, z1, x2, z2, &xx, &zz);
        let xx3 = f.mul_small(3, &xx);
        let zz_b3 = f.mul_small(self.b3, &zz);
        let xz_b3 = f.mul_small(self.b3, &xz);
        let (plus, minus) = (f.add(&yy, &zz_b3), f.sub(&yy, &zz_b3));
        [
            f.sub(&f.mul(&xy, &minus), &f.mul(&yz, &xz_b3)),
            f.add(&f.mul(&minus, &plus), &f.mul(&xz_b3, &xx3)),
            f.add(&f.mul(&plus, &yz), &f.mul(&xx3, &xy)),
        ]
    }
}

/// [`NativeAdder`] for a word of either size, on the ports' type.
#[derive(Clone, Copy, Debug)]
pub enum NativeAdderWord {
    /// 256-bit words.
    W256(NativeAdder<4>),
    /// 384-bit words.
    W384(NativeAdder<6>),
}

impl NativeAdderWord {
    /// For a curve.
    ///
    /// # Panics
    /// If the field's word has neither 256 nor 384 bits.
    pub fn new(curve: &CurveParams) -> Self {
        match curve.field.word_bits {
            256 => Self::W256(NativeAdder::new(curve)),
            384 => Self::W384(NativeAdder::new(curve)),
            bits => panic!("curve {}: words of {bits} bits; there are 256 and 384", curve.name),
        }
    }

    /// P + Q for any two points of the curve, each X, Y, Z.
    #[inline]
    pub fn add<const W: usize>(&self, p: &[U<W>; 3], q: &[U<W>; 3]) -> [U<W>; 3] {
        match self {
            Self::W256(adder) => {
                adder.add(&p.each_ref().map(first), &q.each_ref().map(first)).map(|c| U::from_limbs(&c))
            }
            Self::W384(adder) => {
                adder.add(&p.each_ref().map(first), &q.each_ref().map(first)).map(|c| U::from_limbs(&c))
            }
        }
    }
}
