//! `gristmill bench msm|ntt`: one operation on random inputs, an MSM checked against arkworks, an NTT against the CPU engine. `link` has
//! `gristmill bench link`, `crossover` the cost model, `model` and `ntt_model` cycles predicted.

mod crossover;
pub mod distribution;
mod link;
mod model;
mod ntt;
mod ntt_model;
#[cfg(feature = "sim")]
mod predict;
mod sample;

use crate::args::{Bench, BenchOp, CurveArg};
use crate::error::CliError;
use crate::picture::{duration, grouped};
use crate::{open, output};
use ark_ec::VariableBaseMSM;
use ark_ec::short_weierstrass::Projective;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use distribution::{Distribution, Scalars, Walk};
use gristmill::{Check, Curve, Device, Fallback, Field, Info, MsmCurve, Report};
use serde::Serialize;
use std::fmt::Write;
use std::time::Instant;

/// log2 of the largest operation that is run.
const LARGEST: u32 = 24;

/// The printed figures; an MSM's and an NTT's share the head.
#[derive(Serialize)]
struct Figures {
    op: &'static str,
    curve: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    log_size: u32,
    device: String,
    seed: u64,
    seconds: f64,
    cpu_seconds: f64,
    cycles: Option<u64>,
    bound_cycles: Option<u64>,
    /// Of a simulated card's MSM, by the cycle model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_cycles: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msm: Option<MsmFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ntt: Option<NttFigures>,
    cycles_per_second: Option<f64>,
    predicted_seconds: Option<f64>,
    twins: Vec<String>,
    correct: bool,
}

#[derive(Serialize)]
struct MsmFigures {
    distribution: Distribution,
    vectors: u32,
    adders: u64,
    windows: u64,
    window_bits: u64,
    useful_additions: u64,
    cycles_per_point: f64,
    adder_use: Option<f64>,
    stall_input: u64,
    stall_bucket: u64,
    stall_empty: u64,
    stall_drain: u64,
}

/// Of an NTT.
#[derive(Serialize)]
struct NttFigures {
    butterflies: u64,
    butterfly_units: u64,
    butterfly_use: f64,
}

/// Runs the command.
pub fn run(args: &Bench) -> Result<(), CliError> {
    let field = ntt::field(args)?;
    match args.op {
        op if op != BenchOp::Ntt && field != Field::Bn254Fr => {
            let value = field.name().to_owned();
            return Err(CliError::NotOffered { option: "field", value, choices: "bench ntt" });
        }
        op if args.vectors != 1 && (op != BenchOp::Msm || args.model) => {
            let choices = "bench msm, without --model";
            return Err(CliError::NotOffered { option: "vectors", value: args.vectors.to_string(), choices });
        }
        BenchOp::Msm if args.model => {
            return match args.curve.into() {
                Curve::Bn254 => model::run::<ark_bn254::g1::Config>(args),
                Curve::Bls12_381 => model::run::<ark_bls12_381::g1::Config>(args),
                Curve::Bls12_377 => model::run::<ark_bls12_377::g1::Config>(args),
            };
        }
        op if args.model && op != BenchOp::Ntt => {
            return Err(CliError::NotOffered {
                option: "model",
                value: format!("{:?}", args.op).to_lowercase(),
                choices: "msm, ntt",
            });
        }
        op if op != BenchOp::Msm && args.curve != CurveArg::Bn254 => {
            let value = Curve::from(args.curve).name().to_owned();
            return Err(CliError::NotOffered { option: "curve", value, choices: "bench msm" });
        }
        op if op != BenchOp::Msm && args.distribution != Distribution::Uniform => {
            let value = args.distribution.name();
            return Err(CliError::NotOffered { option: "distribution", value, choices: "bench msm" });
        }
        BenchOp::Ntt if args.model => return ntt_model::run(args),
        _ if log_size(args) > LARGEST => {
            let value = log_size(args).to_string();
            return Err(CliError::NotOffered { option: "log-size", value, choices: "1 to 24; to 27 with --model" });
        }
        BenchOp::Link => return link::run(args),
        BenchOp::Crossover => return crossover::run(args),
        _ => {}
    }
    let device = match args.op {
        BenchOp::Msm => open::with_curve(&args.device, args.curve.into(), &args.waves)?,
        BenchOp::Ntt => open::with_field(&args.device, field, &args.waves)?,
        _ => open::device(&args.device, Fallback::Never, Check::None, &args.waves)?,
    };
    let cpu = open::cpu()?;
    let info = device.info()?;
    let op = match args.op {
        BenchOp::Msm if info.msm.is_none() => Some("msm"),
        BenchOp::Ntt if info.ntt.is_none() && info.goldilocks.is_none() => Some("ntt"),
        BenchOp::Ntt if !info.has_field(field) => Some(ntt::engine_name(field)),
        _ => None,
    };
    if let Some(op) = op.filter(|_| !device.is_cpu()) {
        // The library would do it on the CPU: right for a proof, but not for a measurement of the card.
        return Err(CliError::NoEngine { device: info.device, op });
    }
    let figures = match args.op {
        BenchOp::Ntt => ntt::run(args, &device, &cpu, &info)?,
        _ => match args.curve.into() {
            Curve::Bn254 => msm::<ark_bn254::g1::Config>(args, &device, &cpu, &info)?,
            Curve::Bls12_381 => msm::<ark_bls12_381::g1::Config>(args, &device, &cpu, &info)?,
            Curve::Bls12_377 => msm::<ark_bls12_377::g1::Config>(args, &device, &cpu, &info)?,
        },
    };
    if args.json {
        output::line(flat_json(&figures))?;
    } else {
        output::print(&text(&figures))?;
    }
    if figures.correct { Ok(()) } else { Err(CliError::Wrong { device: figures.device, op: figures.op }) }
}

