//! Writes `bitstreams/pcie/RESOURCES.md`: what the cards are made of on Xilinx's parts, by yosys.
//!
//!     cargo run --release -p gristmill-bitstreams --example xilinx_table -- [--out FILE] [--work DIR] [--shell FILE]
//!
//! GRISTMILL_YOSYS names the yosys; without it a new enough one of the path is taken, or the pinned one. Files of the
//! runs stay in DIR (default: target/xilinx); a piece that is there with the same Verilog is not mapped again.
//! FILE of `--shell` (default: target/pcie/acorn-cle215p/shell.json): what `bitstreams/pcie/elaborate acorn-cle215p
//! --synth` wrote; without it the Acorn's shell is left out, and the page says so.

use gristmill_bitstreams::estimate::EstimateError;
use gristmill_bitstreams::estimate::blocks::{self, Source};
use gristmill_bitstreams::estimate::cards::{Design, share};
use gristmill_bitstreams::estimate::xilinx::{Family, PARTS, Use, thousands};
use gristmill_bitstreams::estimate::yosys::{Mapped, Yosys};
use gristmill_hdl::config::CardConfig;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

struct Arguments {
    out: PathBuf,
    work: PathBuf,
    shell: PathBuf,
}

fn arguments() -> Result<Arguments, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut a = Arguments {
        out: root.join("pcie/RESOURCES.md"),
        work: root.join("../target/xilinx"),
        shell: root.join("../target/pcie/acorn-cle215p/shell.json"),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let place = match arg.as_str() {
            "--out" => &mut a.out,
            "--work" => &mut a.work,
            "--shell" => &mut a.shell,
            other => return Err(format!("`{other}` is no argument: --out FILE, --work DIR, --shell FILE")),
        };
        *place = args.next().map(PathBuf::from).ok_or(format!("{arg} needs a value after it"))?;
    }
    Ok(a)
}

fn read_config(board: &str) -> Result<CardConfig, EstimateError> {
    let path = format!("{}/pcie/{board}/card.toml", env!("CARGO_MANIFEST_DIR"));
    let bad = |reason: String| EstimateError::File { path: path.clone(), reason };
    let text = std::fs::read_to_string(&path).map_err(|e| bad(e.to_string()))?;
    CardConfig::from_toml(&text).map_err(|e| bad(e.to_string()))
}

/// What a piece is.
fn what(card: &Design, module: &str) -> String {
    let known = [
        ("msm", "MSM engine without the pieces below"),
        ("lanes", "MSM engine with an adder, or the frame around two"),
        ("ntt", "NTT engine without the pieces below"),
        ("elementwise", "element-wise engine without its multiplier"),
        ("mul_xx", "base-field multiplier"),
        ("mul_x3", "difference of two products, reduced once"),
        ("mul_y3", "sum of two products, reduced once"),
        ("adder", "point adder without its multipliers"),
        ("wing", "butterfly without its multiplier"),
        ("banks", "ways between the vector memories and the butterfly"),
        ("memory_0", "a quarter of the two vector memories"),
        ("piece", "table of twiddles"),
        ("buckets", "bucket memory"),
        ("chains", "memory of the summation"),
        ("tracker", "tracker of busy buckets"),
        ("recoder", "recoder of the scalars"),
        ("redc", "scalars out of Montgomery form"),
        ("twiddles", "table of twiddles, or its ways to the butterflies"),
        ("bank_0", "half of the vector memory"),
        ("factors", "coset factors without their multiplier"),
    ];
    if module.starts_with("m_sum") {
        return "modular addition or subtraction".into();
    }
    if module.starts_with("m_serial") {
        let place = if card.is_in(module, "m_msm") { "point adder" } else { "butterfly without its multiplier" };
        return format!("digit-serial {place}");
    }
    if module.starts_with("m_multiplier") {
        let kind = if card.family == Family::Xcup { "scalar-field multiplier" } else { "digit-serial multiplier" };
        return kind.into();
    }
    let fields = card.fields(module);
    let found = known.iter().find(|(field, _)| fields.iter().any(|f| f == field));
    found.map_or("the rest: registers, queues, buses", |(_, what)| *what).to_string()
}

