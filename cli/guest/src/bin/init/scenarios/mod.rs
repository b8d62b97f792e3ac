//! The scenarios. Each is a function without arguments, listed in the table (`src/table.rs`).

mod bus;
mod commands;
mod traffic;

use crate::system;
use std::error::Error;
use std::process::ExitCode;

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

/// Plays a part in a scenario that needs another process.
pub fn play(role: &str) -> ExitCode {
    eprintln!("there is no role {role}");
    ExitCode::from(2)
}

/// The name of the only card, or the first, as the driver wants it.
pub fn card() -> Result<String, Box<dyn Error>> {
    let cards = system::cards()?;
    Ok(format!("vfio:{}", cards.first().ok_or("there is no card on the bus")?))
}
