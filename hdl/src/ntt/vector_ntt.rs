//! The engine that a card has, for whichever field of vectors.

use super::{Ntt256, Ntt64, PackedNtt, VectorParams};
use crate::field::Arithmetic;
use gristmill_hdl_kit::either;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

either! {
    /// [`Ntt256`] or [`PackedNtt`], which have the same ports.
    pub struct VectorNtt as VectorNttKind {
        Words: Ntt256, Packed: PackedNtt;
        in reset: Bit, start: Bit, log_n: Bits<6>, inverse: Bit, factors_before: Bit, factors_after: Bit,
           in_data: U<256>, in_valid: Bit, factor_data: U<256>, factor_valid: Bit, out_ready: Bit;
        out in_ready: Bit, factor_ready: Bit, out_data: U<256>, out_valid: Bit, done: Bit, ready: Bit,
            ev_butterfly: Bit, ev_busy: Bit
    }
}

/// What the two kinds say of themselves in the same words.
macro_rules! of_engine {
    ($self:ident, $engine:ident => $say:expr) => {
        match $self.kind() {
            VectorNttKind::Words(inner) => {
                let $engine: &Ntt256 = inner;
                $say
            }
            VectorNttKind::Packed(inner) => {
                let $engine: &Ntt64 = inner.engine();
                $say
            }
        }
    };
}

impl VectorNtt {
    /// An engine for these vectors: as [`Ntt256::new`] or [`PackedNtt::new`].
    pub fn new(
        vectors: &VectorParams,
        log_max: u32,
        log_seeds: u32,
        arithmetic: Arithmetic,
        fidelity: Fidelity,
    ) -> Self {
        if vectors.field.word_bits == 256 {
            return Ntt256::new(vectors, log_max, log_seeds, arithmetic, fidelity).into();
        }
        assert!(arithmetic == Arithmetic::Pipelined, "{}: pipelined arithmetic only", vectors.field.name);
        PackedNtt::new(log_max, log_seeds, fidelity).into()
    }

    /// As [`super::Ntt::turnaround`].
    pub fn turnaround(&self) -> usize {
        of_engine!(self, engine => engine.turnaround())
    }

    /// As [`super::Ntt::interval`].
    pub fn interval(&self) -> usize {
        of_engine!(self, engine => engine.interval())
    }

    /// As [`super::Ntt::cycles`].
    pub fn cycles(&self, log_n: u32, before: bool, after: bool) -> u64 {
        of_engine!(self, engine => engine.cycles(log_n, before, after))
    }

    /// As [`super::Ntt::column_cycles`].
    pub fn column_cycles(&self, log_rows: u32, before: bool, after: bool) -> u64 {
        of_engine!(self, engine => engine.column_cycles(log_rows, before, after))
    }

    /// As [`super::Ntt::has_columns`].
    pub fn has_columns(&self) -> bool {
        of_engine!(self, engine => engine.has_columns())
    }

    /// log2 of the longest vector.
    pub fn log_max(&self) -> u32 {
        of_engine!(self, engine => engine.log_max())
    }

    /// log2 of the seeds in a factor block.
    pub fn log_seeds(&self) -> u32 {
        of_engine!(self, engine => engine.log_seeds())
    }
}

impl From<Ntt256> for VectorNtt {
    fn from(engine: Ntt256) -> Self {
        Self::of(VectorNttKind::Words(Box::new(engine)))
    }
}

impl From<PackedNtt> for VectorNtt {
    fn from(engine: PackedNtt) -> Self {
        Self::of(VectorNttKind::Packed(Box::new(engine)))
    }
}
