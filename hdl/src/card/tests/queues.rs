//! Several queues on one card: turns, interleaved work, and one queue that is full, faulty or
//! stopped while the others go on.

use super::bench::{Bench, CQ, RINGS, SQ};
use super::memory::Manner;
use super::moves::{copy, nop};
use super::{Card, CardConfig};
use gristmill_abi::command::{Descriptor, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::registers as r;
use rand::Rng;
use std::collections::VecDeque;

const QUEUES: u32 = 4;

fn bench(manner: Manner, seed: u64) -> Bench {
    let card = Card::without_engines(&CardConfig { queues: QUEUES, ..CardConfig::tiny() });
    let mut bench = Bench::new(card, manner, seed);
    bench.idle(1);
    bench
}

fn open_all(b: &mut Bench, log: u32) {
    b.open_queue(log);
    (1..QUEUES).for_each(|q| b.open(q, log));
}

fn at(queue: u32, register: u16) -> u16 {
    r::of_queue(queue, register)
}

/// Runs until so many completions have come; which queue's, in order. The card is not told.
fn watch(b: &mut Bench, count: usize) -> Vec<(u32, Completion)> {
    let (mut seen, from) = (vec![], b.now);
    while seen.len() < count {
        assert!(b.now - from < 200_000, "{} completions of {count}", seen.len());
        b.idle(1);
        for queue in 0..QUEUES {
            if let Some(c) = b.poll_on(queue) {
                seen.push((queue, c));
            }
        }
    }
    seen
}

/// A copy of many cycles.
fn long(epoch: u32, id: u16) -> Descriptor {
    copy(epoch, id, Operand::host(0x4000), Operand::card(0), 400)
}

pub fn turns(b: &mut Bench) {
    open_all(b, 5);
    let epoch = b.epoch;
    for queue in 0..QUEUES {
        for id in 0..if queue == 0 { 20 } else { 6 } {
            b.put_on(queue, &long(epoch, id));
        }
    }
    // The first queue is rung in long before the others.
    b.ring_on(0);
    b.idle(120);
    for queue in [2, 3, 1] {
        b.ring_on(queue);
    }
    let order: Vec<u32> = watch(b, 38).into_iter().map(|(q, c)| (q, assert_eq!(c.status, 0)).0).collect();
    // One command runs, one is fetched ahead; then they take turns while all have work.
    assert_eq!(order[..2], [0, 0]);
    let all: Vec<u32> = (0..24).map(|i| (i + 1) % 4).collect();
    assert_eq!(order[2..26], all);
    assert_eq!(order[26..], [0; 12]);
    for queue in 0..QUEUES {
        b.consumed_on(queue);
    }
    // Who comes late overtakes all but those two.
    for id in 0..10 {
        b.put(&long(epoch, id));
    }
    b.ring();
    watch(b, 2);
    b.put_on(3, &nop(epoch, 77));
    b.ring_on(3);
    let late = watch(b, 9);
    let place = late.iter().position(|(q, _)| *q == 3).expect("it completes");
    assert!(place <= 2, "{place} commands of the other queue went first");
    b.settle(1000);
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO), 38 + 11);
}

#[test]
fn queues_take_turns_and_none_starves() {
    turns(&mut bench(Manner { latency: 40..41, pause: 0 }, 41));
}

/// What one queue's commands take on a card with so many queues: the same on each.
#[test]
fn queues_without_work_cost_no_cycle() {
    let cycles = |queues: u32| -> (Vec<u64>, u64) {
        let card = Card::without_engines(&CardConfig { queues, ..CardConfig::tiny() });
        let mut b = Bench::new(card, Manner { latency: 20..21, pause: 0 }, 49);
        b.idle(1);
        b.open_queue(5);
        let epoch = b.epoch;
        (0..20).for_each(|id| b.put(&copy(epoch, id, Operand::host(0x4000), Operand::card(0), 8)));
        b.ring();
        let from = b.now;
        let each = (0..20).map(|_| b.wait(10_000).cycles).collect();
        (each, b.now - from)
    };
    let one = cycles(1);
    assert_eq!((cycles(2), cycles(4)), (one.clone(), one));
}

