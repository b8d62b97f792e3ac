//! `gristmill bind` and `gristmill unbind`: a card to user space and back.

use crate::args_host::{Bind, Unbind};
use crate::error::CliError;
use crate::output;
use gristmill_driver::host::{Host, State, VFIO_PCI};

/// Runs `gristmill bind`.
pub fn bind(args: &Bind) -> Result<(), CliError> {
    let host = Host::new();
    let bound = host.bind(args.address, args.user.as_deref(), args.force)?;
    let address = args.address;
    let mut text = match bound.was.as_deref() {
        Some(VFIO_PCI) => format!("{address}: on vfio-pci already"),
        Some(driver) => format!("{address}: bound to vfio-pci (was {driver})"),
        None => format!("{address}: bound to vfio-pci"),
    };
    if let (Some(uid), Some(user)) = (bound.uid, &args.user) {
        let user = if *user == uid.to_string() { format!("user {uid}") } else { format!("{user} (user {uid})") };
        text.push_str(&format!("; {} belongs to {user}", bound.file));
    }
    let next = match bound.function.state(&host) {
        State::Ready => format!("; use it with --device {}", bound.function.name()),
        state => format!("; {}: {}", state.describe(), state.way_out(&bound.function)),
    };
    output::line(text + &next)
}

/// Runs `gristmill unbind`.
pub fn unbind(args: &Unbind) -> Result<(), CliError> {
    let unbound = Host::new().unbind(args.address, args.force)?;
    let now = unbound.function.driver.map_or("no driver has it".into(), |driver| format!("bound to {driver}"));
    let done = if unbound.already { "was not on vfio-pci" } else { "given back" };
    output::line(format!("{}: {done}; {now}", args.address))
}
