//! Jobs that do not end as they were meant to.

use super::jobs::{keep_busy, round_trip};
use super::roles::Role;
use super::{Outcome, address, card, ensure, ensure_fails, open_card};
use crate::system::{function_file, write};
use gristmill_driver::{Card, Command, Error, Limits, Options, open};
use std::time::Duration;

/// The driver resets the card in the middle of a job: what was in flight is stale, the card works.
pub fn reset_in_the_middle() -> Outcome {
    let mut card = open_card()?;
    let (tickets, _scalars) = keep_busy(&mut card, 8)?;
    std::thread::sleep(Duration::from_millis(100));
    ensure!(card.in_flight() == 8, "{} of 8 jobs are in flight", card.in_flight());
    card.reset()?;
    ensure!(card.in_flight() == 0, "{} jobs have survived", card.in_flight());
    for ticket in tickets {
        ensure_fails!(card.wait(ticket), Error::Stale);
    }
    round_trip(&mut card, 8192, 0, 8)
}

/// Somebody resets the function behind the driver's back: the driver notices, and a reset of its own
/// makes all well.
pub fn reset_by_somebody_else() -> Outcome {
    // A card that calls itself idle is given ten seconds by default.
    let limits = Limits { stall: Duration::from_secs(1), ..Limits::default() };
    let mut card = Card::open_with(open(&card()?)?, Options { limits, ..Options::default() })?;
    let (tickets, _scalars) = keep_busy(&mut card, 8)?;
    write(&function_file(&address(0)?, "reset"), "1")?;
    let lost = card.wait(tickets[0]).err().ok_or("a job survived a reset")?;
    println!("{lost}");
    ensure!(lost.needs_reset() || lost.is_gone(), "nothing says that the card was reset: {lost}");
    if card.reset().is_err() {
        // The driver may also want the device opened anew.
        drop(card);
        card = open_card()?;
    }
    round_trip(&mut card, 8192, 0, 9)
}

/// A process is killed in the middle of its job: the next one gets the card clean.
pub fn killed_in_the_middle() -> Outcome {
    let mut busy = Role::start(&["busy", &card()?])?;
    busy.await_line("busy")?;
    busy.kill();
    let mut card = Card::open(open(&card()?)?)?;
    ensure!(card.in_flight() == 0, "{} commands are in flight", card.in_flight());
    round_trip(&mut card, 8192, 0, 10)?;
    card.run(Command::nop())?;
    Ok(())
}
