//! The card's Verilog under Verilator, from the command line: the same results in the same cycles
//! as RustHDL's simulation.

mod common;

use common::{finish, gristmill, run, skip_verilator};
use serde_json::Value;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// One at a time: the first builds the model (minutes), the other finds it in the cache.
static MODEL: Mutex<()> = Mutex::new(());

fn bench(op: &str, device: &str, log_size: &str) -> Value {
    let args = ["bench", op, "--device", device, "--config", "tiny", "--log-size", log_size, "--seed", "5", "--json"];
    let figures = run(Path::new("."), &args).succeeded().json();
    assert_eq!(figures["correct"], true, "{figures}");
    assert_eq!(figures["device"], device);
    figures
}

fn same_cycles(op: &str, log_size: &str) {
    if skip_verilator() {
        return;
    }
    let _one = MODEL.lock().unwrap_or_else(PoisonError::into_inner);
    let (native, verilated) = (bench(op, "sim", log_size), bench(op, "sim:verilator", log_size));
    assert!(native["cycles"].as_u64().is_some_and(|c| c > 0), "{native}");
    for count in ["cycles", "bound_cycles", "useful_additions", "stall_bucket", "stall_empty", "butterflies"] {
        assert_eq!(native[count], verilated[count], "{count}");
    }
    assert_eq!(verilated["twins"], serde_json::json!([]), "Verilog has no twins");
}

#[test]
fn ntt_takes_the_same_cycles() {
    same_cycles("ntt", "5");
}

#[test]
fn msm_takes_the_same_cycles() {
    same_cycles("msm", "4");
}

#[test]
fn without_the_tool_the_message_says_what_to_install() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = gristmill(folder.path());
    command.env("PATH", folder.path()).env("GRISTMILL_CACHE", folder.path().join("cache"));
    command.args(["bench", "ntt", "--device", "sim:verilator", "--config", "tiny", "--log-size", "5"]);
    finish(&mut command).failed_with(&["sim:verilator", "verilator", "install"]);
}
