//! Curves y^2 = x^3 + b (a = 0): parameters, software model, and the complete point adder.
//!
//! Points on ports are homogeneous projective, x = X/Z and y = Y/Z, in Montgomery form; infinity
//! is any (0 : Y : 0) with Y not 0. Schedule, latency and cost: `docs/field-and-curve.md`.

pub mod model;
pub mod native;
pub mod params;
pub mod point_adder;
pub mod point_adder_serial;
pub mod program;
pub mod scratch;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_serial;

pub use params::{CurveParams, BLS12_377, BLS12_381, BN254};
pub use point_adder::PointAdder;
pub use point_adder_serial::PointAdderSerial;

/// Adder for curves over 256-bit words (BN254).
pub type PointAdder256 = PointAdder<256>;
/// Adder for curves over 384-bit words (BLS12-381, BLS12-377).
pub type PointAdder384 = PointAdder<384>;
/// Serial adder for curves over 256-bit words (BN254).
pub type PointAdderSerial256 = PointAdderSerial<16, 256, 391>;