/// Cells of the Acorn's shell as `elaborate --synth` left them.
fn shell(path: &Path) -> Result<Option<Use>, EstimateError> {
    let Ok(report) = std::fs::read_to_string(path) else { return Ok(None) };
    let bad = |reason: String| EstimateError::File { path: path.display().to_string(), reason };
    let mut cells = Mapped::parse(&report, "acorn_cle215p").map_err(bad)?.inclusive("acorn_cle215p");
    // The card itself, and Xilinx' block, are boxes in it.
    for outside in ["gristmill_card", "pcie_s7"] {
        cells.remove(outside).ok_or_else(|| bad(format!("it has no `{outside}`")))?;
    }
    Use::of("the Acorn's shell", &cells).map(Some)
}

/// The pipelined card: VU9P and U55C, as configured and with a second adder.
fn pipelined(
    text: &mut String,
    map: &mut dyn FnMut(Source, Family) -> Result<Design, EstimateError>,
) -> Result<(), EstimateError> {
    let config = read_config("vu9p")?;
    let cut = |config: &CardConfig| Ok::<_, EstimateError>(blocks::card(config)?.flattening(&["stage", "pair"]));
    let source = cut(&config)?;
    if blocks::card(&read_config("u55c")?)?.verilog != source.verilog {
        let reason = "its Verilog is no longer that of `vu9p`: the page needs a table of its own".into();
        return Err(EstimateError::Block { block: "card u55c".into(), reason });
    }
    let one = map(source, Family::Xcup)?;
    let two = map(cut(&CardConfig { name: "vu9p with two adders".into(), adders: 2, ..config })?, Family::Xcup)?;
    let _ = writeln!(
        text,
        "## `vu9p` and `u55c`: one adder, NTT to 2^16, element-wise engine, all pipelined\n\nThe two configurations give the same Verilog.\n\n{}\n\
         ## The same with `adders = 2`\n\n{}",
        one.table(what)?,
        two.table(what)?
    );
    let (all, both) = (one.all()?, two.all()?);
    let (msm, lanes, ntt, elementwise) = (one.of("msm")?, two.of("lanes")?, one.of("ntt")?, one.of("elementwise")?);
    let bare = all.minus(msm).minus(ntt).minus(elementwise);
    let _ = writeln!(
        text,
        "Of these, with all inside:\n\n| | LUT | FF | CARRY4 | DSP48E2 | BRAM36 | URAM |\n|---|---|---|---|---|---|---|"
    );
    for (name, used) in [
        ("a base-field multiplier", one.of("mul_xx")?),
        ("the point adder (12 products, 9 reductions)", one.of("adder")?),
        ("MSM engine with one adder", msm),
        ("MSM engine with two adders", lanes),
        ("NTT engine", ntt),
        ("element-wise engine", elementwise),
        ("card without engines", bare),
        ("**card, one adder, with NTT**", all),
        ("**card, two adders, with NTT**", both),
    ] {
        let _ = writeln!(text, "| {name} | {} |", used.cells());
    }
    let _ = writeln!(
        text,
        "\n| part | design | DSPs | LUT | FF | DSP | BRAM | URAM | fits |\n|---|---|---|---|---|---|---|---|---|"
    );
    for part in PARTS.iter().filter(|p| p.family == Family::Xcup) {
        for (name, used) in [
            ("NTT and element-wise engine alone", all.minus(msm)),
            ("one adder alone", bare.plus(msm)),
            ("one adder and all else", all),
            ("two adders alone", both.minus(ntt).minus(elementwise)),
            ("two adders and all else", both),
        ] {
            text.push_str(&share(part, name, used));
        }
    }
    for (board, part) in [("vu9p", &PARTS[0]), ("u55c", &PARTS[1])] {
        for (adders, used) in [("as configured", all), ("with two adders", both)] {
            let verdict = match used.lacking(part) {
                lacking if lacking.is_empty() => format!("fits the {}, without the IPs of its shell", part.name),
                lacking => format!("does not fit the {} ({lacking})", part.name),
            };
            let _ = writeln!(text, "\n**`{board}` {adders} {verdict}.**");
        }
    }
    text.push_str(IPS);
    Ok(())
}

