//! Several queue pairs of one card at work at once.

use super::{Outcome, card, ensure};
use gristmill_driver::{Card, Command, DmaBuffer, Error, Options, Place, Ticket, open};

/// Words of one copy.
const WORDS: u64 = 40;

/// One copy to the card and back.
struct Copy {
    value: u8,
    there: Ticket,
    back: Ticket,
    buffer: DmaBuffer,
}

/// Copies on both queues of the card, all in flight before any is waited for; a command that fails
/// in one; a reset under both.
pub fn several_in_flight() -> Outcome {
    let mut card = Card::open_with(open(&card()?)?, Options { queues: 4, ..Options::default() })?;
    ensure!(card.queues() == 2, "{} queues, the tiny card has 2", card.queues());
    let mut copies = Vec::new();
    for round in 0..12u64 {
        for index in 0..2 {
            let (value, at) = (1 + 2 * round as u8 + index as u8, 32 * WORDS * (2 * round + index as u64));
            let mut from = card.allocate(32 * WORDS)?;
            from.write(0, &[value; 32 * WORDS as usize])?;
            let buffer = card.allocate(32 * WORDS)?;
            let mut batch = card.queue(index)?.batch();
            let there = batch.push(Command::copy_to_card(from.whole(), at))?;
            let back = batch.push(Command::copy_from_card(at, buffer.whole()))?;
            batch.submit()?;
            copies.push(Copy { value, there, back, buffer });
        }
    }
    let wrong = card.queue(1)?.submit(Command::zero(Place::Card(1 << 30), 1))?;
    println!("{} commands in flight on {} queues", card.in_flight(), card.queues());
    // The youngest first: results are kept until somebody asks.
    for copy in copies.into_iter().rev() {
        card.wait(copy.back)?;
        card.wait(copy.there)?;
        let mut got = [0; 32 * WORDS as usize];
        copy.buffer.read(0, &mut got)?;
        ensure!(got.iter().all(|b| *b == copy.value), "queue {}: not {}", copy.back.queue(), copy.value);
    }
    let ended = card.wait(wrong);
    ensure!(matches!(ended, Err(Error::Command { .. })), "a zero beyond the card's memory gave {ended:?}");

    let lost = [card.queue(0)?.submit(Command::nop())?, card.queue(1)?.submit(Command::nop())?];
    card.reset()?;
    for ticket in lost {
        // It may have ended before the reset.
        let ended = card.wait(ticket);
        ensure!(matches!(ended, Ok(_) | Err(Error::Stale)), "after the reset {ended:?}");
    }
    card.queue(1)?.run(Command::nop())?;
    card.queue(1)?.restart()?;
    for index in 0..2 {
        card.queue(index)?.run(Command::nop())?;
    }
    Ok(())
}
