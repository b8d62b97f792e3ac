//! What a command costs: no allocation, a known number of register accesses and messages.
#![cfg(target_os = "linux")]

#[path = "support/counting.rs"]
mod counting;
#[path = "support/simulator.rs"]
mod simulator;
mod support;

use counting::{Allocator, Counter, Counting, Messages, Traffic, allocations};
use gristmill_driver::transport::vfio_user::VfioUser;
use gristmill_driver::*;
use simulator::Simulator;
use std::path::Path;
use std::time::Duration;
use support::Fake;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

impl Messages for Fake {
    const IS_DRIVER: bool = false;
}

/// No look at the card between two interrupts, so that every access is a command's own. An interrupt
/// that got lost would cost a minute, and accesses that the tests count.
fn options(wait: Wait) -> Options {
    let limits = Limits { slice: Duration::from_secs(60), ..Limits::default() };
    Options { wait, limits, ..Options::default() }
}

fn over_fake(wait: Wait) -> (Card, Counter, Fake) {
    let fake = Fake::new();
    let (transport, counter) = Counting::new(fake.clone());
    (Card::open_with(transport, options(wait)).unwrap(), counter, fake)
}

fn over_socket(sim: &Simulator, wait: Wait) -> (Card, Counter) {
    let path = sim.name.strip_prefix("vfio-user:").unwrap();
    let (transport, counter) = Counting::new(VfioUser::connect(Path::new(path)).unwrap());
    (Card::open_with(transport, options(wait)).unwrap(), counter)
}

const SPIN: Wait = Wait::Poll { spin: Duration::from_micros(200) };

fn run(card: &mut Card, commands: usize) {
    for _ in 0..commands {
        card.run(Command::nop()).unwrap();
    }
}

fn run_batch(card: &mut Card, commands: usize) {
    for ticket in card.submit_all((0..commands).map(|_| Command::nop())).unwrap() {
        card.wait(ticket).unwrap();
    }
}

/// All ways to submit and to wait, with operands in host memory.
fn exercise(card: &mut Card, buffer: &DmaBuffer, rounds: usize) {
    let copy = || Command::copy_to_card(buffer.whole(), 0);
    for _ in 0..rounds {
        card.run(Command::nop()).unwrap();
        card.run(copy()).unwrap();
        for ticket in card.submit_all((0..64).map(|_| copy())).unwrap() {
            card.wait(ticket).unwrap();
        }
        let mut batch = card.batch();
        let first = batch.push(copy()).unwrap();
        let second = batch.push(Command::copy_from_card(0, buffer.slice(0, 32).unwrap())).unwrap();
        batch.submit().unwrap();
        card.wait(second).unwrap();
        assert!(card.try_wait(first).unwrap().is_some());
        card.submit(Command::nop()).unwrap();
        card.try_submit(Command::zero(Place::Card(64), 1)).unwrap();
        card.wait_any().unwrap().1.unwrap();
        card.wait_any().unwrap().1.unwrap();
    }
}

fn allocates_nothing(mut card: Card, rounds: usize, what: &str) {
    let buffer = card.allocate(64).unwrap();
    exercise(&mut card, &buffer, 10);
    let count = allocations(|| exercise(&mut card, &buffer, rounds));
    assert_eq!(count, 0, "{what}: allocations in {} commands", rounds * 70);
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0u8; 100]))), 1);
}

#[test]
fn commands_allocate_nothing() {
    for wait in [Wait::Interrupt, SPIN, Wait::BUSY] {
        allocates_nothing(over_fake(wait).0, 100, &format!("{wait:?}"));
    }
}

#[test]
fn commands_allocate_nothing_over_vfio_user() {
    let sim = Simulator::new();
    for wait in [Wait::Interrupt, SPIN, Wait::BUSY] {
        allocates_nothing(over_socket(&sim, wait).0, 50, &format!("{wait:?}"));
    }
}

/// Results that are taken soon: a table of fixed size. Results that lie: all are there.
#[test]
fn results_that_lie_are_kept() {
    let (mut card, ..) = over_fake(Wait::Interrupt);
    let batches: Vec<Tickets> = (0..10).map(|_| card.submit_all((0..100).map(|_| Command::nop())).unwrap()).collect();
    for ticket in batches.into_iter().flatten() {
        card.wait(ticket).unwrap();
    }
    assert!(matches!(card.wait_any(), Err(Error::UnknownTicket)));
}

