//! `gristmill sim`: a simulated card on a Unix socket.

use crate::args::{EngineArg, Sim};
use crate::error::CliError;
use crate::output;
use gristmill_sim::vfio_user::Server;
use gristmill_sim::{EngineKind, Options, SimCard, Waves};

/// Runs the command: until it is interrupted.
pub fn run(args: &Sim) -> Result<(), CliError> {
    let config = gristmill::device::load_config(args.config.as_deref().unwrap_or("sim"))?;
    let name = config.name.clone();
    let native = Options::native(config);
    let engine = match args.engine {
        EngineArg::Native => native.engine,
        EngineArg::Verilator => EngineKind::Verilator,
        EngineArg::Protocol => EngineKind::ProtocolOnly,
    };
    let waves = args.waves.waves.as_ref().map(|file| {
        let (from, to) = args.waves.waves_cycles.unwrap_or((0, u64::MAX));
        Waves::new(file, from, to)
    });
    let mut card = SimCard::new(&Options { engine, waves, faults: args.fault.clone(), ..native })?;
    let server = Server::bind(&args.socket)?;
    let socket = args.socket.display();
    output::complain(format_args!("card `{name}` ({:?} engine) on {socket}", args.engine));
    output::complain(format_args!("use it with --device vfio-user:{socket}; Ctrl-C ends it"));
    server.run(&mut card)?;
    Ok(())
}
