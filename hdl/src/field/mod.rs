//! Prime-field arithmetic: parameters, software model and RTL.
//!
//! Every element on a port is in Montgomery form (x * R mod p, R = 2^256 or 2^384) and reduced
//! (below p); only those of [`goldilocks`] are in canonical form. [`FieldParams`] names the field; [`model`] is the reference (big integers);
//! [`native`] is what the twins compute with (machine words). Stages, latencies and costs:
//! `docs/field-and-curve.md`.
//!
//! RustHDL's widths are const generics, so word sizes are a compiled set: the aliases with 256
//! (BN254, scalars of BLS12-381) and 384 (coordinates of BLS12-381). Which field of that size is
//! a constructor argument.

pub mod add_sub;
pub mod dsp_row;
pub mod field_mul;
pub mod goldilocks;
pub mod half_sum;
pub mod join;
pub mod karatsuba;
pub mod mod_sum;
pub mod model;
pub mod mont_loop;
pub mod mont_mul;
pub mod mont_mul_serial;
pub mod mont_mul_sum;
pub mod mont_stage;
pub mod mul_small;
pub mod naf;
pub mod native;
pub mod params;
pub mod reduce;
pub mod resolve;
pub mod segment_sum;
pub mod select_sum;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_verilog;

pub use add_sub::{ModAdd, ModSub};
pub use field_mul::FieldMul;
pub use goldilocks::{GoldilocksMul, GoldilocksSum};
pub use mod_sum::ModSum;
pub use mont_loop::MontLoop;
pub use mont_mul::MontMul;
pub use mont_mul_serial::MontMulSerial;
pub use mont_mul_sum::MontMulSum;
pub use mul_small::MulSmall;
pub use params::{FieldParams, BLS12_377_FQ, BLS12_377_FR, BLS12_381_FQ, BLS12_381_FR, BN254_FQ, BN254_FR, GOLDILOCKS};

/// Pipelined multiplier for 256-bit words.
pub type MontMul256 = MontMul<256>;
/// Pipelined multiplier for 384-bit words.
pub type MontMul384 = MontMul<384>;
/// Digit-serial multiplier for 256-bit words.
pub type MontMulSerial256 = MontMulSerial<16, 256, 391>;
/// Digit-serial multiplier for 384-bit words.
pub type MontMulSerial384 = MontMulSerial<24, 384, 575>;

/// Digit-serial multiplier without control for 256-bit words.
pub type MontLoop256 = MontLoop<16, 256, 391>;

/// How the field multiplications of an engine are built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arithmetic {
    /// [`MontMul`]: one product a cycle and multiplier.
    #[default]
    Pipelined,
    /// [`MontMulSerial`]: one product in L + 1 cycles and multiplier, for small parts.
    Serial,
}
