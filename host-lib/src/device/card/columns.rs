//! Transforms of vectors in card memory that are longer than the chip holds: in two passes of columns.
//!
//! As `split::ntt` says of the four steps (Bailey, 1990), with the vector as a matrix of R rows of C elements: the first command transforms its
//! columns and writes them one behind the other, which is the matrix turned over; the second multiplies
//! element c of its column r by w^(rc), transforms the columns and writes them as columns, which is the natural order.

use super::elements::{Element, Factors};
use super::engine::{State, failed};
use super::factors;
use crate::NttField;
use crate::device::engine::{EngineError, EngineResult};
use crate::report::Cost;
use crate::split::Kernel;
use gristmill_abi::layout::WORD_BYTES;
use gristmill_driver::{CardInfo, Command, DmaBuffer, Place};

/// Columns of a tile: what a command does at once.
const TILE: usize = 16;
/// log2 of the most rows and columns: 256 tiles of 16 are a command.
const LOG_SIDE: u32 = 12;

/// How a vector is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    log_rows: u32,
    log_columns: u32,
}

/// log2 of the longest vector that a card transforms in its memory; `None` if only what fits on chip.
pub(super) fn log_most(info: &CardInfo) -> Option<u32> {
    let log_max = u32::from(info.ntt?.log_max);
    let most = 2 * log_max.saturating_sub(TILE.ilog2()).min(LOG_SIDE);
    (info.columns && most > log_max).then_some(most)
}

impl State {
    /// How a vector of so many elements is cut; `None` if it fits on chip or is too long.
    pub(super) fn shape(&self, length: usize) -> Option<Shape> {
        let info = self.card.info();
        let (most, log) = (log_most(info)?, length.checked_ilog2()?);
        let log_rows = log.div_ceil(2);
        let cut = Shape { log_rows, log_columns: log - log_rows };
        (log > u32::from(info.ntt?.log_max) && log <= most && length.is_power_of_two()).then_some(cut)
    }

    /// The commands that transform a vector at `at`, in place, with as many words at `scratch`.
    pub(super) fn passes<F: NttField>(
        &mut self,
        kernel: &Kernel<F>,
        shape: &Shape,
        at: u64,
        scratch: u64,
    ) -> EngineResult<[Command; 2]> {
        let factors = [kernel.before, kernel.after].map(|f| f.map(Factors::from));
        self.passes_over::<F>(kernel.inverse, factors, shape, [at, scratch])
    }

    /// The same over any field, with factors before and after, if there are any.
    pub(super) fn passes_over<E: Element>(
        &mut self,
        inverse: bool,
        [before, after]: [Option<Factors<E>>; 2],
        shape: &Shape,
        [at, scratch]: [u64; 2],
    ) -> EngineResult<[Command; 2]> {
        let Shape { log_rows, log_columns } = *shape;
        let (rows, columns) = (1usize << log_rows, 1usize << log_columns);
        let log_seeds = self.card.info().ntt.map_or(0, |ntt| ntt.log_seeds).into();
        let root = E::root(log_rows + log_columns, inverse);
        let command = |log: u32, from: u64, to: u64| {
            let command = Command::ntt(E::FIELD, log, Place::Card(from), Place::Card(to));
            if inverse { command.inverse() } else { command }
        };

        let mut first =
            command(log_rows, at, scratch).columns(log_columns as u8, None).vectors((columns / TILE) as u32);
        if let Some(before) = before {
            let mut blocks = Vec::new();
            for tile in (0..columns).step_by(TILE) {
                factors::put_columns(log_seeds, |k| before.strided(tile + k, columns), &mut blocks);
            }
            first = first.factors(true, false, &self.blocks_of(&blocks)?);
        }
        let after = after.unwrap_or(Factors::NONE);
        let mut blocks = Vec::new();
        let mut twiddle = E::ONE;
        for tile in (0..rows).step_by(TILE) {
            let twiddles: Vec<E> =
                std::iter::successors(Some(twiddle), |w| Some(w.times(root))).take(TILE + 1).collect();
            twiddle = twiddles[TILE];
            factors::put_columns(log_seeds, |k| Factors { start: E::ONE, ratio: twiddles[k] }, &mut blocks);
            factors::put_columns(log_seeds, |k| after.strided(tile + k, rows), &mut blocks);
        }
        let second = command(log_columns, scratch, at)
            .columns(log_rows as u8, Some(log_rows as u8))
            .vectors((rows / TILE) as u32)
            .factors(true, true, &self.blocks_of(&blocks)?);
        Ok([first, second])
    }

    fn blocks_of(&mut self, bytes: &[u8]) -> EngineResult<DmaBuffer> {
        let mut buffer = self.allocate(bytes.len() as u64)?;
        buffer.write(0, bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
        Ok(buffer)
    }

    /// Transforms a vector of the host's in card memory, if there is room that no base set has. Says whether it did.
    pub(super) fn through_memory<F: NttField>(
        &mut self,
        values: &mut [F],
        kernel: &Kernel<F>,
        shape: &Shape,
        cost: &mut Cost,
    ) -> EngineResult<bool> {
        let bytes = (values.len() * WORD_BYTES) as u64;
        if !self.card.info().copy || !self.residency.has_gap(2 * bytes) {
            return Ok(false);
        }
        let id = self.new_id();
        let Some(room) = self.residency.place_pinned(id, 2 * bytes) else { return Ok(false) };
        let at = room.address;
        let done = self.there_and_back(values, kernel, shape, at, cost);
        let wiped = self.wipe(vec![id]);
        done.and(wiped).map(|()| true)
    }

    fn there_and_back<F: NttField>(
        &mut self,
        values: &mut [F],
        kernel: &Kernel<F>,
        shape: &Shape,
        at: u64,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        self.fill(at, values, cost)?;
        let passes = self.passes(kernel, shape, at, at + (values.len() * WORD_BYTES) as u64)?;
        self.run(passes, cost)?;
        let mut found = zeroize::Zeroizing::new(vec![F::ZERO; values.len()]);
        self.fetch(at, &mut found, cost)?;
        values.copy_from_slice(&found);
        Ok(())
    }

    /// Room for the first pass of programs on vectors of so many elements, if they need any: which piece of memory, and where.
    pub(super) fn scratch(&mut self, length: usize) -> EngineResult<Option<(super::residency::SetId, u64)>> {
        if self.shape(length).is_none() {
            return Ok(None);
        }
        let id = self.new_id();
        match self.residency.place_pinned(id, (length * WORD_BYTES) as u64) {
            Some(room) => Ok(Some((id, room.address))),
            None => Err(EngineError::Unsupported(format!(
                "a transform of {length} elements: no card memory for its first pass"
            ))),
        }
    }
}
