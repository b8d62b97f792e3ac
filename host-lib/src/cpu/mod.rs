//! The CPU engine: `gristmill-cpu`'s MSM and transforms. Also the reference for every check.

mod msm;
mod ntt;

pub(crate) use msm::run;
pub use msm::{msm, msm_g2};
pub(crate) use ntt::transform;
pub use ntt::{goldilocks_ntt, ntt};

use crate::{
    Curve, Field, MsmCurve, NttField,
    device::{
        Engine, EngineResult, GoldilocksTransform, Info, MsmEngine, MsmJob, NttEngine, Resident, Transform,
        VectorEngine,
    },
    report::Cost,
};
use ark_ec::short_weierstrass::{Affine, Projective};
use std::sync::Arc;

/// Which code computes: what the environment chose. A wrong choice is told when a device is opened
/// ([`check_choice`]); functions that open none take the fastest then.
fn engine() -> gristmill_cpu::Engine {
    gristmill_cpu::Engine::chosen().unwrap_or_else(|_| gristmill_cpu::Engine::best())
}

/// Whether the environment's choice of an engine can be met.
pub(crate) fn check_choice() -> Result<(), crate::Error> {
    gristmill_cpu::Engine::chosen().map(drop).map_err(crate::Error::CpuEngine)
}

/// The CPU as an engine; bases need no upload.
pub(crate) struct Cpu;

impl Engine for Cpu {
    fn info(&self) -> EngineResult<Info> {
        Ok(Info {
            device: "cpu".into(),
            kind: "cpu".into(),
            version: format!("{} ({})", env!("CARGO_PKG_VERSION"), engine().name()),
            curve: Curve::ALL.map(Curve::name).join(", "),
            field: Field::ALL.map(Field::name).join(", "),
            ..Info::default()
        })
    }

    fn goldilocks_ntt(&self, vectors: &mut [&mut [u64]], transform: &GoldilocksTransform) -> EngineResult<Cost> {
        for vector in vectors {
            goldilocks_ntt(vector, transform);
        }
        Ok(Cost::default())
    }
}

impl VectorEngine for Cpu {}

impl<F: NttField> NttEngine<F> for Cpu {
    fn ntt(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> EngineResult<Cost> {
        for vector in vectors {
            ntt(vector, transform);
        }
        Ok(Cost::default())
    }
}

impl<C: MsmCurve> MsmEngine<C> for Cpu {
    fn upload(&self, _points: &Arc<[Affine<C>]>) -> EngineResult<(Resident, Cost)> {
        Ok((Arc::new(()), Cost::default()))
    }

    fn holds(&self, _: &Resident) -> bool {
        true
    }

    fn msm(&self, jobs: &[MsmJob<'_, C>]) -> EngineResult<(Vec<Projective<C>>, Cost)> {
        Ok((jobs.iter().map(|job| msm(job.points, job.scalars)).collect(), Cost::default()))
    }
}
