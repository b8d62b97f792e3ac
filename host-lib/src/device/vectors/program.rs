//! Programs: steps on vectors, on the card where they lie there, else on the host.

use super::{Home, Vector};
use crate::device::engine::{VectorOperand, VectorStep};
use crate::device::{Device, Order, Transform};
use crate::{Error, Report, Result, cpu};
use ark_bn254::Fr;
use ark_ff::Zero;
pub use gristmill_abi::command::Operation;
use rayon::prelude::*;
use std::time::Instant;

/// A step of a program for [`Device::run`]. Vectors are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Transforms a vector in place.
    Transform {
        /// Which.
        vector: usize,
        /// How.
        transform: Transform,
    },
    /// Element by element, `to` = a op b; `to` may be one of the operands. [`Operation::MulSub`] is a * b - `to`.
    Combine {
        /// What is done.
        operation: Operation,
        /// The first operand.
        a: usize,
        /// The second.
        b: Second,
        /// Where the result goes.
        to: usize,
    },
}

/// The second operand of [`Step::Combine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// A vector.
    Vector(usize),
    /// One element for all.
    Element(Fr),
}

impl Step {
    /// [`Step::Transform`].
    pub const fn transform(vector: usize, transform: Transform) -> Self {
        Step::Transform { vector, transform }
    }

    /// [`Step::Combine`] of two vectors.
    pub const fn combine(operation: Operation, a: usize, b: usize, to: usize) -> Self {
        Step::Combine { operation, a, b: Second::Vector(b), to }
    }

    /// [`Step::Combine`] of a vector in place with one element; with [`Operation::Mul`], scaling.
    pub const fn with_element(operation: Operation, vector: usize, element: Fr) -> Self {
        Step::Combine { operation, a: vector, b: Second::Element(element), to: vector }
    }

    fn vectors(&self) -> impl Iterator<Item = usize> {
        let named = match self {
            Step::Transform { vector, .. } => [Some(*vector), None, None],
            Step::Combine { a, b: Second::Vector(b), to, .. } => [Some(*a), Some(*b), Some(*to)],
            Step::Combine { a, to, .. } => [Some(*a), Some(*to), None],
        };
        named.into_iter().flatten()
    }
}

impl Device {
    pub(crate) fn run_in(
        &self,
        vectors: &mut [Vector],
        steps: &[Step],
        stage: &str,
        report: &mut Report,
    ) -> Result<()> {
        self.usable()?;
        vectors.iter().try_for_each(|vector| self.owns(vector))?;
        for (step, program) in steps.iter().enumerate() {
            let wrong = |problem: String| Error::VectorStep { step, problem };
            let mut lengths = Vec::new();
            for index in program.vectors() {
                let vector = vectors.get(index);
                let vector = vector.ok_or_else(|| wrong(format!("vector {index} of {}", vectors.len())))?;
                lengths.push((index, vector.length));
            }
            if let Some((index, length)) = lengths.iter().find(|(_, length)| *length != lengths[0].1) {
                let (first, other) = lengths[0];
                return Err(wrong(format!("vector {first} has {other} elements, vector {index} {length}")));
            }
            let on_card = |index: usize| vectors[index].is_on_card();
            if program.vectors().any(on_card) && !program.vectors().all(on_card) {
                return Err(wrong("some of its vectors are on the card, others did not find room there".into()));
            }
            if let Step::Transform { transform, .. } = program {
                if transform.coset.is_some_and(|g| g.is_zero()) {
                    return Err(Error::ZeroCoset);
                }
                if transform.order != Order::Natural {
                    return Err(wrong(format!(
                        "{:?}: steps transform from natural order to natural order",
                        transform.order
                    )));
                }
            }
        }
        // Runs of steps that are on the card, or not.
        let mut rest = steps;
        while let Some(first) = rest.first() {
            let on_card = |step: &Step, vectors: &[Vector]| step.vectors().any(|i| vectors[i].is_on_card());
            let card = on_card(first, vectors);
            let count = rest.iter().take_while(|step| on_card(step, vectors) == card).count();
            let (now, later) = rest.split_at(count);
            match card {
                true => self.on_card(vectors, now, stage, report)?,
                false => self.on_host(vectors, now, stage, report)?,
            }
            rest = later;
        }
        Ok(())
    }

