//! A card with several adders: commands against arkworks, and what its counters say.

use super::bench::Bench;
use super::engines::{load, ntt, result, Job};
use super::memory::Manner;
use super::{Card, CardConfig};
use gristmill_abi::completion::Status;
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use rand::rngs::StdRng;
use rand::SeedableRng;

pub fn config(adders: u32) -> CardConfig {
    CardConfig { adders, segments: 4, ..CardConfig::tiny() }
}

pub fn scenario(b: &mut Bench, config: &CardConfig) {
    let mut rng = StdRng::seed_from_u64(61);
    b.open_queue(4);
    let mut adds = 0;
    for (count, montgomery, on_card) in [(1, false, false), (20, true, true), (33, false, true)] {
        let job = Job::new(count, &mut rng);
        let descriptor = load(b, &job, montgomery, on_card, 1);
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(Status::Ok));
        assert_eq!(result(b, config), job.expected(), "{count} points, Montgomery {montgomery}, on card {on_card}");
        adds += c.work;
        assert_eq!(b.read_pair(r::CNT_ADDS_LO), adds);
        let c = ntt(b, 4, 7, on_card, &mut rng);
        assert_eq!(c.work, 32);
    }
    let stalls = [r::CNT_STALL_INPUT_LO, r::CNT_STALL_BUCKET_LO, r::CNT_STALL_EMPTY_LO, r::CNT_STALL_DRAIN_LO];
    let stalls: u64 = stalls.map(|lo| b.read_pair(lo)).iter().sum();
    // Each adder's cycles, but for those in which one was through before another.
    let cycles = b.read_pair(r::CNT_MSM_LO) * u64::from(config.adders);
    assert!(adds + stalls <= cycles && adds + stalls > cycles / 2, "{adds} + {stalls} of {cycles}");
    assert_eq!(caps::Msm::decode(b.read(r::CAP_MSM)).adders, config.adders as u8);
}

#[test]
fn commands_against_arkworks() {
    for adders in [2, 3, 4] {
        let config = config(adders);
        let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner::rough(), 62);
        b.idle(1);
        scenario(&mut b, &config);
    }
}
