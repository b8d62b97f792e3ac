//! An MSM is the sum of the MSMs of its parts.

use ark_ec::CurveGroup;
use std::ops::Range;

/// `0..count` in as few ranges of at most `max` as it takes (at least one item each), of nearly
/// equal length.
pub fn parts(count: usize, max: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let number = count.div_ceil(max.max(1));
    let at = move |i: usize| (count as u128 * i as u128 / number as u128) as usize;
    (0..number).map(move |i| at(i)..at(i + 1))
}

/// The MSM of `count` bases, of which `small` does ranges of at most `max`.
///
/// # Errors
/// The first one of `small`.
pub fn msm<G: CurveGroup, E>(
    count: usize,
    max: usize,
    mut small: impl FnMut(Range<usize>) -> Result<G, E>,
) -> Result<G, E> {
    parts(count, max).try_fold(G::zero(), |sum, range| Ok(sum + small(range)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu;
    use ark_bn254::{Fr, G1Affine};
    use ark_std::{UniformRand, test_rng};

    #[test]
    fn parts_cover_all_and_none_is_too_long() {
        for count in 0..70 {
            for max in 1..20 {
                let ranges: Vec<_> = parts(count, max).collect();
                assert_eq!(ranges.len(), count.div_ceil(max));
                assert!(ranges.iter().all(|r| !r.is_empty() && r.len() <= max));
                assert_eq!(ranges.into_iter().flatten().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn parts_sum_up_to_the_whole() {
        let rng = &mut test_rng();
        let points: Vec<G1Affine> = (0..33).map(|_| G1Affine::rand(rng)).collect();
        let scalars: Vec<Fr> = (0..33).map(|_| Fr::rand(rng)).collect();
        let whole = cpu::msm(&points, &scalars);
        for max in [1, 2, 16, 32, 33, 100] {
            let sum = msm(33, max, |r| Ok::<_, ()>(cpu::msm(&points[r.clone()], &scalars[r])));
            assert_eq!(sum, Ok(whole));
        }
        assert_eq!(msm(33, 8, |r| if r.start > 10 { Err(r.start) } else { Ok(whole) }), Err(13));
    }
}
