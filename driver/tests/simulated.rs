//! The whole driver against the protocol-only simulator over vfio-user.
#![cfg(target_os = "linux")]

#[path = "support/simulator.rs"]
mod simulator;

use gristmill_abi::completion::Status;
use gristmill_abi::layout::{Curve, WORD_BYTES};
use gristmill_driver::*;
use gristmill_sim::fault::{Fault, FaultPlan};
use rand::{Rng, SeedableRng, rngs::StdRng};
use simulator::Simulator;
use std::time::{Duration, Instant};

fn random(bytes: usize, seed: u64) -> Vec<u8> {
    let mut data = vec![0; bytes];
    StdRng::seed_from_u64(seed).fill(&mut data[..]);
    data
}

fn contents(buffer: &DmaBuffer) -> Vec<u8> {
    let mut data = vec![0; buffer.len() as usize];
    buffer.read(0, &mut data).unwrap();
    data
}

#[test]
fn identity_and_capabilities() {
    let sim = Simulator::new();
    let mut card = sim.open();
    let info = card.info();
    assert_eq!((info.version.0, info.copy, info.msm, info.ntt), (1, true, None, None));
    assert_eq!(info.card_mem_bytes, 64 << 20);
    let findings = card.doctor().unwrap();
    assert!(findings.healthy(), "{findings:?}");
    let msm = Command::msm(Curve::Bn254, 1, Place::Card(0), Place::Card(64), ScalarForm::Canonical, Place::Card(96));
    assert!(matches!(card.run(msm), Err(Error::NotOffered { .. })));
}

#[test]
fn copies_of_many_sizes_go_there_and_back() {
    let sim = Simulator::new();
    let mut card = sim.open();
    for (i, words) in [1usize, 2, 15, 16, 17, 127, 128, 129, 65_536, 262_145].into_iter().enumerate() {
        let data = random(words * WORD_BYTES, i as u64);
        let mut source = card.allocate(data.len() as u64).unwrap();
        let target = card.allocate(data.len() as u64).unwrap();
        source.write(0, &data).unwrap();
        let at = 32 * i as u64;
        let done = card.run(Command::copy_to_card(source.whole(), at)).unwrap();
        assert_eq!(done.work, words as u64);
        card.run(Command::copy_from_card(at, target.whole())).unwrap();
        assert!(contents(&target) == data, "{words} words");
    }
}

#[test]
fn copies_in_the_card_and_zeroing() {
    let sim = Simulator::new();
    let mut card = sim.open();
    let data = random(1024, 7);
    let mut buffer = card.allocate(1024).unwrap();
    buffer.write(0, &data).unwrap();
    let back = card.allocate(1024).unwrap();
    let before = card.counters().unwrap();
    let tickets = card
        .submit_all([
            Command::copy_to_card(buffer.whole(), 0),
            Command::copy(Place::Card(0), Place::Card(4096), 32),
            Command::zero(Place::Card(4096 + 512), 8),
            Command::copy_from_card(4096, back.whole()),
        ])
        .unwrap();
    for ticket in tickets {
        card.wait(ticket).unwrap();
    }
    let mut expected = data;
    expected[512..768].fill(0);
    assert_eq!(contents(&back), expected);
    card.run(Command::zero(&buffer, 32)).unwrap();
    assert_eq!(contents(&buffer), [0; 1024]);
    let counted = card.counters().unwrap().since(&before);
    assert_eq!((counted.commands, counted.errors), (5, 0));
    // Descriptors and completions are not data.
    assert!(counted.host_read >= 1024 && counted.host_write >= 1024 + 1024);
}

#[test]
fn many_in_flight_and_rings_that_wrap() {
    let sim = Simulator::new();
    let mut card = sim.open_with(Options { log_ring: 4, ..Options::default() });
    let mut buffer = card.allocate(64 * 32).unwrap();
    buffer.write(0, &random(64 * 32, 3)).unwrap();
    let back = card.allocate(64 * 32).unwrap();
    for round in 0..30 {
        // Each word by a command of its own, in an order of its own: far more than the ring holds.
        let order = |i: u64| (i * 29 + round) % 64;
        let there = (0..64).map(|i| Command::copy_to_card(buffer.slice(order(i) * 32, 32).unwrap(), order(i) * 32));
        let tickets = card.submit_all(there).unwrap();
        let last = card.submit(Command::copy_from_card(0, back.whole())).unwrap();
        card.wait(last).unwrap();
        assert!(contents(&back) == contents(&buffer), "round {round}");
        for ticket in tickets.rev() {
            card.wait(ticket).unwrap();
        }
        card.run(Command::zero(Place::Card(0), 64)).unwrap();
    }
}

