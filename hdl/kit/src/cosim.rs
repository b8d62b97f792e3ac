//! Co-simulation: a block's native simulation and its generated Verilog under Verilator, fed the
//! same inputs in every cycle, outputs compared before and after every rising edge.
//!
//! Fails if Verilator is missing, unless `GRISTMILL_SKIP_VERILATOR=1` says to go without; then it
//! says on stderr that nothing was compared.

use crate::ports::{Port, Ports, Value};
use crate::sim::{cycle, settle, NotSettled, MAX_WALKS};
use crate::verilator::{self, Model, VerilatorError};

/// Environment variable that turns co-simulation off when set to anything but `0` or nothing.
pub const SKIP: &str = "GRISTMILL_SKIP_VERILATOR";

/// How to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Cycles at the start whose outputs are not compared. A twin needs its latency here (its
    /// pipeline starts with zeros, the RTL's with what it makes of zeros); RTL needs none.
    pub warm_up: usize,
    /// How to build the model.
    pub verilator: verilator::Options,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Everything agreed over so many cycles.
    Agreed {
        /// Cycles compared, without the warm-up.
        cycles: usize,
    },
    /// `GRISTMILL_SKIP_VERILATOR` is set: nothing was compared.
    Skipped,
}

/// Where native simulation and Verilog part.
#[derive(Debug, thiserror::Error)]
pub enum CosimError {
    /// The model cannot be built.
    #[error("co-simulation needs Verilator: {0} (or set {SKIP}=1 to go without)")]
    Verilator(#[from] VerilatorError),
    /// The native simulation oscillates.
    #[error(transparent)]
    NotSettled(#[from] NotSettled),
    /// A vector is not as long as the list of inputs.
    #[error("vector {vector} has {got} values, but the block has {want} inputs")]
    Length {
        /// Index of the vector.
        vector: usize,
        /// Its length.
        got: usize,
        /// Inputs of the block.
        want: usize,
    },
    /// An output differs.
    #[error(
        "cycle {cycle}, {phase} the edge: output {port} is {native} in native simulation and {verilog} in Verilog; inputs: {inputs}"
    )]
    Differs {
        /// Cycle, from 0.
        cycle: usize,
        /// `before` or `after`.
        phase: &'static str,
        /// Output's name.
        port: String,
        /// Hexadecimal.
        native: String,
        /// Hexadecimal.
        verilog: String,
        /// Inputs of that cycle, hexadecimal.
        inputs: String,
    },
}

/// Whether [`SKIP`] is set.
pub fn skipped() -> bool {
    std::env::var_os(SKIP).is_some_and(|v| !v.is_empty() && v != "0")
}

/// Feeds one vector (a value for each input) in each cycle, compares all outputs. The
/// block must be fresh, as the model is: call `connect_all()` on it, but clock it not.
///
/// # Errors
/// [`CosimError`]: a difference, an oscillation, or no model.
pub fn check<B: Ports>(block: &mut B, vectors: &[Vec<Value>], options: &Options) -> Result<Outcome, CosimError> {
    let want = B::inputs().len();
    if let Some((vector, v)) = vectors.iter().enumerate().find(|(_, v)| v.len() != want) {
        return Err(CosimError::Length { vector, got: v.len(), want });
    }
    check_with(block, vectors.len(), options, |cycle, _, inputs| inputs.copy_from_slice(&vectors[cycle]))
}

/// As [`check`], with inputs that may depend on outputs (handshakes): before each cycle, `drive`
/// gets the cycle's number, the outputs after the last edge, and the inputs to change.
///
/// # Errors
/// As [`check`].
pub fn check_with<B: Ports>(
    block: &mut B,
    cycles: usize,
    options: &Options,
    mut drive: impl FnMut(usize, &[Value], &mut [Value]),
) -> Result<Outcome, CosimError> {
    if skipped() {
        eprintln!("WARNING: {SKIP} is set: the Verilog of {} was NOT checked", std::any::type_name::<B>());
        return Ok(Outcome::Skipped);
    }
    let mut model = Model::build(block, &options.verilator)?;
    let (ins, outs) = (B::inputs(), B::outputs());
    let mut inputs = vec![Value::default(); ins.len()];
    settle(block, MAX_WALKS)?;
    let mut outputs: Vec<Value> = (0..outs.len()).map(|i| block.peek(i)).collect();
    for n in 0..cycles {
        drive(n, &outputs, &mut inputs);
        for (i, v) in inputs.iter().enumerate() {
            block.poke(i, v);
            model.poke(i, v);
        }
        settle(block, MAX_WALKS)?;
        model.eval();
        compare(block, &model, &outs, n, "before", (&ins, &inputs), options)?;
        cycle(block)?;
        model.cycle();
        compare(block, &model, &outs, n, "after", (&ins, &inputs), options)?;
        for (i, o) in outputs.iter_mut().enumerate() {
            *o = block.peek(i);
        }
    }
    Ok(Outcome::Agreed { cycles: cycles.saturating_sub(options.warm_up) })
}

fn compare<B: Ports>(
    block: &B,
    model: &Model,
    outs: &[Port],
    cycle: usize,
    phase: &'static str,
    (ins, inputs): (&[Port], &[Value]),
    options: &Options,
) -> Result<(), CosimError> {
    if cycle < options.warm_up {
        return Ok(());
    }
    for (i, port) in outs.iter().enumerate() {
        let (native, verilog) = (block.peek(i), model.peek(i));
        if native != verilog {
            let inputs: Vec<String> = ins.iter().zip(inputs).map(|(p, v)| format!("{}={}", p.name, hex(v))).collect();
            return Err(CosimError::Differs {
                cycle,
                phase,
                port: port.name.clone(),
                native: hex(&native),
                verilog: hex(&verilog),
                inputs: inputs.join(" "),
            });
        }
    }
    Ok(())
}

/// A port's value in hexadecimal.
pub fn hex(v: &Value) -> String {
    format!("{:x}", crate::word::U::<576>::from_limbs(v))
}

/// `n` vectors for a block's inputs: random words, and in one of four places an edge: 0, 1, the
/// largest value, or the value of the last vector. The same seed gives the same vectors.
pub fn random_vectors<B: Ports>(n: usize, seed: u64) -> Vec<Vec<Value>> {
    let ins = B::inputs();
    let mut state = seed;
    // SplitMix64 (Steele, Lea, Flood 2014).
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut vectors: Vec<Vec<Value>> = Vec::with_capacity(n);
    for _ in 0..n {
        let v = ins.iter().enumerate().map(|(i, p)| {
            let mut x = Value::default();
            let used = p.width.div_ceil(64);
            match next() % 16 {
                0 => {}
                1 => x[0] = 1,
                2 => x[..used].fill(!0),
                3 => x = vectors.last().map_or(x, |l| l[i]),
                _ => x[..used].iter_mut().for_each(|l| *l = next()),
            }
            if !p.width.is_multiple_of(64) {
                x[used - 1] &= (1 << (p.width % 64)) - 1;
            }
            x
        });
        let v = v.collect();
        vectors.push(v);
    }
    vectors
}
