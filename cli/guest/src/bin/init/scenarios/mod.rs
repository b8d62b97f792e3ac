//! The scenarios. Each is a function without arguments, listed in the table (`src/table.rs`).

mod bus;
mod commands;
mod jobs;
mod memory;
mod missing;
mod obstacles;
mod operators;
mod queues;
mod recovery;
mod removal;
mod roles;
mod several;
mod traffic;
mod while_open;

use crate::system;
use gristmill_driver::{Card, open};
use std::error::Error;
use std::process::ExitCode;

pub use roles::play;

/// How a scenario ends.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Ends the scenario with a reason unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($reason:tt)+) => {
        if !$condition {
            return Err(format!($($reason)+).into());
        }
    };
}
pub(crate) use ensure;

/// Ends the scenario unless a result is an error of this pattern; the message goes to the log.
macro_rules! ensure_fails {
    ($result:expr, $pattern:pat) => {
        match $result {
            Err($pattern) => {}
            Err(error) => return Err(format!("another error than {}: {error}", stringify!($pattern)).into()),
            Ok(_) => return Err(format!("no error, and not {}", stringify!($pattern)).into()),
        }
    };
}
pub(crate) use ensure_fails;

macro_rules! dispatch {
    ($($boot:ident { $($name:ident = $path:path;)* })*) => {
        /// A scenario by its name.
        fn find(name: &str) -> Option<fn() -> Outcome> {
            match name {
                $($(stringify!($name) => Some($path),)*)*
                _ => None,
            }
        }
    };
}

gristmill_guest::scenarios!(dispatch);

/// Runs a scenario in this process.
pub fn run(name: &str) -> ExitCode {
    let Some(scenario) = find(name) else {
        println!("@fail {name} is in no table");
        return ExitCode::from(1);
    };
    match scenario() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("@fail {name} {}", reason.to_string().replace('\n', " | "));
            ExitCode::from(1)
        }
    }
}

/// Asks this machine's host for something (`host/boot.rs` knows what) and waits until it is done.
pub fn ask(request: &str) -> Outcome {
    println!("@ask {request}");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    ensure!(answer.trim() == "done", "asked to {request}, the host answered {answer:?}");
    Ok(())
}

/// The PCI address of the card in a port of its own, counted from 0.
pub fn address(card: usize) -> Result<String, Box<dyn Error>> {
    let cards = system::cards()?;
    Ok(cards.get(card).ok_or_else(|| format!("there is no card {card} on the bus: {cards:?}"))?.clone())
}

/// The name of the first card, as the driver wants it.
pub fn card() -> Result<String, Box<dyn Error>> {
    Ok(format!("vfio:{}", address(0)?))
}

/// The first card, opened.
pub fn open_card() -> Result<Card, Box<dyn Error>> {
    Ok(Card::open(open(&card()?)?)?)
}