/// The ring has 256 entries, so the card is told what was consumed once in 255 commands.
#[test]
fn a_command_costs_its_doorbell_and_its_wait() {
    // The doorbell, and the clearing before it; the very first finds the pending bit clear.
    let (mut card, counter, _) = over_fake(Wait::Interrupt);
    let first = counter.during(|| run(&mut card, 1));
    assert_eq!(first, Traffic { writes: 1, sleeps: 1, ..Traffic::default() });
    let many = counter.during(|| run(&mut card, 2550));
    assert_eq!(many, Traffic { writes: 2 * 2550 + 10, sleeps: 2550, ..Traffic::default() });
    // Watching: the doorbell alone.
    for wait in [Wait::BUSY, Wait::Poll { spin: Duration::from_secs(60) }] {
        let (mut card, counter, fake) = over_fake(wait);
        let many = counter.during(|| run(&mut card, 2551));
        assert_eq!(many, Traffic { writes: 2551 + 10, ..Traffic::default() }, "{wait:?}");
        assert_eq!(fake.with(|s| s.commands.len()), 2551);
    }
}

#[test]
fn a_batch_costs_one_doorbell() {
    let batches = |card: &mut Card, n: usize| (0..n).for_each(|_| run_batch(card, 64));
    // Three batches of 64 fit into the completion ring before the card is told.
    let (mut card, counter, _) = over_fake(Wait::Interrupt);
    batches(&mut card, 1);
    let many = counter.during(|| batches(&mut card, 30));
    assert_eq!(many, Traffic { writes: 30 * 2 + 10, sleeps: 30, ..Traffic::default() });
    let (mut card, counter, _) = over_fake(Wait::BUSY);
    batches(&mut card, 1);
    let many = counter.during(|| batches(&mut card, 30));
    assert_eq!(many, Traffic { writes: 30 + 10, ..Traffic::default() });
}

/// With more in flight, each sleep clears the interrupt and reads once, so that the clearing has
/// arrived before the ring is looked at.
#[test]
fn a_sleep_with_commands_in_flight_costs_a_clearing_and_a_read() {
    let (mut card, counter, fake) = over_fake(Wait::Interrupt);
    fake.with(|s| s.commands_per_wait = 1);
    let traffic = counter.during(|| run_batch(&mut card, 5));
    assert_eq!(traffic, Traffic { writes: 1 + 4, reads: 4, sleeps: 5, ..Traffic::default() });
}

/// A wait that watches in vain sleeps in the end, and the card can wake it.
#[test]
fn watching_ends_in_sleep() {
    let (mut card, counter, fake) = over_fake(SPIN);
    fake.with(|s| s.works_when_watched = false);
    let traffic = counter.during(|| run(&mut card, 1));
    assert_eq!(traffic, Traffic { writes: 1, sleeps: 1, ..Traffic::default() });
    // A completion was taken, so the interrupt is to be cleared before the next sleep.
    let traffic = counter.during(|| run(&mut card, 1));
    assert_eq!(traffic, Traffic { writes: 2, reads: 1, sleeps: 1, ..Traffic::default() });
}

/// Messages of the protocol: a doorbell is one, and nothing comes back.
#[test]
fn a_command_over_vfio_user_is_one_message_or_two() {
    let sim = Simulator::new();
    for (wait, each) in [(Wait::Interrupt, 2), (Wait::BUSY, 1)] {
        let (mut card, counter) = over_socket(&sim, wait);
        card.run(Command::nop()).unwrap();
        let traffic = counter.during(|| run(&mut card, 510));
        assert_eq!((traffic.reads, traffic.messages_received), (0, 0), "{wait:?}");
        assert_eq!((traffic.writes, traffic.messages_sent), (510 * each + 2, 510 * each + 2), "{wait:?}");
    }
    let (mut card, counter) = over_socket(&sim, Wait::BUSY);
    let traffic = counter.during(|| (0..7).for_each(|_| run_batch(&mut card, 64)));
    assert_eq!((traffic.messages_sent, traffic.messages_received, traffic.sleeps), (7 + 2, 0, 0));
}

/// A card whose posted writes arrive late: when it is read from, or after it has done a piece of
/// work. A clearing that is not waited for would swallow the interrupt of the completion that was
/// written meanwhile.
#[test]
fn a_late_clearing_swallows_no_interrupt() {
    for wait in [Wait::Interrupt, SPIN] {
        let (mut card, _, fake) = over_fake(wait);
        fake.with(|s| (s.posts_late, s.works_when_watched, s.commands_per_wait) = (true, false, 1));
        for batch in [1, 2, 3, 7, 1, 1, 64] {
            run_batch(&mut card, batch);
        }
        assert_eq!(fake.with(|s| s.slept_in_vain), 0, "{wait:?}");
    }
}
