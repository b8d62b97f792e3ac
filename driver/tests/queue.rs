//! Queue and card against a scripted card: order, wrap-around, back-pressure, and every way in
//! which a completion can be wrong.

mod support;

use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::identity::SourceHash;
use gristmill_abi::{ABI_VERSION, registers as reg};
use gristmill_driver::queue::QueueError;
use gristmill_driver::*;
use proptest::prelude::*;
use std::time::Duration;
use support::Fake;

fn quick() -> Limits {
    Limits {
        least_cycles: Some(1000),
        stall: Duration::from_millis(50),
        slice: Duration::from_millis(1),
        ..Limits::default()
    }
}

fn open(fake: &Fake, log_ring: u32) -> Card {
    Card::open_with(Box::new(fake.clone()), Options { log_ring, limits: quick(), ..Options::default() }).unwrap()
}

#[test]
fn copies_go_there_and_back() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let mut source = card.allocate(96).unwrap();
    let target = card.allocate(96).unwrap();
    let data: Vec<u8> = (0..96).collect();
    source.write(0, &data).unwrap();
    let there = card.run(Command::copy_to_card(source.whole(), 64)).unwrap();
    assert_eq!((there.status, there.work), (Status::Ok, 3));
    card.run(Command::copy_from_card(64, target.whole())).unwrap();
    let mut back = vec![0; 96];
    target.read(0, &mut back).unwrap();
    assert_eq!(back, data);
}

#[test]
fn rings_wrap_many_times_in_any_batch() {
    for batch in [1usize, 2, 3, 5, 7, 20] {
        let fake = Fake::new();
        let mut card = open(&fake, 3);
        for round in 0..40 {
            let tickets = card.submit_all((0..batch).map(|_| Command::nop())).unwrap();
            for ticket in tickets {
                card.wait(ticket).unwrap_or_else(|e| panic!("batch {batch}, round {round}: {e}"));
            }
        }
        assert_eq!(fake.with(|s| s.commands.len()), 40 * batch);
    }
}

#[test]
fn a_batch_that_fits_rings_once() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let before = fake.writes_to(reg::SQ_TAIL).len();
    let tickets = card.submit_all((0..10).map(|_| Command::nop())).unwrap();
    assert_eq!(fake.writes_to(reg::SQ_TAIL)[before..], [10]);
    // In any order of waiting.
    for ticket in tickets.rev() {
        card.wait(ticket).unwrap();
    }
}

#[test]
fn a_full_ring_pushes_back() {
    let fake = Fake::new();
    let mut card = open(&fake, 2);
    for _ in 0..3 {
        card.try_submit(Command::nop()).unwrap();
    }
    assert!(matches!(card.try_submit(Command::nop()), Err(Error::RingFull { entries: 3 })));
    fake.with(|s| s.commands_per_wait = 1);
    // The fourth waits for the first.
    card.submit(Command::nop()).unwrap();
    assert_eq!(card.in_flight(), 3);
    let order: Vec<Ticket> = (0..4).map(|_| card.wait_any().unwrap().0).collect();
    assert_eq!(order.len(), 4);
    assert!(matches!(card.wait_any(), Err(Error::UnknownTicket)));
    assert!(matches!(card.wait(order[0]), Err(Error::UnknownTicket)));
}

#[test]
fn a_refused_command_is_its_own_error_and_the_card_goes_on() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let bad = card.submit(Command::copy(Place::Iova(0x40), Place::Card(0), 1)).unwrap();
    let good = card.submit(Command::nop()).unwrap();
    let error = card.wait(bad).unwrap_err();
    assert!(matches!(error, Error::Command { status: Status::HostReadFault, .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "command copy ended with HostReadFault (Host memory answered a read with an error (IOMMU fault, no bus mastering))"
    );
    card.wait(good).unwrap();
}

#[test]
fn short_buffers_are_found_here() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let buffer = card.allocate(40).unwrap();
    let error = card.submit(Command::copy_to_card(buffer.whole(), 0)).unwrap_err();
    assert!(matches!(error, Error::ShortOperand { operand: "a", needs: 64, has: 40, .. }), "{error}");
    assert!(matches!(card.submit(Command::zero(&buffer, 2)), Err(Error::ShortOperand { operand: "c", .. })));
    let ntt = Command::ntt(gristmill_abi::layout::Field::Bn254Fr, 60, Place::Card(0), Place::Card(0));
    assert!(matches!(card.submit(ntt), Err(Error::BadCount { .. })));
    let ntt = Command::ntt(gristmill_abi::layout::Field::Bn254Fr, 1, Place::Card(0), Place::Card(0));
    assert!(matches!(card.submit(ntt), Err(Error::NotOffered { .. })));
    let ntt = Command::ntt(gristmill_abi::layout::Field::Bn254Fr, 1, Place::Card(0), Place::Card(0));
    let error = card.submit(ntt.reversed(false, true)).unwrap_err();
    assert!(matches!(error, Error::NotOffered { .. }) && error.to_string().contains("of reversed vectors"), "{error}");
}

