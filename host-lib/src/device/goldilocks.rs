//! Transforms over Goldilocks, p = 2^64 - 2^32 + 1.

use super::{Device, Transform, dispatch::InPlace};
use crate::{Error, Report, Result, check, cpu};
use gristmill_cpu::goldilocks::{TWO_ADICITY, canonical};
use std::time::Instant;

/// A transform of 2^k elements of Goldilocks, with the primitive root
/// `w = 7^((p-1)/2^k)` (Plonky3's and Plonky2's). Elements are plain integers; any u64 stands for its residue, results are below p. The
/// coset's generator is not zero modulo p.
pub type GoldilocksTransform = Transform<u64>;

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
        if let Some(card) = &self.shared.card {
            let task = InPlace {
                card: &|vectors| card.goldilocks_ntt(vectors, transform),
                holds: &|input, output| check::goldilocks_holds(input, output, transform),
                cpu: &|values| cpu::goldilocks_ntt(values, transform),
            };
            if self.in_place(vectors, task, stage, report)?.is_some() {
                return Ok(());
            }
        }
        let start = Instant::now();
        for v in vectors.iter_mut() {
            cpu::goldilocks_ntt(v, transform);
        }
        report.host_stage(stage, start.elapsed());
        Ok(())
    }
}
