//! One run of yosys over a block, and the counts of its report.

use super::EstimateError;
use super::blocks::Source;
use crate::tools::{self, Tool};
use gristmill_hdl_kit::verilog::TOP;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

    /// From the report of `stat -json` of a design with a module `top`.
    pub fn parse(report: &str, top: &str) -> Result<Self, String> {
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
        if mapped.modules.contains_key(top) { Ok(mapped) } else { Err(format!("its report has no module `{top}`")) }
    }
}

/// The beginning of the names of a run's files.
pub fn stem(source: &Source, tag: &str) -> String {
    format!("{}-{tag}", source.name).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// A run: what is read, and the commands.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Name in errors.
    pub block: String,
    /// Beginning of the names of the script, the log and the report.
    pub stem: String,
    /// The module whose counts the report must have.
    pub top: String,
    /// Files by their names.
    pub files: BTreeMap<String, String>,
    /// All commands but the last, which writes the report.
    pub script: String,
    /// Arguments of that last command, `stat`.
    pub stat: &'static str,
}

/// A yosys that runs.
#[derive(Debug, Clone)]
pub struct Yosys {
    tool: Tool,
    /// What it says of itself.
    pub version: String,
}

impl Yosys {
    /// The one named in [`VARIABLE`], else that of the path if it is new enough, else the pinned one, which is
    /// installed if need be.
    ///
    /// # Errors
    /// [`EstimateError::Tool`] if none runs, or the one that is named is too old.
    pub fn find() -> Result<Self, EstimateError> {
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let found = tools::yosys(named.as_deref(), &mut |line| eprintln!("{line}"));
        let (tool, version) = found.map_err(|e| EstimateError::Tool {
            tool: named.unwrap_or("yosys".into()).display().to_string(),
            reason: e.to_string(),
        })?;
        Ok(Yosys { tool, version })
    }

    /// The program.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// Maps a block with `synthesis` (commands between reading and counting), its files in `folder`.
    ///
    /// # Errors
    /// As [`Yosys::run`].
    pub fn map(&self, source: &Source, tag: &str, synthesis: &str, folder: &Path) -> Result<Mapped, EstimateError> {
        let stem = stem(source, tag);
        let keep: String = source.kept.keys().map(|m| format!("setattr -mod -set keep_hierarchy 1 {m}\n")).collect();
        let keep: String = keep + &source.boxes.iter().map(|m| format!("blackbox {m}\n")).collect::<String>();
        let synthesis = synthesis.replace(NETLIST, &format!("{stem}.net.v"));
        let run = Run {
            block: source.name.clone(),
            top: TOP.into(),
            files: BTreeMap::from([(format!("{stem}.v"), source.verilog.clone())]),
            script: format!("read_verilog -DSYNTHESIS -sv {stem}.v\nhierarchy -check -top {TOP}\n{keep}{synthesis}\n"),
            stat: if synthesis.contains("-liberty") { " -liberty cells.lib" } else { "" },
            stem,
        };
        self.run(&run, folder)
    }

    /// Runs the commands, with all files in `folder`, and reads the report.
    ///
    /// A run whose files are there from one with the same commands, Verilog and version is not repeated.
    ///
    /// # Errors
    /// [`EstimateError::Run`], [`EstimateError::File`].
    pub fn run(&self, run: &Run, folder: &Path) -> Result<Mapped, EstimateError> {
        let failed = |e: std::io::Error, what: &str| EstimateError::File {
            path: folder.join(what).display().to_string(),
            reason: e.to_string(),
        };
        let write = |what: &str, text: &str| std::fs::write(folder.join(what), text).map_err(|e| failed(e, what));
        std::fs::create_dir_all(folder).map_err(|e| failed(e, ""))?;
        let file = |end: &str| format!("{}.{end}", run.stem);
        let script = format!("# {}\n{}tee -q -o {} stat -json{}\n", self.version, run.script, file("json"), run.stat);
        let bad = |reason: String| EstimateError::Run {
            block: run.block.clone(),
            reason,
            log: folder.join(file("log")).display().to_string(),
        };
        let parse = |report: &str| Mapped::parse(report, &run.top).map_err(bad);
        let same = |what: &str, text: &str| std::fs::read_to_string(folder.join(what)).is_ok_and(|old| old == text);
        if run.files.iter().all(|(name, text)| same(name, text))
            && same(&file("ys"), &script)
            && let Ok(report) = std::fs::read_to_string(folder.join(file("json")))
        {
            return parse(&report);
        }
        // The report of an earlier run must not stand for this one.
        let _ = std::fs::remove_file(folder.join(file("json")));
        for (name, text) in &run.files {
            write(name, text)?;
        }
        write(&file("ys"), &script)?;
        let mut command = self.tool.command(folder);
        let output = command.args(["-q", "-l", &file("log"), &file("ys")]).output().map_err(|e| bad(e.to_string()))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            let error = text.lines().find(|l| l.contains("ERROR")).unwrap_or("no message");
            return Err(bad(format!("{}: {error}", output.status)));
        }
        let report = std::fs::read_to_string(folder.join(file("json"))).map_err(|e| failed(e, &file("json")))?;
        parse(&report)
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
        let mapped = Mapped::parse(REPORT, TOP).expect("parses");
        let all = mapped.inclusive(TOP);
        assert_eq!(all, Cells::from([("LUT2".into(), 23), ("DSP48E2".into(), 8)]));
        assert_eq!(mapped.inclusive("m_mul")["DSP48E2"], 4);
        // Areas come summed up from yosys.
        assert_eq!(mapped.areas[TOP], 10.5);
    }

    #[test]
    fn a_report_without_counts_is_refused() {
        assert!(Mapped::parse("{}", TOP).is_err());
        assert!(Mapped::parse(r#"{ "modules": { "m": { "num_cells_by_type": {} } } }"#, TOP).is_err());
        assert!(Mapped::parse(r#"{ "modules": { "top": {} } }"#, TOP).is_err());
        assert!(Mapped::parse("no JSON", TOP).is_err());
    }
}
