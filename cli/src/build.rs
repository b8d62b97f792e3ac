//! `gristmill build`: from a configuration to a bitstream, and whether the bitstreams there are still fresh.

use crate::args_boards::{Build, ToolsArg};
use crate::error::CliError;
use crate::output;
use gristmill_bitstreams::board::Board;
use gristmill_bitstreams::config;
use gristmill_bitstreams::design::{self, Source};
use gristmill_bitstreams::flow::{self, Plan, Stage};
use gristmill_bitstreams::images::{self, State};
use gristmill_bitstreams::manifest::Manifest;
use gristmill_bitstreams::tools::{Choice, Tools};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the command.
pub fn run(args: &Build) -> Result<ExitCode, CliError> {
    let mut say = |line: &str| output::complain(format_args!("gristmill: {line}"));
    let choice = match args.tools {
        ToolsArg::Pinned => Choice::Pinned,
        ToolsArg::Native => Choice::Native,
        ToolsArg::Auto => Choice::Auto,
    };
    let Some(name) = &args.board else {
        return if args.check { check(args.out.as_deref()) } else { tools(choice, &mut say) };
    };
    let board = Board::named(name)?;
    let clocking = board.clocking(args.freq.unwrap_or(board.clock_hz))?;
    let config = config::resolve(&args.config, &clocking)?;
    let stage = match (args.verilog_only, args.synth_only) {
        (true, _) => Stage::Verilog,
        (_, true) => Stage::Synthesis,
        _ => Stage::Bitstream,
    };
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("image-{name}")));
    // All that can be said before the tools are installed and the Verilog is made.
    design::check(&config, &clocking)?;
    flow::check_out(&out)?;
    let tools = if stage > Stage::Verilog { Some(Tools::find(choice, &mut say)?) } else { None };
    let source = Source::card(&config, &clocking)?;
    let seed = args.seed.unwrap_or(board.seed);
    let plan = Plan { board, clocking, seed, router: args.router.into(), stage };
    let built = flow::build(&plan, &source, tools.as_ref(), &out, &mut say)?;
    output::print(&built.report)?;
    output::line(format_args!("{}", built.folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Which tools there are, after installing those that are to be there.
fn tools(choice: Choice, say: &mut dyn FnMut(&str)) -> Result<ExitCode, CliError> {
    let tools = Tools::find(choice, say)?;
    let mut text = format!("tools: {}\n", tools.kind);
    for (name, version) in &tools.versions {
        text += &format!("  {name} {version}\n");
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Which images are fresh. A damaged one is an error: it must not stand there.
fn check(folder: Option<&Path>) -> Result<ExitCode, CliError> {
    let default = images::folder();
    let folder = folder.unwrap_or(&default);
    let all = images::list(folder)?;
    if all.is_empty() {
        output::line(format_args!("{}: no images", folder.display()))?;
    }
    let mut code = ExitCode::SUCCESS;
    for image in all {
        let manifest = Manifest::read(&image)?;
        manifest.bitstream(&image)?;
        let state = match images::state(&manifest)? {
            State::Fresh => "fresh".to_owned(),
            State::Stale(why) => {
                code = ExitCode::FAILURE;
                format!("STALE: {why}")
            }
        };
        output::line(format_args!("{}: {} {}: {state}", image.display(), manifest.board, manifest.configuration))?;
    }
    Ok(code)
}
