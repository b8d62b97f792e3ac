//! snarkjs' files of Groth16 over BN254 (`bn128` in snarkjs' words): readers that believe nothing,
//! writers whose bytes are those of snarkjs.
//!
//! | file | reader | writer |
//! |---|---|---|
//! | `.zkey` | [`Zkey::open`] | - |
//! | `.wtns` | [`Witness::open`] | - |
//! | `verification_key.json` | [`vkey::read`] | [`vkey::to_json`] |
//! | `proof.json` | [`proof::read`] | [`proof::to_json`] |
//! | `public.json` | [`public::read`] | [`public::to_json`] |
//!
//! Files are written with [`write_files`]: whole or not at all.

mod binary;
mod element;
mod error;
mod json;
pub mod proof;
pub mod public;
mod subgroup;
pub mod vkey;
mod write;
mod wtns;
mod zkey;

pub use error::{FormatError, Problem};
pub use write::write_files;
pub use wtns::Witness;
pub use zkey::{Coefficient, Matrix, Zkey};

use crate::{Error, Result};
use std::{fs::File, path::Path};

/// Maps a file and parses it.
fn parse_mapped<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, Problem>) -> Result<T> {
    let bytes = map(path)?;
    parse(&bytes).map_err(|problem| FormatError { file: path.to_owned(), problem }.into())
}

fn map(path: &Path) -> Result<memmap2::Mmap> {
    let io = |action| move |source| Error::Io { path: path.to_owned(), action, source };
    let file = File::open(path).map_err(io("open"))?;
    let meta = file.metadata().map_err(io("read"))?;
    if !meta.is_file() {
        let source = std::io::Error::other("not a regular file");
        return Err(io("read")(source));
    }
    // SAFETY: the mapping is private and only read, every value is copied out before it is
    // checked, and the mapping does not outlive the parsing. A process that truncates the file
    // meanwhile can end this one with SIGBUS, as with any mapped file; it cannot break memory.
    unsafe { memmap2::MmapOptions::new().map_copy_read_only(&file) }.map_err(io("map"))
}
