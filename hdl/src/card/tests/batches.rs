//! Commands for several vectors through the whole card.

use super::bench::{Bench, CARD_BYTES};
use super::engines::{combine, limbs, load, ntt_descriptor, tiny, Job, BASES, SCALARS, SUMS};
use super::memory::Manner;
use super::moves::{copy, nop};
use super::{Card, CardConfig};
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::VectorParams;
use ark_bn254::{Fr, G1Projective};
use ark_ff::{PrimeField, UniformRand};
use gristmill_abi::command::{self, Descriptor, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::layout::{Curve, Field};
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Jobs over the bases of the first, and their command.
fn batch(b: &mut Bench, count: usize, vectors: usize, montgomery: bool, rng: &mut StdRng) -> (Vec<Job>, Descriptor) {
    let first = Job::new(count, rng);
    let descriptor = load(b, &first, montgomery, true, 3);
    let mut jobs = vec![first];
    while jobs.len() < vectors {
        let job = Job { bases: jobs[0].bases.clone(), scalars: (0..count).map(|_| Fr::rand(rng)).collect() };
        for (i, scalar) in job.scalars.iter().enumerate() {
            let word = if montgomery { scalar.0 .0 } else { scalar.into_bigint().0 };
            b.host.words.insert(SCALARS + 32 * (jobs.len() * count + i) as u64, word);
        }
        jobs.push(job);
    }
    (jobs, Descriptor { more: vectors as u8 - 1, ..descriptor })
}

fn results(b: &Bench, config: &CardConfig, vectors: usize) -> Vec<G1Projective> {
    let words = u64::from(config.msm_result_words());
    let sums = |v: u64| (0..words).map(|i| b.host.word(SUMS + 32 * (v * words + i))).collect::<Vec<_>>();
    (0..vectors as u64).map(|v| combine(config, &sums(v))).collect()
}

fn expected(jobs: &[Job]) -> Vec<G1Projective> {
    jobs.iter().map(Job::expected).collect()
}

#[test]
fn several_scalar_vectors_over_one_base_set() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(61);
    for (seed, manner) in [(61, Manner::prompt()), (62, Manner::rough())] {
        let mut b = tiny(manner, seed);
        b.open_queue(4);
        let mut adds = 0;
        for (count, vectors, montgomery) in [(1, 2, false), (20, 3, true), (13, 5, false), (3, 1, true)] {
            let (jobs, descriptor) = batch(&mut b, count, vectors, montgomery, &mut rng);
            let c = b.run(&descriptor);
            assert_eq!((c.status, c.detail), (0, 0));
            assert_eq!(results(&b, &config, vectors), expected(&jobs), "{vectors} vectors of {count}");
            adds += c.work;
            assert_eq!(b.read_pair(r::CNT_ADDS_LO), adds);
            assert_eq!(b.run(&nop(b.epoch, 99)).status, 0);
        }
        assert_ne!(b.read(r::CAPS) & caps::BATCHES, 0);
        b.settle(1000);
    }
}

/// What a command of several vectors saves: all that is outside the engine, but for the first.
#[test]
fn cycles_of_a_batch() {
    let mut rng = StdRng::seed_from_u64(63);
    let mut b = tiny(Manner::prompt(), 63);
    b.open_queue(4);
    let (_, four) = batch(&mut b, 40, 4, false, &mut rng);
    let alone: Vec<u64> = (0..4u64)
        .map(|v| {
            let vector = Operand::host(SCALARS + 32 * 40 * v);
            b.run(&Descriptor { more: 0, b: vector, ..four }).cycles
        })
        .collect();
    let together = b.run(&four).cycles;
    let saved = alone.iter().sum::<u64>() - together;
    println!("four vectors of 40 points: {alone:?} cycles alone, {together} as a batch, {saved} fewer");
    assert!(saved > 3 * 20, "{saved} cycles saved");
}

