//! The tools on PATH, if they are new enough.

use super::{Tool, Tools};
use crate::error::Error;
use std::path::Path;
use std::process::Command;

/// Oldest versions taken: of these, `synth_ecp5` and `nextpnr-ecp5 --report` are known to do what is needed.
const YOSYS: (u32, u32) = (0, 40);
const NEXTPNR: (u32, u32) = (0, 7);

/// A yosys that is new enough, and what it says of itself.
///
/// # Errors
/// [`Error::Missing`] if it does not run or is too old.
pub fn yosys(program: &Path) -> Result<(Tool, String), Error> {
    let version = version(&program.to_string_lossy(), &["-V"], YOSYS)?;
    Ok((Tool { name: "yosys", program: program.into(), first: vec![], env: vec![] }, version))
}

/// yosys, nextpnr-ecp5 and ecppack of PATH.
///
/// # Errors
/// [`Error::Missing`] for one that is not there or too old.
pub fn tools() -> Result<Tools, Error> {
    let (yosys, yosys_version) = yosys(Path::new("yosys"))?;
    let nextpnr = version("nextpnr-ecp5", &["--version"], NEXTPNR)?;
    // ecppack has no version of its own to compare: it goes with the database of nextpnr-ecp5's packager.
    let ecppack = first_line("ecppack", &["--version"])?;
    let tool = |name: &'static str| Tool { name, program: name.into(), first: vec![], env: vec![] };
    Ok(Tools {
        yosys,
        nextpnr: tool("nextpnr-ecp5"),
        ecppack: tool("ecppack"),
        kind: "native",
        versions: vec![("yosys".into(), yosys_version), ("nextpnr-ecp5".into(), nextpnr), ("ecppack".into(), ecppack)],
    })
}

fn version(name: &str, args: &[&str], least: (u32, u32)) -> Result<String, Error> {
    let line = first_line(name, args)?;
    match parse(&line) {
        Some(found) if found >= least => Ok(line),
        Some((major, minor)) => {
            Err(missing(&format!("a newer {name}"), &format!("found {major}.{minor}, needs {}.{}", least.0, least.1)))
        }
        None => Err(missing(&format!("a {name} that tells its version"), &format!("it says `{line}`"))),
    }
}

fn first_line(name: &str, args: &[&str]) -> Result<String, Error> {
    let output = Command::new(name).args(args).output().map_err(|e| missing(name, &format!("not run: {e}")))?;
    // nextpnr writes its version to standard error.
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim().to_owned())
}

fn missing(what: &str, found: &str) -> Error {
    Error::Missing { what: what.into(), way_out: format!("{found}; install it or take --tools pinned") }
}

/// The first number with a dot in it: `Yosys 0.40+7 (git …)`, `nextpnr-ecp5 (Version nextpnr-0.7-14-g…)`.
fn parse(line: &str) -> Option<(u32, u32)> {
    line.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let (major, rest) = word.split_once('.')?;
        let minor = rest.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("Yosys 0.9 (git sha1 1979e0b)"), Some((0, 9)));
        assert_eq!(parse("Yosys 0.40+7 (git sha1 cafe, clang 18.1)"), Some((0, 40)));
        assert_eq!(
            parse("\"nextpnr-ecp5\" -- Next Generation Place and Route (Version nextpnr-0.7-14-gabc)"),
            Some((0, 7))
        );
        assert_eq!(parse("Version 1.2.3"), Some((1, 2)));
        assert_eq!(parse("no number"), None);
        // Debian 12 ships yosys 0.23: too old, and compared as numbers, not as text.
        assert!(parse("Yosys 0.23").is_some_and(|v| v < YOSYS) && parse("Yosys 0.100").is_some_and(|v| v > YOSYS));
    }

    #[cfg(unix)]
    #[test]
    fn an_old_yosys_is_refused_and_a_new_one_taken() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let says = |name: &str, line: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\necho '{line}'\n")).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("made a program");
            path
        };
        let error = yosys(&says("old", "Yosys 0.23 (git sha1 7ce5011c24b)")).expect_err("too old");
        assert!(error.to_string().contains("found 0.23, needs 0.40"), "{error}");
        let (tool, version) = yosys(&says("new", "Yosys 0.70 (git sha1 28ba3cb92)")).expect("new enough");
        assert_eq!((tool.program, version.as_str()), (folder.path().join("new"), "Yosys 0.70 (git sha1 28ba3cb92)"));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = version("gristmill-no-such-tool", &["-V"], YOSYS).expect_err("absent");
        assert!(error.to_string().contains("gristmill-no-such-tool is missing"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
