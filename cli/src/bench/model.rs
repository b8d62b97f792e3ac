//! `gristmill bench msm --model`: what an MSM would take on a card of a configuration, beside published systems.

use crate::args::Bench;
use crate::bench::distribution::Scalars;
use crate::error::CliError;
use gristmill::MsmCurve;

#[cfg(feature = "sim")]
pub use with_configurations::{of_simulated, run};

/// Runs the command.
#[cfg(not(feature = "sim"))]
pub fn run<C: MsmCurve>(_: &Bench) -> Result<(), CliError> {
    let choices = "a build with the feature sim (this one has no configurations)";
    Err(CliError::NotOffered { option: "model", value: "msm".into(), choices })
}

/// Cycles of the simulated card's MSM.
#[cfg(not(feature = "sim"))]
pub fn of_simulated<C: MsmCurve>(_: &Bench, _: Vec<Scalars<C>>) -> Result<Option<u64>, CliError> {
    Ok(None)
}

#[cfg(feature = "sim")]
mod with_configurations {
    use super::{Bench, CliError, MsmCurve, Scalars};
    use crate::bench::distribution::Walk;
    use crate::bench::log_size;
    use crate::bench::predict::{self, Prediction};
    use crate::picture::{duration, grouped};
    use crate::{output, table};
    use ark_std::rand::{SeedableRng, rngs::StdRng};
    use gristmill::device::DeviceName;
    use gristmill::device::{default_config, load_config, load_config_with};
    use gristmill_hdl::config::CardConfig;
    use serde::Serialize;
    use std::fmt::Write;

    /// The configuration that is predicted for if none is named.
    const DEFAULT: &str = "u55c";
    /// Bytes of a word, which a scalar takes.
    const WORD: f64 = 32.0;

    /// Published systems: name, curve and part, log2 of the points, seconds, cycles a point, what it could not beat.
    /// ZPrize 2022 (CycloneMSM's paper, Hardcaml's report) and 2023 (the winners' reports; four MSMs of 2^24 each).
    const PUBLISHED: [(&str, &str, &str, f64, f64, f64); 4] = [
        ("CycloneMSM, 1 adder, 250 MHz", "BLS12-377, VU9P", "2^26", 5.656, 21.1, 16.0),
        ("Hardcaml ZPrize, 1 adder, 278 MHz", "BLS12-377, VU9P", "2^26", 5.084, 21.1, 20.0),
        ("SuperScalar, 3 adders, 280 MHz", "BLS12-377, U250", "4 x 2^24", 1.43, 5.97, 5.33),
        ("Yrrid, 3 adders, 250 MHz", "BLS12-377, U250", "4 x 2^24", 2.04, 7.6, 7.0),
    ];

    #[derive(Serialize)]
    struct Figures {
        op: &'static str,
        curve: String,
        config: String,
        config_id: String,
        log_size: u32,
        distribution: crate::bench::distribution::Distribution,
        seed: u64,
        /// Nothing was run.
        modelled: bool,
        commands: usize,
        command_points: usize,
        walked_commands: usize,
        cycles: u64,
        bound_cycles: u64,
        cycles_per_point: f64,
        accumulation_cycles: u64,
        summation_cycles: u64,
        result_cycles: u64,
        useful_share_of_accumulation: f64,
        stall_input: u64,
        stall_bucket: u64,
        stall_empty: u64,
        stall_drain: u64,
        clock_hz: u32,
        seconds: f64,
        points_per_second: f64,
        base_bytes_per_second: f64,
        scalar_bytes_per_second: f64,
    }

    /// Runs the command.
    pub fn run<C: MsmCurve>(args: &Bench) -> Result<(), CliError> {
        let config = configuration::<C>(args, DEFAULT)?;
        let n = 1usize << log_size(args);
        let mut rng = StdRng::seed_from_u64(args.seed);
        // The same scalars as a run would have.
        Walk::<C>::new(&mut rng);
        let prediction = predict::msm(&config, n, Scalars::<C>::new(args.distribution, n, rng));
        let figures = figures(args, &config, n, &prediction);
        if args.json { output::line(serde_json::json!(figures)) } else { output::print(&text(&config, &figures)) }
    }

    /// The configuration that --config names, which has to be of this curve; else a default one, made so.
    fn configuration<C: MsmCurve>(args: &Bench, default: &str) -> Result<CardConfig, CliError> {
        let Some(name) = args.device.config.as_deref() else { return Ok(load_config_with(default, C::CURVE)?) };
        let config = load_config(name)?;
        if config.curve_id() == C::CURVE {
            return Ok(config);
        }
        Err(CliError::Curve {
            curve: C::CURVE.name(),
            of: format!("the configuration {name}"),
            has: config.curve,
            or: "or a configuration of that curve",
        })
    }

