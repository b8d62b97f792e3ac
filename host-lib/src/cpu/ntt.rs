//! NTT on the CPU (ark-poly's radix-2 domain).

use crate::device::Transform;
use ark_bn254::Fr;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zeroize::Zeroizing;

/// Transforms in place, natural order to natural order; see [`Transform`] for the meaning.
/// Lengths that are no power of two, or above 2^28, are left as they are ([`Device`](crate::Device)
/// refuses them before).
pub fn ntt(values: &mut [Fr], transform: &Transform) {
    let domain = if values.len().is_power_of_two() { Radix2EvaluationDomain::<Fr>::new(values.len()) } else { None };
    let Some(mut domain) = domain else { return };
    if let Some(generator) = transform.coset {
        let Some(coset) = domain.get_coset(generator) else { return };
        domain = coset;
    }
    // ark-poly transforms vectors only. The copy may hold a witness: wiped when dropped.
    let mut copy = Zeroizing::new(values.to_vec());
    if transform.inverse {
        domain.ifft_in_place(&mut *copy);
    } else {
        domain.fft_in_place(&mut *copy);
    }
    values.copy_from_slice(&copy);
}
