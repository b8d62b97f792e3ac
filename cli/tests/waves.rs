//! Waveforms, and the demonstration.

mod common;

use common::{names, run};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// A cycle in the file's time unit, picoseconds.
const CYCLE: u64 = 1000;

/// What a VCD file has, read by the rules of IEEE 1364, clause 18.
#[derive(Debug, Default)]
struct Vcd {
    signals: HashSet<String>,
    times: Vec<u64>,
    changes: usize,
}

fn parse(file: &Path) -> Vcd {
    let text = fs::read_to_string(file).expect("VCD is text");
    let (mut vcd, mut codes, mut depth) = (Vcd::default(), HashSet::new(), 0);
    let mut words = text.split_ascii_whitespace();
    let until_end = |words: &mut std::str::SplitAsciiWhitespace<'_>| -> Vec<String> {
        words.take_while(|w| *w != "$end").map(str::to_owned).collect()
    };
    let (mut timescale, mut in_body) = (None, false);
    while let Some(word) = words.next() {
        match word {
            "$timescale" => timescale = Some(until_end(&mut words).concat()),
            "$scope" => {
                assert_eq!(until_end(&mut words).len(), 2);
                depth += 1;
            }
            "$upscope" => {
                assert!(until_end(&mut words).is_empty());
                depth -= 1;
            }
            "$var" => {
                let parts = until_end(&mut words);
                assert!(parts.len() >= 4 && parts[1].parse::<u32>().is_ok(), "{parts:?}");
                codes.insert(parts[2].clone());
                vcd.signals.insert(parts[3].clone());
            }
            "$enddefinitions" => {
                assert!(until_end(&mut words).is_empty() && depth == 0 && timescale.is_some());
                in_body = true;
            }
            "$date" | "$version" | "$comment" => drop(until_end(&mut words)),
            "$dumpvars" | "$dumpall" | "$end" => assert!(in_body),
            _ if word.starts_with('#') => {
                let time = word[1..].parse().unwrap_or_else(|_| panic!("no time: {word}"));
                assert!(vcd.times.last().is_none_or(|last| *last < time), "time runs backwards at {word}");
                vcd.times.push(time);
            }
            _ if word.starts_with(['b', 'B']) => {
                assert!(word.len() > 1 && word[1..].bytes().all(|b| b"01xXzZ".contains(&b)), "no value: {word}");
                let code = words.next().expect("a signal behind a value");
                assert!(in_body && codes.contains(code), "{word} {code}");
                vcd.changes += 1;
            }
            // GTKWave's extension, which RustHDL uses for states of its machines (declared with width 0).
            _ if word.starts_with('s') => {
                let code = words.next().expect("a signal behind a value");
                assert!(word.len() > 1 && in_body && codes.contains(code), "{word} {code}");
                vcd.changes += 1;
            }
            _ => {
                let (value, code) = word.split_at(1);
                assert!(
                    "01xXzZ".contains(value) && in_body && codes.contains(code),
                    "neither value nor keyword: {word}"
                );
                vcd.changes += 1;
            }
        }
    }
    assert_eq!(timescale.as_deref(), Some("1ps"));
    vcd
}

#[test]
fn only_the_chosen_cycles() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = |extra: &[&str]| {
        let head = ["bench", "ntt", "--device", "sim", "--config", "tiny", "--log-size", "3", "--json"];
        run(folder.path(), &[&head[..], extra].concat()).succeeded().json()
    };
    let with = bench(&["--waves", "w.vcd", "--waves-cycles", "2400..2440"]);
    assert_eq!(with["correct"], true, "{with}");
    assert_eq!(bench(&[])["cycles"], with["cycles"], "waves change nothing");
    let vcd = parse(&folder.path().join("w.vcd"));
    for signal in ["clock", "reset", "s_awaddr", "s_rdata"] {
        assert!(vcd.signals.contains(signal), "{signal} is missing");
    }
    assert!(vcd.changes > 40, "{} changes", vcd.changes);
    let (first, last) = (vcd.times[0], vcd.times[vcd.times.len() - 1]);
    assert!((2400 * CYCLE..2401 * CYCLE).contains(&first), "begins at {first} ps");
    assert!((2439 * CYCLE..=2440 * CYCLE).contains(&last), "ends at {last} ps");
    assert_eq!(names(folder.path()), ["w.vcd"]);
}

#[test]
fn the_demonstration_shows_where_the_cycles_went() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = run(folder.path(), &["demo"]).succeeded();
    for words in [
        "proved and verified on sim",
        "where the",
        "msm H",
        "useful additions",
        "█",
        "cycles simulated",
        "(predicted",
        "the same on this CPU",
        "twins",
    ] {
        assert!(demo.stdout.contains(words), "`{words}` is missing in {demo:#?}");
    }
    assert!(demo.stdout.lines().all(|l| l.chars().count() <= 110), "lines fit a terminal: {demo:#?}");
    assert_eq!(demo.stderr, "");
    assert!(names(folder.path()).is_empty(), "it leaves no files");
}
