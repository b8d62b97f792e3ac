//! `gristmill doctor`: the host, and a card if one is named. Exit code 0 if nothing fails.

use crate::args_host::{Doctor, address};
use crate::error::CliError;
use crate::{output, table};
use gristmill_driver::Card;
use gristmill_driver::host::{Check, Host, Level};
use gristmill_driver::name::DeviceName;
use serde_json::json;
use std::process::ExitCode;

/// Runs the command.
pub fn run(args: &Doctor) -> Result<ExitCode, CliError> {
    let checks = match &args.device {
        None => Host::at(&args.sysroot).doctor(),
        Some(device) => of_device(&name(device)?),
    };
    let count = |level| checks.iter().filter(|c| c.level == level).count();
    let (fails, warnings) = (count(Level::Fail), count(Level::Warn));
    match args.json {
        true => output::line(json!({
            "ok": fails == 0,
            "fails": fails,
            "warnings": warnings,
            "checks": checks.iter().map(|c| json!({
                "check": c.name,
                "subject": c.subject,
                "level": c.level.name(),
                "value": c.value,
                "way_out": c.way_out,
            })).collect::<Vec<_>>(),
        }))?,
        false => output::print(&text(&checks, args.device.as_deref(), fails, warnings))?,
    }
    Ok(if fails == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The name of a card that the driver opens itself.
pub fn name(device: &str) -> Result<DeviceName, CliError> {
    if let Ok(address) = address(device) {
        return Ok(DeviceName::Vfio(address));
    }
    match device.parse() {
        Ok(name) => Ok(name),
        Err(_) if matches!(device, "auto" | "cpu") || device.starts_with("sim") => Err(CliError::NotOffered {
            option: "device",
            value: device.into(),
            choices: "a card: vfio:BDF, BDF, vfio-user:SOCKET or serial:PORT",
        }),
        Err(error) => Err(error.into()),
    }
}

/// The host as far as it concerns the device (nothing of it for a socket), then the card itself.
fn of_device(name: &DeviceName) -> Vec<Check> {
    let mut checks = match name {
        DeviceName::Vfio(address) => {
            let mut all = Host::new().doctor();
            all.retain(|c| c.subject.as_ref().is_none_or(|s| *s == address.to_string()));
            all
        }
        DeviceName::VfioUser(_) | DeviceName::Serial { .. } => vec![],
    };
    let subject = Some(name.to_string());
    let opened = gristmill_driver::open(&name.to_string()).and_then(Card::open).and_then(|mut card| card.doctor());
    match opened {
        Ok(found) => checks.extend(found.findings.into_iter().map(|f| Check {
            name: f.name,
            subject: subject.clone(),
            level: if f.good { Level::Ok } else { Level::Fail },
            value: f.value,
            way_out: if f.good { String::new() } else { f.way_out.into() },
        })),
        // The driver's messages say what to do.
        Err(error) => checks.push(Check {
            name: "open",
            subject,
            level: Level::Fail,
            value: error.to_string(),
            way_out: String::new(),
        }),
    }
    checks
}

/// Lines for a reader, who knows which device was named.
fn text(checks: &[Check], device: Option<&str>, fails: usize, warnings: usize) -> String {
    let rows: Vec<[String; 3]> = checks
        .iter()
        .map(|c| {
            let subject = c.subject.as_deref().filter(|s| !device.is_some_and(|d| d.ends_with(s) || s.ends_with(d)));
            let subject = subject.map_or(String::new(), |s| format!(" {s}"));
            [format!("{:4}", c.level.name()), format!("{}{subject}", c.name), c.value.clone()]
        })
        .collect();
    let mut out = String::new();
    for (line, check) in table::aligned(&rows).lines().zip(checks) {
        out.push_str(line);
        out.push('\n');
        if !check.way_out.is_empty() {
            out.push_str(&format!("      -> {}\n", check.way_out));
        }
    }
    out.push_str(&match (fails, warnings) {
        (0, 0) => "all is well\n".to_owned(),
        (0, w) => format!("usable; {w} warning(s)\n"),
        (f, w) => format!("{f} thing(s) to mend, {w} warning(s)\n"),
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: Level, name: &'static str, subject: Option<&str>, way_out: &str) -> Check {
        Check { name, subject: subject.map(str::to_owned), level, value: "found".into(), way_out: way_out.into() }
    }

    #[test]
    fn lines_and_what_to_do() {
        let checks = [
            check(Level::Ok, "kernel", None, ""),
            check(Level::Warn, "link", Some("0000:03:00.0"), "reseat the card"),
            check(Level::Fail, "vfio-pci", None, "load it"),
        ];
        let expected = "ok    kernel             found\n\
                        warn  link 0000:03:00.0  found\n      -> reseat the card\n\
                        fail  vfio-pci           found\n      -> load it\n\
                        1 thing(s) to mend, 1 warning(s)\n";
        assert_eq!(text(&checks, None, 1, 1), expected);
        let named = text(&checks, Some("vfio:0000:03:00.0"), 1, 1);
        assert!(named.contains("warn  link      found"), "{named}");
        assert!(text(&checks[..2], None, 0, 1).ends_with("usable; 1 warning(s)\n"));
        assert!(text(&checks[..1], None, 0, 0).ends_with("all is well\n"));
    }

    #[test]
    fn devices_are_cards() {
        assert_eq!(name("3b:00.0").unwrap().to_string(), "vfio:0000:3b:00.0");
        assert_eq!(name("vfio:0000:3b:00.0").unwrap().to_string(), "vfio:0000:3b:00.0");
        assert_eq!(name("vfio-user:/x").unwrap().to_string(), "vfio-user:/x");
        for device in ["auto", "cpu", "sim", "sim:verilator"] {
            assert!(name(device).unwrap_err().to_string().contains("vfio-user:SOCKET"));
        }
        for device in ["", "vfio:zz", "gpu"] {
            assert!(name(device).is_err(), "{device:?}");
        }
    }
}
