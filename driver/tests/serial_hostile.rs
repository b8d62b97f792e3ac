//! The serial transport against boards that mean harm: nothing is read or written that no window
//! shows, nothing panics, nothing grows, and an honest board is understood again afterwards.
#![cfg(target_os = "linux")]

#[path = "support/serial.rs"]
mod support;

use gristmill_abi::serial::*;
use gristmill_abi::{CARD_ID, registers as reg};
use gristmill_driver::dma::DmaPool;
use gristmill_driver::transport::serial::Serial;
use gristmill_driver::*;
use gristmill_peers::serial::{Behaviour, Board, Registers};
use proptest::prelude::*;
use std::time::{Duration, Instant};
use support::*;

fn master(t: &mut Serial, on: bool) {
    t.config_write(4, &(2 + 4 * u16::from(on)).to_le_bytes()).unwrap();
}

/// A question as the card sends it, whatever the protocol allows.
fn question(kind: u8, number: u8, address: u64, count: u16, data: &[u8]) -> Vec<u8> {
    [&[kind, number][..], &address.to_le_bytes(), &count.to_le_bytes(), data].concat()
}

/// Sends frames and waits until the host has dealt with them all.
fn send_all(board: &Board, t: &mut Serial, bodies: Vec<Vec<u8>>) {
    let before = t.link_figures().frames_received;
    let count = bodies.len() as u64;
    board.with(move |bridge, _| bodies.iter().for_each(|body| bridge.send(body)));
    let deadline = Instant::now() + Duration::from_secs(10);
    while t.link_figures().frames_received < before + count && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(t.link_figures().frames_received >= before + count);
}

/// Memory whose every byte is known, behind a transport.
struct Guarded {
    t: Serial,
    pool: DmaPool,
    buffer: DmaBuffer,
    data: Vec<u8>,
}

impl Guarded {
    fn new(board: &Board) -> Self {
        let mut t = greet(board);
        let (pool, mut buffer) = memory(&mut t, 2 << 20);
        let data = pattern(2 << 20, 11);
        buffer.write(0, &data).unwrap();
        Guarded { t, pool, buffer, data }
    }

    fn is_untouched(&self) -> bool {
        let mut now = vec![0; self.data.len()];
        self.buffer.read(0, &mut now).unwrap();
        now == self.data
    }
}

#[test]
fn what_is_outside_is_refused() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut g = Guarded::new(&board);
    master(&mut g.t, true);
    let (iova, end) = (g.buffer.iova(), g.buffer.iova() + g.buffer.len());
    let mut refused = 0;
    for (address, count) in [
        (0, 32),
        (iova - 32, 32),
        (iova - 32, 64),
        (end, 32),
        (end - 32, 64),
        (u64::MAX - 31, 32),
        (u64::MAX - 31, 64),
        (u64::MAX, 32),
        (1 << 63, 512),
        (iova, 0),  // no bytes
        (iova, 31), // not whole words
        (iova, 33),
        (iova, 544), // more than a burst
        (iova, u16::MAX),
        (iova + 4064, 64), // two pages
        (iova + 4095, 32),
    ] {
        refused += 1;
        let got = board.with(move |bridge, card| {
            bridge.ask(card, FETCH, &[&address.to_le_bytes()[..], &u16::to_le_bytes(count)].concat())
        });
        assert_eq!(got, Some(vec![REFUSED]), "FETCH of {count} at {address:#x}");
        if count <= 512 {
            refused += 1;
            let data = vec![0xee; count.into()];
            let got = board.with(move |bridge, card| bridge.store(card, address, &data));
            assert!(!got, "STORE of {count} at {address:#x}");
        }
    }
    assert!(g.is_untouched());
    let figures = g.t.link_figures();
    assert_eq!((figures.refused, figures.fetched, figures.stored), (refused, 0, 0));
}

/// Frames that are well-formed and mean nothing, or not what their length says.
#[test]
fn frames_without_a_meaning_are_dropped() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut g = Guarded::new(&board);
    master(&mut g.t, true);
    let iova = g.buffer.iova();
    let before = g.t.link_figures();
    let mut bodies = vec![
        question(FETCH, 1, iova, 32, &[0]),
        question(STORE, 2, iova, 32, &[0; 31]),
        question(STORE, 3, iova, 32, &[0; 33]),
        question(STORE, 4, iova, 512, &[0; 32]),
        vec![FETCH, 5],
        vec![STORE, 6, 0, 0],
        vec![INTERRUPT, 7, 0],
        vec![0, 8],
        vec![0x7f, 9, 1, 2, 3],
        vec![READ, 10, 0, 0],
        vec![HELLO, 11],
    ];
    // Answers that nobody waits for, of every kind and number.
    for number in 0..=255 {
        bodies.push(vec![READ | ANSWER, number, 1, 2, 3, 4]);
        bodies.push(vec![HELLO | ANSWER, number, 9]);
    }
    let count = bodies.len() as u64;
    send_all(&board, &mut g.t, bodies);
    let after = g.t.link_figures();
    assert_eq!((after.strange - before.strange, after.frames_sent), (count, before.frames_sent));
    assert!(g.is_untouched());
    assert_eq!(g.t.read32(reg::ID).unwrap(), CARD_ID);
}

