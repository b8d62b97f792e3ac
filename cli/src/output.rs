//! Standard output and error, without `println!`: it panics when the reader has gone.

use crate::error::CliError;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Writes text to standard output, whole and flushed. A reader that has gone (`gristmill info |
/// head -1`) has what it wanted: no error.
///
/// # Errors
/// [`CliError::Io`] for anything else, such as a full file system.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Io { path: PathBuf::from("standard output"), what: "cannot write", source })
        }
        _ => Ok(()),
    }
}

/// [`print`] with a newline behind it.
///
/// # Errors
/// As [`print`].
pub fn line(text: impl std::fmt::Display) -> Result<(), CliError> {
    print(&format!("{text}\n"))
}

/// A line on standard error; if nobody can read it, there is nobody left to tell.
pub fn complain(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
