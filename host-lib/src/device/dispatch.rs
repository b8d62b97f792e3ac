//! Tasks: to the card, checked, and to the CPU where that is allowed.

use super::{
    Bases, Check, Device, EngineError, EngineResult, Fallback, MsmEngine, MsmJob, Resident, Transform, bases,
    bases::Home, cost::Op,
};
use crate::report::Cost;
use crate::{Error, MsmCurve, NttField, Place, Report, Result, check, cpu, curve};
use ark_ec::short_weierstrass::{Affine, Projective};
use rayon::prelude::*;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use zeroize::{Zeroize, Zeroizing};

/// How a task came out of [`Device::offload`].
enum Outcome<T> {
    Done(T),
    /// The CPU does it.
    ToCpu,
}

/// A task on vectors in place: by the card, whether a result can be right, by the CPU.
pub(super) struct InPlace<'a, T> {
    pub card: &'a dyn Fn(&mut [&mut [T]]) -> EngineResult<Cost>,
    pub holds: &'a dyn Fn(&[T], &[T]) -> bool,
    pub cpu: &'a dyn Fn(&mut [T]),
}

impl Device {
    /// Uploads bases: arkworks' affine points of G1 of one of three curves ([`MsmCurve`]).
    ///
    /// # Errors
    /// [`Error::BaseOffCurve`], [`Error::BaseOutsideSubgroup`] (BLS12-377 on a card only),
    /// [`Error::DeviceFailed`] if the upload fails and fall-back is off, [`Error::Quarantined`].
    pub fn upload_bases<C: MsmCurve>(&self, points: &[Affine<C>]) -> Result<Bases<C>> {
        self.recorded(|report| self.upload_in(points.into(), "upload", report))
    }

    /// Sum of `scalars[i] * bases[i]`.
    ///
    /// # Errors
    /// [`Error::MsmLength`], [`Error::ForeignBases`], and those of a device:
    /// [`Error::DeviceFailed`], [`Error::WrongAnswer`], [`Error::Quarantined`].
    pub fn msm<C: MsmCurve>(&self, bases: &Bases<C>, scalars: &[C::ScalarField]) -> Result<Projective<C>> {
        let sums = self.msm_batch(&[(bases, scalars)])?;
        sums.into_iter().next().ok_or_else(|| Error::Internal("an MSM without a result".into()))
    }

    /// Several MSMs in one batch: a card gets them with one doorbell. Results in order.
    ///
    /// # Errors
    /// As [`msm`](Self::msm).
    pub fn msm_batch<C: MsmCurve>(&self, jobs: &[(&Bases<C>, &[C::ScalarField])]) -> Result<Vec<Projective<C>>> {
        self.recorded(|report| self.msm_in(jobs, "msm", report))
    }

    /// Transforms in place.
    ///
    /// # Errors
    /// [`Error::NttLength`], [`Error::ZeroCoset`], and those of a device. On an error the vector
    /// holds what it held before.
    pub fn ntt<F: NttField>(&self, values: &mut [F], transform: &Transform<F>) -> Result<()> {
        self.ntt_batch(&mut [values], transform)
    }

