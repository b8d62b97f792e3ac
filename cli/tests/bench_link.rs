//! `gristmill bench link`: it measures any card's link, and says what it could not measure.

mod common;
#[allow(dead_code, reason = "each test file uses a part")]
#[path = "common/server.rs"]
mod server;

use common::{gristmill, run};
use serde_json::Value;
use server::Server;

/// Short samples: the figures are not looked at.
fn bench<'a>(device: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["bench", "link", "--device", device, "--seconds", "0.01"], more].concat()
}

/// Names of all figures; each is a figure.
fn names(report: &Value) -> Vec<String> {
    let figures = report["figures"].as_array().expect("figures");
    for f in figures {
        let positive = |name: &str| f[name].as_f64().is_some_and(|v| v > 0.0);
        assert!(positive("samples") && positive("median_us") && positive("p99_us"), "{f}");
        assert!(f["p99_us"].as_f64() >= f["median_us"].as_f64(), "{f}");
        let copy = f["what"].as_str().expect("a name").starts_with("copy");
        assert_eq!(positive("bytes_per_second"), copy, "{f}");
    }
    figures.iter().map(|f| f["what"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_card_without_engines_in_another_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--engine", "protocol"]);
    let device = server.device();
    let report = run(folder.path(), &bench(&device, &["--json"])).succeeded().json();
    assert_eq!((&report["op"], &report["device"]), (&"link".into(), &device.as_str().into()));
    assert_eq!(report["card_mem_bytes"], 64 << 20);
    let names = names(&report);
    for part in ["register read", "empty command, interrupt", "empty command, polling", "copy 1 MiB from the card"] {
        assert!(names.iter().any(|n| n.contains(part)), "{part}: {names:?}");
    }
    let text = run(folder.path(), &bench(&device, &["--poll", "50"])).succeeded().stdout;
    assert!(text.contains("64 empty commands with one doorbell, polling") && text.contains("GB/s"), "{text}");
    assert!(text.contains("copy 64 KiB to the card, polling"), "{text}");
}

#[test]
fn a_simulated_card_with_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = run(folder.path(), &bench("sim", &["--config", "tiny", "--json"])).succeeded().json();
    let names = names(&report);
    assert!(names.iter().any(|n| n.contains("copy 64 KiB")) && !names.iter().any(|n| n.contains("MiB")), "{names:?}");
    assert_eq!(report["skipped"][0], "copies of 1 MiB: card memory is smaller");
}

#[test]
fn a_simulated_card_without_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = "name = 'bare'\ncurve = 'bn254'\nwindow_bits = 4\nsegments = 2\nstall_depth = 16\nlog_max_points = 10\n\
                ntt_log_max = 6\nqueues = 1\ncard_mem_bytes = 0\nclock_hz = 60000000\n";
    let file = folder.path().join("bare.toml");
    std::fs::write(&file, toml).expect("write");
    let file = file.to_str().expect("a path");
    let report = run(folder.path(), &bench("sim", &["--config", file, "--json"])).succeeded().json();
    let names = names(&report);
    let copies: Vec<_> = names.iter().filter(|n| n.starts_with("copy")).collect();
    assert!(copies.len() > 1 && copies.iter().all(|n| n.contains("within host memory")), "{names:?}");
    let info = run(folder.path(), &["info", "--device", "sim", "--config", file]).succeeded().stdout;
    assert!(info.contains("card memory    none: operands in host memory"), "{info}");
}

#[test]
fn what_has_no_link_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for device in ["cpu", "auto"] {
        run(folder.path(), &bench(device, &[])).failed_with(&[device, "a card by its name"]);
    }
    run(folder.path(), &bench("vfio-user:none.sock", &[])).failed_with(&["none.sock", "start the card's server"]);
}

#[test]
fn a_card_that_spoils_copies_is_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--engine", "protocol", "--fault", "corrupt:3@copy*0"]);
    run(folder.path(), &bench(&server.device(), &[])).failed_with(&["came back changed", "do not use this device"]);
}
