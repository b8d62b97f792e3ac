//! What to build.

use crate::fault::FaultPlan;

/// What the card is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// No RTL: registers, queues, COPY and ZERO. Refuses MSM and NTT.
    ProtocolOnly,
}

/// How to build a [`SimCard`](crate::SimCard).
#[derive(Clone, Debug)]
pub struct Options {
    /// What the card is made of.
    pub engine: EngineKind,
    /// Bytes of card memory, a multiple of 32.
    pub card_mem_bytes: u64,
    /// Faults to inject from the start.
    pub faults: Vec<FaultPlan>,
}

impl Options {
    /// A card without engines, with 64 MiB of memory.
    pub fn protocol_only() -> Self {
        Options { engine: EngineKind::ProtocolOnly, card_mem_bytes: 64 << 20, faults: Vec::new() }
    }
}
