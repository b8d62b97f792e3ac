//! MSM and NTT commands through the whole card, against arkworks and the NTT's model.

use super::bench::Bench;
use super::memory::Manner;
use super::moves::{copy, nop};
use super::{Card, CardConfig};
use crate::field::Arithmetic;
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::VectorParams;
use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{BigInt, PrimeField, UniformRand, Zero};
use gristmill_abi::command::{self, Descriptor, Opcode, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::layout::{Curve, Field};
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub fn tiny(manner: Manner, seed: u64) -> Bench {
    let mut bench = Bench::new(Card::new(&CardConfig::tiny(), Fidelity::Twin), manner, seed);
    bench.idle(1);
    bench
}

pub fn base_words(point: &G1Affine) -> [[u64; 4]; 2] {
    if point.is_zero() {
        return [[0; 4]; 2];
    }
    [point.x.0 .0, point.y.0 .0]
}

fn point(words: &[[u64; 4]]) -> G1Projective {
    let [x, y, z] = [0, 1, 2].map(|i| Fq::new_unchecked(BigInt(words[i])));
    if z.is_zero() {
        return G1Projective::zero();
    }
    G1Affine::new(x / z, y / z).into()
}

/// What the host makes of the segment sums.
pub fn combine(config: &CardConfig, words: &[[u64; 4]]) -> G1Projective {
    let sums: Vec<G1Projective> = words.chunks_exact(3).map(point).collect();
    let mut total = G1Projective::zero();
    for window in sums.chunks_exact(2 * config.segments as usize).rev() {
        for _ in 0..config.window_bits {
            total += total;
        }
        for (s, pair) in window.chunks_exact(2).enumerate() {
            total += pair[0] + pair[1] * Fr::from(s as u64 * u64::from(config.segment_buckets()));
        }
    }
    total
}

pub struct Job {
    pub bases: Vec<G1Affine>,
    pub scalars: Vec<Fr>,
}

impl Job {
    /// Random points with everything in them that needs care.
    pub fn new(count: usize, rng: &mut StdRng) -> Self {
        let mut bases: Vec<G1Affine> = (0..count).map(|_| G1Affine::rand(rng)).collect();
        let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
        if count >= 12 {
            bases[1] = G1Affine::zero();
            bases[3] = bases[2];
            scalars[3] = scalars[2];
            bases[5] = -bases[4];
            scalars[5] = scalars[4];
            scalars[6] = Fr::zero();
            scalars[7] = Fr::from(1u64);
            scalars[8] = -Fr::from(1u64);
            bases[10] = G1Projective::generator().into_affine();
        }
        Job { bases, scalars }
    }

    pub fn expected(&self) -> G1Projective {
        self.bases.iter().zip(&self.scalars).map(|(b, s)| *b * *s).sum()
    }
}

pub const BASES: u64 = 0x1000;
pub const SCALARS: u64 = 0x100_0000;
pub const SUMS: u64 = 0x200_0000;

/// Puts the operands into the memories and gives the descriptor.
pub fn load(b: &mut Bench, job: &Job, montgomery: bool, bases_on_card: bool, id: u16) -> Descriptor {
    for (i, base) in job.bases.iter().enumerate() {
        let memory = if bases_on_card { &mut b.card } else { &mut b.host };
        for (j, word) in base_words(base).into_iter().enumerate() {
            memory.words.insert(BASES + 32 * (2 * i + j) as u64, word);
        }
    }
    for (i, scalar) in job.scalars.iter().enumerate() {
        let word = if montgomery { scalar.0 .0 } else { scalar.into_bigint().0 };
        b.host.words.insert(SCALARS + 32 * i as u64, word);
    }
    Descriptor {
        opcode: Opcode::Msm as u8,
        flags: if montgomery { command::FLAG_MONTGOMERY } else { 0 },
        unit: 0,
        count: job.bases.len() as u32,
        a: if bases_on_card { Operand::card(BASES) } else { Operand::host(BASES) },
        b: Operand::host(SCALARS),
        c: Operand::host(SUMS),
        ..nop(b.epoch, id)
    }
}

pub fn result(b: &Bench, config: &CardConfig) -> G1Projective {
    let words: Vec<_> = (0..u64::from(config.msm_result_words())).map(|i| b.host.word(SUMS + 32 * i)).collect();
    combine(config, &words)
}

#[test]
fn msm_commands_against_arkworks() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(41);
    let mut b = tiny(Manner::rough(), 41);
    b.open_queue(4);
    let epoch = b.epoch;
    let mut adds = 0;
    for (i, (count, montgomery, on_card)) in
        [(1, false, false), (20, false, true), (20, true, false), (64, true, true)].into_iter().enumerate()
    {
        let job = Job::new(count, &mut rng);
        let descriptor = load(&mut b, &job, montgomery, on_card, i as u16);
        let c = b.run(&descriptor);
        assert_eq!(c.status, 0);
        assert_eq!(result(&b, &config), job.expected(), "{count} points, Montgomery {montgomery}, on card {on_card}");
        adds += c.work;
        assert_eq!(b.read_pair(r::CNT_ADDS_LO), adds);
        assert_eq!(b.run(&nop(epoch, 99)).status, 0);
    }
    let stalls: u64 = [r::CNT_STALL_INPUT_LO, r::CNT_STALL_BUCKET_LO, r::CNT_STALL_EMPTY_LO, r::CNT_STALL_DRAIN_LO]
        .map(|lo| b.read_pair(lo))
        .iter()
        .sum();
    assert_eq!(b.read_pair(r::CNT_MSM_LO), adds + stalls);
    assert_eq!(b.read(r::CAPS) & (caps::MSM | caps::NTT), caps::MSM | caps::NTT);
    assert_eq!(b.read(r::CAP_MSM), config.cap_msm());
    assert_eq!(b.read(r::CAP_NTT), config.cap_ntt());
}

