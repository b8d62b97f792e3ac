//! What the tests of the command share: running it, its examples, checks of how it fails.
#![allow(dead_code, reason = "each test file uses a part")]

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a run of the command gave.
#[derive(Debug)]
pub struct Run {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The command, in a folder, without this process's settings of logs.
pub fn gristmill(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gristmill"));
    command.current_dir(folder).env_remove("GRISTMILL_LOG").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the command in a folder with arguments.
pub fn run<S: AsRef<OsStr>>(folder: &Path, args: &[S]) -> Run {
    finish(gristmill(folder).args(args))
}

/// Runs a prepared command to its end.
pub fn finish(command: &mut Command) -> Run {
    outcome(command.output().expect("the command starts"))
}

fn outcome(output: Output) -> Run {
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

impl Run {
    /// Exit code 0.
    #[track_caller]
    pub fn succeeded(self) -> Run {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Standard output is exactly one JSON object.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value @ Value::Object(_)) => value,
            Ok(other) => panic!("not an object: {other}"),
            Err(e) => panic!("standard output is not one JSON object: {e}: {self:#?}"),
        }
    }

    /// An error as it should be: exit code 2, nothing on standard output, no panic, and a message
    /// with each of these words.
    #[track_caller]
    pub fn failed_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        for never in ["panicked", "RUST_BACKTRACE", "internal error"] {
            assert!(!self.stderr.contains(never), "`{never}` in {self:#?}");
        }
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in {self:#?}");
        }
    }
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

/// A file of an example (`poseidon`, `merkle`).
pub fn example(circuit: &str, file: &str) -> PathBuf {
    root().join("examples").join(circuit).join(file)
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Names in a folder, sorted, hidden ones too.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
        .collect();
    names.sort();
    names
}

/// Waits for a process to end by itself; past the limit it is ended, and the test fails.
#[track_caller]
pub fn wait_at_most(mut child: Child, limit: Duration) -> Run {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its status") {
            let mut run = Run { code: status.code(), stdout: String::new(), stderr: String::new() };
            child.stdout.take().expect("piped").read_to_string(&mut run.stdout).expect("UTF-8");
            child.stderr.take().expect("piped").read_to_string(&mut run.stderr).expect("UTF-8");
            return run;
        }
        if start.elapsed() > limit {
            let _ = child.kill();
            let output = child.wait_with_output().map(outcome);
            panic!("still running after {limit:?}: {output:#?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a prepared command with its outputs kept for [`wait_at_most`].
pub fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts")
}

/// Whether to go without Verilator; says so loudly. Without Verilator and without leave: a panic.
pub fn skip_verilator() -> bool {
    if std::env::var_os("GRISTMILL_SKIP_VERILATOR").is_some_and(|v| v == "1") {
        eprintln!("SKIPPED: GRISTMILL_SKIP_VERILATOR=1, nothing was compared with Verilator");
        return true;
    }
    let there = Command::new("verilator").arg("--version").output().is_ok_and(|o| o.status.success());
    assert!(there, "verilator does not run: install it (.ci/setup), or set GRISTMILL_SKIP_VERILATOR=1");
    false
}
