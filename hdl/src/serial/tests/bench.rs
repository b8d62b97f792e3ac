//! A block's pins by name, whatever simulates it.

use gristmill_hdl_kit::cosim;
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::sim::{settle, MAX_WALKS};
use gristmill_hdl_kit::verilator::{Model, Options};
use std::collections::BTreeMap;

/// A block's pins by name, simulated natively or by Verilator.
pub struct Pins {
    inner: Inner,
    inputs: BTreeMap<String, usize>,
    outputs: BTreeMap<String, usize>,
    /// All outputs of every cycle, for comparing two simulators.
    pub trace: Vec<Vec<u64>>,
    pub traced: bool,
}

enum Inner {
    Native(Box<dyn Ports>),
    Verilator(Box<Model>),
}

fn index(ports: Vec<gristmill_hdl_kit::ports::Port>) -> BTreeMap<String, usize> {
    ports.into_iter().enumerate().map(|(i, p)| (p.name, i)).collect()
}

impl Pins {
    pub fn native<B: Ports + 'static>(mut block: B) -> Self {
        block.connect_all();
        settle(&mut block, MAX_WALKS).unwrap();
        let (inputs, outputs) = (index(B::inputs()), index(B::outputs()));
        Pins { inner: Inner::Native(Box::new(block)), inputs, outputs, trace: vec![], traced: false }
    }

    /// `None` if Verilator is to be left out.
    pub fn verilated<B: Ports>(mut block: B, options: &Options) -> Option<Self> {
        if cosim::skipped() {
            eprintln!("WARNING: {} is set: Verilog was NOT checked", cosim::SKIP);
            return None;
        }
        block.connect_all();
        let mut model = Model::build(&block, options).unwrap_or_else(|e| panic!("{e}"));
        model.eval();
        let (inputs, outputs) = (index(B::inputs()), index(B::outputs()));
        Some(Pins { inner: Inner::Verilator(Box::new(model)), inputs, outputs, trace: vec![], traced: false })
    }

    pub fn set_wide(&mut self, name: &str, value: &[u64]) {
        let i = self.inputs[name];
        match &mut self.inner {
            Inner::Native(block) => block.poke(i, value),
            Inner::Verilator(model) => model.poke(i, value),
        }
    }

    pub fn set(&mut self, name: &str, value: u64) {
        self.set_wide(name, &[value]);
    }

    pub fn get_wide(&self, name: &str) -> Value {
        let i = self.outputs[name];
        match &self.inner {
            Inner::Native(block) => block.peek(i),
            Inner::Verilator(model) => model.peek(i),
        }
    }

    pub fn get(&self, name: &str) -> u64 {
        self.get_wide(name)[0]
    }

    pub fn is(&self, name: &str) -> bool {
        self.get(name) != 0
    }

    /// Lets outputs follow inputs, without a clock edge.
    pub fn settle(&mut self) {
        match &mut self.inner {
            Inner::Native(block) => settle_dyn(block.as_mut()),
            Inner::Verilator(model) => model.eval(),
        }
    }

    pub fn cycle(&mut self) {
        match &mut self.inner {
            Inner::Native(block) => {
                cycle_dyn(block.as_mut());
            }
            Inner::Verilator(model) => model.cycle(),
        }
        if self.traced {
            let names: Vec<String> = self.outputs.keys().cloned().collect();
            let all = names.iter().flat_map(|n| self.get_wide(n)[..4].to_vec()).collect();
            self.trace.push(all);
        }
    }
}

fn settle_dyn(block: &mut dyn Ports) {
    for _ in 0..MAX_WALKS {
        block.update_all();
        if !block.has_changed() {
            return;
        }
    }
    panic!("the block does not settle");
}

/// As [`cycle`](gristmill_hdl_kit::sim::cycle).
fn cycle_dyn(block: &mut dyn Ports) {
    settle_dyn(block);
    block.set_clock(true);
    block.update_all();
    block.set_clock(false);
    settle_dyn(block);
}

/// Runs a scenario on a block natively and on its generated Verilog.
pub fn on_both<B: Ports + 'static>(make: impl Fn() -> B, run: impl Fn(Pins)) {
    run(Pins::native(make()));
    // Verilog needs driven inputs.
    let mut block = make();
    for i in 0..B::inputs().len() {
        block.poke(i, &[0]);
    }
    if let Some(pins) = Pins::verilated(block, &Options::default()) {
        run(pins);
    }
}