#[test]
fn scalars_out_of_range_are_named() {
    let mut rng = StdRng::seed_from_u64(42);
    let config = CardConfig::tiny();
    let mut b = tiny(Manner::prompt(), 42);
    b.open_queue(4);
    for bad in [0usize, 7, 14] {
        let job = Job::new(15, &mut rng);
        let descriptor = load(&mut b, &job, false, false, 1);
        b.host.words.insert(SCALARS + 32 * bad as u64, Fr::MODULUS.0);
        b.host.words.insert(SCALARS + 32 * 14, [!0; 4]);
        let c = b.run(&descriptor);
        assert_eq!((Status::from_code(c.status), c.detail), (Some(Status::ScalarRange), bad as u32));
        let descriptor = load(&mut b, &job, false, false, 2);
        let c = b.run(&descriptor);
        assert_eq!((c.status, c.detail), (0, 0));
        assert_eq!(result(&b, &config), job.expected(), "after scalar {bad}");
    }
}

#[test]
fn engine_commands_are_checked() {
    let mut rng = StdRng::seed_from_u64(43);
    let config = CardConfig::tiny();
    let mut b = tiny(Manner::prompt(), 43);
    b.open_queue(4);
    let job = Job::new(3, &mut rng);
    let msm = load(&mut b, &job, false, false, 1);
    let ntt = ntt_descriptor(b.epoch, 3, 0, Operand::host(0), Operand::NONE, Operand::host(0x10000));
    let over = |words: u64| Operand::card(super::bench::CARD_BYTES - 32 * (words - 1));
    use Status::*;
    let factors = command::FLAG_FACTORS_BEFORE;
    let block = u64::from(config.factor_block_words());
    let cases = [
        (BadUnit, Descriptor { unit: 1, ..msm }),
        (BadUnit, Descriptor { unit: 3, ..ntt }),
        (BadFlags, Descriptor { flags: 2, ..msm }),
        (BadFlags, Descriptor { flags: 64, ..ntt }),
        (BadFlags, Descriptor { b: Operand::host(32), ..ntt }),
        (BadAlignment, Descriptor { b: Operand::host(SCALARS + 8), ..msm }),
        (BadCount, Descriptor { count: 0, ..msm }),
        (BadCount, Descriptor { count: (1 << config.log_max_points) + 1, ..msm }),
        (BadCount, Descriptor { count: 0, ..ntt }),
        (BadCount, Descriptor { count: config.ntt_log_max + 1, ..ntt }),
        (BadCount, Descriptor { count: u32::MAX, ..ntt }),
        (BadRange, Descriptor { a: over(6), ..msm }),
        (BadRange, Descriptor { b: over(3), ..msm }),
        (BadRange, Descriptor { c: over(u64::from(config.msm_result_words())), ..msm }),
        (BadRange, Descriptor { a: over(8), ..ntt }),
        (BadRange, Descriptor { c: over(8), ..ntt }),
        (BadRange, Descriptor { flags: factors, b: over(block), ..ntt }),
        (BadRange, Descriptor { flags: factors | command::FLAG_FACTORS_AFTER, b: over(2 * block), ..ntt }),
    ];
    for (status, descriptor) in cases {
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "{descriptor:?}");
    }
    let c = b.run(&msm);
    assert_eq!(c.status, 0);
    assert_eq!(result(&b, &config), job.expected());
}

