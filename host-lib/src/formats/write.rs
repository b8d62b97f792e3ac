//! Files that appear whole or not at all.

use crate::{Error, Result};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Writes files: each first beside its destination, then, when all are on disk, moved into place.
/// A failure before the first move leaves nothing behind. What exists and is no regular file (a
/// terminal, a pipe, `/dev/null`) is written to directly, before the first move.
///
/// # Errors
/// [`Error::Io`] with the destination's path.
pub fn write_files(files: &[(&Path, &[u8])]) -> Result<()> {
    let mut staged = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        let failed = |source| Error::Io { path: path.to_path_buf(), action: "write", source };
        staged.push((*path, stage(path, bytes).map_err(failed)?));
    }
    // What is no regular file cannot be moved into place and may fail (a closed pipe): it goes first.
    staged.sort_by_key(|(_, stage)| matches!(stage, Staged::Temporary { .. }));
    for (path, stage) in staged {
        stage.commit().map_err(|source| Error::Io { path: path.to_owned(), action: "write", source })?;
    }
    Ok(())
}

enum Staged {
    /// Content beside its destination; removed when dropped.
    Temporary { at: PathBuf, to: PathBuf },
    /// Content for what is no regular file.
    Direct { to: PathBuf, bytes: Vec<u8> },
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<Staged> {
    // A link's target is replaced, not the link.
    let to = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&to).ok();
    match &existing {
        Some(meta) if meta.is_dir() => return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")),
        Some(meta) if !meta.is_file() => return Ok(Staged::Direct { to, bytes: bytes.to_vec() }),
        Some(meta) if meta.permissions().readonly() => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
        }
        _ => {}
    }
    let (staged, mut file) = temporary(&to)?;
    file.write_all(bytes)?;
    if let Some(meta) = existing {
        file.set_permissions(meta.permissions())?;
    }
    file.sync_all()?;
    Ok(staged)
}

fn temporary(to: &Path) -> io::Result<(Staged, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = to.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    loop {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let at = to.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&at) {
            Ok(file) => return Ok((Staged::Temporary { at, to: to.to_owned() }, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(e),
        }
    }
}

impl Staged {
    fn commit(self) -> io::Result<()> {
        match &self {
            Staged::Temporary { at, to } => fs::rename(at, to),
            Staged::Direct { to, bytes } => OpenOptions::new().write(true).open(to)?.write_all(bytes),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Staged::Temporary { at, .. } = self {
            // After the rename there is nothing to remove; before it, the error that brought us
            // here is the one to report.
            let _ = fs::remove_file(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write_files(&[(&at("a"), b"1"), (&at("b"), b"2")]).unwrap();
        assert_eq!((fs::read(at("a")).unwrap(), fs::read(at("b")).unwrap()), (b"1".to_vec(), b"2".to_vec()));
        let error = write_files(&[(&at("a"), b"3"), (&at("missing/c"), b"4")]).unwrap_err();
        assert!(error.to_string().contains("missing/c: cannot write"), "{error}");
        assert_eq!(fs::read(at("a")).unwrap(), b"1");
        assert_eq!(names(folder.path()), ["a", "b"]);
        fs::create_dir(at("folder")).unwrap();
        write_files(&[(&at("new"), b"5"), (&at("folder"), b"6")]).unwrap_err();
        write_files(&[(&at("new"), b"7"), (Path::new("/dev/full"), b"8")]).unwrap_err();
        assert_eq!(names(folder.path()), ["a", "b", "folder"]);
    }
}
