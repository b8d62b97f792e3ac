//! `gristmill program`: an image into a board, and the card's identity read back.

use crate::args_boards::Program;
use crate::error::CliError;
use crate::output;
use gristmill::{Device, Fallback, Options};
use gristmill_bitstreams::Error;
use gristmill_bitstreams::board::Board;
use gristmill_bitstreams::manifest::{self, Manifest};
use gristmill_bitstreams::{flow, images, program};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long the serial port may take to come back after the programmer let go of the cable.
const PORT: Duration = Duration::from_secs(5);

/// Runs the command.
pub fn run(args: &Program) -> Result<ExitCode, CliError> {
    let board = Board::named(&args.board)?;
    let image = match &args.image {
        Some(image) => image.clone(),
        None => own_image(&board)?,
    };
    let (manifest, bitstream, forced) = program::accept(&image, &board, args.force)?;
    if let Some(why) = forced {
        output::complain(format_args!("gristmill: WARNING: programming a stale image: {why}"));
    }
    // Not the command's answer: that is what the card says in the end.
    output::complain(flow::summary(&manifest).trim_end());
    let place = if args.flash { "flash" } else { "part" };
    output::complain(format_args!("gristmill: {} into the {place} of {}", bitstream.display(), board.title));
    program::load(&board, &bitstream, args.flash)?;
    if args.flash {
        output::complain("gristmill: written; the card starts from the flash when the power comes back");
    }
    let device = match &args.device {
        Some(device) => device.clone(),
        None => port(&board)?,
    };
    read_back(&device, &manifest)?;
    output::line(format_args!(
        "{device}: configuration {:#010x}, source {}",
        manifest.config_id, manifest.source_hash
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The image of a release, if this source has one.
fn own_image(board: &Board) -> Result<PathBuf, CliError> {
    let image = images::folder().join(&board.name);
    if image.join(manifest::NAME).is_file() {
        return Ok(image);
    }
    let name = &board.name;
    Err(Error::Missing {
        what: format!("an image of {name} in {}", images::folder().display()),
        way_out: format!("build one (gristmill build --board {name}) and name its folder: --image image-{name}"),
    }
    .into())
}

/// The only port of a board of that kind.
fn port(board: &Board) -> Result<String, CliError> {
    let begin = Instant::now();
    loop {
        let ports = program::ports(Path::new("/"), board);
        match ports.as_slice() {
            [port] => return Ok(format!("serial:{}", port.display())),
            [] if begin.elapsed() < PORT => std::thread::sleep(Duration::from_millis(100)),
            [] => {
                return Err(Error::Program(format!(
                    "programmed, but no serial port of a {} (USB {}, interface {}) is there to read the card's \
                     identity from: is its driver loaded (ftdi_sio)? Name the port with --device serial:/dev/ttyUSBn, \
                     or see docs/bring-up.md",
                    board.title, board.usb, board.usb_interface
                ))
                .into());
            }
            several => {
                let names: Vec<String> = several.iter().map(|p| format!("serial:{}", p.display())).collect();
                return Err(Error::Program(format!(
                    "programmed; which of these is it? Name it with --device: {}",
                    names.join(", ")
                ))
                .into());
            }
        }
    }
}

/// Asks the card who it is.
fn read_back(device: &str, manifest: &Manifest) -> Result<(), CliError> {
    let options = Options { fallback: Fallback::Never, ..Options::default() };
    let info = Device::open(device, &options)?.info()?;
    let wanted = (format!("{:#010x}", manifest.config_id), manifest.source_hash.clone());
    let found = (info.config_id.unwrap_or_default(), info.source_hash.unwrap_or_default());
    if found == wanted {
        return Ok(());
    }
    Err(Error::Program(format!(
        "{device} answers as configuration {}, source {}, and not as the image, configuration {}, source {}: \
         another board, or the board still runs what it ran before",
        found.0, found.1, wanted.0, wanted.1
    ))
    .into())
}