pub fn ntt_descriptor(epoch: u32, log: u32, flags: u8, a: Operand, b: Operand, c: Operand) -> Descriptor {
    Descriptor { opcode: Opcode::Ntt as u8, flags, count: log, a, b, c, ..nop(epoch, log as u16) }
}

pub fn limbs(x: &BigUint) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (l, d) in limbs.iter_mut().zip(x.to_u64_digits()) {
        *l = d;
    }
    limbs
}

/// One transform with its check.
pub fn ntt(b: &mut Bench, log: u32, flags: u8, on_card: bool, rng: &mut StdRng) -> Completion {
    ntt_in(Curve::Bn254, b, log, flags, on_card, rng)
}

/// The same in the scalar field of a curve.
pub fn ntt_in(curve: Curve, b: &mut Bench, log: u32, flags: u8, on_card: bool, rng: &mut StdRng) -> Completion {
    ntt_over(curve.scalar_field(), b, log, flags, on_card, rng)
}

/// The same in any field.
pub fn ntt_over(id: Field, b: &mut Bench, log: u32, flags: u8, on_card: bool, rng: &mut StdRng) -> Completion {
    let field = VectorField::new(VectorParams::of_field(id));
    let words = |elements: &[BigUint]| -> Vec<BigUint> {
        field.pack(&elements.iter().map(|x| field.to_montgomery(x)).collect::<Vec<_>>())
    };
    let mut random = || BigUint::from_bytes_le(&(0..40).map(|_| rng.gen()).collect::<Vec<u8>>()) % &field.modulus;
    let input: Vec<BigUint> = (0..1 << log).map(|_| random()).collect();
    let (before, after) = (flags & command::FLAG_FACTORS_BEFORE != 0, flags & command::FLAG_FACTORS_AFTER != 0);
    let log_seeds = caps::Ntt::decode(b.read(r::CAP_NTT)).log_seeds.into();
    let mut factors = |there: bool| there.then(|| Factors { start: random(), ratio: random() });
    let (first, second) = (factors(before), factors(after));
    let memory = if on_card { &mut b.card } else { &mut b.host };
    for (i, word) in words(&input).iter().enumerate() {
        memory.words.insert(0x2000 + 32 * i as u64, limbs(word));
    }
    let blocks = first.iter().chain(&second).flat_map(|f| field.factor_block(f, log_seeds));
    for (i, x) in blocks.enumerate() {
        b.host.words.insert(0x5_0000 + 32 * i as u64, limbs(&x));
    }
    let at = |address| if on_card { Operand::card(address) } else { Operand::host(address) };
    let block = if before || after { Operand::host(0x5_0000) } else { Operand::NONE };
    let unit = id as u8;
    let c = b.run(&Descriptor { unit, ..ntt_descriptor(b.epoch, log, flags, at(0x2000), block, at(0x4000)) });
    assert_eq!(c.status, 0);
    let expected = field.command(&input, flags & command::FLAG_INVERSE != 0, first.as_ref(), second.as_ref());
    let memory = if on_card { &b.card } else { &b.host };
    for (i, word) in words(&expected).iter().enumerate() {
        assert_eq!(memory.word(0x4000 + 32 * i as u64), limbs(word), "log {log}, flags {flags}, {i}");
    }
    c
}