/// Equal transforms of several vectors.
fn transforms(b: &mut Bench, log: u32, vectors: usize, flags: u8, on_card: bool, rng: &mut StdRng) -> u64 {
    let field = VectorField::new(VectorParams::of_field(Field::Bn254Fr));
    let mut random = || BigUint::from_bytes_le(&(0..40).map(|_| rng.gen()).collect::<Vec<u8>>()) % &field.modulus;
    let inputs: Vec<Vec<BigUint>> = (0..vectors).map(|_| (0..1 << log).map(|_| random()).collect()).collect();
    let (before, after) = (flags & command::FLAG_FACTORS_BEFORE != 0, flags & command::FLAG_FACTORS_AFTER != 0);
    let log_seeds = CardConfig::tiny().log_seeds();
    let mut factors = |there: bool| there.then(|| Factors { start: random(), ratio: random() });
    let (first, second) = (factors(before), factors(after));
    let memory = if on_card { &mut b.card } else { &mut b.host };
    for (i, x) in inputs.iter().flatten().enumerate() {
        memory.words.insert(0x2000 + 32 * i as u64, limbs(&field.to_montgomery(x)));
    }
    for (i, x) in first.iter().chain(&second).flat_map(|f| field.factor_block(f, log_seeds)).enumerate() {
        b.host.words.insert(0x5_0000 + 32 * i as u64, limbs(&x));
    }
    let at = |address| if on_card { Operand::card(address) } else { Operand::host(address) };
    let block = if before || after { Operand::host(0x5_0000) } else { Operand::NONE };
    let one = ntt_descriptor(b.epoch, log, flags, at(0x2000), block, at(0x6000));
    let unit = Field::Bn254Fr as u8;
    let c = b.run(&Descriptor { unit, more: vectors as u8 - 1, ..one });
    assert_eq!((c.status, c.work), (0, vectors as u64 * (u64::from(log) << (log - 1))));
    let memory = if on_card { &b.card } else { &b.host };
    for (v, input) in inputs.iter().enumerate() {
        let turned = |x: &[BigUint], flag: u8| -> Vec<BigUint> {
            let at = |i: usize| if flags & flag != 0 { i.reverse_bits() >> (usize::BITS - log) } else { i };
            (0..x.len()).map(|i| x[at(i)].clone()).collect()
        };
        let input = turned(input, command::FLAG_REVERSED_INPUT);
        let output = field.command(&input, flags & command::FLAG_INVERSE != 0, first.as_ref(), second.as_ref());
        let output = turned(&output, command::FLAG_REVERSED_OUTPUT);
        for (i, x) in output.iter().enumerate() {
            let found = memory.word(0x6000 + 32 * (v << log | i) as u64);
            assert_eq!(found, limbs(&field.to_montgomery(x)), "2^{log}, flags {flags}, vector {v}, {i}");
        }
    }
    c.cycles
}

#[test]
fn transforms_of_several_vectors() {
    let mut rng = StdRng::seed_from_u64(64);
    for (seed, manner, kinds) in [(64, Manner::prompt(), [0u8, 3, 5, 6]), (65, Manner::rough(), [1, 2, 4, 7])] {
        let mut b = tiny(manner, seed);
        b.open_queue(4);
        for flags in kinds {
            for (log, vectors) in [(1, 7), (3, 2), (6, 4)] {
                transforms(&mut b, log, vectors, flags, flags % 3 != 0, &mut rng);
            }
        }
        b.settle(1000);
    }
    let mut b = tiny(Manner::prompt(), 66);
    b.open_queue(4);
    let [one, eight] = [1, 8].map(|vectors| transforms(&mut b, 5, vectors, 4, true, &mut rng));
    println!("transforms of 2^5 with factors after: one {one}, eight {eight} cycles");
    assert!(eight + 7 * 20 < 8 * one);
}

/// Index turned around before, after, both; factors on the side where it is not.
#[test]
fn transforms_in_other_orders() {
    use command::{FLAG_FACTORS_AFTER, FLAG_FACTORS_BEFORE, FLAG_INVERSE, FLAG_REVERSED_INPUT, FLAG_REVERSED_OUTPUT};
    let mut rng = StdRng::seed_from_u64(69);
    let mut b = tiny(Manner::rough(), 69);
    b.open_queue(4);
    assert_ne!(b.read(r::CAPS) & caps::ORDERS, 0);
    for flags in [
        FLAG_REVERSED_INPUT,
        FLAG_REVERSED_OUTPUT,
        FLAG_REVERSED_INPUT | FLAG_REVERSED_OUTPUT | FLAG_INVERSE,
        FLAG_REVERSED_OUTPUT | FLAG_FACTORS_BEFORE,
        FLAG_REVERSED_INPUT | FLAG_INVERSE | FLAG_FACTORS_AFTER,
    ] {
        for (log, vectors) in [(1, 2), (4, 3), (6, 1)] {
            transforms(&mut b, log, vectors, flags, true, &mut rng);
        }
    }
}

