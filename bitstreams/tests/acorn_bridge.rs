//! The Acorn's bridge between the card's host port and LitePCIe, simulated by migen (`test_bridge.py`). Needs LiteX:
//! `LITEX_PYTHON` names a Python that has it, otherwise it is installed into the cache at the first time (PyPI, with
//! hashes); `GRISTMILL_SKIP_LITEX=1` goes without.

use gristmill_bitstreams::hash;
use gristmill_bitstreams::tools::cache_folder;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pcie/acorn-cle215p")
}

fn checked(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n(GRISTMILL_SKIP_LITEX=1 goes without this test)",
        output.status,
        String::from_utf8_lossy(&text)
    );
}

/// A Python with LiteX.
fn python() -> PathBuf {
    if let Some(named) = std::env::var_os("LITEX_PYTHON") {
        return named.into();
    }
    let requirements = std::fs::read_to_string(folder().join("requirements.txt")).expect("requirements");
    let cache = cache_folder().unwrap_or_else(|e| panic!("{e}"));
    std::fs::create_dir_all(&cache).expect("cache folder");
    let venv = cache.join(format!("litex-{}", &hash::of(requirements.as_bytes())[..16]));
    let lock = std::fs::File::create(venv.with_extension("lock")).expect("lock file");
    lock.lock().expect("lock");
    let python = venv.join("bin/python3");
    // Written last: an installation that broke off is made anew.
    let whole = venv.join("whole");
    if !whole.exists() {
        checked(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-input", "--require-hashes", "-r"]);
        checked(pip.arg(folder().join("requirements.txt")));
        std::fs::write(&whole, "").expect("mark");
    }
    python
}

fn simulate(tests: &[&str]) {
    if std::env::var("GRISTMILL_SKIP_LITEX").is_ok_and(|v| !v.is_empty() && v != "0") {
        eprintln!("SKIPPED by GRISTMILL_SKIP_LITEX: the Acorn's bridge was not simulated");
        return;
    }
    checked(Command::new(python()).current_dir(folder()).arg("-B").arg("test_bridge.py").args(tests));
}

#[test]
fn data_comes_and_goes_through_the_bridge() {
    simulate(&["BridgeTest.test_traffic"]);
}

#[test]
#[ignore = "long, two minutes: cargo test --release -p gristmill-bitstreams --test acorn_bridge -- --ignored"]
fn the_bridge_survives_all_traffic_and_a_lost_link() {
    simulate(&[]);
}
