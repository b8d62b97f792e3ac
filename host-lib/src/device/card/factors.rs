//! Factor blocks: what the card multiplies a vector by, before or after a transform.
//!
//! A block holds K = 2^log_seeds seeds `s*g^0 .. s*g^(K-1)`, then `g^K` (`abi::layout`); the card
//! continues the sequence. Coset: g is the coset's generator, before a forward transform; its
//! inverse after an inverse one, with s = 1/n, the division that the card leaves to its factors.

use super::words;
use crate::Transform;
use ark_bn254::Fr;
use ark_ff::{Field, One};
use gristmill_abi::command::{FLAG_FACTORS_AFTER, FLAG_FACTORS_BEFORE, FLAG_INVERSE};
use gristmill_abi::layout::{WORD_BYTES, factor_block_words};

/// What a transform needs beside its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    /// `abi::command::FLAG_*`.
    pub flags: u8,
    /// First element and ratio of the sequence, if there is one.
    pub sequence: Option<(Fr, Fr)>,
}

/// How the card does a transform of 2^log_n elements. `None` if the coset's generator is zero.
pub(super) fn plan(transform: &Transform, log_n: u32) -> Option<Plan> {
    if transform.inverse {
        let ratio = match transform.coset {
            Some(g) => g.inverse()?,
            None => Fr::one(),
        };
        let first = Fr::from(1u64 << log_n).inverse()?;
        return Some(Plan { flags: FLAG_INVERSE | FLAG_FACTORS_AFTER, sequence: Some((first, ratio)) });
    }
    Some(match transform.coset {
        Some(g) if g.inverse().is_none() => return None,
        Some(g) => Plan { flags: FLAG_FACTORS_BEFORE, sequence: Some((Fr::one(), g)) },
        None => Plan { flags: 0, sequence: None },
    })
}

/// Bytes of one block.
pub(super) fn block_bytes(log_seeds: u32) -> usize {
    factor_block_words(log_seeds) * WORD_BYTES
}

/// The block of a sequence.
pub(super) fn block(log_seeds: u32, (first, ratio): (Fr, Fr)) -> Vec<u8> {
    let seeds: Vec<Fr> = std::iter::successors(Some(first), |f| Some(*f * ratio)).take(1 << log_seeds).collect();
    let mut bytes = Vec::with_capacity(block_bytes(log_seeds));
    words::put_elements(&seeds, &mut bytes);
    words::put_elements(&[ratio.pow([1u64 << log_seeds])], &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::Zero;

    #[test]
    fn a_block_is_the_start_of_its_sequence_and_the_ratio_of_blocks() {
        let (first, ratio) = (Fr::from(7u64), Fr::from(5u64));
        let bytes = block(3, (first, ratio));
        assert_eq!(bytes.len(), block_bytes(3));
        let mut values = vec![Fr::zero(); 9];
        words::elements(&bytes, &mut values).expect("reduced");
        assert_eq!(values[0], first);
        assert_eq!(values[7], first * ratio.pow([7u64]));
        assert_eq!(values[7] * ratio, values[8] * first, "f_8 = f_0 * g^8");
    }

    #[test]
    fn plans() {
        let g = Fr::from(5u64);
        assert_eq!(plan(&Transform::FORWARD, 4), Some(Plan { flags: 0, sequence: None }));
        let coset = plan(&Transform::FORWARD.on_coset(g), 4).expect("not zero");
        assert_eq!(coset, Plan { flags: FLAG_FACTORS_BEFORE, sequence: Some((Fr::one(), g)) });
        let inverse = plan(&Transform::INVERSE.on_coset(g), 4).expect("not zero");
        let (first, ratio) = inverse.sequence.expect("scaled");
        assert!((first * Fr::from(16u64)).is_one() && (ratio * g).is_one());
        for t in [Transform::FORWARD, Transform::INVERSE] {
            assert_eq!(plan(&t.on_coset(Fr::zero()), 4), None);
        }
    }
}
