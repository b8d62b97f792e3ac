//! The netlist that yosys writes as JSON, as much of it as is counted here.

use crate::error::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A flattened netlist.
#[derive(Debug, Default, Deserialize)]
pub struct Netlist {
    /// Cells by name.
    #[serde(default)]
    pub cells: BTreeMap<String, Cell>,
    /// Nets by name.
    #[serde(default)]
    pub netnames: BTreeMap<String, Net>,
}

/// A cell.
#[derive(Debug, Deserialize)]
pub struct Cell {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// `src` and others.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// `input`, `output`, `inout` by port.
    #[serde(default)]
    pub port_directions: BTreeMap<String, String>,
    /// Nets by port.
    #[serde(default)]
    pub connections: BTreeMap<String, Vec<Bit>>,
}

/// A net.
#[derive(Debug, Deserialize)]
pub struct Net {
    /// Its bits.
    pub bits: Vec<Bit>,
}

/// One bit: a net's number, or a constant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Bit {
    /// A net.
    Net(u32),
    /// "0", "1" or "x".
    Constant(String),
}

#[derive(Deserialize)]
struct File {
    modules: BTreeMap<String, Netlist>,
}

impl Netlist {
    /// Reads the module `top`.
    ///
    /// # Errors
    /// [`Error::Output`] if the file is no such netlist.
    pub fn read(path: &Path, top: &str) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        Self::parse(&text, top).map_err(|message| Error::Output { path: path.to_owned(), message })
    }

    /// As [`read`](Self::read), from text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, top: &str) -> Result<Self, String> {
        let mut file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
        file.modules.remove(top).ok_or_else(|| format!("no module `{top}`"))
    }
}

impl Cell {
    /// The nets at its ports of one direction.
    pub fn nets(&self, direction: &str) -> impl Iterator<Item = u32> {
        let ports =
            self.connections.iter().filter(move |(p, _)| self.port_directions.get(*p).is_some_and(|d| d == direction));
        ports.flat_map(|(_, bits)| bits).filter_map(|bit| match bit {
            Bit::Net(n) => Some(*n),
            Bit::Constant(_) => None,
        })
    }
}
