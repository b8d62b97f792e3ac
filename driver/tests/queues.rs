//! Several queues of one card: against the card in software, and the protocol-only simulator over
//! vfio-user.

#[cfg(target_os = "linux")]
#[path = "support/simulator.rs"]
mod simulator;
mod support;

use gristmill_abi::completion::Status;
use gristmill_abi::registers as reg;
use gristmill_driver::queue::QueueError;
use gristmill_driver::*;
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use support::Fake;

fn quick() -> Limits {
    Limits {
        least_cycles: Some(1000),
        stall: Duration::from_millis(50),
        slice: Duration::from_millis(1),
        ..Limits::default()
    }
}

fn options(queues: usize) -> Options {
    Options { queues, log_ring: 3, limits: quick(), ..Options::default() }
}

fn open(fake: &Fake, queues: usize) -> Card {
    Card::open_with(Box::new(fake.clone()), options(queues)).unwrap()
}

fn word(card: &mut Card, value: u8) -> DmaBuffer {
    let mut buffer = card.allocate(32).unwrap();
    buffer.write(0, &[value; 32]).unwrap();
    buffer
}

#[test]
fn as_many_queues_as_are_wanted_and_there() {
    for (has, wants, gets) in [(1, 1, 1), (4, 0, 1), (4, 1, 1), (4, 3, 3), (2, 4, 2), (255, 9, 4)] {
        let mut card = open(&Fake::with_queues(has), wants);
        assert_eq!(card.queues(), gets, "{wants} of {has}");
        for index in 0..gets {
            card.queue(index).unwrap().run(Command::nop()).unwrap();
        }
        let error = card.queue(gets).err().expect("no such queue");
        assert!(matches!(error, Error::NoQueue { queue, queues, .. } if queue == gets && queues == gets), "{error}");
    }
}

#[test]
fn queues_that_are_not_used_are_left_alone() {
    let fake = Fake::with_queues(4);
    let mut card = open(&fake, 2);
    card.run(Command::nop()).unwrap();
    let touched = fake.with(|s| s.writes.iter().filter_map(|w| reg::queue_of(w.0)).map(|(q, _)| q).max());
    assert_eq!(touched, Some(1));
    assert_eq!(fake.writes_to(reg::IRQ_ENABLE), [reg::irq_mask(2)]);
}

#[test]
fn tickets_know_their_queue_and_results_come_in_any_order() {
    let fake = Fake::with_queues(3);
    let mut card = open(&fake, 3);
    let mut tickets = Vec::new();
    for round in 0..4u64 {
        for index in 0..3 {
            let buffer = word(&mut card, (16 * index as u64 + round) as u8);
            let copy = Command::copy_to_card(buffer.whole(), 32 * (8 * index as u64 + round));
            tickets.push((index, card.queue(index).unwrap().submit(copy).unwrap()));
        }
    }
    assert_eq!((card.in_flight(), card.queue(1).unwrap().in_flight()), (12, 4));
    for (index, ticket) in tickets.iter().rev() {
        assert_eq!(ticket.queue(), *index);
        assert_eq!(card.wait(*ticket).unwrap().work, 1);
        assert!(matches!(card.wait(*ticket), Err(Error::UnknownTicket)));
    }
    for index in 0..3 {
        for round in 0..4 {
            let at = 32 * (8 * index + round);
            assert_eq!(fake.with(|s| s.memory[at]), (16 * index + round) as u8, "queue {index}");
        }
    }
    // A ticket of a queue that this card has not.
    let foreign = open(&Fake::with_queues(4), 4).queue(3).unwrap().submit(Command::nop()).unwrap();
    assert!(matches!(card.wait(foreign), Err(Error::UnknownTicket)));
}

