//! Copies of what drives many: a flip-flop or table with more readers than [`MOST`] gets copies, one for each so many, and each copy has the
//! readers that will stand near one another.
//!
//! One wire to a thousand places all over the part is as long as the part, and a router that adds place after place to it makes some of
//! its ways a multiple of that. yosys makes one flip-flop of registers that are equal, so copies are made behind it. A copy has the
//! original's inputs, and so its value in every cycle; a table that does nothing but feed the flip-flop, or a pair of
//! tables that does nothing but feed their multiplexer, is copied too, so that both stay in one slice.

mod near;

use super::cells;
use near::Place;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Readers of one driver.
const MOST: usize = 128;
/// Nets of more cells say nothing about where a cell will stand.
const FEW: usize = 64;
/// Readers that lead on and are served apart.
const FEW_ON: usize = 16;
/// Ports behind which a way ends.
const ENDS: [&str; 6] = ["CE", "LSR", "DI", "M", "WRE", "WD"];
/// Clocks have their own network.
const CLOCKS: [&str; 5] = ["CLK", "WCK", "CLKA", "CLKB", "CLK0"];
/// What is copied, in this order: who reads a table's inputs is known when its copies are made.
const KINDS: [&str; 3] = ["PFUMX", "LUT4", "TRELLIS_FF"];

/// How many were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Nets that had too many readers.
    pub nets: usize,
    /// Flip-flops that were added.
    pub flip_flops: usize,
    /// Tables that were added.
    pub tables: usize,
}

/// Where a net ends: a cell, its port, the port's bit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pin {
    cell: usize,
    port: String,
    bit: usize,
}

/// Who drives and reads the nets.
#[derive(Default)]
struct Graph {
    /// Cells, by index.
    names: Vec<String>,
    drivers: BTreeMap<u64, usize>,
    readers: BTreeMap<u64, Vec<Pin>>,
    /// Also read outside of the module.
    outside: Vec<u64>,
    places: Vec<Place>,
    /// No net has this number or a greater one.
    unused: u64,
}

/// Copies in module `top`, after the floorplan, whose sites tell who will stand near whom.
///
/// # Errors
/// What is wrong with the netlist.
pub fn copy(netlist: &mut Value, top: &str) -> Result<Copied, String> {
    let outside = netlist["modules"][top]["ports"].as_object().into_iter().flat_map(|ports| ports.values());
    let outside = outside.flat_map(|port| nets(&port["bits"])).collect();
    let names_of_nets = names_of_nets(&netlist["modules"][top]["netnames"]);
    let cells = cells(netlist, top)?;
    let mut graph = Graph::reading(outside);
    for (name, cell) in cells.iter() {
        graph.add(name, cell);
    }
    graph.settle(cells);
    let mut copied = Copied::default();
    let mut named = Vec::new();
    for kind in KINDS {
        let is_such = |cell: usize| cells[&graph.names[cell]]["type"] == kind;
        let driven = graph.drivers.iter().map(|(net, cell)| (*net, *cell)).filter(|(_, cell)| is_such(*cell));
        for (net, cell) in driven.collect::<Vec<_>>() {
            let Some(group) = graph.group(cells, net, cell) else { continue };
            let readers: Vec<Pin> = graph.moving(net).cloned().collect();
            copied.nets += 1;
            for (i, part) in graph.parts(readers).into_iter().enumerate().skip(1) {
                let (new, made) = graph.one_more(cells, net, &group, i, part)?;
                copied.flip_flops += made.flip_flops;
                copied.tables += made.tables;
                named.extend(names_of_nets.get(&net).map(|name| (format!("{name}$copy{i}"), new)));
            }
        }
    }
    if let Some(netnames) = netlist["modules"][top]["netnames"].as_object_mut() {
        for (name, net) in named {
            netnames.insert(name, json!({ "hide_name": 0, "bits": [net], "attributes": {} }));
        }
    }
    Ok(copied)
}

