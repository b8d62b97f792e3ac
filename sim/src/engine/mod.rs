//! Engines: what turns the card's inputs of one clock cycle into its outputs after it.

mod native;
mod netlist;
mod verilator;
mod waves;

pub use gristmill_hdl::card::pins::{Inputs, Outputs};
pub use native::Native;
pub use verilator::Verilated;
pub use waves::{PICOSECONDS, Waves};

use crate::error::SimError;
use crate::options::{EngineKind, Options};
use gristmill_hdl::card::Card;
use gristmill_hdl_kit::twin::{Fidelity, TwinInfo};

/// A simulation of the card, advanced one clock cycle at a time.
///
/// No output of the card depends on an input of the same cycle, so `outputs = step(inputs)` says
/// everything, and two engines given the same inputs must give the same outputs in every cycle.
pub trait Engine: Send {
    /// One clock cycle with these inputs; the outputs after its rising edge.
    fn step(&mut self, inputs: &Inputs) -> Result<Outputs, SimError>;
    /// The outputs now.
    fn outputs(&self) -> Outputs;
    /// Name in reports.
    fn name(&self) -> &'static str;
    /// Leaves that are simulated by their behavioural twins.
    fn twins(&self) -> Vec<TwinInfo>;
    /// Starts a waveform; the next cycle has this number.
    fn open_waves(&mut self, path: &std::path::Path, cycle: u64) -> Result<(), SimError>;
    /// Ends the waveform.
    fn close_waves(&mut self) -> Result<(), SimError>;
}

/// Builds the engine that the options name.
pub fn build(options: &Options) -> Result<Box<dyn Engine>, SimError> {
    let fidelity = match options.engine {
        EngineKind::Native(fidelity) => fidelity,
        EngineKind::Verilator => Fidelity::Rtl,
        EngineKind::Netlist => {
            options.config.validate().map_err(|e| SimError::Options(e.to_string()))?;
            let Some(file) = &options.netlist else {
                return Err(SimError::Options("the netlist engine needs a netlist: none is named".into()));
            };
            return Ok(Box::new(netlist::load(file, &options.config, options.waves.as_ref())?));
        }
        EngineKind::ProtocolOnly => {
            return Err(SimError::Engine("the protocol-only card has no RTL to simulate".into()));
        }
    };
    options.config.validate().map_err(|e| SimError::Options(e.to_string()))?;
    let card = || match options.without_engines {
        true => Card::without_engines(&options.config),
        false => Card::new(&options.config, fidelity),
    };
    Ok(match options.engine {
        EngineKind::Verilator => Box::new(Verilated::new(&card(), !options.without_engines, options.waves.as_ref())?),
        _ => Box::new(Native::new(card)?),
    })
}
