//! From segment sums to the MSM's result: the host's last stage.
//!
//! The card sums each window's buckets in segments and leaves two points a segment (see
//! `abi::layout::msm_result_words`): with L buckets a segment, window w is the sum over s of
//! `A_s + s*L*R_s`, and the MSM the sum over w of `2^(c*w) * window_w`.

use super::words::{self, NotReduced};
use ark_bn254::G1Projective;
use ark_ec::AdditiveGroup;
use ark_ff::Zero;
use gristmill_abi::caps::Msm;
use gristmill_abi::layout::{Curve, PROJECTIVE_WORDS, SEGMENT_WORDS, WORD_BYTES, msm_result_words};

const POINT_BYTES: usize = PROJECTIVE_WORDS * WORD_BYTES;
const SEGMENT_BYTES: usize = SEGMENT_WORDS * WORD_BYTES;

/// Bytes of the segment sums of one MSM.
pub(super) fn result_bytes(caps: &Msm) -> usize {
    msm_result_words(Curve::Bn254, caps.windows.into(), caps.segments.into()) * WORD_BYTES
}

/// Combines the segment sums of one MSM: about 2 additions a segment and c doublings a window.
pub(super) fn combine(caps: &Msm, sums: &[u8]) -> Result<G1Projective, NotReduced> {
    let segments = usize::from(caps.segments);
    let log_buckets = u32::from(caps.window_bits) - 1;
    let log_segment = log_buckets - segments.trailing_zeros();
    let mut total = G1Projective::zero();
    for (w, window) in sums.chunks_exact(segments * SEGMENT_BYTES).enumerate().rev() {
        for _ in 0..caps.window_bits {
            total.double_in_place();
        }
        // sum of s*R_s by suffix sums, from the highest segment down to s = 1
        let (mut suffix, mut weighted, mut plain) = (G1Projective::zero(), G1Projective::zero(), G1Projective::zero());
        for (s, segment) in window.chunks_exact(SEGMENT_BYTES).enumerate().rev() {
            let at = |e: NotReduced, offset: usize| NotReduced {
                word: (w * segments + s) * SEGMENT_WORDS + offset + e.word,
            };
            plain += words::point(&segment[..POINT_BYTES]).map_err(|e| at(e, 0))?;
            if s > 0 {
                suffix += words::point(&segment[POINT_BYTES..]).map_err(|e| at(e, PROJECTIVE_WORDS))?;
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
    use ark_bn254::{Fq, Fr};
    use ark_ff::UniformRand;
    use ark_std::test_rng;

    /// Buckets to segment sums by their definition, then combined, against the plain sum.
    #[test]
    fn segments_and_windows_add_up() {
        let mut rng = test_rng();
        for (window_bits, windows, segments) in [(2, 3, 1), (3, 2, 2), (4, 2, 8), (4, 1, 4)] {
            let caps = Msm { adders: 1, window_bits, windows, segments, log_max_points: 10 };
            let buckets = 1usize << (window_bits - 1);
            let length = buckets / usize::from(segments);
            let mut bytes = Vec::new();
            let mut expected = G1Projective::zero();
            for w in 0..windows {
                let bucket: Vec<G1Projective> = (0..buckets)
                    .map(|i| if i % 3 == 0 { G1Projective::zero() } else { G1Projective::rand(&mut rng) })
                    .collect();
                for (i, b) in bucket.iter().enumerate() {
                    expected += *b * Fr::from((i as u64 + 1) << (window_bits * w));
                }
                for segment in bucket.chunks(length) {
                    let a = segment
                        .iter()
                        .enumerate()
                        .fold(G1Projective::zero(), |sum, (i, b)| sum + *b * Fr::from(i as u64 + 1));
                    let r = segment.iter().fold(G1Projective::zero(), |sum, b| sum + b);
                    words::put_point(&a, Fq::rand(&mut rng), &mut bytes);
                    words::put_point(&r, Fq::rand(&mut rng), &mut bytes);
                }
            }
            assert_eq!(bytes.len(), result_bytes(&caps));
            assert_eq!(combine(&caps, &bytes), Ok(expected), "c = {window_bits}, {segments} segments");
        }
    }
}
