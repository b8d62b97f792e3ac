//! From arguments to devices.

use crate::args::{CheckArg, DeviceArgs, FallbackArg, WavesArgs};
use crate::error::CliError;
use crate::netlist;
use gristmill::{Check, Curve, Device, Fallback, Field, Options};

/// Opens the device that the arguments name.
pub fn device(args: &DeviceArgs, fallback: Fallback, check: Check, waves: &WavesArgs) -> Result<Device, CliError> {
    let options = Options { fallback, check, ..options(args, waves)? };
    Ok(Device::open(&args.device, &options)?)
}

/// Options that do not concern results.
pub fn options(args: &DeviceArgs, waves: &WavesArgs) -> Result<Options, CliError> {
    if waves.waves.is_some() && !args.device.starts_with("sim") {
        return Err(CliError::NotOffered {
            option: "waves",
            value: format!("with --device {}", args.device),
            choices: "--device sim or sim:verilator",
        });
    }
    if let Some(config) = args.config.as_ref().filter(|_| !args.device.starts_with("sim")) {
        return Err(CliError::NotOffered {
            option: "config",
            value: format!("{config} with --device {}", args.device),
            choices: "--device sim or sim:verilator (a real card has its own configuration)",
        });
    }
    let netlist = match args.netlist.clone() {
        None if args.device == netlist::DEVICE => Some(netlist::build(args.config.as_deref())?),
        Some(file) if args.device != netlist::DEVICE => {
            return Err(CliError::NotOffered {
                option: "netlist",
                value: format!("{} with --device {}", file.display(), args.device),
                choices: "--device sim:netlist",
            });
        }
        given => given,
    };
    Ok(Options {
        config: args.config.clone(),
        netlist,
        wait: args.poll.unwrap_or_default(),
        waves: waves.waves.clone().map(|file| gristmill::Waves { file, cycles: waves.waves_cycles }),
        ..Options::default()
    })
}

/// Opens the device that the arguments name, for MSMs over a curve: a simulated card that no configuration is
/// named for has that curve.
pub fn with_curve(args: &DeviceArgs, curve: Curve, waves: &WavesArgs) -> Result<Device, CliError> {
    let (fallback, check) = (Fallback::Never, Check::None);
    let mut options = Options { fallback, check, ..options(args, waves)? };
    // A netlist has the curve that it was synthesized with.
    if args.config.is_none() && args.device.starts_with("sim") && args.device != netlist::DEVICE {
        options.curve = Some(curve);
    }
    let device = Device::open(&args.device, &options)?;
    let info = device.info()?;
    // That a card has no MSM engine at all is for the caller to say.
    if info.has_curve(curve) || info.msm.is_none() {
        return Ok(device);
    }
    let (of, or) = match &args.config {
        Some(config) => (format!("the configuration {config}"), "or a configuration of that curve"),
        None => (info.device, "or --device cpu"),
    };
    Err(CliError::Curve { curve: curve.name(), of, has: info.curve, or })
}

/// Opens the device that the arguments name, for transforms over a field: a simulated card that no configuration is named for has them.
pub fn with_field(args: &DeviceArgs, field: Field, waves: &WavesArgs) -> Result<Device, CliError> {
    let (fallback, check) = (Fallback::Never, Check::None);
    let mut options = Options { fallback, check, ..options(args, waves)? };
    // A netlist has the field that it was synthesized with.
    if args.config.is_none() && args.device.starts_with("sim") && args.device != netlist::DEVICE {
        options.curve = Curve::ALL.into_iter().find(|curve| curve.scalar_field() == field);
        options.goldilocks = field == Field::Goldilocks;
    }
    Ok(Device::open(&args.device, &options)?)
}

/// The CPU, to compare with.
pub fn cpu() -> Result<Device, CliError> {
    Ok(Device::open("cpu", &Options::default())?)
}

impl From<FallbackArg> for Fallback {
    fn from(arg: FallbackArg) -> Self {
        match arg {
            FallbackArg::Auto => Fallback::Auto,
            FallbackArg::Never => Fallback::Never,
        }
    }
}

impl From<CheckArg> for Check {
    fn from(arg: CheckArg) -> Self {
        match arg {
            CheckArg::None => Check::None,
            CheckArg::Curve => Check::Curve,
            CheckArg::Dual => Check::Dual,
        }
    }
}
