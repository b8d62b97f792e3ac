//! The CPU engine of Gristmill: multi-scalar multiplication over short Weierstrass curves with a = 0
//! (BN254, BLS12-381, BLS12-377; G1 and G2), and the number-theoretic transform over their scalar fields, with
//! arkworks' types at the border.
//!
//! ```
//! use ark_bn254::{Fr, G1Affine, G1Projective};
//! use ark_ec::AffineRepr;
//! use gristmill_cpu::{Engine, msm};
//!
//! let points = vec![G1Affine::generator(); 100];
//! let scalars: Vec<Fr> = (0..100u64).map(Fr::from).collect();
//! let sum: G1Projective = msm(Engine::chosen()?, &points, &scalars);
//! assert_eq!(sum, G1Affine::generator() * Fr::from(4950u64));
//! # Ok::<(), gristmill_cpu::EngineError>(())
//! ```
//!
//! Where the processor has AVX-512 IFMA, eight elements are computed at a time; elsewhere arkworks'
//! own multiplication is used under the same algorithms. The results are identical. How it works,
//! with bounds and sources: `docs/cpu.md`.

mod add;
mod engine;
mod field;
mod msm;
mod ntt;
#[cfg(target_arch = "x86_64")]
mod simd;

pub use engine::{Engine, EngineError, VARIABLE};
pub use field::Coordinate;
pub use msm::msm;
/// Single elements modulo p = 2^64 - 2^32 + 1.
pub mod goldilocks {
    pub use crate::ntt::goldilocks::scalar::{GOLDILOCKS, TWO_ADICITY, canonical, inverse, mul, pow, root};
}

pub use ntt::{GOLDILOCKS, GoldilocksError, TransformField, goldilocks_ntt, ntt};
