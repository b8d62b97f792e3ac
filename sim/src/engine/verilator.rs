//! The generated Verilog of the card under Verilator: every leaf at full detail.

use super::{Engine, Inputs, Outputs, PICOSECONDS, Waves};
use crate::error::SimError;
use gristmill_hdl::card::Card;
use gristmill_hdl::card::pins::{INPUTS, OUTPUTS, Value};
use gristmill_hdl::curve::PointAdder256;
use gristmill_hdl_kit::twin::TwinInfo;
use gristmill_hdl_kit::verilator::{Model, Options, Trace, VerilatorError};
use std::path::Path;

/// A Verilated card.
pub struct Verilated {
    model: Model,
    name: &'static str,
    driven: [Value; INPUTS.len()],
    cycle: u64,
    traced: bool,
}

pub(super) fn error(e: VerilatorError) -> SimError {
    if e.is_missing_tool() {
        return SimError::MissingTool(e.to_string());
    }
    SimError::Engine(e.to_string())
}

/// The format that waves ask for.
pub(super) fn trace(waves: Option<&Waves>) -> Trace {
    match waves {
        None => Trace::None,
        Some(w) if w.is_fst() => Trace::Fst,
        Some(_) => Trace::Vcd,
    }
}

impl Verilated {
    /// Builds (or takes from the cache) the model of `card`, with tracing if waves are asked for:
    /// FST if the file is called `.fst`, else VCD. `engines`: the card has them.
    pub fn new(card: &Card, engines: bool, waves: Option<&Waves>) -> Result<Self, SimError> {
        // Before the Verilog is generated, which takes seconds.
        gristmill_hdl_kit::verilator::find().map_err(error)?;
        // The point adder's multipliers are compiled once, or this would take many minutes.
        let apart: &[&str] = if engines { &PointAdder256::VERILATE_APART } else { &[] };
        let hierarchical = apart.iter().map(|name| name.to_string()).collect();
        let options = Options { trace: trace(waves), hierarchical, ..Options::default() };
        tracing::info!("Verilator's model of the card: built once, which takes minutes, then kept in the cache");
        Ok(Self::of(Model::build(card, &options).map_err(error)?, "verilator"))
    }

    /// A card whose model is there.
    pub(super) fn of(mut model: Model, name: &'static str) -> Self {
        model.eval();
        Verilated { model, name, driven: [[0; 4]; INPUTS.len()], cycle: 0, traced: false }
    }
}

impl Engine for Verilated {
    fn step(&mut self, inputs: &Inputs) -> Result<Outputs, SimError> {
        for (i, (new, old)) in inputs.values().iter().zip(&mut self.driven).enumerate() {
            if new != old {
                self.model.poke(i, new);
                *old = *new;
            }
        }
        // The clock falls together with the new inputs: nothing in the card reacts to that edge.
        for (level, at) in [(false, 0), (true, PICOSECONDS / 2)] {
            if self.traced {
                self.model.trace_time(self.cycle * PICOSECONDS + at);
            }
            self.model.set_clock(level);
            self.model.eval();
        }
        self.cycle += 1;
        Ok(self.outputs())
    }

    fn outputs(&self) -> Outputs {
        let values: [Value; OUTPUTS.len()] = std::array::from_fn(|i| {
            let v = self.model.peek(i);
            [v[0], v[1], v[2], v[3]]
        });
        Outputs::from_values(&values)
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn twins(&self) -> Vec<TwinInfo> {
        Vec::new()
    }

    fn open_waves(&mut self, path: &Path, cycle: u64) -> Result<(), SimError> {
        self.cycle = cycle;
        self.traced = true;
        self.model.trace_open(path).map_err(error)
    }

    fn close_waves(&mut self) -> Result<(), SimError> {
        self.traced = false;
        self.model.trace_close();
        Ok(())
    }
}
