//! Other processes that a scenario starts: `/init --role NAME ARGUMENTS`.

use super::jobs::keep_busy;
use super::{Outcome, ensure};
use gristmill_driver::{Card, open};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Instant;

/// Plays a role in this process.
pub fn play(arguments: &[&str]) -> ExitCode {
    let result = match arguments {
        ["busy", card] => busy(card),
        ["lose", card] => lose(card),
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

/// Opens a card, gives it work, says `busy`, and says how the work ended.
fn lose(name: &str) -> Outcome {
    let mut card = Card::open(open(name)?)?;
    let (tickets, _scalars) = keep_busy(&mut card, 8)?;
    // A read comes after all posted writes. QEMU 11.1 aborts if a server dies that has not read all it was sent.
    card.cycles()?;
    println!("busy");
    let started = Instant::now();
    let error = card.wait(tickets[0]).err().ok_or("it ended well")?;
    let again = card.wait(tickets[1]).err().ok_or("the second job ended well")?;
    let gone = if error.is_gone() && again.is_gone() { "gone" } else { "another error" };
    println!("{gone} after {:?}: {error}", started.elapsed());
    Ok(())
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
        let line = self.line()?;
        ensure!(line == expected, "the other process said {line:?} and not {expected:?}");
        Ok(())
    }

    /// The next line that it says.
    pub fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Neither kills it nor waits for it.
    pub fn leave(self) {
        std::mem::forget(self);
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
