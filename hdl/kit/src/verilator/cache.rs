//! The folder where built libraries are kept, by the hash of all that went into them.
//!
//! A build happens in a folder of its own and is renamed into place, so that nobody sees half of
//! one. Who wants what somebody else is building waits for it (a lock on a file beside it).
//! Nothing is ever removed; the folder can be deleted at any time.

use super::VerilatorError;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The cache's folder: `$GRISTMILL_CACHE`, else `$XDG_CACHE_HOME/gristmill`, else
/// `~/.cache/gristmill`, else `gristmill-cache` in the folder for temporary files.
pub fn folder() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    var("GRISTMILL_CACHE")
        .or_else(|| var("XDG_CACHE_HOME").map(|d| d.join("gristmill")))
        .or_else(|| var("HOME").map(|d| d.join(".cache/gristmill")))
        .unwrap_or_else(|| std::env::temp_dir().join("gristmill-cache"))
}

/// FNV-1a, 128 bits: a name for contents. Not for security; the contents are compared as well.
pub fn hash(parts: &[&str]) -> String {
    let mut h: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let mut eat = |b: u8| h = (h ^ b as u128).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    for p in parts {
        (p.len() as u64).to_le_bytes().into_iter().for_each(&mut eat);
        p.bytes().for_each(&mut eat);
    }
    format!("{h:032x}")
}

/// Makes names that no other thread of this process has.
static N: AtomicU32 = AtomicU32::new(0);

/// Gives the folder of `key`, whose file `contents` must hold `text`; if it is not there, `build`
/// fills a fresh folder that then takes its place.
pub fn get_or_build(
    kind: &str,
    text: &str,
    build: impl FnOnce(&Path) -> Result<(), VerilatorError>,
) -> Result<PathBuf, VerilatorError> {
    let root = folder();
    private_folder(&root)?;
    let name = format!("{kind}-{}", hash(&[text]));
    let done = root.join(&name);
    if is_whole(&done, text) {
        return Ok(done);
    }
    // Held until this returns; a build takes minutes, and two would only slow each other down.
    let lock = root.join(format!("{name}.lock"));
    let held = fs::File::create(&lock).map_err(VerilatorError::io("create", &lock))?;
    held.lock().map_err(VerilatorError::io("lock", &lock))?;
    if is_whole(&done, text) {
        return Ok(done);
    }
    let temp = root.join(format!("building-{}-{}", std::process::id(), N.fetch_add(1, Ordering::Relaxed)));
    let _ = fs::remove_dir_all(&temp);
    fs::create_dir_all(&temp).map_err(VerilatorError::io("create", &temp))?;
    build(&temp)?;
    // The last file written says that the folder is whole.
    let stamp = temp.join("contents");
    fs::write(&stamp, text).map_err(VerilatorError::io("write", &stamp))?;
    if !done.exists() || is_whole(&done, text) {
        match fs::rename(&temp, &done) {
            Ok(()) => return Ok(done),
            Err(_) if is_whole(&done, text) => {
                let _ = fs::remove_dir_all(&temp);
                return Ok(done);
            }
            Err(source) => return Err(VerilatorError::Io { what: "rename into the cache", path: done, source }),
        }
    }
    // Something broken, or another text of the same hash, is in the way: use what was just built.
    Ok(temp)
}

fn is_whole(dir: &Path, text: &str) -> bool {
    fs::read(dir.join("contents")).is_ok_and(|b| b == text.as_bytes())
}

/// Creates the folder for this user alone; refuses one that is somebody else's.
fn private_folder(dir: &Path) -> Result<(), VerilatorError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        if !dir.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(VerilatorError::io("create", dir))?;
        }
        // A file made now belongs to us; the folder must, too.
        let probe = dir.join(format!(".owner-{}-{}", std::process::id(), N.fetch_add(1, Ordering::Relaxed)));
        fs::write(&probe, b"").map_err(VerilatorError::io("write", &probe))?;
        let ours = fs::metadata(&probe).map_err(VerilatorError::io("look at", &probe))?.uid();
        let _ = fs::remove_file(&probe);
        let meta = fs::metadata(dir).map_err(VerilatorError::io("look at", dir))?;
        if meta.uid() != ours || meta.mode() & 0o002 != 0 {
            return Err(VerilatorError::ForeignCache { path: dir.into() });
        }
    }
    #[cfg(not(unix))]
    fs::create_dir_all(dir).map_err(VerilatorError::io("create", dir))?;
    Ok(())
}