fn msm<C: MsmCurve>(args: &Bench, device: &Device, cpu: &Device, info: &Info) -> Result<Figures, CliError> {
    let n = 1usize << log_size(args);
    let mut rng = StdRng::seed_from_u64(args.seed);
    let points = Walk::<C>::new(&mut rng).points(n, args.distribution);
    // The first vector goes on where the bases ended, whatever the number of vectors.
    let others = (1..args.vectors).map(|v| StdRng::seed_from_u64(args.seed.wrapping_add(u64::from(v) << 32)));
    let sources: Vec<Scalars<C>> =
        std::iter::once(rng).chain(others).map(|rng| Scalars::new(args.distribution, n, rng)).collect();
    let vectors: Vec<Vec<C::ScalarField>> = sources.iter().map(|source| source.clone().collect()).collect();

    let bases = device.upload_bases(&points)?;
    device.take_report();
    let start = Instant::now();
    let jobs: Vec<_> = vectors.iter().map(|scalars| (&bases, &scalars[..])).collect();
    let sums = device.msm_batch(&jobs)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = device.take_report();

    let cpu_bases = cpu.upload_bases(&points)?;
    let start = Instant::now();
    let jobs: Vec<_> = vectors.iter().map(|scalars| (&cpu_bases, &scalars[..])).collect();
    let on_cpu = cpu.msm_batch(&jobs)?;
    let cpu_seconds = start.elapsed().as_secs_f64();
    let expected: Vec<_> = vectors.iter().map(|scalars| Projective::<C>::msm_unchecked(&points, scalars)).collect();

    let correct = sums == expected && on_cpu == expected;
    let mut figures = head("msm", args, info, &report, seconds, cpu_seconds, correct);
    if let (Some(msm), Some(cycles)) = (info.msm, figures.cycles) {
        let buckets = msm.windows << (msm.window_bits - 1);
        let bound = (n as u64 * msm.windows * msm.multiples + 2 * buckets).div_ceil(msm.adders);
        figures.bound_cycles = Some(u64::from(args.vectors) * bound);
        figures.model_cycles = model::of_simulated(args, sources)?;
        figures.msm = Some(MsmFigures {
            distribution: args.distribution,
            vectors: args.vectors,
            adders: msm.adders,
            windows: msm.windows,
            window_bits: msm.window_bits,
            useful_additions: report.useful_additions,
            cycles_per_point: cycles as f64 / (n as f64 * f64::from(args.vectors)),
            adder_use: report.adder_use,
            stall_input: report.stalls.input,
            stall_bucket: report.stalls.bucket,
            stall_empty: report.stalls.empty,
            stall_drain: report.stalls.drain,
        });
    }
    Ok(figures)
}

