//! `sim`, `sim:verilator` and `sim:netlist`: the simulated card in this process.

use super::engine::Nature;
use super::in_process::InProcess;
use crate::device::{DeviceName, Options, Waves};
use crate::{Curve, Error, Result};
use gristmill_abi::layout::Field;
use gristmill_driver::Transport;
use gristmill_hdl::config::CardConfig;
use gristmill_sim::{EngineKind, Options as SimOptions, SimCard};
use std::path::Path;

/// The configuration that a simulated card gets if none is named.
const DEFAULT_CONFIG: &str = "sim";
/// The same of a netlist: the card that fits the part.
const DEFAULT_NETLIST: &str = "ecp5-85k";

/// The configuration that `sim:netlist` has if none is named, and others have.
pub fn default_config(name: &DeviceName) -> &'static str {
    if *name == DeviceName::SimNetlist { DEFAULT_NETLIST } else { DEFAULT_CONFIG }
}

/// The configuration of a name (`tiny`, `sim`, `ecp5-85k`) or TOML file.
///
/// # Errors
/// [`Error::Config`] names the file or name, the key and the value.
pub fn load_config(name: &str) -> Result<CardConfig> {
    let wrong = |problem: String| Error::Config { config: name.to_owned(), problem };
    if CardConfig::NAMES.contains(&name) {
        return CardConfig::named(name).map_err(|e| wrong(e.to_string()));
    }
    let path = Path::new(name);
    let looks_like_file = path.components().count() > 1 || path.extension().is_some() || path.exists();
    if !looks_like_file {
        return Err(wrong(format!("no such configuration; use {}, or a TOML file", CardConfig::NAMES.join(", "))));
    }
    let text = std::fs::read_to_string(path).map_err(|e| {
        wrong(format!("cannot read the file: {e}; use {}, or a TOML file", CardConfig::NAMES.join(", ")))
    })?;
    CardConfig::from_toml(&text).map_err(|e| wrong(e.to_string()))
}

/// The same with another curve; its name says so, if it differs.
///
/// # Errors
/// As [`load_config`], also if there is no such card of that curve.
pub fn load_config_with(name: &str, curve: Curve) -> Result<CardConfig> {
    let config = load_config(name)?;
    if config.curve_id() == curve {
        return Ok(config);
    }
    let config =
        CardConfig { name: format!("{}, {}", config.name, curve.name()), curve: curve.name().into(), ..config };
    config.validate().map_err(|e| Error::Config { config: config.name.clone(), problem: e.to_string() })?;
    Ok(config)
}

/// A configuration with transforms over Goldilocks in place of its own, so without element-wise operations; its name says so, if it differs.
///
/// # Errors
/// [`Error::Config`] if there is no such card.
pub fn over_goldilocks(config: CardConfig) -> Result<CardConfig> {
    if config.field_id() == Field::Goldilocks {
        return Ok(config);
    }
    let field = Field::Goldilocks.name();
    let name = format!("{}, {field}", config.name);
    let config = CardConfig { name, ntt_field: Some(field.into()), elementwise: false, ..config };
    config.validate().map_err(|e| Error::Config { config: config.name.clone(), problem: e.to_string() })?;
    Ok(config)
}

pub(super) fn open(name: &DeviceName, options: &Options) -> Result<(Box<dyn Transport>, Nature)> {
    let config = options.config.as_deref().unwrap_or(default_config(name));
    let config = match options.curve {
        Some(curve) => load_config_with(config, curve)?,
        None => load_config(config)?,
    };
    let config = if options.goldilocks { over_goldilocks(config)? } else { config };
    let (config_name, clock_hz) = (config.name.clone(), config.clock_hz);
    let native = SimOptions::native(config);
    let engine = match name {
        DeviceName::SimVerilator => EngineKind::Verilator,
        DeviceName::SimNetlist => EngineKind::Netlist,
        _ => native.engine,
    };
    let netlist = options.netlist.clone();
    let waves = options.waves.as_ref().map(waves);
    let card = SimCard::new(&SimOptions { engine, netlist, waves, faults: options.faults.clone(), ..native })
        .map_err(|e| Error::DeviceUnavailable { device: name.to_string(), reason: e.to_string() })?;
    let nature = Nature {
        kind: "simulator",
        config: Some(config_name),
        clock_hz: Some(clock_hz.into()),
        twins: card
            .engine()
            .map(|e| e.twins())
            .unwrap_or_default()
            .iter()
            .map(|t| twin_name(t.name, &t.path))
            .collect(),
    };
    Ok((Box::new(InProcess::new(name.to_string(), card)), nature))
}

fn waves(waves: &Waves) -> gristmill_sim::Waves {
    let (from, to) = waves.cycles.unwrap_or((0, u64::MAX));
    gristmill_sim::Waves::new(&waves.file, from, to)
}

/// `gristmill_hdl::curve::PointAdder<16, 256>` at `top$msm$adder` as `PointAdder at msm.adder`.
fn twin_name(ty: &str, path: &str) -> String {
    let ty = ty.split('<').next().unwrap_or(ty);
    let ty = ty.rsplit("::").next().unwrap_or(ty);
    format!("{ty} at {}", path.strip_prefix("top$").unwrap_or(path).replace('$', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_have_short_names() {
        assert_eq!(twin_name("a::b::PointAdder<c::D<16>>", "top$msm$adder"), "PointAdder at msm.adder");
    }

    #[test]
    fn configurations_that_are_none_name_the_way_out() {
        for (name, part) in [
            ("huge", "use tiny, sim, ecp5-85k, acorn-cle215p, vu9p, u55c, or a TOML file"),
            ("absent.toml", "cannot read the file"),
        ] {
            let error = load_config(name).expect_err(name).to_string();
            assert!(error.contains(name) && error.contains(part), "{error}");
        }
        assert_eq!(load_config("tiny").expect("named").name, "tiny");
    }
}
