//! Multiples of bases, for cards that save buckets by them.
//!
//! Such a card takes P, 2^k P, 2^2k P, ... in place of P, with k = windows * window_bits, and cuts a scalar into parts of k bits, one
//! for each (see `abi::caps::Msm::log_multiples`). They are made once, when bases go to the card, by k doublings each.

use crate::MsmCurve;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AdditiveGroup, CurveGroup};
use gristmill_abi::caps::Msm;
use rayon::prelude::*;

/// Points between two inversions.
const CHUNK: usize = 1 << 12;

/// Each point and its multiples, one after the other.
pub(super) fn multiples<C: MsmCurve>(caps: &Msm, points: &[Affine<C>]) -> Vec<Affine<C>> {
    let (count, bits) = (1usize << caps.log_multiples, u32::from(caps.windows) * u32::from(caps.window_bits));
    let mut all = Vec::with_capacity(points.len() * count);
    all.par_extend(points.par_chunks(CHUNK).flat_map_iter(|chunk| {
        let of = |point: &Affine<C>| {
            std::iter::successors(Some(Projective::from(*point)), |last| {
                let mut next = *last;
                (0..bits).for_each(|_| {
                    next.double_in_place();
                });
                Some(next)
            })
            .take(count)
        };
        let jacobian: Vec<Projective<C>> = chunk.iter().flat_map(of).collect();
        Projective::normalize_batch(&jacobian)
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{Fr, G1Affine, g1::Config};
    use ark_ec::AffineRepr;
    use ark_ff::{Field, UniformRand};

    #[test]
    fn each_is_the_last_times_two_to_the_bits() {
        let rng = &mut ark_std::test_rng();
        let mut points: Vec<G1Affine> = (0..5).map(|_| G1Affine::rand(rng)).collect();
        points[2] = G1Affine::zero();
        let caps = Msm { adders: 1, window_bits: 8, windows: 8, segments: 1, log_max_points: 10, log_multiples: 2 };
        let all = multiples::<Config>(&caps, &points);
        assert_eq!(all.len(), 20);
        let step = Fr::from(2u64).pow([64]);
        for (point, chunk) in points.iter().zip(all.chunks(4)) {
            for (i, multiple) in chunk.iter().enumerate() {
                assert_eq!(*multiple, (*point * step.pow([i as u64])).into_affine());
            }
        }
    }
}
