//! Names of devices and how they are opened.

use crate::{Curve, Error, Result};
pub use gristmill_driver::Wait;
use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

/// May the CPU step in when the device fails at a task?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// Yes; each time is counted in the report and logged. A wrong answer is never covered up.
    #[default]
    Auto,
    /// No: the failure is the task's error.
    Never,
}

/// How the results of a card are checked, task by task. (A proof is verified in any case.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Check {
    /// Not at all.
    None,
    /// MSM: the result is a point of the group. NTT: input and output agree at a random point.
    #[default]
    Curve,
    /// The CPU does it too, and the results must be equal.
    Dual,
}

/// A waveform of a simulated card in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waves {
    /// The file (VCD; `.fst` under Verilator).
    pub file: PathBuf,
    /// First cycle, and first one no longer written; all if not given.
    pub cycles: Option<(u64, u64)>,
}

/// When a card's command is given up. Small limits end tests of failures soon; a real card, whose
/// cycles are short, needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOuts {
    /// Card cycles that any command may take, however small; larger ones get more. `None`: two
    /// seconds of the card's clock, at least 2^18 cycles.
    pub cycles: Option<u64>,
    /// Longest wall-clock time for one command, whatever the card's cycle counter says.
    pub wall: Duration,
}

impl Default for TimeOuts {
    fn default() -> Self {
        TimeOuts { cycles: None, wall: Duration::from_secs(3600) }
    }
}

/// How a device is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Configuration of a simulated card: a name (`tiny`, `sim`, `ecp5-85k`) or a TOML file's path.
    pub config: Option<String>,
    /// Curve of a simulated card in this process, in place of its configuration's.
    pub curve: Option<Curve>,
    /// A simulated card in this process gets transforms over Goldilocks in place of its configuration's.
    pub goldilocks: bool,
    /// The netlist that `sim:netlist` simulates: a file of `gristmill_bitstreams::netlist`, which the command
    /// `gristmill` makes by itself.
    pub netlist: Option<PathBuf>,
    /// May the CPU step in?
    pub fallback: Fallback,
    /// How results are checked.
    pub check: Check,
    /// When a card's command is given up.
    pub time_outs: TimeOuts,
    /// How a card's completions are awaited. [`Wait::Poll`] is for a process with a processor to
    /// spare, and for short commands; it makes no difference to commands of many milliseconds.
    pub wait: Wait,
    /// Waveform to write; simulated cards in this process only.
    pub waves: Option<Waves>,
    /// Faults that the simulated card in this process injects, for tests of what is above it.
    #[cfg(all(feature = "sim", target_os = "linux"))]
    pub faults: Vec<gristmill_sim::fault::FaultPlan>,
}

/// A device's name, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// A card if one is found, else the CPU; never a simulator.
    Auto,
    /// The CPU.
    Cpu,
    /// The simulated card in this process, RustHDL's own simulation.
    Sim,
    /// The simulated card in this process, its Verilog under Verilator.
    SimVerilator,
    /// The card as synthesized, its netlist under Verilator, in this process: [`Options::netlist`].
    SimNetlist,
    /// A card behind the kernel's VFIO, by PCI address.
    Vfio(String),
    /// A card behind a vfio-user socket.
    VfioUser(PathBuf),
    /// A board on a serial port: `PORT[@BAUD]`.
    Serial(String),
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let bad = |problem: &str| Err(Error::DeviceName { name: name.to_owned(), problem: problem.to_owned() });
        match name.split_once(':') {
            None => match name {
                "auto" => Ok(DeviceName::Auto),
                "cpu" => Ok(DeviceName::Cpu),
                "sim" => Ok(DeviceName::Sim),
                "vfio" => bad("the PCI address is missing"),
                "vfio-user" => bad("the socket's path is missing"),
                "serial" => bad("the port's path is missing"),
                _ => bad("no such device"),
            },
            Some(("sim", "verilator")) => Ok(DeviceName::SimVerilator),
            Some(("sim", "netlist")) => Ok(DeviceName::SimNetlist),
            Some(("sim", _)) => bad("no such simulator"),
            Some(("vfio", "")) => bad("the PCI address is missing"),
            Some(("vfio", bdf)) => Ok(DeviceName::Vfio(bdf.to_owned())),
            Some(("vfio-user", "")) => bad("the socket's path is missing"),
            Some(("vfio-user", path)) => Ok(DeviceName::VfioUser(path.into())),
            Some(("serial", "")) => bad("the port's path is missing"),
            Some(("serial", port)) => Ok(DeviceName::Serial(port.to_owned())),
            Some(_) => bad("no such device"),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Auto => f.write_str("auto"),
            DeviceName::Cpu => f.write_str("cpu"),
            DeviceName::Sim => f.write_str("sim"),
            DeviceName::SimVerilator => f.write_str("sim:verilator"),
            DeviceName::SimNetlist => f.write_str("sim:netlist"),
            DeviceName::Vfio(bdf) => write!(f, "vfio:{bdf}"),
            DeviceName::VfioUser(path) => write!(f, "vfio-user:{}", path.display()),
            DeviceName::Serial(port) => write!(f, "serial:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_round_trip_and_others_are_refused() {
        for name in [
            "auto",
            "cpu",
            "sim",
            "sim:verilator",
            "vfio:0000:03:00.0",
            "vfio-user:/tmp/card.sock",
            "serial:/dev/ttyUSB0@9600",
        ] {
            assert_eq!(name.parse::<DeviceName>().expect(name).to_string(), name);
        }
        for name in [
            "",
            "gpu",
            "cpu:1",
            "sim:",
            "sim:fast",
            "vfio",
            "vfio:",
            "vfio-user",
            "vfio-user:",
            "Auto",
            "serial",
            "serial:",
        ] {
            let error = name.parse::<DeviceName>().expect_err(name).to_string();
            assert!(error.contains(&format!("`{name}`")) && error.contains("use auto"), "{error}");
        }
    }
}
