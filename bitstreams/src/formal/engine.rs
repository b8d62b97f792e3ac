//! The MSM engine in reduced sizes: its Verilog with two blocks replaced, the checks beside it.

use super::{Model, source};
use gristmill_hdl::msm::{Msm256, Reduced};
use gristmill_hdl_kit::verilog::{self, TOP};
use rust_hdl::prelude::Block;
use std::collections::{BTreeMap, BTreeSet};

/// What `abstract.sv` replaces.
const REPLACED: [&str; 2] = ["m_adder", "m_recoder"];
/// The tracker's memories. They start with any contents: the engine wipes them.
const UNKNOWN: [&str; 4] = ["m_puts", "m_puts_p", "m_gets", "m_gets_p"];
/// Bits of a coordinate in the engine's Verilog.
const COORDINATE: usize = 256;
/// Bits of a weight.
const WEIGHT: usize = 2;

/// What goes into the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// The properties.
    Properties,
    /// The properties and the invariant that implies them; without what the buckets hold.
    Invariant,
}

/// A change of the Verilog: in this module this text, which stands there once, becomes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What it is.
    pub name: &'static str,
    /// The module.
    pub module: &'static str,
    /// The text that it has.
    pub from: &'static str,
    /// The text that it gets.
    pub to: &'static str,
}

/// The engine's Verilog.
pub fn verilog(sizes: &Reduced) -> String {
    let mut engine = Box::new(Msm256::reduced(sizes));
    engine.connect_all();
    verilog::generate(&*engine)
}

/// The model of an engine ([`verilog`] of these sizes).
///
/// # Errors
/// If a file of `hdl/formal` cannot be read, or a mutation's text does not stand once in its module, which is then named.
pub fn model(verilog: &str, sizes: &Reduced, checks: Checks, mutation: Option<&Mutation>) -> Result<Model, String> {
    let (blocks, properties, invariant) = (source("abstract.sv")?, source("engine.sv")?, source("invariant.sv")?);
    let mut modules = split(verilog);
    modules.retain(|(name, _)| !REPLACED.contains(&name.as_str()));
    let reached = reached(&modules);
    modules.retain(|(name, _)| reached.contains(name));
    for (name, text) in &mut modules {
        if UNKNOWN.contains(&name.as_str()) {
            *text =
                text.lines().filter(|l| !l.trim_start().starts_with("initial for")).map(|l| format!("{l}\n")).collect();
        }
        if name == TOP {
            *text = text.replacen("endmodule", "    checks checks();\nendmodule", 1);
        }
        if let Some(m) = mutation.filter(|m| m.module == name) {
            let found = text.matches(m.from).count();
            if found != 1 {
                return Err(format!("mutation `{}`: its text stands {found} times in module {name}", m.name));
            }
            *text = text.replacen(m.from, m.to, 1);
        }
    }
    if let Some(m) = mutation.filter(|m| !reached.contains(m.module)) {
        return Err(format!("mutation `{}`: the engine has no module {}", m.name, m.module));
    }
    let ports = memories(sizes);
    let mut text = defines(sizes, checks, &ports);
    text += &blocks;
    text.extend(modules.into_iter().map(|(_, module)| module + "\n"));
    text += &properties.replace("`include \"invariant.sv\"", &invariant);
    let header = match checks {
        Checks::Invariant => properties.as_str(),
        Checks::Properties => {
            properties.split_once("`ifdef INVARIANT").map_or(properties.as_str(), |(before, _)| before)
        }
    };
    let mut connect: Vec<String> = header.lines().filter_map(port).collect();
    if checks == Checks::Invariant {
        connect.extend(ports.into_iter().map(|p| p.name));
    }
    Ok(Model { text, top: TOP, connect })
}

/// The name of an input that is declared on this line.
fn port(line: &str) -> Option<String> {
    let rest = line.strip_prefix("    input wire ")?;
    let name = rest.rsplit_once("] ").map_or(rest, |(_, name)| name);
    Some(name.trim_end().trim_end_matches(',').trim().trim_start_matches('\\').to_owned())
}

