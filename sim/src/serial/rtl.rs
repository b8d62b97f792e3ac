//! The RTL of a board, natively or under Verilator: two pins in, nine out.

use super::BoardOptions;
use crate::error::SimError;
use crate::options::EngineKind;
use gristmill_hdl::curve::PointAdder256;
use gristmill_hdl::field::Arithmetic;
use gristmill_hdl::serial::SerialCard;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim::{MAX_WALKS, NotSettled, cycle, settle};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilator::{self, Model, VerilatorError};

/// Where the pins are in the lists of `SerialCard`.
struct Places {
    clock_hz: usize,
    rx: usize,
    tx: usize,
    leds: usize,
}

enum Kind {
    Native(Box<SerialCard>),
    Verilator(Box<Model>),
}

/// The board's design.
pub struct Rtl {
    kind: Kind,
    places: Places,
    /// What stands at `rx` under Verilator.
    high: Option<bool>,
}

fn place(ports: &[gristmill_hdl_kit::ports::Port], name: &str) -> Result<usize, SimError> {
    let found = ports.iter().position(|p| p.name == name);
    found.ok_or_else(|| SimError::Engine(format!("the board has no pin {name}")))
}

fn unsettled(e: NotSettled) -> SimError {
    SimError::Engine(e.to_string())
}

fn model_error(e: VerilatorError) -> SimError {
    if e.is_missing_tool() {
        return SimError::MissingTool(e.to_string());
    }
    SimError::Engine(e.to_string())
}

impl Rtl {
    pub fn new(options: &BoardOptions) -> Result<Self, SimError> {
        let (config, serial) = (&options.config, options.serial());
        config.validate().map_err(|e| SimError::Options(e.to_string()))?;
        SerialCard::check(config, &serial).map_err(|e| SimError::Options(e.to_string()))?;
        let make = |fidelity| match options.without_engines {
            true => SerialCard::without_engines(config, &serial),
            false => SerialCard::new(config, &serial, fidelity),
        };
        let kind = match options.engine {
            EngineKind::Native(fidelity) => {
                let mut card = Box::new(make(fidelity));
                settle(&mut *card, MAX_WALKS).map_err(unsettled)?;
                Kind::Native(card)
            }
            EngineKind::Verilator => {
                verilator::find().map_err(model_error)?;
                let pipelined = !options.without_engines && config.arithmetic == Arithmetic::Pipelined;
                let apart: &[&str] = if pipelined { &PointAdder256::VERILATE_APART } else { &[] };
                let hierarchical = apart.iter().map(|name| name.to_string()).collect();
                let options = verilator::Options { hierarchical, ..verilator::Options::default() };
                tracing::info!(
                    "Verilator's model of the board: built once, which takes minutes, then kept in the cache"
                );
                let mut model = Model::build(&make(Fidelity::Rtl), &options).map_err(model_error)?;
                model.eval();
                Kind::Verilator(Box::new(model))
            }
            EngineKind::ProtocolOnly | EngineKind::Netlist => {
                return Err(SimError::Options(
                    "a board on a serial line is its RTL: choose native or verilator".into(),
                ));
            }
        };
        let (ins, outs) = (SerialCard::inputs(), SerialCard::outputs());
        let places = Places {
            clock_hz: place(&ins, "clock_hz")?,
            rx: place(&ins, "rx")?,
            tx: place(&outs, "tx")?,
            leds: place(&outs, "leds")?,
        };
        let mut this = Rtl { kind, places, high: None };
        this.set_clock_hz(config.clock_hz);
        Ok(this)
    }

    pub fn set_clock_hz(&mut self, hz: u32) {
        let (i, value) = (self.places.clock_hz, [u64::from(hz)]);
        match &mut self.kind {
            Kind::Native(card) => card.poke(i, &value),
            Kind::Verilator(model) => model.poke(i, &value),
        }
    }

    /// One clock cycle: `rx` in, `tx` and lamps after the edge.
    pub fn step(&mut self, rx: bool) -> Result<(bool, u8), SimError> {
        match &mut self.kind {
            Kind::Native(card) => {
                card.rx.next = rx;
                cycle(&mut **card).map_err(unsettled)?;
                Ok((card.tx.val(), u64::from(card.leds.val()) as u8))
            }
            Kind::Verilator(model) => {
                if self.high != Some(rx) {
                    self.high = Some(rx);
                    model.poke(self.places.rx, &[rx.into()]);
                }
                // Nothing reacts to the falling edge, so it comes together with the inputs.
                model.set_clock(false);
                model.eval();
                model.set_clock(true);
                model.eval();
                Ok((model.peek(self.places.tx)[0] & 1 == 1, model.peek(self.places.leds)[0] as u8))
            }
        }
    }
}
