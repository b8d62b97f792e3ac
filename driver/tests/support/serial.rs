//! What the serial transport's tests share.
#![allow(dead_code)] // each test file uses its part

use gristmill_driver::dma::DmaPool;
use gristmill_driver::transport::serial::{Options, Serial};
use gristmill_driver::*;
use gristmill_peers::serial::Board;
use std::time::Duration;

/// Patient enough for a machine that is busy with other things: bytes are counted.
pub fn options() -> Options {
    Options { grace: Duration::from_secs(2), ..Options::default() }
}

pub fn greet(board: &Board) -> Serial {
    Serial::open_with(&board.path, options()).unwrap()
}

/// Host memory that the transport has mapped.
pub fn memory(t: &mut dyn Transport, bytes: u64) -> (DmaPool, DmaBuffer) {
    let pool = DmaPool::new(t.iova_ranges());
    let buffer = pool.allocate(t, bytes).unwrap();
    (pool, buffer)
}

/// Bytes with many flags and escapes among them.
pub fn pattern(len: usize, seed: u8) -> Vec<u8> {
    let byte = |i: usize| (i as u8).wrapping_mul(seed | 1).wrapping_add((i >> 8) as u8);
    (0..len).map(|i| if i % 7 == 3 { 0x7d + (i / 7 % 2) as u8 } else { byte(i) }).collect()
}

/// Copies to card memory and back, in bursts of all lengths, and empty commands.
pub fn copies(card: &mut Card, words: usize, seed: u8) {
    let data = pattern(words.min(2000) * 32, seed);
    let mut source = card.allocate(data.len() as u64).unwrap();
    let target = card.allocate(data.len() as u64).unwrap();
    source.write(0, &data).unwrap();
    card.run(Command::copy_to_card(source.whole(), 0)).unwrap();
    card.run(Command::nop()).unwrap();
    card.run(Command::copy_from_card(0, target.whole())).unwrap();
    let mut back = vec![0; data.len()];
    target.read(0, &mut back).unwrap();
    assert!(back == data, "{words} words came back changed");
}
