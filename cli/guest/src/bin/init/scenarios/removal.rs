//! A card that is pulled out.

use super::commands::gristmill;
use super::jobs::{keep_busy, round_trip};
use super::{Outcome, address, ask, card, ensure, open_card};
use gristmill_driver::{Card, open};
use std::time::Instant;

/// The card disappears in the middle of a job: the wait ends with an error that says so, closing
/// ends too, opening it again says what is the matter, and another card goes on.
pub fn pulled_out_in_the_middle() -> Outcome {
    let mut other = Card::open(open(&format!("vfio:{}", address(1)?))?)?;
    let mut pulled = open_card()?;
    let (tickets, _scalars) = keep_busy(&mut pulled, 8)?;
    ask("kill 0")?;
    let started = Instant::now();
    let error = pulled.wait(tickets[0]).err().ok_or("a job of a card that is not there has ended well")?;
    println!("after {:?}: {error}", started.elapsed());
    ensure!(error.is_gone(), "nothing says that the card is gone: {error}");
    let again = pulled.wait(tickets[1]).err().ok_or("another job has ended well")?;
    ensure!(again.is_gone(), "the next wait says: {again}");
    let started = Instant::now();
    drop(pulled);
    println!("closed in {:?}", started.elapsed());
    round_trip(&mut other, 8192, 0, 14)?;
    let info = gristmill(&["info", "--device", &card()?])?;
    ensure!(info.status.code() == Some(2), "opening it again: {}", info.status);
    Ok(())
}
