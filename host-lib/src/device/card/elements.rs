//! The fields of vectors, as what builds commands needs them.

use super::words;
use crate::NttField;
use crate::split::Sequence;
use gristmill_abi::layout::Field;
use gristmill_cpu::goldilocks;

/// An element of a vector.
pub(super) trait Element: Copy + PartialEq {
    const FIELD: Field;
    const ONE: Self;
    fn times(self, other: Self) -> Self;
    fn power(self, exponent: u64) -> Self;
    /// The primitive root of unity of order 2^log that the card uses, or its inverse.
    fn root(log: u32, inverse: bool) -> Self;
    /// Appends elements as the card takes them.
    fn put(elements: &[Self], bytes: &mut Vec<u8>);
}

impl<F: NttField> Element for F {
    const FIELD: Field = F::FIELD;
    const ONE: Self = <F as ark_ff::Field>::ONE;

    fn times(self, other: Self) -> Self {
        self * other
    }

    fn power(self, exponent: u64) -> Self {
        self.pow([exponent])
    }

    fn root(log: u32, inverse: bool) -> Self {
        let root = F::get_root_of_unity(1 << log).unwrap_or_else(F::one);
        if inverse { root.inverse().unwrap_or(root) } else { root }
    }

    fn put(elements: &[Self], bytes: &mut Vec<u8>) {
        words::put_elements(elements, bytes);
    }
}

/// An element of Goldilocks, below its modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goldilocks(pub u64);

impl Element for Goldilocks {
    const FIELD: Field = Field::Goldilocks;
    const ONE: Self = Goldilocks(1);

    fn times(self, other: Self) -> Self {
        Goldilocks(goldilocks::mul(self.0, other.0))
    }

    fn power(self, exponent: u64) -> Self {
        Goldilocks(goldilocks::pow(self.0, exponent))
    }

    fn root(log: u32, inverse: bool) -> Self {
        let root = goldilocks::root(log);
        Goldilocks(if inverse { goldilocks::inverse(root) } else { root })
    }

    fn put(elements: &[Self], bytes: &mut Vec<u8>) {
        elements.iter().for_each(|e| bytes.extend_from_slice(&e.0.to_le_bytes()));
    }
}

/// Factors `start * ratio^i` of a vector's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factors<E> {
    pub start: E,
    pub ratio: E,
}

impl<E: Element> Factors<E> {
    /// All one.
    pub const NONE: Self = Factors { start: E::ONE, ratio: E::ONE };

    /// Every `step`-th factor from `first` on.
    pub fn strided(&self, first: usize, step: usize) -> Self {
        Factors { start: self.start.times(self.ratio.power(first as u64)), ratio: self.ratio.power(step as u64) }
    }
}

impl<F: NttField> From<Sequence<F>> for Factors<F> {
    fn from(sequence: Sequence<F>) -> Self {
        Factors { start: sequence.start, ratio: sequence.ratio }
    }
}
