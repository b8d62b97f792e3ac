//! The serial transport over lines that lose, double and damage bytes, and boards that vanish.
#![cfg(target_os = "linux")]

#[path = "support/serial.rs"]
mod support;

use gristmill_abi::registers as reg;
use gristmill_abi::serial::{FETCH, INTERRUPT, STORE, WRITE};
use gristmill_driver::transport::serial::{Options as Line, Serial, SerialError};
use gristmill_driver::*;
use gristmill_peers::serial::{Behaviour, Board, Noise};
use std::time::{Duration, Instant};
use support::*;

/// Both directions hit so many of a million bytes.
fn noisy(seed: u64, per_million: u32) -> Behaviour {
    Behaviour {
        retry: Duration::from_millis(10),
        noise_in: Noise::new(seed, per_million),
        noise_out: Noise::new(!seed, per_million),
        ..Behaviour::default()
    }
}

fn impatient(board: &Board) -> Serial {
    // Answers over a pseudo-terminal take microseconds; a busy machine may need longer, which only
    // makes for more repeats.
    Serial::open_with(&board.path, Line { grace: Duration::from_millis(5), ..Line::default() }).unwrap()
}

/// One byte in a hundred: half of all register accesses are hit.
#[test]
fn registers_over_a_bad_line() {
    let board = Board::on_pty(noisy(1, 10_000)).unwrap();
    let mut t = impatient(&board);
    let values = || (0..400u32).map(|i| i.wrapping_mul(0x9e37_79b9) ^ 0x7e7d);
    for value in values() {
        t.write32(reg::SCRATCH, value).unwrap();
        assert_eq!(t.read32(reg::SCRATCH).unwrap(), value);
    }
    let (figures, seen) = (t.link_figures(), board.seen());
    assert!(figures.repeats > 50 && figures.damaged > 20 && seen.damaged > 20, "{figures:?}");
    // Whatever was asked twice was done once.
    assert!(seen.again > 20, "{} questions came again", seen.again);
    let writes: Vec<_> = seen.executed.iter().filter(|(kind, _)| *kind == WRITE).collect();
    assert_eq!(writes.len(), 400);
    for (write, value) in writes.iter().zip(values()) {
        assert_eq!(write.1[2..], value.to_le_bytes());
    }
    assert_eq!(seen.reads, 400);
}

/// The card's questions are not executed twice either: a STORE that comes again writes nothing, an
/// INTERRUPT that comes again counts once.
#[test]
fn the_cards_questions_over_a_bad_line() {
    let board = Board::on_pty(noisy(2, 10_000)).unwrap();
    let mut t = impatient(&board);
    let (_pool, mut buffer) = memory(&mut t, 4096);
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    t.enable_interrupt().unwrap();
    let iova = buffer.iova();
    let data = pattern(4096, 3);
    buffer.write(0, &data).unwrap();
    for i in 0..100 {
        let at = i * 32 % 4096;
        let got = board.with(move |bridge, card| bridge.fetch(card, iova + at, 32));
        assert_eq!(got.as_deref(), Some(&data[at as usize..at as usize + 32]));
        let new = pattern(32, i as u8);
        assert!(board.with(move |bridge, card| bridge.store(card, iova + at, &new)));
        let mut back = [0; 32];
        buffer.read(at, &mut back).unwrap();
        assert_eq!(back[..], pattern(32, i as u8)[..]);
        buffer.write(at, &data[at as usize..at as usize + 32]).unwrap();
        assert!(board.with(|bridge, card| bridge.ask(card, INTERRUPT, &[]).is_some()));
    }
    let (figures, seen) = (t.link_figures(), board.seen());
    assert!(seen.repeats > 50 && figures.card_repeats > 20, "{figures:?}");
    assert_eq!((figures.fetched, figures.stored, figures.interrupts), (3200, 3200, 100));
}

/// Whole commands: a driver and a card that know nothing of the line.
#[test]
fn commands_over_a_bad_line() {
    for (seed, per_million, words) in [(3, 1_000, 300), (4, 10_000, 2)] {
        let board = Board::on_pty(noisy(seed, per_million)).unwrap();
        let mut card = Card::open(Box::new(impatient(&board))).unwrap();
        for round in 0..4 {
            copies(&mut card, words, round);
        }
        let commands = board.with(|_, card| card.commands);
        assert_eq!(commands, 4 * 3, "each command was run once");
        assert!(board.seen().repeats > 5);
    }
}

