//! Vectors that stay in card memory: brought there once, transformed and combined where they lie, used as the scalars of
//! an MSM, read back. A program of steps is one batch, with one doorbell.

use super::columns;
use super::engine::{CardEngine, State, failed};
use super::ntt::Home;
use super::residency::SetId;
use super::words;
use crate::NttField;
use crate::device::Order;
use crate::device::engine::{EngineError, EngineResult, Resident, VectorOperand, VectorStep};
use crate::report::Cost;
use crate::split::Kernel;
use ark_bn254::Fr;
use gristmill_abi::command::MAX_VECTORS;
use gristmill_abi::layout::{Field, WORD_BYTES};
use gristmill_driver::{Command, Place};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Elements that are staged at once.
const CHUNK: usize = 1 << 18;

/// A vector in card memory. It may be a witness's: its words are overwritten before others get the place.
pub(super) struct Vector {
    id: SetId,
    length: usize,
    freed: Arc<Mutex<Vec<SetId>>>,
}

impl Drop for Vector {
    fn drop(&mut self) {
        self.freed.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
    }
}

fn vector(resident: &Resident) -> EngineResult<&Vector> {
    resident.downcast_ref::<Vector>().ok_or_else(|| EngineError::failed("this vector belongs to another device"))
}

impl CardEngine {
    /// See [`VectorEngine::new_vector`](crate::device::engine::VectorEngine::new_vector).
    pub(super) fn make_vector(&self, length: usize, values: Option<&[Fr]>) -> EngineResult<(Resident, Cost)> {
        let (vector, cost) = self.task("bringing a vector", |state, cost| {
            state.needs_vectors(length)?;
            let vector = Vector { id: state.new_id(), length, freed: self.freed_vectors.clone() };
            let bytes = (length * WORD_BYTES) as u64;
            let Some(room) = state.residency.place_pinned(vector.id, bytes) else {
                return Err(EngineError::Unsupported(format!(
                    "a vector of {length} elements beside those that are there"
                )));
            };
            if !room.evicted.is_empty() {
                tracing::debug!(sets = room.evicted.len(), "evicted base sets from card memory for a vector");
            }
            match values {
                Some(values) => state.fill(room.address, values, cost)?,
                None => state.run([Command::zero(Place::Card(room.address), length as u32)], cost)?,
            }
            Ok(vector)
        })?;
        Ok((Arc::new(vector), cost))
    }
}

impl State {
    /// Refuses what this card does not offer, and vectors that it does not transform in its memory.
    pub(super) fn needs_vectors(&self, length: usize) -> EngineResult<()> {
        let info = self.card.info();
        let on_chip = u32::from(self.needs_ntt::<Fr>()?.log_max);
        let most = 1usize << columns::log_most(info).unwrap_or(on_chip);
        // The first pass of a longer one goes to another place.
        let places = if length > 1 << on_chip { 2 } else { 1 };
        let what = match () {
            () if !(info.elementwise && info.copy) => "element-wise operations".into(),
            () if !(2..=most).contains(&length) => format!("resident vectors of {length} elements (2 to {most})"),
            () if !self.residency.fits((places * length * WORD_BYTES) as u64) => {
                "resident vectors: no card memory".into()
            }
            () => return Ok(()),
        };
        Err(EngineError::Unsupported(what))
    }

    /// Where a vector lies.
    fn at(&mut self, resident: &Resident) -> EngineResult<(u64, usize)> {
        let vector = vector(resident)?;
        let lost = || EngineError::failed("a vector on the card was lost when the card was reset after an error");
        Ok((self.residency.touch(vector.id).ok_or_else(lost)?, vector.length))
    }

    /// Overwrites vectors that nobody holds any more, and frees them. One that a reset has taken is no more.
    pub(super) fn wipe(&mut self, ids: Vec<SetId>) -> EngineResult<()> {
        let pieces: Vec<(u64, u64)> = ids.iter().filter_map(|id| self.residency.piece(*id)).collect();
        self.overwrite(&pieces)?;
        ids.into_iter().for_each(|id| self.residency.remove(id));
        Ok(())
    }

    /// Writes zeros over pieces of card memory: address and bytes.
    pub(super) fn overwrite(&mut self, pieces: &[(u64, u64)]) -> EngineResult<()> {
        let zero =
            |(address, bytes): &(u64, u64)| Command::zero(Place::Card(*address), (bytes / WORD_BYTES as u64) as u32);
        let commands: Vec<Command> = pieces.iter().map(zero).collect();
        // Not a part of what the task at hand costs.
        if commands.is_empty() { Ok(()) } else { self.run(commands, &mut Cost::default()) }
    }

    /// Submits commands with one doorbell and waits for them.
    pub(super) fn run(&mut self, commands: impl IntoIterator<Item = Command>, cost: &mut Cost) -> EngineResult<()> {
        let tickets = self.card.submit_all(commands).map_err(|e| failed("submitting commands", e))?;
        for ticket in tickets {
            cost.cycles += self.card.wait(ticket).map_err(|e| failed("the card", e))?.cycles;
        }
        Ok(())
    }

