//! Modular adders and subtractors against their definition.

use super::{Model, source};
use gristmill_hdl::field::{FieldParams, ModAdd, ModSub, ModSum};
use gristmill_hdl_kit::verilog;
use rust_hdl::prelude::Block;

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// [`ModAdd`].
    Add,
    /// [`ModSub`].
    Sub,
    /// [`ModSum`]: either, as each cycle asks.
    Sum,
}

/// The unit for words of `W` bits in `field`, beside what it is to compute.
///
/// # Errors
/// If a file of `hdl/formal` cannot be read.
///
/// # Panics
/// If the field does not fit words of so many bits.
pub fn model<const W: usize>(unit: Unit, field: &FieldParams) -> Result<Model, String> {
    let (verilog, latency, port, minus) = match unit {
        Unit::Add => (generate(ModAdd::<W>::new(field)), ModAdd::<W>::LATENCY, "", "1'b0"),
        Unit::Sub => (generate(ModSub::<W>::new(field)), ModSub::<W>::LATENCY, "", "1'b1"),
        Unit::Sum => (generate(ModSum::<W>::new(field)), ModSum::<W>::LATENCY, ".subtract(subtract),", "subtract"),
    };
    let text = format!(
        "`define WIDTH {W}\n`define LATENCY {latency}\n`define MODULUS {bits}'h{p:x}\n`define SUBTRACT {port}\n`define MINUS {minus}\n{spec}{verilog}",
        bits = W + 1,
        p = field.prime(),
        spec = source("modular.sv")?,
    );
    Ok(Model { text, top: "spec", connect: vec![] })
}

/// Cycles after which every result has been compared once.
pub fn cycles(unit: Unit) -> usize {
    2 + match unit {
        Unit::Add => ModAdd::<256>::LATENCY,
        Unit::Sub => ModSub::<256>::LATENCY,
        Unit::Sum => ModSum::<256>::LATENCY,
    }
}

fn generate<B: Block>(mut block: B) -> String {
    block.connect_all();
    verilog::generate(&block)
}
