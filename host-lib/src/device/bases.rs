//! Resident bases: uploaded once, used by many MSMs.

use super::{Shared, engine::Resident};
use ark_bn254::G1Affine;
use std::{fmt, sync::Arc};

/// Bases of MSMs, resident on a [`Device`](crate::Device). Cheap to clone; dropping the last
/// clone frees them. The host keeps a copy, so that the device may evict and restore them when
/// its memory is short.
#[derive(Clone)]
pub struct Bases(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) points: Arc<[G1Affine]>,
    pub(super) home: Home,
    pub(super) device: Arc<Shared>,
}

/// Where the bases are.
pub(super) enum Home {
    Device(Resident),
    /// The device does not offer MSMs, for this reason; or it is the CPU.
    NotOffered(String),
    /// The upload failed and the policy let the CPU step in.
    Failed,
}

impl Bases {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.0.points.len()
    }

    /// Are there no points?
    pub fn is_empty(&self) -> bool {
        self.0.points.is_empty()
    }

    /// The points.
    pub fn points(&self) -> &[G1Affine] {
        &self.0.points
    }
}

impl fmt::Debug for Bases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bases({} on {})", self.len(), self.0.device.name)
    }
}
