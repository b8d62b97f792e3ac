//! Prime-field arithmetic: parameters, software model and RTL.
//!
//! Every element on a port is in Montgomery form (x * R mod p, R = 2^256 or 2^384) and reduced
//! (below p). [`FieldParams`] names the field; [`model`] is the reference (big integers);
//! [`native`] is what the twins compute with (machine words).

pub mod model;
pub mod native;
pub mod params;

pub use params::{FieldParams, BLS12_381_FQ, BLS12_381_FR, BN254_FQ, BN254_FR};
