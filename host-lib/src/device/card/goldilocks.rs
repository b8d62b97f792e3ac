//! Transforms over Goldilocks on a card: four elements a word, on chip or, where that is too small, in card memory by passes of
//! columns; what is longer or shorter is left to the host.

use super::columns;
use super::elements::{Factors, Goldilocks};
use super::engine::{State, failed};
use crate::device::engine::{EngineError, EngineResult};
use crate::device::{GoldilocksTransform, Order, reverse};
use crate::report::Cost;
use gristmill_abi::caps::Ntt;
use gristmill_abi::layout::{Field, WORD_BYTES};
use gristmill_cpu::goldilocks::{GOLDILOCKS, canonical, inverse, mul, pow};
use gristmill_driver::{Command, DmaBuffer};
use std::time::Instant;
use zeroize::Zeroizing;

/// Bytes of an element.
const BYTES: usize = 8;
/// Elements that are copied at once, so that buffers stay small.
const CHUNK: usize = 1 << 16;

impl State {
    fn needs_goldilocks(&self) -> EngineResult<Ntt> {
        let info = self.card.info();
        match info.ntt {
            Some(ntt) if info.has_field(Field::Goldilocks) && info.ntt_factors => Ok(ntt),
            _ => Err(EngineError::Unsupported("transforms over goldilocks".into())),
        }
    }

    pub(super) fn goldilocks(
        &mut self,
        vectors: &mut [&mut [u64]],
        transform: &GoldilocksTransform,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let ntt = self.needs_goldilocks()?;
        let on_chip = 1usize << ntt.log_max;
        let most =
            columns::log_most(self.card.info()).filter(|_| self.card.info().copy).map_or(on_chip, |log| 1 << log);
        let sizes = 1usize << Field::Goldilocks.least_log()..=most;
        if let Some(v) = vectors.iter().find(|v| !sizes.contains(&v.len())) {
            let (least, most) = (sizes.start(), sizes.end());
            let what = format!("transforms of {} elements over goldilocks ({least} to {most})", v.len());
            return Err(EngineError::Unsupported(what));
        }
        // What does not fit into card memory is refused before anything is begun.
        let longest = vectors.iter().map(|v| v.len()).max().unwrap_or_default();
        let bytes = 2 * (longest * BYTES) as u64;
        if longest > on_chip && !self.residency.has_gap(bytes) {
            let what = format!("a transform of {longest} elements over goldilocks: no card memory for two vectors");
            return Err(EngineError::Unsupported(what));
        }
        let order = transform.order;
        for vector in vectors.iter_mut().filter(|v| v.len() > on_chip) {
            turned(vector, order.input(), cost);
            self.goldilocks_in_memory(vector, transform, cost)?;
            turned(vector, order.output(), cost);
        }
        // Factors go by words as they come and leave, so a coset wants its side in natural order.
        let moved = transform.coset.map(canonical).is_some_and(|g| g != 1);
        let offered = self.card.info().orders;
        let own = Order::of(
            offered && order.input() && (transform.inverse || !moved),
            offered && order.output() && !(transform.inverse && moved),
        );
        let mut commands = Vec::new();
        let mut buffers: Vec<DmaBuffer> = Vec::new();
        for vector in vectors.iter_mut().filter(|v| v.len() <= on_chip) {
            turned(vector, order.input() && !own.input(), cost);
            let buffer = self.staged(vector)?;
            let mut command = Command::ntt(Field::Goldilocks, vector.len().ilog2(), &buffer, &buffer);
            if transform.inverse {
                command = command.inverse();
            }
            if own != Order::Natural {
                command = command.reversed(own.input(), own.output());
            }
            if let Some((start, ratio)) = factors(transform, vector.len()) {
                let block = self.staged(&block(ntt.log_seeds.into(), start, ratio))?;
                command = command.factors(!transform.inverse, transform.inverse, &block);
            }
            commands.push(command);
            buffers.push(buffer);
        }
        self.run(commands, cost)?;
        for (vector, buffer) in vectors.iter_mut().filter(|v| v.len() <= on_chip).zip(&buffers) {
            taken(buffer, vector)?;
            turned(vector, order.output() && !own.output(), cost);
        }
        Ok(())
    }

    /// To card memory, through two passes there, and back.
    fn goldilocks_in_memory(
        &mut self,
        vector: &mut [u64],
        transform: &GoldilocksTransform,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let bytes = (vector.len() * BYTES) as u64;
        let id = self.new_id();
        let (Some(room), Some(shape)) = (self.residency.place_pinned(id, 2 * bytes), self.shape(vector.len())) else {
            return Err(EngineError::failed(format!("a transform of {} elements has no room", vector.len())));
        };
        let at = room.address;
        let done = self.goldilocks_passes(vector, transform, &shape, at, cost);
        let wiped = self.wipe(vec![id]);
        done.and(wiped)
    }

