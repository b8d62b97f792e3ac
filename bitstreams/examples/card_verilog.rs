//! Writes the card's Verilog for a shell: `card_verilog CONFIG.toml OUT.v NAME`, its top module named NAME.

use gristmill_hdl::card::Card;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilog::{TOP, try_generate};
use rust_hdl::prelude::Block;
use std::process::ExitCode;

fn write(config: &str, out: &str, name: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(config).map_err(|e| format!("{config}: {e}"))?;
    let config = CardConfig::from_toml(&text).map_err(|e| format!("{config}: {e}"))?;
    let mut card = Card::new(&config, Fidelity::Rtl);
    card.connect_all();
    let verilog = try_generate(&card).map_err(|e| e.to_string())?.text();
    let header = format!("module {TOP}(");
    if verilog.matches(&header).count() != 1 {
        return Err(format!("the Verilog has no single `{header}`"));
    }
    std::fs::write(out, verilog.replace(&header, &format!("module {name}("))).map_err(|e| format!("{out}: {e}"))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [config, out, name] = args.as_slice() else {
        eprintln!("usage: card_verilog CONFIG.toml OUT.v NAME");
        return ExitCode::from(2);
    };
    match write(config, out, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
