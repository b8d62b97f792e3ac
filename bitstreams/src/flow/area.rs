//! Area by module, of a netlist that was flattened.
//!
//! yosys leaves a `$scopeinfo` cell for each instance it dissolved. Registers and multipliers still say in
//! which Verilog module they were written (`src`): of the names their outputs have, the one in an instance of
//! that module is theirs. Memories keep their own name. What was made of logic (look-up tables) has lost its
//! origin and is counted with what it feeds, so these numbers are an attribution; their sums are exact.

use super::netlist::{Bit, Cell, Netlist};
use super::usage::Usage;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A module instance and what it and all below it use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Path of instances, joined by dots; empty for the whole.
    pub path: String,
    /// What it uses.
    pub usage: Usage,
}

/// Where in the sources the modules begin.
pub struct Sources {
    /// File, first line, name of the module; sorted.
    modules: Vec<(String, usize, String)>,
}

impl Sources {
    /// Of files and their text.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let mut modules = vec![];
        for (file, text) in files {
            for (i, line) in text.lines().enumerate() {
                if let Some(rest) = line.strip_prefix("module ") {
                    let end = rest.find(['(', ' ', ';', '#']).unwrap_or(rest.len());
                    modules.push(((*file).to_owned(), i + 1, rest[..end].to_owned()));
                }
            }
        }
        modules.sort();
        Sources { modules }
    }

    /// The module at a `src` attribute such as `card.v:12.5-14.8|/share/lattice/x.v:1.1-2.2`.
    fn module(&self, src: &str) -> Option<&str> {
        src.split('|').find_map(|part| {
            let (file, place) = part.rsplit_once(':')?;
            let line: usize = place.split('.').next()?.parse().ok()?;
            let upto = self.modules.iter().rfind(|(f, first, _)| f == file && *first <= line);
            upto.map(|(_, _, name)| name.as_str())
        })
    }
}

/// All instances with what they use, the whole first.
pub fn by_module(netlist: &Netlist, sources: &Sources) -> Vec<Row> {
    let scopes = scopes(netlist);
    let mut sums: BTreeMap<&str, Usage> = BTreeMap::from([("", Usage::default())]);
    sums.extend(scopes.keys().map(|path| (*path, Usage::default())));
    for (cell, home) in netlist.cells.values().zip(homes(netlist, sources, &scopes)) {
        let usage = Usage::of(cell);
        let mut path = home.unwrap_or("");
        loop {
            if let Some(sum) = sums.get_mut(path) {
                *sum += usage;
            }
            if path.is_empty() {
                break;
            }
            path = path.rsplit_once('.').map_or("", |(above, _)| above);
        }
    }
    sums.into_iter().map(|(path, usage)| Row { path: path.to_owned(), usage }).collect()
}

/// Rows worth showing: at most `depth` instances deep, with a hundredth of the whole or more of something.
pub fn worth_showing(rows: &[Row], depth: usize) -> Vec<Row> {
    let Some(whole) = rows.first().map(|r| r.usage) else { return vec![] };
    let shown = |row: &&Row| {
        let deep = if row.path.is_empty() { 0 } else { row.path.split('.').count() };
        let much = |(used, all): (u32, u32)| used > 0 && used * 100 >= all;
        let parts = row.usage.each().into_iter().zip(whole.each()).map(|((_, u), (_, a))| (u, a));
        deep <= depth && (row.path.is_empty() || parts.into_iter().any(much))
    };
    rows.iter().filter(shown).cloned().collect()
}

/// Instances and their modules.
fn scopes(netlist: &Netlist) -> BTreeMap<&str, &str> {
    let infos = netlist.cells.iter().filter(|(_, cell)| cell.kind == "$scopeinfo");
    infos.filter_map(|(name, cell)| Some((name.as_str(), cell.attributes.get("module")?.as_str()))).collect()
}

/// The innermost instance that a name lies in.
fn scope<'a>(scopes: &BTreeMap<&'a str, &'a str>, name: &str) -> Option<&'a str> {
    let mut path = name;
    while let Some((above, _)) = path.rsplit_once('.') {
        if let Some((found, _)) = scopes.get_key_value(above) {
            return Some(found);
        }
        path = above;
    }
    None
}

/// The instance of every cell, in the order of the cells.
fn homes<'a>(netlist: &'a Netlist, sources: &Sources, scopes: &BTreeMap<&'a str, &'a str>) -> Vec<Option<&'a str>> {
    let mut names: HashMap<u32, Vec<&str>> = HashMap::new();
    for (name, net) in &netlist.netnames {
        for bit in &net.bits {
            if let Bit::Net(n) = bit {
                names.entry(*n).or_default().push(name);
            }
        }
    }
    let cells: Vec<(&String, &Cell)> = netlist.cells.iter().collect();
    let mut homes: Vec<Option<&'a str>> =
        cells.iter().map(|(name, cell)| written(name, cell, sources, scopes, &names)).collect();

    let mut readers: HashMap<u32, Vec<usize>> = HashMap::new();
    for (i, (_, cell)) in cells.iter().enumerate() {
        for net in cell.nets("input") {
            readers.entry(net).or_default().push(i);
        }
    }
    // From what is known backwards, until nothing new is learnt: each round crosses one level of logic.
    loop {
        let mut learnt = vec![];
        for (i, (_, cell)) in cells.iter().enumerate().filter(|(i, _)| homes[*i].is_none()) {
            let mut votes: BTreeMap<&'a str, usize> = BTreeMap::new();
            for reader in cell.nets("output").filter_map(|n| readers.get(&n)).flatten() {
                if let Some(home) = homes[*reader] {
                    *votes.entry(home).or_default() += 1;
                }
            }
            if let Some((home, _)) = votes.into_iter().max_by_key(|(home, n)| (*n, std::cmp::Reverse(*home))) {
                learnt.push((i, home));
            }
        }
        if learnt.is_empty() {
            return homes;
        }
        for (i, home) in learnt {
            homes[i] = Some(home);
        }
    }
}

