//! NTT on the CPU, side by side with its peers in one run: arkworks 0.6 (ark-poly, asm, parallel), halo2curves 0.10
//! (BN254, `best_fft`), Plonky3 0.8 (Goldilocks, three of its transforms). Every run starts from the same
//! values, copied from a master copy outside what is timed. All results are compared before anything is timed.
//!
//! `cargo bench -p gristmill-benches --bench cpu_ntt` (`-- 2^16` for one size)
//!
//! `GRISTMILL_BENCH_LOG` bounds the sizes (16 unless set, at most 22); `GRISTMILL_CPU` forces an engine. Plonky3 chooses
//! its vectors when it is compiled: `RUSTFLAGS="-C target-cpu=native"` with another `CARGO_TARGET_DIR` shows it at its best.

use ark_ff::{PrimeField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::test_rng;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use gristmill_cpu::{Engine, GOLDILOCKS, TransformField, goldilocks_ntt, ntt};
use std::time::Duration;

fn largest() -> u32 {
    std::env::var("GRISTMILL_BENCH_LOG").ok().and_then(|v| v.parse().ok()).unwrap_or(16).clamp(10, 22)
}

fn timed<T: Clone>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    values: &[T],
    mut run: impl FnMut(&mut Vec<T>),
) {
    let mut work = values.to_vec();
    group.bench_function(name, |b| {
        b.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                work.clone_from_slice(values);
                let start = std::time::Instant::now();
                run(&mut work);
                took += start.elapsed();
            }
            took
        })
    });
}

fn scalars<F: TransformField + PrimeField>(
    c: &mut Criterion,
    name: &str,
    peer: impl Fn(&mut BenchmarkGroup<'_, WallTime>, &[F], &[F]),
) {
    let engine = Engine::chosen().expect("GRISTMILL_CPU");
    let rng = &mut test_rng();
    let all: Vec<F> = (0..1usize << largest()).map(|_| F::rand(rng)).collect();
    for log in (10..=largest()).step_by(2) {
        let values = &all[..1 << log];
        let domain = Radix2EvaluationDomain::<F>::new(1 << log).expect("a domain");
        let expected = domain.fft(values);
        let mut own = values.to_vec();
        assert!(ntt(engine, &mut own, false, None) && own == expected, "{name} 2^{log}");
        let mut group = c.benchmark_group(format!("ntt {name} 2^{log}"));
        timed(&mut group, &format!("gristmill ({})", engine.name()), values, |v| assert!(ntt(engine, v, false, None)));
        timed(&mut group, "arkworks", values, |v| domain.fft_in_place(v));
        peer(&mut group, values, &expected);
        group.finish();
    }
}

fn bn254(c: &mut Criterion) {
    use halo2curves::bn256::Fr;
    scalars::<ark_bn254::Fr>(c, "BN254 Fr", |group, values, expected| {
        let theirs = |v: &ark_bn254::Fr| {
            let mut bytes = [0; 32];
            bytes.chunks_exact_mut(8).zip(v.into_bigint().0).for_each(|(o, w)| o.copy_from_slice(&w.to_le_bytes()));
            Fr::from_bytes(&bytes).expect("reduced")
        };
        let log = values.len().ilog2();
        let root = theirs(&Radix2EvaluationDomain::<ark_bn254::Fr>::new(values.len()).expect("a domain").group_gen);
        let values: Vec<Fr> = values.iter().map(theirs).collect();
        let mut result = values.clone();
        halo2curves::fft::best_fft(&mut result, root, log);
        assert!(result.iter().zip(expected).all(|(a, b)| *a == theirs(b)), "halo2curves");
        timed(group, "halo2curves", &values, |v| halo2curves::fft::best_fft(v, root, log));
    });
}

fn bls12_381(c: &mut Criterion) {
    scalars::<ark_bls12_381::Fr>(c, "BLS12-381 Fr", |_, _, _| {});
}

fn goldilocks(c: &mut Criterion) {
    use p3_dft::{Radix2Bowers, Radix2Dit, Radix2DitParallel, TwoAdicSubgroupDft};
    use p3_field::{PrimeCharacteristicRing, PrimeField64};
    use p3_goldilocks::Goldilocks;
    let engine = Engine::chosen().expect("GRISTMILL_CPU");
    let rng = &mut test_rng();
    let all: Vec<u64> = (0..1usize << largest()).map(|_| u64::rand(rng) % GOLDILOCKS).collect();
    let (parallel, serial, bowers) =
        (Radix2DitParallel::<Goldilocks>::default(), Radix2Dit::<Goldilocks>::default(), Radix2Bowers);
    for log in (10..=largest()).step_by(2) {
        let values = &all[..1 << log];
        let theirs: Vec<Goldilocks> = values.iter().map(|v| Goldilocks::from_u64(*v)).collect();
        let expected: Vec<u64> = parallel.dft(theirs.clone()).iter().map(|v| v.as_canonical_u64()).collect();
        let mut own = values.to_vec();
        goldilocks_ntt(engine, &mut own, false, None).expect("a length");
        assert_eq!(own, expected, "Goldilocks 2^{log}");
        let mut group = c.benchmark_group(format!("ntt Goldilocks 2^{log}"));
        timed(&mut group, &format!("gristmill ({})", engine.name()), values, |v| {
            goldilocks_ntt(engine, v, false, None).expect("a length");
        });
        // Each takes its vector and gives another: no copies are timed, with them or for them.
        let run =
            |v: &mut Vec<Goldilocks>, dft: &dyn Fn(Vec<Goldilocks>) -> Vec<Goldilocks>| *v = dft(std::mem::take(v));
        timed(&mut group, "plonky3 Radix2DitParallel", &theirs, |v| run(v, &|v| parallel.dft(v)));
        timed(&mut group, "plonky3 Radix2Dit", &theirs, |v| run(v, &|v| serial.dft(v)));
        timed(&mut group, "plonky3 Radix2Bowers", &theirs, |v| run(v, &|v| bowers.dft(v)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = bn254, bls12_381, goldilocks
}
criterion_main!(benches);
