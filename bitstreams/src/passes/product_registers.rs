//! Registers of products go into the multipliers: a `MULT18X18D` has one at its output, which yosys does not use.
//!
//! That takes 32 flip-flops and as many wires off each multiplier, and the product's time. A register is taken if nothing
//! else sees the product, and if it is one that the multiplier has: same clock for all bits, its rising edge, always
//! enabled, never reset, zero at first.

use super::cells;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Bits of a product.
const BITS: usize = 36;

/// How much was folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Multipliers that took their registers.
    pub multipliers: usize,
    /// Flip-flops that are gone.
    pub flip_flops: usize,
}

/// What a multiplier takes over.
struct Register {
    clock: Value,
    /// New nets at the outputs, by port.
    outputs: Vec<(String, Value)>,
    flip_flops: Vec<String>,
}

/// Folds what can be folded in module `top`.
///
/// # Errors
/// What is wrong with the netlist.
pub fn fold(netlist: &mut Value, top: &str) -> Result<Folded, String> {
    let ports = ports_of(netlist, top);
    let cells = cells(netlist, top)?;
    let readers = readers(cells, &ports);
    let names: Vec<String> =
        cells.iter().filter(|(_, c)| c["type"] == "MULT18X18D").map(|(name, _)| name.clone()).collect();
    let mut folded = Folded::default();
    for name in names {
        let Some(register) = register(cells, &readers, &name) else { continue };
        folded.multipliers += 1;
        folded.flip_flops += register.flip_flops.len();
        for flip_flop in &register.flip_flops {
            cells.remove(flip_flop);
        }
        take(&mut cells[&name], register).ok_or_else(|| format!("cell `{name}` is malformed"))?;
    }
    Ok(folded)
}

/// Who reads a net: cell and port, or the outside.
type Readers = BTreeMap<u64, Vec<Option<(String, String)>>>;

fn ports_of(netlist: &Value, top: &str) -> Vec<u64> {
    let ports = netlist["modules"][top]["ports"].as_object();
    ports.into_iter().flat_map(|p| p.values()).flat_map(|p| nets(&p["bits"])).collect()
}

