//! What the engine must deliver, on plain integers.
//!
//! A point stands here as its discrete logarithm k, the point being k times a generator: adding
//! points is adding numbers modulo the group's order. Nothing of the engine's order of work,
//! slots or rounds is in here; only the definition of digits and of `abi::layout`'s segment sums.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{One, ToPrimitive, Zero};

use super::MsmConfig;

/// The two sums of one segment, as logarithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// A: the lowest bucket once, the next twice, and so on.
    pub weighted: BigUint,
    /// R: every bucket once.
    pub plain: BigUint,
}

/// The signed digits of a scalar, least significant first, one for each window: between
/// -2^(c-1)+1 and 2^(c-1).
///
/// Found from the top, with no carry: with H = sum of (2^(c-1) - 1) * 2^(c*w), the digit of window
/// w is that of s + H in plain base 2^c, minus 2^(c-1) - 1.
pub fn digits(config: &MsmConfig, scalar: &BigUint) -> Vec<i64> {
    let c = config.window_bits;
    let offset = (1i64 << (c - 1)) - 1;
    let shifted: BigUint =
        (0..config.digits()).map(|w| BigUint::from(offset as u64) << (c * w)).fold(scalar.clone(), |a, b| a + b);
    let mask = (BigUint::one() << c) - 1u32;
    (0..config.digits()).map(|w| ((&shifted >> (c * w)) & &mask).to_i64().expect("at most 16 bits") - offset).collect()
}

/// The sums of all buckets, window by window; a scalar that is not below `order` counts as zero.
/// `logs[i]` is the logarithm of base i, `None` for infinity.
pub fn buckets(config: &MsmConfig, order: &BigUint, scalars: &[BigUint], logs: &[Option<BigUint>]) -> Vec<BigUint> {
    let mut sums = vec![BigInt::zero(); config.buckets()];
    for (scalar, log) in scalars.iter().zip(logs) {
        let Some(log) = log else { continue };
        if scalar >= order {
            continue;
        }
        for (w, digit) in digits(config, scalar).into_iter().enumerate() {
            if digit != 0 {
                // A digit above the windows that have buckets goes to that of its multiple of the base.
                let (multiple, window) = (w / config.windows(), w % config.windows());
                let slot = window * config.buckets_per_window() + digit.unsigned_abs() as usize - 1;
                let log = log << (multiple * config.windows() * config.window_bits);
                sums[slot] += BigInt::from_biguint(Sign::Plus, log) * digit.signum();
            }
        }
    }
    let modulus = BigInt::from_biguint(Sign::Plus, order.clone());
    sums.into_iter().map(|sum| (((sum % &modulus) + &modulus) % &modulus).to_biguint().expect("not negative")).collect()
}

/// The segment sums in the order of the result words.
pub fn segments(config: &MsmConfig, order: &BigUint, scalars: &[BigUint], logs: &[Option<BigUint>]) -> Vec<Segment> {
    buckets(config, order, scalars, logs)
        .chunks(config.buckets_per_segment())
        .map(|chunk| Segment {
            plain: chunk.iter().sum::<BigUint>() % order,
            weighted: chunk.iter().enumerate().map(|(i, sum)| sum * (i + 1)).sum::<BigUint>() % order,
        })
        .collect()
}

/// What a host makes of the segment sums: the MSM's logarithm.
pub fn combine(config: &MsmConfig, order: &BigUint, segments: &[Segment]) -> BigUint {
    let length = config.buckets_per_segment();
    let mut total = BigUint::zero();
    for (w, window) in segments.chunks(config.segments).enumerate() {
        for (s, segment) in window.iter().enumerate() {
            total += (&segment.weighted + &segment.plain * (s * length)) << (config.window_bits * w);
        }
    }
    total % order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::BN254_FR;
    use gristmill_abi::layout::Curve;
    use rand::{Rng, SeedableRng};

    fn random(rng: &mut impl Rng, order: &BigUint) -> BigUint {
        let bytes: [u8; 40] = std::array::from_fn(|_| rng.gen());
        BigUint::from_bytes_le(&bytes) % order
    }

    #[test]
    fn digits_make_the_scalar() {
        let order = BN254_FR.prime();
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        for c in 2..=16 {
            let config =
                MsmConfig { curve: Curve::Bn254, window_bits: c, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
            let mut scalars = vec![BigUint::zero(), BigUint::one(), &order - 1u32, (&order - 1u32) / 2u32];
            scalars.extend((0..20).map(|_| random(&mut rng, &order)));
            for scalar in scalars {
                let digits = digits(&config, &scalar);
                let half = 1i64 << (c - 1);
                assert!(digits.iter().all(|d| (-half + 1..=half).contains(d)), "c = {c}");
                let sum: BigInt = digits.iter().enumerate().map(|(w, d)| BigInt::from(*d) << (c * w)).sum();
                assert_eq!(sum.to_biguint(), Some(scalar), "c = {c}");
            }
        }
    }

    #[test]
    fn segment_sums_combine_to_the_msm() {
        let order = BN254_FR.prime();
        let mut rng = rand::rngs::StdRng::seed_from_u64(2);
        let scalars: Vec<_> = (0..40).map(|_| random(&mut rng, &order)).collect();
        let logs: Vec<_> = (0..40).map(|i| (i % 7 != 3).then(|| random(&mut rng, &order))).collect();
        let expected: BigUint = scalars.iter().zip(&logs).filter_map(|(s, k)| k.as_ref().map(|k| s * k)).sum();
        for (c, segments_of_window) in [(4, 1), (4, 8), (8, 4), (13, 16)] {
            let config = MsmConfig {
                curve: Curve::Bn254,
                window_bits: c,
                segments: segments_of_window,
                stall_depth: 8,
                adders: 1,
                multiples: 1,
            };
            let sums = segments(&config, &order, &scalars, &logs);
            assert_eq!(sums.len() * abi_words(), config.result_words());
            assert_eq!(combine(&config, &order, &sums), &expected % &order);
        }
    }

    fn abi_words() -> usize {
        Curve::Bn254.segment_words()
    }
}
