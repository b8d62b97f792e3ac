//! `gristmill bench msm --curve` on the CPU: each curve and distribution against arkworks, and cards that have
//! another curve. Simulated cards of other curves: `bench_curves.rs`.

mod common;

use common::run;
use std::path::Path;

const HERE: &str = ".";
const CURVES: [&str; 3] = ["bn254", "bls12-381", "bls12-377"];

#[test]
fn every_curve_on_the_cpu() {
    for curve in CURVES {
        let bench = ["bench", "msm", "--device", "cpu", "--log-size", "8", "--curve", curve];
        let report = run(Path::new(HERE), &[&bench[..], &["--json"]].concat()).succeeded().json();
        assert_eq!(
            (&report["curve"], &report["correct"], &report["device"]),
            (&curve.into(), &true.into(), &"cpu".into())
        );
        let text = run(Path::new(HERE), &bench).succeeded().stdout;
        assert!(text.contains(&format!("msm of 2^8 on cpu ({curve}")) && text.contains("equal to arkworks'"), "{text}");
    }
    // BN254 unless asked otherwise.
    let report =
        run(Path::new(HERE), &["bench", "msm", "--device", "cpu", "--log-size", "4", "--json"]).succeeded().json();
    assert_eq!(report["curve"], "bn254");
}

#[test]
fn every_distribution_on_every_curve() {
    for distribution in
        ["uniform", "equal", "zero", "one", "minus-one", "two-values", "sorted", "small16", "sparse", "same-base"]
    {
        for curve in &CURVES[1..] {
            let bench = ["bench", "msm", "--device", "cpu", "--log-size", "7", "--json", "--curve", curve];
            let report = run(Path::new(HERE), &[&bench[..], &["--distribution", distribution]].concat()).succeeded();
            assert_eq!(report.json()["correct"], true, "{curve}, {distribution}");
        }
    }
}

#[test]
fn both_engines_of_the_cpu() {
    for engine in ["portable", "auto"] {
        for curve in &CURVES[1..] {
            let mut command = common::gristmill(Path::new(HERE));
            command.env("GRISTMILL_CPU", engine);
            command.args(["bench", "msm", "--device", "cpu", "--log-size", "8", "--json", "--curve", curve]);
            assert_eq!(common::finish(&mut command).succeeded().json()["correct"], true, "{engine}, {curve}");
        }
    }
}

#[test]
fn the_cpu_has_all_curves() {
    let info = run(Path::new(HERE), &["info", "--device", "cpu", "--json"]).succeeded().json();
    assert_eq!(info["curve"], CURVES.join(", "));
}
