//! A design cut into pieces, each mapped by yosys, against the same design mapped flat; and the cut of a real card.
//! Needs yosys (installed into the cache at the first time); `GRISTMILL_SKIP_NETLIST=1` goes without.

use gristmill_bitstreams::estimate::blocks::{self, Source};
use gristmill_bitstreams::estimate::cards::Design;
use gristmill_bitstreams::estimate::pieces::Modules;
use gristmill_bitstreams::estimate::xilinx::{Family, Use};
use gristmill_bitstreams::estimate::yosys::Yosys;
use gristmill_hdl::config::CardConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A chain of three stages, twice, in the form of generated Verilog. As in a multiplier the first stage has nothing to
/// reduce (`m` is zero there) and the last no digit; a stage begins and ends with registers. And a memory.
const CHAINS: &str = "module m_stage(clock,a,b,m,r,s);
    input wire  clock;
    input wire  [15:0] a;
    input wire  [15:0] b;
    input wire  [15:0] m;
    output reg  [15:0] r;
    output reg  [15:0] s;
    reg [15:0] a_q, b_q, m_q;
    always @(posedge clock) begin
        a_q <= a;
        b_q <= b;
        m_q <= m;
        {r, s} <= (a_q * b_q) + (m_q * 16'd54321);
    end
endmodule

module m_chain(clock,a,b,r);
    input wire  clock;
    input wire  [15:0] a;
    input wire  [31:0] b;
    output wire  [31:0] r;
    wire [15:0] r0, r1, s0, s1;
    m_stage stage$0(
        .clock(clock), .a(a), .b(b[15:0]), .m(16'd0), .r(r0), .s(s0)
    );
    m_stage stage$1(
        .clock(clock), .a(r0), .b(b[31:16]), .m(s0), .r(r1), .s(s1)
    );
    m_stage stage$16(
        .clock(clock), .a(r1), .b(16'd0), .m(s1), .r(r[31:16]), .s(r[15:0])
    );
endmodule

module m_words(clock,at,d,q,we);
    input wire  clock;
    input wire  [9:0] at;
    input wire  [35:0] d;
    output reg  [35:0] q;
    input wire  we;
    reg [35:0] words [0:1023];
    always @(posedge clock) begin
        q <= words[at];
        if (we) words[at] <= d;
    end
endmodule

module top(clock,a,b,at,we,x,y,q);
    input wire  clock;
    input wire  [15:0] a;
    input wire  [31:0] b;
    input wire  [9:0] at;
    input wire  we;
    output wire  [31:0] x;
    output wire  [31:0] y;
    output wire  [35:0] q;
    m_chain one(
        .clock(clock), .a(a), .b(b), .r(x)
    );
    m_chain two(
        .clock(clock), .a(x[31:16]), .b({b[7:0], x[15:0], b[31:24]}), .r(y)
    );
    m_words words(
        .clock(clock), .at(at), .d({b, x[3:0]}), .q(q), .we(we)
    );
endmodule
";

fn chains(kept: &[&str]) -> Source {
    let kept = kept.iter().map(|m| (format!("m_{m}"), vec![m.to_string()]));
    Source { name: "chains".into(), verilog: CHAINS.into(), kept: kept.collect(), boxes: BTreeSet::new() }
}

fn map(source: Source, family: Family, folder: &Path) -> Design {
    let yosys = Yosys::find().unwrap_or_else(|e| panic!("{e}\n(GRISTMILL_SKIP_NETLIST=1 goes without this test)"));
    Design::map(&yosys, source, family, folder, &mut |line| println!("{line}")).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn pieces_add_up_to_the_flat_design() {
    if std::env::var("GRISTMILL_SKIP_NETLIST").is_ok_and(|v| !v.is_empty() && v != "0") {
        eprintln!("SKIPPED by GRISTMILL_SKIP_NETLIST: pieces were not compared with a flat mapping");
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    for family in [Family::Xcup, Family::Xc7] {
        let flat = map(chains(&[]), family, folder.path());
        let cut = map(chains(&["chain", "words"]), family, folder.path());
        assert_eq!(flat.order, ["top"]);
        assert_eq!(cut.order, ["top", "m_chain", "m_words"]);
        assert_eq!(cut.order.iter().map(|m| cut.stands(m)).collect::<Vec<_>>(), [1, 2, 1]);
        let (flat, sum) = (flat.all().expect("known cells"), cut.all().expect("known cells"));
        println!("{}: flat {flat:?}, sum {sum:?}", family.name());
        // A chain: both products in the middle stage, one in each of the outer ones.
        assert_eq!(flat.dsps, 2 * 4, "{}", family.name());
        assert_eq!(flat.ram18, 2, "1024 words of 36 bits are one RAMB36");
        assert_eq!((sum.dsps, sum.ram18), (flat.dsps, flat.ram18), "{}", family.name());
        // Flat, registers on both sides of a border may move into one DSP; more is not lost.
        let border = 32;
        for (sum, flat) in [(sum.registers, flat.registers), (sum.luts, flat.luts)] {
            assert!((flat..=flat + border).contains(&sum), "{}: {sum} and {flat}", family.name());
        }
        let rows = cut.order.iter().map(|m| Use::own(&cut.mapped, m).expect("known cells").times(cut.stands(m)));
        assert_eq!(rows.fold(Use::default(), Use::plus), sum, "the rows of the table");
    }
    // Cut through the chain, constants no longer fold: all three stages count two products.
    let through = map(chains(&["chain", "stage", "words"]), Family::Xcup, folder.path());
    assert_eq!((through.stands("m_stage"), through.all().expect("known cells").dsps), (6, 2 * 3 * 2));
}

#[test]
fn a_card_is_cut_into_its_distinct_modules() {
    let source = blocks::card(&CardConfig::tiny()).unwrap_or_else(|e| panic!("{e}"));
    let kept: BTreeSet<String> = source.kept.keys().cloned().collect();
    let pieces = Modules::of(&source.verilog).pieces("top", &kept);
    let tops: BTreeSet<String> = pieces.iter().map(|p| p.top.clone()).collect();
    assert_eq!(tops.len(), pieces.len(), "a piece twice");
    assert_eq!(tops, kept.iter().cloned().chain(["top".to_string()]).collect());
    // Where each module is whole.
    let mut whole: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for piece in &pieces {
        let mut boxed = false;
        for line in piece.text.lines() {
            if let Some(rest) = line.strip_prefix("module ") {
                let name = rest.split('(').next().unwrap_or_default();
                if !boxed {
                    whole.entry(name.into()).or_default().push(&piece.top);
                }
                assert_eq!(boxed, piece.boxes.contains(name), "{name} in {}", piece.top);
            }
            boxed = line == "(* blackbox *)";
        }
    }
    for line in source.verilog.lines().filter_map(|l| l.strip_prefix("module ")) {
        let name = line.split('(').next().unwrap_or_default();
        let places = whole.get(name).unwrap_or_else(|| panic!("{name} is in no piece"));
        assert!(!kept.contains(name) || places == &[name], "{name} is whole in {places:?}");
    }
    let all = Modules::of(&source.verilog).pieces("top", &BTreeSet::new());
    assert!(all.len() == 1 && all[0].boxes.is_empty(), "nothing is cut where nothing is kept");
}