#[test]
fn memory_of_a_command_in_flight_is_not_lent_anew() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let buffer = card.allocate(4096).unwrap();
    let iova = buffer.iova();
    let ticket = card.submit(Command::copy_from_card(0, buffer.whole())).unwrap();
    drop(buffer);
    assert_ne!(card.allocate(4096).unwrap().iova(), iova);
    card.wait(ticket).unwrap();
    assert_eq!(card.allocate(4096).unwrap().iova(), iova);
}

/// Runs a batch of three against a card that spoils the second completion; the card must then be
/// refused until a reset, and work after it.
fn spoiled(spoil: impl Fn(Completion) -> Vec<Completion> + Send + 'static) -> QueueError {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let mut n = 0;
    fake.script(move |c| {
        n += 1;
        if n == 2 { spoil(c) } else { vec![c] }
    });
    let tickets: Vec<Ticket> = card.submit_all((0..3).map(|_| Command::nop())).unwrap().collect();
    card.wait(tickets[0]).err();
    let error = card.wait(tickets[2]).unwrap_err();
    assert!(error.needs_reset() && !error.is_gone());
    let Error::Queue { source, .. } = error else { panic!("{error}") };
    assert!(matches!(card.run(Command::nop()), Err(Error::Queue { source: again, .. }) if again == source));
    fake.with(|s| s.script = None);
    card.reset().unwrap();
    assert!(matches!(card.wait(tickets[2]), Err(Error::Stale)));
    card.run(Command::nop()).unwrap();
    source
}

#[test]
fn wrong_completions_are_told_apart() {
    use QueueError::*;
    assert_eq!(spoiled(|c| vec![Completion { id: 700, ..c }]), UnknownId { id: 700 });
    assert_eq!(spoiled(|c| vec![Completion { id: c.id - 1, ..c }]), Duplicate { id: 0 });
    assert_eq!(spoiled(|c| vec![c, c]), Duplicate { id: 1 });
    assert_eq!(spoiled(|c| vec![Completion { id: c.id + 1, ..c }]), OutOfOrder { id: 2, expected: 1 });
    assert_eq!(spoiled(|c| vec![Completion { status: 99, ..c }]), BadStatus { id: 1, code: 99 });
    let wrong = spoiled(|c| vec![Completion { epoch: c.epoch + 1, ..c }]);
    assert!(matches!(wrong, WrongEpoch { id: 1, .. }));
    assert_eq!(spoiled(|c| vec![Completion { sq_head: 9, ..c }]), BadHead { id: 1, head: 9, after: 2, tail: 3 });
    assert_eq!(spoiled(|c| vec![Completion { sq_head: 1, ..c }]), BadHead { id: 1, head: 1, after: 2, tail: 3 });
    assert_eq!(
        spoiled(|c| vec![Completion { sq_head: 0xffff, ..c }]),
        BadHead { id: 1, head: 0xffff, after: 2, tail: 3 }
    );
}

#[test]
fn a_fetch_ahead_is_no_error() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let mut n = 0;
    fake.script(move |c| {
        n += 1;
        vec![Completion { sq_head: if n == 1 { 3 } else { c.sq_head }, ..c }]
    });
    for ticket in card.submit_all((0..3).map(|_| Command::nop())).unwrap() {
        card.wait(ticket).unwrap();
    }
}

