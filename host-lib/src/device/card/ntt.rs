//! Transforms on a card: on chip where the vector fits, in four steps beyond.

use super::engine::{State, failed};
use super::{factors, words};
use crate::device::Transform;
use crate::device::engine::{EngineError, EngineResult};
use crate::report::Cost;
use ark_bn254::Fr;
use gristmill_abi::caps::Ntt;
use gristmill_abi::command::{FLAG_FACTORS_AFTER, FLAG_FACTORS_BEFORE, FLAG_INVERSE};
use gristmill_abi::layout::{Field, WORD_BYTES};
use gristmill_driver::{Command, DmaBuffer};
use std::time::Instant;
use zeroize::Zeroizing;

/// Most bytes of vectors staged before the card is waited for.
const STAGING_BYTES: usize = 64 << 20;
/// Most factor blocks kept.
const MAX_BLOCKS: usize = 64;

impl State {
    fn needs_ntt(&self) -> EngineResult<Ntt> {
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
        let caps = self.needs_ntt()?;
        let on_chip = 1usize << caps.log_max;
        let (mut small, large): (Vec<&mut [Fr]>, Vec<&mut [Fr]>) =
            vectors.iter_mut().map(|v| &mut **v).partition(|v| v.len() <= on_chip);
        self.on_chip(&mut small, transform, cost)?;
        for vector in large {
            let start = Instant::now();
            let mut on_card = 0.0;
            crate::split::four_step(vector, transform, on_chip, &mut |rows, transform| {
                let start = Instant::now();
                let done = self.on_chip(rows, transform, cost);
                on_card += start.elapsed().as_secs_f64();
                done
            })?;
            cost.host_parts.push(("four-step twiddles and transposes".into(), start.elapsed().as_secs_f64() - on_card));
        }
        Ok(())
    }

    /// Transforms that fit on chip, in batches with one doorbell each.
    fn on_chip(&mut self, vectors: &mut [&mut [Fr]], transform: &Transform, cost: &mut Cost) -> EngineResult<()> {
        let mut rest = vectors;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |v: &&mut [Fr]| {
                bytes += v.len() * WORD_BYTES;
                bytes <= STAGING_BYTES
            };
            let count = rest.iter().take_while(|v| fits(v)).count().max(1);
            let (now, later) = rest.split_at_mut(count);
            self.batch(now, transform, cost)?;
            rest = later;
        }
        Ok(())
    }

    fn batch(&mut self, vectors: &mut [&mut [Fr]], transform: &Transform, cost: &mut Cost) -> EngineResult<()> {
        let mut commands = Vec::new();
        let mut buffers: Vec<Option<DmaBuffer>> = Vec::new();
        for vector in vectors.iter() {
            let log_n = vector.len().trailing_zeros();
            if log_n == 0 {
                // One element is its own transform, on every coset.
                buffers.push(None);
                continue;
            }
            let mut bytes = Zeroizing::new(Vec::new());
            words::put_elements(vector, &mut bytes);
            let mut buffer = self.card.allocate(bytes.len() as u64).map_err(|e| failed("allocating DMA memory", e))?;
            buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
            commands.push(self.command(log_n, transform, &buffer)?);
            buffers.push(Some(buffer));
        }
        let tickets = self.card.submit_all(commands).map_err(|e| failed("submitting commands", e))?;
        for ticket in tickets {
            cost.cycles += self.card.wait(ticket).map_err(|e| failed("the card", e))?.cycles;
        }
        for (vector, buffer) in vectors.iter_mut().zip(&buffers) {
            let Some(buffer) = buffer else { continue };
            let mut bytes = Zeroizing::new(vec![0; vector.len() * WORD_BYTES]);
            buffer.read(0, &mut bytes).map_err(|e| failed("reading results", e.into()))?;
            words::elements(&bytes, vector).map_err(|e| {
                EngineError::failed(format!("word {} of the card's vector is not below the modulus", e.word))
            })?;
        }
        Ok(())
    }

    fn command(&mut self, log_n: u32, transform: &Transform, buffer: &DmaBuffer) -> EngineResult<Command> {
        let plan = factors::plan(transform, log_n)
            .ok_or_else(|| EngineError::failed("the coset's generator is zero; choose another"))?;
        let mut command = Command::ntt(Field::Bn254Fr, log_n, buffer, buffer);
        if plan.flags & FLAG_INVERSE != 0 {
            command = command.inverse();
        }
        if let Some(sequence) = plan.sequence {
            let before = plan.flags & FLAG_FACTORS_BEFORE != 0;
            let after = plan.flags & FLAG_FACTORS_AFTER != 0;
            command = command.factors(before, after, self.block(sequence)?);
        }
        Ok(command)
    }

    /// The factor block of a sequence, made at its first use.
    fn block(&mut self, sequence: (Fr, Fr)) -> EngineResult<&DmaBuffer> {
        if self.blocks.len() >= MAX_BLOCKS && !self.blocks.contains_key(&sequence) {
            self.blocks.clear();
        }
        let log_seeds = self.needs_ntt()?.log_seeds.into();
        match self.blocks.entry(sequence) {
            std::collections::hash_map::Entry::Occupied(block) => Ok(block.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                let mut buffer = self
                    .card
                    .allocate(factors::block_bytes(log_seeds) as u64)
                    .map_err(|e| failed("allocating DMA memory", e))?;
                buffer
                    .write(0, &factors::block(log_seeds, sequence))
                    .map_err(|e| failed("filling DMA memory", e.into()))?;
                Ok(place.insert(buffer))
            }
        }
    }
}