pub fn interleaving(b: &mut Bench) {
    b.open_queue(1);
    (1..QUEUES).for_each(|q| b.open(q, q));
    let epoch = b.epoch;
    let mut flying: [VecDeque<(u16, Status)>; QUEUES as usize] = Default::default();
    let (mut left, mut id, mut counts) = ([25; QUEUES as usize], 0u16, [0u32; QUEUES as usize]);
    let place = |queue: u32, id: u16| 0x40_0000 * u64::from(queue) + 0x400 * u64::from(id);
    for queue in 0..QUEUES {
        for word in 0..4 {
            b.card.words.insert(0x1000 * u64::from(queue) + 32 * word, [1 + u64::from(queue), word, 3, 4]);
        }
    }
    while left.iter().any(|n| *n > 0) || flying.iter().any(|f| !f.is_empty()) {
        let queue = b.rng.gen_range(0..QUEUES);
        let (q, log) = (queue as usize, b.rings[queue as usize].log);
        let room = (1usize << log) - 1 - flying[q].len();
        let batch = b.rng.gen_range(0..=room).min(left[q]);
        for _ in 0..batch {
            let source = Operand::card(0x1000 * u64::from(queue));
            let good = copy(epoch, id, source, Operand::host(0x8000_0000 + place(queue, id)), 4);
            let (descriptor, status) = match b.rng.gen_range(0..5) {
                0 => (Descriptor { opcode: 99, ..good }, Status::BadOpcode),
                1 => (nop(epoch, id), Status::Ok),
                _ => (good, Status::Ok),
            };
            b.put_on(queue, &descriptor);
            flying[q].push_back((id, status));
            (id, left[q]) = (id + 1, left[q] - 1);
        }
        if batch > 0 {
            b.ring_on(queue);
        }
        let pause = b.rng.gen_range(0..200);
        b.idle(pause);
        let taker = b.rng.gen_range(0..QUEUES);
        while let Some(c) = b.poll_on(taker) {
            let (wanted, status) = flying[taker as usize].pop_front().expect("something is in flight");
            assert_eq!((c.id, Status::from_code(c.status)), (wanted, Some(status)), "queue {taker}");
            counts[taker as usize] += 1;
            // One ahead at most.
            let (log, count) = (b.rings[taker as usize].log, counts[taker as usize]);
            assert_eq!(u32::from(c.sq_head), count % (1 << log), "queue {taker}");
            b.consumed_on(taker);
            if c.work == 4 {
                for word in 0..4 {
                    let got = b.host.word(0x8000_0000 + place(taker, c.id) + 32 * word);
                    assert_eq!(got, [1 + u64::from(taker), word, 3, 4], "queue {taker}, id {}", c.id);
                }
            }
        }
    }
    b.settle(1000);
    for queue in 0..QUEUES {
        assert_eq!(b.read(at(queue, r::Q_STATUS)), 0);
    }
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO) + b.read_pair(r::CNT_ERRORS_LO), 100);
}

#[test]
fn work_on_all_queues_interleaves_and_stays_in_order() {
    for (seed, manner) in [(42, Manner::prompt()), (43, Manner::rough())] {
        interleaving(&mut bench(manner, seed));
    }
}

pub fn one_full(b: &mut Bench) {
    open_all(b, 2);
    let epoch = b.epoch;
    for _ in 0..2 {
        (0..3).for_each(|id| b.put_on(1, &nop(epoch, id)));
        b.ring_on(1);
        b.settle(10_000);
    }
    // Three completions of queue 1 stand; its other three commands wait, and nobody else does.
    assert_eq!((b.read(at(1, r::SQ_HEAD)), b.read(at(1, r::CQ_TAIL))), (3, 3));
    for id in 0..10 {
        assert_eq!(b.run(&copy(epoch, id, Operand::host(0), Operand::card(0), 3)).id, id);
    }
    assert_eq!(b.host.word(CQ + RINGS + 96), [0; 4]);
    assert_eq!((b.wait_on(1, 1).id, b.wait_on(1, 1).id, b.wait_on(1, 1).id), (0, 1, 2));
    for id in 0..3 {
        assert_eq!(b.wait_on(1, 1000).id, id);
    }
    // A head that moves back under a command takes its room: nothing is overwritten.
    b.put_on(2, &long(epoch, 9));
    b.ring_on(2);
    b.idle(100);
    b.write(at(2, r::CQ_HEAD), 1);
    b.settle(10_000);
    assert_eq!(b.read(at(2, r::Q_STATUS)), r::Q_STATUS_ERROR);
    assert_eq!(b.host.word(CQ + 2 * RINGS), [0; 4]);
    assert_eq!(b.run(&nop(epoch, 11)).id, 11);
}

