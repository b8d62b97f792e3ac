//! Proofs of the examples: on the simulated card and on the CPU, accepted by this command and by
//! snarkjs.

mod common;

use common::{Run, example, root, run, text};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// G1 MSMs and transforms: what a card must have done itself.
fn is_card_work(stage: &str) -> bool {
    (stage.starts_with("msm ") && !stage.contains("G2")) || stage.starts_with("ntt ")
}

fn prove(folder: &Path, circuit: &str, extra: &[&str]) -> Run {
    let mut args = vec!["prove".to_owned()];
    args.extend(extra.iter().map(|s| (*s).to_owned()));
    args.extend([text(&example(circuit, "circuit.zkey")), text(&example(circuit, "witness.wtns"))]);
    args.extend(["proof.json".into(), "public.json".into()]);
    run(folder, &args).succeeded()
}

fn verify(folder: &Path, circuit: &str, public: &str, proof: &str) -> Run {
    run(folder, &["verify", &text(&example(circuit, "verification_key.json")), public, proof])
}

/// snarkjs accepts the proof.
#[track_caller]
fn snarkjs_accepts(folder: &Path, circuit: &str) {
    let cli = root().join("examples/node_modules/snarkjs/build/cli.cjs");
    assert!(cli.is_file(), "snarkjs is missing ({}): run .ci/setup", cli.display());
    let output = Command::new("node")
        .arg(cli)
        .args(["groth16", "verify"])
        .arg(example(circuit, "verification_key.json"))
        .args(["public.json", "proof.json"])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|e| panic!("node does not start ({e}): run .ci/setup"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("OK!"), "{output:?}");
}

/// The report's fields and stages.
#[track_caller]
fn check_report(report: &Value, circuit: &str, device: &str) {
    assert_eq!(report["device"], device);
    assert!(report["seconds"].as_f64().is_some_and(|s| s > 0.0), "{report}");
    assert_eq!(report["fallbacks"], 0);
    let stages = report["stages"].as_array().expect("stages");
    let on_card = device != "cpu";
    assert_eq!(report["cycles"].as_u64().is_some_and(|c| c > 0), on_card, "{report}");
    let work: Vec<&Value> = stages.iter().filter(|s| is_card_work(s["name"].as_str().expect("a name"))).collect();
    for stage in &work {
        assert_eq!(stage["place"], if on_card { "device" } else { "host" }, "{stage}");
        assert_eq!(stage["cycles"].as_u64().is_some_and(|c| c > 0), on_card, "{stage}");
    }
    let calls = |name: &str| -> u64 {
        let named = work.iter().filter(|s| s["name"].as_str().is_some_and(|n| n.starts_with(name)));
        named.map(|s| s["calls"].as_u64().expect("calls")).sum()
    };
    assert_eq!(calls("msm "), 4, "A, B1, C, H: {report}");
    // The card's vectors stay there: its transforms are steps of the quotient. The CPU's: to coefficients, to the coset, of three each.
    assert_eq!(calls("ntt "), if on_card { 0 } else { 2 }, "{report}");
    let quotient = stages.iter().find(|s| s["name"] == "quotient").expect("a quotient");
    assert_eq!(quotient["place"], if on_card { "device" } else { "host" }, "{quotient}");
    let log_domain = if circuit == "poseidon" { 10 } else { 12 };
    let butterflies = if on_card { (6 * log_domain) << (log_domain - 1) } else { 0 };
    assert_eq!(report["butterflies"].as_u64(), Some(butterflies), "six transforms of 2^{log_domain}");
    let g2 = stages.iter().find(|s| s["name"].as_str().is_some_and(|n| n.contains("G2"))).expect("a G2 stage");
    assert_eq!(g2["place"], "host");
    let cycles: u64 = stages.iter().map(|s| s["cycles"].as_u64().expect("cycles")).sum();
    assert_eq!(report["cycles"].as_u64(), Some(cycles), "the stages' cycles are all the cycles");
}

/// Verifies, then once more with a changed statement and with what is no proof.
fn check_verification(folder: &Path, circuit: &str) {
    let valid = verify(folder, circuit, "public.json", "proof.json").succeeded();
    assert_eq!(valid.stdout, "valid\n");

    let mut signals: Vec<String> =
        serde_json::from_slice(&fs::read(folder.join("public.json")).expect("public.json")).expect("a list of strings");
    let last = signals[0].pop().expect("a digit");
    signals[0].push(if last == '7' { '8' } else { '7' });
    fs::write(folder.join("other.json"), serde_json::to_vec(&signals).expect("JSON")).expect("other.json");
    let invalid = verify(folder, circuit, "other.json", "proof.json");
    assert_eq!(invalid.code, Some(1), "{invalid:#?}");
    assert!(invalid.stdout.starts_with("INVALID: proof.json"), "{invalid:#?}");

    fs::write(folder.join("garbage.json"), b"\x00\xffgarbage").expect("garbage.json");
    verify(folder, circuit, "public.json", "garbage.json").failed_with(&["garbage.json", "expected a Groth16 proof"]);
}

fn on_the_simulated_card(circuit: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let proved = prove(folder.path(), circuit, &["--device", "sim", "--fallback", "never", "--json"]);
    let report = proved.json();
    check_report(&report, circuit, "sim");
    let twins: Vec<&str> = report["twins"].as_array().expect("twins").iter().filter_map(Value::as_str).collect();
    assert!(twins.iter().any(|t| t.contains("PointAdder")), "twins are named: {twins:?}");
    check_verification(folder.path(), circuit);
    snarkjs_accepts(folder.path(), circuit);
}

#[test]
fn poseidon_on_the_simulated_card() {
    on_the_simulated_card("poseidon");
}

#[test]
fn merkle_on_the_simulated_card() {
    on_the_simulated_card("merkle");
}

#[test]
fn both_on_the_cpu() {
    for circuit in ["poseidon", "merkle"] {
        let folder = tempfile::tempdir().expect("a folder");
        let proved = prove(folder.path(), circuit, &["--device", "cpu", "--fallback", "never", "--json"]);
        check_report(&proved.json(), circuit, "cpu");
        assert_eq!(proved.stderr, "", "no progress bar in a pipe");
        check_verification(folder.path(), circuit);
        snarkjs_accepts(folder.path(), circuit);
    }
}

#[test]
fn the_report_is_readable_and_proofs_are_blinded() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = prove(folder.path(), "poseidon", &["--device", "cpu"]);
    let lines: Vec<&str> = first.stdout.lines().collect();
    assert!(lines[0].starts_with("proved on cpu in ") && lines[0].ends_with("; the proof is valid"), "{first:#?}");
    assert_eq!(lines.last(), Some(&"wrote proof.json and public.json"));
    for stage in ["msm A", "msm H", "ntt to coset", "verify", "fall-backs 0"] {
        assert!(lines.iter().any(|l| l.trim_start().starts_with(stage)), "{stage} is missing: {first:#?}");
    }
    assert!(!first.stdout.contains('\u{1b}') && !first.stderr.contains('\u{1b}'), "no escape codes in pipes");
    let proof = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
    let (proof_1, public_1) = (proof("proof.json"), proof("public.json"));
    prove(folder.path(), "poseidon", &["--device", "cpu"]);
    assert_ne!(proof("proof.json"), proof_1, "each proof has its own blinding factors");
    assert_eq!(proof("public.json"), public_1);
}
