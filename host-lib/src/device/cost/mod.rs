//! Card or CPU: a cost model, by which the device `auto` picks for each operation.
//!
//! | module | is |
//! |---|---|
//! | [`host`](Host) | the CPU's time: a measured table, scaled by a short measurement of this machine |
//! | [`card`](Card) | the card's time: its cycles, its clock, its link, and what the host does for it |
//!
//! The card's side is a model: cycles are those of the simulated RTL, no card has been measured. What a card
//! counts corrects it, operation by operation ([`Model::observe`]).

mod card;
mod host;
#[cfg(test)]
mod tests;

pub use card::{Card, Link};
pub use host::Host;

use super::{Check, Info};
use crate::{Curve, Field, Place};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An operation, as far as its cost depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A multi-scalar multiplication over a curve's G1, of scalars of full size.
    Msm {
        /// The curve.
        curve: Curve,
        /// Points.
        points: usize,
        /// Whether the card has the bases where it reaches them.
        resident: bool,
    },
    /// A transform over a curve's scalar field.
    Ntt {
        /// The field.
        field: Field,
        /// Elements, a power of two.
        elements: usize,
    },
    /// A Groth16 proof's quotient over BN254's Fr, all of it on vectors that stay on the card: two are brought, six transforms.
    Quotient {
        /// Elements, a power of two.
        elements: usize,
    },
}

/// What a batch of operations costs here and there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds on the CPU.
    pub host: f64,
    /// Seconds with the card: transfers, cycles, and the host's part.
    pub card: f64,
    /// The card's cycles.
    pub cycles: u64,
    /// Where it should be done.
    pub place: Place,
}

/// The card has to win by this factor: a model that errs by less makes nothing slower.
const MARGIN: f64 = 1.1;

/// What is known of a card and of this machine.
#[derive(Debug)]
pub struct Model {
    host: Host,
    card: Card,
    /// Cycles that the card counted over those of the model: MSM, NTT.
    counted: Mutex<[f64; 2]>,
}

impl Model {
    /// Of a machine and a card.
    pub fn new(host: Host, card: Card) -> Self {
        Model { host, card, counted: Mutex::new([1.0; 2]) }
    }

    /// Of this machine (measured now, about 30 ms, once in a process) and a card that is open.
    pub fn of(info: &Info, link: Link) -> Self {
        Model::new(*Host::here(), Card::of(info, link))
    }

    /// The machine.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What a batch costs, with a check of the card's results. What the card does not offer is the CPU's.
    pub fn estimate(&self, batch: &[Op], check: Check) -> Estimate {
        let counted = *self.lock();
        let mut sum = Estimate { host: 0.0, card: self.card.link.latency, cycles: 0, place: Place::Host };
        let mut offered = true;
        for op in batch {
            let host = self.host.seconds(op);
            sum.host += host;
            let Some(cycles) = self.card.cycles(op) else {
                offered = false;
                continue;
            };
            let cycles = cycles * counted[kind(op)];
            sum.cycles += cycles as u64;
            sum.card += self.card.seconds(op, cycles, &self.host)
                + match check {
                    Check::None => 0.0,
                    Check::Curve => self.host.check(op),
                    Check::Dual => host,
                };
        }
        if !offered {
            sum.card = f64::INFINITY;
        } else if sum.card * MARGIN < sum.host {
            sum.place = Place::Device;
        }
        sum
    }

    /// The log2 of the least size, up to `most`, from which on the card is chosen for all sizes up to it.
    pub fn crossover(&self, op: impl Fn(usize) -> Op, most: u32, check: Check) -> Option<u32> {
        let on_card = |log: &u32| self.estimate(&[op(1 << log)], check).place == Place::Device;
        (0..=most).rev().take_while(on_card).last()
    }

    /// Learns from what the card counted for a batch of one kind of operation. With bases on their way it counts copies
    /// too, which would pass for a slow MSM: nothing is learnt from that.
    pub(crate) fn observe(&self, batch: &[Op], cycles: u64) {
        if batch.iter().any(|op| matches!(op, Op::Msm { resident: false, .. })) {
            return;
        }
        let modelled: f64 = batch.iter().filter_map(|op| self.card.cycles(op)).sum();
        let Some(op) = batch.first().filter(|_| modelled > 0.0 && cycles > 0) else { return };
        // A broken counter shall not rule a card out for ever.
        self.lock()[kind(op)] = (cycles as f64 / modelled).clamp(0.01, 1000.0);
    }

    fn lock(&self) -> MutexGuard<'_, [f64; 2]> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kind(op: &Op) -> usize {
    match op {
        Op::Msm { .. } => 0,
        Op::Ntt { .. } | Op::Quotient { .. } => 1,
    }
}
