//! NTT on the CPU, by `gristmill-cpu`.

use super::engine;
use crate::device::{GoldilocksTransform, Transform};
use ark_bn254::Fr;

/// Transforms in place, natural order to natural order; see [`Transform`] for the meaning.
/// Lengths that are no power of two, or above 2^28, are left as they are ([`Device`](crate::Device)
/// refuses them before).
pub fn ntt(values: &mut [Fr], transform: &Transform) {
    let _done: bool = gristmill_cpu::ntt(engine(), values, transform.inverse, transform.coset);
}

/// Transforms over Goldilocks in place; see [`GoldilocksTransform`] for the meaning. Lengths that are no power of two are left as they
/// are, and so is everything on the coset of zero ([`Device`](crate::Device) refuses them before).
pub fn goldilocks_ntt(values: &mut [u64], transform: &GoldilocksTransform) {
    let _ = gristmill_cpu::goldilocks_ntt(engine(), values, transform.inverse, transform.coset);
}
