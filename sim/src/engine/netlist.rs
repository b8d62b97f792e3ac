//! The card as synthesized for a part: a netlist of cells with models of them, under Verilator.
//!
//! The file is what `gristmill_bitstreams::netlist` writes; its first line names the configuration.

use super::Waves;
use super::verilator::{Verilated, error, trace};
use crate::error::SimError;
use gristmill_hdl::card::Card;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::verilator::{Model, Options, find};
use std::path::Path;

/// First words of a netlist, before the id of its configuration.
const HEADER: &str = "// Gristmill netlist, configuration ";

/// The Verilated netlist in `file`, which must be of this configuration.
pub(super) fn load(file: &Path, config: &CardConfig, waves: Option<&Waves>) -> Result<Verilated, SimError> {
    find().map_err(error)?;
    let text = std::fs::read_to_string(file).map_err(|e| SimError::io(format!("the netlist {}", file.display()), e))?;
    check(&text, config).map_err(|problem| SimError::Options(format!("netlist {}: {problem}", file.display())))?;
    tracing::info!("Verilator's model of the netlist: built once, which takes minutes, then kept in the cache");
    let options = Options { trace: trace(waves), ..Options::default() };
    let model = Model::from_verilog(&text, true, Card::inputs(), Card::outputs(), &options).map_err(error)?;
    Ok(Verilated::of(model, "netlist"))
}

/// Whether a netlist is one, and of this configuration.
fn check(text: &str, config: &CardConfig) -> Result<(), String> {
    let first = text.lines().next().unwrap_or_default();
    let Some(id) = first.strip_prefix(HEADER) else {
        return Err(format!(
            "its first line does not begin with `{HEADER}`; `gristmill_bitstreams::netlist::card` makes one"
        ));
    };
    let wanted = format!("{:#010x}", config.config_id());
    if id.trim() != wanted {
        return Err(format!(
            "it is of the configuration {}, not of `{}` ({wanted}); give the simulator its configuration, or make \
             another netlist",
            id.trim(),
            config.name
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineKind, SimCard};

    #[test]
    fn a_netlist_of_another_card_is_refused() {
        let tiny = CardConfig::tiny();
        let text = format!("{HEADER}{:#010x}\nmodule top();\n", tiny.config_id());
        assert_eq!(check(&text, &tiny), Ok(()));
        let problem = check(&text, &CardConfig::sim()).expect_err("another");
        assert!(problem.contains("`sim`") && problem.contains("another netlist"), "{problem}");
        assert!(check("module top();", &tiny).expect_err("no netlist").contains("netlist::card"));
    }

    #[test]
    fn a_netlist_must_be_named() {
        let options = crate::Options { engine: EngineKind::Netlist, ..crate::Options::native(CardConfig::tiny()) };
        let error = SimCard::new(&options).expect_err("none").to_string();
        assert!(error.contains("netlist"), "{error}");
        let gone = crate::Options { netlist: Some("/nowhere/card.v".into()), ..options };
        // Without Verilator, that is what it says.
        let error = SimCard::new(&gone).expect_err("absent").to_string();
        assert!(error.contains("/nowhere/card.v") || error.contains("verilator"), "{error}");
    }
}
