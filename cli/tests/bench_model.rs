//! `gristmill bench msm --distribution` and `--model`: the cycle model against the card, and what is refused.

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
    assert_eq!(uniform, 140_828);
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

#[test]
fn what_is_not_offered_names_the_way_out() {
    for (args, parts) in [
        (&["bench", "ntt", "--model"][..], &["--model", "ntt", "msm"][..]),
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
