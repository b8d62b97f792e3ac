//! Maps one pipelined block to UltraScale+ by yosys and prints what it is made of: in minutes, where `xilinx_table` takes
//! the whole cards.
//!
//!     cargo run --release -p gristmill-bitstreams --example xilinx_block -- BLOCK [--work DIR]
//!
//! BLOCK: mont-mul (BN254 Fq), mont-mul-scalar (Fr), mont-mul-384 (BLS12-381 Fq), point-adder, point-adder-384 (BLS12-381). A point
//! adder's multipliers are pieces of their own. GRISTMILL_YOSYS names the yosys, as for the tables; files of the runs stay in DIR (default: target/xilinx).

use gristmill_bitstreams::estimate::EstimateError;
use gristmill_bitstreams::estimate::blocks::{self, Source};
use gristmill_bitstreams::estimate::cards::Design;
use gristmill_bitstreams::estimate::xilinx::Family;
use gristmill_bitstreams::estimate::yosys::Yosys;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str =
    "xilinx_block BLOCK [--work DIR]; BLOCK: mont-mul, mont-mul-scalar, mont-mul-384, point-adder, point-adder-384";

fn source(block: &str) -> Option<Result<Source, EstimateError>> {
    match block {
        "mont-mul" => Some(blocks::mont_mul()),
        "mont-mul-scalar" => Some(blocks::mont_mul_scalar()),
        "mont-mul-384" => Some(blocks::mont_mul_384()),
        "point-adder" => Some(blocks::point_adder()),
        "point-adder-384" => Some(blocks::point_adder_384()),
        _ => None,
    }
}

fn table(source: Source, work: &Path) -> Result<String, EstimateError> {
    let yosys = Yosys::find()?;
    let design = Design::map(&yosys, source, Family::Xcup, work, &mut |line| eprintln!("{line}"))?;
    let text = design.table(|design, module| design.fields(module).join(", "))?;
    Ok(format!("{}\n\n{text}", yosys.version))
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let usage = |reason: &str| {
        eprintln!("{reason}: {USAGE}");
        ExitCode::from(2)
    };
    let Some(block) = args.next() else { return usage("which block?") };
    let mut work = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/xilinx");
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--work", Some(folder)) => work = folder.into(),
            _ => return usage(&format!("`{arg}`")),
        }
    }
    let Some(source) = source(&block) else { return usage(&format!("`{block}` is no block")) };
    match source.and_then(|source| table(source.flattening(&["pair"]), &work)) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