/// A STORE whose answer is lost is not done again, though memory has changed meanwhile.
#[test]
fn a_repeated_store_does_not_overwrite() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    let (_pool, mut buffer) = memory(&mut t, 4096);
    t.config_write(4, &6u16.to_le_bytes()).unwrap();
    let question = [&[STORE, 9][..], &buffer.iova().to_le_bytes(), &32u16.to_le_bytes(), &[0xaa; 32]].concat();
    let send = |question: &[u8]| {
        let question = question.to_vec();
        board.with(move |bridge, _| bridge.send(&question));
        let before = t.link_figures().frames_sent;
        let deadline = Instant::now() + Duration::from_secs(5);
        while t.link_figures().frames_sent == before && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let seen = |buffer: &DmaBuffer| buffer.load32(0).unwrap();
    send(&question);
    assert_eq!(seen(&buffer), 0xaaaa_aaaa);
    buffer.write(0, &[0x55; 32]).unwrap();
    send(&question);
    assert_eq!(seen(&buffer), 0x5555_5555);
    // Another number is another question.
    send(&[&[STORE, 10], &question[2..]].concat());
    assert_eq!(seen(&buffer), 0xaaaa_aaaa);
    // A FETCH may be read anew.
    let fetch = [&[FETCH, 11][..], &buffer.iova().to_le_bytes(), &32u16.to_le_bytes()].concat();
    send(&fetch);
    send(&fetch);
    let figures = t.link_figures();
    assert_eq!((figures.stored, figures.fetched, figures.card_repeats), (64, 32, 2));
}

#[test]
fn a_board_that_falls_silent_is_given_up() {
    let board = Board::on_pty(Behaviour { silent_after: Some(3), ..Behaviour::default() }).unwrap();
    let line = Line { grace: Duration::from_millis(1), repeats: 5, ..Line::default() };
    let mut t = Serial::open_with(&board.path, line).unwrap();
    assert!(t.read32(reg::ID).is_ok() && t.write32(reg::SCRATCH, 1).is_ok());
    let error = t.read32(reg::STATUS).unwrap_err();
    let text = error.to_string();
    for part in ["is gone", "a read of register", "6 tries", "not a byte", "check the cable", "3000000 baud"] {
        assert!(text.contains(part), "{text}: no {part}");
    }
    // From then on it says so at once.
    let started = Instant::now();
    assert!(matches!(t.write32(reg::SCRATCH, 1), Err(TransportError::Gone { .. })));
    assert!(matches!(t.wait_interrupt(Duration::from_secs(9)), Err(TransportError::Gone { .. })));
    assert!(matches!(t.config_read(0, &mut [0; 2]), Err(TransportError::Gone { .. })));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(t.link_figures().repeats, 5);
    let (_pool, _buffer) = memory(&mut t, 4096); // mapping needs no board
}

#[test]
fn nobody_there() {
    let silent = Board::on_pty(Behaviour { silent_after: Some(0), ..Behaviour::default() }).unwrap();
    let line = Line { grace: Duration::from_millis(1), repeats: 3, baud: 115_200 };
    let error = Serial::open_with(&silent.path, line).unwrap_err();
    assert!(matches!(error, TransportError::Serial { source: SerialError::Silent { tries: 4, .. }, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("not a byte") && text.contains("115200 baud") && text.contains("programmed"), "{text}");
    // A wrong speed yields bytes, but no frames.
    let garbled = Behaviour { noise_out: Noise::new(5, 900_000), ..Behaviour::default() };
    let wrong = Board::on_pty(garbled).unwrap();
    let text = Serial::open_with(&wrong.path, line).unwrap_err().to_string();
    assert!(text.contains("but no whole frame"), "{text}");
}

#[test]
fn another_version_is_refused() {
    for (version, way_out) in [(0, "newer bitstream"), (2, "update the driver")] {
        let board = Board::on_pty(Behaviour { version, ..Behaviour::default() }).unwrap();
        let error = Serial::open_with(&board.path, options()).unwrap_err();
        let typed = matches!(error, TransportError::Serial { source: SerialError::Version { theirs, ours: 1 }, .. } if theirs == version);
        assert!(typed && error.to_string().contains(way_out), "{error}");
    }
}

#[test]
fn unplugged_in_the_middle() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut card = Card::open(Box::new(greet(&board))).unwrap();
    card.run(Command::nop()).unwrap();
    drop(board);
    let started = Instant::now();
    let error = card.run(Command::nop()).unwrap_err();
    assert!(error.is_gone() && error.to_string().contains("plugged in"), "{error}");
    drop(card);
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Whoever waits for an interrupt hears at once that the board is gone.
#[test]
fn unplugged_while_waiting() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut t = greet(&board);
    t.enable_interrupt().unwrap();
    let pull = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(board);
    });
    let started = Instant::now();
    let error = t.wait_interrupt(Duration::from_secs(60)).unwrap_err();
    assert!(matches!(error, TransportError::Gone { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(30));
    pull.join().unwrap();
}

#[test]
fn ports_that_cannot_be_had() {
    let open = |path: &std::path::Path| Serial::open(path, 3_000_000).unwrap_err();
    let kind = |error: TransportError| match error {
        TransportError::Serial { source, .. } => source,
        other => panic!("{other}"),
    };
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(kind(open(&folder.path().join("ttyUSB9"))), SerialError::NoPort { .. }));
    assert!(matches!(kind(open(folder.path())), SerialError::NotATty { .. }));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(kind(open(&file)), SerialError::NotATty { .. }));
    assert!(matches!(kind(open("/dev/null".as_ref())), SerialError::NotATty { .. }));
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let first = greet(&board);
    let error = kind(open(&board.path));
    assert!(matches!(error, SerialError::Busy { .. }) && error.to_string().contains("fuser"), "{error}");
    drop(first);
    drop(greet(&board));
}
