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
            Usage { lut4: get("TRELLIS_COMB"), ff: get("TRELLIS_FF"), dp16kd: get("DP16KD"), mult18: get("MULT18X18D") }
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

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "critical_paths": [
            {"from": "async", "to": "posedge $glbnet$clock", "path": []},
            {"from": "posedge $glbnet$clock", "to": "posedge $glbnet$clock", "path": [
                {"delay": 0.5, "type": "clk-to-q", "from": {"cell": "card.a.q_TRELLIS_FF_Q_3", "loc": [1, 2], "port": "CLK"},
                 "to": {"cell": "card.a.q_TRELLIS_FF_Q_3", "loc": [1, 2], "port": "Q"}},
                {"delay": 1.5, "type": "routing", "net": "card.a.q[3]",
                 "from": {"cell": "card.a.q_TRELLIS_FF_Q_3", "loc": [1, 2], "port": "Q"},
                 "to": {"cell": "card.b.q_TRELLIS_FF_Q_DI_LUT4_Z_TRELLIS_COMB", "loc": [1, 2], "port": "A"}},
                {"delay": 0.25, "type": "setup", "from": {"cell": "card.b.q_TRELLIS_FF_Q", "loc": [1, 2], "port": "DI"},
                 "to": {"cell": "card.b.q_TRELLIS_FF_Q", "loc": [1, 2], "port": "CLK"}}]}],
        "fmax": {"$glbnet$clock": {"achieved": 61.5, "constraint": 60.0}, "feedback": {"achieved": 400.0, "constraint": 25.0}},
        "utilization": {"TRELLIS_COMB": {"available": 83640, "used": 6500}, "DP16KD": {"available": 208, "used": 16},
                        "TRELLIS_FF": {"available": 83640, "used": 5}, "MULT18X18D": {"available": 156, "used": 0}}}"#;

    fn read(text: &str) -> Result<Report, Error> {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), text).expect("written");
        Report::read(file.path())
    }

    #[test]
    fn a_report_is_read() {
        let report = read(REPORT).expect("reads");
        let (clock, fmax) = report.tightest().expect("a clock");
        assert_eq!((clock, fmax.achieved), ("$glbnet$clock", 61.5));
        let (used, available) = report.usage();
        assert_eq!(used, Usage { lut4: 6500, ff: 5, dp16kd: 16, mult18: 0 });
        assert_eq!(available, super::super::usage::ECP5_85);
        assert_eq!(report.ends(clock), Some(("card.a.q".into(), "card.b.q".into())));
        let path = report.path(clock);
        assert!(path.contains("2.00  +1.50  wire   card.a.q[3]"), "{path}");
        assert_eq!(path.lines().count(), 3);
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        for text in ["", "{}", r#"{"fmax": {}}"#, r#"{"fmax": {"c": {}}}"#] {
            assert!(matches!(read(text), Err(Error::Output { .. })), "{text}");
        }
    }
}
