//! `gristmill bench crossover`: the cost model of the device `auto`, and where it changes its choice.

mod common;

use common::run;
use serde_json::Value;

const CARD: &str = r#"
name = "half a U55C"
curve = "bn254"
window_bits = 15
segments = 4
stall_depth = 16
log_max_points = 26
ntt_log_max = 16
queues = 4
card_mem_bytes = 17179869184
clock_hz = 125000000
"#;

fn crossover<'a>(report: &'a Value, op: &str) -> &'a Value {
    let all = report["crossovers"].as_array().expect("crossovers");
    &all.iter().find(|c| c["op"] == op).expect("an operation")["log_size"]
}

#[test]
fn a_fast_card_gets_large_msms_and_the_cpu_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("card.toml"), CARD).expect("written");
    let bench = ["bench", "crossover", "--config", "card.toml", "--log-size", "10"];
    let report = run(folder.path(), &[&bench[..], &["--json"]].concat()).succeeded().json();
    assert_eq!((&report["op"], &report["card_is_modelled"]), (&"crossover".into(), &true.into()));
    assert_eq!(report["clock_hz"], 125e6);
    let sizes = report["sizes"].as_array().expect("sizes");
    assert_eq!(sizes.len(), 4 * 6, "four operations, 2^0 to 2^10");
    for size in sizes {
        let seconds = |name: &str| size[name].as_f64().filter(|s| *s > 0.0).expect(name);
        assert!(seconds("cpu_seconds") < 60.0, "{size}");
        let card_wins = seconds("card_model_seconds") * 1.1 < seconds("cpu_model_seconds");
        assert_eq!(size["choice"] == "device", card_wins, "{size}");
        assert!(size["log_size"] != 0 || size["choice"] == "host", "nothing tiny is a card's: {size}");
    }
    let at = crossover(&report, "msm, bases resident").as_u64().expect("large MSMs are the card's");
    assert!((5..=24).contains(&at), "{at}");

    let text = run(folder.path(), &bench).succeeded().stdout;
    assert!(text.contains("modelled: no card has been measured") && text.contains("125 MHz"), "{text}");
    // The CPU is measured anew in each process, so not always to the same size.
    assert!(text.contains("msm, bases resident: the card from 2^"), "{text}");
}

#[test]
fn a_small_board_gets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = ["bench", "crossover", "--config", "ecp5-85k", "--log-size", "4", "--json"];
    let report = run(folder.path(), &bench).succeeded().json();
    for op in ["msm, bases resident", "msm, bases brought", "ntt, checked", "ntt, unchecked"] {
        assert!(crossover(&report, op).is_null(), "{op}");
    }
}
