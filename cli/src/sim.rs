//! `gristmill sim`: a simulated card on a Unix socket, or a simulated board on a serial line.

use crate::args::{EngineArg, Sim};
use crate::error::CliError;
use crate::netlist;
use crate::output;
use gristmill_sim::serial::{BoardOptions, Server as Board};
use gristmill_sim::vfio_user::Server;
use gristmill_sim::{EngineKind, Options, SimCard, Waves};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Runs the command: until it is interrupted.
pub fn run(args: &Sim) -> Result<(), CliError> {
    match &args.socket {
        Some(socket) => on_socket(args, socket),
        None => on_line(args),
    }
}

/// A board behind a pseudo-terminal.
fn on_line(args: &Sim) -> Result<(), CliError> {
    let config = gristmill::device::load_config(args.config.as_deref().unwrap_or("ecp5-85k"))?;
    let name = config.name.clone();
    let native = BoardOptions::native(config);
    let engine = match args.engine {
        EngineArg::Native => native.engine,
        EngineArg::Verilator => EngineKind::Verilator,
        EngineArg::Netlist => EngineKind::Netlist,
        EngineArg::Protocol => EngineKind::ProtocolOnly,
    };
    let faults = args.line_faults.unwrap_or_default();
    let mut board = Board::new(&BoardOptions { engine, faults, divisor: args.divisor, ..native })?;
    let device = board.device();
    output::line(&device)?;
    output::complain(format_args!("board `{name}` ({:?} engine), {} clocks a bit", args.engine, args.divisor));
    output::complain(format_args!("use it with --device {device}; Ctrl-C ends it"));
    board.run(&AtomicBool::new(false))?;
    Ok(())
}

/// A card behind a socket.
fn on_socket(args: &Sim, socket: &Path) -> Result<(), CliError> {
    let netlist = match args.netlist.clone() {
        None if args.engine == EngineArg::Netlist => Some(netlist::build(args.config.as_deref())?),
        Some(file) if args.engine != EngineArg::Netlist => {
            let value = format!("{} with another --engine", file.display());
            return Err(CliError::NotOffered { option: "netlist", value, choices: "--engine netlist" });
        }
        given => given,
    };
    let default = if netlist.is_some() { netlist::CONFIG } else { "sim" };
    let config = gristmill::device::load_config(args.config.as_deref().unwrap_or(default))?;
    let name = config.name.clone();
    let native = Options::native(config);
    let engine = match args.engine {
        EngineArg::Native => native.engine,
        EngineArg::Verilator => EngineKind::Verilator,
        EngineArg::Netlist => EngineKind::Netlist,
        EngineArg::Protocol => EngineKind::ProtocolOnly,
    };
    let waves = args.waves.waves.as_ref().map(|file| {
        let (from, to) = args.waves.waves_cycles.unwrap_or((0, u64::MAX));
        Waves::new(file, from, to)
    });
    let mut card = SimCard::new(&Options { engine, netlist, waves, faults: args.fault.clone(), ..native })?;
    let server = Server::bind(socket)?;
    let socket = socket.display();
    output::complain(format_args!("card `{name}` ({:?} engine) on {socket}", args.engine));
    output::complain(format_args!("use it with --device vfio-user:{socket}; Ctrl-C ends it"));
    server.run(&mut card)?;
    Ok(())
}