#[test]
fn wrong_commands_get_their_status_and_the_card_goes_on() {
    let sim = Simulator::new();
    let mut card = sim.open();
    let buffer = card.allocate(4096).unwrap();
    let end = card.info().card_mem_bytes;
    let cases = [
        (Command::copy(Place::Iova(0x40), Place::Card(0), 1), Status::HostReadFault),
        (Command::copy(Place::Card(0), Place::Iova(0x40), 1), Status::HostWriteFault),
        (Command::copy(Place::Iova(u64::MAX - 31), Place::Card(0), 2), Status::BadRange),
        (Command::copy(Place::Card(end - 32), &buffer, 2), Status::BadRange),
        (Command::copy(Place::Card(8), &buffer, 1), Status::BadAlignment),
        (Command::zero(Place::Card(0), 0), Status::BadCount),
        (Command::zero(Place::Card(0), u32::MAX), Status::BadCount),
    ];
    for (command, expected) in cases {
        let shown = format!("{command:?}");
        match card.run(command) {
            Err(Error::Command { status, .. }) => assert_eq!(status, expected, "{shown}"),
            other => panic!("{shown}: {other:?}"),
        }
        card.run(Command::nop()).unwrap();
    }
    assert_eq!(card.counters().unwrap().errors, 7);
}

#[test]
fn a_reset_keeps_card_memory_and_makes_tickets_stale() {
    let sim = Simulator::with_faults(&[FaultPlan { skip: 1, ..FaultPlan::next(Fault::Hang) }]);
    let mut card = sim.open();
    let data = random(320, 9);
    let mut buffer = card.allocate(320).unwrap();
    buffer.write(0, &data).unwrap();
    card.run(Command::copy_to_card(buffer.whole(), 64)).unwrap();
    let hung = card.submit(Command::nop()).unwrap();
    assert!(matches!(card.try_wait(hung), Ok(None)));
    card.reset().unwrap();
    assert!(matches!(card.wait(hung), Err(Error::Stale)));
    let back = card.allocate(320).unwrap();
    card.run(Command::copy_from_card(64, back.whole())).unwrap();
    assert_eq!(contents(&back), data);
}

/// Time-outs and a lost server are noticed too where nobody sleeps.
#[test]
fn watching_ends_when_the_card_hangs_or_goes() {
    let options = Options { wait: Wait::BUSY, ..Options::default() };
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::Hang)]);
    let mut card = sim.open_with(options);
    let error = card.run(Command::nop().budget(100_000_000)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    card.reset().unwrap();
    card.run(Command::nop()).unwrap();
    drop(card);
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::CloseSocket), FaultPlan::next(Fault::Hang)]);
    let error = sim.open_with(options).run(Command::nop()).unwrap_err();
    assert!(error.is_gone(), "{error}");
}

#[test]
fn a_hung_command_times_out_in_card_cycles() {
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::Hang)]);
    let mut card = sim.open();
    // This card's cycles are nanoseconds.
    let error = card.run(Command::nop().budget(200_000_000)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { budget: 200_000_000, .. }), "{error}");
    assert!(error.needs_reset());
    card.reset().unwrap();
    card.run(Command::nop()).unwrap();
}

#[test]
fn a_lost_completion_times_out() {
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::DropCompletion)]);
    let mut card = sim.open();
    let error = card.run(Command::nop().budget(100_000_000)).unwrap_err();
    assert!(error.needs_reset(), "{error}");
    card.reset().unwrap();
    card.run(Command::nop()).unwrap();
}

/// A card that has nothing to do while a command is in flight need not use up its cycles first.
#[test]
fn an_idle_card_that_owes_a_completion_is_noticed() {
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::DropCompletion)]);
    let limits = Limits { stall: Duration::from_millis(300), ..Limits::default() };
    let mut card = sim.open_with(Options { limits, ..Options::default() });
    let error = card.run(Command::nop().budget(u64::MAX / 2)).unwrap_err();
    assert!(error.to_string().contains("says that it is idle"), "{error}");
    card.reset().unwrap();
    card.run(Command::nop()).unwrap();
}

