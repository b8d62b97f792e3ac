//! Writes `bitstreams/asic/README.md`: blocks in the standard cells of an open library. See `bitstreams/asic/run`.
//!
//!     cargo run --release -p gristmill-bitstreams --example asic_table [-- --out FILE] [--work DIR] [--lib FILE]

use gristmill_bitstreams::estimate::asic::{OSU018, Silicon, estimate, estimate_around, timer};
use gristmill_bitstreams::estimate::xilinx::thousands;
use gristmill_bitstreams::estimate::yosys::Yosys;
use gristmill_bitstreams::estimate::{EstimateError, blocks};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HEAD: &str = "# What the card's arithmetic is made of as a chip

Written by `bitstreams/asic/run`; do not edit. **An estimate: cells mapped by yosys and timed by
OpenSTA with an ideal clock and without wires. No layout, no chip.**

The library is Oklahoma State University's for a 0.18 um process (Debian's `qflow-tech-osu018`,
typical corner, 1.8 V, 25 degrees): the best that Debian has. It is old; gate equivalents (areas in
two-input NANDs of 24 square micrometres) carry over to other processes better than areas and clocks.

| block | cells | flip-flops | area, mm2 | gate equivalents | shortest period, ns | clock, MHz | a result every |
|---|---|---|---|---|---|---|---|
";

const FOOT: &str = "
* Multipliers of 26x17 (serial: 16x16) bits are yosys' own (carry-save trees and a last adder). A pair of them is
  mapped once and counted 60 times a product. The serial multiplier is mapped flat.
* `Butterfly` is mapped without its multiplier, which is counted as the `MontMul256` above of the same field; of
  `PointAdder256` each kind of multiplier is mapped once.
* abc sizes and buffers for a period of 4 ns within what is mapped at once, not across it. The period is the longest
  path from register to register, setup included; ports count as registers without a delay of their own.
* Power-on values are dropped: a chip resets what it needs. No memories are in these blocks (a
  delay is a chain of flip-flops, which a chip would make a small memory): the MSM engine's buckets,
  256 bits a coordinate and three a bucket, come on top as the foundry's RAM.
";

fn row(text: &mut String, name: &str, rate: &str, s: Silicon) {
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {:.2} | {} | {:.2} | {:.0} | {rate} |",
        thousands(s.cells),
        thousands(s.flip_flops),
        s.area / 1e6,
        thousands(s.gates().round() as u64),
        s.period_ns,
        s.mhz()
    );
}

fn table(work: &Path, library: &Path) -> Result<String, EstimateError> {
    let yosys = Yosys::find()?;
    let mut text = String::from(HEAD);
    let serial = blocks::mont_mul_serial()?.keeping(&[]);
    row(&mut text, "`MontMulSerial256`", "17 cycles", estimate(&yosys, &serial, library, work)?);
    let product = estimate(&yosys, &blocks::mont_mul()?.keeping(&["pair"]), library, work)?;
    row(&mut text, "`MontMul256`, base field", "cycle", product);
    let scalar = estimate(&yosys, &blocks::mont_mul_scalar()?.keeping(&["pair"]), library, work)?;
    row(&mut text, "`MontMul256`, scalar field", "cycle", scalar);
    eprintln!("`Butterfly`, `PointAdder256` ...");
    let butterfly = blocks::butterfly()?.boxing(&["multiplier"]);
    row(&mut text, "`Butterfly`", "cycle", estimate_around(&yosys, &butterfly, scalar, library, work)?);
    let adder = blocks::point_adder()?.keeping(&["pair", "mul_xx", "mul_x3", "mul_y3"]);
    row(&mut text, "`PointAdder256`", "cycle", estimate(&yosys, &adder, library, work)?);
    let date = Command::new("date").args(["-u", "+%F"]).output();
    let date = date.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_string()).unwrap_or_default();
    let _ = writeln!(text, "\n{}; {}; {date}.", yosys.version, timer()?);
    Ok(text + FOOT)
}

fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let (mut out, mut work) = (root.join("asic/README.md"), root.join("../target/asic"));
    let mut library = PathBuf::from(OSU018);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let place = match arg.as_str() {
            "--out" => &mut out,
            "--work" => &mut work,
            "--lib" => &mut library,
            other => {
                eprintln!("`{other}` is no argument: --out FILE, --work DIR, --lib FILE");
                return ExitCode::from(2);
            }
        };
        match args.next() {
            Some(value) => *place = value.into(),
            None => {
                eprintln!("{arg} needs a value after it");
                return ExitCode::from(2);
            }
        }
    }
    let written = table(&work, &library).and_then(|text| {
        std::fs::write(&out, text)
            .map_err(|e| EstimateError::File { path: out.display().to_string(), reason: e.to_string() })
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
