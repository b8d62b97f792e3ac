//! `gristmill bench ntt`: one transform over any of the fields, held against the CPU engine's.

use super::{Figures, NttFigures, head, log_size, ntt_model};
use crate::args::Bench;
use crate::error::CliError;
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use gristmill::{Curve, Device, Field, GoldilocksTransform, Info, NttField, Report, Transform};
use std::time::Instant;

/// What a run gives: seconds and report of the device, seconds of the CPU, and whether they agree.
type Outcome = (f64, Report, f64, bool);

/// The field that was asked for.
pub fn field(args: &Bench) -> Result<Field, CliError> {
    Field::ALL.into_iter().find(|field| field.name() == args.field).ok_or_else(|| {
        let choices = "bn254-fr, bls12-381-fr, bls12-377-fr or goldilocks";
        CliError::NotOffered { option: "field", value: args.field.clone(), choices }
    })
}

/// The curve whose scalar field it is.
pub fn curve_of(field: Field) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| curve.scalar_field() == field)
}

/// What a card without such transforms lacks.
pub const fn engine_name(field: Field) -> &'static str {
    match field {
        Field::Bn254Fr => "bn254-fr ntt",
        Field::Bls12_381Fr => "bls12-381-fr ntt",
        Field::Bls12_377Fr => "bls12-377-fr ntt",
        Field::Goldilocks => "goldilocks ntt",
    }
}

/// Runs the transform.
pub fn run(args: &Bench, device: &Device, cpu: &Device, info: &Info) -> Result<Figures, CliError> {
    let n = 1usize << log_size(args);
    let field = field(args)?;
    let (seconds, report, cpu_seconds, correct) = match field {
        Field::Bn254Fr => over::<ark_bn254::Fr>(args, device, cpu)?,
        Field::Bls12_381Fr => over::<ark_bls12_381::Fr>(args, device, cpu)?,
        Field::Bls12_377Fr => over::<ark_bls12_377::Fr>(args, device, cpu)?,
        Field::Goldilocks => {
            let mut rng = StdRng::seed_from_u64(args.seed);
            let input: Vec<u64> = (0..n).map(|_| rng.r#gen()).collect();
            timed(device, cpu, &input, |device, values| {
                device.goldilocks_ntt(&mut [values], &GoldilocksTransform::FORWARD)
            })?
        }
    };
    let engine = if field == Field::Goldilocks { info.goldilocks } else { info.ntt };
    let mut figures = head("ntt", args, info, &report, seconds, cpu_seconds, correct);
    figures.field = Some(field.name());
    if let (Some(ntt), Some(cycles)) = (engine, figures.cycles) {
        let butterflies = n as u64 / 2 * u64::from(log_size(args));
        figures.bound_cycles = Some(butterflies.div_ceil(ntt.butterflies.max(1)));
        figures.model_cycles = ntt_model::of_simulated(args)?;
        figures.ntt = Some(NttFigures {
            butterflies: report.butterflies,
            butterfly_units: ntt.butterflies,
            butterfly_use: report.butterflies as f64 / (ntt.butterflies.max(1) * cycles.max(1)) as f64,
        });
    }
    Ok(figures)
}

/// Over a curve's scalar field.
fn over<F: NttField>(args: &Bench, device: &Device, cpu: &Device) -> Result<Outcome, CliError> {
    let mut rng = StdRng::seed_from_u64(args.seed);
    let input: Vec<F> = (0..1usize << log_size(args)).map(|_| F::rand(&mut rng)).collect();
    timed(device, cpu, &input, |device, values| device.ntt(values, &Transform::FORWARD))
}

/// Runs it on either.
fn timed<T: Clone + PartialEq>(
    device: &Device,
    cpu: &Device,
    input: &[T],
    transform: impl Fn(&Device, &mut Vec<T>) -> gristmill::Result<()>,
) -> Result<Outcome, CliError> {
    device.take_report();
    let (mut output, mut expected) = (input.to_vec(), input.to_vec());
    let start = Instant::now();
    transform(device, &mut output)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = device.take_report();
    let start = Instant::now();
    transform(cpu, &mut expected)?;
    Ok((seconds, report, start.elapsed().as_secs_f64(), output == expected))
}