#[test]
fn garbage_and_death_are_noticed() {
    for (fault, gone) in [(Fault::GarbageRegisters, None), (Fault::Die, Some(true)), (Fault::Status(77), Some(false))] {
        let sim = Simulator::with_faults(&[FaultPlan::next(fault)]);
        let mut card = sim.open();
        let started = Instant::now();
        match (card.run(Command::nop()), gone) {
            (Err(error), Some(gone)) => assert_eq!(error.is_gone(), gone, "{fault:?}: {error}"),
            // The completion may still come; the next look at a register then tells.
            (Err(error), None) => assert!(error.is_gone(), "{fault:?}: {error}"),
            (Ok(_), None) => assert!(card.reset().unwrap_err().is_gone()),
            (Ok(_), Some(_)) => panic!("{fault:?} went unnoticed"),
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{fault:?}");
    }
}

#[test]
fn a_server_that_closes_in_mid_job_ends_the_wait() {
    let fourth = |fault| FaultPlan { skip: 3, ..FaultPlan::next(fault) };
    let sim = Simulator::with_faults(&[fourth(Fault::CloseSocket), fourth(Fault::Hang)]);
    let mut card = sim.open();
    let started = Instant::now();
    let tickets = card.submit_all((0..8).map(|_| Command::nop())).unwrap();
    let results: Vec<_> = tickets.map(|t| card.wait(t)).collect();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(results[..3].iter().all(Result::is_ok));
    let error = results[7].as_ref().unwrap_err();
    assert!(error.is_gone(), "{error}");
    assert!(card.submit(Command::nop()).is_err());
    drop(card);
    // The server is there for the next client.
    sim.open().run(Command::nop()).unwrap();
}

#[test]
fn a_server_that_is_stopped_in_mid_job_ends_the_wait() {
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::Hang)]);
    let mut card = sim.open();
    let ticket = card.submit(Command::nop()).unwrap();
    sim.stopper.stop();
    let started = Instant::now();
    let error = card.wait(ticket).unwrap_err();
    assert!(error.is_gone(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    drop(sim);
    drop(card);
}

#[test]
fn the_next_client_finds_a_clean_card() {
    let sim = Simulator::new();
    let mut card = sim.open();
    let mut secret = card.allocate(64).unwrap();
    secret.write(0, &[0x5a; 64]).unwrap();
    card.run(Command::copy_to_card(secret.whole(), 0)).unwrap();
    drop((secret, card));
    let mut card = sim.open();
    let seen = card.allocate(64).unwrap();
    card.run(Command::copy_from_card(0, seen.whole())).unwrap();
    assert_eq!(contents(&seen), [0; 64]);
}

#[test]
fn tasks_wait_for_commands_of_one_card() {
    for wait in [Wait::Interrupt, Wait::Poll { spin: Duration::from_micros(20) }, Wait::BUSY] {
        tasks_wait(wait);
    }
}

fn tasks_wait(wait: Wait) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let sim = Simulator::new();
    let card = sim.open_with(Options { log_ring: 6, wait, ..Options::default() });
    runtime.block_on(async {
        let card = std::sync::Arc::new(AsyncCard::new(card).unwrap());
        let mut tasks = Vec::new();
        for i in 0..40u64 {
            let card = card.clone();
            tasks.push(tokio::spawn(async move {
                let data = random(320, i);
                let (source, target) = card.with(|c| {
                    let mut source = c.allocate(320).unwrap();
                    source.write(0, &data).unwrap();
                    (source, c.allocate(320).unwrap())
                });
                let at = 320 * i;
                card.run(Command::copy_to_card(source.whole(), at)).await.unwrap();
                let bad = card.run(Command::copy(Place::Iova(0x40), Place::Card(at), 1)).await;
                assert!(matches!(bad, Err(Error::Command { status: Status::HostReadFault, .. })));
                card.run(Command::copy_from_card(at, target.whole())).await.unwrap();
                assert!(contents(&target) == data);
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut card = std::sync::Arc::into_inner(card).unwrap().into_inner().unwrap();
        assert_eq!(card.counters().unwrap().commands, 80);
    });
}

#[test]
fn a_task_notices_a_dead_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sim = Simulator::with_faults(&[FaultPlan::next(Fault::CloseSocket), FaultPlan::next(Fault::Hang)]);
    let card = sim.open();
    runtime.block_on(async {
        let card = AsyncCard::new(card).unwrap();
        let waited = tokio::time::timeout(Duration::from_secs(5), card.run(Command::nop())).await;
        assert!(waited.expect("bounded").unwrap_err().is_gone());
    });
}
