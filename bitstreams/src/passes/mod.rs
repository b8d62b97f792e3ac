//! What is done to yosys' netlist before it is placed, or simulated.

pub mod floorplan;
pub mod product_registers;
pub mod spacers;

use crate::error::Error;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The cells of module `top` of a netlist in yosys' JSON.
fn cells<'a>(netlist: &'a mut Value, top: &str) -> Result<&'a mut Map<String, Value>, String> {
    let cells = netlist.get_mut("modules").and_then(|m| m.get_mut(top)).and_then(|m| m.get_mut("cells"));
    cells.and_then(Value::as_object_mut).ok_or_else(|| format!("no cells of a module `{top}`"))
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

    /// [`spacers::spread`].
    ///
    /// # Errors
    /// [`Error::Output`] if it is no netlist.
    pub fn spread(&mut self) -> Result<usize, Error> {
        spacers::spread(&mut self.json, self.top).map_err(|message| self.malformed(message))
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
