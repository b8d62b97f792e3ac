//! What to build.

use crate::engine::Waves;
use crate::fault::FaultPlan;
use crate::shell::Timing;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl_kit::twin::Fidelity;
use std::path::PathBuf;

/// What the card is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The RTL in RustHDL's own simulation, its big leaves by twins or by their RTL.
    Native(Fidelity),
    /// The generated Verilog under Verilator; needs the tool.
    Verilator,
    /// A netlist of the card, synthesized for a part, under Verilator: [`Options::netlist`].
    Netlist,
    /// No RTL: registers, queues, COPY and ZERO. Refuses MSM and NTT.
    ProtocolOnly,
}

/// How to build a [`SimCard`](crate::SimCard).
#[derive(Clone, Debug)]
pub struct Options {
    /// What the card is made of.
    pub engine: EngineKind,
    /// The card's configuration, its bytes of memory among them.
    pub config: CardConfig,
    /// The netlist's file, which `gristmill_bitstreams::netlist` makes; of this configuration.
    pub netlist: Option<PathBuf>,
    /// Leave the MSM and NTT engines out of the RTL: for tests and benchmarks of everything else.
    pub without_engines: bool,
    /// Host memory's timing as the card sees it.
    pub host_timing: Timing,
    /// Card memory's timing.
    pub card_timing: Timing,
    /// Waveform to write, if any. Ignored by the protocol-only card, which has no signals.
    pub waves: Option<Waves>,
    /// Faults to inject from the start.
    pub faults: Vec<FaultPlan>,
}

impl Options {
    /// A card of this configuration, simulated natively with twins.
    pub fn native(config: CardConfig) -> Self {
        Options {
            engine: EngineKind::Native(Fidelity::Twin),
            config,
            netlist: None,
            without_engines: false,
            host_timing: Timing::HOST,
            card_timing: Timing::DRAM,
            waves: None,
            faults: Vec::new(),
        }
    }

    /// A card of this configuration under Verilator.
    pub fn verilator(config: CardConfig) -> Self {
        Options { engine: EngineKind::Verilator, ..Options::native(config) }
    }

    /// A card without engines, with 64 MiB of memory.
    pub fn protocol_only() -> Self {
        Options { engine: EngineKind::ProtocolOnly, ..Options::native(CardConfig::sim()) }
    }
}
