//! The prover behind both entrances.

use super::{
    key::{Queries, Query, Resident},
    quotient::{Form, Rows},
    sums::{Inputs, Sums},
};
use crate::{Device, Error, Options, Report, Result, verify::Verifier};
use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_groth16::{Proof, VerifyingKey};
use std::{
    borrow::Borrow,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// A verified proof.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The proof.
    pub proof: Proof<Bn254>,
    /// The public signals, without the constant one.
    pub public: Vec<Fr>,
    /// What was done where, and what it took.
    pub report: Report,
}

/// How far a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The stage that begins.
    pub stage: &'static str,
    /// Stages that began before; on the CPU some of them may still be at work.
    pub done: usize,
    /// Stages in all.
    pub total: usize,
}

/// Parts of a proving key, as the two entrances find them in theirs.
pub(super) struct Parts {
    pub vk: VerifyingKey<Bn254>,
    pub beta_g1: G1Affine,
    pub delta_g1: G1Affine,
    pub a: Vec<G1Affine>,
    pub b_g1: Vec<G1Affine>,
    pub b_g2: Vec<G2Affine>,
    pub c: Vec<G1Affine>,
    pub h: Vec<G1Affine>,
    pub form: Form,
    /// The points over G1 are known to be on the curve.
    pub checked: bool,
}

pub(super) struct Prover {
    device: Device,
    queries: Queries,
    b_g2: Query<G2Affine>,
    beta_g1: G1Affine,
    delta_g1: G1Affine,
    verifier: Verifier,
    form: Form,
}

/// Blinding factors, wiped when dropped.
pub(super) struct Blinding {
    pub r: Zeroizing<Fr>,
    pub s: Zeroizing<Fr>,
}

/// Is told which stage begins, from whichever thread begins it.
pub type Listener<'a> = dyn FnMut(Progress) + Send + 'a;

/// Progress, told to a listener: stages that began so far.
pub(super) struct Stages<'a>(Mutex<(&'a mut Listener<'a>, usize)>);

const STAGES: usize = 8;

impl<'a> Stages<'a> {
    fn new(listener: &'a mut Listener<'a>) -> Self {
        Stages(Mutex::new((listener, 0)))
    }

    pub fn begin(&self, stage: &'static str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (listener, begun) = &mut *state;
        listener(Progress { stage, done: (*begun).min(STAGES), total: STAGES });
        *begun += 1;
    }
}

impl Prover {
    pub fn new(device: &Device, parts: Parts) -> Result<Self> {
        let start = Instant::now();
        let mut report = device.job_report();
        let mut upload = |points| Resident::upload(&Query::new(points), parts.checked, device, &mut report);
        let queries = Queries { a: upload(parts.a)?, b: upload(parts.b_g1)?, c: upload(parts.c)?, h: upload(parts.h)? };
        report.seconds = start.elapsed().as_secs_f64();
        device.absorb(&report);
        Ok(Prover {
            device: device.clone(),
            queries,
            b_g2: Query::new(parts.b_g2),
            beta_g1: parts.beta_g1,
            delta_g1: parts.delta_g1,
            verifier: Verifier::new(&parts.vk),
            form: parts.form,
        })
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn vk(&self) -> &VerifyingKey<Bn254> {
        self.verifier.key()
    }

    /// Variables, the constant one included.
    pub fn variables(&self) -> usize {
        self.queries.a.len()
    }

    /// Proves. `values` are all variables, the constant one first, then the public ones; `rows`
    /// makes A, B and C times the values. `before` is a stage that came before.
    pub fn prove(
        &self,
        values: &[Fr],
        before: Option<(&str, Duration)>,
        rows: impl FnOnce() -> Result<Rows>,
        blinding: Blinding,
        listener: &mut Listener<'_>,
    ) -> Result<Proved> {
        let start = Instant::now();
        let mut report = self.device.job_report();
        let mut spent = Duration::ZERO;
        if let Some((stage, took)) = before {
            report.host_stage(stage, took);
            spent = took;
        }
        let stages = Stages::new(&mut *listener);
        let result = self.verified(values, rows, &blinding, &stages, &mut report);
        report.seconds = Duration::as_secs_f64(&(spent + start.elapsed()));
        // Of a failed proof, too: the device did the work.
        self.device.absorb(&report);
        let (proof, public) = result?;
        listener(Progress { stage: "done", done: STAGES, total: STAGES });
        Ok(Proved { proof, public, report })
    }

    fn verified(
        &self,
        values: &[Fr],
        rows: impl FnOnce() -> Result<Rows>,
        blinding: &Blinding,
        stages: &Stages<'_>,
        report: &mut Report,
    ) -> Result<(Proof<Bn254>, Vec<Fr>)> {
        let public = values[1..self.vk().gamma_abc_g1.len()].to_vec();
        let start = Instant::now();
        stages.begin("constraints");
        let rows = rows()?;
        report.host_stage("constraints", start.elapsed());
        // A card's proof that fails is made again on the CPU.
        let again = if self.device.is_cpu() { None } else { Some(rows.clone()) };
        let proof = self.attempt(&self.device, &self.queries, values, rows, blinding, stages, report)?;
        stages.begin("verify");
        let start = Instant::now();
        let holds = self.verifier.verify(&public, &proof)?;
        report.host_stage("verify", start.elapsed());
        let Some(rows) = again.filter(|_| !holds) else {
            return if holds { Ok((proof, public)) } else { Err(Error::Unsatisfied { constraint: None }) };
        };
        let cpu = Device::open("cpu", &Options::default())?;
        let queries = self.queries.elsewhere(&cpu, &mut cpu.job_report())?;
        let proof = self.attempt(&cpu, &queries, values, rows, blinding, stages, &mut cpu.job_report())?;
        match self.verifier.verify(&public, &proof)? {
            true => Err(self.device.quarantine("proof", "its proof fails, the CPU's holds".into())),
            false => Err(Error::Unsatisfied { constraint: None }),
        }
    }

    /// One proof on a device, not yet verified.
    #[allow(clippy::too_many_arguments)]
    fn attempt(
        &self,
        device: &Device,
        queries: &Queries,
        values: &[Fr],
        rows: Rows,
        blinding: &Blinding,
        stages: &Stages<'_>,
        report: &mut Report,
    ) -> Result<Proof<Bn254>> {
        let private = &values[self.vk().gamma_abc_g1.len()..];
        let inputs = Inputs { queries, b_g2: &self.b_g2, values, private, form: self.form };
        let Sums { a, b1, b2, c } = match device.is_cpu() || device.leaves_to_cpu(&inputs.ops()) {
            true => inputs.on_cpu(device, rows, stages, report)?,
            false => inputs.on_card(device, rows, stages, report)?,
        };
        let start = Instant::now();
        let (r, s): (&Fr, &Fr) = (blinding.r.borrow(), blinding.s.borrow());
        let vk = self.vk();
        let delta = self.delta_g1.into_group();
        let a = a + vk.alpha_g1 + delta * r;
        let b1 = b1 + self.beta_g1 + delta * s;
        let b2 = b2 + vk.beta_g2 + vk.delta_g2.into_group() * s;
        let c = c + a * s + b1 * r - delta * (*r * s);
        let proof = Proof { a: a.into_affine(), b: b2.into_affine(), c: c.into_affine() };
        report.host_stage("blinding", start.elapsed());
        Ok(proof)
    }
}
