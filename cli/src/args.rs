//! The command line's grammar.

#[cfg(feature = "bitstreams")]
use crate::args_boards;
use crate::args_host;
use crate::bench::distribution::Distribution;
use clap::{Args, Parser, Subcommand, ValueEnum};
use gristmill::{Curve, Wait};
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "sim")]
use gristmill_sim::{fault::FaultPlan, serial::LineFaults};
/// Taken and not looked at: this build has no simulator.
#[cfg(not(feature = "sim"))]
type FaultPlan = String;
#[cfg(not(feature = "sim"))]
type LineFaults = String;

/// MSM, NTT and Groth16 proofs on an FPGA card, a simulated one, or the CPU.
#[derive(Parser, Debug)]
#[command(name = "gristmill", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Prove a circuit: rapidsnark's arguments, snarkjs' file formats
    Prove(Prove),
    /// Verify a proof: exit code 0 valid, 1 invalid, 2 error
    Verify(Verify),
    /// Show a device: identity, configuration, capabilities, counters
    Info(Info),
    /// Measure an operation and check its result against the CPU
    Bench(Bench),
    /// Serve a simulated card: over vfio-user on a Unix socket, or as a board on a serial line
    Sim(Sim),
    /// Prove the Poseidon example on the simulated card and show where the cycles went
    Demo(Demo),
    /// Show the cards on the PCI bus: driver, IOMMU group, link, state
    List(args_host::List),
    /// Hand a card to user space: bind it to vfio-pci (as root)
    Bind(args_host::Bind),
    /// Give a card back to the kernel (as root)
    Unbind(args_host::Unbind),
    /// Check host and cards: exit code 0 usable, 1 something to mend, 2 error
    Doctor(args_host::Doctor),
    /// Reset a card
    Reset(args_host::Reset),
    /// Build a board's bitstream: Verilog, synthesis, place and route; exit code 1 if the design fails
    #[cfg(feature = "bitstreams")]
    Build(args_boards::Build),
    /// Program a board, and read the card's identity back; exit code 1 if the board fails
    #[cfg(feature = "bitstreams")]
    Program(args_boards::Program),
}

/// Which device, and what to do without it.
#[derive(Args, Debug, Clone)]
pub struct DeviceArgs {
    /// auto | cpu | sim | sim:verilator | sim:netlist | vfio:DDDD:BB:DD.F | vfio-user:SOCKET | serial:PORT[@BAUD]
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub device: String,
    /// The simulated card's configuration: a TOML file, or the name of a built-in one (tiny, sim, ecp5-85k;
    /// acorn-cle215p, vu9p, u55c: slow to simulate)
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<String>,
    /// The netlist that sim:netlist simulates, instead of one that is synthesized from the configuration
    #[arg(long, value_name = "FILE.v")]
    pub netlist: Option<PathBuf>,
    /// Watch a card's completions for so long before sleeping until its interrupt, or `always`:
    /// quicker for short commands, but it keeps a processor busy
    #[arg(long, value_name = "MICROSECONDS", value_parser = poll)]
    pub poll: Option<Wait>,
}

/// Whether the CPU may take over from a failing card.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackArg {
    /// The CPU takes over; each time is counted and logged
    Auto,
    /// A failing card is an error
    Never,
}

/// How results of the card are checked.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckArg {
    /// Not one by one (the finished proof is always verified)
    None,
    /// Points lie on the curve; transforms agree at a random point
    Curve,
    /// Everything is computed on the CPU too and compared
    Dual,
}

/// `gristmill prove`.
#[derive(Args, Debug)]
pub struct Prove {
    #[command(flatten)]
    pub device: DeviceArgs,
    /// What to do when the card fails
    #[arg(long, value_enum, default_value = "auto")]
    pub fallback: FallbackArg,
    /// How the card's results are checked
    #[arg(long, value_enum, default_value = "curve")]
    pub check: CheckArg,
    /// Print the report as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub waves: WavesArgs,
    /// Proving key, from `snarkjs groth16 setup`
    #[arg(value_name = "CIRCUIT.zkey")]
    pub zkey: PathBuf,
    /// Witness, from `snarkjs wtns calculate`
    #[arg(value_name = "WITNESS.wtns")]
    pub witness: PathBuf,
    /// Where the proof goes
    #[arg(value_name = "PROOF.json")]
    pub proof: PathBuf,
    /// Where the public signals go
    #[arg(value_name = "PUBLIC.json")]
    pub public: PathBuf,
}

