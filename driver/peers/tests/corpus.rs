//! The committed corpus, and the seeds it grew from, against the bodies of the fuzz targets: no
//! fuzzer needed. Each file and each seed is a test of its own kind; together they must reach
//! everything that a target's goals name.
#![cfg(target_os = "linux")]

use gristmill_peers::{Reached, TARGETS, Target};
use std::path::{Path, PathBuf};

fn folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target.name)
}

fn files(target: &Target) -> Vec<PathBuf> {
    let folder = folder(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|e| e.expect("entry").path()).collect();
    files.sort();
    files
}

/// Runs all inputs; a panic names its input.
fn replay(target: &Target) -> Reached {
    let mut reached = Reached::default();
    let named = |name: &str, data: &[u8]| {
        std::panic::catch_unwind(|| (target.run)(data)).unwrap_or_else(|_| panic!("{}: input {name}", target.name))
    };
    for (name, data) in (target.seeds)() {
        reached.add(named(name, &data));
    }
    for path in files(target) {
        reached.add(named(&path.display().to_string(), &std::fs::read(&path).expect("read")));
    }
    reached
}

fn reaches_its_goals(name: &str) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target");
    let reached = replay(target);
    let missed: Vec<_> = (target.goals)().into_iter().filter(|goal| !reached.has(goal)).collect();
    assert!(missed.is_empty(), "{name}: no input reaches {missed:?}; add a seed for each");
    let names: Vec<_> = reached.names().collect();
    println!("{name}: {} inputs reach {} things: {}", files(target).len(), names.len(), names.join(", "));
}

#[test]
fn the_servers_corpus_reaches_every_command_refusal_and_fault() {
    reaches_its_goals("vfio_user_server");
}

#[test]
fn the_clients_corpus_reaches_every_command_error_and_breach() {
    reaches_its_goals("vfio_user_client");
}

#[test]
fn the_cards_corpus_reaches_every_error_wrong_completion_and_status() {
    reaches_its_goals("completions");
}

#[test]
fn every_seed_is_in_the_corpus_and_the_corpus_is_small() {
    let mut bytes = 0;
    for target in &TARGETS {
        let folder = folder(target);
        for (name, data) in (target.seeds)() {
            let file = folder.join(format!("seed-{name}"));
            let there = std::fs::read(&file).is_ok_and(|there| there == data);
            assert!(there, "{} is not up to date: run `cargo run -p gristmill-peers --example seeds`", file.display());
        }
        bytes += files(target).iter().map(|f| f.metadata().expect("metadata").len()).sum::<u64>();
    }
    assert!(bytes < 1 << 20, "the corpus has {bytes} bytes");
}