#[test]
fn any_result_comes_from_each_queue_in_turn() {
    let mut card = open(&Fake::with_queues(3), 3);
    let mut expected = HashMap::new();
    for index in 0..3 {
        for ticket in card.queue(index).unwrap().submit_all((0..5).map(|_| Command::nop())).unwrap() {
            expected.insert(ticket, ());
        }
    }
    let mut order = Vec::new();
    for _ in 0..15 {
        let (ticket, done) = card.wait_any().unwrap();
        done.unwrap();
        assert!(expected.remove(&ticket).is_some(), "each once");
        order.push(ticket.queue());
    }
    assert_eq!(order[..6], [0, 1, 2, 0, 1, 2]);
    assert!(matches!(card.wait_any(), Err(Error::UnknownTicket)));
}

#[test]
fn a_full_ring_of_one_queue_holds_no_other() {
    let fake = Fake::with_queues(2);
    let mut card = open(&fake, 2);
    fake.with(|s| s.commands_per_wait = 0);
    for _ in 0..7 {
        card.queue(1).unwrap().try_submit(Command::nop()).unwrap();
    }
    assert!(matches!(card.queue(1).unwrap().try_submit(Command::nop()), Err(Error::RingFull { entries: 7 })));
    let ticket = card.try_submit(Command::nop()).unwrap();
    fake.with(|s| s.commands_per_wait = 1);
    card.wait(ticket).unwrap();
    // It waits for room in its own ring.
    card.queue(1).unwrap().submit(Command::nop()).unwrap();
    assert_eq!(card.queue(1).unwrap().in_flight(), 7);
}

#[test]
fn a_command_of_another_queue_overtakes_a_backlog() {
    let fake = Fake::with_queues(2);
    let mut card = Card::open_with(Box::new(fake.clone()), Options { log_ring: 6, ..options(2) }).unwrap();
    fake.with(|s| s.commands_per_wait = 1);
    let backlog = card.submit_all((0..30).map(|_| Command::nop())).unwrap();
    let quick = card.queue(1).unwrap().submit(Command::nop()).unwrap();
    card.wait(quick).unwrap();
    assert!(fake.with(|s| s.commands.len()) <= 2);
    backlog.for_each(|ticket| assert_eq!(card.wait(ticket).unwrap().status, Status::Ok));
}

#[test]
fn garbage_in_one_queue_is_that_queues_error() {
    let fake = Fake::with_queues(2);
    fake.with(|s| s.scripted = Some(1));
    fake.script(|c| vec![gristmill_abi::completion::Completion { id: c.id + 5, ..c }]);
    for wait in [Wait::Interrupt, Wait::BUSY] {
        let mut card = Card::open_with(Box::new(fake.clone()), Options { wait, ..options(2) }).unwrap();
        let bad = card.queue(1).unwrap().submit(Command::nop()).unwrap();
        let good = card.submit(Command::nop()).unwrap();
        card.wait(good).unwrap();
        let error = card.wait(bad).unwrap_err();
        assert!(
            matches!(error, Error::Queue { queue: 1, source: QueueError::UnknownId { id: 5 }, .. })
                && error.needs_reset(),
            "{error}"
        );
        // The other queue goes on, and its results come before the error.
        let good = card.submit(Command::nop()).unwrap();
        assert_eq!(card.wait_any().unwrap().0, good);
        assert!(matches!(card.wait_any(), Err(Error::Queue { queue: 1, .. })));
        assert!(matches!(card.queue(1).unwrap().try_submit(Command::nop()), Err(Error::Queue { queue: 1, .. })));
    }
    let mut card = open(&fake, 2);
    assert!(card.queue(1).unwrap().run(Command::nop()).is_err());
    fake.with(|s| s.script = None);
    card.reset().unwrap();
    for index in 0..2 {
        card.queue(index).unwrap().run(Command::nop()).unwrap();
    }
}

/// Breaks queue 1 as a card would, with a command in flight.
fn stop_one(fake: &Fake, card: &mut Card) -> Ticket {
    fake.set(reg::STATUS, reg::STATUS_READY | reg::STATUS_QUEUE_ERROR);
    fake.set(reg::of_queue(1, reg::Q_STATUS), reg::Q_STATUS_ERROR);
    card.queue(1).unwrap().submit(Command::nop()).unwrap()
}