/// Waveforms of a simulated card.
#[derive(Args, Debug, Clone, Default)]
pub struct WavesArgs {
    /// Write a waveform of the simulated card to FILE (VCD)
    #[arg(long, value_name = "FILE")]
    pub waves: Option<PathBuf>,
    /// The cycles that --waves writes, FROM..TO
    #[arg(long, value_name = "FROM..TO", requires = "waves", value_parser = cycle_range)]
    pub waves_cycles: Option<(u64, u64)>,
}

/// `gristmill verify`, in snarkjs' order of arguments.
#[derive(Args, Debug)]
pub struct Verify {
    /// Verification key
    #[arg(value_name = "VKEY.json")]
    pub vkey: PathBuf,
    /// Public signals
    #[arg(value_name = "PUBLIC.json")]
    pub public: PathBuf,
    /// Proof
    #[arg(value_name = "PROOF.json")]
    pub proof: PathBuf,
}

/// `gristmill info`.
#[derive(Args, Debug)]
pub struct Info {
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `gristmill bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// The operation
    #[arg(value_enum)]
    pub op: BenchOp,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// The MSM's curve. A simulated card without --config gets it; other cards have their own
    #[arg(long, value_enum, default_value = "bn254", value_name = "CURVE")]
    pub curve: CurveArg,
    /// The NTT's field: bn254-fr, bls12-381-fr, bls12-377-fr or goldilocks. A simulated card without --config gets it; other cards have their own
    #[arg(long, default_value = "bn254-fr", value_name = "FIELD")]
    pub field: String,
    /// log2 of the points or elements (msm, ntt: 10 unless given), or of the most of them (crossover: 18): at
    /// most 24, with --model 27
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=27))]
    pub log_size: Option<u32>,
    /// How an MSM's scalars are distributed
    #[arg(long, value_enum, default_value_t, value_name = "D")]
    pub distribution: Distribution,
    /// Vectors of scalars that are multiplied with the same bases (msm): on a card that can, one command for all of them
    #[arg(long, default_value_t = 1, value_name = "V", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub vectors: u32,
    /// Run nothing: predict what an MSM or NTT takes on a card of --config, by the engine's cycle model
    #[arg(long)]
    pub model: bool,
    /// Seed of the random inputs
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long each figure is sampled (link)
    #[arg(long, default_value_t = 1.0, value_name = "S", value_parser = seconds)]
    pub seconds: f64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub waves: WavesArgs,
}

/// Curves of an MSM.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveArg {
    /// BN254 (alt_bn128)
    Bn254,
    /// BLS12-381
    #[value(name = "bls12-381")]
    Bls12_381,
    /// BLS12-377
    #[value(name = "bls12-377")]
    Bls12_377,
}

impl From<CurveArg> for Curve {
    fn from(arg: CurveArg) -> Self {
        match arg {
            CurveArg::Bn254 => Curve::Bn254,
            CurveArg::Bls12_381 => Curve::Bls12_381,
            CurveArg::Bls12_377 => Curve::Bls12_377,
        }
    }
}

/// What `gristmill bench` measures.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BenchOp {
    /// Multi-scalar multiplication
    Msm,
    /// Number-theoretic transform
    Ntt,
    /// The way to a card: latencies of registers and empty commands, bandwidth of copies
    Link,
    /// From which size on a card is faster than the CPU: the CPU measured, the card by the cost model of
    /// the device auto. With --config, of a card that need not be there
    Crossover,
}

/// What a simulated card computes with.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineArg {
    /// RustHDL's own simulation, big multipliers as twins
    Native,
    /// The generated Verilog under Verilator
    Verilator,
    /// The card as synthesized for the ECP5 (its netlist), under Verilator
    Netlist,
    /// Registers, queues and copies only; no MSM or NTT
    Protocol,
}

/// `gristmill sim`.
#[derive(Args, Debug)]
pub struct Sim {
    /// The Unix socket to listen on
    #[arg(long, value_name = "PATH", required_unless_present = "serial", conflicts_with = "serial")]
    pub socket: Option<PathBuf>,
    /// A board on a serial line instead, behind a pseudo-terminal: prints its device string
    #[arg(long, conflicts_with_all = ["fault", "waves", "netlist"])]
    pub serial: bool,
    /// The card's configuration: a TOML file, or the name of a built-in one (tiny, sim, ecp5-85k;
    /// acorn-cle215p, vu9p, u55c: slow to simulate).
    /// By default `sim`; with --serial, which takes cards without memory only, `ecp5-85k`
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<String>,
    /// Clocks a bit on the serial line: few are quick to simulate
    #[arg(long, value_name = "N", default_value_t = 4, conflicts_with = "socket", value_parser = clap::value_parser!(u32).range(4..=32768))]
    pub divisor: u32,
    /// What the serial line does to bytes: lost=P,doubled=P,damaged=P,seed=S, probabilities to 0.1
    #[arg(long, value_name = "FAULTS", conflicts_with = "socket")]
    pub line_faults: Option<LineFaults>,
    /// What simulates the card
    #[arg(long, value_enum, default_value = "native")]
    pub engine: EngineArg,
    /// The netlist of --engine netlist, instead of one that is synthesized from the configuration
    #[arg(long, value_name = "FILE.v")]
    pub netlist: Option<PathBuf>,
    /// Misbehave, to test what is above: FAULT[@OPCODE][+SKIP][*TIMES], such as wrong-point@msm,
    /// corrupt:3@ntt, status:8, drop, hang, garbage, die, close
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<FaultPlan>,
    #[command(flatten)]
    pub waves: WavesArgs,
}

fn poll(text: &str) -> Result<Wait, String> {
    if text == "always" {
        return Ok(Wait::BUSY);
    }
    match text.parse() {
        Ok(micros) => Ok(Wait::Poll { spin: Duration::from_micros(micros) }),
        Err(_) => Err(format!("`{text}` is neither a number of microseconds nor `always`")),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|s| (0.001..=3600.0).contains(s));
    seconds.ok_or_else(|| format!("`{text}` is not a number of seconds from 0.001 to 3600"))
}

/// `gristmill demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// sim or sim:verilator
    #[arg(long, default_value = "sim", value_name = "DEVICE")]
    pub device: String,
}

