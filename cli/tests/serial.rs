//! The commands over a serial port, with a board in software behind a pseudo-terminal: what an
//! operator sees of it. (The simulated board with engines has tests of its own.)
#![cfg(target_os = "linux")]

mod common;

use common::run;
use gristmill_peers::serial::{Behaviour, Board, Noise};
use std::path::Path;

fn board(behaviour: Behaviour) -> (Board, String) {
    let board = Board::on_pty(behaviour).expect("a pseudo-terminal");
    let device = format!("serial:{}", board.path.display());
    (board, device)
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn info_shows_the_card_and_what_the_link_has_counted() {
    let (_board, device) = board(Behaviour::default());
    let info = run(here(), &["info", "--device", &device, "--json"]).succeeded().json();
    assert_eq!((&info["kind"], &info["card_mem_bytes"]), (&"card".into(), &(1u64 << 16).into()));
    assert_eq!(info["device"], device);
    let counter = |name: &str| info["counters"][name].as_u64().unwrap_or_else(|| panic!("{name}: {info}"));
    // There is no line that could lose anything; but a busy machine may be too slow for a time-out.
    // A question is 8 to 14 bytes, and more if escaped.
    let (questions, asked) = (counter("link_questions"), counter("link_questions") + counter("link_repeats"));
    assert!(questions > 20 && (8 * questions..=16 * asked).contains(&counter("link_sent")), "{info}");
    assert_eq!(counter("link_damaged"), 0);
    let text = run(here(), &["info", "--device", &format!("{device}@115200")]).succeeded().stdout;
    assert!(text.contains("@115200") && text.contains("link_received"), "{text}");
}

#[test]
fn reset_and_check_up() {
    let (_board, device) = board(Behaviour::default());
    let done = run(here(), &["reset", &device, "--json"]).succeeded().json();
    assert_eq!((&done["by"], &done["nop_cycles"]), (&"driver".into(), &100.into()));
    let done = run(here(), &["reset", &device, "--function", "--json"]).succeeded().json();
    assert!(done["epoch_after"].as_u64() > done["epoch_before"].as_u64().map(|e| e + 1), "{done}");
    let checks = run(here(), &["doctor", "--device", &device, "--json"]).succeeded().json();
    assert_eq!(checks["ok"], true, "{checks}");
}

#[test]
fn the_links_figures_with_card_memory_and_without() {
    for (memory, part, last) in
        [(1 << 16, "copy 64 KiB to the card", "1 MiB"), (0, "copy 64 KiB within host memory", "64 MiB")]
    {
        let (board, device) = board(Behaviour::default());
        board.with(move |_, card| card.set_memory(memory));
        let args = ["bench", "link", "--device", &device, "--seconds", "0.01", "--json"];
        let report = run(here(), &args).succeeded().json();
        let figures = report["figures"].as_array().expect("figures");
        let names: Vec<_> = figures.iter().map(|f| f["what"].as_str().expect("a name")).collect();
        for part in ["register read", "empty command, interrupt", part] {
            assert!(names.iter().any(|n| n.contains(part)), "{part}: {names:?}");
        }
        // What is too much for this memory or this line is left out, and that is said.
        let skipped = report["skipped"].to_string();
        assert!(skipped.contains("copies of") && !names.iter().any(|n| n.contains(last)), "{report}");
    }
}

/// A line so bad that a person would throw the cable away.
#[test]
fn a_bad_line_makes_it_slow_not_wrong() {
    let noise = |seed| Noise::new(seed, 2_000);
    let (board, device) = board(Behaviour { noise_in: noise(1), noise_out: noise(2), ..Behaviour::default() });
    let info = run(here(), &["info", "--device", &device, "--json"]).succeeded().json();
    assert_eq!(info["card_mem_bytes"], 1 << 16);
    run(here(), &["reset", &device]).succeeded();
    assert!(board.seen().again + board.seen().damaged > 0);
}

#[test]
fn what_is_wrong_is_said() {
    for (device, words) in [
        ("serial:", &["the port's path is missing", "serial:PORT[@BAUD]"][..]),
        ("serial:/dev/ttyUSB0@fast", &["`fast` is no speed", "serial:PORT[@BAUD]"]),
        ("serial:/dev/absent", &["there is no /dev/absent", "/dev/serial/by-id"]),
        ("serial:/dev/null", &["no serial port", "/dev/ttyUSB0"]),
        ("serial:/", &["no serial port"]),
    ] {
        run(here(), &["info", "--device", device]).failed_with(words);
        run(here(), &["reset", device]).failed_with(words);
    }
    let (_board, device) = board(Behaviour::default());
    // The board has no engines; a measurement of it is not one of the CPU.
    run(here(), &["bench", "msm", "--device", &device]).failed_with(&["no msm engine", &device]);
    run(here(), &["info", "--device", &device, "--config", "tiny"]).failed_with(&["--config", "its own"]);
    let (_board, device) = self::board(Behaviour { version: 2, ..Behaviour::default() });
    run(here(), &["info", "--device", &device]).failed_with(&["version 2", "update the driver"]);
}
