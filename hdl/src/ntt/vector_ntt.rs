//! The engine that a card has, for whichever field of vectors.

use super::pipelined::{PipelinedNtt, Shape, Timing};
use super::serial::SerialNtt;
use super::{PackedNtt, VectorParams};
use crate::field::Arithmetic;
use gristmill_hdl_kit::either;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

either! {
    /// [`PipelinedNtt`] of 256-bit words, [`PackedNtt`] or [`SerialNtt`]. The last has not `more` and `order`.
    pub struct VectorNtt as VectorNttKind {
        Words: PipelinedNtt<256> [more, order], Packed: PackedNtt [more, order], Serial: SerialNtt;
        in reset: Bit, start: Bit, log_n: Bits<6>, inverse: Bit, factors_before: Bit, factors_after: Bit,
           in_data: U<256>, in_valid: Bit, factor_data: U<256>, factor_valid: Bit, out_ready: Bit;
        out in_ready: Bit, factor_ready: Bit, out_data: U<256>, out_valid: Bit, done: Bit, ready: Bit,
            ev_butterfly: Bit, ev_busy: Bit;
        maybe more: Bits<8>, order: Bits<2>
    }
}

impl VectorNtt {
    /// An engine for vectors of up to 2^log_max elements, with one butterfly.
    pub fn new(
        vectors: &VectorParams,
        log_max: u32,
        log_seeds: u32,
        arithmetic: Arithmetic,
        fidelity: Fidelity,
    ) -> Self {
        Self::with_wings(vectors, log_max, log_seeds, arithmetic, 0, fidelity)
    }

    /// With 2^log_wings butterflies, if it is pipelined.
    pub fn with_wings(
        vectors: &VectorParams,
        log_max: u32,
        log_seeds: u32,
        arithmetic: Arithmetic,
        log_wings: u32,
        fidelity: Fidelity,
    ) -> Self {
        let words = vectors.field.word_bits == 256;
        Self::of(match arithmetic {
            Arithmetic::Serial => {
                assert!(words, "{}: pipelined arithmetic only", vectors.field.name);
                VectorNttKind::Serial(Box::new(SerialNtt::new(vectors, log_max, log_seeds, fidelity)))
            }
            Arithmetic::Pipelined if words => {
                VectorNttKind::Words(Box::new(PipelinedNtt::new(vectors, log_max, log_seeds, log_wings, fidelity)))
            }
            Arithmetic::Pipelined => {
                VectorNttKind::Packed(Box::new(PackedNtt::new(log_max, log_seeds, log_wings, fidelity)))
            }
        })
    }

    fn timing(&self) -> Result<&Timing, &SerialNtt> {
        match self.kind() {
            VectorNttKind::Words(inner) => Ok(inner.timing()),
            VectorNttKind::Packed(inner) => Ok(inner.engine().timing()),
            VectorNttKind::Serial(inner) => Err(inner),
        }
    }

    /// Cycles from the issue of a read to the first issue of a read that sees what became of it.
    pub fn turnaround(&self) -> usize {
        self.timing().map_or_else(SerialNtt::turnaround, |timing| timing.turnaround as usize)
    }

    /// Cycles from slot to slot: 1 if pipelined, 17 if serial.
    pub fn interval(&self) -> usize {
        self.timing().map_or_else(SerialNtt::interval, |_| 1)
    }

    /// Butterflies side by side.
    pub fn wings(&self) -> u64 {
        self.timing().map_or(1, |timing| 1 << timing.log_wings)
    }

    /// Cycles from `start` to `done` of a command for one vector when all streams flow freely.
    pub fn cycles(&self, log_n: u32, before: bool, after: bool) -> u64 {
        self.command_cycles(&Shape::of(log_n, before, after))
    }

    /// The same of any command: a serial engine does one vector after the other, in natural order.
    pub fn command_cycles(&self, shape: &Shape) -> u64 {
        match self.timing() {
            Ok(timing) => timing.cycles(shape),
            Err(serial) => shape.vectors * serial.cycles(shape.log_n, shape.before, shape.after),
        }
    }

    /// Cycles of the butterflies of one vector, of a pipelined engine.
    pub fn stage_cycles(&self, shape: &Shape) -> u64 {
        self.timing().map_or(0, |timing| timing.stages(shape))
    }

    /// Whether commands may have columns.
    pub fn has_columns(&self) -> bool {
        match self.kind() {
            VectorNttKind::Words(inner) => inner.has_columns(),
            VectorNttKind::Packed(inner) => inner.engine().has_columns(),
            VectorNttKind::Serial(_) => false,
        }
    }

    /// log2 of the longest vector.
    pub fn log_max(&self) -> u32 {
        self.timing().map_or_else(SerialNtt::log_max, |timing| timing.log_max)
    }

    /// log2 of the seeds in a factor block.
    pub fn log_seeds(&self) -> u32 {
        self.timing().map_or_else(SerialNtt::log_seeds, |timing| timing.log_seeds)
    }
}

impl From<SerialNtt> for VectorNtt {
    fn from(engine: SerialNtt) -> Self {
        Self::of(VectorNttKind::Serial(Box::new(engine)))
    }
}

impl From<PackedNtt> for VectorNtt {
    fn from(engine: PackedNtt) -> Self {
        Self::of(VectorNttKind::Packed(Box::new(engine)))
    }
}
