//! Finding and running the tools.

use super::VerilatorError;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Verilator as found on this machine.
#[derive(Debug, Clone)]
pub struct Tool {
    /// What `verilator --version` prints.
    pub version: String,
    /// Folder of the run-time library's sources.
    pub include: PathBuf,
}

/// Whether `verilator`, `g++` and `make` are there.
pub fn available() -> bool {
    find().is_ok()
}

/// Finds the tools; asked once, then remembered.
///
/// # Errors
/// Which one is missing, and what to install.
pub fn find() -> Result<&'static Tool, VerilatorError> {
    static FOUND: OnceLock<Tool> = OnceLock::new();
    if let Some(t) = FOUND.get() {
        return Ok(t);
    }
    let version = ask("verilator", &["--version"])?;
    let major = version.split([' ', '.']).find_map(|w| w.parse::<u32>().ok());
    if major.is_none_or(|m| m < 5) {
        return Err(VerilatorError::TooOld { found: version });
    }
    ask("g++", &["--version"])?;
    ask("make", &["--version"])?;
    let root = ask("verilator", &["--getenv", "VERILATOR_ROOT"])?;
    Ok(FOUND.get_or_init(|| Tool { version, include: Path::new(&root).join("include") }))
}

fn ask(tool: &'static str, args: &[&str]) -> Result<String, VerilatorError> {
    let out = Command::new(tool).args(args).output().map_err(|source| VerilatorError::NotInstalled { tool, source })?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// Runs a step of a build in `dir`.
pub(super) fn run(step: &str, command: &mut Command, dir: &Path) -> Result<(), VerilatorError> {
    let out = command
        .current_dir(dir)
        // A make above us (cargo's job server) must not reach the make below.
        .env_remove("MAKEFLAGS")
        .env_remove("MFLAGS")
        .output()
        .map_err(VerilatorError::io("start a build step in", dir))?;
    if out.status.success() {
        return Ok(());
    }
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    // Errors first; the compiler's command lines only push them away.
    let errors: Vec<&str> = text.lines().filter(|l| l.contains("rror")).take(12).collect();
    let tail: Vec<&str> = text.lines().rev().take(25).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(VerilatorError::Failed {
        step: step.into(),
        status: out.status,
        output: format!("{}\n...\n{}", errors.join("\n"), tail.join("\n")),
        dir: dir.into(),
    })
}
