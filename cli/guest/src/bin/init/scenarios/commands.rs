//! The command `gristmill` over the kernel's VFIO.

use super::{Outcome, card, ensure};
use serde_json::Value;
use std::error::Error;
use std::process::{Command, Output};

/// Where the image has it.
const GRISTMILL: &str = "/bin/gristmill";

/// Runs the command; what it says goes to the log.
pub fn gristmill(arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
    let mut command = Command::new(GRISTMILL);
    command.args(arguments).current_dir("/tmp").env("GRISTMILL_LOG", "info");
    let output = command.output()?;
    println!("gristmill {}: {}", arguments.join(" "), output.status);
    print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(output)
}

/// Runs the command, which must succeed and print one JSON object.
pub fn json(arguments: &[&str]) -> Result<Value, Box<dyn Error>> {
    let output = gristmill(arguments)?;
    ensure!(output.status.success(), "gristmill {}: {}", arguments.join(" "), output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// `gristmill info` names the card and what it can do.
pub fn info() -> Outcome {
    let card = card()?;
    let info = json(&["info", "--device", &card, "--json"])?;
    ensure!(info["device"] == card.as_str(), "device {}", info["device"]);
    ensure!(info["msm"]["window_bits"] == 4 && info["ntt"]["max_elements"] == 64, "not the tiny card: {info}");
    ensure!(info["card_mem_bytes"] == 65536, "card memory {}", info["card_mem_bytes"]);
    Ok(())
}

/// A small MSM, compared with the CPU's.
pub fn msm() -> Outcome {
    bench("msm", "4")
}

/// Small transforms, on chip and in four steps, compared with the CPU's.
pub fn ntt() -> Outcome {
    bench("ntt", "5")?;
    bench("ntt", "7")
}

/// `gristmill bench link` over a card without engines: its figures are printed, and none is judged.
pub fn bench_link() -> Outcome {
    let output = gristmill(&["bench", "link", "--device", &card()?, "--seconds", "0.05"])?;
    ensure!(output.status.success(), "{}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    for part in ["register read", "empty command, interrupt", "empty command, polling", "copy 16 MiB from the card"] {
        ensure!(text.contains(part), "no figure for {part}");
    }
    Ok(())
}

fn bench(operation: &str, log_size: &str) -> Outcome {
    let figures = json(&["bench", operation, "--device", &card()?, "--log-size", log_size, "--json", "--seed", "3"])?;
    ensure!(figures["correct"] == true, "wrong: {figures}");
    ensure!(figures["cycles"].as_u64().is_some_and(|c| c > 0), "the card did not work for it: {figures}");
    Ok(())
}

/// `auto` finds the card by itself.
pub fn auto_finds_the_card() -> Outcome {
    let info = json(&["info", "--json"])?;
    ensure!(info["device"] == card()?.as_str(), "auto has taken {}", info["device"]);
    Ok(())
}

/// A whole Groth16 proof, every G1 MSM and every NTT of it on the card; then it is verified.
pub fn groth16_proof() -> Outcome {
    let files = ["/data/circuit.zkey", "/data/witness.wtns", "proof.json", "public.json"];
    let options = ["prove", "--device", &card()?, "--fallback", "never", "--check", "curve", "--json"];
    let report = json(&[&options[..], &files[..]].concat())?;
    ensure!(report["fallbacks"] == 0, "the CPU has helped: {report}");
    ensure!(report["butterflies"].as_u64() > Some(0), "no transform on the card: {report}");
    ensure!(report["useful_additions"].as_u64() > Some(0), "no MSM on the card: {report}");
    let verdict = gristmill(&["verify", "/data/verification_key.json", "public.json", "proof.json"])?;
    ensure!(verdict.status.success(), "the proof does not verify: {}", verdict.status);
    let public = std::fs::read_to_string("/tmp/public.json")?;
    ensure!(public.contains("4294967297"), "641 * 6700417 is not {public}");
    Ok(())
}
