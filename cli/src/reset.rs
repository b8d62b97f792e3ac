//! `gristmill reset`: a card that hangs, made usable again.

use crate::args_host::Reset;
use crate::error::CliError;
use crate::{doctor, output};
use gristmill_driver::Card;
use gristmill_driver::host::{Host, HostError, PciFunction, State};
use gristmill_driver::name::DeviceName;
use serde_json::json;

/// Runs the command.
pub fn run(args: &Reset) -> Result<(), CliError> {
    let name = doctor::name(&args.device)?;
    if let DeviceName::Vfio(address) = name {
        let host = Host::new();
        let function = PciFunction::find(&host, address)?;
        if !function.is_on_vfio() {
            return by_kernel(&host, args, &function);
        }
        if let State::Busy(holders) = function.state(&host) {
            let each: Vec<String> = holders.iter().map(ToString::to_string).collect();
            return Err(HostError::InUse { address, by: format!("{} has it open", each.join(", ")) }.into());
        }
    }
    let device = name.to_string();
    let (_card, rescue) = Card::rescue(gristmill_driver::open(&device)?, args.function)?;
    if args.json {
        return output::line(json!({
            "device": device,
            "by": "driver",
            "epoch_before": rescue.before,
            "epoch_after": rescue.after,
            "nop_cycles": rescue.nop.cycles,
        }));
    }
    let before = rescue.before.map_or("unknown (it did not answer)".into(), |epoch| epoch.to_string());
    output::line(format!(
        "{device}: reset; epoch {before} before, {} after; an empty command took {} cycles",
        rescue.after, rescue.nop.cycles
    ))
}

/// A function that this driver cannot open: the kernel resets it.
fn by_kernel(host: &Host, args: &Reset, function: &PciFunction) -> Result<(), CliError> {
    let done = host.reset(function.address, args.force)?;
    if args.json {
        return output::line(json!({
            "device": function.name(),
            "by": "kernel",
            "epoch_before": null,
            "epoch_after": null,
            "nop_cycles": null,
        }));
    }
    let methods = done.methods.map_or(String::new(), |methods| format!(" (ways it has: {methods})"));
    let driver = function.driver.as_deref().map_or("it is not bound".to_owned(), |d| format!("it is bound to {d}"));
    output::line(format!("{}: reset by the kernel{methods}; {driver}, so its epoch was not read", function.address))
}
