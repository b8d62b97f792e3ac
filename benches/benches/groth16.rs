//! Groth16 over BN254 on the CPU, from circuit to proof, beside ark-groth16 0.6 (asm, parallel): the same
//! proving key, the same circuit, in one run. Every proof is verified once before anything is timed. The last
//! row is the floor: the MSMs and transforms of a proof, alone.
//!
//! `cargo bench -p gristmill-benches --bench groth16` (`-- dense` for one circuit)
//!
//! `GRISTMILL_BENCH_LOG` is log2 of the domain (17 unless set, at most 20), which the constraints fill but for
//! three rows; `GRISTMILL_CPU` forces an engine.

use ark_bn254::{Bn254, Fr};
use ark_ff::{FftField, Field, One, UniformRand};
use ark_groth16::{Groth16, ProvingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, LinearCombination, Matrix, OptimizationGoal,
    R1CS_PREDICATE_LABEL, SynthesisError, SynthesisMode, Variable,
};
use ark_snark::SNARK;
use ark_std::rand::{RngCore, SeedableRng, rngs::StdRng};
use criterion::{Criterion, criterion_group, criterion_main};
use gristmill::{Device, Options, Transform, cpu, groth16::ArkProver};
use std::{hint::black_box, time::Duration};

/// What the wires carry.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Numbers of full size: a chain of squares.
    Dense,
    /// Bits, three of four constraints; the others pack them into numbers.
    Bits,
}

/// A circuit of exactly `constraints` constraints and one public number.
#[derive(Clone)]
struct Circuit {
    kind: Kind,
    constraints: usize,
    secret: Fr,
}

type Lc = LinearCombination<Fr>;

fn sum(terms: &[(Fr, Variable)]) -> Lc {
    terms.iter().fold(Lc::zero(), |lc, term| lc + *term)
}

impl ConstraintSynthesizer<Fr> for Circuit {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let one = Fr::one();
        let mut value = self.secret;
        let mut operand = vec![(one, cs.new_witness_variable(|| Ok(value))?)];
        let mut random = StdRng::seed_from_u64(self.constraints as u64);
        for i in 1..self.constraints {
            if matches!(self.kind, Kind::Bits) && i % 4 != 0 {
                let bit = Fr::from(random.next_u32() & 1);
                let wire = cs.new_witness_variable(|| Ok(bit))?;
                cs.enforce_r1cs_constraint(
                    || sum(&[(one, wire)]),
                    || sum(&[(one, Variable::One), (-one, wire)]),
                    Lc::zero,
                )?;
                let weight = Fr::from(1u64 << (i % 4));
                operand.push((weight, wire));
                value += weight * bit;
                continue;
            }
            let offset = Fr::from(i as u64 % 64 + 3);
            operand.push((offset, Variable::One));
            value = (value + offset).square();
            let square = cs.new_witness_variable(|| Ok(value))?;
            cs.enforce_r1cs_constraint(|| sum(&operand), || sum(&operand), || sum(&[(one, square)]))?;
            operand = vec![(one, square)];
        }
        operand.truncate(1);
        let result = cs.new_input_variable(|| Ok(value))?;
        cs.enforce_r1cs_constraint(|| sum(&operand), || sum(&[(one, Variable::One)]), || sum(&[(one, result)]))
    }
}

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

fn compare(c: &mut Criterion, kind: Kind) {
    let log = std::env::var("GRISTMILL_BENCH_LOG").ok().and_then(|v| v.parse().ok()).unwrap_or(17).clamp(6, 20);
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
    // Where the time goes, beside criterion's figures.
    for stage in &prover.prove(circuit.clone(), rng).expect("a proof").report.stages {
        println!("  {:<20} {:8.2} ms", stage.name, stage.seconds * 1e3);
    }

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

fn groth16(c: &mut Criterion) {
    compare(c, Kind::Dense);
    compare(c, Kind::Bits);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = groth16
}
criterion_main!(benches);
