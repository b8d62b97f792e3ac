//! Fields over which a device transforms vectors of 256-bit elements.

use crate::cpu;
use crate::curve::Element;
use crate::device::{Engine, NttEngine};
use ark_ff::{BigInt, PrimeField};
pub use gristmill_abi::layout::Field;

mod sealed {
    pub trait Sealed {}
}

/// A field whose vectors [`Device`](crate::Device) transforms: the scalar fields of the curves, `ark_bn254::Fr`, `ark_bls12_381::Fr` and
/// `ark_bls12_377::Fr`. A call finds its field by the type of the elements. (Goldilocks, of 64-bit integers, has
/// [calls of its own](crate::Device::goldilocks_ntt).)
///
/// Sealed: what a card computes is fixed by its contract.
pub trait NttField: Element + PrimeField<BigInt = BigInt<4>> + sealed::Sealed {
    /// Its id and name in the card's contract.
    const FIELD: Field;

    /// [`cpu::ntt`](crate::cpu::ntt) in natural order, compiled here and not where a generic function is used.
    #[doc(hidden)]
    fn ntt_on_cpu(values: &mut [Self], inverse: bool, coset: Option<Self>);

    /// An engine's side for this field.
    #[doc(hidden)]
    fn engine(engine: &dyn Engine) -> &dyn NttEngine<Self>;
}

macro_rules! field {
    ($element:ty, $field:expr) => {
        impl sealed::Sealed for $element {}

        impl NttField for $element {
            const FIELD: Field = $field;

            fn ntt_on_cpu(values: &mut [Self], inverse: bool, coset: Option<Self>) {
                cpu::transform(values, inverse, coset);
            }

            fn engine(engine: &dyn Engine) -> &dyn NttEngine<Self> {
                engine
            }
        }
    };
}

field!(ark_bn254::Fr, Field::Bn254Fr);
field!(ark_bls12_381::Fr, Field::Bls12_381Fr);
field!(ark_bls12_377::Fr, Field::Bls12_377Fr);
