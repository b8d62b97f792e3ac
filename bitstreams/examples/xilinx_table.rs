//! Writes `bitstreams/pcie/RESOURCES.md`: what the card's blocks are made of on Xilinx's parts, by yosys.
//!
//!     cargo run --release -p gristmill-bitstreams --example xilinx_table [-- --out FILE] [--work DIR] [--quick]
//!
//! GRISTMILL_YOSYS names the yosys. Files of the runs stay in DIR (default: target/xilinx); a run that is there
//! with the same Verilog is not repeated. `--quick` leaves out all that holds a pipelined multiplier.

use gristmill_bitstreams::estimate::EstimateError;
use gristmill_bitstreams::estimate::blocks::{self, Source};
use gristmill_bitstreams::estimate::xilinx::{Family, PARTS, Part, Use};
use gristmill_bitstreams::estimate::yosys::{Mapped, Yosys};
use gristmill_hdl::config::CardConfig;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// A block that was mapped.
struct Block {
    source: Source,
    mapped: Mapped,
}

impl Block {
    fn all(&self) -> Result<Use, EstimateError> {
        Use::of_module(&self.mapped, "top")
    }

    /// The biggest kept module that is an instance of the field.
    fn of(&self, field: &str) -> Result<Use, EstimateError> {
        let mut biggest: Option<Use> = None;
        for (module, fields) in &self.source.kept {
            if fields.iter().any(|f| f == field) && self.mapped.modules.contains_key(module) {
                let used = Use::of_module(&self.mapped, module)?;
                if biggest.is_none_or(|b| (b.dsps, b.luts) < (used.dsps, used.luts)) {
                    biggest = Some(used);
                }
            }
        }
        biggest.ok_or_else(|| EstimateError::Block {
            block: self.source.name.clone(),
            reason: format!("no module of a field `{field}` was kept whole"),
        })
    }
}

struct Arguments {
    out: PathBuf,
    work: PathBuf,
    quick: bool,
}

fn arguments() -> Result<Arguments, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut a = Arguments { out: root.join("pcie/RESOURCES.md"), work: root.join("../target/xilinx"), quick: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().map(PathBuf::from).ok_or(format!("{arg} needs a value after it"));
        match arg.as_str() {
            "--out" => a.out = value()?,
            "--work" => a.work = value()?,
            "--quick" => a.quick = true,
            other => return Err(format!("`{other}` is no argument: --out FILE, --work DIR, --quick")),
        }
    }
    Ok(a)
}

fn read_config(board: &str) -> Result<CardConfig, EstimateError> {
    let path = format!("{}/pcie/{board}/card.toml", env!("CARGO_MANIFEST_DIR"));
    let bad = |reason: String| EstimateError::File { path: path.clone(), reason };
    let text = std::fs::read_to_string(&path).map_err(|e| bad(e.to_string()))?;
    CardConfig::from_toml(&text).map_err(|e| bad(e.to_string()))
}

/// log2 of the longest vector of the NTT engine that is mapped.
const MAPPED_NTT_LOG: u32 = 11;

/// Block RAMs of 18 Kibit (16 Kibit of data each at this width) of two banks and the twiddles, 256 bits wide.
fn vector_ram18(log: u32) -> u64 {
    3 * ((256u64 << (log - 1)) / (16 << 10))
}

fn row(text: &mut String, family: &str, what: &str, used: Use) {
    let _ = writeln!(text, "| {family} | {what} | {} |", used.cells());
}

fn share(text: &mut String, part: &Part, what: &str, used: Use) {
    let lacking = used.lacking(part);
    let fits = if lacking.is_empty() { "yes".to_string() } else { format!("no: {lacking}") };
    let _ = writeln!(text, "| {} | {what} | {} | {fits} |", part.name, used.percent(part));
}

