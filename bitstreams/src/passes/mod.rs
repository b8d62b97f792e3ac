//! What is done to yosys' netlist before it is placed, or simulated.

pub mod copies;
pub mod floorplan;
pub mod product_registers;
pub mod spacers;

use crate::error::Error;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The cells of module `top` of a netlist in yosys' JSON.
fn cells<'a>(netlist: &'a mut Value, top: &str) -> Result<&'a mut Map<String, Value>, String> {
    let cells = netlist.get_mut("modules").and_then(|m| m.get_mut(top)).and_then(|m| m.get_mut("cells"));
    cells.and_then(Value::as_object_mut).ok_or_else(|| format!("no cells of a module `{top}`"))
}

/// Adds a name of the net at a cell's port.
fn name_net(netlist: &mut Value, top: &str, name: &str, (cell, port): (&str, &str)) -> Result<(), String> {
    let bits = cells(netlist, top)?.get(cell).and_then(|c| c["connections"].get(port)).cloned();
    let bits = bits.ok_or_else(|| format!("no port `{port}` of a cell `{cell}`"))?;
    let names = netlist["modules"][top].get_mut("netnames").and_then(Value::as_object_mut);
    let names = names.ok_or_else(|| format!("no names of nets in module `{top}`"))?;
    names.insert(name.to_owned(), json!({ "hide_name": 0, "bits": bits, "attributes": {} }));
    Ok(())
}

/// A netlist that was read to be changed.
#[derive(Debug)]
pub struct Netlist {
    path: PathBuf,
    top: &'static str,
    json: Value,
}

impl Netlist {
    /// Reads what yosys wrote.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Output`] if it is no netlist.
    pub fn read(path: &Path, top: &'static str) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let malformed = |e: serde_json::Error| Error::Output { path: path.to_owned(), message: e.to_string() };
        Ok(Netlist { path: path.to_owned(), top, json: serde_json::from_str(&text).map_err(malformed)? })
    }

    /// [`product_registers::fold`].
    ///
    /// # Errors
    /// [`Error::Output`] if it is no netlist.
    pub fn fold_product_registers(&mut self) -> Result<product_registers::Folded, Error> {
        product_registers::fold(&mut self.json, self.top).map_err(|message| self.malformed(message))
    }

    /// [`floorplan::settle`].
    ///
    /// # Errors
    /// [`Error::Output`] if it is no netlist.
    pub fn floorplan(&mut self) -> Result<floorplan::Floorplan, Error> {
        floorplan::settle(&mut self.json, self.top).map_err(|message| self.malformed(message))
    }

    /// [`copies::copy`].
    ///
    /// # Errors
    /// [`Error::Output`] if it is no netlist.
    pub fn copy_drivers(&mut self) -> Result<copies::Copied, Error> {
        copies::copy(&mut self.json, self.top).map_err(|message| self.malformed(message))
    }

    /// [`spacers::spread`].
    ///
    /// # Errors
    /// [`Error::Output`] if it is no netlist.
    pub fn spread(&mut self) -> Result<usize, Error> {
        spacers::spread(&mut self.json, self.top).map_err(|message| self.malformed(message))
    }

    /// Another name for the net at a cell's port.
    ///
    /// # Errors
    /// [`Error::Output`] if there is no such net.
    pub fn name(&mut self, name: &str, cell: &str, port: &str) -> Result<(), Error> {
        name_net(&mut self.json, self.top, name, (cell, port)).map_err(|message| self.malformed(message))
    }

    /// Writes it as yosys would.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        std::fs::write(path, self.json.to_string()).map_err(Error::io("write", path))
    }

    fn malformed(&self, message: String) -> Error {
        Error::Output { path: self.path.clone(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_gets_another_name() {
        let pll = json!({ "type": "EHXPLLL", "connections": { "CLKOS": [7] } });
        let mut netlist =
            json!({ "modules": { "board": { "cells": { "pll": pll }, "netnames": { "c": { "bits": [7] } } } } });
        assert_eq!(name_net(&mut netlist, "board", "card_clock", ("pll", "CLKOS")), Ok(()));
        assert_eq!(netlist["modules"]["board"]["netnames"]["card_clock"]["bits"], json!([7]));
        for wrong in [("pll", "CLKOP"), ("other", "CLKOS")] {
            assert!(name_net(&mut netlist, "board", "x", wrong).expect_err("no such port").contains(wrong.0));
        }
    }
}
