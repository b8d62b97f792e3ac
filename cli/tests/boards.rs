//! `gristmill build` and `gristmill program`: what they refuse, and programming with a programmer and a board in
//! software. What the build makes: `bitstreams/tests/flow.rs`.

mod common;

use common::{Run, finish, gristmill, names, run};
use gristmill_abi::registers as reg;
use gristmill_bitstreams::board::Board;
use gristmill_bitstreams::flow::Usage;
use gristmill_bitstreams::hash;
use gristmill_bitstreams::manifest::{FORM, Manifest, NAME};
use gristmill_peers::serial::{Behaviour, Board as SoftBoard, Registers};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const BITS: &[u8] = b"a bitstream";

/// A folder with an image, stale by its board files, and programs to be found on PATH.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        fs::create_dir(place.image()).expect("made");
        fs::create_dir(place.path().join("bin")).expect("made");
        fs::write(place.image().join("ulx3s-85f.bit"), BITS).expect("written");
        place.manifest(|_| {});
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn image(&self) -> PathBuf {
        self.path().join("image")
    }

    /// Writes the manifest with a change.
    fn manifest(&self, change: impl FnOnce(&mut Manifest)) -> Manifest {
        let mut manifest = Manifest {
            form: FORM,
            board: "ulx3s-85f".into(),
            part: Board::named("ulx3s-85f").expect("a board").part,
            board_hash: "0".repeat(64),
            configuration: "other".into(),
            configuration_toml: String::new(),
            config_id: 0x1234_5678,
            source_hash: hash::of(b"a source"),
            abi_version: gristmill_abi::ABI_VERSION,
            clock_hz: 60_000_000,
            baud: 3_000_000,
            fmax_mhz: 61.0,
            critical_path: None,
            tools: "pinned".into(),
            tool_versions: Default::default(),
            seed: 1,
            synthesis: String::new(),
            placement: vec![],
            used: Usage::default(),
            available: Usage::default(),
            modules: vec![],
            bitstream: "ulx3s-85f.bit".into(),
            sha256: hash::of(BITS),
        };
        change(&mut manifest);
        fs::write(self.image().join(NAME), manifest.text()).expect("written");
        manifest
    }

    /// A programmer that writes down what it was asked and then does this.
    fn loader(&self, then: &str) {
        let path = self.path().join("bin/openFPGALoader");
        fs::write(&path, format!("#!/bin/sh\necho \"$@\" > asked\n{then}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    /// Programs the image with these further arguments, nothing but `bin` on PATH.
    fn program(&self, more: &[&str]) -> Run {
        let mut command = gristmill(self.path());
        command.env("PATH", self.path().join("bin"));
        finish(command.args(["program", "--image", "image"]).args(more))
    }

    fn asked(&self) -> Option<String> {
        fs::read_to_string(self.path().join("asked")).ok()
    }
}

#[test]
fn what_cannot_be_built_is_refused_before_anything_is_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    let refuses = |args: &[&str], words: &[&str]| {
        let mut command = gristmill(folder.path());
        // Were the tools looked for, there would be no place to install them.
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
        finish(command.arg("build").args(args)).failed_with(words);
        assert!(names(folder.path()).is_empty(), "files are left behind");
    };
    refuses(&["--board", "vu9p"], &["vu9p", "ulx3s-85f", "ecpix5-85f"]);
    refuses(&["--board", "ulx3s-85f", "--config", "none.toml"], &["none.toml", "ecp5-85k"]);
    refuses(&["--board", "ulx3s-85f", "--config", "tiny"], &["card_mem_bytes"]);
    refuses(&["--board", "ulx3s-85f", "--freq", "61"], &["61 MHz", "try"]);
    refuses(&["--board", "ulx3s-85f", "--freq", "50"], &["multiple of 3 MHz"]);
    refuses(&["--board", "ulx3s-85f", "--out", "/"], &["/", "--out"]);
    refuses(&["--board", "ulx3s-85f"], &["cache", "HOME"]);
    refuses(&[], &["--board"]);
}

#[test]
fn images_are_checked() {
    let place = Place::new();
    let check = |out: &str| run(place.path(), &["build", "--check", "--out", out]);
    let run = check(".");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.contains("STALE") && run.stdout.contains("board ulx3s-85f changed"), "{run:#?}");
    assert!(check("bin").succeeded().stdout.contains("no images"));
    fs::write(place.image().join("ulx3s-85f.bit"), b"damaged").expect("written");
    check(".").failed_with(&["ulx3s-85f.bit", "sha256"]);
    place.manifest(|m| m.form = 9);
    check(".").failed_with(&["manifest.json", "form 9"]);
}

#[test]
fn what_must_not_be_programmed_is_not() {
    let place = Place::new();
    place.loader("exit 0");
    place.program(&["--board", "ulx3s-85f"]).failed_with(&["stale", "--force"]);
    place.program(&["--board", "ecpix5-85f", "--force"]).failed_with(&["ulx3s-85f", "ecpix5-85f"]);
    place.program(&["--board", "vu9p", "--force"]).failed_with(&["vu9p"]);
    fs::write(place.image().join("ulx3s-85f.bit"), b"damaged").expect("written");
    place.program(&["--board", "ulx3s-85f", "--force"]).failed_with(&["sha256", "damaged"]);
    place.manifest(|m| m.bitstream = "../ulx3s-85f.bit".into());
    place.program(&["--board", "ulx3s-85f", "--force"]).failed_with(&["../ulx3s-85f.bit"]);
    assert_eq!(place.asked(), None, "the programmer was started");
}

#[test]
fn without_programmer_or_board_it_says_what_is_missing() {
    let place = Place::new();
    let force = ["--board", "ulx3s-85f", "--force"];
    place.program(&force).failed_with(&["openFPGALoader is missing", "apt-get install"]);
    place.loader("echo 'unable to open ftdi device: -3' >&2; exit 1");
    let run = place.program(&force);
    assert_eq!(run.code, Some(1), "{run:#?}");
    for word in ["unable to open ftdi device", "0403:6015", "bring-up.md"] {
        assert!(run.stderr.contains(word), "{word}: {run:#?}");
    }
    place.loader("exit 0");
    let run = place.program(&[&force[..], &["--device", "serial:/dev/gristmill-no-port"]].concat());
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("/dev/gristmill-no-port"), "{run:#?}");
}

#[test]
fn the_card_is_asked_who_it_is() {
    let place = Place::new();
    place.loader("exit 0");
    let manifest = place.manifest(|_| {});
    let board = SoftBoard::on_pty(Behaviour::default()).expect("a board");
    let device = format!("serial:{}", board.path.display());
    let args = ["--board", "ulx3s-85f", "--force", "--flash", "--device", &device];

    let run = place.program(&args);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stderr.contains("another board") && run.stderr.contains("0x12345678"), "{run:#?}");
    assert_eq!(place.asked().expect("started").trim(), "--board ulx3s --write-flash image/ulx3s-85f.bit");

    let words: Vec<u32> = (0..8)
        .map(|i| u32::from_str_radix(&manifest.source_hash[8 * i..8 * i + 8], 16).expect("hexadecimal"))
        .collect();
    board.with(move |_, card| {
        card.write(reg::CONFIG_ID, 0x1234_5678);
        (reg::SOURCE_HASH0..).step_by(4).zip(words).for_each(|(offset, word)| card.write(offset, word));
    });
    let run = place.program(&args).succeeded();
    assert!(run.stdout.contains("configuration 0x12345678") && run.stdout.contains(&manifest.source_hash), "{run:#?}");
    assert!(run.stderr.contains("WARNING: programming a stale image"), "{run:#?}");
}
