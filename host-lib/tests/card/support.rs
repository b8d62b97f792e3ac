//! Devices, vectors, and what arkworks says.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::{
    One, UniformRand, Zero,
    rand::{Rng, SeedableRng, rngs::StdRng},
};
use gristmill::{Check, Device, Fallback, NttField, Options, TimeOuts, Transform};
use gristmill_hdl::config::CardConfig;
use std::{path::PathBuf, time::Duration};

/// Card cycles after which a command of these tests is given up.
pub const PATIENCE: u64 = 20_000;

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The smallest card, no fall-back, short time-outs, these faults.
pub fn options(faults: &[&str]) -> Options {
    Options {
        config: Some("tiny".into()),
        fallback: Fallback::Never,
        time_outs: TimeOuts { cycles: Some(PATIENCE), wall: Duration::from_secs(60) },
        faults: faults.iter().map(|f| f.parse().unwrap()).collect(),
        ..Options::default()
    }
}

pub fn tiny() -> Device {
    Device::open("sim", &options(&[])).unwrap()
}

pub fn tiny_config() -> CardConfig {
    CardConfig::tiny()
}

/// A tiny card with a page of card memory, which is 64 bases.
pub fn page_of_memory() -> Device {
    let config = CardConfig { name: "page".into(), card_mem_bytes: 4096, ..tiny_config() };
    configured(&config, Fallback::Never, Check::default(), &[])
}

/// A card of any configuration, from a file.
pub fn configured(config: &CardConfig, fallback: Fallback, check: Check, faults: &[&str]) -> Device {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, config.to_toml().unwrap()).unwrap();
    let config = Some(file.to_str().unwrap().to_owned());
    Device::open("sim", &Options { config, fallback, check, ..options(faults) }).unwrap()
}

pub fn with(fallback: Fallback, check: Check, faults: &[&str]) -> Device {
    Device::open("sim", &Options { fallback, check, ..options(faults) }).unwrap()
}

/// Random bases and scalars, with what is special among them: infinity, equal bases and their
/// negatives, 0, 1, r - 1, small and equal scalars.
pub fn terms(n: usize, rng: &mut impl Rng) -> (Vec<G1Affine>, Vec<Fr>) {
    let mut bases: Vec<G1Affine> = Vec::with_capacity(n);
    let mut scalars: Vec<Fr> = Vec::with_capacity(n);
    for i in 0..n {
        bases.push(match i % 8 {
            3 => G1Affine::identity(),
            5 => bases[i - 1],
            6 => -bases[i - 1],
            _ => G1Affine::rand(rng),
        });
        scalars.push(match i % 7 {
            1 => Fr::zero(),
            2 => Fr::one(),
            3 => -Fr::one(),
            5 => scalars[i - 1],
            6 => Fr::from(rng.r#gen::<u16>()),
            _ => Fr::rand(rng),
        });
    }
    (bases, scalars)
}

pub fn sum(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    G1Projective::msm(bases, scalars).unwrap()
}

pub fn values(n: usize, rng: &mut impl Rng) -> Vec<Fr> {
    elements(n, rng)
}

/// Random elements of any field.
pub fn elements<F: NttField>(n: usize, rng: &mut impl Rng) -> Vec<F> {
    (0..n).map(|_| F::rand(rng)).collect()
}

/// What ark-poly makes of it.
pub fn transformed<F: NttField>(values: &[F], t: &Transform<F>) -> Vec<F> {
    let domain = Radix2EvaluationDomain::<F>::new(values.len()).unwrap();
    let domain = domain.get_coset(t.coset.unwrap_or_else(F::one)).unwrap();
    let natural = if t.order.input() { turned(values) } else { values.to_vec() };
    let result = if t.inverse { domain.ifft(&natural) } else { domain.fft(&natural) };
    if t.order.output() { turned(&result) } else { result }
}

/// Element i at the index that i with its bits turned around is.
pub fn turned<T: Copy>(values: &[T]) -> Vec<T> {
    let bits = values.len().ilog2();
    let place = |i: usize| (0..bits).fold(0, |to, bit| to | ((i >> bit) & 1) << (bits - 1 - bit));
    (0..values.len()).map(|i| values[place(i)]).collect()
}

/// Forward and inverse, plain and on a coset.
pub fn all_kinds(rng: &mut impl Rng) -> [Transform; 4] {
    kinds_over(rng)
}

/// The same over any field.
pub fn kinds_over<F: NttField>(rng: &mut impl Rng) -> [Transform<F>; 4] {
    let g = F::rand(rng);
    [Transform::FORWARD, Transform::INVERSE, Transform::FORWARD.on_coset(g), Transform::INVERSE.on_coset(g)]
}

/// A file of the small circuit that snarkjs made (domain 16).
pub fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}
