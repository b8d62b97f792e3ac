//! What was done, where, and what it took.

use crate::device::cost::Estimate;
use serde::Serialize;
use std::time::Duration;

/// Where a stage ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On the card (or simulated card).
    Device,
    /// On the host's CPU.
    Host,
}

/// One stage; calls of the same name and place are added up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Name, such as `msm A`.
    pub name: String,
    /// Where it ran.
    pub place: Place,
    /// Calls added up here.
    pub calls: u64,
    /// Wall-clock seconds on the host, transfers and checks included.
    pub seconds: f64,
    /// Cycles of the card, from the fetch of each command to its completion (0 on the host).
    pub cycles: u64,
}

/// What the cost model of the device `auto` chose for a stage; the same choices are added up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Name of the stage.
    pub stage: String,
    /// Where the model put it.
    pub place: Place,
    /// Times.
    pub calls: u64,
    /// Seconds that it would take on the CPU, by the model.
    pub cpu_seconds: f64,
    /// Seconds that it would take with the card, by the model. `None`: the card does not offer it.
    pub card_seconds: Option<f64>,
}

/// MSM cycles without a useful addition, by cause (see the counters of the register map).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stalls {
    /// A base or scalar was awaited.
    pub input: u64,
    /// The operand's bucket was in flight.
    pub bucket: u64,
    /// A zero digit, a base at infinity or an empty bucket: a move and no addition.
    pub empty: u64,
    /// The adder drained, sums turned around, or results were written.
    pub drain: u64,
}

/// Bytes that the card moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Read from host memory.
    pub host_read: u64,
    /// Written to host memory.
    pub host_write: u64,
    /// Read from card memory.
    pub card_read: u64,
    /// Written to card memory.
    pub card_write: u64,
}

/// What a device counted for one or more commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Cycles from the fetch of each command to its completion.
    pub cycles: u64,
    /// Cycles in which the MSM engine worked.
    pub msm_cycles: u64,
    /// Additions of two real points that the MSM needs.
    pub useful_additions: u64,
    /// MSM cycles without one, by cause.
    pub stalls: Stalls,
    /// Butterflies issued.
    pub butterflies: u64,
    /// Bytes moved.
    pub bytes: Bytes,
    /// Parts that the host did for the device (name, seconds), such as combining segment sums.
    pub host_parts: Vec<(String, f64)>,
}

/// What was done, where, and what it took. Made by each proof, and summed up by each
/// [`Device`](crate::Device) over its life.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The device's name.
    pub device: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Cycles of the card over all commands (0 on the CPU).
    pub cycles: u64,
    /// The card's clock in Hz, if there is a card; a simulator's is its configuration's.
    pub clock_hz: Option<u64>,
    /// Additions of two real points that an MSM needed.
    pub useful_additions: u64,
    /// Cycles in which the MSM engine worked.
    pub msm_cycles: u64,
    /// Point adders on the card.
    pub adders: u64,
    /// `useful_additions / (msm_cycles * adders)`, if the card did an MSM.
    pub adder_use: Option<f64>,
    /// MSM cycles without a useful addition, by cause.
    pub stalls: Stalls,
    /// Butterflies issued.
    pub butterflies: u64,
    /// Bytes moved.
    pub bytes: Bytes,
    /// Tasks that the CPU did because the device failed at them.
    pub fallbacks: u64,
    /// Why, one line each (the first 16).
    pub fallback_reasons: Vec<String>,
    /// Stages in order of first use.
    pub stages: Vec<Stage>,
    /// Names of the stages that ran on the host.
    pub host_stages: Vec<String>,
    /// What the cost model chose; empty unless the device was opened as `auto` and is a card.
    pub choices: Vec<Choice>,
    /// Leaves that the simulator computed by native integers instead of their RTL.
    pub twins: Vec<String>,
}

/// Most fall-back reasons kept.
const MAX_REASONS: usize = 16;

impl Report {
    /// Adds a stage on the host.
    pub(crate) fn host_stage(&mut self, name: &str, took: Duration) {
        self.stage(name, Place::Host, took.as_secs_f64(), 0, 1);
    }

