//! Whether an image still is what this source would make.

use crate::board::Board;
use crate::design::Source;
use crate::error::Error;
use crate::manifest::{self, Manifest};
use gristmill_hdl::config::CardConfig;
use std::path::{Path, PathBuf};

/// An image compared with this source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The same Verilog, the same board files.
    Fresh,
    /// In what it differs.
    Stale(String),
}

/// The images that stand in this repository, by board.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("images")
}

/// Images in a folder of images: those subfolders that hold a manifest, sorted.
///
/// # Errors
/// [`Error::Io`] if the folder is there and cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.exists() {
        return Ok(vec![]);
    }
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut images: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|path| path.join(manifest::NAME).is_file()).collect();
    images.sort();
    Ok(images)
}

/// Generates the image's Verilog anew and compares.
///
/// # Errors
/// [`Error::UnknownBoard`] and others if this source cannot make an image for that board at all.
pub fn state(manifest: &Manifest) -> Result<State, Error> {
    let board = Board::named(&manifest.board)?;
    let stale = |why: String| Ok(State::Stale(why));
    if board.hash != manifest.board_hash {
        return stale(format!("the files of board {} changed since", board.name));
    }
    let config = match CardConfig::from_toml(&manifest.configuration_toml) {
        Ok(config) => config,
        Err(e) => return stale(format!("its configuration is none of this version: {e}")),
    };
    if let Ok(named) = CardConfig::named(&config.name)
        && named.config_id() != config.config_id()
    {
        return stale(format!("configuration {} is another one now", config.name));
    }
    if config.config_id() != manifest.config_id {
        return stale(format!("its configuration has id {:08x} now", config.config_id()));
    }
    let clocking = match board.clocking(manifest.clock_hz) {
        Ok(clocking) => clocking,
        Err(e) => return stale(e.to_string()),
    };
    let hash = Source::card_hash(&config, &clocking)?;
    if hash != manifest.source_hash {
        return stale(format!(
            "the source makes Verilog {}…, the image was made of {}…",
            &hash[..12],
            &manifest.source_hash[..12]
        ));
    }
    Ok(State::Fresh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;

    fn image() -> Manifest {
        let board = Board::named("ulx3s-85f").expect("a board");
        let config = CardConfig { ntt_log_max: 3, ..CardConfig::ecp5_85k() };
        let config = CardConfig { name: "small".into(), ..config };
        let hash = Source::card_hash(&config, &board.clocking(60_000_000).expect("a clock")).expect("generates");
        Manifest {
            board_hash: board.hash,
            configuration: config.name.clone(),
            configuration_toml: config.to_toml().expect("TOML"),
            config_id: config.config_id(),
            source_hash: hash,
            ..manifest::tests::sample()
        }
    }

    #[test]
    fn an_image_is_fresh_until_something_changes() {
        let fresh = image();
        assert_eq!(state(&fresh).expect("compares"), State::Fresh);
        let renamed = fresh.configuration_toml.replace("\"small\"", "\"ecp5-85k\"");
        let cases = [
            ("Verilog", Manifest { source_hash: hash::of(b"other"), ..fresh.clone() }),
            // Another clock has another divisor, and so another Verilog.
            ("Verilog", Manifest { clock_hz: 75_000_000, ..fresh.clone() }),
            ("board", Manifest { board_hash: hash::of(b"other"), ..fresh.clone() }),
            ("none of this version", Manifest { configuration_toml: "name = 3".into(), ..fresh.clone() }),
            ("another one now", Manifest { configuration_toml: renamed, ..fresh.clone() }),
            ("id", Manifest { config_id: 1, ..fresh.clone() }),
        ];
        for (word, manifest) in cases {
            match state(&manifest).expect("compares") {
                State::Stale(why) => assert!(why.contains(word), "{word}: {why}"),
                State::Fresh => panic!("{word}: taken for fresh"),
            }
        }
        assert!(state(&Manifest { board: "vu9p".into(), ..fresh }).is_err());
    }

    #[test]
    fn folders_without_a_manifest_are_no_images() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(list(&folder.path().join("none")).expect("empty"), Vec::<PathBuf>::new());
        std::fs::create_dir_all(folder.path().join("b")).expect("made");
        std::fs::create_dir_all(folder.path().join("a")).expect("made");
        std::fs::write(folder.path().join("a").join(manifest::NAME), "{}").expect("written");
        assert_eq!(list(folder.path()).expect("read"), [folder.path().join("a")]);
    }
}
