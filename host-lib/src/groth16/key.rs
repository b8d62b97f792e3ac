//! A proving key as the prover wants it: queries on a device, points at infinity left out.

use crate::{Bases, Device, Report, Result, cpu};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::AffineRepr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Points with the positions of their scalars. Variables that do not occur in a matrix have
/// infinity in its query: most of B, often. They are left out.
#[derive(Clone)]
pub(super) struct Query<P> {
    points: Arc<[P]>,
    /// Position of each point's scalar; `None`: the i-th is at i.
    positions: Option<Arc<[usize]>>,
    /// Scalars that the whole query takes.
    length: usize,
}

impl<P: AffineRepr> Query<P> {
    pub fn new(points: Vec<P>) -> Self {
        let length = points.len();
        if points.iter().all(|p| !p.is_zero()) {
            return Query { points: points.into(), positions: None, length };
        }
        let positions = (0..length).filter(|i| !points[*i].is_zero()).collect();
        let points = points.into_iter().filter(|p| !p.is_zero()).collect();
        Query { points, positions: Some(positions), length }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// The scalars of the points that are left.
    fn select<'a>(&self, scalars: &'a [Fr]) -> Selected<'a> {
        match &self.positions {
            None => Selected::All(&scalars[..self.length.min(scalars.len())]),
            Some(positions) => {
                // Room for all at once: a growing vector would leave copies of secrets behind.
                let mut some = Zeroizing::new(Vec::with_capacity(positions.len()));
                some.extend(positions.iter().filter_map(|i| scalars.get(*i).copied()));
                Selected::Some(some)
            }
        }
    }
}

enum Selected<'a> {
    All(&'a [Fr]),
    Some(Zeroizing<Vec<Fr>>),
}

impl Selected<'_> {
    fn scalars(&self) -> &[Fr] {
        match self {
            Selected::All(scalars) => scalars,
            Selected::Some(scalars) => scalars,
        }
    }
}

impl Query<G2Affine> {
    pub fn msm_on_cpu(&self, scalars: &[Fr]) -> G2Projective {
        cpu::msm_g2(&self.points, self.select(scalars).scalars())
    }
}

/// A query whose bases are on a device.
pub(super) struct Resident {
    query: Query<G1Affine>,
    bases: Bases,
}

impl Resident {
    /// `checked`: the points are known to be on the curve.
    pub fn upload(query: &Query<G1Affine>, checked: bool, device: &Device, report: &mut Report) -> Result<Self> {
        let bases = match checked {
            true => device.upload_checked(query.points.clone(), "upload", report)?,
            false => device.upload_in(query.points.clone(), "upload", report)?,
        };
        Ok(Resident { query: query.clone(), bases })
    }

    pub fn len(&self) -> usize {
        self.query.len()
    }

    /// Points that are not infinity.
    pub fn points(&self) -> usize {
        self.bases.len()
    }

    /// The bases, if they are the whole query, so that a vector's elements are their scalars.
    pub fn all_on_card(&self) -> Option<&Bases> {
        (self.query.positions.is_none() && !self.bases.is_empty() && self.bases.is_on_card()).then_some(&self.bases)
    }

    pub fn msm(&self, device: &Device, scalars: &[Fr], stage: &str, report: &mut Report) -> Result<G1Projective> {
        if self.bases.is_empty() {
            return Ok(G1Projective::default());
        }
        let selected = self.query.select(scalars);
        let sums = device.msm_in(&[(&self.bases, selected.scalars())], stage, report)?;
        sums.into_iter().next().ok_or_else(|| crate::Error::Internal("an MSM without a result".into()))
    }

    /// The same query on another device.
    pub fn elsewhere(&self, device: &Device, report: &mut Report) -> Result<Self> {
        Resident::upload(&self.query, true, device, report)
    }
}

/// The four queries over G1.
pub(super) struct Queries {
    pub a: Resident,
    pub b: Resident,
    pub c: Resident,
    pub h: Resident,
}

impl Queries {
    pub fn elsewhere(&self, device: &Device, report: &mut Report) -> Result<Self> {
        Ok(Queries {
            a: self.a.elsewhere(device, report)?,
            b: self.b.elsewhere(device, report)?,
            c: self.c.elsewhere(device, report)?,
            h: self.h.elsewhere(device, report)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_std::{UniformRand, test_rng};

    #[test]
    fn leaving_infinity_out_changes_nothing() {
        let rng = &mut test_rng();
        let device = Device::open("cpu", &Default::default()).unwrap();
        let mut points: Vec<G1Affine> = (0..20).map(|_| G1Affine::rand(rng)).collect();
        let scalars: Vec<Fr> = (0..20).map(|_| Fr::rand(rng)).collect();
        for i in [0, 7, 8, 19] {
            points[i] = G1Affine::zero();
            let query = Query::new(points.clone());
            let resident = Resident::upload(&query, false, &device, &mut Report::default()).unwrap();
            let sum = resident.msm(&device, &scalars, "msm", &mut Report::default()).unwrap();
            assert_eq!(sum, cpu::msm(&points, &scalars));
        }
    }
}
