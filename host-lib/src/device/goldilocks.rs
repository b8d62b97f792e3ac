//! Transforms over Goldilocks, p = 2^64 - 2^32 + 1.

use super::{Check, Device, EngineError};
use crate::{Error, Report, Result, check, cpu};
use gristmill_cpu::goldilocks::{TWO_ADICITY, canonical};
use std::time::Instant;
use zeroize::Zeroizing;

/// A transform of 2^k elements of Goldilocks, natural order to natural order, with the primitive root
/// `w = 7^((p-1)/2^k)` (Plonky3's and Plonky2's). Elements are plain integers; any u64 stands for its residue, results are below p.
/// Otherwise as [`Transform`](super::Transform).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoldilocksTransform {
    /// From evaluations to coefficients.
    pub inverse: bool,
    /// Generator of the coset, not zero modulo p.
    pub coset: Option<u64>,
}

impl GoldilocksTransform {
    /// Coefficients to evaluations.
    pub const FORWARD: GoldilocksTransform = GoldilocksTransform { inverse: false, coset: None };
    /// Evaluations to coefficients.
    pub const INVERSE: GoldilocksTransform = GoldilocksTransform { inverse: true, coset: None };

    /// The same on the coset of a generator.
    pub const fn on_coset(self, generator: u64) -> Self {
        GoldilocksTransform { inverse: self.inverse, coset: Some(generator) }
    }
}

impl Device {
    /// Transforms several vectors over Goldilocks in place, in one batch. They may differ in length. A card does those of its size if it has such
    /// transforms, the CPU the rest. The cost model of `auto` does not know them: a card that has them does them.
    ///
    /// # Errors
    /// [`Error::GoldilocksLength`], [`Error::ZeroCoset`], and those of a device. On an error the vectors hold what they held before.
    pub fn goldilocks_ntt(&self, vectors: &mut [&mut [u64]], transform: &GoldilocksTransform) -> Result<()> {
        self.recorded(|report| self.goldilocks_in(vectors, transform, "goldilocks ntt", report))
    }

    fn goldilocks_in(
        &self,
        vectors: &mut [&mut [u64]],
        transform: &GoldilocksTransform,
        stage: &str,
        report: &mut Report,
    ) -> Result<()> {
        self.usable()?;
        for v in vectors.iter() {
            if !v.len().is_power_of_two() || v.len().ilog2() > TWO_ADICITY {
                return Err(Error::GoldilocksLength { length: v.len() });
            }
        }
        if transform.coset.is_some_and(|g| canonical(g) == 0) {
            return Err(Error::ZeroCoset);
        }
        if self.goldilocks_on_card(vectors, transform, stage, report)? {
            return Ok(());
        }
        let start = Instant::now();
        for v in vectors.iter_mut() {
            cpu::goldilocks_ntt(v, transform);
        }
        report.host_stage(stage, start.elapsed());
        Ok(())
    }

    fn goldilocks_on_card(
        &self,
        vectors: &mut [&mut [u64]],
        transform: &GoldilocksTransform,
        stage: &str,
        report: &mut Report,
    ) -> Result<bool> {
        let Some(card) = &self.shared.card else { return Ok(false) };
        let start = Instant::now();
        // Kept for the check, and because the engine works in place; may be a witness.
        let inputs: Vec<Zeroizing<Vec<u64>>> = vectors.iter().map(|v| Zeroizing::new(v.to_vec())).collect();
        let restore = |vectors: &mut [&mut [u64]]| {
            for (v, input) in vectors.iter_mut().zip(&inputs) {
                v.copy_from_slice(input);
            }
        };
        let cost = match card.goldilocks_ntt(vectors, transform) {
            Ok(cost) => cost,
            Err(error @ EngineError::Unsupported(_)) => {
                self.excuse(stage, error, report)?;
                return Ok(false);
            }
            Err(error) => {
                restore(vectors);
                self.excuse(stage, error, report)?;
                return Ok(false);
            }
        };
        report.device_stage(stage, start.elapsed(), &cost);
        let start = Instant::now();
        for (i, input) in inputs.iter().enumerate() {
            let problem = match self.check() {
                Check::None => None,
                Check::Curve => (!check::goldilocks_holds(input, vectors[i], transform))
                    .then_some("disagrees with its input at a random point"),
                Check::Dual => {
                    let mut expected = input.clone();
                    cpu::goldilocks_ntt(&mut expected, transform);
                    (expected[..] != *vectors[i]).then_some("differs from the CPU's")
                }
            };
            if let Some(problem) = problem {
                let error = self.quarantine(stage, format!("result {i} of {} {problem}", inputs.len()));
                restore(vectors);
                return Err(error);
            }
        }
        self.checked(start, report);
        Ok(true)
    }
}