#[test]
fn a_stopped_queue_is_told_and_restarted_while_the_others_go_on() {
    let fake = Fake::with_queues(2);
    let mut card = open(&fake, 2);
    let lost = stop_one(&fake, &mut card);
    card.run(Command::nop()).unwrap();
    let error = card.wait(lost).unwrap_err();
    assert!(matches!(error, Error::QueueStopped { queue: 1, .. }), "{error}");
    // A command that is slow to come, in the other queue, is no error.
    fake.with(|s| s.commands_per_wait = 0);
    let slow = card.submit(Command::nop()).unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(4) {
        assert!(card.try_wait(slow).unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    // Its last command is still in the card for a while.
    let status = reg::of_queue(1, reg::Q_STATUS);
    fake.set(status, reg::Q_STATUS_ERROR | reg::Q_STATUS_BUSY);
    let before = fake.with(|s| {
        s.later = vec![(s.cycles + 1000, status, 0), (s.cycles + 1000, reg::STATUS, reg::STATUS_READY)];
        s.cycles
    });
    card.queue(1).unwrap().restart().unwrap();
    assert!(fake.with(|s| s.cycles) >= before + 1000, "the restart waited");
    assert!(matches!(card.wait(lost), Err(Error::Stale)));
    fake.with(|s| s.commands_per_wait = usize::MAX);
    card.wait(slow).unwrap();
    card.queue(1).unwrap().run(Command::nop()).unwrap();
}

#[test]
fn a_restart_that_never_ends_is_told_and_an_old_card_has_none() {
    let fake = Fake::with_queues(2);
    let mut card = open(&fake, 2);
    fake.set(reg::of_queue(1, reg::Q_STATUS), reg::Q_STATUS_BUSY);
    fake.with(|s| s.cycles_per_wait = 1 << 20);
    let error = card.queue(1).unwrap().restart().unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    let fake = Fake::new();
    fake.set(reg::VERSION, 0x1_0000);
    let error = open(&fake, 4).queue(0).unwrap().restart().unwrap_err();
    assert!(matches!(error, Error::NotOffered { .. }), "{error}");
}

#[test]
fn a_command_may_wait_for_two_of_each_other_queue_and_no_longer() {
    let fake = Fake::with_queues(2);
    let mut card = open(&fake, 2);
    fake.with(|s| {
        s.scripted = Some(1);
        s.cycles_per_wait = 900;
    });
    fake.script(|_| vec![]);
    card.run(Command::nop().budget(50_000)).unwrap();
    let lost = card.queue(1).unwrap().submit(Command::nop()).unwrap();
    let error = card.wait(lost).unwrap_err();
    // 1000 of its own, 100,000 for the other queue's.
    assert!(matches!(error, Error::TimedOut { budget: 101_000, cycles: 101_001.., .. }), "{error}");
}

#[test]
fn a_reset_covers_all_queues() {
    let fake = Fake::with_queues(3);
    let mut card = open(&fake, 3);
    fake.with(|s| s.commands_per_wait = 0);
    let lost: Vec<_> = (0..3).map(|i| card.queue(i).unwrap().submit(Command::nop()).unwrap()).collect();
    fake.with(|s| s.commands_per_wait = usize::MAX);
    card.reset().unwrap();
    assert_eq!(card.in_flight(), 0);
    for (index, ticket) in lost.into_iter().enumerate() {
        assert!(matches!(card.wait(ticket), Err(Error::Stale)));
        card.queue(index).unwrap().run(Command::nop()).unwrap();
    }
}

/// An interrupt that one queue's completion raised must not cost another's.
#[test]
fn sleeps_end_whichever_queue_completes() {
    let fake = Fake::with_queues(4);
    fake.with(|s| {
        s.commands_per_wait = 1;
        s.posts_late = true;
    });
    let limits = Limits { slice: Duration::from_secs(60), ..quick() };
    let mut card = Card::open_with(Box::new(fake.clone()), Options { limits, ..options(4) }).unwrap();
    for round in 0..50 {
        let tickets: Vec<_> =
            (0..4).map(|i| card.queue((i + round) % 4).unwrap().submit(Command::nop()).unwrap()).collect();
        for ticket in tickets.into_iter().rev() {
            card.wait(ticket).unwrap();
        }
    }
    assert_eq!(fake.with(|s| s.slept_in_vain), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any use of any queues, any pace of the card, every way of waiting: each command's result once.
    #[test]
    fn any_use_of_any_queues(
        steps in prop::collection::vec((0usize..4, 0usize..5, 0u8..4), 1..60),
        pace in 1usize..4,
        wait in prop_oneof![Just(Wait::Interrupt), Just(Wait::BUSY), Just(Wait::Poll { spin: Duration::from_micros(20) })],
    ) {
        let fake = Fake::with_queues(4);
        fake.with(|s| s.commands_per_wait = pace);
        let mut card = Card::open_with(Box::new(fake.clone()), Options { wait, ..options(4) }).unwrap();
        let (mut open, mut submitted) = (Vec::new(), 0);
        for (index, count, how) in steps {
            match how {
                0 | 1 => {
                    let all = card.queue(index).unwrap().submit_all((0..count).map(|_| Command::nop())).unwrap();
                    submitted += all.len();
                    open.extend(all);
                }
                2 if !open.is_empty() => {
                    let ticket = open.swap_remove(count % open.len());
                    prop_assert_eq!(card.wait(ticket).unwrap().status, Status::Ok);
                }
                3 if !open.is_empty() => {
                    let (ticket, done) = card.wait_any().unwrap();
                    prop_assert_eq!(done.unwrap().status, Status::Ok);
                    let at = open.iter().position(|t| *t == ticket);
                    prop_assert!(at.is_some());
                    open.swap_remove(at.unwrap());
                }
                _ => {}
            }
        }
        for ticket in open {
            card.wait(ticket).unwrap();
        }
        prop_assert_eq!(fake.with(|s| s.commands.len()), submitted);
    }
}

#[cfg(target_os = "linux")]
mod simulated {
    use super::*;
    use simulator::Simulator;

    #[test]
    fn copies_on_four_queues_at_once() {
        let sim = Simulator::new();
        let mut card = sim.open_with(Options { queues: 8, log_ring: 4, ..Options::default() });
        assert_eq!(card.queues(), 4);
        let mut work = Vec::new();
        for round in 0..40u64 {
            for index in 0..4 {
                let at = 0x1_0000 * (4 * round + index as u64);
                let mut from = card.allocate(4096).unwrap();
                from.write(0, &[round as u8 + index as u8; 4096]).unwrap();
                let to = card.allocate(4096).unwrap();
                let mut batch = card.queue(index).unwrap().batch();
                let up = batch.push(Command::copy_to_card(from.whole(), at)).unwrap();
                let down = batch.push(Command::copy_from_card(at, to.whole())).unwrap();
                batch.submit().unwrap();
                work.push((round as u8 + index as u8, up, down, to));
            }
        }
        for (value, up, down, to) in work.into_iter().rev() {
            card.wait(down).unwrap();
            card.wait(up).unwrap();
            let mut got = [0; 4096];
            to.read(0, &mut got).unwrap();
            assert_eq!(got, [value; 4096]);
        }
        assert!(card.doctor().unwrap().healthy());
    }

    #[test]
    fn a_dead_card_ends_the_waits_on_every_queue() {
        let plan = "die+3".parse().unwrap();
        let sim = Simulator::with_faults(&[plan]);
        let mut card = sim.open_with(Options { queues: 3, limits: quick(), ..Options::default() });
        let tickets: Vec<_> = (0..6).map(|i| card.queue(i % 3).unwrap().submit(Command::nop()).unwrap()).collect();
        let ends = tickets.into_iter().filter(|t| card.wait(*t).is_err_and(|e| e.is_gone())).count();
        assert_eq!(ends, 3);
    }
}
