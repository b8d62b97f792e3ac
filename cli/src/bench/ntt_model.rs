//! `gristmill bench ntt --model`: what a transform would take on a card of a configuration.

use crate::args::Bench;
use crate::error::CliError;

#[cfg(feature = "sim")]
pub use with_configurations::{of_simulated, run};

/// Runs the command.
#[cfg(not(feature = "sim"))]
pub fn run(_: &Bench) -> Result<(), CliError> {
    let choices = "a build with the feature sim (this one has no configurations)";
    Err(CliError::NotOffered { option: "model", value: "ntt".into(), choices })
}

/// Cycles of the simulated card's transform.
#[cfg(not(feature = "sim"))]
pub fn of_simulated(_: &Bench) -> Result<Option<u64>, CliError> {
    Ok(None)
}

#[cfg(feature = "sim")]
mod with_configurations {
    use super::{Bench, CliError};
    use crate::bench::{log_size, ntt};
    use crate::output;
    use crate::picture::{duration, grouped};
    use gristmill::Field;
    use gristmill::device::{DeviceName, default_config, load_config, load_config_with, over_goldilocks};
    use gristmill_hdl::config::CardConfig;
    use gristmill_hdl::field::Arithmetic;
    use gristmill_hdl::ntt::NttCycles;
    use gristmill_hdl::ntt::cycles::COMMAND;
    use serde::Serialize;
    use std::fmt::Write;

    /// The configuration that is predicted for if none is named.
    const DEFAULT: &str = "u55c";
    /// Cycles of a command outside the engine with its vector in host memory. Fitted to one run, `gristmill bench ntt --device sim --log-size 7`.
    const OVER_THE_LINK: u64 = 453;
    /// Of the simulated host memory: 128 words are on their way at a time, and take so many cycles.
    const WINDOW: u64 = 128;
    const WINDOW_CYCLES: u64 = 220;

    /// A prediction.
    #[derive(Serialize)]
    struct Figures {
        op: &'static str,
        field: &'static str,
        config: String,
        config_id: String,
        log_size: u32,
        /// Nothing was run.
        modelled: bool,
        /// On chip 1, in card memory 2.
        passes: u32,
        cycles: u64,
        bound_cycles: u64,
        butterfly_use: f64,
        clock_hz: u32,
        seconds: f64,
        elements_per_second: f64,
        memory_bytes_per_second: f64,
    }

    /// Runs the command.
    pub fn run(args: &Bench) -> Result<(), CliError> {
        let config = of_field(args.device.config.as_deref().unwrap_or(DEFAULT), ntt::field(args)?)?;
        let (log, model) = (log_size(args), NttCycles::new(&config));
        let passes = if log <= config.ntt_log_max { 1 } else { 2 };
        let cycles = match passes {
            1 => model.on_chip(log).filter(|_| log >= config.field_id().least_log()).map(|cycles| cycles + COMMAND),
            _ => model.in_memory(log),
        };
        let Some(cycles) = cycles else {
            let value = format!("{log} on a card {}", config.name);
            let choices = "what its chip holds, or its memory in two passes (--config names a larger card)";
            return Err(CliError::NotOffered { option: "log-size", value, choices });
        };
        let n = 1u64 << log;
        let bound = (n / 2 * u64::from(log)).div_ceil(config.butterflies.into()) * model.interval();
        let seconds = config.predicted_seconds(cycles);
        let words = 2 * u64::from(passes) * n / config.field_id().elements_per_word() as u64;
        let figures = Figures {
            op: "ntt",
            field: config.field_id().name(),
            config: config.name.clone(),
            config_id: format!("{:08x}", config.config_id()),
            log_size: log,
            modelled: true,
            passes,
            cycles,
            bound_cycles: bound,
            butterfly_use: bound as f64 / cycles as f64,
            clock_hz: config.clock_hz,
            seconds,
            elements_per_second: n as f64 / seconds,
            memory_bytes_per_second: 32.0 * words as f64 / seconds,
        };
        if args.json { output::line(serde_json::json!(figures)) } else { output::print(&text(&figures)) }
    }

    /// The configuration of that name with transforms over a field. BN254's Fr is asked for by asking for none, and leaves it what it is.
    fn of_field(name: &str, field: Field) -> Result<CardConfig, CliError> {
        Ok(match (field, ntt::curve_of(field)) {
            (Field::Bn254Fr, _) => load_config(name)?,
            (_, Some(curve)) => load_config_with(name, curve)?,
            (_, None) => over_goldilocks(load_config(name)?)?,
        })
    }

    /// Cycles of a transform of a host's vector on a simulated card; `None` for other devices, and where the library cuts it itself.
    pub fn of_simulated(args: &Bench) -> Result<Option<u64>, CliError> {
        let Ok(name) = args.device.device.parse::<DeviceName>() else { return Ok(None) };
        if !matches!(name, DeviceName::Sim | DeviceName::SimVerilator | DeviceName::SimNetlist) {
            return Ok(None);
        }
        let field = ntt::field(args)?;
        let config = of_field(args.device.config.as_deref().unwrap_or(default_config(&name)), field)?;
        if config.arithmetic == Arithmetic::Serial {
            return Ok(None);
        }
        let (log, model) = (log_size(args), NttCycles::new(&config));
        let words = config.field_id().vector_words(log);
        // Words beyond the first window come as fast as the host's memory gives them. The engine takes one of Goldilocks in four cycles.
        let waits = words.saturating_sub(WINDOW) * (WINDOW_CYCLES - WINDOW) / WINDOW;
        let engine_waits = if field == Field::Goldilocks { 0 } else { waits };
        let on_chip = model.on_chip(log).map(|cycles| cycles + OVER_THE_LINK + engine_waits);
        // A longer one is copied there and back.
        Ok(on_chip.or(model.in_memory(log).map(|cycles| cycles + 2 * (words + OVER_THE_LINK) + waits)))
    }

    fn text(f: &Figures) -> String {
        let mut out = String::new();
        let (log, config, field) = (f.log_size, &f.config, f.field);
        let _ = writeln!(out, "ntt of 2^{log} on a card {config} ({field}): predicted, nothing was run");
        let way = match f.passes {
            1 => "on chip, one command",
            _ => "in card memory, two passes of columns",
        };
        let _ = writeln!(out, "  configuration     id {}: {way}", f.config_id);
        let ratio = f.cycles as f64 / f.bound_cycles as f64;
        let _ = writeln!(
            out,
            "  cycles            {} = {ratio:.4} x bound of {}",
            grouped(f.cycles),
            grouped(f.bound_cycles)
        );
        let _ = writeln!(out, "  butterfly use     {:.1} % of the commands' cycles", f.butterfly_use * 100.0);
        let (clock, time) = (f64::from(f.clock_hz), duration(f.seconds));
        let _ =
            writeln!(out, "  at {:.0} MHz        {time}, {:.3} M elements/s", clock / 1e6, f.elements_per_second / 1e6);
        let _ = writeln!(out, "  needs             {:.3} MB/s of card memory", f.memory_bytes_per_second / 1e6);
        out.push_str(
            "Assumed: the clock (no board has run at it), the vector in card memory, which gives and takes a word a cycle each.\n",
        );
        out
    }
}
