//! The programs that this very build made, and the libraries that they load.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A `gristmill` that is there already; without it one is built.
const BIN: &str = "GRISTMILL_BIN";

/// Where they are.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `gristmill`, for both sides.
    pub gristmill: PathBuf,
    /// The guest's first process.
    pub init: PathBuf,
    /// What both load, the loader too: the guest has them at the same places.
    pub libraries: Vec<PathBuf>,
}

impl Binaries {
    /// `init` is there: cargo made it for this test. Nothing is compiled for the guest alone: statically linked programs would be
    /// the whole tree of dependencies once more.
    pub fn build(init: &Path) -> Result<Self, String> {
        let gristmill = match std::env::var_os(BIN).filter(|v| !v.is_empty()).map(PathBuf::from) {
            Some(named) if named.is_file() => named,
            Some(named) => return Err(format!("{BIN}={}: there is no such file", named.display())),
            None => {
                let target = target_folder()?;
                cargo(&target, &["-p", "gristmill-cli", "--bin", "gristmill"])?;
                target.join("release/gristmill")
            }
        };
        let mut libraries = libraries(&gristmill)?;
        libraries.extend(self::libraries(init)?);
        libraries.sort();
        libraries.dedup();
        Ok(Binaries { gristmill, init: init.to_owned(), libraries })
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

fn cargo(target: &Path, arguments: &[&str]) -> Result<(), String> {
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
    let output = command.output().map_err(|e| format!("cargo cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("cargo build {} failed:\n{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
}

/// What the loader would load, and the loader.
fn libraries(program: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("ldd").arg(program).output();
    let output = output.map_err(|e| format!("ldd cannot be started (Debian's package libc-bin): {e}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("ldd {} failed: {told}", program.display()));
    }
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(told: &str) -> Result<Vec<PathBuf>, String> {
    let path = |line: &str| {
        let (name, found) = line.split_once(" => ").unwrap_or((line, line));
        let found = found.split(" (").next().unwrap_or_default().trim();
        match found.starts_with('/') {
            true => Some(Ok(PathBuf::from(found))),
            false if found == "not found" => {
                Some(Err(format!("the library {} is missing on this machine", name.trim())))
            }
            // The kernel's own.
            false => None,
        }
    };
    told.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_loader_are_found() {
        let told = "\tlinux-vdso.so.1 (0x00007f6b)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f6b)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f6b)\n";
        let paths = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(parse(told), Ok(paths.to_vec()));
        let error = parse("\tlibx.so.1 => not found\n").unwrap_err();
        assert!(error.contains("libx.so.1"), "{error}");
    }
}
