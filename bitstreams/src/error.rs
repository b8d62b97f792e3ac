//! What can go wrong between a configuration and a board. Each message names the thing and the way out.

use std::path::{Path, PathBuf};

/// What fails here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No board of that name.
    #[error("no board is named `{name}`; boards: {known}")]
    UnknownBoard {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A board's description is wrong.
    #[error("board {board}: {message}")]
    Board {
        /// The board.
        board: String,
        /// What is wrong and what to write.
        message: String,
    },
    /// The card's configuration.
    #[error(transparent)]
    Config(#[from] gristmill_hdl::config::ConfigError),
    /// The card's link.
    #[error(transparent)]
    Serial(#[from] gristmill_hdl::serial::SerialError),
    /// RustHDL refuses the circuit.
    #[error(transparent)]
    Unsound(#[from] gristmill_hdl_kit::verilog::Unsound),
    /// A manifest that is none.
    #[error("{}: not a manifest that this version reads: {message}; build the image anew", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The bitstream is not the manifest's.
    #[error(
        "{}: its sha256 is {found}, its manifest says {wanted}: the file was damaged or exchanged; build it anew",
        path.display()
    )]
    WrongBitstream {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The manifest's.
        wanted: String,
    },
    /// The image does not match this source, and nobody forces it.
    #[error(
        "{}: stale: {why}; build it anew (gristmill build --board {board}) or, to program it all the same, --force",
        path.display()
    )]
    Stale {
        /// The image's folder.
        path: PathBuf,
        /// Its board.
        board: String,
        /// In what it differs.
        why: String,
    },
    /// An image for another board.
    #[error("{}: an image for {found}, not for {wanted}: name the right --board or --image", path.display())]
    OtherBoard {
        /// The image's folder.
        path: PathBuf,
        /// The manifest's board.
        found: String,
        /// The board asked for.
        wanted: String,
    },
    /// Something to install.
    #[error("{what} is missing: {way_out}")]
    Missing {
        /// The program.
        what: String,
        /// How to get it.
        way_out: String,
    },
    /// The pinned tools could not be installed.
    #[error("the pinned tools cannot be installed: {message} (log: {})", log.display())]
    Install {
        /// What failed and the way out.
        message: String,
        /// The whole output.
        log: PathBuf,
    },
    /// A tool failed on the design: its last lines tell why.
    #[error("{tool} failed{status}:\n{tail}\n(log: {})", log.display())]
    Tool {
        /// Which one.
        tool: &'static str,
        /// Exit code, if any.
        status: String,
        /// The end of its output.
        tail: String,
        /// The whole output.
        log: PathBuf,
    },
    /// A tool wrote something that cannot be read.
    #[error("{}: {message}; is the tool's version one that this command knows?", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The design needs more than the part has.
    #[error("the design does not fit {part}: {lines}\n(log: {})", log.display())]
    TooFull {
        /// The part.
        part: String,
        /// One line for each resource that is exceeded, and the modules that use most of it.
        lines: String,
        /// The log.
        log: PathBuf,
    },
    /// The design is slower than its clock.
    #[error(
        "timing missed: {achieved:.2} MHz reached, {wanted:.2} MHz wanted, on the path\n{path}(log: {}); \
         try another --seed, or a lower --freq",
        log.display()
    )]
    Timing {
        /// MHz reached.
        achieved: f64,
        /// MHz wanted.
        wanted: f64,
        /// The critical path, a line each step.
        path: String,
        /// The log.
        log: PathBuf,
    },
    /// The programmer failed.
    #[error("{0}")]
    Program(String),
}

impl Error {
    /// The design or the board failed (1), as opposed to the question (2).
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Tool { .. } | Error::TooFull { .. } | Error::Timing { .. } | Error::Program(_) => 1,
            _ => 2,
        }
    }

    /// Makes [`Error::Io`] of what the system says.
    pub fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { what, path, source }
    }
}
