//! `gristmill bench ntt`: one transform over either field, held against the CPU engine's.

use super::{Figures, NttFigures, head, log_size, ntt_model};
use crate::args::Bench;
use crate::error::CliError;
use ark_bn254::Fr;
use ark_ff::UniformRand;
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use gristmill::{Device, GoldilocksTransform, Info, Report, Transform};
use std::time::Instant;

/// The fields.
pub const BN254: &str = "bn254-fr";
pub const GOLDILOCKS: &str = "goldilocks";

/// Runs the transform.
pub fn run(args: &Bench, device: &Device, cpu: &Device, info: &Info) -> Result<Figures, CliError> {
    let n = 1usize << log_size(args);
    let mut rng = StdRng::seed_from_u64(args.seed);
    let (field, engine, (seconds, report, cpu_seconds, correct)) = match args.field.as_str() {
        GOLDILOCKS => {
            let input: Vec<u64> = (0..n).map(|_| rng.r#gen()).collect();
            let transform = |device: &Device, values: &mut Vec<u64>| {
                device.goldilocks_ntt(&mut [values], &GoldilocksTransform::FORWARD)
            };
            (GOLDILOCKS, info.goldilocks, timed(device, cpu, &input, transform)?)
        }
        _ => {
            let input: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            let transform = |device: &Device, values: &mut Vec<Fr>| device.ntt(values, &Transform::FORWARD);
            (BN254, info.ntt, timed(device, cpu, &input, transform)?)
        }
    };
    let mut figures = head("ntt", args, info, &report, seconds, cpu_seconds, correct);
    figures.field = Some(field);
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

/// Seconds and report of the device, seconds of the CPU, and whether they agree.
fn timed<T: Clone + PartialEq>(
    device: &Device,
    cpu: &Device,
    input: &[T],
    transform: impl Fn(&Device, &mut Vec<T>) -> gristmill::Result<()>,
) -> Result<(f64, Report, f64, bool), CliError> {
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
