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

/// Digits from the start of one window of a block to that of the next. Not a power of two: windows would compete for the
/// same few lines of the first-level cache.
const STRIDE: usize = BLOCK + 32;
/// Bits that scalars may have.
pub(crate) const LARGEST: u32 = 400;
/// Words for a scalar and half the radix in every window.
const WORDS: usize = 8;

/// Digits of all scalars. Wiped when dropped: scalars may be a witness.
pub(crate) struct Digits {
    /// Blocks of `windows * STRIDE`; the last is filled with zeros.
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
        let mut digits = vec![0i16; points.len().div_ceil(BLOCK) * windows * STRIDE];
        let recoder = Recoder::new(windows, width);
        let counts = digits
            .par_chunks_mut(windows * STRIDE)
            .zip(points.par_chunks(BLOCK).zip(scalars.par_chunks(BLOCK)))
            .map(|(digits, (points, scalars))| {
                let mut counts = vec![0usize; windows];
                let mut recoder = recoder.clone();
                for (i, (point, scalar)) in points.iter().zip(scalars).enumerate() {
                    if !point.is_zero() {
                        recoder.recode(scalar, |w, digit| {
                            digits[w * STRIDE + i] = digit;
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
        self.digits.chunks_exact(self.windows * STRIDE).map(move |b| &b[window * STRIDE..window * STRIDE + BLOCK])
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

/// Without branches that depend on a scalar: they would be mispredicted.
#[derive(Clone)]
struct Recoder {
    windows: usize,
    width: u32,
    /// Half the radix in every window; for negated scalars one less.
    offsets: [[u64; WORDS]; 2],
    /// The scalar with its offset.
    sum: [u64; WORDS],
}

impl Recoder {
    fn new(windows: usize, width: u32) -> Self {
        let half = 1u64 << (width - 1);
        let offsets = [half, half - 1].map(|value| {
            let mut words = [0; WORDS];
            for bit in
                (0..windows).flat_map(|w| (0..width).filter(|b| value >> b & 1 == 1).map(move |b| w as u32 * width + b))
            {
                words[bit as usize / 64] |= 1 << (bit % 64);
            }
            words
        });
        Recoder { windows, width, offsets, sum: [0; WORDS] }
    }

    /// Tells the digit of each window.
    #[inline(always)]
    fn recode<F: PrimeField>(&mut self, scalar: &F, mut tell: impl FnMut(usize, i16)) {
        let mut value = scalar.into_bigint();
        let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
        let mask = u64::from(negative).wrapping_neg();
        let mut opposite = F::MODULUS;
        opposite.sub_with_borrow(&value);
        let offset = &self.offsets[usize::from(negative)];
        let mut carry = 0;
        for (i, sum) in self.sum.iter_mut().enumerate() {
            let (v, o) = (value.as_ref().get(i), opposite.as_ref().get(i));
            let word = v.zip(o).map_or(0, |(v, o)| (v & !mask) | (o & mask));
            let (low, first) = word.overflowing_add(carry);
            let (low, second) = low.overflowing_add(offset[i]);
            (*sum, carry) = (low, u64::from(first | second));
        }
        let digits = (1u64 << self.width) - 1;
        let half = (1i64 << (self.width - 1)) - i64::from(negative);
        for w in 0..self.windows {
            let at = w * self.width as usize;
            let (word, off) = (at / 64, at as u32 % 64);
            let above = self.sum.get(word + 1).copied().unwrap_or(0) << 1 << (63 - off);
            let digit = ((self.sum[word] >> off | above) & digits) as i64 - half;
            tell(w, ((digit ^ mask as i64) - mask as i64) as i16);
        }
        value.zeroize();
        opposite.zeroize();
    }
}

impl Drop for Recoder {
    fn drop(&mut self) {
        self.sum.zeroize();
    }
}