/// The same commands on cards with several butterflies; their work is counted whole.
#[test]
fn transforms_by_several_butterflies() {
    let mut rng = StdRng::seed_from_u64(70);
    for butterflies in [2u32, 8] {
        let config = CardConfig { butterflies, ..CardConfig::tiny() };
        let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner::prompt(), 70);
        b.idle(1);
        b.open_queue(4);
        assert_eq!(caps::Ntt::decode(b.read(r::CAP_NTT)).butterflies, butterflies as u8);
        for flags in [0, 3, 5, command::FLAG_REVERSED_OUTPUT] {
            for (log, vectors) in [(1, 3), (2, 1), (5, 4), (6, 2)] {
                transforms(&mut b, log, vectors, flags, true, &mut rng);
            }
        }
        let before = b.read_pair(r::CNT_BUTTERFLIES_LO);
        transforms(&mut b, 6, 2, 0, true, &mut rng);
        assert_eq!(b.read_pair(r::CNT_BUTTERFLIES_LO) - before, 2 * 6 * 32);
    }
}

/// The index is that among all scalars, and the first wins.
#[test]
fn a_scalar_out_of_range_is_named_in_any_vector() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(67);
    let mut b = tiny(Manner::prompt(), 67);
    b.open_queue(4);
    for bad in [0usize, 12, 13, 20, 38] {
        let (jobs, descriptor) = batch(&mut b, 13, 3, false, &mut rng);
        let at = SCALARS + 32 * bad as u64;
        let right = b.host.word(at);
        let last = b.host.word(SCALARS + 32 * 38);
        b.host.words.insert(SCALARS + 32 * 38, [!0; 4]);
        b.host.words.insert(at, Fr::MODULUS.0);
        let c = b.run(&descriptor);
        assert_eq!((Status::from_code(c.status), c.detail), (Some(Status::ScalarRange), bad as u32));
        b.host.words.insert(SCALARS + 32 * 38, last);
        b.host.words.insert(at, right);
        assert_eq!(b.run(&descriptor).status, 0);
        assert_eq!(results(&b, &config, 3), expected(&jobs), "after scalar {bad}");
    }
}

/// A fault is told whichever vector it was in, also if later ones read on.
#[test]
fn a_fault_in_any_vector_is_told() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(68);
    let mut b = tiny(Manner::rough(), 68);
    b.open_queue(4);
    let (jobs, descriptor) = batch(&mut b, 13, 3, true, &mut rng);
    let words = u64::from(config.msm_result_words());
    for v in 0..3 {
        for (status, base) in [
            (Status::CardReadFault, BASES + 32 * 9),
            (Status::HostReadFault, SCALARS + 32 * (13 * v + 4)),
            (Status::HostWriteFault, SUMS + 32 * (words * v + 17)),
        ] {
            match status {
                Status::CardReadFault => b.card.read_faults.push(base..base + 32),
                Status::HostReadFault => b.host.read_faults.push(base..base + 32),
                _ => b.host.write_faults.push(base..base + 32),
            }
            let c = b.run(&descriptor);
            assert_eq!(Status::from_code(c.status), Some(status), "vector {v}");
            b.host.read_faults.clear();
            b.card.read_faults.clear();
            b.host.write_faults.clear();
            assert_eq!(b.run(&descriptor).status, 0);
            assert_eq!(results(&b, &config, 3), expected(&jobs), "after {status:?} in vector {v}");
        }
    }
}