#[test]
fn a_full_completion_ring_holds_nobody_else() {
    one_full(&mut bench(Manner::prompt(), 44));
}

/// All but `broken` still work; interrupts and registers say who broke.
fn only_one_broke(b: &mut Bench, broken: u32, name: &str) {
    b.settle(10_000);
    assert_eq!(b.read(r::STATUS), r::STATUS_READY | r::STATUS_QUEUE_ERROR, "{name}");
    let errors: u32 = (0..QUEUES).map(r::irq_error).sum();
    assert_eq!(b.read(r::IRQ_PENDING) & errors, r::irq_error(broken), "{name}");
    for queue in 0..QUEUES {
        let error = b.read(at(queue, r::Q_STATUS));
        assert_eq!(error, u32::from(queue == broken) * r::Q_STATUS_ERROR, "{name}: queue {queue}");
        if queue != broken {
            for id in 0..5 {
                assert_eq!(b.run_on(queue, &nop(b.epoch, id)).status, 0, "{name}: queue {queue}");
            }
        }
    }
    let read = b.host.beats_read;
    b.put_on(broken, &nop(b.epoch, 77));
    b.ring_on(broken);
    b.idle(200);
    assert_eq!(b.host.beats_read, read, "{name}: the broken queue reads nothing");
    b.host.read_faults.clear();
    b.host.write_faults.clear();
    b.open(broken, 3);
    b.write(r::IRQ_PENDING, 0xff);
    assert_eq!((b.read(r::STATUS), b.out.irq), (r::STATUS_READY, false), "{name}");
    assert_eq!(b.run_on(broken, &nop(b.epoch, 78)).status, 0, "{name}");
    b.write(r::IRQ_PENDING, 0xff);
}

pub fn one_faulty(b: &mut Bench) {
    open_all(b, 3);
    let epoch = b.epoch;
    // A descriptor that cannot be read, fetched ahead of while another queue's command runs.
    b.put(&long(epoch, 1));
    b.put_on(1, &nop(epoch, 1));
    b.host.read_faults.push(SQ + RINGS..SQ + RINGS + 32);
    b.ring();
    b.ring_on(1);
    assert_eq!(b.wait(10_000).id, 1);
    only_one_broke(b, 1, "descriptor");
    // A completion that cannot be written; the next command of another queue waits behind it.
    b.put_on(2, &nop(epoch, 2));
    b.put_on(3, &nop(epoch, 3));
    let done = u64::from(b.rings[2].head);
    b.host.write_faults.push(CQ + 2 * RINGS + 32 * done..CQ + 2 * RINGS + 32 * done + 32);
    b.ring_on(2);
    b.ring_on(3);
    assert_eq!(b.wait_on(3, 10_000).id, 3);
    only_one_broke(b, 2, "completion");
    // Rings of no valid size, under a command of the same queue.
    b.put_on(3, &long(epoch, 4));
    b.ring_on(3);
    b.idle(200);
    b.write(at(3, r::Q_LOG_SIZE), 13);
    only_one_broke(b, 3, "ring size");
    // The bits of one queue do not raise the interrupt for another.
    b.write(r::IRQ_ENABLE, r::irq_completion(2));
    assert_eq!(b.run_on(1, &nop(epoch, 5)).id, 5);
    b.settle(100);
    assert!(!b.out.irq);
    assert_eq!(b.read(r::IRQ_PENDING), r::irq_completion(1));
    assert_eq!(b.run_on(2, &nop(epoch, 6)).id, 6);
    b.settle(100);
    assert!(b.out.irq);
    b.write(r::IRQ_PENDING, r::irq_completion(1));
    assert!(b.out.irq);
    b.write(r::IRQ_PENDING, r::irq_completion(2));
    b.idle(1);
    assert!(!b.out.irq);
}

