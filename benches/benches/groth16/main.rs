//! Groth16 over BN254 on the CPU, from circuit to proof, beside ark-groth16 0.6 (asm, parallel): the same
//! proving key, the same circuit, in one run. Every proof is verified once before anything is timed. The last
//! row is the floor: the MSMs and transforms of a proof, alone. The group `snarkjs` has the same circuit's files: reading
//! the key (once), and witness and key to proof.
//!
//! `cargo bench -p gristmill-benches --bench groth16` (`-- Dense`, `Bits` or `snarkjs` for one group)
//!
//! `GRISTMILL_BENCH_LOG` is log2 of the domain (17 unless set, at most 20), which the constraints fill but for
//! three rows; `GRISTMILL_CPU` forces an engine.

mod circuit;
mod snarkjs;

use ark_bn254::{Bn254, Fr};
use ark_ff::{FftField, UniformRand};
use ark_groth16::{Groth16, ProvingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, Matrix, OptimizationGoal, R1CS_PREDICATE_LABEL, SynthesisMode,
};
use ark_snark::SNARK;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use circuit::{Circuit, Kind};
use criterion::{Criterion, criterion_group, criterion_main};
use gristmill::{
    Device, Options, Report, Transform, cpu,
    formats::Witness,
    groth16::{ArkProver, ZkeyProver},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The circuit's matrices and values, as ark-groth16 takes them ready made.
fn ready_made(circuit: Circuit) -> (Vec<Matrix<Fr>>, usize, Vec<Fr>) {
    let cs = ConstraintSystem::<Fr>::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
    circuit.generate_constraints(cs.clone()).expect("a witness");
    cs.finalize();
    let matrices = cs.to_matrices().expect("matrices")[R1CS_PREDICATE_LABEL].clone();
    let values = [cs.instance_assignment().expect("a witness"), cs.witness_assignment().expect("a witness")].concat();
    (matrices, cs.num_instance_variables(), values)
}

/// The MSMs and transforms of a proof, and nothing else.
fn floor(key: &ProvingKey<Bn254>, values: &[Fr], instance: usize, vector: &mut [Fr]) {
    let coset = Transform::FORWARD.on_coset(Fr::GENERATOR);
    for transform in [Transform::INVERSE; 3].into_iter().chain([coset; 2]).chain([Transform::INVERSE]) {
        cpu::ntt(vector, &transform);
    }
    let _ = black_box(cpu::msm(&key.a_query, values));
    let _ = black_box(cpu::msm(&key.b_g1_query, values));
    let _ = black_box(cpu::msm_g2(&key.b_g2_query, values));
    let _ = black_box(cpu::msm(&key.l_query, &values[instance..]));
    let _ = black_box(cpu::msm(&key.h_query, vector));
}

fn log() -> u32 {
    std::env::var("GRISTMILL_BENCH_LOG").ok().and_then(|v| v.parse().ok()).unwrap_or(17).clamp(6, 20)
}

fn compare(c: &mut Criterion, kind: Kind) {
    let log = log();
    let rng = &mut StdRng::seed_from_u64(1);
    let circuit = Circuit { kind, constraints: (1 << log) - 3, secret: Fr::rand(rng) };
    let (key, vk) = Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), rng).expect("a key");
    let device = Device::open("cpu", &Options::default()).expect("GRISTMILL_CPU");
    let prover = ArkProver::new(&device, key.clone()).expect("a key");
    let (matrices, instance, values) = ready_made(circuit.clone());
    let mut vector: Vec<Fr> = (0..1 << log).map(|_| Fr::rand(rng)).collect();
    assert_eq!(key.h_query.len() + 1, vector.len(), "the domain");
    let public = &values[1..instance];

    let from_matrices = |rng: &mut StdRng| {
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
            &key,
            Fr::rand(rng),
            Fr::rand(rng),
            &matrices,
            instance,
            circuit.constraints,
            &values,
        )
        .expect("a proof")
    };
    let proved = prover.prove(circuit.clone(), rng).expect("a proof");
    let proofs = [
        proved.proof,
        prover.prove(circuit.clone(), rng).expect("a proof").proof,
        Groth16::<Bn254>::prove(&key, circuit.clone(), rng).expect("a proof"),
        from_matrices(rng),
    ];
    for (i, proof) in proofs.iter().enumerate() {
        assert!(Groth16::<Bn254>::verify(&vk, public, proof).expect("a key"), "proof {i}");
    }
    print(&prover.prove(circuit.clone(), rng).expect("a proof").report);

    let mut group = c.benchmark_group(format!("groth16 {kind:?} 2^{log}"));
    group.bench_function("gristmill, circuit to verified proof", |b| {
        b.iter(|| prover.prove(black_box(circuit.clone()), rng))
    });
    group.bench_function("ark-groth16, circuit to proof", |b| {
        b.iter(|| Groth16::<Bn254>::prove(&key, black_box(circuit.clone()), rng))
    });
    group.bench_function("ark-groth16, ready-made matrices and values to proof", |b| b.iter(|| from_matrices(rng)));
    group.bench_function("gristmill's MSMs and transforms alone", |b| {
        b.iter(|| floor(&key, &values, instance, &mut vector))
    });
    group.finish();
}

/// Where the time goes, beside criterion's figures.
fn print(report: &Report) {
    for stage in &report.stages {
        println!("  {:<20} {:8.2} ms", stage.name, stage.seconds * 1e3);
    }
}

/// snarkjs' files: from the disk's cache to a verified proof.
fn files(c: &mut Criterion) {
    let rng = &mut StdRng::seed_from_u64(2);
    let circuit = Circuit { kind: Kind::Dense, constraints: (1 << log()) - 3, secret: Fr::rand(rng) };
    let (matrices, instance, values) = ready_made(circuit.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let (zkey, wtns) = (folder.path().join("circuit.zkey"), folder.path().join("witness.wtns"));
    std::fs::write(&zkey, snarkjs::zkey(circuit, &matrices, instance, rng)).expect("written");
    std::fs::write(&wtns, snarkjs::wtns(&values)).expect("written");
    let device = Device::open("cpu", &Options::default()).expect("GRISTMILL_CPU");
    let start = Instant::now();
    let prover = ZkeyProver::open(&device, &zkey).expect("a key");
    println!("key read, checked and taken in {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let witness = Witness::open(&wtns).expect("a witness");
    print(&prover.prove(&witness).expect("a proof").report);

    let mut group = c.benchmark_group(format!("groth16 snarkjs 2^{}", log()));
    group.bench_function("gristmill, zkey to prover", |b| b.iter(|| ZkeyProver::open(&device, &zkey)));
    group.bench_function("gristmill, wtns to witness", |b| b.iter(|| Witness::open(&wtns)));
    group.bench_function("gristmill, witness to verified proof", |b| b.iter(|| prover.prove(&witness)));
    group.finish();
}

/// Whether any of a group is asked for: its keys take a while to make.
fn wanted(group: &str) -> bool {
    let mut filters = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).peekable();
    filters.peek().is_none() || filters.any(|filter| filter.contains(group))
}

fn groth16(c: &mut Criterion) {
    for kind in [Kind::Dense, Kind::Bits] {
        if wanted(&format!("{kind:?}")) {
            compare(c, kind);
        }
    }
    if wanted("snarkjs") {
        files(c);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = groth16
}
criterion_main!(benches);
