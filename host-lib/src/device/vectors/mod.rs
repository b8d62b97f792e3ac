//! Vectors that stay on a device: what a prover does with its polynomials between bringing them and using them.

mod program;

pub use program::{Operation, Second, Step};

use super::engine::Resident;
use super::{Check, Device, EngineError};
use crate::{Bases, Error, NttField, Report, Result, check, cpu};
use ark_bn254::{Fr, G1Projective};
use ark_ff::{FftField, Zero};
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
            return Err(Error::NttLength { length, field: Fr::FIELD.name(), most: Fr::TWO_ADICITY });
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
