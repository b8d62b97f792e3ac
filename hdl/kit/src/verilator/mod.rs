//! Verilated models at run time: Verilog in, a loaded model out, ports by index.
//!
//! [`Model::build`] generates the Verilog of a block, has Verilator and g++ make a shared library
//! of it (kept in a cache by the hash of all that went in), and loads that. It needs `verilator`
//! (5 or newer), `g++` and `make`; without them it fails with what to install.

mod build;
mod cache;
mod error;
mod library;
mod shim;
mod tool;

pub use cache::folder as cache_folder;
pub use error::{VerilatorError, INSTALL};
pub use tool::{available, find, Tool};

use crate::ports::{Port, Ports, Value};
use crate::word::MAX_BITS;
use std::ffi::CString;
use std::path::Path;

/// Which waveform format a model can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trace {
    /// None: fastest.
    #[default]
    None,
    /// Value change dump (text).
    Vcd,
    /// GTKWave's compressed format; needs zlib's headers.
    Fst,
}

/// How to build a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// g++'s optimisation, 0 to 3: 1 builds fastest in total for a test, 2 or 3 run fastest.
    pub optimise: u8,
    /// Fields whose modules are verilated apart (`/*verilator hier_block*/`): a design with many
    /// equal big blocks builds several times faster, and runs a little slower.
    pub hierarchical: Vec<String>,
    /// Waveforms.
    pub trace: Trace,
}

impl Default for Options {
    fn default() -> Self {
        Self { optimise: 1, hierarchical: Vec::new(), trace: Trace::None }
    }
}

impl Options {
    /// For long runs: g++ -O3.
    pub fn fast() -> Self {
        Self { optimise: 3, ..Self::default() }
    }
}

/// A Verilated design: ports by index as in [`Ports`].
pub struct Model {
    instance: library::Instance,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    traced: bool,
}

impl Model {
    /// Builds (or takes from the cache) and loads the model of a block. Call `connect_all()` on
    /// the block before.
    ///
    /// # Errors
    /// [`VerilatorError`]: tools missing, circuit unsound, design refused, cache not writable.
    pub fn build<B: Ports>(block: &B, options: &Options) -> Result<Self, VerilatorError> {
        let design = crate::verilog::try_generate(block)?;
        for name in &options.hierarchical {
            if !design.modules().iter().any(|m| m.fields.contains(name)) {
                let mut have: Vec<String> = design.modules().iter().flat_map(|m| m.fields.clone()).collect();
                have.sort();
                return Err(VerilatorError::NoSuchBlock { name: name.clone(), have });
            }
        }
        let verilog = design.text_with(|m| {
            let apart = options.hierarchical.iter().any(|h| m.fields.contains(h));
            apart.then(|| "/*verilator hier_block*/".to_string())
        });
        Self::from_verilog(&verilog, B::has_clock(), B::inputs(), B::outputs(), options)
    }

    /// As [`Model::build`], from Verilog text whose top module is `top`.
    ///
    /// # Errors
    /// As [`Model::build`].
    ///
    /// # Panics
    /// If a port is wider than 576 bits.
    pub fn from_verilog(
        verilog: &str,
        clock: bool,
        inputs: Vec<Port>,
        outputs: Vec<Port>,
        options: &Options,
    ) -> Result<Self, VerilatorError> {
        for p in inputs.iter().chain(&outputs) {
            assert!(p.width <= MAX_BITS, "port {} has {} bits, more than {MAX_BITS}", p.name, p.width);
        }
        let path = build::library(verilog, clock, &inputs, &outputs, options)?;
        let instance = library::Instance::load(&path)?;
        Ok(Self { instance, inputs, outputs, traced: options.trace != Trace::None })
    }

    /// Inputs, without the clock.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// Outputs.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Index of the input of that name.
    pub fn input(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|p| p.name == name)
    }

    /// Index of the output of that name.
    pub fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|p| p.name == name)
    }

    /// Sets input `index`; bits beyond its width are dropped. Takes effect at the next `eval` or `cycle`.
    ///
    /// # Panics
    /// If there is no such input.
    #[inline]
    pub fn poke(&mut self, index: usize, limbs: &[u64]) {
        let width = self.inputs[index].width;
        let mut v = Value::default();
        let n = width.div_ceil(64);
        for (x, l) in v[..n].iter_mut().zip(limbs) {
            *x = *l;
        }
        if !width.is_multiple_of(64) {
            v[n - 1] &= (1 << (width % 64)) - 1;
        }
        self.instance.poke(index, &v);
    }

    /// Reads output `index`, as of the last `eval` or `cycle`.
    ///
    /// # Panics
    /// If there is no such output.
    #[inline]
    pub fn peek(&self, index: usize) -> Value {
        assert!(index < self.outputs.len(), "no output {index}: there are {}", self.outputs.len());
        self.instance.peek(index)
    }

    /// Propagates the inputs.
    pub fn eval(&mut self) {
        self.instance.eval();
    }

    /// Sets the clock for the next `eval`.
    pub fn set_clock(&mut self, high: bool) {
        self.instance.clock(high);
    }

    /// One clock cycle: clock high, evaluate, clock low, evaluate. Inputs poked before are sampled
    /// by the rising edge only if they were evaluated before it: logic between an input and a
    /// register needs that `eval` first, which this does.
    #[inline]
    pub fn cycle(&mut self) {
        self.instance.eval();
        self.instance.cycle();
    }

    /// Starts a waveform; every evaluation is one time step from now on.
    ///
    /// # Errors
    /// [`VerilatorError::NotTraced`], or [`VerilatorError::Waveform`] if the file cannot be written.
    pub fn trace_open(&mut self, path: &Path) -> Result<(), VerilatorError> {
        if !self.traced {
            return Err(VerilatorError::NotTraced);
        }
        let bad = || VerilatorError::Waveform { path: path.into() };
        let c = CString::new(path.to_string_lossy().as_bytes()).map_err(|_| bad())?;
        self.instance.trace_open(&c).then_some(()).ok_or_else(bad)
    }

    /// Sets the time of the next step in the waveform.
    pub fn trace_time(&mut self, time: u64) {
        self.instance.trace_time(time);
    }

    /// Ends the waveform and closes its file.
    pub fn trace_close(&mut self) {
        self.instance.trace_close();
    }
}
