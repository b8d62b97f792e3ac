//! Resident bases: uploaded once, used by many MSMs.

use super::{Shared, engine::Resident};
use crate::MsmCurve;
use ark_ec::short_weierstrass::Affine;
use std::{fmt, sync::Arc};

/// Bases of MSMs over a curve, resident on a [`Device`](crate::Device). Cheap to clone; dropping the last
/// clone frees them. The host keeps a copy, so that the device may evict and restore them when
/// its memory is short. `Bases` alone are BN254's.
pub struct Bases<C: MsmCurve = ark_bn254::g1::Config>(pub(super) Arc<Inner<C>>);

pub(super) struct Inner<C: MsmCurve> {
    pub(super) points: Arc<[Affine<C>]>,
    pub(super) home: Home,
    pub(super) device: Arc<Shared>,
}

/// Where the bases are.
pub(super) enum Home {
    Device(Resident),
    /// The device does not offer MSMs over this curve, for this reason; or it is the CPU.
    NotOffered(String),
    /// The upload failed and the policy let the CPU step in.
    Failed,
}

impl<C: MsmCurve> Bases<C> {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.0.points.len()
    }

    /// Are there no points?
    pub fn is_empty(&self) -> bool {
        self.0.points.is_empty()
    }

    /// The points.
    pub fn points(&self) -> &[Affine<C>] {
        &self.0.points
    }
}

impl<C: MsmCurve> Clone for Bases<C> {
    fn clone(&self) -> Self {
        Bases(self.0.clone())
    }
}

impl<C: MsmCurve> fmt::Debug for Bases<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bases({} of {} on {})", self.len(), C::CURVE.name(), self.0.device.name)
    }
}
