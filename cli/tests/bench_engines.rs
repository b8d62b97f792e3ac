//! `gristmill bench msm` on cards with several adders and with several multiples of each base.

mod common;

use common::run;
use std::fs;

fn toml(curve: &str, keys: &str) -> String {
    format!(
        "name = 'mine'\ncurve = '{curve}'\nwindow_bits = 5\nsegments = 4\nstall_depth = 16\nlog_max_points = 10\n\
         ntt_log_max = 6\nqueues = 2\ncard_mem_bytes = 1048576\nclock_hz = 250000000\n{keys}"
    )
}

#[test]
fn adders_and_multiples_against_arkworks_and_the_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = &["uniform", "minus-one", "small16", "same-base", "zero"][..];
    for (curve, keys, adders, windows, distributions) in [
        ("bn254", "adders = 2\n", 2, 52, all),
        ("bn254", "adders = 4\n", 4, 52, all),
        ("bn254", "multiples = 2\n", 1, 26, all),
        ("bn254", "multiples = 4\n", 1, 13, all),
        ("bn254", "adders = 2\nmultiples = 2\n", 2, 26, all),
        ("bls12-381", "adders = 2\n", 2, 52, &all[..1]),
        ("bls12-377", "adders = 2\nmultiples = 2\n", 2, 26, &all[..2]),
    ] {
        fs::write(folder.path().join("card.toml"), toml(curve, keys)).expect("written");
        for distribution in distributions {
            let bench = ["bench", "msm", "--curve", curve, "--config", "card.toml", "--json", "--log-size", "8"];
            let bench = [&bench[..], &["--distribution", distribution]].concat();
            let counted = run(folder.path(), &[&bench[..], &["--device", "sim"]].concat()).succeeded().json();
            assert_eq!(counted["correct"], true, "{curve}, {keys}, {distribution}: {counted}");
            assert_eq!((&counted["adders"], &counted["windows"]), (&adders.into(), &windows.into()));
            let cycles = |report: &serde_json::Value| report["cycles"].as_u64().expect("cycles");
            let predicted = run(folder.path(), &[&bench[..], &["--model"]].concat()).succeeded().json();
            assert_eq!(counted["bound_cycles"], predicted["bound_cycles"], "{keys}");
            if *distribution != "same-base" {
                let apart = cycles(&counted).abs_diff(cycles(&predicted));
                assert!(apart * 50 <= cycles(&counted), "{keys}, {distribution}: {counted} {predicted}");
            }
        }
    }
}

#[test]
fn what_cannot_be_built_names_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    for (keys, parts) in [
        ("adders = 9\n", &["adders", "9", "1 to 8"][..]),
        ("multiples = 3\n", &["multiples", "3", "1, 2, 4 or 8"]),
        ("adders = 2\narithmetic = 'serial'\n", &["adders", "2", "choose 1 with serial"]),
    ] {
        fs::write(folder.path().join("card.toml"), toml("bn254", keys)).expect("written");
        run(folder.path(), &["bench", "msm", "--device", "sim", "--config", "card.toml"]).failed_with(parts);
    }
}