    /// Transforms several vectors in place, in one batch. They may differ in length.
    ///
    /// # Errors
    /// As [`ntt`](Self::ntt).
    pub fn ntt_batch<F: NttField>(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> Result<()> {
        self.recorded(|report| self.ntt_in(vectors, transform, "ntt", report))
    }

    pub(crate) fn upload_in<C: MsmCurve>(
        &self,
        points: Arc<[Affine<C>]>,
        stage: &str,
        report: &mut Report,
    ) -> Result<Bases<C>> {
        // Otherwise the check of a result would blame the device for it.
        if let Some(index) = points.par_iter().position_first(|p| !p.is_on_curve()) {
            return Err(Error::BaseOffCurve { index, curve: C::CURVE.name() });
        }
        self.upload_checked(points, stage, report)
    }

    /// As `upload_in`, of points that are known to be on the curve.
    pub(crate) fn upload_checked<C: MsmCurve>(
        &self,
        points: Arc<[Affine<C>]>,
        stage: &str,
        report: &mut Report,
    ) -> Result<Bases<C>> {
        self.usable()?;
        let home = match &self.shared.card {
            None => Home::NotOffered("the CPU takes bases from host memory".into()),
            // Where the CPU is faster even with the bases there, they are not brought.
            Some(_) if self.leaves_to_cpu(&[Op::Msm { curve: C::CURVE, points: points.len(), resident: true }]) => {
                Home::NotOffered("by the cost model the CPU is faster at this size".into())
            }
            Some(card) => match self.upload_to(C::engine(&**card), &points, stage, report)? {
                Ok(resident) => Home::Device(resident),
                Err(EngineError::Unsupported(what)) => Home::NotOffered(what),
                Err(error) => {
                    self.excuse(stage, error, report)?;
                    Home::Failed
                }
            },
        };
        Ok(Bases(Arc::new(bases::Inner { points, home, device: self.shared.clone() })))
    }

    /// Uploads bases to a card, if it may be given them.
    fn upload_to<C: MsmCurve>(
        &self,
        card: &dyn MsmEngine<C>,
        points: &Arc<[Affine<C>]>,
        stage: &str,
        report: &mut Report,
    ) -> Result<EngineResult<Resident>> {
        if let Err(error) = card.offers() {
            return Ok(Err(error));
        }
        if C::SUBGROUP_ONLY {
            let start = Instant::now();
            if let Some(index) = curve::outsider(points) {
                return Err(Error::BaseOutsideSubgroup { index, curve: C::CURVE.name() });
            }
            report.host_stage("check bases", start.elapsed());
        }
        let start = Instant::now();
        Ok(card.upload(points).map(|(resident, cost)| {
            report.device_stage(stage, start.elapsed(), &cost);
            resident
        }))
    }

    pub(crate) fn msm_in<C: MsmCurve>(
        &self,
        jobs: &[(&Bases<C>, &[C::ScalarField])],
        stage: &str,
        report: &mut Report,
    ) -> Result<Vec<Projective<C>>> {
        self.usable()?;
        for (bases, scalars) in jobs {
            if bases.len() != scalars.len() {
                return Err(Error::MsmLength { scalars: scalars.len(), bases: bases.len() });
            }
            if !Arc::ptr_eq(&bases.0.device, &self.shared) {
                let (device, bases) = (self.shared.name.clone(), bases.0.device.name.clone());
                return Err(Error::ForeignBases { device, bases });
            }
        }
        if let Outcome::Done(sums) = self.msm_on_card(jobs, stage, report)? {
            return Ok(sums);
        }
        let start = Instant::now();
        let sums = jobs.iter().map(|(bases, scalars)| cpu::msm(bases.points(), scalars)).collect();
        report.host_stage(stage, start.elapsed());
        Ok(sums)
    }

    fn msm_on_card<C: MsmCurve>(
        &self,
        jobs: &[(&Bases<C>, &[C::ScalarField])],
        stage: &str,
        report: &mut Report,
    ) -> Result<Outcome<Vec<Projective<C>>>> {
        let Some(card) = &self.shared.card else { return Ok(Outcome::ToCpu) };
        let card = C::engine(&**card);
        let op = |(bases, _): &(&Bases<C>, &[C::ScalarField])| {
            let resident = matches!(&bases.0.home, Home::Device(resident) if card.holds(resident));
            Op::Msm { curve: C::CURVE, points: bases.len(), resident }
        };
        let ops: Vec<Op> = jobs.iter().map(op).collect();
        if self.choice(&ops, stage, report) == Place::Host {
            return Ok(Outcome::ToCpu);
        }
        let mut tasks = Vec::with_capacity(jobs.len());
        for (bases, scalars) in jobs {
            let away = match &bases.0.home {
                Home::Device(resident) => {
                    tasks.push(MsmJob { resident, points: bases.points(), scalars });
                    continue;
                }
                Home::NotOffered(what) => EngineError::Unsupported(what.clone()),
                Home::Failed => EngineError::failed("its bases could not be uploaded"),
            };
            self.excuse(stage, away, report)?;
            return Ok(Outcome::ToCpu);
        }
        let start = Instant::now();
        let (sums, cost) = match card.msm(&tasks) {
            Ok(done) => done,
            Err(error) => {
                self.excuse(stage, error, report)?;
                return Ok(Outcome::ToCpu);
            }
        };
        if sums.len() != jobs.len() {
            return Err(Error::Internal(format!("{} results of {} MSMs", sums.len(), jobs.len())));
        }
        report.device_stage(stage, start.elapsed(), &cost);
        self.observe(&ops, cost.cycles);
        let start = Instant::now();
        for (i, (sum, (bases, scalars))) in sums.iter().zip(jobs).enumerate() {
            let problem = match self.check {
                Check::None => None,
                Check::Curve => (!check::point_holds(sum)).then_some("is not in the group"),
                Check::Dual => (cpu::msm(bases.points(), scalars) != *sum).then_some("differs from the CPU's"),
            };
            if let Some(problem) = problem {
                return Err(self.quarantine(stage, format!("result {i} of {} {problem}", sums.len())));
            }
        }
        self.checked(start, report);
        Ok(Outcome::Done(sums))
    }

    pub(crate) fn ntt_in<F: NttField>(
        &self,
        vectors: &mut [&mut [F]],
        transform: &Transform<F>,
        stage: &str,
        report: &mut Report,
    ) -> Result<()> {
        self.usable()?;
        for v in vectors.iter() {
            if !v.len().is_power_of_two() || v.len().ilog2() > F::TWO_ADICITY {
                return Err(Error::NttLength { length: v.len(), field: F::FIELD.name(), most: F::TWO_ADICITY });
            }
        }
        if transform.coset.is_some_and(|g| g.is_zero()) {
            return Err(Error::ZeroCoset);
        }
        if let Outcome::Done(()) = self.ntt_on_card(vectors, transform, stage, report)? {
            return Ok(());
        }
        let start = Instant::now();
        for v in vectors.iter_mut() {
            cpu::ntt(v, transform);
        }
        report.host_stage(stage, start.elapsed());
        Ok(())
    }

    fn ntt_on_card<F: NttField>(
        &self,
        vectors: &mut [&mut [F]],
        transform: &Transform<F>,
        stage: &str,
        report: &mut Report,
    ) -> Result<Outcome<()>> {
        let Some(card) = &self.shared.card else { return Ok(Outcome::ToCpu) };
        let card = F::engine(&**card);
        let ops: Vec<Op> = vectors.iter().map(|v| Op::Ntt { field: F::FIELD, elements: v.len() }).collect();
        if self.choice(&ops, stage, report) == Place::Host {
            return Ok(Outcome::ToCpu);
        }
        let cycles = self.in_place(
            vectors,
            InPlace {
                card: &|vectors| card.ntt(vectors, transform),
                holds: &|input, output| check::transform_holds(input, output, transform),
                cpu: &|values| cpu::ntt(values, transform),
            },
            stage,
            report,
        )?;
        let Some(cycles) = cycles else { return Ok(Outcome::ToCpu) };
        self.observe(&ops, cycles);
        Ok(Outcome::Done(()))
    }

    /// Has the card change vectors in place and checks what came out; its cycles, or `None` if the CPU is to do it. Unless it is done the vectors hold
    /// what they held before.
    pub(super) fn in_place<T: Copy + PartialEq + Zeroize>(
        &self,
        vectors: &mut [&mut [T]],
        task: InPlace<'_, T>,
        stage: &str,
        report: &mut Report,
    ) -> Result<Option<u64>> {
        let start = Instant::now();
        // Kept for the check, and because the engine works in place; may be a witness.
        let inputs: Vec<Zeroizing<Vec<T>>> = vectors.iter().map(|v| Zeroizing::new(v.to_vec())).collect();
        let restore = |vectors: &mut [&mut [T]]| {
            for (v, input) in vectors.iter_mut().zip(&inputs) {
                v.copy_from_slice(input);
            }
        };
        let cost = match (task.card)(vectors) {
            Ok(cost) => cost,
            Err(error) => {
                restore(vectors);
                self.excuse(stage, error, report)?;
                return Ok(None);
            }
        };
        report.device_stage(stage, start.elapsed(), &cost);
        let start = Instant::now();
        for (i, input) in inputs.iter().enumerate() {
            let problem = match self.check {
                Check::None => None,
                Check::Curve => {
                    (!(task.holds)(input, vectors[i])).then_some("disagrees with its input at a random point")
                }
                Check::Dual => {
                    let mut expected = input.clone();
                    (task.cpu)(&mut expected);
                    (expected[..] != *vectors[i]).then_some("differs from the CPU's")
                }
            };
            if let Some(problem) = problem {
                let error = self.quarantine(stage, format!("result {i} of {} {problem}", inputs.len()));
                restore(vectors);
                return Err(error);
            }
        }
        self.checked(start, report);
        Ok(Some(cost.cycles))
    }

    /// Where a batch is done, by the cost model; on the card, if there is none. Counted in the report.
    pub(crate) fn choice(&self, ops: &[Op], stage: &str, report: &mut Report) -> Place {
        let Some(model) = self.shared.model.as_ref().filter(|_| !ops.is_empty()) else { return Place::Device };
        let estimate = model.estimate(ops, self.check);
        report.choice(stage, &estimate);
        estimate.place
    }

    /// Whether the cost model would leave all of these, each alone, to the CPU.
    pub(crate) fn leaves_to_cpu(&self, ops: &[Op]) -> bool {
        let model = self.shared.model.as_ref();
        model.is_some_and(|model| ops.iter().all(|op| model.estimate(&[*op], self.check).place == Place::Host))
    }

    fn observe(&self, ops: &[Op], cycles: u64) {
        if let Some(model) = &self.shared.model {
            model.observe(ops, cycles);
        }
    }

    pub(super) fn checked(&self, start: Instant, report: &mut Report) {
        if self.check != Check::None {
            report.host_stage("check", start.elapsed());
        }
    }

    /// May the CPU do what the device did not? What a device does not offer is no failure.
    pub(crate) fn excuse(&self, stage: &str, error: EngineError, report: &mut Report) -> Result<()> {
        let device = &self.shared.name;
        if let EngineError::Unsupported(what) = &error {
            tracing::debug!(%device, stage, %what, "not offered by the device: done on the host");
            return Ok(());
        }
        if self.shared.fallback == Fallback::Never {
            return Err(self.failed(stage, error));
        }
        tracing::warn!(%device, stage, %error, "fall-back to the CPU");
        report.fallback(format!("{stage}: {error}"));
        Ok(())
    }

    /// Runs one task with a report of its own, and adds that to the device's, failed or not.
    pub(super) fn recorded<T>(&self, task: impl FnOnce(&mut Report) -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let mut report = self.job_report();
        let result = task(&mut report);
        report.seconds = Duration::as_secs_f64(&start.elapsed());
        self.absorb(&report);
        result
    }
}