    fn goldilocks_passes(
        &mut self,
        vector: &mut [u64],
        transform: &GoldilocksTransform,
        shape: &columns::Shape,
        at: u64,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let scratch = at + (vector.len() * BYTES) as u64;
        let sequence = factors(transform, vector.len())
            .map(|(start, ratio)| Factors { start: Goldilocks(start), ratio: Goldilocks(ratio) });
        let both = if transform.inverse { [None, sequence] } else { [sequence, None] };
        for (i, chunk) in vector.chunks(CHUNK).enumerate() {
            let buffer = self.staged(chunk)?;
            self.run([Command::copy_to_card(buffer.whole(), at + (i * CHUNK * BYTES) as u64)], cost)?;
        }
        let passes = self.passes_over(transform.inverse, both, shape, [at, scratch])?;
        self.run(passes, cost)?;
        for (i, chunk) in vector.chunks_mut(CHUNK).enumerate() {
            let buffer = self.allocate((chunk.len() * BYTES) as u64)?;
            self.run([Command::copy_from_card(at + (i * CHUNK * BYTES) as u64, buffer.whole())], cost)?;
            taken(&buffer, chunk)?;
        }
        Ok(())
    }

    /// Elements in DMA memory, four a word.
    fn staged(&mut self, elements: &[u64]) -> EngineResult<DmaBuffer> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(elements.len() * BYTES));
        elements.iter().for_each(|e| bytes.extend_from_slice(&e.to_le_bytes()));
        let mut buffer = self.allocate(bytes.len() as u64)?;
        buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
        Ok(buffer)
    }
}

/// Takes elements out of DMA memory.
fn taken(buffer: &DmaBuffer, elements: &mut [u64]) -> EngineResult<()> {
    let mut bytes = Zeroizing::new(vec![0; elements.len() * BYTES]);
    buffer.read(0, &mut bytes).map_err(|e| failed("reading results", e.into()))?;
    for (i, (element, bytes)) in elements.iter_mut().zip(bytes.chunks_exact(BYTES)).enumerate() {
        *element = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        if *element >= GOLDILOCKS {
            return Err(EngineError::failed(format!("element {i} of the card's vector is not below the modulus")));
        }
    }
    Ok(())
}

/// Turns the indices of a vector around on the host, if it is to be.
fn turned(vector: &mut [u64], wanted: bool, cost: &mut Cost) {
    if wanted {
        let start = Instant::now();
        reverse(vector);
        cost.host_parts.push(("bit reversal".into(), start.elapsed().as_secs_f64()));
    }
}

/// Start and ratio of the factors: before a forward transform, after an inverse one.
fn factors(transform: &GoldilocksTransform, length: usize) -> Option<(u64, u64)> {
    let coset = transform.coset.map(canonical).filter(|g| *g != 1);
    match transform.inverse {
        true => Some((inverse(length as u64), coset.map_or(1, inverse))),
        false => coset.map(|g| (1, g)),
    }
}

/// A factor block: seeds `s*g^0 .. s*g^(K-1)`, then a word with `g^K`.
fn block(log_seeds: u32, start: u64, ratio: u64) -> Vec<u64> {
    let mut elements: Vec<u64> =
        std::iter::successors(Some(start), |f| Some(mul(*f, ratio))).take(1 << log_seeds).collect();
    elements.push(pow(ratio, 1 << log_seeds));
    elements.resize(elements.len().next_multiple_of(WORD_BYTES / BYTES), 0);
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_start_of_its_sequence_and_the_ratio_of_blocks() {
        let block = block(5, 3, 10);
        assert_eq!(block.len() * BYTES, Field::Goldilocks.factor_block_words(5) * WORD_BYTES);
        assert_eq!((block[0], block[2], block[33..].iter().sum::<u64>()), (3, 300, 0));
        assert_eq!(mul(block[31], 10), mul(block[32], 3), "f_32 = f_0 * g^32");
        assert_eq!(factors(&GoldilocksTransform::FORWARD, 8), None);
        assert_eq!(factors(&GoldilocksTransform::FORWARD.on_coset(GOLDILOCKS + 1), 8), None);
        assert_eq!(factors(&GoldilocksTransform::INVERSE, 8).map(|(s, g)| (mul(s, 8), g)), Some((1, 1)));
        let on_coset = factors(&GoldilocksTransform::INVERSE.on_coset(7), 8);
        assert_eq!(on_coset.map(|(s, g)| (mul(s, 8), mul(g, 7))), Some((1, 1)));
    }
}
