//! The queue: rings, phases, full rings, wrong descriptors, disabling, ring faults.

use super::bench;
use super::bench::{Bench, CARD_BYTES, CQ, SQ};
use super::memory::Manner;
use super::moves::{copy, nop, zero};
use gristmill_abi::command::{Descriptor, Opcode, Operand, MAX_COUNT};
use gristmill_abi::completion::Status;
use gristmill_abi::registers as r;

pub fn wrap(b: &mut Bench) {
    b.open_queue(1);
    let epoch = b.epoch;
    for id in 0..9 {
        let c = b.run(&nop(epoch, id));
        assert_eq!((c.status, c.id), (0, id));
        assert_eq!(u32::from(c.sq_head), (u32::from(id) + 1) % 2);
    }
    b.write(r::CONTROL, 0);
    b.open_queue(3);
    for round in 0..5 {
        for i in 0..7 {
            b.put(&nop(epoch, round * 10 + i));
        }
        b.ring();
        for i in 0..7 {
            let c = b.wait(10_000);
            assert_eq!((c.status, c.id), (0, round * 10 + i), "round {round}");
        }
    }
    b.settle(1000);
    assert_eq!(b.read(r::SQ_HEAD), 35 % 8);
    assert_eq!(b.read(r::CQ_TAIL), 35 % 8);
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO), 9 + 35);
}

#[test]
fn rings_wrap_with_phases() {
    wrap(&mut bench(Manner::rough(), 11));
}

pub fn full_ring(b: &mut Bench) {
    b.open_queue(2);
    let epoch = b.epoch;
    for id in 0..3 {
        b.put(&nop(epoch, id));
    }
    b.ring();
    b.settle(10_000);
    // Three completions stand unconsumed; a fourth would make the ring look empty.
    for id in 3..6 {
        b.put(&nop(epoch, id));
    }
    b.ring();
    b.idle(500);
    assert!(!b.out.busy, "waiting for the host needs no clock");
    assert_eq!((b.read(r::SQ_HEAD), b.read(r::CQ_TAIL)), (3, 3), "no command begins whose completion has no room");
    assert_eq!(b.read(r::STATUS), r::STATUS_READY);
    assert_eq!(b.host.word(CQ + 96), [0; 4], "the fourth completion must wait");
    for id in 0..3 {
        let c = b.poll().expect("stands in the ring");
        assert_eq!((c.id, c.status), (id, 0));
    }
    assert!(b.poll().is_none());
    // One place at a time.
    b.write(r::CQ_HEAD, 1);
    b.settle(1000);
    assert_eq!((b.read(r::SQ_HEAD), b.read(r::CQ_TAIL)), (0, 0));
    b.write(r::CQ_HEAD, 3);
    for id in 3..6 {
        let c = b.wait(1000);
        assert_eq!((c.id, c.status), (id, 0));
    }
    b.settle(1000);
    assert_eq!(b.read(r::AP_CTRL), r::AP_IDLE);
}

#[test]
fn a_full_completion_ring_holds_its_queue() {
    full_ring(&mut bench(Manner::prompt(), 12));
}

