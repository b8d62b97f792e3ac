//! Commands through the driver itself.

use super::{Outcome, card, ensure};
use gristmill_driver::{Card, Command, open};

/// Copies to card memory and back, more than one page, each byte where it belongs.
pub fn copies_arrive() -> Outcome {
    let mut card = Card::open(open(&card()?)?)?;
    let bytes = 3 * 4096 + 64;
    let pattern: Vec<u8> = (0..bytes as u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let (mut there, back) = (card.allocate(bytes)?, card.allocate(bytes)?);
    there.write(0, &pattern)?;
    let done = card.run(Command::copy_to_card(there.slice(0, bytes)?, 4096))?;
    println!("{} words in {} cycles", done.work, done.cycles);
    card.run(Command::copy_from_card(4096, back.slice(0, bytes)?))?;
    let mut got = vec![0; bytes as usize];
    back.read(0, &mut got)?;
    let wrong = got.iter().zip(&pattern).position(|(a, b)| a != b);
    ensure!(wrong.is_none(), "byte {wrong:?} differs");
    Ok(())
}
