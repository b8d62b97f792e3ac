//! From an image to a board: openFPGALoader, and the serial port that the card then answers at.

use crate::board::Board;
use crate::error::Error;
use crate::images::{self, State};
use crate::manifest::Manifest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The programmer's name on PATH.
const LOADER: &str = "openFPGALoader";

/// An image that may be programmed: for this board, its bitstream whole, and not stale unless forced.
/// Returns it, its bitstream and what was forced.
///
/// # Errors
/// [`Error::OtherBoard`], [`Error::WrongBitstream`], [`Error::Stale`], or the manifest's own.
pub fn accept(image: &Path, board: &Board, force: bool) -> Result<(Manifest, PathBuf, Option<String>), Error> {
    let manifest = Manifest::read(image)?;
    if manifest.board != board.name {
        let (found, wanted) = (manifest.board, board.name.clone());
        return Err(Error::OtherBoard { path: image.to_owned(), found, wanted });
    }
    // Not even by force: nobody knows what such a file would do to the board.
    let bitstream = manifest.bitstream(image)?;
    match images::state(&manifest)? {
        State::Fresh => Ok((manifest, bitstream, None)),
        State::Stale(why) if force => Ok((manifest, bitstream, Some(why))),
        State::Stale(why) => Err(Error::Stale { path: image.to_owned(), board: board.name.clone(), why }),
    }
}

/// Writes a bitstream to the board: into the part, where it stays until the power goes, or into the flash.
///
/// # Errors
/// [`Error::Missing`] without the programmer, [`Error::Program`] with what it said if it fails.
pub fn load(board: &Board, bitstream: &Path, flash: bool) -> Result<(), Error> {
    let mut command = Command::new(LOADER);
    command.args(["--board", &board.loader]);
    if flash {
        command.arg("--write-flash");
    }
    let output = command.arg(bitstream).stdin(Stdio::null()).output().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::Missing {
            what: LOADER.into(),
            way_out: "on Debian: apt-get install --no-install-recommends openfpgaloader".into(),
        },
        _ => Error::Io { what: "run", path: LOADER.into(), source: e },
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(6)..].join("\n  ");
    Err(Error::Program(format!(
        "{LOADER} failed ({}):\n  {last}\nIs the {} plugged in (USB {}), and may this user open it? docs/bring-up.md",
        output.status, board.title, board.usb
    )))
}

/// The serial ports of the boards of that kind that are plugged in: those of the board's USB device and interface.
pub fn ports(sysroot: &Path, board: &Board) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(sysroot.join("sys/class/tty")) else { return vec![] };
    let text = |path: PathBuf| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            // …/1-1/1-1:1.0/ttyUSB0: the device, its interface, the port.
            let Ok(port) = fs::canonicalize(entry.path().join("device")) else { return false };
            let Some((interface, device)) = port.parent().and_then(|i| Some((i, i.parent()?))) else { return false };
            let id = format!("{}:{}", text(device.join("idVendor")), text(device.join("idProduct")));
            let number = u32::from_str_radix(&text(interface.join("bInterfaceNumber")), 16);
            id == board.usb && number == Ok(board.usb_interface)
        })
        .map(|entry| Path::new("/dev").join(entry.file_name()))
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A USB serial port as Linux shows it.
    fn plug(root: &Path, device: &str, id: (&str, &str), interface: u32, tty: &str) {
        let device = root.join("sys/devices").join(device);
        let folder = device.join(format!("x:1.{interface}"));
        let port = folder.join(tty);
        let class = root.join("sys/class/tty").join(tty);
        fs::create_dir_all(&port).expect("made");
        fs::create_dir_all(&class).expect("made");
        fs::write(device.join("idVendor"), format!("{}\n", id.0)).expect("written");
        fs::write(device.join("idProduct"), format!("{}\n", id.1)).expect("written");
        fs::write(folder.join("bInterfaceNumber"), format!("{interface:02x}\n")).expect("written");
        std::os::unix::fs::symlink(port, class.join("device")).expect("linked");
    }

    #[test]
    fn ports_are_found_by_device_and_interface() {
        let root = tempfile::tempdir().expect("folder");
        let (ulx3s, ecpix5) =
            (Board::named("ulx3s-85f").expect("a board"), Board::named("ecpix5-85f").expect("a board"));
        assert!(ports(root.path(), &ulx3s).is_empty());
        plug(root.path(), "1-1", ("0403", "6010"), 0, "ttyUSB0");
        plug(root.path(), "1-1", ("0403", "6010"), 1, "ttyUSB1");
        plug(root.path(), "1-2", ("0403", "6015"), 0, "ttyUSB2");
        plug(root.path(), "1-3", ("10c4", "ea60"), 0, "ttyUSB3");
        fs::create_dir_all(root.path().join("sys/class/tty/tty0")).expect("made");
        assert_eq!(ports(root.path(), &ecpix5), [Path::new("/dev/ttyUSB1")]);
        assert_eq!(ports(root.path(), &ulx3s), [Path::new("/dev/ttyUSB2")]);
    }
}
