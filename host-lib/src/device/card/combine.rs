//! From segment sums to the MSM's result: the host's last stage.
//!
//! The card sums each window's buckets in segments and leaves two points a segment (see
//! `abi::layout::msm_result_words`): with L buckets a segment, window w is the sum over s of
//! `A_s + s*L*R_s`, and the MSM the sum over w of `2^(c*w) * window_w`.

use super::words::{self, NotReduced, point_bytes};
use crate::MsmCurve;
use ark_ec::AdditiveGroup;
use ark_ec::short_weierstrass::Projective;
use ark_ff::Zero;
use gristmill_abi::caps::Msm;
use gristmill_abi::layout::{WORD_BYTES, msm_result_words};

/// Coordinates of a segment: of its two points.
const COORDINATES: usize = 6;

/// Bytes of the segment sums of one MSM.
pub(super) fn result_bytes<C: MsmCurve>(caps: &Msm) -> usize {
    msm_result_words(C::CURVE, caps.windows.into(), caps.segments.into()) * WORD_BYTES
}

/// Combines the segment sums of one MSM: about 2 additions a segment and c doublings a window.
pub(super) fn combine<C: MsmCurve>(caps: &Msm, sums: &[u8]) -> Result<Projective<C>, NotReduced> {
    let segment_bytes = 2 * point_bytes::<C>();
    let segments = usize::from(caps.segments);
    let log_buckets = u32::from(caps.window_bits) - 1;
    let log_segment = log_buckets - segments.trailing_zeros();
    let mut total = Projective::<C>::zero();
    for (w, window) in sums.chunks_exact(segments * segment_bytes).enumerate().rev() {
        for _ in 0..caps.window_bits {
            total.double_in_place();
        }
        // sum of s*R_s by suffix sums, from the highest segment down to s = 1
        let [mut suffix, mut weighted, mut plain] = [Projective::<C>::zero(); 3];
        for (s, segment) in window.chunks_exact(segment_bytes).enumerate().rev() {
            let at = |e: NotReduced, offset: usize| NotReduced {
                element: (w * segments + s) * COORDINATES + offset + e.element,
            };
            let (a, r) = segment.split_at(point_bytes::<C>());
            plain += words::point::<C>(a).map_err(|e| at(e, 0))?;
            if s > 0 {
                suffix += words::point::<C>(r).map_err(|e| at(e, COORDINATES / 2))?;
                weighted += suffix;
            }
        }
        for _ in 0..log_segment {
            weighted.double_in_place();
        }
        total += plain + weighted;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::PrimeGroup;
    use ark_ff::UniformRand;
    use ark_std::test_rng;

    /// Buckets to segment sums by their definition, then combined, against the plain sum.
    fn segments_and_windows_add_up<C: MsmCurve>() {
        let mut rng = test_rng();
        for (window_bits, windows, segments) in [(2, 3, 1), (3, 2, 2), (4, 2, 8), (4, 1, 4)] {
            let caps = Msm { adders: 1, window_bits, windows, segments, log_max_points: 10, log_multiples: 0 };
            let buckets = 1usize << (window_bits - 1);
            let length = buckets / usize::from(segments);
            let mut bytes = Vec::new();
            let mut expected = Projective::<C>::zero();
            for w in 0..windows {
                let bucket: Vec<Projective<C>> = (0..buckets)
                    .map(|i| if i % 3 == 0 { Projective::zero() } else { Projective::rand(&mut rng) })
                    .collect();
                for (i, b) in bucket.iter().enumerate() {
                    expected += b.mul_bigint([(i as u64 + 1) << (window_bits * w)]);
                }
                for segment in bucket.chunks(length) {
                    let a = segment
                        .iter()
                        .enumerate()
                        .fold(Projective::<C>::zero(), |sum, (i, b)| sum + b.mul_bigint([i as u64 + 1]));
                    let r = segment.iter().fold(Projective::<C>::zero(), |sum, b| sum + b);
                    words::put_point(&a, C::BaseField::rand(&mut rng), &mut bytes);
                    words::put_point(&r, C::BaseField::rand(&mut rng), &mut bytes);
                }
            }
            assert_eq!(bytes.len(), result_bytes::<C>(&caps));
            assert_eq!(combine::<C>(&caps, &bytes), Ok(expected), "c = {window_bits}, {segments} segments");
            // What is not below the modulus is named, wherever it is looked at.
            let element = COORDINATES * (usize::from(windows) * usize::from(segments) - 1) + 1;
            let size = C::CURVE.coordinate_bytes();
            bytes[element * size..][..size].fill(0xff);
            assert_eq!(combine::<C>(&caps, &bytes), Err(NotReduced { element }));
        }
    }

    #[test]
    fn segments_and_windows_add_up_on_every_curve() {
        segments_and_windows_add_up::<ark_bn254::g1::Config>();
        segments_and_windows_add_up::<ark_bls12_381::g1::Config>();
        segments_and_windows_add_up::<ark_bls12_377::g1::Config>();
    }
}
