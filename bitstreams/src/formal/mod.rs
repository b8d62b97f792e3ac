//! Model checking of generated Verilog: yosys, yosys-smtbmc and an SMT solver, all pinned. What is checked lies in
//! `hdl/formal`; what it shows is in `docs/msm.md`.

pub mod engine;
pub mod modular;

use crate::error::Error;
use crate::tools::{self, Choice, Tool, Tools};
use std::fs;
use std::path::Path;

/// yosys and yosys-smtbmc.
#[derive(Clone, Debug)]
pub struct Checker {
    yosys: Tool,
    smtbmc: Tool,
}

/// What a check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Does every assertion hold in the first so many cycles after power-up?
    Bounded(usize),
    /// Does it hold in the next cycle wherever it holds in so many cycles in a row, reachable or not?
    Inductive(usize),
}

/// What the solver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Holds,
    /// No: so many cycles after power-up (bounded) these assertions fail.
    Fails {
        /// The cycle, counted from 0; of an induction always 0.
        cycle: usize,
        /// Labels of the assertions.
        assertions: Vec<String>,
    },
}

/// What yosys reads and does before the design is written for the solver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// SystemVerilog.
    pub text: String,
    /// The top module.
    pub top: &'static str,
    /// Signals of the flat design that go to ports of the same name of the instance `checks`.
    pub connect: Vec<String>,
}

impl Checker {
    /// The pinned tools, installed if need be. `say` hears what takes long.
    ///
    /// # Errors
    /// Those of [`Tools::find`].
    pub fn find(say: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        let yosys = Tools::find(Choice::Pinned, say)?.yosys;
        Ok(Self { yosys, smtbmc: tools::model_checker(say)? })
    }

    /// Writes the model for the solver into `folder` (`model.smt2`).
    ///
    /// # Errors
    /// [`Error::Tool`] if yosys refuses it, [`Error::Io`].
    pub fn prepare(&self, model: &Model, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Error::io("write", &path))
        };
        write("model.sv", &model.text)?;
        write("model.ys", &script(model))?;
        self.yosys.run_checked(folder, &["-q", "-l", "yosys.log", "model.ys"], "yosys.out")
    }

    /// Asks the solver about the model that [`Checker::prepare`] left in `folder`.
    ///
    /// # Errors
    /// [`Error::Tool`] if there is no answer, [`Error::Io`].
    pub fn ask(&self, question: Question, folder: &Path) -> Result<Answer, Error> {
        let (log, depth, induction) = match question {
            Question::Bounded(cycles) => ("bounded.log", cycles.to_string(), false),
            Question::Inductive(cycles) => ("inductive.log", cycles.to_string(), true),
        };
        let mut args = vec!["-s", "yices", "--noprogress", "-t", &depth];
        if induction {
            args.push("-i");
        }
        args.push("model.smt2");
        let path = folder.join(log);
        let mut child = self.smtbmc.start(folder, &args, &path)?;
        let status = child.wait().map_err(Error::io("wait for", &path))?;
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        answer(&text).ok_or_else(|| self.smtbmc.failed(status, &path))
    }
}

/// A file of `hdl/formal` in the source tree.
fn source(name: &str) -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hdl/formal").join(name);
    fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

fn script(model: &Model) -> String {
    let mut text = format!(
        "read_verilog -formal -sv model.sv\nhierarchy -check -top {top}\nproc\nflatten\nopt_expr\nmemory -nomap -nordff\nmemory_map\n",
        top = model.top
    );
    if !model.connect.is_empty() {
        text += &format!("cd {}\n", model.top);
        text += &model.connect.iter().map(|n| format!("connect -port checks \\{n} \\{n}\n")).collect::<String>();
        text += "cd ..\nsetattr -mod -unset keep_hierarchy checks\nflatten\n";
    }
    text + "opt -full\nasync2sync\nopt -full -undriven\ndffunmap\nopt_clean\nwrite_smt2 -wires model.smt2\n"
}

/// Reads what yosys-smtbmc prints.
fn answer(log: &str) -> Option<Answer> {
    if log.contains("Status: PASSED") {
        return Some(Answer::Holds);
    }
    if !log.contains("Status: FAILED") {
        return None;
    }
    let cycle = log
        .lines()
        .rev()
        .find_map(|l| l.split_once("Checking assertions in step ")?.1.trim_end_matches('.').parse().ok())
        .unwrap_or_default();
    let assertions = log
        .lines()
        .filter_map(|l| l.split_once("Assert failed in ")?.1.split_once(": "))
        .map(|(_, label)| label.trim_start_matches("checks.").split(' ').next().unwrap_or_default().to_owned())
        .collect();
    Some(Answer::Fails { cycle, assertions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(answer("##   0:00:05  Status: PASSED\n"), Some(Answer::Holds));
        let log = "##   0:00:01  Checking assertions in step 13..\n##   0:00:02  BMC failed!\n\
                   ##   0:00:02  Assert failed in top: checks.write_is_empty\n##   0:00:03  Status: FAILED\n";
        assert_eq!(answer(log), Some(Answer::Fails { cycle: 13, assertions: vec!["write_is_empty".into()] }));
        // A solver that died gives no answer.
        assert_eq!(answer("##   0:00:01  Checking assertions in step 13..\n"), None);
    }
}
