//! Base sets in host memory: kept between calls, evicted, brought back, forgotten after an error.

use super::engine::{CardEngine, Nature};
use super::in_process::InProcess;
use crate::cpu;
use crate::device::engine::{MsmEngine, MsmJob, Resident};
use ark_bn254::{Fr, G1Affine};
use ark_std::{UniformRand, test_rng};
use gristmill_driver::Card;
use gristmill_hdl::config::CardConfig;
use gristmill_sim::{Options as SimOptions, SimCard};
use std::sync::Arc;

/// Bytes of a base.
const BASE: u64 = 64;

/// An engine that keeps so many bases in host memory, on a card with so many bytes of its own.
fn engine(bases: u64, card_mem_bytes: u64, faults: &[&str]) -> CardEngine {
    let faults = faults.iter().map(|f| f.parse().expect("fault")).collect();
    let config = CardConfig { card_mem_bytes, ..CardConfig::tiny() };
    let card = SimCard::new(&SimOptions { faults, ..SimOptions::native(config) }).expect("card");
    let card = Card::open(Box::new(InProcess::new("bare".into(), card))).expect("open");
    CardEngine::keeping(bases * BASE, card, Nature { kind: "simulator", ..Nature::default() })
}

struct Set {
    points: Arc<[G1Affine]>,
    resident: Resident,
}

fn upload(engine: &CardEngine, n: usize) -> Set {
    let rng = &mut test_rng();
    let points: Arc<[G1Affine]> = (0..n).map(|_| G1Affine::rand(rng)).collect();
    let (resident, _) = engine.upload(&points).expect("upload");
    Set { points, resident }
}

/// Whether the card's sums of these sets are right, all in one batch; an error of the card is false.
fn sums(engine: &CardEngine, sets: &[&Set]) -> bool {
    let rng = &mut test_rng();
    let scalars: Vec<Vec<Fr>> = sets.iter().map(|s| s.points.iter().map(|_| Fr::rand(rng)).collect()).collect();
    let jobs: Vec<MsmJob<'_, ark_bn254::g1::Config>> = sets
        .iter()
        .zip(&scalars)
        .map(|(set, scalars)| MsmJob { resident: &set.resident, points: &set.points, scalars })
        .collect();
    let Ok((found, _)) = engine.msm(&jobs) else { return false };
    sets.iter()
        .zip(&scalars)
        .zip(found)
        .for_each(|((set, scalars), sum)| assert_eq!(sum, cpu::msm(&set.points, scalars)));
    true
}

#[test]
fn the_least_recently_used_goes_first_and_comes_back() {
    let engine = engine(50, 0, &[]);
    let [a, b, c] = [20, 30, 25].map(|n| upload(&engine, n));
    // The third displaced the first, whose room was too small, and the second.
    assert_eq!(engine.kept_sets(), [3]);
    assert!(sums(&engine, &[&a]));
    assert_eq!(engine.kept_sets(), [1, 3]);
    assert!(sums(&engine, &[&c]) && sums(&engine, &[&b]));
    // All in one batch: what is evicted is read by commands that are not done yet.
    assert!(sums(&engine, &[&a, &b, &c, &a, &b]));
    drop(a);
    assert!(sums(&engine, &[&b]));
    assert_eq!(engine.kept_sets(), [2]);
}

#[test]
fn sets_beyond_the_bound_are_brought_for_each_command() {
    let engine = engine(10, 0, &[]);
    let [small, large] = [10, 11].map(|n| upload(&engine, n));
    assert!(sums(&engine, &[&large, &small, &large]));
    assert_eq!(engine.kept_sets(), [1]);
}

#[test]
fn what_fits_into_card_memory_is_not_kept_on_the_host() {
    let engine = engine(1000, 4096, &[]);
    let [fits, too_large] = [64, 65].map(|n| upload(&engine, n));
    assert!(sums(&engine, &[&fits, &too_large]));
    assert_eq!(engine.kept_sets(), [2]);
}

#[test]
fn after_an_error_they_are_brought_anew() {
    let engine = engine(100, 0, &["status:8@msm"]);
    let [a, b] = [5, 6].map(|n| upload(&engine, n));
    assert_eq!(engine.kept_sets(), [1, 2]);
    assert!(!sums(&engine, &[&a]), "the fault did hit");
    assert!(sums(&engine, &[&b]));
    assert_eq!(engine.kept_sets(), [2]);
    assert!(sums(&engine, &[&a]));
}
