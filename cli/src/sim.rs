//! `gristmill sim`: a simulated card on a Unix socket.

use crate::args::{EngineArg, Sim};
use crate::error::CliError;
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
    eprintln!("card `{name}` ({:?} engine) on {}", args.engine, args.socket.display());
    eprintln!("use it with --device vfio-user:{}; Ctrl-C ends it", args.socket.display());
    server.run(&mut card)?;
    Ok(())
}