fn cycle_range(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("`{text}` is not of the form FROM..TO"))?;
    let number = |s: &str| s.trim().parse::<u64>().map_err(|_| format!("`{s}` is not a cycle number"));
    let (from, to) = (number(from)?, number(to)?);
    if from >= to {
        return Err(format!("`{text}` is empty: FROM must be below TO"));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn curves_are_called_as_in_the_contract() {
        for arg in CurveArg::value_variants() {
            let name = arg.to_possible_value().expect("not hidden");
            assert_eq!(name.get_name(), Curve::from(*arg).name());
        }
        assert_eq!(CurveArg::value_variants().len(), Curve::ALL.len());
    }

    #[test]
    fn ways_to_poll() {
        assert_eq!(poll("always"), Ok(Wait::BUSY));
        assert_eq!(poll("50"), Ok(Wait::Poll { spin: Duration::from_micros(50) }));
        assert!(poll("often").is_err() && poll("-1").is_err());
        assert!(seconds("0.5").is_ok() && seconds("0").is_err() && seconds("nan").is_err());
    }

    #[test]
    fn ranges_of_cycles() {
        assert_eq!(cycle_range("3..10"), Ok((3, 10)));
        for wrong in ["", "3", "3..3", "9..2", "a..b", "-1..4"] {
            assert!(cycle_range(wrong).is_err(), "{wrong}");
        }
    }
}
