//! The serial transport against a board in software behind a pseudo-terminal: what it is for.
#![cfg(target_os = "linux")]

#[path = "support/serial.rs"]
mod support;

use gristmill_abi::pci;
use gristmill_abi::{CARD_ID, registers as reg, serial};
use gristmill_driver::transport::serial::{Figures, Serial};
use gristmill_driver::*;
use gristmill_peers::serial::{Behaviour, Board};
use std::time::Duration;
use support::*;

#[test]
fn registers_and_configuration_space() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    assert_eq!(t.read32(reg::ID).unwrap(), CARD_ID);
    for value in [0, 1, 0x7e7d_5e7e, u32::MAX] {
        t.write32(reg::SCRATCH, value).unwrap();
        assert_eq!(t.read32(reg::SCRATCH).unwrap(), value);
    }
    for value in 0..10 {
        t.post32(reg::SCRATCH, value).unwrap();
    }
    t.flush().unwrap();
    assert_eq!(board.with(|_, card| gristmill_peers::serial::Registers::read(card, reg::SCRATCH)), 9);
    assert!(matches!(t.read32(2), Err(TransportError::Invalid { .. })));

    let mut ids = [0; 12];
    t.config_read(0, &mut ids).unwrap();
    assert_eq!(ids[..2], pci::VENDOR_ID.to_le_bytes());
    assert_eq!(ids[2..4], pci::DEVICE_ID.to_le_bytes());
    assert_eq!(ids[9..], pci::CLASS);
    // Ids cannot be written; the bus-master bit is MASTER, and once is enough.
    t.config_write(0, &[0xff; 4]).unwrap();
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    t.config_read(0, &mut ids).unwrap();
    assert_eq!((ids[..2].to_vec(), ids[4]), (pci::VENDOR_ID.to_le_bytes().to_vec(), 6));
    assert!(board.with(|bridge, _| bridge.is_master()));
    t.config_write(4, &2u16.to_le_bytes()).unwrap();
    let masters: Vec<_> = board.seen().executed.into_iter().filter(|(kind, _)| *kind == serial::MASTER).collect();
    assert_eq!(masters, [(serial::MASTER, vec![1]), (serial::MASTER, vec![0])]);
    assert!(matches!(t.config_read(63, &mut [0; 2]), Err(TransportError::Invalid { .. })));
    // A reset of the function switches mastering off on both sides.
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    t.reset().unwrap();
    t.config_read(4, &mut ids[..2]).unwrap();
    assert_eq!((ids[0], board.with(|bridge, _| bridge.is_master())), (0, false));
    assert_eq!(t.read32(reg::EPOCH).unwrap(), 1);
}

/// The bytes of docs/serial.md.
#[test]
fn bytes_on_the_line() {
    // Now and then a byte of a session, sequence number or CRC is escaped: the smallest of many is meant.
    let first = (0..32).map(|_| {
        let board = Board::on_pty(Behaviour::default()).unwrap();
        let mut t = greet(&board);
        t.write32(reg::SCRATCH, 0).unwrap();
        let quiet = t.link_figures();
        (quiet.bytes_sent, quiet.bytes_received)
    });
    assert_eq!(first.min().unwrap(), (8 + 14, 9 + 8), "HELLO and a write");

    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    let cost = |t: &Serial, before: &Figures| {
        let now = t.link_figures();
        (now.bytes_sent - before.bytes_sent, now.bytes_received - before.bytes_received)
    };
    t.write32(reg::SCRATCH, 0).unwrap();
    t.read32(reg::SCRATCH).unwrap();
    let least = |t: &mut Serial, f: &mut dyn FnMut(&mut Serial)| {
        let each = (0..32).map(|_| {
            let before = t.link_figures();
            f(t);
            cost(t, &before)
        });
        each.min().unwrap()
    };
    assert_eq!(least(&mut t, &mut |t| drop(t.read32(reg::SCRATCH))), (10, 12), "a register read");
    assert_eq!(least(&mut t, &mut |t| drop(t.write32(reg::SCRATCH, 1))), (14, 8), "a register write");

    let (pool, buffer) = memory(&mut t, 4096);
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    let iova = buffer.iova();
    let mut fetch = |t: &mut Serial| {
        let board = &board;
        let _ = t;
        assert!(board.with(move |bridge, card| bridge.fetch(card, iova, 512)).is_some());
    };
    assert_eq!(least(&mut t, &mut fetch), (521, 18), "a burst of 512 bytes from host memory");
    let mut store = |_: &mut Serial| assert!(board.with(move |bridge, card| bridge.store(card, iova, &[0; 512])));
    assert_eq!(least(&mut t, &mut store), (9, 530), "a burst of 512 bytes to host memory");
    drop((pool, buffer));
}