fn wrong(epoch: u32) -> Vec<(&'static str, Status, Descriptor)> {
    let good = copy(epoch, 5, Operand::host(0x1000), Operand::card(0x2000), 4);
    let end = Operand::card(CARD_BYTES - 96);
    let far = Operand::card(CARD_BYTES);
    let with = |c: Descriptor| c;
    use Status::*;
    vec![
        ("opcode 5", BadOpcode, with(Descriptor { opcode: 5, ..good })),
        ("opcode 255", BadOpcode, Descriptor { opcode: 255, ..good }),
        ("msm without an engine", BadOpcode, Descriptor { opcode: Opcode::Msm as u8, ..good }),
        ("ntt without an engine", BadOpcode, Descriptor { opcode: Opcode::Ntt as u8, ..good }),
        ("copy with a unit", BadUnit, Descriptor { unit: 1, ..good }),
        ("nop with a unit", BadUnit, Descriptor { unit: 255, ..nop(epoch, 1) }),
        ("copy with flags", BadFlags, Descriptor { flags: 1, ..good }),
        ("zero with flags", BadFlags, Descriptor { flags: 0x80, ..zero(epoch, 1, Operand::card(0), 1) }),
        ("copy with b", BadFlags, Descriptor { b: Operand::host(32), ..good }),
        ("copy with b's space", BadFlags, Descriptor { b: Operand::card(0), ..good }),
        ("zero with a", BadFlags, Descriptor { a: Operand::host(64), ..zero(epoch, 1, Operand::card(0), 1) }),
        ("nop with c", BadFlags, Descriptor { c: Operand::card(0), ..nop(epoch, 1) }),
        ("unaligned a", BadAlignment, Descriptor { a: Operand::host(0x1010), ..good }),
        ("unaligned c", BadAlignment, Descriptor { c: Operand::card(0x2001), ..good }),
        ("no words", BadCount, Descriptor { count: 0, ..good }),
        ("too many words", BadCount, Descriptor { count: MAX_COUNT + 1, ..good }),
        ("all ones words", BadCount, Descriptor { count: u32::MAX, ..good }),
        ("nop with a count", BadCount, Descriptor { count: 1, ..nop(epoch, 1) }),
        ("c beyond the end", BadRange, Descriptor { c: end, ..good }),
        ("a beyond the end", BadRange, Descriptor { a: end, c: Operand::host(0), ..good }),
        ("c at the end", BadRange, Descriptor { c: far, count: 1, ..good }),
        ("c far out", BadRange, Descriptor { c: Operand::card(1 << 40), ..good }),
        ("c wraps", BadRange, Descriptor { c: Operand::card(u64::MAX - 31), ..good }),
        ("a wraps in host memory", BadRange, Descriptor { a: Operand::host(u64::MAX - 63), ..good }),
        ("most words into card memory", BadRange, Descriptor { count: MAX_COUNT, ..good }),
        ("epoch before", BadEpoch, Descriptor { epoch: epoch.wrapping_sub(1), ..good }),
        ("epoch after", BadEpoch, Descriptor { epoch: epoch + 1, ..good }),
        // The first that holds.
        ("all wrong", BadEpoch, Descriptor { epoch: 99, opcode: 77, unit: 3, count: 0, ..good }),
        ("opcode and unit", BadOpcode, Descriptor { opcode: 77, unit: 3, ..good }),
        ("unit and flags", BadUnit, Descriptor { unit: 3, flags: 3, ..good }),
        ("flags and alignment", BadFlags, Descriptor { flags: 3, a: Operand::host(1), ..good }),
        ("alignment and count", BadAlignment, Descriptor { a: Operand::host(1), count: 0, ..good }),
        ("count and range", BadCount, Descriptor { count: 0, c: far, ..good }),
    ]
}

pub fn wrong_descriptors(b: &mut Bench) {
    b.open_queue(4);
    let epoch = b.epoch;
    b.host.words.insert(0x1000, [1, 2, 3, 4]);
    let list = wrong(epoch);
    let count = list.len() as u64;
    for (name, status, descriptor) in list {
        let (read, written) = (b.host.beats_read, b.host.beats_written + b.card.beats_written);
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "{name}");
        assert_eq!((c.id, c.work, c.detail), (descriptor.id, 0, 0), "{name}");
        assert_eq!(b.host.beats_read, read + 2, "{name}: only the descriptor is read");
        assert_eq!(b.host.beats_written + b.card.beats_written, written + 1, "{name}: only the completion is written");
        b.card.words.remove(&0x3000);
        let c = b.run(&copy(epoch, 9, Operand::host(0x1000), Operand::card(0x3000), 1));
        assert_eq!((c.status, b.card.word(0x3000)), (0, [1, 2, 3, 4]), "after {name}");
    }
    b.settle(1000);
    assert_eq!(b.read_pair(r::CNT_ERRORS_LO), count);
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO), count);
    // Exactly to the end, and to the end of the address space, is in range.
    let c = b.run(&copy(epoch, 9, Operand::host(0x1000), Operand::card(CARD_BYTES - 32), 1));
    assert_eq!((c.status, b.card.word(CARD_BYTES - 32)), (0, [1, 2, 3, 4]));
    let c = b.run(&copy(epoch, 9, Operand::host(u64::MAX - 31), Operand::card(0), 1));
    assert_eq!(c.status, 0);
}