fn acorn(
    text: &mut String,
    path: &Path,
    map: &mut dyn FnMut(Source, Family) -> Result<Design, EstimateError>,
) -> Result<(), EstimateError> {
    let source = blocks::card(&read_config("acorn-cle215p")?)?.flattening(&["stage", "pair"]);
    let card = map(source.clone(), Family::Xc7)?;
    let flat = map(Source { name: "card acorn-cle215p flat".into(), ..source.keeping(&[]) }, Family::Xc7)?;
    let _ =
        writeln!(text, "\n## `acorn-cle215p`: digit-serial, c = 9, NTT to 2^13\n\n{}", card.table(what)?.trim_end());
    let _ = writeln!(text, "| | the same card in one flat run | | {} |\n", flat.all()?.cells());
    let _ = writeln!(
        text,
        "| part | design | DSPs | LUT | FF | DSP | BRAM | URAM | fits |\n|---|---|---|---|---|---|---|---|---|"
    );
    let all = card.all()?;
    let part = PARTS.iter().filter(|p| p.family == Family::Xc7);
    let shell = shell(path)?;
    for part in part {
        text.push_str(&share(part, "the card", all));
        if let Some(shell) = shell {
            text.push_str(&share(part, "the shell (LitePCIe, LiteDRAM)", shell));
            text.push_str(&share(part, "card and shell", all.plus(shell)));
        }
    }
    if let Some(shell) = shell {
        let _ = writeln!(text, "\n| | LUT | FF | CARRY4 | DSP48E1 | BRAM36 | URAM |\n|---|---|---|---|---|---|---|");
        let _ = writeln!(text, "| the shell (LitePCIe, LiteDRAM) | {} |\n", shell.cells());
        text.push_str(SHELL);
    } else {
        text.push_str("\nThe shell was not mapped when this page was written (`elaborate acorn-cle215p --synth`).\n");
    }
    Ok(())
}

fn table(a: &Arguments) -> Result<String, EstimateError> {
    let yosys = Yosys::find()?;
    let mut map =
        |source: Source, family: Family| Design::map(&yosys, source, family, &a.work, &mut |line| eprintln!("{line}"));
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "{}, {}.\n", yosys.version, today());
    let _ = writeln!(text, "| part | cards | LUT | FF | DSP | BRAM36 | URAM |\n|---|---|---|---|---|---|---|");
    for p in &PARTS {
        let has = p.has;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            p.name,
            p.cards,
            thousands(has.luts),
            thousands(has.registers),
            thousands(has.dsps),
            thousands(has.ram18 / 2),
            has.urams
        );
    }
    text.push_str(READING);
    pipelined(&mut text, &mut map)?;
    acorn(&mut text, &a.shell, &mut map)?;
    Ok(text)
}

const HEAD: &str = "# What the cards are made of on Xilinx's parts

Written by `cargo run --release -p gristmill-bitstreams --example xilinx_table`; do not edit.
**Mapped by yosys; not placed, not routed, not through Vivado, not on a board.** Mapping by ";

const READING: &str = "
Sources: Xilinx DS890 (UltraScale+), DS180 (7 series). A card is cut at its big and its repeated modules; each distinct
one is mapped once, flat, with the others as black boxes (`estimate::pieces`), and counted as often as it stands in the
card. A row holds what is in a module outside the pieces that have rows of their own.

A sum of pieces counts too much where constants on a module's ports would have folded into it, or registers
on both sides of a border would have moved into one DSP; the Acorn's card, small enough for one flat run, shows how much
that is. No cut goes through a multiplier.

LUT counts those used as shift registers and memories. yosys takes a DSP for each product (26 x 17 bits in the pipelined
multipliers, 16 x 16 in the serial ones), but none of the registers and additions around it that a DSP48E2 has inside: the vendor's
tool needs fewer LUTs and registers. It has to place and route what is counted here. Above 70 or 80 % of a kind, expect a
fight for timing.

";

const IPS: &str = "
The PCIe bridge and the memory controller of these boards are Xilinx' IPs, which yosys cannot map: they come on top.
";

const SHELL: &str = "Xilinx' PCIe block with its transceivers (`pcie_s7`) is a hard block and a box here.\n";

fn today() -> String {
    let date = Command::new("date").args(["-u", "+%F"]).output();
    date.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_string()).unwrap_or_default()
}

fn main() -> ExitCode {
    let a = match arguments() {
        Ok(a) => a,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    let written = table(&a).and_then(|text| {
        std::fs::write(&a.out, text)
            .map_err(|e| EstimateError::File { path: a.out.display().to_string(), reason: e.to_string() })
    });
    match written {
        Ok(()) => {
            eprintln!("wrote {}", a.out.display());
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
