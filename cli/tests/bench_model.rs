//! `gristmill bench msm --distribution`, `--vectors` and `--model`, `bench ntt --model`: the cycle model against the card, and what is refused.

mod common;

use common::run;
use std::path::Path;

const HERE: &str = ".";

#[test]
fn the_model_tells_the_cycles_of_the_simulated_card() {
    for distribution in ["uniform", "equal", "zero", "minus-one", "two-values", "sorted", "small16", "sparse"] {
        let bench = ["bench", "msm", "--log-size", "7", "--distribution", distribution, "--config", "tiny", "--json"];
        let counted = run(Path::new(HERE), &[&bench[..], &["--device", "sim"]].concat()).succeeded().json();
        let predicted = run(Path::new(HERE), &[&bench[..], &["--model"]].concat()).succeeded().json();
        assert_eq!(counted["correct"], true);
        assert_eq!(counted["cycles"], counted["model_cycles"], "{distribution}: {counted}");
        assert_eq!(counted["cycles"], predicted["cycles"], "{distribution}");
        assert_eq!(predicted["modelled"], true);
    }
}

#[test]
fn no_distribution_takes_much_longer_than_uniform_scalars() {
    let cycles = |distribution: &str| {
        let bench = ["bench", "msm", "--model", "--config", "sim", "--log-size", "12", "--json", "--distribution"];
        let report = run(Path::new(HERE), &[&bench[..], &[distribution]].concat()).succeeded().json();
        (report["cycles"].as_u64().expect("cycles"), report["bound_cycles"].as_u64().expect("a bound"))
    };
    let (uniform, bound) = cycles("uniform");
    assert_eq!(uniform, 140_328);
    assert!(uniform * 100 <= bound * 103);
    for distribution in ["equal", "zero", "one", "minus-one", "two-values", "sorted", "small16", "sparse"] {
        assert!(cycles(distribution).0 * 100 <= uniform * 125, "{distribution}");
    }
}

