//! The whole card as synthesized for the ECP5 (`--device sim:netlist`): its identity, an MSM, an NTT and a
//! proof. An hour the first time: synthesis, then Verilator's model; minutes with both in the cache.
//!
//!     cargo test --release -p gristmill-cli --test netlist -- --ignored --test-threads=1
//!
//! `GRISTMILL_NETLIST_CONFIG` names another configuration than `ecp5-85k` (`tiny`, or a TOML file).

mod common;

use common::{example, gristmill, run};
use std::path::Path;

fn config() -> String {
    std::env::var("GRISTMILL_NETLIST_CONFIG").unwrap_or_else(|_| "ecp5-85k".into())
}

fn on_the_netlist(args: &[&str]) -> serde_json::Value {
    let (netlist, config) = ("sim:netlist", config());
    let args = [args, &["--device", netlist, "--config", &config, "--json"]].concat();
    run(Path::new("."), &args).succeeded().json()
}

#[test]
#[ignore = "long: cargo test --release -p gristmill-cli --test netlist -- --ignored --test-threads=1"]
fn registers_show_the_configuration() {
    let (netlist, native) = (on_the_netlist(&["info"]), {
        let config = config();
        run(Path::new("."), &["info", "--device", "sim", "--config", &config, "--json"]).succeeded().json()
    });
    for field in ["version", "config", "curve", "field", "card_mem_bytes", "msm", "ntt"] {
        assert_eq!(netlist[field], native[field], "{field}");
    }
    assert_eq!(netlist["twins"], serde_json::json!([]));
}

/// `gristmill bench` compares with the CPU; cycles are those of the RTL.
fn bench(op: &str, log_size: &str) {
    let config = config();
    let args = ["bench", op, "--log-size", log_size, "--seed", "5"];
    let netlist = on_the_netlist(&args);
    assert_eq!(netlist["correct"], true, "{netlist}");
    let native = [&args[..], &["--device", "sim", "--config", &config, "--json"]].concat();
    let native = run(Path::new("."), &native).succeeded().json();
    for count in ["cycles", "useful_additions", "stall_bucket", "stall_empty", "butterflies"] {
        assert_eq!(native[count], netlist[count], "{count}");
    }
    println!("{op} 2^{log_size}: {} cycles", netlist["cycles"]);
}

#[test]
#[ignore = "long: cargo test --release -p gristmill-cli --test netlist -- --ignored --test-threads=1"]
fn an_msm_is_the_cpus() {
    bench("msm", "4");
}

#[test]
#[ignore = "long: cargo test --release -p gristmill-cli --test netlist -- --ignored --test-threads=1"]
fn an_ntt_is_the_cpus() {
    bench("ntt", "5");
}

#[test]
#[ignore = "long: cargo test --release -p gristmill-cli --test netlist -- --ignored --test-threads=1"]
fn a_proof_of_the_product_example_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config();
    let [zkey, witness] = ["circuit.zkey", "witness.wtns"].map(|f| example("product", f));
    let mut command = gristmill(folder.path());
    command.args(["prove", "--device", "sim:netlist", "--config", &config, "--fallback", "never"]);
    command.arg(zkey).arg(witness).args(["proof.json", "public.json"]);
    common::finish(&mut command).succeeded();
    let vkey = example("product", "verification_key.json");
    let vkey = vkey.to_str().expect("a path");
    run(folder.path(), &["verify", vkey, "public.json", "proof.json"]).succeeded();
}

#[test]
fn a_netlist_is_for_the_netlist_device_only() {
    let folder = tempfile::tempdir().expect("a folder");
    run(folder.path(), &["info", "--device", "sim", "--netlist", "card.v"]).failed_with(&["card.v", "sim:netlist"]);
    let args = ["sim", "--socket", "s.sock", "--netlist", "card.v"];
    run(folder.path(), &args).failed_with(&["card.v", "--engine netlist"]);
    std::fs::write(folder.path().join("card.v"), "module top();\nendmodule\n").expect("write");
    let args = ["info", "--device", "sim:netlist", "--config", "tiny", "--netlist", "card.v"];
    // Or that Verilator is missing, which comes first.
    if !common::skip_verilator() {
        run(folder.path(), &args).failed_with(&["card.v", "Gristmill netlist"]);
    }
}