#[test]
fn bytes_of_an_empty_command() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut card = Card::open(Box::new(greet(&board))).unwrap();
    let sum = |card: &mut Card| {
        let entries = card.transport().figures();
        let of = |name| entries.iter().find(|(n, _)| *n == name).unwrap().1;
        (of("link_sent"), of("link_received"))
    };
    let least = (0..32).map(|_| {
        let before = sum(&mut card);
        card.run(Command::nop()).unwrap();
        let after = sum(&mut card);
        // An answer may come after the completion: the next command's count has it then.
        (after.0 - before.0, after.1 - before.1)
    });
    let (sent, received): (Vec<_>, Vec<_>) = least.unzip();
    // Two posted writes (the pending bits, the doorbell), descriptor, completion, interrupt. A few
    // have more, by escaped bytes, or less, where the completion was seen before the interrupt.
    let expected = (2 * 14 + (64 + 9) + 9 + 8, 2 * 8 + 18 + (32 + 18) + 8);
    assert_eq!(expected, (118, 92));
    assert!(sent.contains(&expected.0) && received.contains(&expected.1), "{sent:?} {received:?}");
    assert!(sent.iter().sum::<u64>() <= 33 * expected.0 && received.iter().sum::<u64>() <= 33 * expected.1);
}

#[test]
fn host_memory_both_ways() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    let (_pool, mut buffer) = memory(&mut t, 8192);
    let data = pattern(8192, 1);
    buffer.write(0, &data).unwrap();
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    let iova = buffer.iova();
    for (at, count) in [(0usize, 32usize), (4096 - 512, 512), (4096, 512), (8192 - 64, 64), (96, 160)] {
        let got = board.with(move |bridge, card| bridge.fetch(card, iova + at as u64, count as u16));
        assert_eq!(got.as_deref(), Some(&data[at..at + count]));
        let new = pattern(count, at as u8);
        let stored = new.clone();
        assert!(board.with(move |bridge, card| bridge.store(card, iova + at as u64, &stored)));
        let mut back = vec![0; count];
        buffer.read(at as u64, &mut back).unwrap();
        assert!(back == new);
    }
}

#[test]
fn interrupts_come_once_they_are_enabled() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    let interrupt = || board.with(|bridge, card| bridge.ask(card, serial::INTERRUPT, &[]).is_some());
    let long = Duration::from_secs(5);
    let short = Duration::from_millis(20);
    assert!(interrupt());
    assert!(!t.wait_interrupt(short).unwrap(), "nobody has asked for it");
    t.enable_interrupt().unwrap();
    assert!(!t.wait_interrupt(short).unwrap(), "an old one");
    assert!(interrupt());
    assert!(t.wait_interrupt(long).unwrap() && !t.wait_interrupt(short).unwrap());
    assert!(interrupt() && interrupt());
    assert!(t.wait_interrupt(long).unwrap() && !t.wait_interrupt(short).unwrap());
    t.reset().unwrap();
    assert!(interrupt());
    assert!(!t.wait_interrupt(short).unwrap());
    assert_eq!(t.link_figures().interrupts, 5);
}

#[test]
fn a_card_does_commands() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut card = Card::open(Box::new(greet(&board))).unwrap();
    copies(&mut card, 3000, 5);
    let findings = card.doctor().unwrap();
    assert!(findings.healthy(), "{findings:?}");
    card.reset().unwrap();
    copies(&mut card, 64, 6);
    // The driver's own name for it works as well.
    drop(card);
    let name = format!("serial:{}@115200", board.path.display());
    let (mut card, rescue) = Card::rescue(gristmill_driver::open(&name).unwrap(), true).unwrap();
    assert_eq!((card.name(), rescue.before.is_some()), (&name[..], true));
    copies(&mut card, 64, 7);
}

/// One client after the other, the first leaving in the middle of a command.
#[test]
fn the_next_session_finds_a_clean_card() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    for round in 0..3 {
        let mut t = greet(&board);
        let (_pool, buffer) = memory(&mut t, 4096);
        let iova = buffer.iova();
        let lost = board.with(move |bridge, card| bridge.fetch(card, iova, 32));
        assert_eq!(lost, None, "no mastering after HELLO, round {round}");
        t.config_write(4, &6u16.to_le_bytes()).unwrap();
        assert!(board.with(move |bridge, card| bridge.fetch(card, iova, 32)).is_some());
    }
    copies(&mut Card::open(Box::new(greet(&board))).unwrap(), 32, 1);
}