#[test]
fn an_error_stops_its_queue_alone() {
    one_faulty(&mut bench(Manner::prompt(), 45));
}

pub fn one_stopped(b: &mut Bench) {
    // Stopped at many moments: its command may be fetched, checked, running, completing.
    for delay in [0, 3, 10, 20, 40, 80, 160, 320, 500, 700] {
        open_all(b, 3);
        let epoch = b.epoch;
        for id in 0..3 {
            b.put_on(1, &long(epoch, id));
            b.put_on(2, &copy(epoch, 10 + id, Operand::host(0x4000), Operand::card(0x8000), 20));
        }
        b.ring_on(1);
        b.ring_on(2);
        b.idle(delay);
        b.write(at(1, r::Q_ENABLE), 0);
        for id in 0..3 {
            assert_eq!(b.wait_on(2, 20_000).id, 10 + id, "after {delay} cycles");
        }
        b.settle(10_000);
        assert_eq!(b.read(at(1, r::Q_STATUS)), 0, "after {delay} cycles");
        let before = std::iter::from_fn(|| b.poll_on(1)).count();
        assert_eq!(b.read(at(1, r::CQ_TAIL)) as usize, before, "after {delay} cycles");
        assert!(before < 3, "it was stopped in the middle");
        // Started anew it knows nothing of what was.
        b.open(1, 3);
        for register in [r::SQ_HEAD, r::SQ_TAIL, r::CQ_HEAD, r::CQ_TAIL] {
            assert_eq!(b.read(at(1, register)), 0, "{register:#x}");
        }
        let c = b.run_on(1, &nop(epoch, 50));
        assert_eq!((c.id, c.status, c.sq_head), (50, 0, 1), "after {delay} cycles");
        b.settle(1000);
        assert_eq!(b.poll_on(1), None);
    }
    // Stopped and started at once, under its own command and before one fetched ahead.
    open_all(b, 3);
    let epoch = b.epoch;
    b.put_on(1, &long(epoch, 1));
    b.put_on(1, &long(epoch, 2));
    b.ring_on(1);
    b.idle(200);
    assert_eq!(b.read(at(1, r::Q_STATUS)), r::Q_STATUS_BUSY);
    b.open(1, 3);
    let c = b.run_on(1, &nop(epoch, 3));
    assert_eq!((c.id, c.sq_head), (3, 1));
    b.settle(1000);
    assert_eq!((b.poll_on(1), b.read(at(1, r::Q_STATUS))), (None, 0));
}

#[test]
fn a_stopped_queue_forgets_and_the_others_go_on() {
    for (seed, manner) in [(46, Manner::prompt()), (47, Manner::rough())] {
        one_stopped(&mut bench(manner, seed));
    }
}

pub fn reset_of_all(b: &mut Bench) {
    for delay in [0, 30, 150, 700] {
        open_all(b, 3);
        let before = b.epoch;
        for queue in 0..QUEUES {
            for id in 0..4 {
                b.put_on(queue, &long(before, id));
            }
            b.ring_on(queue);
        }
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(10_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0), "bursts dangle");
        for queue in 0..QUEUES {
            for register in r::REGISTERS.iter().filter(|r| r::queue_of(r.offset).is_some()) {
                assert_eq!(b.read(at(queue, register.offset)), 0, "queue {queue}: {}", register.name);
            }
        }
        assert_eq!((b.read(r::IRQ_PENDING), b.read(r::IRQ_ENABLE)), (0, 0));
        open_all(b, 3);
        assert_eq!(b.epoch, before + 1);
        for queue in 0..QUEUES {
            let stale = b.run_on(queue, &nop(before, 5));
            assert_eq!(Status::from_code(stale.status), Some(Status::BadEpoch));
            assert_eq!(b.run_on(queue, &nop(before + 1, 6)).status, 0);
        }
        b.settle(1000);
    }
}

#[test]
fn a_reset_clears_every_queue() {
    reset_of_all(&mut bench(Manner::rough(), 48));
}