    pub(super) fn fill<F: NttField>(&mut self, address: u64, values: &[F], cost: &mut Cost) -> EngineResult<()> {
        for (i, chunk) in values.chunks(CHUNK).enumerate() {
            let mut bytes = Zeroizing::new(Vec::with_capacity(chunk.len() * WORD_BYTES));
            words::put_elements(chunk, &mut bytes);
            let mut buffer = self.allocate(bytes.len() as u64)?;
            buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
            let to = address + (i * CHUNK * WORD_BYTES) as u64;
            self.run([Command::copy_to_card(buffer.whole(), to)], cost)?;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, resident: &Resident, out: &mut [Fr], cost: &mut Cost) -> EngineResult<()> {
        let (address, length) = self.at(resident)?;
        if out.len() != length {
            return Err(EngineError::failed(format!("a vector of {length} elements read into {}", out.len())));
        }
        self.fetch(address, out, cost)
    }

    /// Reads elements from card memory.
    pub(super) fn fetch<F: NttField>(&mut self, address: u64, out: &mut [F], cost: &mut Cost) -> EngineResult<()> {
        for (i, chunk) in out.chunks_mut(CHUNK).enumerate() {
            let mut bytes = Zeroizing::new(vec![0; chunk.len() * WORD_BYTES]);
            let buffer = self.allocate(bytes.len() as u64)?;
            let from = address + (i * CHUNK * WORD_BYTES) as u64;
            self.run([Command::copy_from_card(from, buffer.whole())], cost)?;
            buffer.read(0, &mut bytes).map_err(|e| failed("reading results", e.into()))?;
            words::elements(&bytes, chunk).map_err(|e| {
                let element = i * CHUNK + e.element;
                EngineError::failed(format!("element {element} of the card's vector is not below the modulus"))
            })?;
        }
        Ok(())
    }

    pub(super) fn steps(&mut self, steps: &[VectorStep<'_>], cost: &mut Cost) -> EngineResult<()> {
        // Transforms of one program may be of several lengths: the first pass of the longest finds room for all.
        let mut longest = 0;
        for step in steps {
            if let VectorStep::Transform(vector, _) = step {
                longest = longest.max(self.at(vector)?.1);
            }
        }
        let scratch = self.scratch(longest)?;
        let done = self.steps_with(steps, scratch.map(|(_, address)| address), cost);
        let wiped = self.wipe(scratch.iter().map(|(id, _)| *id).collect());
        done.and(wiped)
    }

    fn steps_with(&mut self, steps: &[VectorStep<'_>], scratch: Option<u64>, cost: &mut Cost) -> EngineResult<()> {
        let mut commands = Vec::new();
        let mut steps = steps.iter().peekable();
        while let Some(step) = steps.next() {
            commands.push(match step {
                VectorStep::Transform(vector, transform) => {
                    let (address, length) = self.at(vector)?;
                    if let (Some(shape), Some(scratch)) = (self.shape(length), scratch) {
                        commands.extend(self.passes(&Kernel::of(transform, length), &shape, address, scratch)?);
                        continue;
                    }
                    // Equal transforms of vectors that lie one behind the other are one command: one comes and one goes while another is
                    // transformed.
                    let mut vectors = 1;
                    while let Some(VectorStep::Transform(next, same)) = steps.peek() {
                        let behind = (address + (vectors * length * WORD_BYTES) as u64, length);
                        if vectors == MAX_VECTORS as usize
                            || same != transform
                            || !self.card.info().batches
                            || self.at(next)? != behind
                        {
                            break;
                        }
                        vectors += 1;
                        steps.next();
                    }
                    self.transform(&Kernel::of(transform, length), Order::Natural, length, &Home::Card(address))?
                        .vectors(vectors as u32)
                }
                VectorStep::Combine(operation, a, b, to) => {
                    let ((a, length), (to, other)) = (self.at(a)?, self.at(to)?);
                    let same = |found: usize| match found == length {
                        true => Ok(()),
                        false => Err(EngineError::failed(format!("vectors of {length} and {found} elements combined"))),
                    };
                    same(other)?;
                    let command = |b| {
                        let (a, to) = (Place::Card(a), Place::Card(to));
                        Command::elementwise(Field::Bn254Fr, *operation, length as u32, a, b, to)
                    };
                    match b {
                        VectorOperand::Vector(b) => {
                            let (b, found) = self.at(b)?;
                            same(found)?;
                            command(Place::Card(b))
                        }
                        VectorOperand::Element(element) => {
                            let mut bytes = Zeroizing::new(Vec::with_capacity(WORD_BYTES));
                            words::put_elements(&[*element], &mut bytes);
                            let mut buffer = self.allocate(WORD_BYTES as u64)?;
                            buffer.write(0, &bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
                            command(Place::from(&buffer)).by_scalar()
                        }
                    }
                }
            });
        }
        self.run(commands, cost)
    }

    /// A vector as scalars: where it lies, and how many there are.
    pub(super) fn scalars(&mut self, resident: &Resident) -> EngineResult<(u64, usize)> {
        self.at(resident)
    }
}