#[test]
fn without_mastering_nothing_is_served() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut g = Guarded::new(&board);
    let iova = g.buffer.iova();
    let mut number = 0;
    let mut attack = |g: &mut Guarded| {
        number += 2;
        let frames = [question(FETCH, number, iova, 32, &[]), question(STORE, number + 1, iova, 32, &[0xee; 32])];
        let before = g.t.link_figures();
        send_all(&board, &mut g.t, frames.to_vec());
        let now = g.t.link_figures();
        (now.refused - before.refused, now.fetched - before.fetched, now.stored - before.stored)
    };
    assert_eq!(attack(&mut g), (2, 0, 0));
    master(&mut g.t, true);
    master(&mut g.t, false);
    assert_eq!(attack(&mut g), (2, 0, 0));
    master(&mut g.t, true);
    g.t.reset().unwrap();
    assert_eq!(attack(&mut g), (2, 0, 0));
    assert!(g.is_untouched());
    master(&mut g.t, true);
    assert_eq!(attack(&mut g), (0, 32, 32));
    assert!(!g.is_untouched());
    // What was unmapped is gone, whoever masters.
    let Guarded { mut t, pool, buffer, data } = g;
    assert_eq!(pool.unmap(&mut t, buffer).unwrap(), 2 << 20);
    let (_pool, mut buffer) = memory(&mut t, 2 << 20);
    buffer.write(0, &data).unwrap();
    let gone = t.dma_unmap(buffer.iova(), 2 << 20);
    gone.unwrap();
    let mut g = Guarded { t, pool, buffer, data };
    assert_eq!(attack(&mut g), (2, 0, 0));
    assert!(g.is_untouched());
}

/// A board that floods and never reads: what the host cannot send it drops.
#[test]
fn a_flood_neither_blocks_nor_grows() {
    let board = Board::on_pty(Behaviour::default()).unwrap();
    let mut g = Guarded::new(&board);
    master(&mut g.t, true);
    let iova = g.buffer.iova();
    // In one go, so that the board does not read between them: 5 MB of answers to a line of some kB.
    let bodies: Vec<_> =
        (0..10_000u32).map(|i| question(FETCH, i as u8, iova + 512 * (i as u64 % 8), 512, &[])).collect();
    send_all(&board, &mut g.t, bodies);
    let figures = g.t.link_figures();
    assert!(figures.fetched > 10_000 * 256 && figures.frames_sent < 9_000, "{figures:?}");
    // Both sides are as before.
    assert_eq!(g.t.read32(reg::ID).unwrap(), CARD_ID);
    let got = board.with(move |bridge, card| bridge.fetch(card, iova, 512));
    assert_eq!(got.as_deref(), Some(&g.data[..512]));
}

/// One thing that a hostile board puts on the line.
#[derive(Clone, Debug)]
enum Shot {
    Raw(Vec<u8>),
    Frame(Vec<u8>),
    Memory { store: bool, number: u8, address: u64, count: u16, data: usize },
}

fn shots(iova: u64) -> impl Strategy<Value = Vec<Shot>> {
    let raw = prop::collection::vec(prop_oneof![Just(FLAG), Just(ESCAPE), any::<u8>()], 0..1200).prop_map(Shot::Raw);
    let kinds = prop_oneof![Just(FETCH), Just(STORE), Just(INTERRUPT), Just(READ | ANSWER), any::<u8>()];
    let frame = (kinds, prop::collection::vec(any::<u8>(), 1..600))
        .prop_map(|(kind, rest)| Shot::Frame([&[kind], &rest[..]].concat()));
    let near = iova - 8192..iova + (2 << 20) + 8192;
    let address = prop_oneof![near, Just(u64::MAX - 31), any::<u64>()];
    let count = prop_oneof![Just(32u16), Just(512), 0u16..600, any::<u16>()];
    let data = prop_oneof![Just(32usize), Just(512), 0usize..520];
    let memory = (any::<bool>(), any::<u8>(), address, count, data)
        .prop_map(|(store, number, address, count, data)| Shot::Memory { store, number, address, count, data });
    prop::collection::vec(prop_oneof![raw, frame, memory], 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Anything at all, with the card mastering or not: only what lies in the window changes, and
    /// the next honest question is answered.
    #[test]
    fn any_board_can_be_borne(shots in shots(2 << 20), on in any::<bool>()) {
        let board = Board::on_pty(Behaviour::default()).unwrap();
        let mut g = Guarded::new(&board);
        prop_assert_eq!(g.buffer.iova(), 2 << 20);
        // Neighbours that no window shows.
        master(&mut g.t, on);
        board.with(move |bridge, _| {
            for shot in &shots {
                match shot {
                    Shot::Raw(bytes) => bridge.raw(bytes),
                    Shot::Frame(body) => bridge.send(body),
                    Shot::Memory { store, number, address, count, data } => {
                        let kind = if *store { STORE } else { FETCH };
                        let data = if *store { vec![0xee; *data] } else { vec![] };
                        bridge.send(&question(kind, *number, *address, *count, &data));
                    }
                }
            }
            bridge.raw(&[FLAG]);
        });
        let value = g.t.read32(reg::ID);
        prop_assert_eq!(value.unwrap(), CARD_ID);
        prop_assert!(on || g.is_untouched());
        let figures = g.t.link_figures();
        prop_assert!(on || figures.fetched + figures.stored == 0);
        g.t.write32(reg::SCRATCH, 77).unwrap();
        let scratch = board.with(|_, card| card.read(reg::SCRATCH));
        prop_assert_eq!(scratch, 77);
    }
}