    fn on_card(&self, vectors: &mut [Vector], steps: &[Step], stage: &str, report: &mut Report) -> Result<()> {
        let Some(card) = &self.shared.card else {
            return Err(Error::Internal("vectors on a card that is none".into()));
        };
        let resident = |index: usize| match &vectors[index].home {
            Home::Card(resident) => Ok(resident),
            Home::Host(_) => Err(Error::Internal("a vector on the host in a card's program".into())),
        };
        let mut program = Vec::with_capacity(steps.len());
        for step in steps {
            program.push(match step {
                Step::Transform { vector, transform } => VectorStep::Transform(resident(*vector)?, *transform),
                Step::Combine { operation, a, b, to } => {
                    let b = match b {
                        Second::Vector(b) => VectorOperand::Vector(resident(*b)?),
                        Second::Element(element) => VectorOperand::Element(*element),
                    };
                    VectorStep::Combine(*operation, resident(*a)?, b, resident(*to)?)
                }
            });
        }
        let start = Instant::now();
        let cost = card.run_steps(&program).map_err(|e| self.failed(stage, e))?;
        report.device_stage(stage, start.elapsed(), &cost);
        let mut expected: Vec<Option<&mut [Fr]>> =
            vectors.iter_mut().map(|v| v.expected.as_mut().map(|e| &mut e[..])).collect();
        for step in steps {
            match step {
                Step::Transform { vector, transform } => {
                    if let Some(values) = &mut expected[*vector] {
                        cpu::ntt(values, transform);
                    }
                }
                Step::Combine { operation, a, b, to } => combine(&mut expected, *operation, *a, b, *to),
            }
        }
        Ok(())
    }

    /// Transforms by the device where it has them; the rest by the CPU.
    fn on_host(&self, vectors: &mut [Vector], steps: &[Step], stage: &str, report: &mut Report) -> Result<()> {
        let mut values: Vec<Option<&mut [Fr]>> = vectors
            .iter_mut()
            .map(|v| match &mut v.home {
                Home::Host(values) => Some(&mut values[..]),
                Home::Card(_) => None,
            })
            .collect();
        let mut rest = steps;
        while let Some(first) = rest.first() {
            let count = match first {
                Step::Transform { transform, .. } => {
                    let mut batch: Vec<usize> = Vec::new();
                    for step in rest {
                        match step {
                            Step::Transform { vector, transform: other }
                                if other == transform && !batch.contains(vector) =>
                            {
                                batch.push(*vector);
                            }
                            _ => break,
                        }
                    }
                    let all = values.iter_mut().enumerate().filter(|(i, _)| batch.contains(i));
                    let mut batched: Vec<&mut [Fr]> = all.filter_map(|(_, v)| v.as_deref_mut()).collect();
                    self.ntt_in(&mut batched, transform, stage, report)?;
                    batch.len()
                }
                Step::Combine { operation, a, b, to } => {
                    let start = Instant::now();
                    combine(&mut values, *operation, *a, b, *to);
                    report.host_stage(stage, start.elapsed());
                    1
                }
            };
            rest = &rest[count..];
        }
        Ok(())
    }
}

/// `to` = a op b, element by element; nothing if one of them is not there.
fn combine(vectors: &mut [Option<&mut [Fr]>], operation: Operation, a: usize, b: &Second, to: usize) {
    let Some(target) = vectors[to].take() else { return };
    let operand = |index: usize| if index == to { Some(None) } else { vectors[index].as_deref().map(Some) };
    let second = match b {
        Second::Element(_) => Some(None),
        Second::Vector(b) => operand(*b),
    };
    if let (Some(first), Some(second)) = (operand(a), second) {
        // Pieces, so that threads share the work; an operand that is the target is read there.
        target.par_chunks_mut(PIECE).enumerate().for_each(|(piece, target)| {
            for (i, t) in target.iter_mut().enumerate() {
                let at = |operand: Option<&[Fr]>| operand.map_or(*t, |values| values[piece * PIECE + i]);
                let x = at(first);
                let y = if let Second::Element(element) = b { *element } else { at(second) };
                *t = match operation {
                    Operation::Add => x + y,
                    Operation::Sub => x - y,
                    Operation::Mul => x * y,
                    Operation::MulSub => x * y - *t,
                };
            }
        });
    }
    vectors[to] = Some(target);
}

/// Elements that one thread takes at once.
const PIECE: usize = 1024;