fn table(a: &Arguments) -> Result<String, EstimateError> {
    let yosys = Yosys::find()?;
    let map = |source: Source, family: Family| -> Result<Block, EstimateError> {
        eprintln!("{} on {} ...", source.name, family.name());
        let started = std::time::Instant::now();
        let mapped = yosys.map(&source, family.name(), family.synthesis(), &a.work)?;
        eprintln!("    {} s", started.elapsed().as_secs());
        Ok(Block { source, mapped })
    };
    let vu9p = read_config("vu9p")?;
    let mut blocks = String::new();
    let mut shares = String::new();

    // A table of 2^15 twiddles takes yosys' Verilog reader hours: a shorter one is mapped. The longest first.
    let mapped = CardConfig { ntt_log_max: MAPPED_NTT_LOG, ..vu9p.clone() };
    let card = if a.quick { None } else { Some(map(blocks::card(&mapped)?, Family::Xcup)?) };
    let serial = map(blocks::mont_mul_serial()?, Family::Xc7)?.all()?;
    let bare7 = map(blocks::bare_card(&vu9p)?, Family::Xc7)?.all()?;
    row(&mut blocks, "xc7", "`MontMulSerial256`, a product in 17 cycles", serial);
    row(&mut blocks, "xc7", "card without engines, four queues", bare7);
    let serial_up = map(blocks::mont_mul_serial()?, Family::Xcup)?.all()?;
    let bare_up = map(blocks::bare_card(&vu9p)?, Family::Xcup)?.all()?;
    row(&mut blocks, "xcup", "`MontMulSerial256`, a product in 17 cycles", serial_up);
    row(&mut blocks, "xcup", "card without engines, four queues", bare_up);
    if let Some(card) = &card {
        let wide7 = map(blocks::mont_mul()?, Family::Xc7)?.all()?;
        row(&mut blocks, "xc7", "`MontMul256`, a product a cycle", wide7);
        for (what, field) in [
            ("`MontMul256` of the base field, a product a cycle", "mul_xx"),
            ("`PointAdder256`, an addition a cycle (12 multipliers)", "adder"),
            ("MSM engine with its adder", "msm"),
            ("of these, bucket memory", "buckets"),
            ("of these, tracker of the buckets", "tracker"),
            ("of these, recoder of the scalars", "recoder"),
            ("`Butterfly`, one a cycle", "butterfly"),
            ("NTT engine to 2^11 with its butterfly", "ntt"),
            ("of these, factors (a multiplier)", "factors"),
            ("of these, table of twiddles", "twiddles"),
            ("of these, one of two banks", "bank_0"),
        ] {
            row(&mut blocks, "xcup", what, card.of(field)?);
        }
        let (msm, adder) = (card.of("msm")?, card.of("adder")?);
        // The memories of the vectors asked for instead of those that were mapped.
        let mut ntt = card.of("ntt")?;
        let mapped = card.of("bank_0")?.times(2).plus(card.of("twiddles")?);
        ntt.ram18 = ntt.ram18 - mapped.ram18 + vector_ram18(vu9p.ntt_log_max);
        let whole = {
            let mut all = card.all()?;
            all.ram18 = all.ram18 - mapped.ram18 + vector_ram18(vu9p.ntt_log_max);
            all
        };
        row(&mut blocks, "xcup", &format!("NTT engine, its memories computed for 2^{}", vu9p.ntt_log_max), ntt);
        for part in PARTS.iter().filter(|p| p.family == Family::Xcup) {
            share(&mut shares, part, "card without engines", bare_up);
            share(&mut shares, part, "with NTT alone", bare_up.plus(ntt));
            share(&mut shares, part, "with MSM alone, one adder", bare_up.plus(msm));
            share(&mut shares, part, "with MSM (one adder) and NTT", whole);
            share(&mut shares, part, "with MSM alone, two adders", bare_up.plus(msm).plus(adder));
        }
        for part in PARTS.iter().filter(|p| p.family == Family::Xc7) {
            share(&mut shares, part, "one `MontMul256`", wide7);
            share(&mut shares, part, "two `MontMul256`", wide7.times(2));
        }
    }
    for part in PARTS.iter().filter(|p| p.family == Family::Xc7) {
        share(&mut shares, part, "card without engines", bare7);
        share(&mut shares, part, "card without engines and 14 `MontMulSerial256`", bare7.plus(serial.times(14)));
    }
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "{}, {}.\n", yosys.version, today());
    let _ = writeln!(
        text,
        "## Blocks\n\n| family | block | LUT | FF | DSP | BRAM36 | URAM |\n|---|---|---|---|---|---|---|\n{blocks}"
    );
    let _ =
        writeln!(text, "## Parts\n\n| part | cards | LUT | FF | DSP | BRAM36 | URAM |\n|---|---|---|---|---|---|---|");
    for part in &PARTS {
        let _ = writeln!(text, "| {} | {} | {} |", part.name, part.cards, part.has.cells());
    }
    let _ = writeln!(
        text,
        "\n## Shares of a part\n\n| part | design | LUT | FF | DSP | BRAM | URAM | fits |\n|---|---|---|---|---|---|---|---|\n{shares}"
    );
    text.push_str(FOOT);
    Ok(text)
}

const HEAD: &str = "# What the card is made of on Xilinx's parts

Written by `cargo run --release -p gristmill-bitstreams --example xilinx_table`; do not edit.
**Mapped by yosys; not placed, not routed, not through Vivado, not on a board.** Mapping by
";

const FOOT: &str = "A count holds for the generated Verilog of `pcie/vu9p/card.toml` (the U55C's engines are the same). Each module named above is
mapped once and whole, and counted as often as it stands in the design. LUT counts those used as
shift registers and memories. yosys packs no registers into DSPs and cascades neither these nor
UltraRAMs; the vendor's tool does better in that and has to place what is counted here. Above 70 or
80 % of a kind, expect a fight for timing. A second adder is counted as an adder alone, without the
control and the wider memory that it would ask for: no configuration has one yet.
";

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
