//! The CPU engine: arkworks' MSM and transforms. Also the reference for every check.

mod msm;
mod ntt;

pub use msm::{msm, msm_g2};
pub use ntt::ntt;

use crate::{
    device::{Engine, EngineResult, Info, MsmJob, Resident, Transform},
    report::Cost,
};
use ark_bn254::{Fr, G1Affine, G1Projective};
use std::sync::Arc;

/// The CPU as an engine; bases need no upload.
pub(crate) struct Cpu;

impl Engine for Cpu {
    fn info(&self) -> EngineResult<Info> {
        Ok(Info {
            device: "cpu".into(),
            kind: "cpu".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            curve: "bn254".into(),
            field: "bn254-fr".into(),
            ..Info::default()
        })
    }

    fn upload(&self, _points: &Arc<[G1Affine]>) -> EngineResult<(Resident, Cost)> {
        Ok((Arc::new(()), Cost::default()))
    }

    fn msm(&self, jobs: &[MsmJob<'_>]) -> EngineResult<(Vec<G1Projective>, Cost)> {
        Ok((jobs.iter().map(|job| msm(job.points, job.scalars)).collect(), Cost::default()))
    }

    fn ntt(&self, vectors: &mut [&mut [Fr]], transform: &Transform) -> EngineResult<Cost> {
        for vector in vectors {
            ntt(vector, transform);
        }
        Ok(Cost::default())
    }
}
