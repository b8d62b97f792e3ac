//! A board: the RTL, and a UART in software at the other end of its pins.

use super::rtl::Rtl;
use super::{BoardOptions, FaultyLine};
use crate::error::SimError;
use gristmill_hdl::serial::card::led;
use gristmill_hdl::serial::model::{LineIn, LineOut};
use std::collections::VecDeque;
use std::time::Instant;

/// Cycles for which the clock runs on after the line has come to rest: what the bridge needs between
/// a question and the first bit of its answer, with room to spare.
const GRACE: u32 = 512;
/// Cycles that a card may take until it is ready.
const MOST_START: u64 = 10_000_000;

/// What has gone over the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Clock cycles simulated.
    pub cycles: u64,
    /// Bytes towards the card.
    pub to_card: u64,
    /// Bytes from the card.
    pub from_card: u64,
    /// Bytes that the line lost, doubled or damaged.
    pub hit: u64,
}

/// A board with bytes at its ends.
pub struct Board {
    rtl: Rtl,
    tx: bool,
    leds: u8,
    out: LineOut,
    into: LineIn,
    faults: FaultyLine,
    /// Bytes for the card, faults done.
    queue: VecDeque<u8>,
    grace: u32,
    cycles: u64,
    to_card: u64,
    from_card: u64,
    hz: u32,
}

impl Board {
    /// Builds it and lets it start: returns when the card is ready.
    ///
    /// # Errors
    /// [`SimError`]: options that cannot be built, no Verilator, a card that does not start.
    pub fn new(options: &BoardOptions) -> Result<Self, SimError> {
        let mut this = Board {
            rtl: Rtl::new(options)?,
            tx: true,
            leds: 0,
            out: LineOut::new(options.divisor),
            into: LineIn::new(options.divisor),
            faults: FaultyLine::new(options.faults),
            queue: VecDeque::new(),
            grace: 0,
            cycles: 0,
            to_card: 0,
            from_card: 0,
            hz: options.config.clock_hz,
        };
        let start = Instant::now();
        let mut nothing = Vec::new();
        this.step(&mut nothing)?;
        while !this.lit(led::READY) || this.cycles < 2000 {
            this.step(&mut nothing)?;
            if this.cycles > MOST_START {
                return Err(SimError::Engine(format!("the card is not ready after {MOST_START} cycles")));
            }
        }
        // Time-outs above count in cycles of this clock.
        let rate = this.cycles as f64 / start.elapsed().as_secs_f64().max(1e-6);
        this.hz = rate.clamp(1.0, f64::from(u32::MAX)) as u32;
        this.rtl.set_clock_hz(this.hz);
        Ok(this)
    }

    /// Cycles a second of this machine's time, as measured while the card started; CLOCK_HZ shows it.
    pub fn clock_hz(&self) -> u32 {
        self.hz
    }

    /// Whether a lamp is lit (`hdl::serial::card::led`).
    pub fn lit(&self, which: usize) -> bool {
        self.leds >> which & 1 == 1
    }

    /// A byte for the card, through the line and what it does.
    pub fn put(&mut self, byte: u8) {
        let queue = &mut self.queue;
        self.faults.pass(byte, |byte| queue.push_back(byte));
    }

    /// Bytes that are still to go to the card.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether something happens in the card or on the line: bytes under way, or a card that works
    /// and does not wait for the host.
    pub fn needs_clock(&self) -> bool {
        let line = self.into.is_busy() || !self.out.is_free() || !self.queue.is_empty();
        line || self.grace > 0 || self.lit(led::BUSY) && !self.lit(led::WAITING)
    }

    /// Whether the card waits for an answer of the host.
    pub fn asks(&self) -> bool {
        self.lit(led::WAITING)
    }

    /// One clock cycle; bytes of the card go behind `bytes`.
    ///
    /// # Errors
    /// [`SimError::Engine`] if the simulation fails.
    pub fn step(&mut self, bytes: &mut Vec<u8>) -> Result<(), SimError> {
        let free = self.out.is_free();
        let queue = &mut self.queue;
        let rx = self.out.level(|| queue.pop_front());
        self.to_card += u64::from(free && !self.out.is_free());
        (self.tx, self.leds) = self.rtl.step(rx)?;
        self.cycles += 1;
        if let Some(byte) = self.into.level(self.tx) {
            self.from_card += 1;
            self.faults.pass(byte, |byte| bytes.push(byte));
        }
        let line = self.into.is_busy() || !self.out.is_free();
        self.grace = if line { GRACE } else { self.grace.saturating_sub(1) };
        Ok(())
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        Counts { cycles: self.cycles, to_card: self.to_card, from_card: self.from_card, hit: self.faults.hit }
    }
}
