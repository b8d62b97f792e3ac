//! More than one card.

use super::jobs::{pattern, round_trip};
use super::{Outcome, address, ensure};
use gristmill_driver::{Card, Command as CardCommand, open};
use serde_json::Value;
use std::process::{Command, Stdio};

fn name(card: usize) -> Result<String, Box<dyn std::error::Error>> {
    Ok(format!("vfio:{}", address(card)?))
}

/// Two processes, each with a card of its own, at the same time.
pub fn two_cards_in_two_processes() -> Outcome {
    let mut runs = Vec::new();
    for (card, operation) in ["msm", "ntt"].into_iter().enumerate() {
        let mut command = Command::new("/bin/gristmill");
        command.args(["bench", operation, "--device", &name(card)?, "--log-size", "4", "--json"]);
        runs.push(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?);
    }
    for run in runs {
        let output = run.wait_with_output()?;
        ensure!(output.status.success(), "{}", output.status);
        let figures: Value = serde_json::from_slice(&output.stdout)?;
        println!("{figures}");
        ensure!(figures["correct"] == true, "wrong: {figures}");
    }
    Ok(())
}

/// Two cards in one process: both write, then both read; nothing of the one gets to the other.
pub fn two_cards_in_two_threads() -> Outcome {
    let both = std::sync::Barrier::new(2);
    let names = [name(0)?, name(1)?];
    let work = |name: &str, seed: u32| -> Result<(), String> {
        let mut card = open(name).and_then(Card::open).map_err(|e| e.to_string())?;
        let bytes = 16 << 10;
        let mut run = || -> Outcome {
            let mut buffer = card.allocate(bytes)?;
            buffer.write(0, &pattern(bytes, seed))?;
            card.run(CardCommand::copy_to_card(buffer.whole(), 0))?;
            Ok(())
        };
        let written = run().map_err(|e| e.to_string());
        both.wait();
        written?;
        let mut check = || -> Outcome {
            let buffer = card.allocate(bytes)?;
            card.run(CardCommand::copy_from_card(0, buffer.whole()))?;
            let mut got = vec![0; bytes as usize];
            buffer.read(0, &mut got)?;
            ensure!(got == pattern(bytes, seed), "{name} has other data than was written to it");
            round_trip(&mut card, 4096, 8192, seed)
        };
        check().map_err(|e| e.to_string())
    };
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            names.iter().zip([12, 13]).map(|(name, seed)| scope.spawn(move || work(name, seed))).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err("a thread panicked".into()))).collect()
    });
    for result in results {
        result?;
    }
    Ok(())
}
