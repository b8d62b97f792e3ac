//! The models of the ECP5's cells against the behaviour that yosys mapped onto them: small designs, synthesized,
//! both under Verilator on the same inputs. Needs yosys (installed into the cache at the first time) and
//! Verilator; `GRISTMILL_SKIP_NETLIST=1` goes without.

use gristmill_bitstreams::netlist::{self, CELLS};
use gristmill_bitstreams::tools::{Choice, Tools};
use gristmill_hdl::ntt::goldilocks::GoldilocksButterfly;
use gristmill_hdl_kit::ports::Port;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilator::{Model, Options};
use gristmill_hdl_kit::verilog::generate;
use rust_hdl::prelude::Block;
use std::collections::BTreeMap;

/// Inputs or outputs: names and widths.
type Pins<'a> = &'a [(&'a str, usize)];

/// Says loudly that nothing was tested.
fn skipped() -> bool {
    let skip = std::env::var("GRISTMILL_SKIP_NETLIST").is_ok_and(|v| !v.is_empty() && v != "0");
    if skip {
        eprintln!("SKIPPED by GRISTMILL_SKIP_NETLIST: the models of the ECP5's cells were not tested");
    }
    skip
}

fn tools() -> Tools {
    Tools::find(Choice::default(), &mut |line| println!("{line}"))
        .unwrap_or_else(|e| panic!("{e}\n(GRISTMILL_SKIP_NETLIST=1 goes without the netlist tests)"))
}

fn ports(pins: Pins<'_>) -> Vec<Port> {
    pins.iter().map(|(name, width)| Port { name: name.to_string(), width: *width }).collect()
}

fn model(verilog: &str, clock: bool, inputs: Pins<'_>, outputs: Pins<'_>) -> Model {
    Model::from_verilog(verilog, clock, ports(inputs), ports(outputs), &Options::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// The source and what yosys made of it, side by side.
struct Pair<'a> {
    source: Model,
    netlist: Model,
    inputs: Pins<'a>,
    outputs: Pins<'a>,
    cycle: usize,
}

impl<'a> Pair<'a> {
    /// Builds both; the netlist must hold `cells`, each at least so many times.
    fn new(verilog: &str, clock: bool, inputs: Pins<'a>, outputs: Pins<'a>, cells: &[(&str, usize)]) -> (Self, String) {
        let netlist = netlist::synthesize(verilog, &tools()).unwrap_or_else(|e| panic!("{e}"));
        for (cell, least) in cells {
            let found = netlist.lines().filter(|l| l.trim_start().starts_with(&format!("{cell} "))).count();
            assert!(found >= *least, "{found} cells {cell}, at least {least} expected");
        }
        let source = model(verilog, clock, inputs, outputs);
        let pair = Pair { source, netlist: model(&netlist, clock, inputs, outputs), inputs, outputs, cycle: 0 };
        (pair, netlist)
    }

    /// One cycle with these inputs, compared before and after the edge.
    fn cycle(&mut self, values: &[u64]) {
        for (i, value) in values.iter().enumerate() {
            self.source.poke(i, &[*value]);
            self.netlist.poke(i, &[*value]);
        }
        self.source.eval();
        self.netlist.eval();
        self.compare(values, "before");
        self.source.cycle();
        self.netlist.cycle();
        self.compare(values, "after");
        self.cycle += 1;
    }

    fn compare(&self, values: &[u64], when: &str) {
        for (i, (name, _)) in self.outputs.iter().enumerate() {
            let (source, netlist) = (self.source.peek(i), self.netlist.peek(i));
            let inputs: BTreeMap<&str, &u64> = self.inputs.iter().map(|(name, _)| *name).zip(values).collect();
            assert_eq!(source, netlist, "{name} {when} edge {}, inputs {inputs:x?}", self.cycle);
        }
    }
}

#[test]
fn block_memories() {
    if skipped() {
        return;
    }
    let inputs = [
        ("reset", 1),
        ("en_a", 1),
        ("we_a", 1),
        ("en_b", 1),
        ("we_b", 1),
        ("be", 4),
        ("aa", 14),
        ("ab", 14),
        ("da", 36),
        ("db", 36),
    ];
    let outputs = [
        ("q1", 1),
        ("q2", 2),
        ("q4", 4),
        ("q9", 9),
        ("q18", 18),
        ("q36", 36),
        ("q36_sync", 36),
        ("q9_async", 9),
        ("q18_fall", 18),
        ("q_wide", 72),
        ("q_unchecked", 72),
        ("t1a", 1),
        ("t1b", 1),
        ("t2a", 2),
        ("t2b", 2),
        ("t4a", 4),
        ("t4b", 4),
        ("t9a", 9),
        ("t9b", 9),
        ("t9ka", 9),
        ("t9kb", 9),
        ("t9na", 9),
        ("t9nb", 9),
        ("t18a", 18),
        ("t18b", 18),
        ("t18ka", 18),
        ("t18kb", 18),
        ("t18na", 18),
        ("t18nb", 18),
    ];
    let (mut pair, netlist) = Pair::new(include_str!("cells/memories.v"), true, &inputs, &outputs, &[("DP16KD", 20)]);
    // What the mapping made of it covers the model.
    for (parameter, values) in [
        ("DATA_WIDTH_A", &["32'd1)", "32'd2)", "32'd4)", "32'd9)", "32'd18)", "32'd36)"][..]),
        ("DATA_WIDTH_B", &["32'd1)", "32'd2)", "32'd4)", "32'd9)", "32'd18)", "32'd36)"]),
        ("WRITEMODE_A", &["\"NORMAL\"", "\"WRITETHROUGH\"", "\"READBEFOREWRITE\""]),
        ("RESETMODE", &["\"SYNC\"", "\"ASYNC\""]),
        ("CLKBMUX", &["\"CLKB\"", "\"INV\""]),
    ] {
        for value in values {
            assert!(netlist.contains(&format!(".{parameter}({value}")), "no memory with {parameter} = {value}");
        }
    }
    let random = &mut Random(1);
    // Contents at power-up.
    for address in 0..1 << 14 {
        pair.cycle(&[0, 1, 0, 1, 0, 15, address, 0x3fff - address, 0, 0]);
    }
    for round in 0..20_000u64 {
        let r = random.next();
        // Few addresses, so that ports meet; after a while others.
        let window = round / 1000 * 613;
        let near = |bits: u64| ((bits & 7) * 1025 + window) & 0x3fff;
        let (aa, ab) = (near(r >> 40), near(r >> 50));
        let seldom = u64::from(r & 0xf0 == 0);
        pair.cycle(&[
            seldom,
            r >> 8 & 1,
            r >> 9 & 1,
            r >> 10 & 1,
            r >> 11 & 1,
            r >> 12,
            aa,
            ab,
            random.next(),
            random.next(),
        ]);
    }
}

#[test]
fn multipliers() {
    if skipped() {
        return;
    }
    let inputs = [("a", 18), ("b", 18)];
    let outputs = [
        ("u9", 18),
        ("s9", 18),
        ("u16", 32),
        ("s16", 32),
        ("u18", 36),
        ("s18", 36),
        ("mixed", 36),
        ("low", 36),
        ("wide", 42),
        ("kept16", 32),
        ("kept18", 36),
        ("enabled", 32),
        ("both", 32),
        ("seen", 32),
    ];
    let (mut pair, netlist) =
        Pair::new(include_str!("cells/multipliers.v"), true, &inputs, &outputs, &[("MULT18X18D", 12)]);
    assert!(netlist.contains(".SIGNEDA(1'h1)") && netlist.contains(".SIGNEDA(1'h0)"));
    // Two of the four registers are the multiplier's; one has an enable, one a product that is seen before it.
    assert_eq!(netlist.matches(".REG_OUTPUT_CLK(\"CLK0\")").count(), 2);
    let edges: Vec<u64> = (0..18)
        .flat_map(|k| [(1 << k) - 1, 1 << k, (1 << k) + 1, !(1u64 << k), !0 << k])
        .chain([0, 0x2_aaaa, 0x1_5555])
        .collect();
    for a in &edges {
        for b in &edges {
            pair.cycle(&[*a, *b]);
        }
    }
    let random = &mut Random(2);
    for _ in 0..50_000 {
        pair.cycle(&[random.next(), random.next() >> 20]);
    }
}

/// The Goldilocks butterfly as the macro `ECP5` makes it, with the multipliers' own registers: x = a + w*b, y = a - w*b, in the latency that
/// the RTL states.
#[test]
fn goldilocks_in_the_multipliers_own_registers() {
    if skipped() {
        return;
    }
    let mut butterfly = GoldilocksButterfly::new(Fidelity::Rtl);
    butterfly.connect_all();
    let verilog = generate(&butterfly);
    let cells: String = CELLS.iter().map(|(_, text)| *text).collect();
    // The upper bits of the products go nowhere.
    let text = format!("/* verilator lint_off PINMISSING */\n`define ECP5\n{verilog}\n{cells}");
    assert!(text.contains("MULT18X18D #(.REG_INPUTA_CLK"));
    let (inputs, outputs) = ([("a", 64), ("b", 64), ("w", 64)], [("x", 64), ("y", 64)]);
    let mut model = model(&text, true, &inputs, &outputs);
    let p = (1u128 << 64) - (1 << 32) + 1;
    let edges: Vec<u64> =
        [0, 1, 2, p - 1, p - 2, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, p - (1 << 32), 1 << 63].map(|x| x as u64).into();
    let random = &mut Random(3);
    let mut operands: Vec<[u64; 3]> = Vec::new();
    for b in edges.iter().chain(&[u64::MAX, p as u64]) {
        for (i, w) in edges.iter().enumerate() {
            operands.push([edges[(i * 7 + operands.len()) % edges.len()], *b, *w]);
        }
    }
    // b may be any number, the others are reduced.
    operands.extend(
        (0..20_000)
            .map(|_| [random.next(), random.next(), random.next()])
            .map(|[a, b, w]| [(u128::from(a) % p) as u64, b, (u128::from(w) % p) as u64]),
    );
    let latency = butterfly.latency();
    for cycle in 0..operands.len() + latency - 1 {
        let [a, b, w] = operands[cycle.min(operands.len() - 1)];
        for (port, value) in [a, b, w].into_iter().enumerate() {
            model.poke(port, &[value]);
        }
        model.cycle();
        let Some(first) = (cycle + 1).checked_sub(latency) else { continue };
        let [a, b, w] = operands[first].map(u128::from);
        let product = b * w % p;
        let expected = [(a + product) % p, (a + p - product) % p].map(|x| x as u64);
        let found = [0, 1].map(|port| model.peek(port)[0]);
        assert_eq!(found, expected, "butterfly {first}: {:x?}", operands[first]);
    }
}

#[test]
fn logic_carries_and_registers() {
    if skipped() {
        return;
    }
    let inputs = [("reset", 1), ("enable", 1), ("x", 64), ("y", 64), ("s", 8)];
    let outputs = [
        ("sum", 65),
        ("difference", 65),
        ("less", 1),
        ("equal", 1),
        ("shifted", 64),
        ("counted", 64),
        ("table7", 1),
        ("pick", 1),
        ("plain", 64),
        ("enabled", 64),
        ("cleared", 64),
        ("preset", 64),
        ("off", 64),
        ("on", 64),
        ("fallen", 64),
        ("nearby", 4),
        ("distant", 12),
    ];
    let cells =
        [("LUT4", 100), ("PFUMX", 20), ("L6MUX21", 1), ("CCU2C", 100), ("TRELLIS_FF", 500), ("TRELLIS_DPR16X4", 8)];
    let (mut pair, _) = Pair::new(include_str!("cells/logic.v"), true, &inputs, &outputs, &cells);
    let random = &mut Random(3);
    let edges = [0, 1, !0, !0 - 1, 1 << 63, (1 << 63) - 1, 0xffff_ffff, 0x5555_5555_5555_5555];
    for s in 0..256 {
        for (x, y) in edges.iter().flat_map(|x| edges.iter().map(move |y| (*x, *y))) {
            let r = random.next();
            pair.cycle(&[u64::from(r & 15 == 0), r >> 4 & 1, x, y, s]);
        }
    }
    for _ in 0..30_000 {
        let r = random.next();
        pair.cycle(&[u64::from(r & 15 == 0), r >> 4 & 1, random.next(), random.next(), r >> 8]);
    }
}

/// What drives many has copies that do the same.
#[test]
fn copies_of_what_drives_many() {
    if skipped() {
        return;
    }
    let inputs = [("reset", 1), ("s", 6), ("x", 64)];
    let outputs = [("q0", 64), ("q1", 64), ("q2", 64), ("q3", 64), ("r0", 64), ("r1", 64), ("r2", 64)];
    let (mut pair, netlist) = Pair::new(include_str!("cells/many.v"), true, &inputs, &outputs, &[("TRELLIS_FF", 450)]);
    // Named behind their parameters, after what they are: `) \\go_TRELLIS_FF_Q$copy1  (`.
    let copied: Vec<&str> =
        netlist.lines().filter(|l| l.starts_with("  )")).filter_map(|l| Some(l.split_once("$copy")?.0)).collect();
    let flip_flops = copied.iter().filter(|name| name.ends_with("_TRELLIS_FF_Q")).count();
    let made = (flip_flops, copied.len() - flip_flops);
    assert!(made.0 >= 1 && made.1 >= 2, "copies of flip-flops and tables: {made:?}");
    let random = &mut Random(4);
    for _ in 0..20_000 {
        let r = random.next();
        pair.cycle(&[u64::from(r & 15 == 0), r >> 4, random.next()]);
    }
}

/// What a model does not know ends the build with its name.
#[test]
fn what_is_not_modelled_is_refused() {
    if skipped() {
        return;
    }
    let cells: String = CELLS.iter().map(|(_, text)| *text).collect();
    for (cell, words) in [
        ("DP16KD #(.REGMODE_A(\"OUTREG\")) cut (.CLKA(clock))", "REGMODE_A = OUTREG is not modelled"),
        ("DP16KD #(.CSDECODE_B(\"0b001\")) cut (.CLKA(clock))", "CSDECODE_B = 0b001 is not modelled"),
        ("DP16KD #(.DATA_WIDTH_B(12)) cut (.CLKA(clock))", "DATA_WIDTH_B = 12 is not modelled"),
        ("DP16KD #(.WEAMUX(\"INV\")) cut (.CLKA(clock))", "WEAMUX"),
        ("MULT18X18D #(.REG_OUTPUT_CLK(\"CLK1\")) cut (.A0(x))", "REG_OUTPUT_CLK = CLK1, CE = CE0"),
        ("MULT18X18D #(.REG_PIPELINE_CLK(\"CLK1\")) cut (.A0(x))", "REG_PIPELINE_CLK = CLK1, CE = CE0"),
        ("MULT18X18D #(.REG_INPUTC_CLK(\"CLK0\")) cut (.A0(x))", "REG_INPUTC_CLK = CLK0 is not modelled"),
        ("MULT18X18D cut (.A0(x), .SRIA3(x))", "SRIA3"),
        ("TRELLIS_FF #(.LSRMODE(\"PRLD\")) cut (.CLK(clock))", "LSRMODE = PRLD is not modelled"),
        ("CCU2C #(.INJECT1_0(\"MAYBE\")) cut (.A0(x))", "INJECT1_0 = MAYBE is not modelled"),
    ] {
        let verilog = format!(
            "/* verilator lint_off PINMISSING */\nmodule top(input clock, x, output y);\nassign y = x;\n{cell};\n\
             endmodule\n{cells}"
        );
        let built = Model::from_verilog(&verilog, true, ports(&[("x", 1)]), ports(&[("y", 1)]), &Options::default());
        let error = built.err().unwrap_or_else(|| panic!("{cell} was taken")).to_string();
        assert!(error.contains(words), "{cell}: {error}");
    }
}