/// Name and text of each module.
fn split(verilog: &str) -> Vec<(String, String)> {
    let mut modules: Vec<(String, String)> = Vec::new();
    for line in verilog.lines() {
        if let Some((name, _)) = line.strip_prefix("module ").and_then(|rest| rest.split_once('(')) {
            modules.push((name.to_owned(), String::new()));
        }
        if let Some((_, text)) = modules.last_mut() {
            *text += line;
            text.push('\n');
        }
    }
    modules
}

/// The modules that stand in the top module or in one that does.
fn reached(modules: &[(String, String)]) -> BTreeSet<String> {
    let texts: BTreeMap<&str, &str> = modules.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![TOP];
    while let Some(name) = waiting.pop() {
        let Some(text) = texts.get(name) else { continue };
        if reached.insert(name.to_owned()) {
            let kind =
                |line: &'_ str| line.trim_start().strip_suffix('(')?.split_once(' ').map(|(kind, _)| kind.to_owned());
            waiting
                .extend(text.lines().filter_map(kind).filter_map(|k| texts.get_key_value(k.as_str()).map(|(k, _)| *k)));
        }
    }
    reached
}

/// A word of a memory as a port of the checks.
struct Port {
    name: String,
    bits: usize,
    /// The checks' signal that it is.
    signal: String,
}

fn memories(sizes: &Reduced) -> Vec<Port> {
    let mut ports = Vec::new();
    let mut word = |name: String, bits: usize, signal: String| ports.push(Port { name, bits, signal });
    for slot in 0..sizes.buckets() {
        let (bank, at) = (slot % 2, slot / 2);
        for (copy, puts, gets) in [
            ("a", format!("puts${bank}.words_a"), "gets.words_a"),
            ("b", format!("puts${bank}.words_b"), "gets.words_b"),
            ("p", format!("puts_p${bank}.words"), "gets_p.words"),
        ] {
            word(format!("banked$0.{puts}[{at}]"), 2, format!("put_{copy}[{slot}]"));
            word(format!("banked$0.{gets}[{slot}]"), 1, format!("get_{copy}[{slot}]"));
        }
        let memory = ["buckets", "odd$0"][bank];
        let bits = 3 * COORDINATE;
        word(format!("{memory}.words[{at}]"), bits, format!("points[{} +: {bits}]", slot * bits));
    }
    for at in 0..sizes.stall_depth {
        let bits = 3 * COORDINATE + 24;
        word(format!("results.words[{at}]"), bits, format!("fifo[{} +: {bits}]", at * bits));
    }
    word("parking$0.behind.words[0]".into(), 3 * COORDINATE + 24, "newest".into());
    ports
}

fn defines(sizes: &Reduced, checks: Checks, ports: &[Port]) -> String {
    let mut text: String = [
        ("WEIGHT", WEIGHT),
        ("BUCKETS_LOG", sizes.buckets().next_power_of_two().trailing_zeros() as usize),
        ("LATENCY", sizes.latency),
        ("BUCKETS", sizes.buckets()),
        ("WINDOWS", sizes.windows),
        ("PER_WINDOW", sizes.buckets_per_window),
        ("COORDINATE", COORDINATE),
        ("STALL_DEPTH", sizes.stall_depth),
        ("URGENT", sizes.stall_depth - 4),
        ("LAST_WIPED", sizes.buckets().max(sizes.latency + 8) - 1),
        ("LAST_STEP", (sizes.latency + 3).max(2 * sizes.windows) - 1),
    ]
    .iter()
    .map(|(name, value)| format!("`define {name} {value}\n"))
    .collect();
    match checks {
        Checks::Properties => text += "`define CONSERVED\n",
        Checks::Invariant => text += "`define INVARIANT\n",
    }
    let inputs: String = ports.iter().map(|p| format!(", input wire [{}:0] \\{} ", p.bits - 1, p.name)).collect();
    // Of a word with the bit `seen` only the parity counts.
    let low = |p: &Port| if p.bits == 2 { " [0]" } else { "" };
    let is: String = ports.iter().map(|p| format!(" assign {} = \\{} {};", p.signal, p.name, low(p))).collect();
    text + &format!("`define MEMORIES {inputs}\n`define MEMORY {is}\n")
}
