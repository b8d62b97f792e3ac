//! Vectors that stay on a device: what a prover does with its polynomials between bringing them and using them.

use super::engine::{Resident, VectorOperand, VectorStep};
use super::{Check, Device, EngineError, Transform};
use crate::{Bases, Error, Report, Result, check, cpu};
use ark_bn254::{Fr, G1Projective};
use ark_ff::{FftField, Zero};
pub use gristmill_abi::command::Operation;
use rayon::prelude::*;
use std::fmt;
use std::time::Instant;
use zeroize::Zeroizing;

/// A vector of BN254's Fr on a [`Device`]: in card memory, where the card has element-wise operations and
/// the vector fits on chip; else in the host's. Made by [`Device::vector`] and [`Device::zero_vector`], worked on by
/// [`Device::run`], read by [`Device::read`], the scalars of an MSM in [`Device::msm_of_vector`]. Its memory, there and here, is overwritten
/// when it is dropped.
pub struct Vector {
    device: Device,
    length: usize,
    home: Home,
    /// What it should hold by the CPU: where results are checked twice ([`Check::Dual`]).
    expected: Option<Zeroizing<Vec<Fr>>>,
}

enum Home {
    Card(Resident),
    Host(Zeroizing<Vec<Fr>>),
}

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

impl Vector {
    /// Elements.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Has it no elements? Never: a length is a power of two.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// One that stays in host memory.
    pub(crate) fn on_host(device: &Device, values: Zeroizing<Vec<Fr>>) -> Self {
        Vector { device: device.clone(), length: values.len(), home: Home::Host(values), expected: None }
    }

    /// What it holds, if that is in host memory.
    pub(crate) fn into_values(self) -> Option<Zeroizing<Vec<Fr>>> {
        match self.home {
            Home::Host(values) => Some(values),
            Home::Card(_) => None,
        }
    }

    /// Whether it is in card memory.
    pub fn is_on_card(&self) -> bool {
        matches!(self.home, Home::Card(_))
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.is_on_card() { "card" } else { "host" };
        write!(f, "Vector({} elements in {place} memory of {})", self.length, self.device.name())
    }
}

impl Device {
    /// Brings a vector: a power of two of elements.
    ///
    /// # Errors
    /// [`Error::NttLength`]; [`Error::DeviceFailed`] whatever the fall-back, as for all work on vectors: what a card has lost the CPU
    /// cannot go on with; [`Error::Quarantined`].
    pub fn vector(&self, values: &[Fr]) -> Result<Vector> {
        self.recorded(|report| self.vector_in(values.len(), Some(values), "vectors", report))
    }

    /// A vector of zeros, for results; nothing is brought.
    ///
    /// # Errors
    /// As [`vector`](Self::vector).
    pub fn zero_vector(&self, length: usize) -> Result<Vector> {
        self.recorded(|report| self.vector_in(length, None, "vectors", report))
    }

    /// Runs steps one after the other; on a card as one batch, whose results stay there. They are not checked before they are read or
    /// summed, and then only under [`Check::Dual`]: whoever can check what becomes of them, as a prover its
    /// proof, should.
    ///
    /// # Errors
    /// [`Error::VectorStep`] for a program that does not fit the vectors, [`Error::ZeroCoset`]; then nothing is done. [`Error::DeviceFailed`]: the vectors are lost.
    pub fn run(&self, vectors: &mut [Vector], steps: &[Step]) -> Result<()> {
        self.recorded(|report| self.run_in(vectors, steps, "vectors", report))
    }

    /// Reads a vector.
    ///
    /// # Errors
    /// [`Error::DeviceFailed`]; [`Error::WrongAnswer`] under [`Check::Dual`].
    pub fn read(&self, vector: &Vector) -> Result<Vec<Fr>> {
        self.recorded(|report| {
            self.owns(vector)?;
            let mut values = Zeroizing::new(vec![Fr::zero(); vector.length]);
            match (&vector.home, &self.shared.card) {
                (Home::Host(held), _) => values.copy_from_slice(held),
                (Home::Card(resident), Some(card)) => {
                    let start = Instant::now();
                    let cost = card.read_vector(resident, &mut values).map_err(|e| self.failed("vectors", e))?;
                    report.device_stage("vectors", start.elapsed(), &cost);
                }
                (Home::Card(_), None) => return Err(Error::Internal("a vector on a card that is none".into())),
            }
            if vector.expected.as_ref().is_some_and(|expected| **expected != *values) {
                return Err(self.quarantine("vectors", "a vector differs from the CPU's".into()));
            }
            Ok(std::mem::take(&mut *values))
        })
    }

