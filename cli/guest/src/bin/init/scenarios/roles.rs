//! Other processes that a scenario starts: `/init --role NAME ARGUMENTS`.

use super::jobs::keep_busy;
use super::{Outcome, ensure};
use gristmill_driver::{Card, open};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

/// Plays a role in this process.
pub fn play(arguments: &[&str]) -> ExitCode {
    let result = match arguments {
        ["busy", card] => busy(card),
        _ => Err(format!("there is no role {arguments:?}").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Opens a card, gives it work for many seconds, says `busy` and waits to be killed.
fn busy(name: &str) -> Outcome {
    let mut card = Card::open(open(name)?)?;
    let (tickets, _scalars) = keep_busy(&mut card, 32)?;
    println!("busy");
    for ticket in tickets {
        card.wait(ticket)?;
    }
    Err("nobody killed this process".into())
}

/// A process that plays a role. Killed on drop.
pub struct Role {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Role {
    /// Starts it.
    pub fn start(arguments: &[&str]) -> Result<Role, Box<dyn Error>> {
        let mut command = Command::new("/init");
        let mut child = command.arg("--role").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Role { child, lines })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for it to say something.
    pub fn await_line(&mut self, expected: &str) -> Outcome {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        ensure!(line.trim() == expected, "the other process said {line:?} and not {expected:?}");
        Ok(())
    }

    /// Kills it as the kernel does: without a chance to clean up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.kill();
    }
}
