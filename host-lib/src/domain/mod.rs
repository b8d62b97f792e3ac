//! arkworks' [`EvaluationDomain`] with its transforms on a [`Device`]: for code that is generic over the domain, so that it need
//! not know of this library.
//!
//! arkworks makes a domain from a number and nothing else, so the device is found where the domain is made:
//!
//! ```
//! use ark_poly::EvaluationDomain;
//! use gristmill::{Device, Options, domain::{self, DeviceDomain}};
//! # fn main() -> gristmill::Result<()> {
//! let device = Device::open("cpu", &Options::default())?;
//! let evaluations = domain::on(&device, || {
//!     let domain = DeviceDomain::<ark_bn254::Fr>::new(8).expect("8 is not too large");
//!     domain.fft(&[ark_bn254::Fr::from(3u64)])
//! });
//! assert_eq!(evaluations, [ark_bn254::Fr::from(3u64); 8]);
//! # Ok(())
//! # }
//! ```
//!
//! [`DeviceReduction`] is libsnark's R1CS-to-QAP reduction on such domains: `Groth16::<Bn254, DeviceReduction>::prove` inside of
//! [`on`] is arkworks' own prover with the card's transforms. ([`ArkProver`](crate::groth16::ArkProver) does its MSMs there as well.)

mod current;
mod reduction;
mod same;

pub use current::on;
pub use reduction::DeviceReduction;

use crate::{Device, NttField, Transform};
use ark_ff::FftField;
use ark_poly::domain::{DomainCoeff, EvaluationDomain, Radix2EvaluationDomain, radix2::Elements};
use ark_serialize::{
    CanonicalDeserialize, CanonicalSerialize, Compress, Read, SerializationError, Valid, Validate, Write,
};
use current::Ticket;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A domain of a power of two of elements. Transforms of the fields of [`NttField`] over it run on the device of the [`on`] in which it was made,
/// while that lasts; those of other fields and of group elements, and all when there is no such device, are arkworks'.
///
/// A transform has no way to tell an error: a device that fails leaves it to the CPU, and says so in the log (tracing, level warn) and in its
/// report; one that gives a wrong answer is quarantined besides. Results are right either way.
///
/// Equal to another domain that has the same elements, wherever its transforms run; serialised as [`Radix2EvaluationDomain`].
#[derive(Clone, Copy)]
pub struct DeviceDomain<F: FftField> {
    plain: Radix2EvaluationDomain<F>,
    ticket: Ticket,
}

impl<F: FftField> DeviceDomain<F> {
    fn of(plain: Radix2EvaluationDomain<F>) -> Self {
        DeviceDomain { plain, ticket: Ticket::current() }
    }

    /// The transform by the device, if there is one and these are elements of a field that devices know; whether it was done.
    fn on_device<T: DomainCoeff<F>>(&self, values: &mut Vec<T>, inverse: bool) -> bool {
        let Some(device) = self.ticket.device() else { return false };
        self.over::<ark_bn254::Fr, T>(&device, values, inverse)
            || self.over::<ark_bls12_381::Fr, T>(&device, values, inverse)
            || self.over::<ark_bls12_377::Fr, T>(&device, values, inverse)
    }

    /// The same, if the field is N and these are its elements.
    fn over<N: NttField, T: DomainCoeff<F>>(&self, device: &Device, values: &mut Vec<T>, inverse: bool) -> bool {
        let Some(offset) = same::elements::<N, F>(std::slice::from_ref(&self.plain.offset)) else { return false };
        if same::elements::<N, T>(&values[..]).is_none() || values.len() > self.plain.size() {
            return false;
        }
        let plain = if inverse { Transform::INVERSE } else { Transform::FORWARD };
        let transform = plain.on_coset(offset[0]);
        values.resize(self.plain.size(), T::zero());
        let Some(elements) = same::elements_mut::<N, T>(&mut values[..]) else { return false };
        match device.ntt(elements, &transform) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(device = device.name(), %error, "a domain's transform is left to the CPU");
                false
            }
        }
    }
}

impl<F: FftField> EvaluationDomain<F> for DeviceDomain<F> {
    type Elements = Elements<F>;

    fn new(num_coeffs: usize) -> Option<Self> {
        Radix2EvaluationDomain::new(num_coeffs).map(Self::of)
    }

    fn get_coset(&self, offset: F) -> Option<Self> {
        Some(DeviceDomain { plain: self.plain.get_coset(offset)?, ticket: self.ticket })
    }

    fn compute_size_of_domain(num_coeffs: usize) -> Option<usize> {
        Radix2EvaluationDomain::<F>::compute_size_of_domain(num_coeffs)
    }

    fn size(&self) -> usize {
        self.plain.size()
    }

    fn log_size_of_group(&self) -> u64 {
        self.plain.log_size_of_group()
    }

    fn size_inv(&self) -> F {
        self.plain.size_inv()
    }

    fn group_gen(&self) -> F {
        self.plain.group_gen()
    }

    fn group_gen_inv(&self) -> F {
        self.plain.group_gen_inv()
    }

    fn coset_offset(&self) -> F {
        self.plain.coset_offset()
    }

    fn coset_offset_inv(&self) -> F {
        self.plain.coset_offset_inv()
    }

    fn coset_offset_pow_size(&self) -> F {
        self.plain.coset_offset_pow_size()
    }

    fn fft_in_place<T: DomainCoeff<F>>(&self, coeffs: &mut Vec<T>) {
        if !self.on_device(coeffs, false) {
            self.plain.fft_in_place(coeffs);
        }
    }

    fn ifft_in_place<T: DomainCoeff<F>>(&self, evals: &mut Vec<T>) {
        if !self.on_device(evals, true) {
            self.plain.ifft_in_place(evals);
        }
    }

    fn elements(&self) -> Elements<F> {
        self.plain.elements()
    }
}

impl<F: FftField> fmt::Debug for DeviceDomain<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device: Option<Device> = self.ticket.device();
        write!(f, "{:?}, transforms by {}", self.plain, device.as_ref().map_or("arkworks", Device::name))
    }
}

impl<F: FftField> PartialEq for DeviceDomain<F> {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl<F: FftField> Eq for DeviceDomain<F> {}

impl<F: FftField> Hash for DeviceDomain<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.hash(state);
    }
}

impl<F: FftField> CanonicalSerialize for DeviceDomain<F> {
    fn serialize_with_mode<W: Write>(&self, writer: W, compress: Compress) -> Result<(), SerializationError> {
        self.plain.serialize_with_mode(writer, compress)
    }

    fn serialized_size(&self, compress: Compress) -> usize {
        self.plain.serialized_size(compress)
    }
}

impl<F: FftField> Valid for DeviceDomain<F> {
    fn check(&self) -> Result<(), SerializationError> {
        self.plain.check()
    }
}

impl<F: FftField> CanonicalDeserialize for DeviceDomain<F> {
    fn deserialize_with_mode<R: Read>(
        reader: R,
        compress: Compress,
        validate: Validate,
    ) -> Result<Self, SerializationError> {
        Radix2EvaluationDomain::deserialize_with_mode(reader, compress, validate).map(Self::of)
    }
}

#[cfg(test)]
mod tests;