    /// MSM whose scalars are the first elements of a vector, as many as there are bases.
    ///
    /// # Errors
    /// [`Error::MsmLength`] if there are more bases than elements, [`Error::ForeignBases`], and those of a device.
    pub fn msm_of_vector(&self, bases: &Bases, vector: &Vector) -> Result<G1Projective> {
        self.recorded(|report| self.msm_of_vector_in(bases, vector, "msm", report))
    }

    /// Whether the device has a place for vectors of this length, as far as its engines go.
    pub(crate) fn keeps_vectors(&self, length: usize) -> bool {
        self.shared.card.as_ref().is_some_and(|card| card.keeps_vectors(length).is_ok())
    }

    pub(crate) fn vector_in(
        &self,
        length: usize,
        values: Option<&[Fr]>,
        stage: &str,
        report: &mut Report,
    ) -> Result<Vector> {
        self.usable()?;
        if !length.is_power_of_two() || length > 1 << Fr::TWO_ADICITY {
            return Err(Error::NttLength { length });
        }
        let on_host = || Zeroizing::new(values.map_or_else(|| vec![Fr::zero(); length], <[Fr]>::to_vec));
        let mut home = None;
        if let Some(card) = &self.shared.card {
            let start = Instant::now();
            match card.new_vector(length, values) {
                Ok((resident, cost)) => {
                    report.device_stage(stage, start.elapsed(), &cost);
                    home = Some(Home::Card(resident));
                }
                Err(EngineError::Unsupported(what)) => tracing::debug!(%what, "a vector stays on the host"),
                Err(error) => return Err(self.failed(stage, error)),
            }
        }
        let on_card = home.is_some();
        Ok(Vector {
            device: self.clone(),
            length,
            home: home.unwrap_or_else(|| Home::Host(on_host())),
            expected: (on_card && self.check() == Check::Dual).then(on_host),
        })
    }

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
            if matches!(program, Step::Transform { transform: Transform { coset: Some(g), .. }, .. } if g.is_zero()) {
                return Err(Error::ZeroCoset);
            }
        }
        // Runs of steps that are all on the card, or all not.
        let mut rest = steps;
        while let Some(first) = rest.first() {
            let on_card = |step: &Step, vectors: &[Vector]| step.vectors().all(|i| vectors[i].is_on_card());
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
        if vectors.iter().any(Vector::is_on_card) && steps.iter().any(|s| s.vectors().any(|i| vectors[i].is_on_card()))
        {
            let problem = "some of its vectors are on the card, others did not find room there".into();
            return Err(Error::VectorStep { step: 0, problem });
        }
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

    pub(crate) fn msm_of_vector_in(
        &self,
        bases: &Bases,
        vector: &Vector,
        stage: &str,
        report: &mut Report,
    ) -> Result<G1Projective> {
        self.usable()?;
        self.owns(vector)?;
        if bases.len() > vector.length {
            return Err(Error::MsmLength { scalars: vector.length, bases: bases.len() });
        }
        let sum = |sums: Vec<G1Projective>| {
            sums.into_iter().next().ok_or_else(|| Error::Internal("an MSM without a result".into()))
        };
        let (resident, card) = match (&vector.home, &self.shared.card, bases.resident(self)?) {
            (Home::Host(values), _, _) => {
                return sum(self.msm_in(&[(bases, &values[..bases.len()])], stage, report)?);
            }
            (Home::Card(resident), Some(card), Some(home)) => ((resident, home), card),
            // Its bases are the host's.
            (Home::Card(_), _, _) => {
                let values = Zeroizing::new(self.read(vector)?);
                return sum(self.msm_in(&[(bases, &values[..bases.len()])], stage, report)?);
            }
        };
        let start = Instant::now();
        let (sum, cost) = card.msm_of_vector(resident.1, resident.0).map_err(|e| self.failed(stage, e))?;
        report.device_stage(stage, start.elapsed(), &cost);
        let start = Instant::now();
        let problem = match (self.check(), &vector.expected) {
            (Check::None, _) => None,
            (_, Some(expected)) => {
                (cpu::msm(bases.points(), &expected[..bases.len()]) != sum).then_some("differs from the CPU's")
            }
            _ => (!check::point_holds(&sum)).then_some("is not in the group"),
        };
        if let Some(problem) = problem {
            return Err(self.quarantine(stage, format!("the sum {problem}")));
        }
        self.checked(start, report);
        Ok(sum)
    }

    fn owns(&self, vector: &Vector) -> Result<()> {
        if std::sync::Arc::ptr_eq(&vector.device.shared, &self.shared) {
            return Ok(());
        }
        let (device, bases) = (self.shared.name.clone(), vector.device.shared.name.clone());
        Err(Error::ForeignVector { device, vector: bases })
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
