//! The five MSMs of a proof, and the transforms before one of them, in the order that suits the device.

use super::{
    key::{Queries, Query, Resident},
    prover::Stages,
    quotient::{self, Form, Rows},
};
use crate::{Curve, Device, Error, Field, Report, Result, device::cost::Op};
use ark_bn254::{Fr, G1Projective, G2Affine, G2Projective};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What the MSMs work on.
pub(super) struct Inputs<'a> {
    pub queries: &'a Queries,
    pub b_g2: &'a Query<G2Affine>,
    /// All variables.
    pub values: &'a [Fr],
    /// Those of them that are private.
    pub private: &'a [Fr],
    pub form: Form,
}

/// The sums, without blinding.
pub(super) struct Sums {
    pub a: G1Projective,
    pub b1: G1Projective,
    pub b2: G2Projective,
    /// Of C and H together.
    pub c: G1Projective,
}

const G2: &str = "msm B2 (G2)";

impl Inputs<'_> {
    /// What a card could be given.
    pub fn ops(&self) -> Vec<Op> {
        let Queries { a, b, c, h } = self.queries;
        let msm = |query: &Resident| Op::Msm { curve: Curve::Bn254, points: query.points(), resident: true };
        // An H query has an element for each of the domain, or one less.
        let elements = h.len().next_power_of_two();
        vec![msm(a), msm(b), msm(c), msm(h), Op::Ntt { field: Field::Bn254Fr, elements }, Op::Quotient { elements }]
    }

    fn g2(&self) -> (G2Projective, Duration) {
        let start = Instant::now();
        (self.b_g2.msm_on_cpu(self.values), start.elapsed())
    }

    /// On the CPU all at once, the longest first: threads that have nothing left to do in one take
    /// parts of another, so that none waits for another's last steps. Stages overlap in the report.
    pub fn on_cpu(&self, device: &Device, rows: Rows, stages: &Stages<'_>, report: &mut Report) -> Result<Sums> {
        let reports = Mutex::new(report);
        let msm = |query: &Resident, scalars: &[Fr], stage| {
            stages.begin(stage);
            let mut own = device.job_report();
            let sum = query.msm(device, scalars, stage, &mut own);
            reports.lock().unwrap_or_else(PoisonError::into_inner).absorb(&own);
            sum
        };
        let h = || {
            stages.begin("ntt");
            let mut own = device.job_report();
            let h = quotient::sum(device, self.form, rows, &self.queries.h, || stages.begin("msm H"), &mut own);
            reports.lock().unwrap_or_else(PoisonError::into_inner).absorb(&own);
            h
        };
        let g2 = || {
            stages.begin(G2);
            self.g2()
        };
        let a = || msm(&self.queries.a, self.values, "msm A");
        let b = || msm(&self.queries.b, self.values, "msm B1");
        let c = || msm(&self.queries.c, self.private, "msm C");
        let ((b2, took), (h, (a, (b1, c)))) =
            rayon::join(g2, || rayon::join(h, || rayon::join(a, || rayon::join(b, c))));
        reports.into_inner().unwrap_or_else(PoisonError::into_inner).host_stage(G2, took);
        Ok(Sums { a: a?, b1: b1?, b2, c: c? + h? })
    }

    /// On a card one after the other; it leaves the CPU idle, so G2 runs beside it.
    pub fn on_card(&self, device: &Device, rows: Rows, stages: &Stages<'_>, report: &mut Report) -> Result<Sums> {
        let (sums, b2) = std::thread::scope(|scope| {
            let b2 = scope.spawn(|| self.g2());
            let on_card = || -> Result<_> {
                stages.begin("ntt");
                let h = quotient::sum(device, self.form, rows, &self.queries.h, || stages.begin("msm H"), report)?;
                let mut msm = |query: &Resident, scalars: &[Fr], stage| {
                    stages.begin(stage);
                    query.msm(device, scalars, stage, report)
                };
                let a = msm(&self.queries.a, self.values, "msm A")?;
                let b1 = msm(&self.queries.b, self.values, "msm B1")?;
                let c = msm(&self.queries.c, self.private, "msm C")?;
                Ok((a, b1, c + h))
            };
            (on_card(), b2.join())
        });
        stages.begin(G2);
        let (a, b1, c) = sums?;
        let (b2, took) = b2.map_err(|_| Error::Internal("the thread of the MSM over G2 died".into()))?;
        report.host_stage(G2, took);
        Ok(Sums { a, b1, b2, c })
    }
}
