//! `gristmill demo`: the Poseidon example on the simulated card, and where its cycles went.

use crate::args::{Demo, DeviceArgs, WavesArgs};
use crate::error::CliError;
use crate::picture::{Bar, bars, duration, grouped};
use crate::prove::{progress_bar, show};
use crate::{open, output};
use gristmill::formats::{Witness, Zkey};
use gristmill::groth16::{Proved, ZkeyProver};
use gristmill::{Check, Device, Fallback, Place, Report};
use std::time::Instant;

const ZKEY: &[u8] = include_bytes!("../../examples/poseidon/circuit.zkey");
const WITNESS: &[u8] = include_bytes!("../../examples/poseidon/witness.wtns");
const CELLS: usize = 40;

/// Runs the command.
pub fn run(args: &Demo) -> Result<(), CliError> {
    if !args.device.starts_with("sim") {
        let choices = "sim or sim:verilator (for other devices: gristmill prove)";
        return Err(CliError::NotOffered { option: "device", value: args.device.clone(), choices });
    }
    output::line(format_args!(
        "I know a preimage of a Poseidon hash. The circuit has 520 wires; its key is snarkjs'."
    ))?;
    output::line(format_args!("Every G1 MSM and every NTT of the proof is done by the simulated card's RTL.\n"))?;
    let device_args = DeviceArgs { device: args.device.clone(), config: None, netlist: None, poll: None };
    let device = open::device(&device_args, Fallback::Never, Check::Curve, &WavesArgs::default())?;
    let (proved, report, seconds) = prove(&device)?;
    let signals: Vec<String> = proved.public.iter().map(|s| s.to_string()).collect();
    output::line(format_args!(
        "proved and verified on {} in {}\nhash {}",
        report.device,
        duration(seconds),
        signals.join(", ")
    ))?;
    output::print(&picture(&report))?;

    let (_, cpu, cpu_seconds) = prove(&open::cpu()?)?;
    let g1_and_ntt: f64 = cpu
        .stages
        .iter()
        // The card's transforms may be steps of its quotient, where the CPU has stages for them.
        .filter(|s| {
            s.name.starts_with("ntt ") || report.stages.iter().any(|d| d.place == Place::Device && d.name == s.name)
        })
        .map(|s| s.seconds)
        .sum();
    output::line(format_args!(
        "\ncycles simulated   {} ({} a second)",
        grouped(report.cycles),
        grouped((report.cycles as f64 / seconds) as u64)
    ))?;
    if let Some(hz) = report.clock_hz {
        let at = duration(report.cycles as f64 / hz as f64);
        output::line(format_args!(
            "at {:.0} MHz         {at} (predicted, one adder and one butterfly)",
            hz as f64 / 1e6
        ))?;
    }
    output::line(format_args!(
        "the same on this CPU {} (whole proof {})",
        duration(g1_and_ntt),
        duration(cpu_seconds)
    ))?;
    if !report.twins.is_empty() {
        let indent = format!("\n{:19}", "");
        output::line(format_args!(
            "twins              {}{indent}native integers instead of their RTL, tested against it;\
             {indent}--device sim:verilator runs everything as Verilog",
            report.twins.join(&indent)
        ))?;
    }
    output::line(format_args!(
        "\nNext: gristmill prove --device sim CIRCUIT.zkey WITNESS.wtns PROOF.json PUBLIC.json"
    ))?;
    Ok(())
}

fn prove(device: &Device) -> Result<(Proved, Report, f64), CliError> {
    let start = Instant::now();
    let broken = |e: gristmill::formats::Problem| CliError::Demo(e.to_string());
    let zkey = Zkey::parse(ZKEY).map_err(broken)?;
    let witness = Witness::parse(WITNESS).map_err(broken)?;
    let prover = ZkeyProver::new(device, zkey)?;
    let bar = progress_bar();
    let proved = prover.prove_with(&witness, &mut |p| show(&bar, &p));
    bar.finish_and_clear();
    Ok((proved?, device.take_report(), start.elapsed().as_secs_f64()))
}

/// Where the cycles went: by stage, then what the MSM engine did in its cycles.
fn picture(r: &Report) -> String {
    let share =
        |part: u64, all: u64| format!("{:>9}  {:>4.1} %", grouped(part), part as f64 * 100.0 / all.max(1) as f64);
    let mut out = format!("\nwhere the {} cycles went\n", grouped(r.cycles));
    let stages: Vec<Bar> = r
        .stages
        .iter()
        .filter(|s| s.place == Place::Device && s.cycles > 0)
        .map(|s| Bar { label: s.name.clone(), value: s.cycles as f64, remark: share(s.cycles, r.cycles) })
        .collect();
    out += &bars(&stages, CELLS);
    out += &format!("\nwhat the point adder did in the MSM's {} cycles\n", grouped(r.msm_cycles));
    let bar = |label: &str, n: u64| Bar { label: label.into(), value: n as f64, remark: share(n, r.msm_cycles) };
    out += &bars(
        &[
            bar("useful additions", r.useful_additions),
            bar("nothing to add", r.stalls.empty),
            bar("bucket in flight", r.stalls.bucket),
            bar("drain, turn around", r.stalls.drain),
            bar("waiting for input", r.stalls.input),
        ],
        CELLS,
    );
    out
}
