//! MSM on the CPU, side by side with its peers in one run: arkworks 0.6, halo2curves 0.10 (BN254 G1),
//! blst (BLS12-381 G1); BLS12-377 G1 beside arkworks alone. Gristmill and arkworks start from the same arkworks values, conversions
//! included; the peers' values are made beforehand, from the same numbers, in the peers' own types. All
//! results are compared before anything is timed.
//!
//! `cargo bench -p gristmill-benches --bench cpu_msm` (`-- 2^16` for one size)
//!
//! `GRISTMILL_BENCH_LOG` bounds the sizes (16 unless set, at most 22); `GRISTMILL_CPU` forces an engine.

use ark_ec::{
    CurveGroup, VariableBaseMSM,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{PrimeField, UniformRand};
use ark_std::test_rng;
use criterion::{Criterion, criterion_group, criterion_main};
use gristmill_cpu::{Coordinate, Engine, msm};
use halo2curves::{CurveAffine, group::Curve};
use std::{hint::black_box, time::Duration};

fn largest() -> u32 {
    std::env::var("GRISTMILL_BENCH_LOG").ok().and_then(|v| v.parse().ok()).unwrap_or(16).clamp(10, 22)
}

/// Bases without a pattern that could help: a walk of random steps.
fn inputs<P: SWCurveConfig>(log: u32) -> (Vec<Affine<P>>, Vec<P::ScalarField>) {
    let rng = &mut test_rng();
    let steps: Vec<Projective<P>> = (0..16).map(|_| Projective::rand(rng)).collect();
    let mut next = steps[0];
    let points: Vec<_> = (0..1usize << log)
        .map(|i| {
            next += steps[(i * 7 + i / 16) % 16];
            next
        })
        .collect();
    (Projective::normalize_batch(&points), (0..1 << log).map(|_| UniformRand::rand(rng)).collect())
}

fn own_and_arkworks<P: SWCurveConfig<BaseField: Coordinate>>(
    c: &mut Criterion,
    name: &str,
    largest: u32,
    peer: impl Fn(
        &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
        u32,
        &[Affine<P>],
        &[P::ScalarField],
    ),
) {
    let engine = Engine::chosen().expect("GRISTMILL_CPU");
    let (points, scalars) = inputs::<P>(largest);
    for log in (10..=largest).step_by(2) {
        let (points, scalars) = (&points[..1 << log], &scalars[..1 << log]);
        assert_eq!(msm::<P>(engine, points, scalars), Projective::<P>::msm_unchecked(points, scalars));
        let mut group = c.benchmark_group(format!("msm {name} 2^{log}"));
        group.bench_function(format!("gristmill ({})", engine.name()), |b| {
            b.iter(|| msm::<P>(engine, black_box(points), black_box(scalars)))
        });
        group.bench_function("arkworks", |b| {
            b.iter(|| Projective::<P>::msm_unchecked(black_box(points), black_box(scalars)))
        });
        peer(&mut group, log, points, scalars);
        group.finish();
    }
}

fn bn254(c: &mut Criterion) {
    use halo2curves::bn256::{Fq, Fr, G1Affine};
    type P = ark_bn254::g1::Config;
    let bytes = |v: &[u64]| -> [u8; 32] {
        let mut out = [0; 32];
        out.chunks_exact_mut(8).zip(v).for_each(|(o, v)| o.copy_from_slice(&v.to_le_bytes()));
        out
    };
    own_and_arkworks::<P>(c, "BN254 G1", largest(), |group, _, points, scalars| {
        let fq = |v: &ark_bn254::Fq| Fq::from_bytes(&bytes(&v.into_bigint().0)).expect("reduced");
        let bases: Vec<G1Affine> =
            points.iter().map(|p| G1Affine::from_xy(fq(&p.x), fq(&p.y)).expect("on the curve")).collect();
        let coefficients: Vec<Fr> =
            scalars.iter().map(|s| Fr::from_bytes(&bytes(&s.into_bigint().0)).expect("reduced")).collect();
        let run = || halo2curves::msm::msm_best(black_box(&coefficients), black_box(&bases));
        let expected = msm::<P>(Engine::best(), points, scalars).into_affine();
        assert_eq!(run().to_affine().x, fq(&expected.x), "halo2curves");
        group.bench_function("halo2curves", |b| b.iter(run));
    });
    own_and_arkworks::<ark_bn254::g2::Config>(c, "BN254 G2", largest().min(16), |_, _, _, _| {});
}

fn bls12_381(c: &mut Criterion) {
    use blst::{MultiPoint, blst_p1_affine, blst_p1_to_affine};
    type P = ark_bls12_381::g1::Config;
    own_and_arkworks::<P>(c, "BLS12-381 G1", largest(), |group, _, points, scalars| {
        // The same Montgomery form.
        let fp = |v: &ark_bls12_381::Fq| blst::blst_fp { l: v.0.0 };
        let bases: Vec<blst_p1_affine> = points.iter().map(|p| blst_p1_affine { x: fp(&p.x), y: fp(&p.y) }).collect();
        let run = || {
            let words: Vec<u8> = scalars.iter().flat_map(|s| s.into_bigint().0).flat_map(u64::to_le_bytes).collect();
            black_box(bases.as_slice()).mult(&words, 255)
        };
        let mut affine = blst_p1_affine::default();
        // SAFETY: both pointers are to whole values.
        unsafe { blst_p1_to_affine(&mut affine, &run()) };
        assert_eq!(affine.x, fp(&msm::<P>(Engine::best(), points, scalars).into_affine().x), "blst");
        group.bench_function("blst", |b| b.iter(run));
    });
    own_and_arkworks::<ark_bls12_381::g2::Config>(c, "BLS12-381 G2", largest().min(16), |_, _, _, _| {});
}

fn bls12_377(c: &mut Criterion) {
    own_and_arkworks::<ark_bls12_377::g1::Config>(c, "BLS12-377 G1", largest(), |_, _, _, _| {});
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = bn254, bls12_381, bls12_377
}
criterion_main!(benches);