#[test]
fn wrong_descriptors_get_their_status_and_the_next_command_works() {
    wrong_descriptors(&mut bench(Manner::prompt(), 13));
}

pub fn reserved_bits(b: &mut Bench) {
    b.open_queue(4);
    let good = nop(b.epoch, 3).encode();
    // Words 1 (above the spaces) and 10 to 15: each byte, and each bit of the first.
    let bits = (43..64).chain((40..64).map(|byte| 8 * byte + byte % 8));
    for bit in bits {
        let mut bytes = good;
        bytes[bit / 8] |= 1 << (bit % 8);
        b.put_raw(&bytes);
        b.ring();
        let c = b.wait(10_000);
        assert_eq!(Status::from_code(c.status), Some(Status::BadFlags), "bit {bit}");
    }
    b.put_raw(&good);
    b.ring();
    assert_eq!(b.wait(10_000).status, 0);
}

#[test]
fn reserved_bits_are_refused() {
    reserved_bits(&mut bench(Manner::prompt(), 14));
}

pub fn one_doorbell(b: &mut Bench) {
    b.open_queue(5);
    let epoch = b.epoch;
    let alone = b.run(&nop(epoch, 0)).cycles;
    let from = b.now;
    for id in 1..=20 {
        b.put(&copy(epoch, id, Operand::host(0x4000), Operand::card(0x100 * 32), 8));
    }
    b.ring();
    let mut sum = 0;
    for id in 1..=20 {
        let c = b.wait(10_000);
        assert_eq!((c.status, c.id), (0, id));
        sum += c.cycles;
    }
    assert!(sum <= b.now - from, "cycles of commands in a row do not overlap");
    b.settle(1000);
    // Only the first command waits for its descriptor.
    assert!(sum < 20 * (alone - 40 + 110), "{sum} cycles, a nop alone takes {alone}");
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO), 21);
}

#[test]
fn one_doorbell_for_many_commands_overlaps_their_fetches() {
    one_doorbell(&mut bench(Manner { latency: 40..41, pause: 0 }, 15));
}

pub fn disabling(b: &mut Bench) {
    b.open_queue(3);
    let epoch = b.epoch;
    b.put(&copy(epoch, 1, Operand::host(0), Operand::card(0), 1000));
    b.put(&nop(epoch, 2));
    b.ring();
    b.idle(200);
    b.write(r::Q_ENABLE, 0);
    b.settle(10_000);
    assert!(b.poll().is_none(), "a command under which the queue was stopped has no completion");
    b.open_queue(3);
    for (register, name) in
        [(r::SQ_TAIL, "SQ_TAIL"), (r::SQ_HEAD, "SQ_HEAD"), (r::CQ_HEAD, "CQ_HEAD"), (r::CQ_TAIL, "CQ_TAIL")]
    {
        assert_eq!(b.read(register), 0, "{name}");
    }
    let c = b.run(&nop(epoch, 3));
    assert_eq!((c.status, c.id), (0, 3));
}

#[test]
fn a_disabled_queue_forgets_and_starts_anew() {
    disabling(&mut bench(Manner::prompt(), 16));
}

#[test]
fn a_stopped_card_fetches_nothing() {
    let mut b = bench(Manner::prompt(), 17);
    b.open_queue(3);
    b.write(r::CONTROL, 0);
    let epoch = b.epoch;
    b.put(&nop(epoch, 1));
    b.ring();
    b.idle(300);
    assert_eq!(b.host.beats_read, 0);
    b.write(r::CONTROL, r::CONTROL_RUN);
    assert_eq!(b.wait(1000).id, 1);
}

