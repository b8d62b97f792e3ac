//! Blocks in standard cells: area by yosys, the clock by OpenSTA.
//!
//! Neither wires nor a clock tree are in these figures: cells are sized by abc for their fan-out alone, and the
//! clock is ideal. A layout's is slower.

use super::EstimateError;
use super::blocks::Source;
use super::yosys::{Mapped, NETLIST, Yosys, stem};
use gristmill_hdl_kit::verilog::TOP;
use std::path::Path;
use std::process::{Command, Stdio};

/// The library's file in the folder of the runs.
pub const LIBRARY: &str = "cells.lib";
/// The library: Oklahoma State University's for a 0.18 um process, typical corner, 1.8 V, 25 degrees; its areas
/// are square micrometres.
pub const OSU018: &str = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";
/// Area of its two-input NAND, the unit of gate equivalents.
pub const NAND2: f64 = 24.0;
/// Types of its flip-flops.
const FLIP_FLOPS: [&str; 3] = ["DFFPOSX1", "DFFNEGX1", "DFFSR"];
/// OpenSTA.
const STA: &str = "sta";
/// What drives a block's inputs and hangs on its outputs, for abc's sizing.
const CONSTRAINTS: &str = "set_driving_cell INVX4\nset_load 0.05 [all_outputs]\n";
/// Period asked of abc in picoseconds, and of OpenSTA in nanoseconds: any that is not met shows the same path.
const PERIOD_PS: u32 = 4000;

/// What a block takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silicon {
    /// Square micrometres of cells.
    pub area: f64,
    /// Flip-flops.
    pub flip_flops: u64,
    /// All cells.
    pub cells: u64,
    /// The longest path between registers, with setup: the shortest period in nanoseconds. Ports count as registers
    /// without a delay of their own.
    pub period_ns: f64,
}

impl Silicon {
    /// In two-input NANDs.
    pub fn gates(&self) -> f64 {
        self.area / NAND2
    }

    /// The clock in MHz.
    pub fn mhz(&self) -> f64 {
        1000.0 / self.period_ns
    }
}

/// Maps a block to the library's cells and times it.
///
/// # Errors
/// [`EstimateError`]: a tool that is missing or fails, a file that cannot be written.
pub fn estimate(yosys: &Yosys, source: &Source, library: &Path, folder: &Path) -> Result<Silicon, EstimateError> {
    map(yosys, source, library, folder).map(|(silicon, _)| silicon)
}

/// What a block takes without its boxes, and how many boxes stand in it.
fn map(yosys: &Yosys, source: &Source, library: &Path, folder: &Path) -> Result<(Silicon, u64), EstimateError> {
    let bad = |path: &Path, e: std::io::Error| EstimateError::File {
        path: path.display().to_string(),
        reason: format!("{e}; the library comes with Debian's package `qflow-tech-osu018`"),
    };
    std::fs::create_dir_all(folder).map_err(|e| bad(folder, e))?;
    let copy = folder.join(LIBRARY);
    std::fs::copy(library, &copy).map_err(|e| bad(library, e))?;
    let constraints = folder.join("abc.constr");
    std::fs::write(&constraints, CONSTRAINTS).map_err(|e| bad(&constraints, e))?;
    // Power-on values have no place in a chip: the card resets what it needs. Nets lose their names because
    // OpenSTA's reader takes no ranges of escaped ones.
    let synthesis = format!(
        "proc\nsetattr -unset init w:*\nsynth -flatten -top {TOP}\ndfflibmap -liberty {LIBRARY}\n\
         abc -liberty {LIBRARY} -D {PERIOD_PS} -constr abc.constr\nsplitnets\nopt_clean -purge\nrename -hide w:*\n\
         write_verilog -noattr -simple-lhs {NETLIST}"
    );
    let mapped = yosys.map(source, "asic", &synthesis, folder)?;
    let period_ns = shortest_period(source, folder)?;
    let cells = mapped.inclusive(TOP);
    let silicon = Silicon {
        area: area(source, &mapped)?,
        flip_flops: FLIP_FLOPS.iter().filter_map(|f| cells.get(*f)).sum(),
        cells: cells.values().sum(),
        period_ns,
    };
    Ok((silicon, source.boxes.iter().filter_map(|b| cells.get(b)).sum()))
}