fn nets(bits: &Value) -> Vec<u64> {
    bits.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// The shortest name of each net, with its bit.
fn names_of_nets(netnames: &Value) -> BTreeMap<u64, String> {
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    for (name, net) in netnames.as_object().into_iter().flatten() {
        let bits = net["bits"].as_array().map_or(&[][..], Vec::as_slice);
        for (i, net) in bits.iter().enumerate().filter_map(|(i, bit)| Some((i, bit.as_u64()?))) {
            let name = if bits.len() == 1 { name.clone() } else { format!("{name}[{i}]") };
            let known = names.entry(net).or_insert_with(|| name.clone());
            if name.len() < known.len() {
                *known = name;
            }
        }
    }
    names
}

/// Ports and their bits, outputs or others.
fn pins(cell: &Value, outputs: bool) -> impl Iterator<Item = (&String, usize, u64)> {
    let ports = cell["connections"].as_object().into_iter().flatten();
    let ports = ports.filter(move |(port, _)| (cell["port_directions"][*port] == "output") == outputs);
    ports.flat_map(|(port, bits)| {
        let bits = bits.as_array().into_iter().flatten().enumerate();
        bits.filter_map(move |(i, bit)| Some((port, i, bit.as_u64()?)))
    })
}

impl Graph {
    fn reading(outside: Vec<u64>) -> Self {
        let unused = outside.iter().max().map_or(0, |net| net + 1);
        Self { outside, unused, ..Self::default() }
    }

    /// Adds a cell; its place is known later.
    fn add(&mut self, name: &str, cell: &Value) {
        let index = self.names.len();
        self.names.push(name.to_owned());
        for (_, _, net) in pins(cell, true) {
            self.drivers.insert(net, index);
            self.unused = self.unused.max(net + 1);
        }
        for (port, bit, net) in pins(cell, false) {
            self.unused = self.unused.max(net + 1);
            self.readers.entry(net).or_default().push(Pin { cell: index, port: port.clone(), bit });
        }
    }

    /// Finds out where cells will stand.
    fn settle(&mut self, cells: &Map<String, Value>) {
        let site = |name: &String| site(cells[name]["attributes"]["BEL"].as_str()?);
        let sites: Vec<Option<Place>> = self.names.iter().map(site).collect();
        let nets: Vec<Vec<usize>> = (self.drivers.iter())
            .filter_map(|(net, driver)| {
                let readers = self.readers.get(net).filter(|r| r.len() < FEW)?;
                Some(readers.iter().map(|pin| pin.cell).chain([*driver]).collect())
            })
            .collect();
        self.places = near::places(&sites, &nets);
    }

    fn moving(&self, net: u64) -> impl Iterator<Item = &Pin> {
        self.readers.get(&net).into_iter().flatten().filter(|pin| !CLOCKS.contains(&pin.port.as_str()))
    }

    /// What has to be copied for another driver of `net`, if that is wanted and can be done: `cell`, and the tables that are in its slice.
    fn group(&self, cells: &Map<String, Value>, net: u64, cell: usize) -> Option<Vec<usize>> {
        let driver = &cells[&self.names[cell]];
        if self.moving(net).count() <= MOST || self.outside.contains(&net) {
            return None;
        }
        // A table's way into the multiplexer of its slice is no wire.
        let inside = |pin: &Pin| ["ALUT", "BLUT"].contains(&pin.port.as_str());
        // Copies of a register that a signal of another clock sets at once might leave that state in different cycles.
        let at_once = driver["parameters"]["SRMODE"] == "ASYNC";
        if self.moving(net).any(inside) || at_once {
            return None;
        }
        let table = |port: &str| {
            let input = nets(&driver["connections"][port]).first().copied()?;
            let feeds_only_this = self.readers[&input].len() == 1 && !self.outside.contains(&input);
            let table = self.drivers.get(&input).filter(|_| feeds_only_this).copied()?;
            (cells[&self.names[table]]["type"] == "LUT4").then_some(table)
        };
        let mut group = vec![cell];
        match driver["type"].as_str()? {
            "PFUMX" => group.extend([table("ALUT")?, table("BLUT")?]),
            "TRELLIS_FF" => group.extend(table("DI")),
            _ => {}
        }
        Some(group)
    }

    /// Readers by what follows them, then by nearness: where few of them lead on, they get a driver of their own. Behind the others the way ends.
    fn parts(&self, readers: Vec<Pin>) -> Vec<Vec<Pin>> {
        let (ends, on): (Vec<Pin>, Vec<Pin>) = readers.into_iter().partition(|pin| ENDS.contains(&pin.port.as_str()));
        if on.is_empty() || on.len() > FEW_ON || ends.is_empty() {
            return self.split(on.into_iter().chain(ends).collect());
        }
        let mut parts = vec![on];
        parts.extend(self.split(ends));
        parts
    }

    /// Readers by nearness, at most [`MOST`] each: halved across the longer side of where they stand.
    fn split(&self, mut readers: Vec<Pin>) -> Vec<Vec<Pin>> {
        let parts = readers.len().div_ceil(MOST);
        if parts <= 1 {
            return vec![readers];
        }
        let side = |of: fn(&Place) -> f64| {
            let all = readers.iter().map(|pin| of(&self.places[pin.cell]));
            let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
            high - low
        };
        let across: fn(&Place) -> f64 = if side(|p| p.1) > side(|p| p.0) { |p| p.1 } else { |p| p.0 };
        readers.sort_by(|a, b| {
            let (x, y) = (across(&self.places[a.cell]), across(&self.places[b.cell]));
            x.total_cmp(&y).then_with(|| a.cmp(b))
        });
        let rest = readers.split_off(readers.len() * (parts / 2) / parts);
        let mut split = self.split(readers);
        split.extend(self.split(rest));
        split
    }

    /// Copy `number` of `group`, whose first drives `net`, for `readers`; the net that it drives.
    fn one_more(
        &mut self,
        cells: &mut Map<String, Value>,
        net: u64,
        group: &[usize],
        number: usize,
        readers: Vec<Pin>,
    ) -> Result<(u64, Copied), String> {
        let mut renamed = BTreeMap::new();
        for cell in group {
            for (_, _, old) in pins(&cells[&self.names[*cell]], true) {
                renamed.insert(old, self.unused);
                self.unused += 1;
            }
        }
        let stands: Vec<Place> = readers.iter().map(|pin| self.places[pin.cell]).collect();
        let mut made = Copied::default();
        for cell in group {
            let original = &self.names[*cell];
            let mut copy = cells[original].clone();
            match copy["type"].as_str() {
                Some("TRELLIS_FF") => made.flip_flops += 1,
                Some("LUT4") => made.tables += 1,
                _ => {}
            }
            let name = format!("{original}$copy{number}");
            for bit in copy["connections"].as_object_mut().into_iter().flat_map(|c| c.values_mut()) {
                for bit in bit.as_array_mut().into_iter().flatten() {
                    if let Some(new) = bit.as_u64().and_then(|old| renamed.get(&old)) {
                        *bit = (*new).into();
                    }
                }
            }
            self.add(&name, &copy);
            self.places.push(near::mean(&stands));
            cells.insert(name, copy);
        }
        let new = renamed[&net];
        for pin in &readers {
            let bit = &mut cells[&self.names[pin.cell]]["connections"][&pin.port][pin.bit];
            *bit = new.into();
        }
        if let Some(kept) = self.readers.get_mut(&net) {
            kept.retain(|pin| !readers.contains(pin));
        }
        self.readers.insert(new, readers);
        Ok((new, made))
    }
}

/// Column and row of a site.
fn site(bel: &str) -> Option<Place> {
    let mut parts = bel.split('/');
    let mut number = |letter| parts.next()?.strip_prefix(letter)?.parse().ok();
    Some((number('X')?, number('Y')?))
}

#[cfg(test)]
mod tests;