#[test]
fn wrong_batches_have_their_status() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(69);
    let mut b = tiny(Manner::prompt(), 69);
    b.open_queue(4);
    let (_, msm) = batch(&mut b, 3, 4, false, &mut rng);
    let ntt =
        Descriptor { more: 3, ..ntt_descriptor(b.epoch, 3, 0, Operand::card(0), Operand::NONE, Operand::card(0)) };
    let end = |words: u64| Operand::card(CARD_BYTES - 32 * words);
    let sums = u64::from(config.msm_result_words());
    let cases = [
        (Status::BadFlags, Descriptor { more: 1, ..copy(b.epoch, 1, Operand::host(0), Operand::card(0), 3) }),
        (Status::BadFlags, Descriptor { more: 255, ..nop(b.epoch, 1) }),
        (Status::BadRange, Descriptor { b: end(11), ..msm }),
        (Status::Ok, Descriptor { b: end(12), ..msm }),
        // The bases are the same for each.
        (Status::BadRange, Descriptor { a: end(5), ..msm }),
        (Status::Ok, Descriptor { a: end(6), ..msm }),
        (Status::BadRange, Descriptor { more: 1, c: end(2 * sums - 1), ..msm }),
        (Status::Ok, Descriptor { more: 1, c: end(2 * sums), ..msm }),
        (Status::BadRange, Descriptor { a: end(31), ..ntt }),
        (Status::Ok, Descriptor { a: end(32), c: end(32), ..ntt }),
        (Status::BadRange, Descriptor { c: end(31), ..ntt }),
        (Status::BadRange, Descriptor { b: Operand::host(u64::MAX - 32 * 10 - 31), ..msm }),
    ];
    for (i, (status, descriptor)) in cases.into_iter().enumerate() {
        b.host.words.iter_mut().for_each(|(at, word)| {
            if *at < SCALARS {
                *word = [0; 4];
            }
        });
        // Scalars in card memory are what stands there: any words, so that some are too large.
        let c = b.run(&descriptor);
        let found = Status::from_code(c.status);
        let found = if found == Some(Status::ScalarRange) { Some(Status::Ok) } else { found };
        assert_eq!(found, Some(status), "case {i}");
    }
    let (jobs, msm) = batch(&mut b, 3, 4, false, &mut rng);
    assert_eq!(b.run(&msm).status, 0);
    assert_eq!(results(&b, &config, 4), expected(&jobs));
}

/// For both simulators: bases once more for a second vector, and transforms with factors.
pub fn scenario(b: &mut Bench, rng: &mut StdRng) {
    let config = CardConfig::tiny();
    let (jobs, msm) = batch(b, 5, 2, true, rng);
    assert_eq!(b.run(&msm).status, 0);
    assert_eq!(results(b, &config, 2), expected(&jobs));
    transforms(b, 3, 3, command::FLAG_FACTORS_BEFORE | command::FLAG_FACTORS_AFTER, true, rng);
}

/// A card without engines has no batches, and one of another curve has them too.
#[test]
fn other_cards() {
    let mut b = Bench::new(Card::without_engines(&CardConfig::tiny()), Manner::prompt(), 70);
    b.idle(1);
    b.open_queue(4);
    assert_eq!(b.read(r::CAPS) & caps::BATCHES, 0);
    let wrong = Descriptor { more: 1, ..copy(b.epoch, 1, Operand::host(0), Operand::card(0), 3) };
    assert_eq!(Status::from_code(b.run(&wrong).status), Some(Status::BadFlags));
    let config = CardConfig { curve: Curve::Bls12_377.name().into(), ..CardConfig::tiny() };
    let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner::prompt(), 71);
    b.idle(1);
    assert_ne!(b.read(r::CAPS) & caps::BATCHES, 0);
}

/// Resets in the middle leave nothing behind.
#[test]
fn resets_in_the_middle() {
    let config = CardConfig::tiny();
    let mut rng = StdRng::seed_from_u64(72);
    let mut b = tiny(Manner::prompt(), 72);
    for delay in [3u64, 60, 700, 1500, 2600, 4000] {
        b.open_queue(3);
        let (_, descriptor) = batch(&mut b, 20, 4, true, &mut rng);
        b.put(&descriptor);
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(20_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0), "bursts dangle");
        b.open_queue(3);
        let (jobs, descriptor) = batch(&mut b, 12, 2, false, &mut rng);
        assert_eq!(b.run(&descriptor).status, 0);
        assert_eq!(results(&b, &config, 2), expected(&jobs), "after {delay} cycles");
    }
}
