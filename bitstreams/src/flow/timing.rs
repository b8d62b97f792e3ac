//! What nextpnr-ecp5 reports (`--report`): clocks, use of the part, critical paths.

use super::usage::Usage;
use crate::error::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The report.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// By clock net.
    #[serde(default)]
    fmax: BTreeMap<String, Fmax>,
    #[serde(default)]
    utilization: BTreeMap<String, Count>,
    #[serde(default)]
    critical_paths: Vec<Path_>,
}

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Fmax {
    /// MHz reached.
    pub achieved: f64,
    /// MHz wanted.
    pub constraint: f64,
}

#[derive(Debug, Deserialize)]
struct Count {
    available: u32,
    used: u32,
}

#[derive(Debug, Deserialize)]
struct Path_ {
    from: String,
    to: String,
    path: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    delay: f64,
    #[serde(rename = "type")]
    kind: String,
    from: Pin,
    to: Pin,
    #[serde(default)]
    net: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pin {
    cell: String,
    port: String,
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::Output`] if it is none, or one without the card's clock.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let wrong = |message: String| Error::Output { path: path.to_owned(), message };
        let report: Report = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if report.fmax.is_empty() { Err(wrong("no clock in it".into())) } else { Ok(report) }
    }

    /// The clock that is furthest from, or least above, what is wanted of it: name and figures.
    pub fn tightest(&self) -> Option<(&str, Fmax)> {
        let ratio = |f: &Fmax| f.achieved / f.constraint;
        let least = self.fmax.iter().min_by(|(_, a), (_, b)| ratio(a).total_cmp(&ratio(b)));
        least.map(|(name, fmax)| (name.as_str(), *fmax))
    }

    /// Used and available.
    pub fn usage(&self) -> (Usage, Usage) {
        let of = |pick: fn(&Count) -> u32| {
            let get = |name: &str| self.utilization.get(name).map_or(0, pick);
            Usage {
                lut4: get("TRELLIS_COMB"),
                ff: get("TRELLIS_FF"),
                dp16kd: get("DP16KD"),
                mult18: get("MULT18X18D"),
            }
        };
        (of(|c| c.used), of(|c| c.available))
    }

    /// The critical path within a clock: a line for each piece of logic or wire, delays in nanoseconds.
    pub fn path(&self, clock: &str) -> String {
        let within = |p: &&Path_| p.from.contains(clock) && p.to.contains(clock);
        let Some(path) = self.critical_paths.iter().find(within) else { return String::new() };
        let mut lines = String::new();
        let mut total = 0.0;
        for step in &path.path {
            total += step.delay;
            let what = match (&step.net, step.kind.as_str()) {
                (Some(net), "routing") => format!("wire   {}", plain(net)),
                (_, kind) => format!("{kind:<6} {} ({})", plain(&step.from.cell), step.to.port),
            };
            lines.push_str(&format!("  {total:6.2} {:+6.2}  {what}\n", step.delay));
        }
        lines
    }

    /// First and last register of the critical path, for one line.
    pub fn ends(&self, clock: &str) -> Option<(String, String)> {
        let path = self.critical_paths.iter().find(|p| p.from.contains(clock) && p.to.contains(clock))?;
        Some((plain(&path.path.first()?.from.cell), plain(&path.path.last()?.to.cell)))
    }
}

/// A name of the design without what mapping appended: `card.writer.s.q_TRELLIS_FF_Q_3_DI_LUT4_Z` is at
/// `card.writer.s.q`.
fn plain(name: &str) -> String {
    const CELLS: [&str; 9] = [
        "_TRELLIS_FF_",
        "_TRELLIS_DPR16X4_",
        "_TRELLIS_COMB",
        "_LUT4_",
        "_CCU2C_",
        "_PFUMX_",
        "_L6MUX21_",
        "_MULT18X18D_",
        "_DP16KD_",
    ];
    let end = CELLS.iter().filter_map(|cell| name.find(cell)).min().unwrap_or(name.len());
    name[..end].to_owned()
}