fn queue_error(b: &mut Bench, name: &str) {
    b.settle(10_000);
    assert_eq!(b.read(r::STATUS) & r::STATUS_QUEUE_ERROR, r::STATUS_QUEUE_ERROR, "{name}");
    assert_eq!(b.read(r::Q_STATUS), r::Q_STATUS_ERROR, "{name}");
    assert_eq!(b.read(r::IRQ_PENDING) & r::IRQ_ERROR, r::IRQ_ERROR, "{name}");
    assert!(b.out.irq, "{name}");
    // Nothing more happens, whatever is rung.
    let read = b.host.beats_read;
    b.put(&nop(b.epoch, 77));
    b.ring();
    b.idle(300);
    assert_eq!(b.host.beats_read, read, "{name}");
    // Until the queue is enabled anew,
    b.host.read_faults.clear();
    b.host.write_faults.clear();
    b.host.breaks_last = false;
    b.open_queue(3);
    b.write(r::IRQ_PENDING, r::IRQ_COMPLETION | r::IRQ_ERROR);
    assert_eq!((b.read(r::STATUS), b.read(r::Q_STATUS), b.out.irq), (r::STATUS_READY, 0, false), "{name}");
    assert_eq!(b.run(&nop(b.epoch, 78)).status, 0, "{name}");
    // or a reset.
    b.write(r::Q_LOG_SIZE, 0);
    b.write(r::SQ_TAIL, 1);
    assert_eq!(b.read(r::Q_STATUS), r::Q_STATUS_ERROR, "{name}");
    b.write(r::CONTROL, r::CONTROL_RESET);
    let before = b.epoch;
    b.open_queue(3);
    assert_eq!(b.epoch, before + 1, "{name}");
    assert_eq!(b.read(r::STATUS), r::STATUS_READY, "{name}");
    assert_eq!(b.run(&nop(b.epoch, 78)).status, 0, "{name}");
}

pub fn ring_faults(b: &mut Bench) {
    for (name, offset) in [("first half", 0), ("second half", 32)] {
        b.open_queue(3);
        let epoch = b.epoch;
        // The command before the faulty descriptor still completes.
        b.put(&nop(epoch, 1));
        b.put(&nop(epoch, 2));
        b.host.read_faults.push(SQ + 64 + offset..SQ + 64 + offset + 32);
        b.ring();
        assert_eq!(b.wait(1000).id, 1);
        queue_error(b, name);
    }
    b.open_queue(3);
    b.put(&nop(b.epoch, 1));
    b.host.write_faults.push(CQ..CQ + 32);
    b.ring();
    queue_error(b, "completion");
    // A burst whose end the memory marks wrongly is as bad as an error response.
    b.open_queue(3);
    b.put(&nop(b.epoch, 1));
    b.host.breaks_last = true;
    b.ring();
    queue_error(b, "last flags");
    for log in [0, 13, 15] {
        b.open_queue(3);
        b.write(r::Q_LOG_SIZE, log);
        b.put(&nop(b.epoch, 1));
        b.ring();
        queue_error(b, "ring size");
    }
}

#[test]
fn ring_faults_stop_the_queue_until_it_is_enabled_anew_or_a_reset() {
    ring_faults(&mut bench(Manner::prompt(), 18));
}

#[test]
fn the_largest_ring_works_to_its_end() {
    let mut b = bench(Manner::prompt(), 19);
    b.open_queue(12);
    let epoch = b.epoch;
    for round in 0..2u32 {
        for chunk in 0..4u32 {
            for i in 0..1024u32 {
                b.put(&nop(epoch, (round * 4096 + chunk * 1024 + i) as u16));
            }
            b.ring();
            for i in 0..1024u32 {
                let c = b.poll();
                let c = match c {
                    Some(c) => c,
                    None => b.wait(10_000),
                };
                assert_eq!(u32::from(c.id), (round * 4096 + chunk * 1024 + i) & 0xffff);
            }
            b.consumed_on(0);
        }
    }
}