#[test]
fn ntt_commands_against_the_model() {
    let mut rng = StdRng::seed_from_u64(44);
    let mut b = tiny(Manner::rough(), 44);
    b.open_queue(4);
    let mut butterflies = 0;
    for log in [1, 2, 5, 6] {
        for flags in 0..8 {
            let c = ntt(&mut b, log, flags, flags % 2 == 0, &mut rng);
            assert_eq!(c.work, u64::from(log) << (log - 1));
            butterflies += c.work;
        }
    }
    assert_eq!(b.read_pair(r::CNT_BUTTERFLIES_LO), butterflies);
    assert!(b.read_pair(r::CNT_NTT_LO) > butterflies);
}

#[test]
fn engine_commands_survive_faults_and_resets() {
    let mut rng = StdRng::seed_from_u64(45);
    let config = CardConfig::tiny();
    let mut b = tiny(Manner::rough(), 45);
    b.open_queue(4);
    let job = Job::new(30, &mut rng);
    let msm = load(&mut b, &job, false, true, 1);
    for (status, i) in [(Status::CardReadFault, 0), (Status::HostReadFault, 1), (Status::HostWriteFault, 2)] {
        match i {
            0 => b.card.read_faults.push(BASES + 320..BASES + 352),
            1 => b.host.read_faults.push(SCALARS + 320..SCALARS + 352),
            _ => b.host.write_faults.push(SUMS + 3200..SUMS + 3232),
        }
        assert_eq!(Status::from_code(b.run(&msm).status), Some(status));
        b.card.read_faults.clear();
        b.host.read_faults.clear();
        b.host.write_faults.clear();
        assert_eq!(b.run(&msm).status, 0);
        assert_eq!(result(&b, &config), job.expected(), "after {status:?}");
    }
    for delay in [100, 700, 1500, 2500, 3500] {
        b.put(&Descriptor { epoch: b.epoch, ..msm });
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(100_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0));
        b.open_queue(4);
        let c = b.run(&Descriptor { epoch: b.epoch, ..msm });
        assert_eq!(c.status, 0);
        assert_eq!(result(&b, &config), job.expected(), "reset after {delay} cycles");
        ntt(&mut b, 4, 6, true, &mut rng);
    }
    let epoch = b.epoch;
    assert_eq!(b.run(&copy(epoch, 1, Operand::host(0), Operand::card(0), 5)).status, 0);
}

#[test]
fn a_reset_outlasts_every_pipeline() {
    let adder = crate::curve::PointAdder256::new(&crate::curve::BN254, Fidelity::Twin).latency();
    let turnaround = |arithmetic| {
        let log_seeds = CardConfig { arithmetic, ..CardConfig::tiny() }.log_seeds();
        crate::ntt::VectorNtt::new(&crate::ntt::BN254_FR_VECTORS, 6, log_seeds, arithmetic, Fidelity::Twin).turnaround()
    };
    let ntt = turnaround(Arithmetic::Pipelined).max(turnaround(Arithmetic::Serial));
    let deepest = adder.max(2 * ntt) as u64;
    assert!(2 * deepest < crate::queue::sequencer::CLEAR_CYCLES, "pipelines of {adder} and {ntt} cycles");
}
