//! RustHDL's own simulation of the card, big leaves as twins or as RTL.

use super::waves::NativeWaves;
use super::{Engine, Inputs, Outputs, PICOSECONDS};
use crate::error::SimError;
use gristmill_hdl::card::{Card, pins};
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim::{MAX_WALKS, NotSettled, settle};
use gristmill_hdl_kit::twin::{self, Fidelity, TwinInfo};
use std::path::Path;

/// The card in RustHDL.
pub struct Native {
    card: Box<Card>,
    waves: Option<NativeWaves>,
    cycle: u64,
}

impl Native {
    /// Simulates the card that `make` gives.
    pub fn new(make: impl FnOnce() -> Card) -> Result<Self, SimError> {
        let mut card = Box::new(make());
        settle(&mut *card, MAX_WALKS).map_err(failed)?;
        Ok(Native { card, waves: None, cycle: 0 })
    }

    /// A cycle with the clock held high until all is settled, seen by the waveform in both halves.
    fn traced(&mut self, inputs: &Inputs) -> Result<Outputs, SimError> {
        let card = &mut *self.card;
        pins::drive(card, inputs);
        settle(card, MAX_WALKS).map_err(failed)?;
        let time = self.cycle * PICOSECONDS;
        for (level, at) in [(true, time), (false, time + PICOSECONDS / 2)] {
            if let Some(waves) = &mut self.waves {
                waves.sample(card, at)?;
            }
            card.set_clock(level);
            settle(card, MAX_WALKS).map_err(failed)?;
        }
        Ok(pins::sample(card))
    }
}

fn failed(e: NotSettled) -> SimError {
    SimError::Engine(e.to_string())
}

impl Engine for Native {
    fn step(&mut self, inputs: &Inputs) -> Result<Outputs, SimError> {
        let outputs = match self.waves {
            None => pins::step(&mut self.card, inputs).map_err(failed),
            Some(_) => self.traced(inputs),
        };
        self.cycle += 1;
        outputs
    }

    fn outputs(&self) -> Outputs {
        pins::sample(&self.card)
    }

    fn name(&self) -> &'static str {
        "native"
    }

    fn twins(&self) -> Vec<TwinInfo> {
        twin::list(&*self.card).into_iter().filter(|t| t.fidelity == Fidelity::Twin).collect()
    }

    fn open_waves(&mut self, path: &Path, cycle: u64) -> Result<(), SimError> {
        self.cycle = cycle;
        self.waves = Some(NativeWaves::create(path, &self.card)?);
        Ok(())
    }

    fn close_waves(&mut self) -> Result<(), SimError> {
        self.waves.take().map_or(Ok(()), NativeWaves::finish)
    }
}