fn nets(bits: &Value) -> Vec<u64> {
    bits.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

fn readers(cells: &Map<String, Value>, ports: &[u64]) -> Readers {
    let mut readers = Readers::new();
    for net in ports {
        readers.entry(*net).or_default().push(None);
    }
    for (name, cell) in cells {
        for (port, bits) in cell["connections"].as_object().into_iter().flatten() {
            if cell["port_directions"][port] == "output" {
                continue;
            }
            for net in nets(bits) {
                readers.entry(net).or_default().push(Some((name.clone(), port.clone())));
            }
        }
    }
    readers
}

/// The register behind a multiplier, if it is one that the multiplier has.
fn register(cells: &Map<String, Value>, readers: &Readers, name: &str) -> Option<Register> {
    let multiplier = &cells[name];
    let taken = |port: &str| multiplier["connections"].get(port).is_some_and(|bits| !nets(bits).is_empty());
    if ["CLK0", "CE0", "RST0"].into_iter().any(taken) || parameter(multiplier, "REG_OUTPUT_CLK", "NONE") != "NONE" {
        return None;
    }
    let (mut outputs, mut flip_flops, mut clocks) = (Vec::new(), Vec::new(), Vec::new());
    for port in (0..BITS).map(|i| format!("P{i}")) {
        let Some(net) = multiplier["connections"].get(&port).and_then(|b| nets(b).first().copied()) else { continue };
        let [reader] = readers.get(&net).map(Vec::as_slice).unwrap_or_default() else {
            // Nobody, or more than one.
            if readers.contains_key(&net) {
                return None;
            }
            continue;
        };
        let (reader, at) = reader.as_ref()?;
        let flip_flop = &cells[reader];
        if at != "DI" || !plain(flip_flop) {
            return None;
        }
        clocks.push(flip_flop["connections"]["CLK"].clone());
        outputs.push((port, flip_flop["connections"]["Q"].clone()));
        flip_flops.push(reader.clone());
    }
    let clock = clocks.first()?.clone();
    clocks.iter().all(|c| *c == clock).then_some(Register { clock, outputs, flip_flops })
}

/// A flip-flop that follows its input at each rising edge, and does nothing else.
fn plain(cell: &Value) -> bool {
    let never =
        |port: &str| cell["connections"].get(port).is_none_or(|bits| nets(bits).is_empty() && bits != &json!(["1"]));
    cell["type"] == "TRELLIS_FF"
        && parameter(cell, "CEMUX", "1") == "1"
        && parameter(cell, "CLKMUX", "CLK") == "CLK"
        && parameter(cell, "LSRMUX", "LSR") == "LSR"
        && parameter(cell, "REGSET", "RESET") == "RESET"
        && never("LSR")
        && never("M")
}

/// A parameter; yosys ends texts of ones and zeros with a space.
fn parameter<'a>(cell: &'a Value, name: &str, default: &'a str) -> &'a str {
    cell["parameters"].get(name).and_then(Value::as_str).map_or(default, str::trim_end)
}

fn take(multiplier: &mut Value, register: Register) -> Option<()> {
    for part in ["parameters", "connections", "port_directions"] {
        multiplier.get_mut(part)?.as_object()?;
    }
    for (name, value) in [("REG_OUTPUT_CLK", "CLK0"), ("REG_OUTPUT_CE", "CE0"), ("REG_OUTPUT_RST", "RST0")] {
        multiplier["parameters"][name] = value.into();
    }
    for (port, net) in [("CLK0", register.clock), ("CE0", json!(["1"])), ("RST0", json!(["0"]))] {
        multiplier["connections"][port] = net;
        multiplier["port_directions"][port] = "input".into();
    }
    for (port, net) in register.outputs {
        multiplier["connections"][port] = net;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bits of a product, each to a register; bit 2 to nobody.
    fn netlist() -> Value {
        let flip_flop = |d: u32, q: u32| {
            json!({ "type": "TRELLIS_FF", "parameters": { "CEMUX": "1 ", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET" },
                "port_directions": { "CLK": "input", "DI": "input", "LSR": "input", "Q": "output" },
                "connections": { "CLK": [2], "DI": [d], "LSR": ["0"], "Q": [q] } })
        };
        let multiplier = json!({ "type": "MULT18X18D", "parameters": {},
            "port_directions": { "A0": "input", "P0": "output", "P1": "output", "P2": "output" },
            "connections": { "A0": [3], "P0": [10], "P1": [11], "P2": [12] } });
        json!({ "modules": { "board": {
            "ports": { "clock": { "direction": "input", "bits": [2] }, "out": { "direction": "output", "bits": [20, 21] } },
            "cells": { "m": multiplier, "f0": flip_flop(10, 20), "f1": flip_flop(11, 21) } } } })
    }

    #[test]
    fn a_product_s_register_goes_into_the_multiplier() {
        let mut netlist = netlist();
        assert_eq!(fold(&mut netlist, "board"), Ok(Folded { multipliers: 1, flip_flops: 2 }));
        let cells = netlist["modules"]["board"]["cells"].as_object().expect("cells");
        assert_eq!(cells.keys().collect::<Vec<_>>(), ["m"]);
        let m = &cells["m"];
        assert_eq!((&m["connections"]["P0"], &m["connections"]["P1"]), (&json!([20]), &json!([21])));
        assert_eq!((&m["connections"]["CLK0"], &m["connections"]["CE0"]), (&json!([2]), &json!(["1"])));
        assert_eq!((&m["connections"]["RST0"], &m["parameters"]["REG_OUTPUT_CLK"]), (&json!(["0"]), &json!("CLK0")));
        assert_eq!(fold(&mut netlist, "board"), Ok(Folded::default()), "once");
    }

    #[test]
    fn a_register_that_is_more_or_a_product_that_is_seen_stays() {
        let kept = |change: &dyn Fn(&mut Value), why: &str| {
            let mut netlist = netlist();
            change(&mut netlist["modules"]["board"]);
            let before = netlist.clone();
            assert_eq!(fold(&mut netlist, "board"), Ok(Folded::default()), "{why}");
            assert_eq!(netlist, before, "{why}");
        };
        kept(&|b| b["cells"]["f1"]["parameters"]["CEMUX"] = "CE".into(), "an enable");
        kept(&|b| b["cells"]["f1"]["parameters"]["CLKMUX"] = "INV".into(), "the falling edge");
        kept(&|b| b["cells"]["f1"]["parameters"]["REGSET"] = "SET".into(), "one at first");
        kept(&|b| b["cells"]["f1"]["parameters"]["LSRMUX"] = "INV".into(), "a reset by zero");
        kept(&|b| b["cells"]["f1"]["connections"]["LSR"] = json!([7]), "a reset");
        kept(&|b| b["cells"]["f1"]["connections"]["CLK"] = json!([4]), "another clock");
        kept(&|b| b["cells"]["f1"]["type"] = "LUT4".into(), "no register");
        kept(&|b| b["ports"]["out"]["bits"] = json!([20, 11]), "seen outside");
        kept(
            &|b| {
                b["cells"]["l"] =
                    json!({ "type": "LUT4", "port_directions": { "A": "input" }, "connections": { "A": [10] } })
            },
            "seen elsewhere",
        );
        kept(&|b| b["cells"]["m"]["connections"]["CLK0"] = json!([2]), "registers of its own");
        assert!(fold(&mut json!({}), "board").is_err());
    }
}