#[test]
fn completions_for_nothing_and_too_early_are_errors() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let ghost = Completion { detail: 0, epoch: 1, cycles: 1, work: 0, sq_head: 0, id: 0, status: 0, phase: true };
    fake.with(|s| s.complete(ghost));
    let Error::Queue { source, .. } = card.wait_any().unwrap_err() else { panic!() };
    assert_eq!(source, QueueError::Unexpected { id: 0 });
}

#[test]
fn lost_interrupts_and_interrupts_for_nothing_do_no_harm() {
    let fake = Fake::new();
    fake.with(|s| s.interrupts = false);
    let mut card = open(&fake, 4);
    card.run(Command::nop()).unwrap();
    fake.with(|s| s.interrupts = true);
    let ticket = card.submit(Command::nop()).unwrap();
    for _ in 0..10 {
        card.interrupt_came();
        let _ = card.try_wait(ticket).unwrap();
    }
    card.wait(ticket).unwrap();
}

#[test]
fn a_silent_command_times_out_in_card_cycles() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    fake.script(|_| vec![]);
    let error = card.run(Command::nop()).unwrap_err();
    assert!(matches!(error, Error::TimedOut { budget: 1000, cycles: 1001.., .. }), "{error}");
    fake.with(|s| s.script = None);
    card.reset().unwrap();
    card.run(Command::nop()).unwrap();
    fake.script(|_| vec![]);
    let error = card.run(Command::nop().budget(5000)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { budget: 5000, .. }), "{error}");
}

#[test]
fn a_clock_that_stands_still_or_runs_backwards_ends_the_wait() {
    for step in [0, u64::MAX] {
        let fake = Fake::new();
        let mut card = open(&fake, 4);
        fake.script(|_| vec![]);
        fake.with(|s| (s.cycles, s.cycles_per_wait) = (1 << 40, 0));
        let ticket = card.submit(Command::nop()).unwrap();
        fake.with(|s| s.cycles = s.cycles.wrapping_add(step));
        let error = card.wait(ticket).unwrap_err();
        assert!(matches!(error, Error::Stalled { .. }), "{error}");
    }
}

#[test]
fn a_card_that_is_pulled_out_is_gone() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let ticket = card.submit(Command::nop()).unwrap();
    fake.with(|s| s.unplugged = true);
    let error = card.wait(ticket).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }) && error.is_gone(), "{error}");
    assert!(matches!(card.reset(), Err(Error::Gone { .. })));
}

#[test]
fn a_stopped_queue_is_told() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    fake.script(|_| vec![]);
    fake.set(reg::STATUS, reg::STATUS_READY | reg::STATUS_QUEUE_ERROR);
    assert!(matches!(card.run(Command::nop()), Err(Error::QueueStopped { .. })));
}

#[test]
fn the_function_is_reset_when_the_cards_own_reset_fails() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    fake.with(|s| s.reset_works = false);
    card.reset().unwrap();
    assert_eq!(fake.with(|s| (s.function_resets, s.config[4] & 6)), (1, 6));
    card.run(Command::nop()).unwrap();
}

#[test]
fn what_is_no_card_is_refused_in_words() {
    let error = |register, value| {
        let fake = Fake::new();
        fake.set(register, value);
        Card::open(Box::new(fake)).err().expect("refused").to_string()
    };
    assert!(error(reg::ID, 0x1234).contains("no Gristmill card"));
    assert!(error(reg::ID, u32::MAX).contains("is gone"));
    assert!(error(reg::CLOCK_HZ, 0).contains("CLOCK_HZ"));
    assert!(error(reg::CAPS, 1).contains("no queues"));
    assert!(error(reg::CAPS, 0x102).contains("CAP_MSM"));
    assert!(error(reg::CAPS, 0x104).contains("CAP_NTT"));
    let fake = Fake::new();
    let options = Options { log_ring: 13, ..Options::default() };
    assert!(matches!(Card::open_with(Box::new(fake), options), Err(Error::RingSize { log: 13 })));
}

