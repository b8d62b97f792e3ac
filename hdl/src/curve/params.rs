//! Curves as constants.

use crate::field::{FieldParams, BLS12_377_FQ, BLS12_381_FQ, BN254_FQ};
use gristmill_abi::layout::Curve;

/// A curve y^2 = x^3 + b, over the field of its coordinates. The complete formulas have no exception for points of
/// odd order; BN254 and BLS12-381 have no others, of BLS12-377 a point must be in the subgroup of prime order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurveParams {
    /// Name in reports.
    pub name: &'static str,
    /// The field of the coordinates.
    pub field: FieldParams,
    /// The coefficient b, a small integer (canonical form).
    pub b: u32,
    /// A point of the group, canonical x and y, little-endian limbs: for tests and models.
    pub generator: ([u64; 6], [u64; 6]),
}

impl CurveParams {
    /// Of a curve of the contract.
    pub const fn of(curve: Curve) -> &'static CurveParams {
        match curve {
            Curve::Bn254 => &BN254,
            Curve::Bls12_381 => &BLS12_381,
            Curve::Bls12_377 => &BLS12_377,
        }
    }

    /// 3b, the constant of the complete formulas.
    pub const fn b3(&self) -> u32 {
        3 * self.b
    }
}

/// BN254 (alt_bn128) G1: y^2 = x^3 + 3.
pub const BN254: CurveParams =
    CurveParams { name: "bn254", field: BN254_FQ, b: 3, generator: ([1, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0]) };

/// BLS12-381 G1: y^2 = x^3 + 4.
pub const BLS12_381: CurveParams = CurveParams {
    name: "bls12-381",
    field: BLS12_381_FQ,
    b: 4,
    generator: (
        [
            0xfb3af00adb22c6bb,
            0x6c55e83ff97a1aef,
            0xa14e3a3f171bac58,
            0xc3688c4f9774b905,
            0x2695638c4fa9ac0f,
            0x17f1d3a73197d794,
        ],
        [
            0x0caa232946c5e7e1,
            0xd03cc744a2888ae4,
            0x00db18cb2c04b3ed,
            0xfcf5e095d5d00af6,
            0xa09e30ed741d8ae4,
            0x08b3f481e3aaa0f1,
        ],
    ),
};

/// BLS12-377 G1: y^2 = x^3 + 1. The curve has points of even order, its subgroup of prime order has none.
pub const BLS12_377: CurveParams = CurveParams {
    name: "bls12-377",
    field: BLS12_377_FQ,
    b: 1,
    generator: (
        [
            0xeab9b16eb21be9ef,
            0xd5481512ffcd394e,
            0x188282c8bd37cb5c,
            0x85951e2caa9d41bb,
            0xc8fc6225bf87ff54,
            0x008848defe740a67,
        ],
        [
            0xfd82de55559c8ea6,
            0xc2fe3d3634a9591a,
            0x6d182ad44fb82305,
            0xbd7fb348ca3e52d9,
            0x1f674f5d30afeec4,
            0x01914a69c5102eff,
        ],
    ),
};
