//! What can go wrong between Verilog and a loaded model.

use crate::verilog::Unsound;
use std::path::PathBuf;

/// How to get the tools (Debian, Ubuntu).
pub const INSTALL: &str = "install: apt-get install --no-install-recommends verilator g++ make";

/// Errors of building and loading a Verilated model.
#[derive(Debug, thiserror::Error)]
pub enum VerilatorError {
    /// A program is not there.
    #[error("{tool} does not run ({source}); {INSTALL}")]
    NotInstalled {
        /// Program's name.
        tool: &'static str,
        /// Why it did not start.
        source: std::io::Error,
    },
    /// Too old.
    #[error("{found} is too old: version 5 or newer is needed; {INSTALL}")]
    TooOld {
        /// What `verilator --version` says.
        found: String,
    },
    /// The circuit fails RustHDL's own checks.
    #[error(transparent)]
    Unsound(#[from] Unsound),
    /// Verilator or the compiler refused the design.
    #[error("{step} failed ({status}); its files are kept in {}:\n{output}", .dir.display())]
    Failed {
        /// What ran.
        step: String,
        /// Exit status.
        status: std::process::ExitStatus,
        /// The end of what it printed.
        output: String,
        /// Build folder, left for inspection.
        dir: PathBuf,
    },
    /// A module to be verilated apart is not in the design.
    #[error("no module comes from a field named {name:?}: hierarchical blocks can be {}", .have.join(", "))]
    NoSuchBlock {
        /// What the options ask for.
        name: String,
        /// Fields that have modules.
        have: Vec<String>,
    },
    /// A file operation failed.
    #[error("{what} {}: {source}; GRISTMILL_CACHE can name another folder", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The cache folder may be written by somebody else, so what lies in it cannot be trusted.
    #[error("{} can be written by other users: set GRISTMILL_CACHE to a folder of your own", .path.display())]
    ForeignCache {
        /// The folder.
        path: PathBuf,
    },
    /// The library does not load.
    #[error("cannot load {}: {source}; remove its folder to build it again", .path.display())]
    Load {
        /// The shared library.
        path: PathBuf,
        /// The cause.
        source: libloading::Error,
    },
    /// Tracing was asked of a model built without it.
    #[error("this model was built without tracing: set Options::trace")]
    NotTraced,
    /// The waveform file cannot be written.
    #[error("cannot write the waveform {}: is its folder there and writable?", .path.display())]
    Waveform {
        /// The file.
        path: PathBuf,
    },
}

impl VerilatorError {
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> VerilatorError {
        let path = path.into();
        move |source| VerilatorError::Io { what, path, source }
    }

    /// Whether the tools are what is missing.
    pub fn is_missing_tool(&self) -> bool {
        matches!(self, VerilatorError::NotInstalled { .. } | VerilatorError::TooOld { .. })
    }
}
