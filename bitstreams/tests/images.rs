//! The images that stand in this repository: none damaged; stale ones are named aloud and are no failure, since
//! place and route does not wait for every change of the RTL.

use gristmill_bitstreams::board::Board;
use gristmill_bitstreams::images::{self, State};
use gristmill_bitstreams::manifest::Manifest;
use std::io::Write;

/// Past the test harness, which would keep it to itself when the test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn every_image_is_whole_and_known_to_be_fresh_or_stale() {
    let all = images::list(&images::folder()).unwrap_or_else(|e| panic!("{e}"));
    for image in &all {
        let manifest = Manifest::read(image).unwrap_or_else(|e| panic!("{e}"));
        manifest.bitstream(image).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(image.file_name().and_then(|n| n.to_str()), Some(manifest.board.as_str()), "folder and board");
        assert_eq!(manifest.tools, "pinned", "{}: an image that nobody can reproduce", image.display());
        assert!(manifest.fmax_mhz * 1e6 >= manifest.clock_hz as f64, "{}: too slow", image.display());
        assert!(manifest.used.over(&manifest.available).is_empty(), "{}: too big", image.display());
        match images::state(&manifest).unwrap_or_else(|e| panic!("{e}")) {
            State::Fresh => say(&format!("{}: fresh", image.display())),
            State::Stale(why) => say(&format!("NOTICE: {} is STALE: {why}; rebuild it for a release", image.display())),
        }
    }
    for board in Board::names() {
        if !all.iter().any(|image| image.ends_with(board)) {
            say(&format!("NOTICE: there is no image for {board}"));
        }
    }
}
