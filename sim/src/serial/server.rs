//! Serves a board on a pseudo-terminal.

use super::pty::Pty;
use super::{Board, BoardOptions, RETRY_CYCLES};
use crate::error::SimError;
use gristmill_abi::serial::FLAG;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Cycles between two looks at the terminal.
const BATCH: u32 = 256;
/// Bytes that wait for the card: more are left in the terminal.
const MOST_QUEUED: usize = 1 << 14;
/// While a card waits for a host that says nothing: the first nap, the longest, and the cycles that
/// pass after each. So it asks again after a quarter of a second, and an absent host costs nothing.
const FIRST_NAP: Duration = Duration::from_millis(4);
const LONGEST_NAP: Duration = Duration::from_secs(1);
const NAP_CYCLES: u32 = RETRY_CYCLES / 6;
/// While nothing happens at all.
const IDLE: Duration = Duration::from_millis(100);
/// Rates that a port may be told, bits a second.
const RATES: [u32; 11] = [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400];

/// A board and its terminal.
pub struct Server {
    board: Board,
    pty: Pty,
    divisor: u32,
}

impl Server {
    /// Builds the board and opens a terminal.
    ///
    /// # Errors
    /// [`SimError`]: the board's, or no pseudo-terminal.
    pub fn new(options: &BoardOptions) -> Result<Self, SimError> {
        let board = Board::new(options)?;
        Ok(Server { board, pty: Pty::open()?, divisor: options.divisor })
    }

    /// The device's name for a driver: the port, and a rate no faster than this simulation, so that
    /// the driver's patience is right. (The rate has no other meaning on a pseudo-terminal.)
    pub fn device(&self) -> String {
        let most = self.board.clock_hz() / self.divisor;
        let rate = RATES.iter().rev().find(|r| **r <= most).unwrap_or(&RATES[0]);
        format!("serial:{}@{rate}", self.pty.path().display())
    }

    /// Serves until `stop`.
    ///
    /// # Errors
    /// [`SimError`]: the simulation or the terminal failed.
    pub fn run(&mut self, stop: &AtomicBool) -> Result<(), SimError> {
        let (board, pty) = (&mut self.board, &mut self.pty);
        let (mut from_host, mut to_host) = (VecDeque::new(), Vec::new());
        let mut nap = FIRST_NAP;
        let mut told = board.counts();
        while !stop.load(Ordering::Relaxed) {
            if board.waiting() < MOST_QUEUED && pty.read(&mut from_host)? > 0 {
                from_host.drain(..).for_each(|byte| board.put(byte));
                nap = FIRST_NAP;
            }
            pty.write(&mut to_host)?;
            if board.needs_clock() {
                for _ in 0..BATCH {
                    board.step(&mut to_host)?;
                    if !board.needs_clock() || to_host.last() == Some(&FLAG) {
                        break;
                    }
                }
            } else if board.asks() {
                pty.wait(nap)?;
                if pty.read(&mut from_host)? > 0 {
                    from_host.drain(..).for_each(|byte| board.put(byte));
                    nap = FIRST_NAP;
                    continue;
                }
                nap = (nap * 2).min(LONGEST_NAP);
                for _ in 0..NAP_CYCLES {
                    board.step(&mut to_host)?;
                }
            } else {
                pty.wait(IDLE)?;
                let now = board.counts();
                if now != told && pty.read(&mut from_host)? == 0 {
                    tracing::info!(
                        cycles = now.cycles,
                        to_card = now.to_card,
                        from_card = now.from_card,
                        hit = now.hit,
                        "the line is idle; so far"
                    );
                    told = now;
                }
                from_host.drain(..).for_each(|byte| board.put(byte));
            }
        }
        Ok(())
    }

    /// What has gone over the line.
    pub fn counts(&self) -> super::Counts {
        self.board.counts()
    }
}

/// Serves a board until `stop`, after `ready` was told the device's name.
///
/// # Errors
/// As [`Server::new`] and [`Server::run`].
pub fn serve(options: &BoardOptions, stop: &AtomicBool, ready: impl FnOnce(&str)) -> Result<(), SimError> {
    let mut server = Server::new(options)?;
    ready(&server.device());
    server.run(stop)
}
