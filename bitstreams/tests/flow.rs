//! The whole flow on a small design, with the pinned tools. Minutes, and a download at the first time: run with
//! `cargo test --release -p gristmill-bitstreams --test flow -- --ignored`.

use gristmill_bitstreams::board::Board;
use gristmill_bitstreams::design::Source;
use gristmill_bitstreams::flow::{self, Plan, Router, Stage};
use gristmill_bitstreams::manifest::Manifest;
use gristmill_bitstreams::tools::{Choice, Tools};
use gristmill_bitstreams::{Error, hash};
use gristmill_hdl::config::CardConfig;
use std::path::Path;

const SMALL: &str = include_str!("small_top.v");

fn plan(board: &str, hz: u64) -> Plan {
    let board = Board::named(board).expect("a board");
    let clocking = board.clocking(hz).expect("a clock");
    Plan { board, clocking, seed: 1, router: Router::Router2, stage: Stage::Bitstream }
}

fn build(plan: &Plan, verilog: &str, out: &Path) -> Result<flow::Built, Error> {
    let mut say = |line: &str| println!("{line}");
    let tools = Tools::find(Choice::Pinned, &mut say).expect("tools");
    let source = Source::new(CardConfig::tiny(), |_| Ok(verilog.into())).expect("source");
    flow::build(plan, &source, Some(&tools), out, &mut say)
}

#[test]
#[ignore = "place and route: a minute for each board"]
fn two_builds_in_two_folders_are_the_same_file() {
    for name in Board::names() {
        let parent = tempfile::tempdir().expect("folder");
        let plan = plan(name, 60_000_000);
        let [one, two] = ["one", "two/deeper"].map(|folder| {
            let out = parent.path().join(folder);
            let built = build(&plan, SMALL, &out).unwrap_or_else(|e| panic!("{e}"));
            println!("{}", built.report);
            let read = Manifest::read(&out).expect("a manifest");
            assert_eq!(Some(&read), built.manifest.as_ref());
            read.bitstream(&out).expect("the bitstream is the manifest's");
            read
        });
        assert_eq!(one, two, "{name}: not reproducible");
        assert_eq!(one.source_hash, hash::of(SMALL.as_bytes()));
        assert!(one.fmax_mhz >= 60.0 && one.critical_path.is_some(), "{one:?}");
        assert_eq!((one.used.mult18, one.available.mult18), (1, 156), "{one:?}");
        assert!(one.used.dp16kd > 0 && one.used.lut4 > 32 && one.used.ff > 32, "{one:?}");
        let words = one.modules.iter().find(|row| row.path == "card.words").expect("by module");
        assert_eq!(words.usage.dp16kd, one.used.dp16kd);
        let product = one.modules.iter().find(|row| row.path == "card.product").expect("by module");
        assert_eq!(product.usage.mult18, 1);
    }
}

/// A design that is too slow leaves logs and no bitstream.
#[test]
#[ignore = "place and route: a minute"]
fn missed_timing_fails_the_build() {
    let slow = SMALL.replace("p <= b * a;", "p <= ((b * a) % 36'd7777) * (b % 18'd77) + 36'd5;");
    let parent = tempfile::tempdir().expect("folder");
    let out = parent.path().join("slow");
    let error = build(&plan("ulx3s-85f", 75_000_000), &slow, &out).expect_err("too slow");
    assert!(matches!(error, Error::Timing { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("card.product") && text.contains("75.00 MHz wanted"), "{text}");
    assert_eq!(error.exit_code(), 1);
    no_bitstream(&parent.path().join("slow.unfinished"));
    assert!(!out.exists());
}

/// A design with more multipliers than the part has fails after synthesis.
#[test]
#[ignore = "synthesis: half a minute"]
fn a_full_part_fails_the_build() {
    let many: String = (0..160)
        .map(|i| {
            let wires = format!("wire [35:0] p{i};");
            format!("{wires} m_product product{i}(.clock(clock), .a(count[17:0] ^ {{out[17:8], 8'd{i}}}), .p(p{i}));\n")
        })
        .collect();
    let all: Vec<String> = (0..160).map(|i| format!("p{i}")).collect();
    let full = SMALL
        .replace("    assign leds", &format!("{many}    assign leds"))
        .replace(".data(p)", &format!(".data(p ^ {})", all.join(" ^ ")));
    let parent = tempfile::tempdir().expect("folder");
    let error = build(&plan("ulx3s-85f", 60_000_000), &full, &parent.path().join("full")).expect_err("too full");
    let text = error.to_string();
    assert!(matches!(error, Error::TooFull { .. }), "{text}");
    assert!(text.contains("MULT18X18D: 161 needed, 156 there, 5 too many"), "{text}");
    assert!(text.contains("card.product"), "{text}");
    no_bitstream(&parent.path().join("full.unfinished"));
}

fn no_bitstream(folder: &Path) {
    let names: Vec<String> =
        std::fs::read_dir(folder).expect("logs").flatten().map(|e| e.file_name().to_string_lossy().into()).collect();
    assert!(!names.is_empty());
    assert!(!names.iter().any(|n| n.ends_with(".bit") || n == "manifest.json"), "{names:?}");
}
