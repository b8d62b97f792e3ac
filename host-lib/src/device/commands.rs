//! How an MSM becomes commands: how many points each has, and in which form its scalars go.

use super::MsmInfo;
use ark_ff::{BigInteger, PrimeField};

impl MsmInfo {
    /// Points that this library puts into one command; longer MSMs are cut into several. 2^18, so that
    /// buffers stay small; but each command sums all buckets, so if bases lie where the card reads them (`kept`) at least 64 times as many as a window's
    /// values, up to 2^21 (64 MiB of scalars): the summation is then below 2 % of a command.
    pub fn command_points(&self, kept: bool) -> usize {
        command_points(self.window_bits, self.max_points, kept)
    }

    /// Whether these scalars go to the card in canonical form. As a rule they go as they stand in memory, in Montgomery
    /// form, and the card reduces them, one in 16 cycles. Where 64 of them, evenly spaced, have fewer digits
    /// than that on average (zeros, small numbers), the card would wait for them, and the host reduces them.
    pub fn canonical_scalars<F: PrimeField>(&self, scalars: &[F]) -> bool {
        canonical_scalars(self.window_bits, scalars)
    }
}

/// Cycles of a scalar in the card's reduction.
const REDUCTION_CYCLES: u64 = 16;
/// Scalars that are looked at.
const SAMPLES: usize = 64;

/// See [`MsmInfo::canonical_scalars`].
pub(crate) fn canonical_scalars<F: PrimeField>(window_bits: u64, scalars: &[F]) -> bool {
    let every = scalars.len().div_ceil(SAMPLES).max(1);
    let (mut samples, mut digits) = (0, 0);
    for scalar in scalars.iter().step_by(every) {
        samples += 1;
        digits += u64::from(scalar.into_bigint().num_bits()) / window_bits.max(1) + 1;
    }
    digits < samples * REDUCTION_CYCLES
}

/// See [`MsmInfo::command_points`].
pub(crate) fn command_points(window_bits: u64, max_points: u64, kept: bool) -> usize {
    let log = if kept { (window_bits + 6).clamp(18, 21) } else { 18 };
    max_points.clamp(1, 1 << log) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;
    use ark_ff::{UniformRand, Zero};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn commands_are_long_where_buckets_are_many() {
        let engine = |window_bits, log: u64| MsmInfo { window_bits, max_points: 1 << log, ..MsmInfo::default() };
        for (window_bits, log_max, kept, log) in [
            (8, 24, true, 18),
            (13, 24, true, 19),
            (15, 26, true, 21),
            (16, 26, true, 21),
            (15, 26, false, 18),
            (15, 10, true, 10),
        ] {
            assert_eq!(engine(window_bits, log_max).command_points(kept), 1 << log, "c = {window_bits}");
        }
        assert_eq!(MsmInfo::default().command_points(true), 1);
    }

    #[test]
    fn short_scalars_are_reduced_by_the_host() {
        let rng = &mut StdRng::seed_from_u64(3);
        let uniform: Vec<Fr> = (0..1000).map(|_| Fr::rand(rng)).collect();
        let small: Vec<Fr> = (0..1000u64).map(Fr::from).collect();
        let engine = |window_bits| MsmInfo { window_bits, ..MsmInfo::default() };
        for window_bits in [3, 8, 15] {
            assert!(!engine(window_bits).canonical_scalars(&uniform));
            assert!(!engine(window_bits).canonical_scalars(&[-Fr::from(1u64); 5]));
            assert!(engine(window_bits).canonical_scalars(&small));
            assert!(engine(window_bits).canonical_scalars(&[Fr::zero(); 3]));
            assert!(!engine(window_bits).canonical_scalars::<Fr>(&[]));
        }
        // Half of them zeros: 16 of 32 digits on average, as many as the card reduces.
        let half: Vec<Fr> =
            uniform.iter().enumerate().map(|(i, s)| if i % 32 < 16 { Fr::zero() } else { *s }).collect();
        assert!(!engine(8).canonical_scalars(&half));
        assert!(engine(15).canonical_scalars(&half));
    }
}
