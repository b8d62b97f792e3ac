//! Transforms on a card: on chip where the vector fits; beyond, in card memory by passes of columns, or in four steps with the host between.

use super::engine::{State, failed};
use super::{factors, words};
use crate::device::Transform;
use crate::device::engine::{EngineError, EngineResult};
use crate::report::Cost;
use crate::split::{self, Kernel, SmallNtt};
use ark_bn254::Fr;
use gristmill_abi::caps::Ntt;
use gristmill_abi::command::MAX_VECTORS;
use gristmill_abi::layout::{Field, WORD_BYTES};
use gristmill_driver::{Command, DmaBuffer, DmaSlice, Place};
use std::collections::HashMap;
use std::time::Instant;
use zeroize::Zeroizing;

/// Most bytes of vectors staged before the card is waited for.
const STAGING_BYTES: usize = 64 << 20;
/// Most factor blocks kept for later transforms.
const MAX_BLOCKS: usize = 64;

/// Factor blocks in host memory, made at their first use.
pub(super) type Blocks = HashMap<factors::Key, DmaBuffer>;

/// Where a vector lies that a command transforms.
pub(super) enum Home<'a> {
    Host(&'a DmaBuffer),
    /// In card memory, from this byte on.
    Card(u64),
}

impl State {
    pub(super) fn needs_ntt(&self) -> EngineResult<Ntt> {
        let info = self.card.info();
        match info.ntt {
            Some(ntt) if info.has_field(Field::Bn254Fr) && info.ntt_factors => Ok(ntt),
            _ => Err(EngineError::Unsupported("transforms over bn254-fr".into())),
        }
    }

    pub(super) fn ntt(
        &mut self,
        vectors: &mut [&mut [Fr]],
        transform: &Transform,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let on_chip = 1usize << self.needs_ntt()?.log_max;
        let mut small: Vec<SmallNtt<'_>> = Vec::new();
        let mut large: Vec<&mut [Fr]> = Vec::new();
        for vector in vectors.iter_mut() {
            let kernel = Kernel::of(transform, vector.len());
            match vector.len() {
                n if n <= on_chip => small.push(SmallNtt { values: vector, kernel }),
                _ => large.push(vector),
            }
        }
        self.on_chip(&mut small, cost)?;
        for vector in large {
            let start = Instant::now();
            let mut on_card = 0.0;
            let kernel = Kernel::of(transform, vector.len());
            if let Some(shape) = self.shape(vector.len())
                && self.through_memory(vector, &kernel, &shape, cost)?
            {
                continue;
            }
            split::ntt(vector, kernel, on_chip, &mut |batch| {
                let start = Instant::now();
                let done = self.on_chip(batch, cost);
                on_card += start.elapsed().as_secs_f64();
                done
            })?;
            cost.host_parts.push(("four-step transposes".into(), start.elapsed().as_secs_f64() - on_card));
        }
        Ok(())
    }

    /// Transforms that fit on chip, in batches with one doorbell each.
    fn on_chip(&mut self, jobs: &mut [SmallNtt<'_>], cost: &mut Cost) -> EngineResult<()> {
        let mut rest = jobs;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |job: &&SmallNtt<'_>| {
                bytes += job.values.len() * WORD_BYTES;
                bytes <= STAGING_BYTES
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (now, later) = rest.split_at_mut(count);
            self.batch(now, cost)?;
            rest = later;
        }
        Ok(())
    }

    fn batch(&mut self, jobs: &mut [SmallNtt<'_>], cost: &mut Cost) -> EngineResult<()> {
        let mut commands = Vec::new();
        // A buffer for each command, and how many of the jobs are its vectors.
        let mut done: Vec<(Option<DmaBuffer>, usize)> = Vec::new();
        let mut rest = &mut *jobs;
        while let Some(job) = rest.first_mut() {
            if job.values.len() == 1 {
                // The card's smallest transform has two elements; one element only has factors.
                for sequence in [job.kernel.before, job.kernel.after].into_iter().flatten() {
                    sequence.apply(job.values);
                }
                done.push((None, 1));
                rest = &mut rest[1..];
                continue;
            }
            let (kernel, length) = (job.kernel, job.values.len());
            let most = if self.card.info().batches { MAX_VECTORS as usize } else { 1 };
            let alike = |job: &&SmallNtt<'_>| job.values.len() == length && job.kernel == kernel;
            let vectors = rest.iter().take(most).take_while(alike).count();
            let (now, later) = rest.split_at_mut(vectors);
            let mut bytes = Zeroizing::new(Vec::with_capacity(vectors * length * WORD_BYTES));
            now.iter().for_each(|job| words::put_elements(job.values, &mut bytes));
            let mut buffer = self.allocate(bytes.len() as u64)?;
            buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
            commands.push(self.transform(&kernel, length, &Home::Host(&buffer))?.vectors(vectors as u32));
            done.push((Some(buffer), vectors));
            rest = later;
        }
        let tickets = self.card.submit_all(commands).map_err(|e| failed("submitting commands", e))?;
        for ticket in tickets {
            cost.cycles += self.card.wait(ticket).map_err(|e| failed("the card", e))?.cycles;
        }
        let mut rest = jobs;
        for (buffer, vectors) in &done {
            let (now, later) = rest.split_at_mut(*vectors);
            rest = later;
            let Some(buffer) = buffer else { continue };
            for (i, job) in now.iter_mut().enumerate() {
                let mut bytes = Zeroizing::new(vec![0; job.values.len() * WORD_BYTES]);
                buffer.read((i * bytes.len()) as u64, &mut bytes).map_err(|e| failed("reading results", e.into()))?;
                words::elements(&bytes, job.values).map_err(|e| {
                    EngineError::failed(format!("element {} of the card's vector is not below the modulus", e.element))
                })?;
            }
        }
        Ok(())
    }

    /// The command that transforms a vector of at least two elements, on chip and in place.
    pub(super) fn transform(&mut self, kernel: &Kernel, length: usize, home: &Home<'_>) -> EngineResult<Command> {
        let place = || match home {
            Home::Host(buffer) => Place::from(*buffer),
            Home::Card(address) => Place::Card(*address),
        };
        let mut command = Command::ntt(Field::Bn254Fr, length.trailing_zeros(), place(), place());
        if kernel.inverse {
            command = command.inverse();
        }
        if let Some(key) = factors::key(kernel) {
            command = command.factors(key[0].is_some(), key[1].is_some(), self.block(key)?);
        }
        Ok(command)
    }

    /// The factor blocks of a key: kept ones, or new ones, which are kept while there is room.
    fn block(&mut self, key: factors::Key) -> EngineResult<DmaSlice> {
        if let Some(kept) = self.blocks.get(&key) {
            return Ok(kept.whole());
        }
        let bytes = factors::blocks(self.needs_ntt()?.log_seeds.into(), &key);
        let mut buffer = self.allocate(bytes.len() as u64)?;
        buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
        let slice = buffer.whole();
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.insert(key, buffer);
        }
        Ok(slice)
    }
}
