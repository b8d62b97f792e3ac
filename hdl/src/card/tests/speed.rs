//! Native simulation speed and adder use, printed; only cycles and correctness are asserted.

use super::engines::{load, result, Job};
use super::{Bench, Card, CardConfig, Manner};
use crate::curve::{PointAdder256, BN254};
use crate::msm::MsmConfig;
use gristmill_abi::registers as r;
use gristmill_hdl_kit::twin::Fidelity;
use rand::rngs::StdRng;
use rand::SeedableRng;
use std::time::Instant;

#[test]
fn named_configurations_have_segments_enough_for_the_adder() {
    let latency = PointAdder256::new(&BN254, Fidelity::Twin).latency();
    for config in [CardConfig::tiny(), CardConfig::sim()] {
        let sizes = MsmConfig::for_latency(
            config.curve_id(),
            config.window_bits as usize,
            config.stall_depth as usize,
            latency,
        );
        assert!(sizes.segments <= config.segments as usize, "{}: an adder of {latency} cycles", config.name);
    }
}

#[test]
fn a_whole_card_with_a_busy_adder() {
    let config = CardConfig::sim();
    let mut rng = StdRng::seed_from_u64(51);
    let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner { latency: 20..40, pause: 0 }, 51);
    b.idle(1);
    b.open_queue(4);
    let job = Job::new(1000, &mut rng);
    let descriptor = load(&mut b, &job, true, false, 1);
    let (from, since) = (b.now, Instant::now());
    b.put(&descriptor);
    b.ring();
    let c = b.wait(1_000_000);
    let (cycles, seconds) = (b.now - from, since.elapsed().as_secs_f64());
    assert_eq!(c.status, 0);
    assert_eq!(result(&b, &config), job.expected());
    b.settle(1000);
    let adds = b.read_pair(r::CNT_ADDS_LO);
    let engine = b.read_pair(r::CNT_MSM_LO);
    println!(
        "sim, MSM of {} points: {cycles} cycles, {:.0} cycles/s native, adder use {:.1} % of the engine's {engine} cycles",
        job.bases.len(),
        cycles as f64 / seconds,
        100.0 * adds as f64 / engine as f64
    );
}
