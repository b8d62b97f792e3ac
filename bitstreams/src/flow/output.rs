//! The folder that a build fills: under another name until it is whole.

use crate::error::Error;
use crate::manifest;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A build's folder.
pub struct Output {
    done: PathBuf,
    folder: PathBuf,
    /// Locked for as long as the build runs.
    _lock: File,
}

/// Lies in every folder that a build filled; only such folders are replaced.
const MARK: &str = "report.txt";

impl Output {
    /// Begins to fill `done`; an image that is there already stays until [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`Error::Io`] if it is something else than an image or an empty folder, or a build fills it now.
    pub fn begin(done: &Path) -> Result<Self, Error> {
        check_out(done)?;
        let mut name = done.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        let folder = done.with_file_name(name);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(Error::io("create", &path))?;
        if lock.try_lock().is_err() {
            let source = std::io::Error::new(std::io::ErrorKind::WouldBlock, "another build fills it now");
            return Err(Error::Io { what: "use", path: folder, source });
        }
        // What an earlier failure left.
        for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))?.flatten() {
            let path = entry.path();
            if path.is_file() && entry.file_name() != "lock" {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(Output { done: done.to_owned(), folder, _lock: lock })
    }

    /// Where it is now.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(Error::io("write", &path))
    }

    /// Gives it its name. Returns the name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<PathBuf, Error> {
        let mark = self.folder.join(MARK);
        if !mark.exists() {
            fs::write(&mark, "").map_err(Error::io("write", &mark))?;
        }
        let _ = fs::remove_file(self.folder.join("lock"));
        if self.done.exists() {
            let mut name = self.done.file_name().unwrap_or_default().to_owned();
            name.push(".old");
            let old = self.done.with_file_name(name);
            fs::rename(&self.done, &old).map_err(Error::io("rename", &self.done))?;
            fs::rename(&self.folder, &self.done).map_err(Error::io("rename", &self.folder))?;
            fs::remove_dir_all(&old).map_err(Error::io("remove", &old))?;
        } else {
            fs::rename(&self.folder, &self.done).map_err(Error::io("rename", &self.folder))?;
        }
        Ok(self.done)
    }
}

/// Whether a build may fill that folder.
///
/// # Errors
/// [`Error::Io`] if it is something else than an image or an empty folder.
pub fn check_out(done: &Path) -> Result<(), Error> {
    if replaceable(done) {
        return Ok(());
    }
    let kind = std::io::ErrorKind::AlreadyExists;
    let source = std::io::Error::new(kind, "it is no image of an earlier build; name another --out");
    Err(Error::Io { what: "replace", path: done.to_owned(), source })
}

fn replaceable(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            folder.join(MARK).is_file() || folder.join(manifest::NAME).is_file() || entries.next().is_none()
        }
        Err(e) => e.kind() == std::io::ErrorKind::NotFound && folder.file_name().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let parent = tempfile::tempdir().expect("folder");
        let done = parent.path().join("image");
        let output = Output::begin(&done).expect("begins");
        output.write("a", "1").expect("written");
        assert!(!done.exists());
        assert!(Output::begin(&done).is_err(), "two builds at once");
        drop(output);
        assert!(!done.exists());
        // The next build clears what is left and replaces what it made itself.
        for text in ["2", "3"] {
            let output = Output::begin(&done).expect("begins");
            assert!(!output.folder().join("a").exists());
            output.write("b", text).expect("written");
            assert_eq!(output.finish().expect("finishes"), done);
            assert_eq!(fs::read_to_string(done.join("b")).expect("there"), text);
        }
        let names: Vec<_> = fs::read_dir(parent.path()).expect("there").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, ["image"]);
    }

    #[test]
    fn what_is_no_image_is_not_replaced() {
        let parent = tempfile::tempdir().expect("folder");
        fs::write(parent.path().join("precious"), "x").expect("written");
        assert!(Output::begin(parent.path()).is_err());
        assert!(Output::begin(&parent.path().join("precious")).is_err());
        assert!(Output::begin(Path::new("/")).is_err());
        assert!(parent.path().join("precious").exists());
    }
}