#[test]
fn a_large_msm_on_a_card_that_is_not_there() {
    let bench = ["bench", "msm", "--model", "--config", "u55c", "--log-size", "20"];
    let text = run(Path::new(HERE), &bench).succeeded().stdout;
    for part in ["predicted, nothing was run", "17 windows of 15 bits", "M points/s", "Assumed", "Hardcaml ZPrize"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Three vectors over one base set are one command.
#[test]
fn several_vectors_of_scalars() {
    let bench = ["bench", "msm", "--log-size", "6", "--config", "tiny", "--device", "sim", "--json", "--vectors"];
    let cycles = |vectors: &str| {
        let counted = run(Path::new(HERE), &[&bench[..], &[vectors]].concat()).succeeded().json();
        assert_eq!(counted["correct"], true);
        let [counted, told] = ["cycles", "model_cycles"].map(|key| counted[key].as_u64().expect("cycles"));
        assert!(told.abs_diff(counted) * 100 < counted, "{told} for {counted}");
        counted
    };
    assert!(cycles("3") < 3 * cycles("1"));
}

#[test]
fn the_model_tells_the_cycles_of_transforms() {
    let bench = ["bench", "ntt", "--config", "sim", "--device", "sim", "--json", "--log-size"];
    // Two elements take 14 cycles fewer than the model tells, of 538.
    for log in ["4", "6", "9", "11"] {
        let counted = run(Path::new(HERE), &[&bench[..], &[log]].concat()).succeeded().json();
        assert_eq!(counted["correct"], true);
        let [counted, told] = ["cycles", "model_cycles"].map(|key| counted[key].as_u64().expect("cycles"));
        assert!(told.abs_diff(counted) * 50 < counted, "2^{log}: {told} for {counted}");
    }
    let bench = ["bench", "ntt", "--model", "--config", "u55c", "--log-size", "24"];
    let text = run(Path::new(HERE), &bench).succeeded().stdout;
    for part in ["predicted, nothing was run", "two passes of columns", "M elements/s", "Assumed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_same_over_goldilocks() {
    // A simulated card that no configuration is named for gets the field.
    let bench = ["bench", "ntt", "--field", "goldilocks", "--device", "sim", "--json", "--log-size"];
    for (log, butterflies) in [("6", 192), ("10", 5120)] {
        let counted = run(Path::new(HERE), &[&bench[..], &[log]].concat()).succeeded().json();
        assert_eq!((&counted["correct"], &counted["field"]), (&true.into(), &"goldilocks".into()));
        assert_eq!(counted["butterflies"], butterflies);
        let [cycles, told] = ["cycles", "model_cycles"].map(|key| counted[key].as_u64().expect("cycles"));
        assert!(told.abs_diff(cycles) * 50 < cycles, "2^{log}: {told} for {cycles}");
    }
    let on_cpu = ["bench", "ntt", "--field", "goldilocks", "--device", "cpu", "--json"];
    let on_cpu = run(Path::new(HERE), &on_cpu).succeeded().json();
    assert_eq!((&on_cpu["correct"], &on_cpu["cycles"]), (&true.into(), &serde_json::Value::Null));
    let model = ["bench", "ntt", "--model", "--field", "goldilocks", "--log-size", "24", "--json"];
    let model = run(Path::new(HERE), &model).succeeded().json();
    assert_eq!((&model["config"], &model["passes"]), (&"u55c, goldilocks".into(), &2.into()));
}

#[test]
fn the_same_over_the_other_curves_fields() {
    for field in ["bls12-381-fr", "bls12-377-fr"] {
        let bench = ["bench", "ntt", "--field", field, "--json", "--log-size"];
        for log in ["6", "10"] {
            let counted = run(Path::new(HERE), &[&bench[..], &[log, "--device", "sim"]].concat()).succeeded().json();
            assert_eq!((&counted["correct"], &counted["field"]), (&true.into(), &field.into()));
            let [cycles, told] = ["cycles", "model_cycles"].map(|key| counted[key].as_u64().expect("cycles"));
            assert!(told.abs_diff(cycles) * 50 < cycles, "{field} 2^{log}: {told} for {cycles}");
        }
        let on_cpu = run(Path::new(HERE), &[&bench[..], &["9", "--device", "cpu"]].concat()).succeeded().json();
        assert_eq!((&on_cpu["correct"], &on_cpu["cycles"]), (&true.into(), &serde_json::Value::Null));
        let model = run(Path::new(HERE), &[&bench[..], &["20", "--model"]].concat()).succeeded().json();
        assert_eq!((&model["field"], &model["passes"]), (&field.into(), &2.into()));
    }
}

/// In card memory, where the chip is small; the bound is of all butterflies.
#[test]
fn a_longer_vector_over_goldilocks() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = "name = 'mine'\ncurve = 'bn254'\nwindow_bits = 4\nsegments = 2\nstall_depth = 16\nlog_max_points = 10\n\
                ntt_log_max = 9\nntt_field = 'goldilocks'\nqueues = 1\ncard_mem_bytes = 1048576\nclock_hz = 250000000\nbutterflies = 2\n";
    std::fs::write(folder.path().join("card.toml"), toml).expect("written");
    let bench = ["bench", "ntt", "--field", "goldilocks", "--config", "card.toml", "--log-size", "10", "--json"];
    let counted = run(folder.path(), &[&bench[..], &["--device", "sim"]].concat()).succeeded().json();
    assert_eq!((&counted["correct"], &counted["bound_cycles"]), (&true.into(), &2560.into()));
    let predicted = run(folder.path(), &[&bench[..], &["--model"]].concat()).succeeded().json();
    assert_eq!((&predicted["passes"], &predicted["bound_cycles"]), (&2.into(), &2560.into()));
}

#[test]
fn what_is_not_offered_names_the_way_out() {
    for (args, parts) in [
        (&["bench", "link", "--model"][..], &["--model", "link", "msm, ntt"][..]),
        (&["bench", "ntt", "--model", "--log-size", "25"], &["--log-size", "25 on a card u55c", "--config"]),
        (&["bench", "ntt", "--model", "--config", "tiny", "--log-size", "7"], &["7 on a card tiny", "its chip holds"]),
        (&["bench", "ntt", "--model", "--curve", "bls12-381"], &["--curve", "bls12-381", "bench msm"]),
        (&["bench", "ntt", "--model", "--distribution", "zero"], &["--distribution", "zero", "bench msm"]),
        (&["bench", "ntt", "--model", "--field", "babybear"], &["--field", "babybear", "bn254-fr"]),
        (
            &["bench", "ntt", "--field", "goldilocks", "--device", "sim", "--config", "tiny"],
            &["sim", "goldilocks ntt", "another card"],
        ),
        (
            &["bench", "ntt", "--field", "bls12-377-fr", "--device", "sim", "--config", "tiny"],
            &["sim", "bls12-377-fr ntt", "another card"],
        ),
        (&["bench", "msm", "--field", "goldilocks"], &["--field", "goldilocks", "use bench ntt"]),
        (&["bench", "ntt", "--model", "--field", "goldilocks", "--config", "ecp5-85k"], &["ntt_field", "pipelined"]),
        (&["bench", "ntt", "--vectors", "2"], &["--vectors", "2", "bench msm"]),
        (&["bench", "msm", "--vectors", "2", "--model"], &["--vectors", "2", "without --model"]),
        (&["bench", "msm", "--vectors", "257"], &["257", "1..=256"]),
        (&["bench", "msm", "--model", "--curve", "bls12"], &["--curve", "'bls12'", "bls12-377"]),
        (&["bench", "msm", "--model", "--config", "huge"], &["huge", "u55c"]),
        (&["bench", "msm", "--log-size", "25"], &["--log-size", "25", "--model"]),
        (&["bench", "msm", "--model", "--log-size", "28"], &["28", "1..=27"]),
        (&["bench", "ntt", "--distribution", "sorted"], &["--distribution", "sorted", "bench msm"]),
        (&["bench", "msm", "--distribution", "normal"], &["normal", "two-values"]),
    ] {
        run(Path::new(HERE), args).failed_with(parts);
    }
}
