//! Scalars to signed digits: s = sum of d_w 2^(c w), |d_w| <= 2^(c-1).
//!
//! A scalar above half the order is taken as the negative of its opposite, so that small negative
//! numbers have few digits too. To recode without a carry from window to window, half the radix is added
//! in every window beforehand and subtracted from each digit (as in libsecp256k1's and gnark-crypto's
//! recodings); for negated scalars one less than half, so that digits stay in [-2^(c-1), 2^(c-1) - 1].

use ark_ec::{
    AffineRepr,
    short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;
use zeroize::Zeroize;

/// Scalars of a block: its digits lie window by window.
pub(crate) const BLOCK: usize = 4096;
/// Widest window: digits are `i16`.
pub(crate) const WIDEST: u32 = 16;

/// Digits of all scalars. Wiped when dropped: scalars may be a witness.
pub(crate) struct Digits {
    /// Blocks of `windows * BLOCK`; the last is filled with zeros.
    digits: Vec<i16>,
    /// Windows.
    pub windows: usize,
    /// Bits of a window.
    pub width: u32,
    /// Digits that are not zero, by window.
    pub counts: Vec<usize>,
}

/// Windows that scalars of a field take.
pub(crate) fn windows(bits: u32, width: u32) -> usize {
    // One bit more than the scalars' absolute values, for the sign.
    (bits / width + 1) as usize
}

impl Digits {
    /// Of as many scalars as points. Points at infinity get zeros.
    pub fn new<P: SWCurveConfig>(points: &[Affine<P>], scalars: &[P::ScalarField], width: u32) -> Self {
        let windows = windows(P::ScalarField::MODULUS_BIT_SIZE, width);
        let mut digits = vec![0i16; points.len().div_ceil(BLOCK) * windows * BLOCK];
        let counts = digits
            .par_chunks_mut(windows * BLOCK)
            .zip(points.par_chunks(BLOCK).zip(scalars.par_chunks(BLOCK)))
            .map(|(digits, (points, scalars))| {
                let mut counts = vec![0usize; windows];
                for (i, (point, scalar)) in points.iter().zip(scalars).enumerate() {
                    if !point.is_zero() {
                        recode(scalar, width, |w, digit| {
                            digits[w * BLOCK + i] = digit;
                            counts[w] += usize::from(digit != 0);
                        });
                    }
                }
                counts
            })
            .reduce(|| vec![0; windows], |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
        Digits { digits, windows, width, counts }
    }

    /// Blocks of one window's digits, in the scalars' order.
    pub fn window(&self, window: usize) -> impl Iterator<Item = &[i16]> {
        self.digits.chunks_exact(self.windows * BLOCK).map(move |b| &b[window * BLOCK..(window + 1) * BLOCK])
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

/// Tells each digit that is not zero.
fn recode<F: PrimeField>(scalar: &F, width: u32, mut tell: impl FnMut(usize, i16)) {
    let mut value = scalar.into_bigint();
    if value.is_zero() {
        return;
    }
    let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
    if negative {
        let mut opposite = F::MODULUS;
        opposite.sub_with_borrow(&value);
        value = opposite;
    }
    let words = value.as_ref();
    let bits = value.num_bits();
    let half = 1i64 << (width - 1);
    let offset = if negative { half - 1 } else { half };
    let mut carry = 0;
    for w in 0..windows(F::MODULUS_BIT_SIZE, width) as u32 {
        let at = w * width;
        if at >= bits && carry == 0 {
            break;
        }
        let (word, off) = ((at / 64) as usize, at % 64);
        let mut v = words.get(word).copied().unwrap_or(0) >> off;
        if off + width > 64 {
            v |= words.get(word + 1).copied().unwrap_or(0) << (64 - off);
        }
        let v = (v & ((1 << width) - 1)) as i64 + carry;
        // digit in [-offset, radix - offset)
        carry = i64::from(v >= 2 * half - offset);
        let digit = v - carry * 2 * half;
        let digit = if negative { -digit } else { digit };
        if digit != 0 {
            tell(w as usize, digit as i16);
        }
    }
    value.zeroize();
}
