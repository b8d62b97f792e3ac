//! Resident bases: uploaded once, used by many MSMs.

use super::{Device, Shared, engine::Resident};
use crate::{Error, MsmCurve, Result};
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

    /// Whether a card has taken them.
    pub(crate) fn is_on_card(&self) -> bool {
        matches!(self.0.home, Home::Device(_))
    }

    /// The engine's handle, if the bases are on this device.
    pub(super) fn resident(&self, device: &Device) -> Result<Option<&Resident>> {
        if !Arc::ptr_eq(&self.0.device, &device.shared) {
            return Err(Error::ForeignBases { device: device.shared.name.clone(), bases: self.0.device.name.clone() });
        }
        Ok(match &self.0.home {
            Home::Device(resident) => Some(resident),
            Home::NotOffered(_) | Home::Failed => None,
        })
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
