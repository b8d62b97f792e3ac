//! Factor blocks: what the card multiplies a vector by, before and after a transform.
//!
//! A block holds K = 2^log_seeds seeds `s*g^0 .. s*g^(K-1)`, then `g^K` (`abi::layout`); the card
//! continues the sequence.

use super::elements::{Element, Factors};
use super::words;
use crate::NttField;
use crate::split::{Kernel, Sequence};

/// What makes a command's factor blocks different from another's on the same card, whose transforms are of one field: start and ratio of the
/// sequences before and after, canonical.
pub(super) type Key = [Option<[[u64; 4]; 2]>; 2];

/// The key of a kernel's blocks; `None` if it has no factors.
pub(super) fn key<F: NttField>(kernel: &Kernel<F>) -> Option<Key> {
    let pair = |s: Option<Sequence<F>>| s.map(|s| [s.start, s.ratio].map(|x| x.into_bigint().0));
    let key = [pair(kernel.before), pair(kernel.after)];
    key.iter().any(Option::is_some).then_some(key)
}

/// The blocks of a kernel, one after the other.
pub(super) fn blocks<F: NttField>(log_seeds: u32, kernel: &Kernel<F>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Sequence { start, ratio } in [kernel.before, kernel.after].into_iter().flatten() {
        let seeds: Vec<F> = std::iter::successors(Some(start), |f| Some(*f * ratio)).take(1 << log_seeds).collect();
        words::put_elements(&seeds, &mut bytes);
        words::put_elements(&[ratio.pow([1u64 << log_seeds])], &mut bytes);
    }
    bytes
}

/// Appends a block for sixteen columns, whose factors `of` tells (`abi::layout::Field::column_block_words`).
pub(super) fn put_columns<E: Element>(log_seeds: u32, of: impl Fn(usize) -> Factors<E>, bytes: &mut Vec<u8>) {
    let sequences: Vec<Factors<E>> = (0..16).map(of).collect();
    let rows = (1usize << log_seeds) / 16;
    let mut row: Vec<E> = sequences.iter().map(|s| s.start).collect();
    for _ in 0..rows {
        E::put(&row, bytes);
        row.iter_mut().zip(&sequences).for_each(|(f, s)| *f = f.times(s.ratio));
    }
    let ratios: Vec<E> = sequences.iter().map(|s| s.ratio.power(rows as u64)).collect();
    E::put(&ratios, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;
    use ark_ff::{Field, Zero};
    use gristmill_abi::layout::{Field as AbiField, WORD_BYTES, factor_block_words};

    #[test]
    fn a_block_for_columns_has_a_sequence_for_each() {
        let sequence = |k: usize| Factors { start: Fr::from(k as u64 + 3), ratio: Fr::from(7 * k as u64 + 2) };
        let mut bytes = Vec::new();
        put_columns(6, sequence, &mut bytes);
        assert_eq!(bytes.len(), AbiField::Bn254Fr.column_block_words(6) * WORD_BYTES);
        let mut values = vec![Fr::zero(); 80];
        words::elements(&bytes, &mut values).expect("reduced");
        for k in 0..16 {
            let Factors { start, ratio } = sequence(k);
            assert_eq!((values[k], values[48 + k]), (start, start * ratio.pow([3u64])));
            assert_eq!(values[64 + k], ratio.pow([4u64]));
        }
    }

    #[test]
    fn a_block_is_the_start_of_its_sequence_and_the_ratio_of_blocks() {
        let (start, ratio) = (Fr::from(7u64), Fr::from(5u64));
        let sequence = Some(Sequence { start, ratio });
        let kernel = Kernel { inverse: false, before: sequence, after: sequence };
        assert!(key(&kernel).is_some());
        let bytes = blocks(3, &kernel);
        assert_eq!(bytes.len(), 2 * factor_block_words(3) * WORD_BYTES);
        let mut values = vec![Fr::zero(); 18];
        words::elements(&bytes, &mut values).expect("reduced");
        assert_eq!(values[..9], values[9..]);
        assert_eq!(values[0], start);
        assert_eq!(values[7], start * ratio.pow([7u64]));
        assert_eq!(values[7] * ratio, values[8] * start, "f_8 = f_0 * g^8");
        assert_eq!(key(&Kernel::<Fr>::default()), None);
    }
}