/// The instance that a cell was written in, if it still tells.
fn written<'a>(
    name: &str,
    cell: &Cell,
    sources: &Sources,
    scopes: &BTreeMap<&'a str, &'a str>,
    names: &HashMap<u32, Vec<&str>>,
) -> Option<&'a str> {
    if matches!(cell.kind.as_str(), "DP16KD" | "TRELLIS_DPR16X4") {
        return scope(scopes, name);
    }
    let module = sources.module(cell.attributes.get("src")?)?;
    let named = cell.nets("output").filter_map(|n| names.get(&n)).flatten().filter_map(|name| scope(scopes, name));
    let mut there = named.filter(|path| scopes.get(path) == Some(&module));
    there.next().or_else(|| {
        let mut instances = scopes.iter().filter(|(_, m)| **m == module);
        let first = instances.next();
        // The only instance of its module needs no name.
        first.filter(|_| instances.next().is_none()).map(|(path, _)| *path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two instances of one module with a register each, a look-up table that feeds one of them and whose own
    /// name says nothing, a memory, and a register of the top itself.
    fn sample() -> (Netlist, Sources) {
        let ff = |q: u32, d: u32, src: &str| {
            format!(
                r#"{{"type":"TRELLIS_FF","attributes":{{"src":"{src}|/share/x.v:1.1-2.2"}},
                "port_directions":{{"DI":"input","Q":"output"}},"connections":{{"DI":[{d}],"Q":[{q}]}}}}"#
            )
        };
        let lut = |z: u32, a: u32| {
            format!(
                r#"{{"type":"LUT4","attributes":{{"src":"/share/y.v:9.1-9.2"}},
                "port_directions":{{"A":"input","Z":"output"}},"connections":{{"A":[{a}],"B":["0"],"Z":[{z}]}}}}"#
            )
        };
        let scope = |module: &str| format!(r#"{{"type":"$scopeinfo","attributes":{{"module":"{module}"}}}}"#);
        let text = format!(
            r#"{{"modules":{{"board":{{"cells":{{"a":{},"b":{},"b.deep":{},"f1":{},"f2":{},"f3":{},"l1":{},"l2":{},
            "b.deep.words.0.0":{{"type":"DP16KD"}}}},
            "netnames":{{"a.q":{{"bits":[10]}},"b.in":{{"bits":[10]}},"b.q":{{"bits":[11]}},"top":{{"bits":[12]}}}}}}}}}}"#,
            scope("m_x"),
            scope("m_x"),
            scope("m_ram"),
            ff(10, 20, "card.v:3.5-3.9"),
            ff(11, 21, "card.v:3.5-3.9"),
            ff(12, 10, "card.v:8.1-8.9"),
            lut(21, 30),
            lut(30, 10)
        );
        let verilog = "module m_x(a);\n\n  always\nendmodule\nmodule m_ram(a);\nendmodule\nmodule board(x);\n  always\nendmodule\n";
        (Netlist::parse(&text, "board").expect("parses"), Sources::new(&[("card.v", verilog)]))
    }

    #[test]
    fn cells_are_counted_where_they_were_written() {
        let (netlist, sources) = sample();
        let rows = by_module(&netlist, &sources);
        let usage = |path: &str| rows.iter().find(|r| r.path == path).expect(path).usage;
        // Net 10 is also named in b, an instance of the same module: a.q, the first, is its driver's name here.
        assert_eq!(usage("a"), Usage { ff: 1, ..Default::default() });
        // Both tables feed b's register, one of them through the other.
        assert_eq!(usage("b"), Usage { lut4: 2, ff: 1, dp16kd: 1, mult18: 0 });
        assert_eq!(usage("b.deep"), Usage { dp16kd: 1, ..Default::default() });
        assert_eq!(usage(""), Usage { lut4: 2, ff: 3, dp16kd: 1, mult18: 0 });
        assert_eq!(rows[0].path, "");
        let shown: Vec<String> = worth_showing(&rows, 1).into_iter().map(|r| r.path).collect();
        assert_eq!(shown, ["", "a", "b"]);
    }

    #[test]
    fn a_netlist_that_is_none() {
        assert!(Netlist::parse("{}", "board").is_err());
        assert!(Netlist::parse(r#"{"modules":{}}"#, "board").is_err_and(|e| e.contains("board")));
    }
}
