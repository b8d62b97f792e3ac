//! Error responses of each bus, and resets in the middle of work.

use super::bench;
use super::bench::Bench;
use super::memory::Manner;
use super::moves::{copy, nop, zero};
use gristmill_abi::command::{Descriptor, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::registers as r;
use rand::Rng;

pub fn bus_faults(b: &mut Bench) {
    b.open_queue(3);
    let epoch = b.epoch;
    let (host, card) = (Operand::host(0x8000), Operand::card(0x1000));
    let cases: [(Status, Descriptor); 5] = [
        (Status::HostReadFault, copy(epoch, 1, host, card, 200)),
        (Status::CardReadFault, copy(epoch, 2, card, host, 200)),
        (Status::HostWriteFault, copy(epoch, 3, card, host, 200)),
        (Status::CardWriteFault, copy(epoch, 4, host, card, 200)),
        (Status::HostWriteFault, zero(epoch, 5, host, 200)),
    ];
    for (status, descriptor) in cases {
        for at in [0, 5, 100, 199u64] {
            let range = |base: u64| base + 32 * at..base + 32 * at + 32;
            match status {
                Status::HostReadFault => b.host.read_faults.push(range(0x8000)),
                Status::CardReadFault => b.card.read_faults.push(range(0x1000)),
                Status::HostWriteFault => b.host.write_faults.push(range(0x8000)),
                _ => b.card.write_faults.push(range(0x1000)),
            }
            let c = b.run(&descriptor);
            assert_eq!(Status::from_code(c.status), Some(status), "word {at}");
            assert_eq!(c.work, 0);
            b.host.read_faults.clear();
            b.card.read_faults.clear();
            b.host.write_faults.clear();
            b.card.write_faults.clear();
            assert_eq!(b.run(&copy(epoch, 9, host, card, 40)).status, 0, "after {status:?} at word {at}");
        }
    }
    b.settle(1000);
    assert_eq!(b.read(r::STATUS), r::STATUS_READY);
}

#[test]
fn bus_faults_end_the_command_with_their_status() {
    for (seed, manner) in [(21, Manner::prompt()), (22, Manner::rough())] {
        bus_faults(&mut bench(manner, seed));
    }
}

pub fn after_a_read_fault(b: &mut Bench) {
    b.open_queue(3);
    let epoch = b.epoch;
    for i in 0..4000 {
        b.host.words.insert(0x8000 + 32 * i, [i + 1; 4]);
        b.card.words.insert(32 * i, [!0; 4]);
    }
    b.host.read_faults.push(0x8000 + 32 * 20..0x8000 + 32 * 21);
    let before = b.host.beats_read;
    let c = b.run(&copy(epoch, 1, Operand::host(0x8000), Operand::card(0), 2000));
    assert_eq!(Status::from_code(c.status), Some(Status::HostReadFault));
    for i in 0..2000 {
        let wanted = if i < 20 { [i + 1; 4] } else { [0; 4] };
        assert_eq!(b.card.word(32 * i), wanted, "word {i}");
    }
    assert_eq!(b.card.word(32 * 2000), [!0; 4]);
    assert!(b.host.beats_read - before < 2 + 256, "{} beats", b.host.beats_read - before);
    // Both spaces at once: the source's fault is the one reported.
    b.card.write_faults.push(0..32 * 4000);
    let c = b.run(&copy(epoch, 1, Operand::host(0x8000), Operand::card(0), 100));
    assert_eq!(Status::from_code(c.status), Some(Status::HostReadFault));
}

#[test]
fn what_follows_a_read_fault_is_zero_and_nothing_more_is_read() {
    after_a_read_fault(&mut bench(Manner::prompt(), 23));
}

pub fn reset_during_copies(b: &mut Bench, by_pin: bool) {
    for delay in [0u64, 1, 2, 5, 13, 40, 70, 100, 150] {
        b.open_queue(3);
        let epoch = b.epoch;
        b.write(r::SCRATCH, 0xdead);
        b.put(&copy(epoch, 1, Operand::host(0x40), Operand::card(0x80), 900));
        b.put(&copy(epoch, 2, Operand::card(0x80), Operand::host(0x8000), 900));
        b.ring();
        let extra = b.rng.gen_range(0..300u64);
        b.idle(delay + extra);
        if by_pin {
            b.reset = true;
            let hold = b.rng.gen_range(1..30u64);
            b.idle(hold);
            b.reset = false;
            b.idle(1);
        } else {
            b.write(r::CONTROL, r::CONTROL_RESET);
        }
        b.settle(10_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0), "bursts dangle");
        assert_eq!(b.read(r::EPOCH), epoch + 1);
        assert_eq!(b.read(r::STATUS), r::STATUS_READY);
        assert_eq!(b.read(r::CONTROL), 0);
        for register in [r::SQ_BASE_LO, r::SQ_TAIL, r::SQ_HEAD, r::CQ_TAIL, r::Q_ENABLE, r::IRQ_PENDING, r::IRQ_ENABLE]
        {
            assert_eq!(b.read(register), 0, "{register:#x}");
        }
        assert_eq!(b.read_pair(r::CNT_BUSY_LO), 0);
        // A descriptor from before is refused, one of now runs.
        b.open_queue(3);
        let c = b.run(&nop(epoch, 3));
        assert_eq!(Status::from_code(c.status), Some(Status::BadEpoch));
        for i in 0..70 {
            let word = b.rng.gen();
            b.host.words.insert(0x40 + 32 * i, word);
        }
        let now = b.epoch;
        let c = b.run(&copy(now, 4, Operand::host(0x40), Operand::card(0x1000), 70));
        assert_eq!(c.status, 0);
        for i in 0..70 {
            assert_eq!(b.card.word(0x1000 + 32 * i), b.host.word(0x40 + 32 * i));
        }
    }
}

#[test]
fn resets_in_the_middle_of_copies_leave_nothing_behind() {
    for (seed, manner) in [(24, Manner::prompt()), (25, Manner::rough()), (26, Manner { latency: 100..200, pause: 50 })]
    {
        reset_during_copies(&mut bench(manner.clone(), seed), false);
        reset_during_copies(&mut bench(manner, seed), true);
    }
}
