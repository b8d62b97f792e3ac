//! What of the part a design, or a piece of it, uses.

use super::netlist::Cell;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Counted in the part's own units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Four-input look-up tables, those of carry chains and small memories included.
    pub lut4: u32,
    /// Flip-flops.
    pub ff: u32,
    /// Block memories.
    pub dp16kd: u32,
    /// Multipliers.
    pub mult18: u32,
}

/// What an LFE5U-85F or LFE5UM5G-85F has (FPGA-DS-02012, "Selection guide"; nextpnr-ecp5 counts alike).
pub const ECP5_85: Usage = Usage { lut4: 83_640, ff: 83_640, dp16kd: 208, mult18: 156 };

/// Look-up tables that a cell of that kind takes.
pub fn tables(kind: &str) -> u32 {
    match kind {
        "LUT4" => 1,
        "CCU2C" => 2,
        // Four look-up tables hold the bits, two more make the write port.
        "TRELLIS_DPR16X4" => 6,
        _ => 0,
    }
}

impl Usage {
    /// What one cell of yosys' ECP5 netlist uses.
    pub fn of(cell: &Cell) -> Usage {
        let mut usage = Usage { lut4: tables(&cell.kind), ..Usage::default() };
        match cell.kind.as_str() {
            "TRELLIS_FF" => usage.ff = 1,
            "DP16KD" => usage.dp16kd = 1,
            "MULT18X18D" => usage.mult18 = 1,
            _ => {}
        }
        usage
    }

    /// Names and values, in the order of tables.
    pub fn each(&self) -> [(&'static str, u32); 4] {
        [("LUT4", self.lut4), ("FF", self.ff), ("DP16KD", self.dp16kd), ("MULT18X18D", self.mult18)]
    }

    /// The resources of which there are too few: name, used, available.
    pub fn over(&self, available: &Usage) -> Vec<(&'static str, u32, u32)> {
        let pairs = self.each().into_iter().zip(available.each());
        pairs.filter(|((_, used), (_, there))| used > there).map(|((name, u), (_, a))| (name, u, a)).collect()
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        self.lut4 += other.lut4;
        self.ff += other.ff;
        self.dp16kd += other.dp16kd;
        self.mult18 += other.mult18;
    }
}
