//! Running a tool in a folder, its output kept in a log.

use crate::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Lines of a log that an error shows.
const TAIL: usize = 12;

/// A program and what always goes before its arguments.
#[derive(Clone, Debug)]
pub struct Tool {
    /// For messages.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// First arguments.
    pub first: Vec<OsString>,
    /// Environment.
    pub env: Vec<(OsString, OsString)>,
}

impl Tool {
    /// The command, to be run in `folder`. Name files relative to it: the pinned tools see their own `/tmp`,
    /// and absolute paths would find their way into what they write.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.first).envs(self.env.iter().cloned()).current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Starts it in `folder`, output and errors to `log`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be started.
    pub fn start(&self, folder: &Path, args: &[&str], log: &Path) -> Result<Child, Error> {
        let file = File::create(log).map_err(Error::io("create", log))?;
        let both = file.try_clone().map_err(Error::io("open", log))?;
        let mut command = self.command(folder);
        command.args(args).stdout(file).stderr(both);
        command.spawn().map_err(Error::io("run", &self.program))
    }

    /// Runs it in `folder`, output and errors to `log` there.
    ///
    /// # Errors
    /// [`Error::Tool`] with the end of the log for any exit code but 0; [`Error::Io`] if it cannot be started.
    pub fn run_checked(&self, folder: &Path, args: &[&str], log: &str) -> Result<(), Error> {
        let path = folder.join(log);
        let status = self.start(folder, args, &path)?.wait().map_err(Error::io("wait for", &self.program))?;
        if status.success() { Ok(()) } else { Err(self.failed(status, &folder.join(log))) }
    }

    /// The error of a run that ended so.
    pub fn failed(&self, status: ExitStatus, log: &Path) -> Error {
        Error::Tool { tool: self.name, status: format!(" ({status})"), tail: tail(log), log: log.to_owned() }
    }
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

/// The last line of a log that is being written.
pub fn last_line(log: &Path) -> String {
    tail(log).lines().last().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().expect("folder");
        let shell = Tool { name: "sh", program: "/bin/sh".into(), first: vec!["-c".into()], env: vec![] };
        shell.run_checked(folder.path(), &["echo fine > made"], "ok.log").expect("runs");
        assert!(folder.path().join("made").exists(), "not run in its folder");
        let script = "for i in $(seq 30); do echo line $i; done; echo 'ERROR: why' >&2; exit 3";
        let error = shell.run_checked(folder.path(), &[script], "bad.log").expect_err("fails");
        let text = error.to_string();
        assert!(text.contains("ERROR: why") && text.contains("line 30") && !text.contains("line 9\n"), "{text}");
        assert!(text.contains('3') && text.contains("bad.log"), "{text}");
        assert_eq!(error.exit_code(), 1);
    }
}
