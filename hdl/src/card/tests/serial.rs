//! Engine commands on a card with serial arithmetic and AXI pins: its queue and movers have registers that no other card has.

use super::bench::Bench;
use super::engines::{load, ntt, result, Job, SCALARS, SUMS};
use super::memory::Manner;
use super::moves::{copy, nop};
use super::{Card, CardConfig};
use gristmill_abi::command::Operand;
use gristmill_abi::completion::Status;
use gristmill_abi::registers as r;
use gristmill_hdl_kit::twin::Fidelity;
use rand::rngs::StdRng;
use rand::SeedableRng;

fn small() -> CardConfig {
    CardConfig { window_bits: 3, ntt_log_max: 5, ..CardConfig::ecp5_85k() }
}

fn bench(seed: u64) -> Bench {
    let mut bench = Bench::new(Card::new(&small(), Fidelity::Twin), Manner::rough(), seed);
    bench.idle(1);
    bench.open_queue(4);
    bench
}

#[test]
fn commands_against_arkworks_and_the_model() {
    let mut rng = StdRng::seed_from_u64(81);
    let mut b = bench(81);
    let (mut adds, mut butterflies) = (0, 0);
    for (count, montgomery) in [(1, true), (12, false)] {
        let job = Job::new(count, &mut rng);
        let msm = load(&mut b, &job, montgomery, false, 1);
        let c = b.run(&msm);
        assert_eq!(c.status, 0);
        assert_eq!(result(&b, &small()), job.expected(), "{count} points, Montgomery {montgomery}");
        adds += c.work;
        for (log, flags) in [(1, 0), (2, 3), (5, 0), (5, 1), (5, 7)] {
            butterflies += ntt(&mut b, log, flags, false, &mut rng).work;
        }
        let epoch = b.epoch;
        assert_eq!(b.run(&nop(epoch, 99)).status, 0);
        assert_eq!(b.run(&copy(epoch, 2, Operand::host(0), Operand::host(0x8000), 5)).status, 0);
    }
    assert_eq!(b.read_pair(r::CNT_ADDS_LO), adds);
    assert_eq!(b.read_pair(r::CNT_BUTTERFLIES_LO), butterflies);
}

#[test]
fn commands_survive_faults_and_resets() {
    let mut rng = StdRng::seed_from_u64(82);
    let mut b = bench(82);
    let job = Job::new(12, &mut rng);
    let msm = load(&mut b, &job, false, false, 1);
    for status in [Status::HostReadFault, Status::HostWriteFault] {
        match status {
            Status::HostReadFault => b.host.read_faults.push(SCALARS + 320..SCALARS + 352),
            _ => b.host.write_faults.push(SUMS + 3200..SUMS + 3232),
        }
        assert_eq!(Status::from_code(b.run(&msm).status), Some(status));
        b.host.read_faults.clear();
        b.host.write_faults.clear();
        ntt(&mut b, 3, 0, false, &mut rng);
    }
    for delay in [100, 3_000, 30_000] {
        b.put(&msm);
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(100_000);
        assert_eq!(b.host.open(), 0);
        b.open_queue(4);
        ntt(&mut b, 4, 6, false, &mut rng);
    }
    let again = gristmill_abi::command::Descriptor { epoch: b.epoch, ..msm };
    assert_eq!(b.run(&again).status, 0);
    assert_eq!(result(&b, &small()), job.expected());
}
