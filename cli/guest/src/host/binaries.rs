//! The programs: `gristmill` for this machine, and static ones for the guest.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// A `gristmill` for this machine that is there already; without it one is built.
const BIN: &str = "GRISTMILL_BIN";

/// Where they are.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `gristmill` with its simulator, for this machine.
    pub host: PathBuf,
    /// `gristmill` without a simulator, static.
    pub guest: PathBuf,
    /// The guest's first process, static.
    pub init: PathBuf,
}

impl Binaries {
    /// Builds what is not up to date. The static build has a folder of its own in the same target
    /// folder, so that procedural macros are compiled once.
    pub fn build() -> Result<Self, String> {
        let target = target_folder()?;
        let host = match std::env::var_os(BIN).filter(|v| !v.is_empty()).map(PathBuf::from) {
            Some(named) if named.is_file() => named,
            Some(named) => return Err(format!("{BIN}={}: there is no such file", named.display())),
            None => {
                cargo(&target, &["-p", "gristmill-cli", "--bin", "gristmill"], "")?;
                target.join("release/gristmill")
            }
        };
        let guest = ["-p", "gristmill-cli", "-p", "gristmill-guest", "--bins", "--no-default-features"];
        cargo(
            &target,
            &[&guest[..], &["--target", TARGET]].concat(),
            "-C target-feature=+crt-static -C strip=symbols",
        )?;
        let release = target.join(TARGET).join("release");
        Ok(Binaries { host, guest: release.join("gristmill"), init: release.join("gristmill-guest-init") })
    }
}

/// The target folder that this test itself was built in.
fn target_folder() -> Result<PathBuf, String> {
    let exe = std::env::current_exe().map_err(|e| format!("the test's own path: {e}"))?;
    let folder = exe.ancestors().nth(3).filter(|f| f.join("release").is_dir());
    let problem =
        || format!("{} is not in a folder target/release/deps: run it by cargo test --release", exe.display());
    folder.map(Path::to_path_buf).ok_or_else(problem)
}

fn cargo(target: &Path, arguments: &[&str], flags: &str) -> Result<(), String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
    command.args(["build", "--release", "--quiet", "--locked"]).args(arguments);
    // What cargo has told this test about itself is not for another build.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    if !flags.is_empty() {
        command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", flags);
    }
    let output = command.output().map_err(|e| format!("cargo cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "cargo build {} failed (the guest's programs are linked statically: that needs libc.a, Debian's package libc6-dev):\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    ))
}