    /// Cycles of the simulated card's MSMs with these vectors of scalars; `None` for other devices.
    pub fn of_simulated<C: MsmCurve>(args: &Bench, vectors: Vec<Scalars<C>>) -> Result<Option<u64>, CliError> {
        let Ok(name) = args.device.device.parse::<DeviceName>() else { return Ok(None) };
        if !matches!(name, DeviceName::Sim | DeviceName::SimVerilator | DeviceName::SimNetlist) {
            return Ok(None);
        }
        let config = configuration::<C>(args, default_config(&name))?;
        Ok(Some(predict::batch(&config, 1 << log_size(args), vectors)))
    }

    fn figures(args: &Bench, config: &CardConfig, n: usize, p: &Prediction) -> Figures {
        let seconds = config.predicted_seconds(p.cycles);
        let rate = n as f64 / seconds;
        Figures {
            op: "msm",
            curve: config.curve.clone(),
            config: config.name.clone(),
            config_id: format!("{:08x}", config.config_id()),
            log_size: log_size(args),
            distribution: args.distribution,
            seed: args.seed,
            modelled: true,
            commands: p.commands,
            command_points: p.command_points,
            walked_commands: p.walked,
            cycles: p.cycles,
            bound_cycles: p.bound,
            cycles_per_point: p.cycles as f64 / n as f64,
            accumulation_cycles: p.engine.accumulation,
            summation_cycles: p.engine.summation,
            result_cycles: p.engine.results,
            useful_share_of_accumulation: p.engine.useful_accumulation as f64 / p.engine.accumulation as f64
                * predict::interval(config) as f64,
            stall_input: p.engine.input,
            stall_bucket: p.engine.bucket,
            stall_empty: p.engine.empty,
            stall_drain: p.engine.drain,
            clock_hz: config.clock_hz,
            seconds,
            points_per_second: rate,
            base_bytes_per_second: rate * WORD * (config.curve_id().affine_words() as u32 * config.multiples) as f64,
            scalar_bytes_per_second: rate * WORD,
        }
    }

    fn text(config: &CardConfig, f: &Figures) -> String {
        let mut out = String::new();
        let mega = |x: f64| format!("{:.3}", x / 1e6);
        let (size, name) = (f.log_size, f.distribution.name());
        let _ = writeln!(
            out,
            "msm of 2^{size} on a card {} ({}, {name} scalars): predicted, nothing was run",
            f.config, f.curve
        );
        let _ = writeln!(
            out,
            "  configuration     id {}: {} adder(s), {} multiple(s) of each base, {} windows of {} bits, {} segments",
            f.config_id,
            config.adders,
            config.multiples,
            config.windows(),
            config.window_bits,
            config.segments
        );
        let _ = writeln!(out, "  commands          {} of {} points", f.commands, grouped(f.command_points as u64));
        let ratio = f.cycles as f64 / f.bound_cycles as f64;
        let _ = writeln!(
            out,
            "  cycles            {} = {ratio:.4} x bound of {}",
            grouped(f.cycles),
            grouped(f.bound_cycles)
        );
        let _ = writeln!(out, "  cycles/point      {:.3}", f.cycles_per_point);
        let walked = if f.walked_commands < f.commands {
            format!(" (of the {} commands that were walked through; the rest is taken to go alike)", f.walked_commands)
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "  phases            accumulation {}, summation {}, results {}{walked}",
            grouped(f.accumulation_cycles),
            grouped(f.summation_cycles),
            grouped(f.result_cycles)
        );
        let _ =
            writeln!(out, "  useful additions  {:.2} % of the accumulation", f.useful_share_of_accumulation * 100.0);
        let _ = writeln!(
            out,
            "  stalls            input {}, bucket in flight {}, nothing to add {}, drain {}",
            grouped(f.stall_input),
            grouped(f.stall_bucket),
            grouped(f.stall_empty),
            grouped(f.stall_drain)
        );
        let (clock, time) = (f64::from(f.clock_hz), duration(f.seconds));
        let _ = writeln!(out, "  at {:.0} MHz        {time}, {} M points/s", clock / 1e6, mega(f.points_per_second));
        let _ = writeln!(
            out,
            "  needs             {} MB/s of bases from memory, {} MB/s of scalars over the link",
            mega(f.base_bytes_per_second),
            mega(f.scalar_bytes_per_second)
        );
        out.push_str(
            "Assumed: the clock (no board has run at it), bases resident, memory and link that keep up, no sum at infinity.\n\
             Not in it: the host's last stage (segment sums and doublings) and copies, behind the next command or before the first.\n\
             \nPublished, other curves or parts (bases preprocessed; not measured here):\n",
        );
        let mut rows = vec![
            ["system", "curve, part", "points", "seconds", "M points/s", "cycles/point", "windows/adders"]
                .map(str::to_owned),
        ];
        for (system, on, points, seconds, cycles, bound) in PUBLISHED {
            let rate = (1u64 << 26) as f64 / seconds / 1e6;
            let row = [seconds.to_string(), format!("{rate:.1}"), cycles.to_string(), bound.to_string()];
            let [seconds, rate, cycles, bound] = row;
            rows.push([system.into(), on.into(), points.into(), seconds, rate, cycles, bound]);
        }
        out + &table::aligned(&rows)
    }
}
