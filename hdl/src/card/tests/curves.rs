//! Cards of the BLS12 curves: MSM and NTT commands against arkworks and the models.

use super::bench::{Bench, CARD_BYTES};
use super::engines::{ntt_in, SCALARS, SUMS};
use super::memory::Manner;
use super::moves::nop;
use super::{Card, CardConfig};
use crate::msm::tests::bench::Command;
use crate::msm::tests::on_curve::{base_words_on, combine, points, scalar_word_on, Bls12_377, Bls12_381, TestCurve};
use gristmill_abi::command::{self, Descriptor, Opcode, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::registers as r;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rand::rngs::StdRng;
use rand::SeedableRng;

const BASES: u64 = 0x1000;

pub fn config<C: TestCurve>(adders: u32, multiples: u32) -> CardConfig {
    CardConfig { curve: C::CURVE.name().into(), adders, multiples, ..CardConfig::tiny() }
}

fn four(word: &U<256>) -> [u64; 4] {
    let limbs = word.limbs();
    [limbs[0], limbs[1], limbs[2], limbs[3]]
}

/// Puts the operands into the memories and gives the descriptor.
fn load<C: TestCurve>(b: &mut Bench, config: &CardConfig, job: &Command, on_card: bool) -> Descriptor {
    for (i, word) in base_words_on::<C>(&config.msm().multiples_of(&job.logs)).iter().enumerate() {
        let memory = if on_card { &mut b.card } else { &mut b.host };
        memory.words.insert(BASES + 32 * i as u64, four(word));
    }
    for (i, scalar) in job.scalars.iter().enumerate() {
        let word: U<256> = scalar_word_on::<C>(scalar, job.montgomery).into();
        b.host.words.insert(SCALARS + 32 * i as u64, four(&word));
    }
    Descriptor {
        opcode: Opcode::Msm as u8,
        flags: if job.montgomery { command::FLAG_MONTGOMERY } else { 0 },
        unit: C::CURVE as u8,
        count: job.scalars.len() as u32,
        a: if on_card { Operand::card(BASES) } else { Operand::host(BASES) },
        b: Operand::host(SCALARS),
        c: Operand::host(SUMS),
        ..nop(b.epoch, 1)
    }
}

fn commands_against_arkworks<C: TestCurve>(adders: u32, multiples: u32) {
    let config = config::<C>(adders, multiples);
    let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner::rough(), 51);
    b.idle(1);
    scenario::<C>(&mut b, &config);
}

pub fn scenario<C: TestCurve>(b: &mut Bench, config: &CardConfig) {
    let slices = config.msm().slices();
    let mut rng = StdRng::seed_from_u64(52);
    b.open_queue(4);
    assert_eq!(
        (b.read(r::CAP_CURVES), b.read(r::CAP_FIELDS)),
        (1 << C::CURVE as u8, 1 << C::CURVE.scalar_field() as u8)
    );
    assert_eq!(b.read(r::CAP_MSM), config.cap_msm());
    let mut adds = 0;
    for (count, montgomery, on_card) in [(1, false, false), (20, true, true), (40, false, true), (20, true, false)] {
        let mut job = Command { montgomery, ..Command::random_on::<C>(count, count as u64) };
        if count > 3 {
            job.logs[1] = None;
            job.logs[3] = job.logs[2].clone();
            job.scalars[3] = job.scalars[2].clone();
            job.scalars[0] = C::order();
        }
        let descriptor = load::<C>(b, config, &job, on_card);
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(if count > 3 { Status::ScalarRange } else { Status::Ok }));
        let words: Vec<U<256>> =
            (0..u64::from(config.msm_result_words())).map(|i| U::from_limbs(&b.host.word(SUMS + 32 * i))).collect();
        let total = combine(&config.msm(), &points::<C>(&words));
        assert_eq!(total, job.by_arkworks::<C>(), "{count} points, Montgomery {montgomery}, on card {on_card}");
        let before = std::mem::replace(&mut adds, b.read_pair(r::CNT_ADDS_LO));
        assert!(adds > before && (count > 3 || adds - before == c.work));
    }
    let stalls = [r::CNT_STALL_INPUT_LO, r::CNT_STALL_BUCKET_LO, r::CNT_STALL_EMPTY_LO, r::CNT_STALL_DRAIN_LO];
    let stalls: u64 = stalls.map(|lo| b.read_pair(lo)).iter().sum();
    // Each adder's cycles; of several, one may be through before another.
    let cycles = b.read_pair(r::CNT_MSM_LO) * u64::from(config.adders);
    assert!(adds + stalls <= cycles && (slices || adds + stalls == cycles), "{adds} + {stalls} of {cycles}");
    for (log, flags) in [(1, 0), (5, 3), (6, 6), (6, 7)] {
        ntt_in(C::CURVE, b, log, flags, flags % 2 == 0, &mut rng);
    }
    // A base has three words, as has each of its multiples: the last one must be there too.
    let words = 9 * u64::from(config.multiples);
    let job = Command::random_on::<C>(3, 9);
    let msm = load::<C>(b, config, &job, false);
    let other = if C::CURVE as u8 == 1 { 2 } else { 1 };
    for (status, descriptor) in [
        (Status::BadRange, Descriptor { a: Operand::card(CARD_BYTES - 32 * (words - 1)), ..msm }),
        (
            Status::BadRange,
            Descriptor { c: Operand::card(CARD_BYTES - 32 * (u64::from(config.msm_result_words()) - 1)), ..msm },
        ),
        (Status::BadUnit, Descriptor { unit: 0, ..msm }),
        (Status::BadUnit, Descriptor { unit: other, ..msm }),
        (Status::Ok, Descriptor { a: Operand::card(CARD_BYTES - 32 * words), ..msm }),
    ] {
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "{descriptor:?}");
    }
}

#[test]
fn commands_against_arkworks_bls12_381() {
    commands_against_arkworks::<Bls12_381>(1, 1);
}

#[test]
fn commands_against_arkworks_bls12_377() {
    commands_against_arkworks::<Bls12_377>(1, 1);
}

#[test]
fn several_adders_and_multiples_against_arkworks() {
    commands_against_arkworks::<Bls12_381>(2, 1);
    commands_against_arkworks::<Bls12_381>(1, 4);
    commands_against_arkworks::<Bls12_377>(3, 2);
}
