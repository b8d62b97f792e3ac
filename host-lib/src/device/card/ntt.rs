//! Transforms on a card: on chip where the vector fits; beyond, in card memory by passes of columns, or in four steps with the host between.

use super::engine::{State, failed};
use super::{factors, words};
use crate::NttField;
use crate::device::engine::{EngineError, EngineResult};
use crate::device::{Order, Transform, reverse};
use crate::report::Cost;
use crate::split::{self, Kernel, Sequence, SmallNtt};
use gristmill_abi::caps::Ntt;
use gristmill_abi::command::MAX_VECTORS;
use gristmill_abi::layout::WORD_BYTES;
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
    pub(super) fn needs_ntt<F: NttField>(&self) -> EngineResult<Ntt> {
        let info = self.card.info();
        match info.ntt {
            Some(ntt) if info.has_field(F::FIELD) && info.ntt_factors => Ok(ntt),
            _ => Err(EngineError::Unsupported(format!("transforms over {}", F::FIELD.name()))),
        }
    }

    /// What the card does of an order, for vectors that fit on chip; the host turns them around for the rest. Factors go by words as they come and
    /// leave, so a sequence wants its side in natural order.
    fn own_order<F: NttField>(&self, order: Order, kernel: &Kernel<F>, length: usize) -> Order {
        let plain = |sequence: Option<Sequence<F>>| sequence.is_none_or(|s| s.ratio.is_one());
        let offered = self.card.info().orders && length > 1;
        Order::of(offered && order.input() && plain(kernel.before), offered && order.output() && plain(kernel.after))
    }

    pub(super) fn ntt<F: NttField>(
        &mut self,
        vectors: &mut [&mut [F]],
        transform: &Transform<F>,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let on_chip = 1usize << self.needs_ntt::<F>()?.log_max;
        let order = transform.order;
        // Which side of each the host turns around.
        let mut turned = Vec::with_capacity(vectors.len());
        let mut small: Vec<SmallNtt<'_, F>> = Vec::new();
        let mut large: Vec<&mut [F]> = Vec::new();
        let start = Instant::now();
        for vector in vectors.iter_mut() {
            let kernel = Kernel::of(transform, vector.len());
            let own = match vector.len() {
                n if n <= on_chip => self.own_order(order, &kernel, n),
                _ => Order::Natural,
            };
            let rest = Order::of(order.input() && !own.input(), order.output() && !own.output());
            if rest.input() {
                reverse(vector);
            }
            turned.push(rest);
            match vector.len() {
                n if n <= on_chip => small.push(SmallNtt { values: vector, kernel, order: own }),
                _ => large.push(vector),
            }
        }
        let mut turning = start.elapsed();
        self.on_chip(&mut small, cost)?;
        for vector in large {
            self.larger(vector, transform, on_chip, cost)?;
        }
        let start = Instant::now();
        for (vector, _) in vectors.iter_mut().zip(&turned).filter(|(_, rest)| rest.output()) {
            reverse(vector);
        }
        turning += start.elapsed();
        if turned.iter().any(|rest| *rest != Order::Natural) {
            cost.host_parts.push(("bit reversal".into(), turning.as_secs_f64()));
        }
        Ok(())
    }

    /// A transform that does not fit on chip.
    fn larger<F: NttField>(
        &mut self,
        vector: &mut [F],
        transform: &Transform<F>,
        on_chip: usize,
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let start = Instant::now();
        let mut on_card = 0.0;
        let kernel = Kernel::of(transform, vector.len());
        if let Some(shape) = self.shape(vector.len())
            && self.through_memory(vector, &kernel, &shape, cost)?
        {
            return Ok(());
        }
        split::ntt(vector, kernel, on_chip, &mut |batch| {
            let start = Instant::now();
            let done = self.on_chip(batch, cost);
            on_card += start.elapsed().as_secs_f64();
            done
        })?;
        cost.host_parts.push(("four-step transposes".into(), start.elapsed().as_secs_f64() - on_card));
        Ok(())
    }

    /// Transforms that fit on chip, in batches with one doorbell each.
    fn on_chip<F: NttField>(&mut self, jobs: &mut [SmallNtt<'_, F>], cost: &mut Cost) -> EngineResult<()> {
        let mut rest = jobs;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |job: &&SmallNtt<'_, F>| {
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

    fn batch<F: NttField>(&mut self, jobs: &mut [SmallNtt<'_, F>], cost: &mut Cost) -> EngineResult<()> {
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
            let (kernel, order, length) = (job.kernel, job.order, job.values.len());
            let most = if self.card.info().batches { MAX_VECTORS as usize } else { 1 };
            let alike = |job: &&SmallNtt<'_, F>| (job.values.len(), job.kernel, job.order) == (length, kernel, order);
            let vectors = rest.iter().take(most).take_while(alike).count();
            let (now, later) = rest.split_at_mut(vectors);
            let mut bytes = Zeroizing::new(Vec::with_capacity(vectors * length * WORD_BYTES));
            now.iter().for_each(|job| words::put_elements(job.values, &mut bytes));
            let mut buffer = self.allocate(bytes.len() as u64)?;
            buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
            commands.push(self.transform(&kernel, order, length, &Home::Host(&buffer))?.vectors(vectors as u32));
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
    pub(super) fn transform<F: NttField>(
        &mut self,
        kernel: &Kernel<F>,
        order: Order,
        length: usize,
        home: &Home<'_>,
    ) -> EngineResult<Command> {
        let place = || match home {
            Home::Host(buffer) => Place::from(*buffer),
            Home::Card(address) => Place::Card(*address),
        };
        let mut command = Command::ntt(F::FIELD, length.trailing_zeros(), place(), place());
        if kernel.inverse {
            command = command.inverse();
        }
        if order != Order::Natural {
            command = command.reversed(order.input(), order.output());
        }
        if let Some(key) = factors::key(kernel) {
            command = command.factors(key[0].is_some(), key[1].is_some(), self.block(key, kernel)?);
        }
        Ok(command)
    }

    /// The factor blocks of a kernel, which this is the key of: kept ones, or new ones, which are kept while there is room.
    fn block<F: NttField>(&mut self, key: factors::Key, kernel: &Kernel<F>) -> EngineResult<DmaSlice> {
        if let Some(kept) = self.blocks.get(&key) {
            return Ok(kept.whole());
        }
        let bytes = factors::blocks(self.needs_ntt::<F>()?.log_seeds.into(), kernel);
        let mut buffer = self.allocate(bytes.len() as u64)?;
        buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
        let slice = buffer.whole();
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.insert(key, buffer);
        }
        Ok(slice)
    }
}