#[test]
fn a_card_of_another_major_version_is_refused_by_name_of_both() {
    let ours = ((ABI_VERSION >> 16) as u16, ABI_VERSION as u16);
    let open = |version| {
        let fake = Fake::new();
        fake.set(reg::VERSION, version);
        (Card::open(Box::new(fake.clone())), fake)
    };
    for (theirs, to_update) in [((ours.0 + 1, 3), "the driver"), ((ours.0 - 1, 9), "the card")] {
        let (card, fake) = open(u32::from(theirs.0) << 16 | u32::from(theirs.1));
        let error = card.err().expect("refused");
        assert!(matches!(error, Error::Version { card, driver, .. } if card == theirs && driver == ours), "{error}");
        let text = error.to_string();
        for part in [format!("version {}.{} ", theirs.0, theirs.1), format!("version {}.{};", ours.0, ours.1)] {
            assert!(text.contains(&part) && text.ends_with(&format!("update {to_update}")), "{text}");
        }
        // Nothing of it was believed: it was neither reset nor given a queue.
        assert!(fake.with(|s| s.writes.is_empty()), "{:?}", fake.with(|s| s.writes.clone()));
    }
    // Another minor version is the same contract with more or fewer registers.
    for minor in [0, ours.1 + 1] {
        let (card, _) = open(u32::from(ours.0) << 16 | u32::from(minor));
        assert_eq!(card.expect("opens").info().version, (ours.0, minor));
    }
}

#[test]
fn a_card_tells_what_it_was_built_from() {
    let fake = Fake::new();
    assert_eq!(open(&fake, 4).info().source_hash, SourceHash::NONE);
    let fake = Fake::new();
    let hash = SourceHash(std::array::from_fn(|i| 0x0123_4567 + i as u32));
    hash.registers().for_each(|(offset, word)| fake.set(offset, word));
    assert_eq!(open(&fake, 4).info().source_hash, hash);
}

#[test]
fn a_check_up_of_a_good_card_is_good() {
    let fake = Fake::new();
    let mut card = open(&fake, 4);
    let findings = card.doctor().unwrap();
    assert!(findings.healthy(), "{findings:?}");
    fake.set(reg::STATUS, 0);
    assert!(!card.doctor().unwrap().healthy());
}

#[test]
fn closing_resets_the_card_and_takes_its_memory() {
    let fake = Fake::new();
    let card = open(&fake, 4);
    let ring = fake.with(|s| u64::from(s.registers[&reg::SQ_BASE_LO]));
    assert!(fake.with(|s| s.read_host(ring, 64)).is_some());
    drop(card);
    assert!(fake.with(|s| s.read_host(ring, 64)).is_none());
    assert_eq!(fake.with(|s| (s.config[4] & 4, s.registers[&reg::CONTROL])), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a card writes into the completion ring: no panic, an end in bounded time, and after
    /// a reset a good card works.
    #[test]
    fn completion_garbage_is_survived(garbage in prop::collection::vec(any::<[u32; 8]>(), 1..20), near in any::<bool>()) {
        let fake = Fake::new();
        let mut card = open(&fake, 3);
        let mut next = 0;
        fake.script(move |c| {
            let words = garbage[next % garbage.len()];
            next += 1;
            let mut bytes = [0; 32];
            bytes.chunks_exact_mut(4).zip(words).for_each(|(b, w)| b.copy_from_slice(&w.to_le_bytes()));
            let g = Completion::decode(&bytes);
            match near {
                // Small deviations get further than noise.
                true => vec![Completion { id: c.id.wrapping_add(g.id % 2), status: g.status % 16, sq_head: c.sq_head ^ (g.sq_head & 1), phase: g.phase, ..c }],
                false => vec![g],
            }
        });
        if let Ok(tickets) = card.submit_all((0..12).map(|_| Command::nop())) {
            for ticket in tickets {
                let _ = card.wait(ticket);
            }
        }
        fake.with(|s| s.script = None);
        card.reset().unwrap();
        card.run(Command::nop()).unwrap();
    }
}

#[test]
fn tasks_wait_where_there_is_no_eventfd() {
    let fake = Fake::new();
    let card = open(&fake, 4);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let card = AsyncCard::new(card).unwrap();
        let tickets = card.submit_all((0..5).map(|_| Command::nop())).unwrap();
        for ticket in tickets {
            card.wait(ticket).await.unwrap();
        }
    });
    assert!(matches!(AsyncCard::new(open(&fake, 4)), Err(Error::Async(_))));
}