fn head(
    op: &'static str,
    args: &Bench,
    info: &Info,
    report: &Report,
    seconds: f64,
    cpu_seconds: f64,
    correct: bool,
) -> Figures {
    let cycles = (report.cycles > 0).then_some(report.cycles);
    Figures {
        op,
        curve: Curve::from(args.curve).name(),
        field: None,
        log_size: log_size(args),
        device: info.device.clone(),
        seed: args.seed,
        seconds,
        cpu_seconds,
        cycles,
        bound_cycles: None,
        model_cycles: None,
        msm: None,
        ntt: None,
        cycles_per_second: cycles.map(|c| c as f64 / seconds),
        predicted_seconds: cycles.zip(report.clock_hz).map(|(c, hz)| c as f64 / hz as f64),
        twins: report.twins.clone(),
        correct,
    }
}

/// log2 of the size of an MSM or NTT.
fn log_size(args: &Bench) -> u32 {
    args.log_size.unwrap_or(10)
}

/// One object without nesting, as scripts like it.
fn flat_json(figures: &Figures) -> serde_json::Value {
    let mut value = serde_json::json!(figures);
    if let Some(object) = value.as_object_mut() {
        for part in ["msm", "ntt"] {
            if let Some(serde_json::Value::Object(inner)) = object.remove(part) {
                object.extend(inner);
            }
        }
    }
    value
}

fn text(f: &Figures) -> String {
    let mut out = String::new();
    let what = f.field.unwrap_or(f.curve);
    let _ = writeln!(out, "{} of 2^{} on {} ({what}, seed {})", f.op, f.log_size, f.device, f.seed);
    let _ = writeln!(
        out,
        "  result            {}",
        match (f.correct, f.op) {
            (false, _) => "WRONG",
            (true, "msm") => "equal to arkworks'",
            (true, _) => "equal to the CPU's",
        }
    );
    let _ = writeln!(out, "  time              {} (CPU {})", duration(f.seconds), duration(f.cpu_seconds));
    if let (Some(cycles), Some(bound)) = (f.cycles, f.bound_cycles) {
        let ratio = cycles as f64 / bound as f64;
        let _ = writeln!(out, "  cycles            {} = {ratio:.3} x bound of {}", grouped(cycles), grouped(bound));
    }
    if let (Some(cycles), Some(model)) = (f.cycles, f.model_cycles) {
        let error = (model as f64 / cycles as f64 - 1.0) * 100.0;
        let _ = writeln!(out, "  model             {} ({error:+.2} %)", grouped(model));
    }
    if let Some(rate) = f.cycles_per_second {
        let _ = writeln!(out, "  cycles/s          {}", grouped(rate as u64));
    }
    if let Some(seconds) = f.predicted_seconds {
        let _ = writeln!(out, "  at full clock     {} (predicted)", duration(seconds));
    }
    if let Some(m) = &f.msm {
        if m.distribution != Distribution::Uniform {
            let _ = writeln!(out, "  distribution      {}", m.distribution.name());
        }
        if m.vectors > 1 {
            let _ = writeln!(out, "  vectors           {} over the same bases", m.vectors);
        }
        let _ = writeln!(out, "  adders            {}, {} windows of {} bits", m.adders, m.windows, m.window_bits);
        let _ = writeln!(out, "  useful additions  {}", grouped(m.useful_additions));
        if let Some(share) = m.adder_use {
            let _ = writeln!(out, "  adder use         {:.1} % of the engine's cycles", share * 100.0);
        }
        let _ = writeln!(out, "  cycles/point      {:.2}", m.cycles_per_point);
        let _ = writeln!(
            out,
            "  stalls            input {}, bucket in flight {}, nothing to add {}, drain {}",
            grouped(m.stall_input),
            grouped(m.stall_bucket),
            grouped(m.stall_empty),
            grouped(m.stall_drain)
        );
    }
    if let Some(n) = &f.ntt {
        let _ = writeln!(out, "  butterflies       {} on {} unit(s)", grouped(n.butterflies), n.butterfly_units);
        let _ = writeln!(out, "  butterfly use     {:.1} % of the command's cycles", n.butterfly_use * 100.0);
    }
    if !f.twins.is_empty() {
        let _ = writeln!(out, "  twins             {}", f.twins.join(", "));
    }
    out
}