    /// Adds a stage on the device, with what it counted.
    pub(crate) fn device_stage(&mut self, name: &str, took: Duration, cost: &Cost) {
        self.stage(name, Place::Device, took.as_secs_f64(), cost.cycles, 1);
        self.cycles += cost.cycles;
        self.msm_cycles += cost.msm_cycles;
        self.useful_additions += cost.useful_additions;
        self.butterflies += cost.butterflies;
        self.add_counts(cost.stalls, cost.bytes);
        for (part, seconds) in &cost.host_parts {
            self.stage(part, Place::Host, *seconds, 0, 1);
        }
        self.derive();
    }

    /// Counts a choice of the cost model.
    pub(crate) fn choice(&mut self, stage: &str, estimate: &Estimate) {
        self.add_choice(&Choice {
            stage: stage.to_owned(),
            place: estimate.place,
            calls: 1,
            cpu_seconds: estimate.host,
            card_seconds: Some(estimate.card).filter(|s| s.is_finite()),
        });
    }

    fn add_choice(&mut self, choice: &Choice) {
        match self.choices.iter_mut().find(|c| c.place == choice.place && c.stage == choice.stage) {
            Some(known) => {
                known.calls += choice.calls;
                known.cpu_seconds += choice.cpu_seconds;
                known.card_seconds = known.card_seconds.zip(choice.card_seconds).map(|(a, b)| a + b);
            }
            None => self.choices.push(choice.clone()),
        }
    }

    /// Counts a fall-back.
    pub(crate) fn fallback(&mut self, reason: String) {
        self.fallbacks += 1;
        if self.fallback_reasons.len() < MAX_REASONS {
            self.fallback_reasons.push(reason);
        }
    }

    /// Adds another report of the same device.
    pub(crate) fn absorb(&mut self, other: &Report) {
        for s in &other.stages {
            self.stage(&s.name, s.place, s.seconds, s.cycles, s.calls);
        }
        self.seconds += other.seconds;
        self.cycles += other.cycles;
        self.msm_cycles += other.msm_cycles;
        self.useful_additions += other.useful_additions;
        self.butterflies += other.butterflies;
        self.add_counts(other.stalls, other.bytes);
        other.choices.iter().for_each(|choice| self.add_choice(choice));
        self.fallbacks += other.fallbacks;
        let room = MAX_REASONS.saturating_sub(self.fallback_reasons.len());
        self.fallback_reasons.extend(other.fallback_reasons.iter().take(room).cloned());
        self.derive();
    }

    fn stage(&mut self, name: &str, place: Place, seconds: f64, cycles: u64, calls: u64) {
        match self.stages.iter_mut().find(|s| s.place == place && s.name == name) {
            Some(s) => {
                s.calls += calls;
                s.seconds += seconds;
                s.cycles += cycles;
            }
            None => self.stages.push(Stage { name: name.to_owned(), place, calls, seconds, cycles }),
        }
        if place == Place::Host && !self.host_stages.iter().any(|s| s == name) {
            self.host_stages.push(name.to_owned());
        }
    }

    fn add_counts(&mut self, stalls: Stalls, bytes: Bytes) {
        self.stalls.input += stalls.input;
        self.stalls.bucket += stalls.bucket;
        self.stalls.empty += stalls.empty;
        self.stalls.drain += stalls.drain;
        self.bytes.host_read += bytes.host_read;
        self.bytes.host_write += bytes.host_write;
        self.bytes.card_read += bytes.card_read;
        self.bytes.card_write += bytes.card_write;
    }

    fn derive(&mut self) {
        let slots = self.msm_cycles * self.adders;
        self.adder_use = (slots > 0).then(|| self.useful_additions as f64 / slots as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_one_name_and_place_are_added_up() {
        let mut total = Report { adders: 2, ..Report::default() };
        let cost = Cost { cycles: 100, msm_cycles: 80, useful_additions: 120, ..Cost::default() };
        total.device_stage("msm", Duration::from_secs(1), &cost);
        total.device_stage("msm", Duration::from_secs(2), &cost);
        total.host_stage("msm", Duration::from_secs(4));
        assert_eq!(total.stages.len(), 2);
        assert_eq!((total.stages[0].calls, total.stages[0].cycles, total.stages[0].seconds), (2, 200, 3.0));
        assert_eq!(total.adder_use, Some(240.0 / (160.0 * 2.0)));
        assert_eq!(total.host_stages, ["msm"]);
        let mut sum = Report { adders: 2, ..Report::default() };
        sum.absorb(&total);
        sum.absorb(&total);
        assert_eq!((sum.cycles, sum.stages[0].calls, sum.adder_use), (400, 4, total.adder_use));
    }
}
