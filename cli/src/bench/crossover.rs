//! `gristmill bench crossover`: from which size on a card is faster than this machine's CPU. The CPU is
//! measured; the card is the cost model's, by which the device `auto` picks.

use super::distribution::{Distribution, Walk};
use crate::args::Bench;
use crate::error::CliError;
use crate::picture::grouped;
use crate::{open, output, table};
use ark_bn254::Fr;
use ark_ff::UniformRand;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use gristmill::device::cost::{Link, Model, Op};
use gristmill::{Check, Curve, Field, Place, Transform, cpu};
use serde::Serialize;
use std::hint::black_box;
use std::time::Instant;

/// Largest size if none is given.
const LARGEST: u32 = 18;
/// Largest size at which the crossover is sought.
const MOST: u32 = 24;
/// A run of the CPU that takes longer, in seconds, is not repeated.
const LONG: f64 = 0.3;

#[derive(Serialize)]
struct Figures {
    op: &'static str,
    device: String,
    /// Whether a card was measured for this: none has been.
    card_is_modelled: bool,
    threads: usize,
    cpu_over_table_msm: f64,
    cpu_over_table_ntt: f64,
    clock_hz: f64,
    link_bytes_per_second: f64,
    link_latency_seconds: f64,
    sizes: Vec<Size>,
    crossovers: Vec<Crossover>,
}

#[derive(Serialize)]
struct Size {
    op: &'static str,
    log_size: u32,
    cpu_seconds: f64,
    cpu_model_seconds: f64,
    /// `None`: the card does not offer it.
    card_model_seconds: Option<f64>,
    card_cycles: u64,
    choice: Place,
}

#[derive(Serialize)]
struct Crossover {
    op: &'static str,
    /// The card is chosen from here to 2^24; `None`: it is not at 2^24.
    log_size: Option<u32>,
}

