//! Curves y^2 = x^3 + b (a = 0): parameters, software model, and the complete point adder.

pub mod model;
pub mod params;

pub use params::{CurveParams, BLS12_381, BN254};
