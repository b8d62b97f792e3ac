//! The CPU's time for an operation.

use super::Op;
use crate::{Curve, MsmCurve, check, cpu, device::Transform, split};
use ark_bn254::{Fr, G1Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_std::{
    UniformRand,
    rand::{SeedableRng, rngs::StdRng},
};
use std::{hint::black_box, sync::OnceLock, time::Instant};

/// Milliseconds of an MSM of 2^0, 2^2, .. 2^20 points of BN254's G1: random scalars, two threads, engine `ifma`, on a
/// 2-core Sapphire Rapids virtual machine, 29 November 2026. Measured by `cargo test --release -p gristmill --lib
/// cost::tests::table -- --ignored --nocapture`, as [`NTT`].
const MSM: [f64; 11] = [0.166, 0.327, 0.659, 0.668, 0.888, 1.60, 3.73, 10.4, 35.8, 131.0, 595.0];
/// An MSM over a curve beside BN254's. BLS12-381: between the ratios at 2^14 and 2^16 in benches/README.md, 1.55 and
/// 1.78. BLS12-377, of the same limbs, is assumed to be as slow; it was not measured.
const OVER_BN254: [f64; 3] = [1.0, 1.7, 1.7];
/// Milliseconds of a transform of 2^0, 2^2, .. 2^20 elements of BN254's Fr, likewise.
const NTT: [f64; 11] = [0.0063, 0.0063, 0.00748, 0.0158, 0.0364, 0.0701, 0.183, 0.663, 2.84, 12.7, 67.2];

/// log2 of the sizes that are measured at run time.
const MSM_LOG: u32 = 10;
const NTT_LOG: u32 = 12;

/// How fast a machine is. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Host {
    /// Its MSMs over those of the table.
    pub msm: f64,
    /// Its transforms over those of the table.
    pub ntt: f64,
    /// Checking a card's transform, an element.
    pub check: f64,
    /// Cutting and rearranging a transform that exceeds the card, an element and level.
    pub transpose: f64,
    /// Copying a word of 32 bytes.
    pub copy: f64,
    /// Adding two points of BN254: the host combines what an MSM leaves.
    pub addition: f64,
}

impl Host {
    /// The machine of the tables.
    pub const REFERENCE: Host =
        Host { msm: 1.0, ntt: 1.0, check: 435e-9, transpose: 12.7e-9, copy: 1.52e-9, addition: 0.86e-6 };

    /// This machine, with the threads that rayon has here. Measured at the first call (about 30 ms). The fastest of
    /// several runs counts: an idle machine, on which a card has the least to win.
    pub fn here() -> &'static Host {
        static HERE: OnceLock<Host> = OnceLock::new();
        HERE.get_or_init(Host::measure)
    }

    fn measure() -> Host {
        let rng = &mut StdRng::seed_from_u64(1);
        let points = walk::<ark_bn254::g1::Config>(1 << MSM_LOG);
        let scalars: Vec<Fr> = (0..1 << NTT_LOG).map(|_| Fr::rand(rng)).collect();
        let mut values = scalars.clone();
        let n = values.len() as f64;
        // The first runs are slow: threads start, memory is new.
        let msm = best(8, || {
            let _ = black_box(cpu::msm(&points, &scalars[..points.len()]));
        });
        let ntt = best(20, || cpu::ntt(&mut values, &Transform::FORWARD));
        let few = &scalars[..256];
        let mut transformed = few.to_vec();
        cpu::ntt(&mut transformed, &Transform::FORWARD);
        let check = best(3, || {
            black_box(check::transform_holds(few, &transformed, &Transform::FORWARD));
        });
        let transpose = best(3, || {
            let nothing = &mut |_: &mut [split::SmallNtt<'_, Fr>]| Ok::<_, ()>(());
            let _ = black_box(split::ntt(&mut values, split::Kernel::default(), 1 << (NTT_LOG / 2), nothing));
        });
        let copy = best(3, || drop(black_box(scalars.clone())));
        let addition = best(3, || {
            let _ = black_box(
                points.iter().take(256).fold(G1Projective::generator(), |sum, p| sum + G1Projective::from(*p)),
            );
        });
        Host {
            msm: msm / at(&MSM, points.len()),
            ntt: ntt / at(&NTT, values.len()),
            check: check / few.len() as f64,
            transpose: transpose / n,
            copy: copy / n,
            addition: addition / 256.0,
        }
    }

    /// Seconds of an operation on the CPU.
    pub fn seconds(&self, op: &Op) -> f64 {
        match *op {
            Op::Msm { curve, points, .. } => self.msm * OVER_BN254[curve as usize] * at(&MSM, points),
            Op::Ntt { elements, .. } => self.ntt * at(&NTT, elements),
            Op::Quotient { elements } => TRANSFORMS * self.ntt * at(&NTT, elements),
        }
    }

    /// Seconds of adding two points: products go by the square of the limbs.
    pub(super) fn addition(&self, curve: Curve) -> f64 {
        self.addition * (curve.coordinate_bytes() as f64 / 32.0).powi(2)
    }

    /// Seconds of the check `Curve` of a card's result.
    pub(super) fn check(&self, op: &Op) -> f64 {
        match *op {
            // Of one point.
            Op::Msm { curve, .. } => self.addition(curve),
            Op::Ntt { elements, .. } => self.check * elements as f64,
            // The proof is, whoever made it.
            Op::Quotient { .. } => 0.0,
        }
    }
}

/// Transforms of a quotient.
pub(super) const TRANSFORMS: f64 = 6.0;

/// Seconds at a size, by a table of milliseconds at every second power of two: a straight line between the
/// logarithms, and beyond the table, as steep as its last.
fn at(table: &[f64], size: usize) -> f64 {
    if size == 0 {
        return 0.0;
    }
    let position = (size as f64).log2() / 2.0;
    let i = (position as usize).min(table.len() - 2);
    let (low, high) = (table[i].ln(), table[i + 1].ln());
    (low + (high - low) * (position - i as f64)).exp() * 1e-3
}

/// Points by a walk, quicker than random ones.
pub(super) fn walk<C: MsmCurve>(n: usize) -> Vec<Affine<C>> {
    let mut point = Projective::<C>::generator();
    let step = point * C::ScalarField::from(0x1234_5678_9abc_u64);
    let points: Vec<Projective<C>> = (0..n)
        .map(|_| {
            point += step;
            point
        })
        .collect();
    Projective::normalize_batch(&points)
}

/// Seconds of the fastest of some runs.
pub(super) fn best(runs: usize, mut f: impl FnMut()) -> f64 {
    let mut once = || {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(|_| once()).fold(f64::INFINITY, f64::min)
}