/// What the table has a row for at each size.
type Kind = (&'static str, fn(Curve, usize) -> Op, Check);
const KINDS: [Kind; 4] = [
    ("msm, bases resident", |curve, n| Op::Msm { curve, points: n, resident: true }, Check::Curve),
    ("msm, bases brought", |curve, n| Op::Msm { curve, points: n, resident: false }, Check::Curve),
    ("ntt, checked", |_, elements| Op::Ntt { field: Field::Bn254Fr, elements }, Check::Curve),
    ("ntt, unchecked", |_, elements| Op::Ntt { field: Field::Bn254Fr, elements }, Check::None),
];

/// Runs the command.
pub fn run(args: &Bench) -> Result<(), CliError> {
    let (device, model) = model(args)?;
    let curve = Curve::Bn254;
    if model.card().curve != curve {
        let (has, or) = (model.card().curve.name().to_owned(), "with `bench msm`: the crossover is BN254's");
        return Err(CliError::Curve { curve: curve.name(), of: device, has, or });
    }
    let largest = args.log_size.unwrap_or(LARGEST);
    let mut rng = StdRng::seed_from_u64(args.seed);
    let points = Walk::<ark_bn254::g1::Config>::new(&mut rng).points(1 << largest, Distribution::Uniform);
    let mut values: Vec<Fr> = (0..1 << largest).map(|_| Fr::rand(&mut rng)).collect();
    let mut sizes = vec![];
    for log_size in (0..=largest).step_by(2) {
        let n = 1 << log_size;
        let msm = seconds(|| {
            let _ = black_box(cpu::msm(&points[..n], &values[..n]));
        });
        let ntt = seconds(|| cpu::ntt(&mut values[..n], &Transform::FORWARD));
        for (op, kind, check) in KINDS {
            let estimate = model.estimate(&[kind(curve, n)], check);
            sizes.push(Size {
                op,
                log_size,
                cpu_seconds: if matches!(kind(curve, n), Op::Msm { .. }) { msm } else { ntt },
                cpu_model_seconds: estimate.host,
                card_model_seconds: Some(estimate.card).filter(|s| s.is_finite()),
                card_cycles: estimate.cycles,
                choice: estimate.place,
            });
        }
    }
    let crossovers = KINDS
        .map(|(op, kind, check)| Crossover { op, log_size: model.crossover(|n| kind(curve, n), MOST, check) })
        .into();
    let figures = Figures {
        op: "crossover",
        device,
        card_is_modelled: true,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        cpu_over_table_msm: model.host().msm,
        cpu_over_table_ntt: model.host().ntt,
        clock_hz: model.card().clock_hz,
        link_bytes_per_second: model.card().link.rate,
        link_latency_seconds: model.card().link.latency,
        sizes,
        crossovers,
    };
    if args.json { output::line(serde_json::json!(figures)) } else { output::print(&text(&figures)) }
}

/// The model of the card that the arguments name, opened or by its configuration, and what it is.
fn model(args: &Bench) -> Result<(String, Model), CliError> {
    if let Some(config) = &args.device.config {
        return Ok((format!("a card of the configuration {config}"), of_config(config)?));
    }
    let device = open::device(&args.device, gristmill::Fallback::Never, Check::Curve, &args.waves)?;
    if device.is_cpu() {
        return Err(CliError::NotOffered {
            option: "device",
            value: format!("{} (no card)", args.device.device),
            choices: "a card, or --config with a configuration's name or file, of which no card is needed",
        });
    }
    // `auto` knows the slot; of other ways to a card the model assumes what it does where nothing is known.
    let link = device.model().map_or_else(Link::default, |model| model.card().link);
    Ok((device.name().to_owned(), Model::of(&device.info()?, link)))
}

#[cfg(feature = "sim")]
fn of_config(name: &str) -> Result<Model, CliError> {
    use gristmill::device::cost::{Card, Host};
    let card = Card::of_config(&gristmill::device::load_config(name)?, Link::default());
    Ok(Model::new(*Host::here(), card))
}

#[cfg(not(feature = "sim"))]
fn of_config(name: &str) -> Result<Model, CliError> {
    let choices = "a card (this build has no simulator, and no configurations)";
    Err(CliError::NotOffered { option: "config", value: name.to_owned(), choices })
}

/// Seconds of the fastest of three runs, or of one long one.
fn seconds(mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        f();
        best = best.min(start.elapsed().as_secs_f64());
        if best > LONG {
            break;
        }
    }
    best
}

fn text(f: &Figures) -> String {
    let millis = |s: f64| format!("{:.3}", s * 1e3);
    let name = |place| if place == Place::Device { "card" } else { "cpu" };
    let head = ["operation", "size", "cpu ms", "cpu ms (model)", "card ms (model)", "card cycles", "choice"];
    let mut rows = vec![head.map(str::to_owned)];
    let mut sizes: Vec<&Size> = f.sizes.iter().collect();
    sizes.sort_by_key(|s| KINDS.iter().position(|kind| kind.0 == s.op));
    rows.extend(sizes.into_iter().map(|s| {
        [
            s.op.to_owned(),
            format!("2^{}", s.log_size),
            millis(s.cpu_seconds),
            millis(s.cpu_model_seconds),
            s.card_model_seconds.map_or("not offered".into(), millis),
            grouped(s.card_cycles),
            name(s.choice).to_owned(),
        ]
    }));
    let mut out = format!(
        "{} at {:.0} MHz, link {:.1} GB/s, {:.0} us; CPU with {} threads, {:.2} (msm) and {:.2} (ntt) times the table's\n\
         The card's times are modelled: no card has been measured.\n\n{}\n",
        f.device,
        f.clock_hz / 1e6,
        f.link_bytes_per_second / 1e9,
        f.link_latency_seconds * 1e6,
        f.threads,
        f.cpu_over_table_msm,
        f.cpu_over_table_ntt,
        table::aligned(&rows)
    );
    for c in &f.crossovers {
        match c.log_size {
            Some(log) => out += &format!("{}: the card from 2^{log} on\n", c.op),
            None => out += &format!("{}: the CPU at all sizes up to 2^{MOST}\n", c.op),
        }
    }
    out
}
