//! NTT on the CPU, by `gristmill-cpu`.

use super::engine;
use crate::device::Transform;
use ark_bn254::Fr;

/// Transforms in place, natural order to natural order; see [`Transform`] for the meaning.
/// Lengths that are no power of two, or above 2^28, are left as they are ([`Device`](crate::Device)
/// refuses them before).
pub fn ntt(values: &mut [Fr], transform: &Transform) {
    let _done: bool = gristmill_cpu::ntt(engine(), values, transform.inverse, transform.coset);
}
