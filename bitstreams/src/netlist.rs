//! The card as yosys synthesizes it for the ECP5, as Verilog that Verilator runs: the netlist of cells, and
//! models of the cells (`bitstreams/cells`). `docs/netlist.md` tells what that shows and what not.

use crate::error::Error;
use crate::hash;
use crate::passes;
use crate::tools::{self, Tools};
use gristmill_hdl::card::Card;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilog;
use rust_hdl::core::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Models of the cells that `synth_ecp5` uses, by file.
pub const CELLS: [(&str, &str); 4] = [
    ("logic.v", include_str!("../cells/logic.v")),
    ("storage.v", include_str!("../cells/storage.v")),
    ("dp16kd.v", include_str!("../cells/dp16kd.v")),
    ("mult18x18d.v", include_str!("../cells/mult18x18d.v")),
];

/// The module.
const TOP: &str = "top";

/// As a board's synthesis, but that the card is the top.
const SYNTHESIS: &str = "read_verilog -sv -DSYNTHESIS source.v\nsynth_ecp5 -top top -json synthesized.json\n";

/// What is placed, as Verilog. Nets are split into bits, or a simulator would take a carry chain in one net for a loop.
const WRITING: &str =
    "read_json netlist.json\nhierarchy -top top\nsplitnets\nstat\nwrite_verilog -noattr -noexpr netlist.v\n";

/// The passes between; another number for another result.
const PASSES: &str = "product registers 1, floorplan 1, copies 2";

/// yosys leaves out pins that a cell does not need.
const LENIENT: &str = "/* verilator lint_off PINMISSING */\n";

/// First words of a card's netlist; its configuration id follows. The simulator looks for them.
pub const HEADER: &str = "// Gristmill netlist, configuration ";

/// What is synthesized of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    Whole,
    /// Registers, queues and copies, without MSM and NTT.
    WithoutEngines,
}

/// Verilog of any module `top`, synthesized: the netlist with the models of its cells.
///
/// # Errors
/// [`Error::Tool`] if yosys refuses it.
pub fn synthesize(verilog: &str, tools: &Tools) -> Result<String, Error> {
    let folder = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).map_err(Error::io("write", &path))
    };
    put("source.v", verilog)?;
    put("synthesis.ys", SYNTHESIS)?;
    put("writing.ys", WRITING)?;
    let yosys = |script, log, errors| tools.yosys.run_checked(folder.path(), &["-q", "-l", log, script], errors);
    let made = yosys("synthesis.ys", "synthesis.full.log", "synthesis.log").and_then(|()| {
        // As for a bitstream.
        let mut netlist = passes::Netlist::read(&folder.path().join("synthesized.json"), TOP)?;
        netlist.fold_product_registers()?;
        netlist.floorplan()?;
        netlist.copy_drivers()?;
        netlist.write(&folder.path().join("netlist.json"))?;
        yosys("writing.ys", "writing.full.log", "writing.log")
    });
    if let Err(error) = made {
        // The log that the error names stays.
        let _ = folder.keep();
        return Err(error);
    }
    let path = folder.path().join("netlist.v");
    let netlist = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let cells: String = CELLS.iter().map(|(_, text)| *text).collect();
    Ok(format!("{LENIENT}{netlist}\n{cells}"))
}

/// The generated Verilog of a card.
///
/// # Errors
/// [`Error::Config`], [`Error::Unsound`].
pub fn source(config: &CardConfig, part: Part) -> Result<String, Error> {
    config.validate()?;
    let mut card = match part {
        Part::Whole => Card::new(config, Fidelity::Rtl),
        Part::WithoutEngines => Card::without_engines(config),
    };
    card.connect_all();
    Ok(verilog::try_generate(&card)?.text())
}

/// The netlist of a card: from the cache, or made by yosys, which takes minutes.
///
/// # Errors
/// Those of [`source`], [`synthesize`] and [`Tools::find`]; [`Error::Io`].
pub fn card(config: &CardConfig, part: Part, say: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    card_in(&tools::cache_folder()?.join("netlists"), config, part, say)
}

fn card_in(folder: &Path, config: &CardConfig, part: Part, say: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    let source = source(config, part)?;
    let tools = Tools::find(tools::Choice::default(), say)?;
    let path = folder.join(format!("{}.v", key(&source, &tools)));
    if path.is_file() {
        return Ok(path);
    }
    say(&format!("synthesizing the card `{}` for the ECP5; kept in {}", config.name, folder.display()));
    let text = format!("{HEADER}{:#010x}\n{}", config.config_id(), synthesize(&source, &tools)?);
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    // Under another name first, so that nobody reads half of it.
    let file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create a file in", folder))?;
    fs::write(file.path(), text).map_err(Error::io("write", file.path()))?;
    file.persist(&path).map_err(|e| Error::io("write", &path)(e.error))?;
    Ok(path)
}

/// A name for all that a netlist follows from.
fn key(source: &str, tools: &Tools) -> String {
    let versions: String = tools.versions.iter().map(|(name, version)| format!("{name} {version}\n")).collect();
    let cells: String = CELLS.iter().map(|(_, text)| *text).collect();
    hash::of([SYNTHESIS, WRITING, PASSES, LENIENT, &versions, &cells, source].join("\0").as_bytes())[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_part_is_the_part() {
        let config = CardConfig::tiny();
        let bare = source(&config, Part::WithoutEngines).expect("generates");
        assert!(bare.contains("module top(clock,reset,") && !bare.contains("butterfly"), "{}", bare.len());
        let wrong = CardConfig { queues: 9, ..config };
        assert!(matches!(source(&wrong, Part::Whole), Err(Error::Config(_))));
    }

    #[test]
    fn every_cell_has_one_model() {
        let all: String = CELLS.iter().map(|(_, text)| *text).collect();
        for cell in ["LUT4", "PFUMX", "L6MUX21", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4", "DP16KD", "MULT18X18D"] {
            let found = all.lines().filter(|l| l.starts_with(&format!("module {cell} "))).count();
            assert_eq!(found, 1, "{cell}");
        }
    }
}
