//! Small files and links of sysfs and proc. Whatever is odd reads as absent; names lose their
//! control characters, so that no file name reaches a terminal as a command.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Longest file that is read, bytes.
const MOST: u64 = 1 << 18;

/// Opens for reading. A pipe in the place of a file would block without the flag.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

/// The first bytes of a file, 256 KiB at most.
pub(super) fn bytes(path: &Path) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    open(path).ok()?.take(MOST).read_to_end(&mut data).ok()?;
    Some(data)
}

/// A file's text without white space around it; what is not UTF-8 is replaced.
pub(super) fn text(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&bytes(path)?).trim().to_owned())
}

/// A file's one line, fit to be shown.
pub(super) fn line(path: &Path) -> Option<String> {
    Some(shown(text(path)?.lines().next().unwrap_or("")))
}

/// A decimal number.
pub(super) fn number(path: &Path) -> Option<u64> {
    text(path)?.parse().ok()
}

/// A hexadecimal number, `0x` before it or not.
pub(super) fn hex(path: &Path) -> Option<u32> {
    let text = text(path)?;
    u32::from_str_radix(text.strip_prefix("0x").unwrap_or(&text), 16).ok()
}

/// Last part of a link's target; `None` if there is no link.
pub(crate) fn link_name(link: &Path) -> io::Result<Option<String>> {
    match fs::read_link(link) {
        Ok(target) => Ok(target.file_name().map(name)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Names in a folder, sorted; none if there is no such folder.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|e| name(&e.file_name())).collect();
    names.sort();
    names
}

fn name(raw: &OsStr) -> String {
    shown(&raw.to_string_lossy())
}

/// Text whose control characters are replaced, 200 characters at most.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn odd_files_read_as_absent_or_harmless() {
        let root = tempfile::tempdir().unwrap();
        let at = |n: &str| root.path().join(n);
        assert_eq!((text(&at("none")), number(&at("none")), hex(&at("none"))), (None, None, None));
        assert_eq!(text(root.path()), None, "a folder");
        fs::write(at("bad"), b"\xff\x1b[31mred\nsecond").unwrap();
        assert_eq!(line(&at("bad")).unwrap(), "\u{fffd}\u{fffd}[31mred");
        fs::write(at("long"), vec![b'9'; 1 << 20]).unwrap();
        assert_eq!(text(&at("long")).unwrap().len(), MOST as usize);
        assert_eq!((number(&at("long")), hex(&at("long"))), (None, None));
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(text(&at("pipe")).unwrap(), "", "a pipe without a writer does not block");
        for (content, value) in [("0x1209\n", Some(0x1209)), ("1209", Some(0x1209)), ("0xzz", None), ("", None)] {
            fs::write(at("id"), content).unwrap();
            assert_eq!(hex(&at("id")), value, "{content:?}");
        }
    }

    #[test]
    fn odd_names() {
        let root = tempfile::tempdir().unwrap();
        let at = |n: &str| root.path().join(n);
        assert_eq!(link_name(&at("none")).unwrap(), None);
        symlink("../drivers/vfio-pci", at("driver")).unwrap();
        assert_eq!(link_name(&at("driver")).unwrap().as_deref(), Some("vfio-pci"));
        symlink(OsStr::from_bytes(b"../\xff\x07x"), at("odd")).unwrap();
        assert_eq!(link_name(&at("odd")).unwrap().as_deref(), Some("\u{fffd}\u{fffd}x"));
        symlink("..", at("up")).unwrap();
        assert_eq!(link_name(&at("up")).unwrap(), None);
        fs::write(at("file"), "").unwrap();
        assert!(link_name(&at("file")).is_err());
        assert_eq!(names(root.path()), ["driver", "file", "odd", "up"]);
        assert!(names(&at("none")).is_empty());
    }
}
