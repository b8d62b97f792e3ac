//! The command `gristmill`.
#![forbid(unsafe_code)]

mod args;
#[cfg(feature = "bitstreams")]
mod args_boards;
mod args_host;
mod bench;
mod bind;
#[cfg(feature = "bitstreams")]
mod build;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod error;
mod info;
mod list;
mod netlist;
mod open;
mod output;
#[cfg_attr(not(feature = "sim"), allow(dead_code))] // `demo` draws with it
mod picture;
#[cfg(feature = "bitstreams")]
mod program;
mod prove;
mod report;
mod reset;
#[cfg(feature = "sim")]
mod sim;
mod table;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("GRISTMILL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .init();
    let result = match &cli.command {
        Command::Prove(args) => prove::run(args).map(|()| ExitCode::SUCCESS),
        Command::Verify(args) => verify::run(args),
        Command::Info(args) => info::run(args).map(|()| ExitCode::SUCCESS),
        Command::Bench(args) => bench::run(args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "sim")]
        Command::Sim(args) => sim::run(args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "sim")]
        Command::Demo(args) => demo::run(args).map(|()| ExitCode::SUCCESS),
        #[cfg(not(feature = "sim"))]
        Command::Sim(_) => Err(error::CliError::NoSimulator { command: "sim" }),
        #[cfg(not(feature = "sim"))]
        Command::Demo(_) => Err(error::CliError::NoSimulator { command: "demo" }),
        Command::List(args) => list::run(args).map(|()| ExitCode::SUCCESS),
        Command::Bind(args) => bind::bind(args).map(|()| ExitCode::SUCCESS),
        Command::Unbind(args) => bind::unbind(args).map(|()| ExitCode::SUCCESS),
        Command::Doctor(args) => doctor::run(args),
        Command::Reset(args) => reset::run(args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "bitstreams")]
        Command::Build(args) => build::run(args),
        #[cfg(feature = "bitstreams")]
        Command::Program(args) => program::run(args),
    };
    result.unwrap_or_else(|error| {
        output::complain(format_args!("gristmill: {error}"));
        ExitCode::from(error.exit_code())
    })
}