/// As [`estimate`], for a block whose boxes are each one of `inside`, estimated before.
///
/// # Errors
/// As [`estimate`].
pub fn estimate_around(
    yosys: &Yosys,
    source: &Source,
    inside: Silicon,
    library: &Path,
    folder: &Path,
) -> Result<Silicon, EstimateError> {
    let (around, boxes) = map(yosys, source, library, folder)?;
    Ok(Silicon {
        area: around.area + boxes as f64 * inside.area,
        flip_flops: around.flip_flops + boxes * inside.flip_flops,
        cells: around.cells - boxes + boxes * inside.cells,
        period_ns: around.period_ns.max(inside.period_ns),
    })
}

fn area(source: &Source, mapped: &Mapped) -> Result<f64, EstimateError> {
    // A cell of yosys' own means that something was not mapped, and its area is missing.
    match mapped.inclusive(TOP).keys().find(|c| c.starts_with('$')) {
        Some(cell) => Err(EstimateError::Cell { block: source.name.clone(), cell: cell.clone() }),
        None => Ok(mapped.areas.get(TOP).copied().unwrap_or_default()),
    }
}

/// What OpenSTA says of itself.
///
/// # Errors
/// [`EstimateError::Timing`] if it does not run.
pub fn timer() -> Result<String, EstimateError> {
    let failed =
        |e: std::io::Error| EstimateError::Timing { tool: STA.into(), block: "-".into(), reason: e.to_string() };
    let run = Command::new(STA).arg("-version").stdin(Stdio::null()).output().map_err(failed)?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    Ok(format!("OpenSTA {}", text.split_whitespace().next().unwrap_or("of no known version")))
}

fn shortest_period(source: &Source, folder: &Path) -> Result<f64, EstimateError> {
    let failed = |reason: String| EstimateError::Timing { tool: STA.into(), block: source.name.clone(), reason };
    let stem = stem(source, "asic");
    let script = format!(
        "read_liberty {LIBRARY}\nread_verilog {stem}.net.v\nlink_design {TOP}\n\
         create_clock -name clock -period 4 [get_ports clock]\nset_input_delay -clock clock 0 [all_inputs]\n\
         set_output_delay -clock clock 0 [all_outputs]\nreport_checks -digits 3\nreport_worst_slack -digits 3\n"
    );
    std::fs::write(folder.join(format!("{stem}.tcl")), script).map_err(|e| failed(e.to_string()))?;
    let run = Command::new(STA)
        .args(["-exit", &format!("{stem}.tcl")])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| failed(e.to_string()))?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    std::fs::write(folder.join(format!("{stem}.timing")), &text).map_err(|e| failed(e.to_string()))?;
    period(&text, 4.0).map_err(failed)
}

/// The shortest period of OpenSTA's report for a clock of `period`.
fn period(report: &str, period: f64) -> Result<f64, String> {
    if let Some(error) = report.lines().find(|l| l.starts_with("Error")) {
        return Err(error.to_string());
    }
    let slack = report.lines().find_map(|l| l.trim().strip_prefix("worst slack")).ok_or("it reports no slack")?;
    let slack: f64 = slack.trim().parse().map_err(|_| format!("its slack is `{}`", slack.trim()))?;
    Ok(period - slack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_what_the_slack_leaves() {
        assert_eq!(period("wns -1.455\nworst slack -1.455\n", 10.0), Ok(11.455));
        assert_eq!(period("worst slack 3.0\n", 10.0), Ok(7.0));
        assert!(period("Error: x.v, 3 syntax error\nworst slack 3.0\n", 10.0).is_err());
        assert!(period("no paths found\n", 10.0).is_err());
        assert!(period("worst slack INF-\n", 10.0).is_err());
    }

    #[test]
    fn gates_are_nands() {
        let s = Silicon { area: 2400.0, flip_flops: 1, cells: 3, period_ns: 8.0 };
        assert_eq!((s.gates(), s.mhz()), (100.0, 125.0));
    }
}
