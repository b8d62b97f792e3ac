//! Verilog to bitstream: yosys, nextpnr-ecp5, ecppack, in a folder that becomes the image when all went well.

mod area;
mod netlist;
mod output;
mod summary;
mod timing;
mod usage;

pub use area::Row;
pub use output::check_out;
pub use summary::{seconds, summary};
pub use usage::{ECP5_85, Usage, tables};

use crate::board::{Board, CLOCK_V, Clocking};
use crate::design::Source;
use crate::error::Error;
use crate::hash;
use crate::manifest::{self, FORM, Manifest};
use crate::passes::{self, spacers::is_spacer};
use crate::tools::Tools;
use area::Sources;
use netlist::Netlist;
use output::Output;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use timing::Report;

/// The board's module.
const TOP: &str = "board";
/// Instances below the board that the table of modules shows.
const DEPTH: usize = 3;
/// The file with the clock that nextpnr is asked for. A line for the net overrides what follows from the oscillator's frequency.
const AIM: &str = "aim.lpf";
/// How often a long step says that it lives.
const ALIVE: Duration = Duration::from_secs(60);

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The Verilog.
    Verilog,
    /// The netlist and what it uses.
    Synthesis,
    /// The bitstream and its manifest.
    Bitstream,
}

/// A router of nextpnr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Router {
    /// One connection after the other.
    Router1,
    /// All at once, by negotiated congestion.
    Router2,
}

impl Router {
    fn name(self) -> &'static str {
        match self {
            Router::Router1 => "router1",
            Router::Router2 => "router2",
        }
    }
}

/// What to build and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For which board.
    pub board: Board,
    /// At which clock.
    pub clocking: Clocking,
    /// Seed of the placement.
    pub seed: u32,
    /// nextpnr's router.
    pub router: Router,
    /// How far.
    pub stage: Stage,
}

/// What came of it.
#[derive(Debug)]
pub struct Built {
    /// The image's folder.
    pub folder: PathBuf,
    /// Its manifest, if it came to a bitstream.
    pub manifest: Option<Manifest>,
    /// The readable report.
    pub report: String,
}

/// Steps of a build, for who watches.
struct Steps<'a> {
    say: &'a mut dyn FnMut(&str),
    begin: Instant,
    times: Vec<(&'static str, Duration)>,
}

impl Steps<'_> {
    fn done(&mut self, name: &'static str, what: &str) {
        let took = self.begin.elapsed();
        self.begin = Instant::now();
        self.times.push((name, took));
        (self.say)(&format!("{name}: {what} ({})", seconds(took)));
    }
}

/// Builds into `out`, which is made anew, whole or not at all; without tools, no further than the Verilog. What fails leaves its logs in `out` with
/// `.unfinished` appended, and no bitstream.
///
/// # Errors
/// [`Error::TooFull`], [`Error::Timing`] and [`Error::Tool`] if the design fails; else what the request lacks.
pub fn build(
    plan: &Plan,
    source: &Source,
    tools: Option<&Tools>,
    out: &Path,
    say: &mut dyn FnMut(&str),
) -> Result<Built, Error> {
    let output = Output::begin(out)?;
    let mut steps = Steps { say, begin: Instant::now(), times: vec![] };
    let folder = output.folder();
    let top = plan.board.top;
    for (name, text) in
        [("card.v", source.verilog.as_str()), ("clock.v", CLOCK_V), ("board.v", top), ("pins.lpf", plan.board.pins)]
    {
        output.write(name, text)?;
    }
    let mut report = summary::head(plan, source);
    (steps.say)(&format!("Verilog: {} lines, source hash {}", source.verilog.lines().count(), source.hash_text()));
    let Some(tools) = tools.filter(|_| plan.stage > Stage::Verilog) else {
        return Ok(Built { folder: output.finish()?, manifest: None, report });
    };

    let script = synthesis(plan);
    output.write("synthesis.ys", &script)?;
    output.write(AIM, &format!("FREQUENCY NET \"card_clock\" {} MHZ;\n", aim(plan).0))?;
    watch(&mut steps, "synthesis", &folder.join("synthesis.log"), |log| {
        tools.yosys.start(folder, &["-q", "-l", "synthesis.full.log", "synthesis.ys"], log)
    })?
    .map_err(|status| tools.yosys.failed(status, &folder.join("synthesis.log")))?;
    let done = passes(folder)?;
    let mut netlist = Netlist::read(&folder.join("netlist.json"), TOP)?;
    let with_spacers = netlist.cells.len();
    netlist.cells.retain(|name, _| !is_spacer(name));
    let spacers = (with_spacers - netlist.cells.len()) as u32;
    let sources = Sources::new(&[("card.v", &source.verilog), ("clock.v", CLOCK_V), ("board.v", top)]);
    let rows = area::by_module(&netlist, &sources);
    drop(netlist);
    let synthesized = rows.first().map(|r| r.usage).unwrap_or_default();
    steps.done("synthesis", &summary::usage_line(&synthesized, &ECP5_85));
    (steps.say)(&format!("netlist: {done}"));
    let shown = area::worth_showing(&rows, DEPTH);
    report += &summary::modules(&shown, &ECP5_85);
    output.write("report.txt", &report)?;
    too_full(plan, &synthesized, &rows, &folder.join("synthesis.full.log"))?;
    if plan.stage == Stage::Synthesis {
        return Ok(Built { folder: output.finish()?, manifest: None, report });
    }

    let placement = placement(plan);
    let arguments: Vec<&str> = placement.iter().map(String::as_str).collect();
    let log = folder.join("place.log");
    watch(&mut steps, "place and route", &log, |log| tools.nextpnr.start(folder, &arguments, log))?
        .map_err(|status| tools.nextpnr.failed(status, &log))?;
    let timing = Report::read(&folder.join("timing.json"))?;
    let (mut used, available) = timing.usage();
    used.lut4 = used.lut4.saturating_sub(spacers);
    let no_clock = || Error::Output { path: folder.join("timing.json"), message: "no clock in it".into() };
    let (clock, fmax) = timing.tightest().ok_or_else(no_clock)?;
    let wanted = plan.clocking.hz as f64 / 1e6;
    let path = timing.path(clock);
    steps.done("place and route", &format!("{:.2} MHz reached, {wanted:.2} wanted", fmax.achieved));
    report += &summary::placed(&used, spacers, &available, (fmax.achieved, wanted), clock, &path);
    output.write("report.txt", &report)?;
    if fmax.achieved < wanted {
        return Err(Error::Timing { achieved: fmax.achieved, wanted, path, log });
    }

    let bitstream = format!("{}.bit", plan.board.name);
    tools.ecppack.run_checked(folder, &["--compress", "--input", "board.config", "--bit", &bitstream], "pack.log")?;
    let made = folder.join(&bitstream);
    let bits = std::fs::read(&made).map_err(Error::io("read", &made))?;
    let sha256 = hash::of(&bits);
    steps.done("bitstream", &format!("{} bytes, sha256 {sha256}", bits.len()));
    report += &summary::tail(&bitstream, &sha256, &steps.times);
    output.write("report.txt", &report)?;
    let manifest = Manifest {
        form: FORM,
        board: plan.board.name.clone(),
        part: plan.board.part.clone(),
        board_hash: plan.board.hash.clone(),
        configuration: source.config.name.clone(),
        configuration_toml: source.config.to_toml()?,
        config_id: source.config.config_id(),
        source_hash: source.hash_text(),
        abi_version: gristmill_abi::ABI_VERSION,
        clock_hz: plan.clocking.hz,
        baud: plan.board.baud,
        fmax_mhz: fmax.achieved,
        critical_path: timing.ends(clock),
        tools: tools.kind.into(),
        tool_versions: tools.versions.iter().cloned().collect(),
        seed: plan.seed,
        synthesis: script,
        placement,
        used,
        available,
        modules: shown,
        bitstream,
        sha256,
    };
    output.write(manifest::NAME, &manifest.text())?;
    Ok(Built { folder: output.finish()?, manifest: Some(manifest), report })
}

/// yosys' script.
fn synthesis(plan: &Plan) -> String {
    let pll = plan.clocking.pll;
    let defines = format!(
        "-DSYNTHESIS -DCLOCK_HZ={} -DPLL_INPUT_DIV={} -DPLL_FEEDBACK_DIV={} -DPLL_OUTPUT_DIV={}",
        plan.clocking.hz, pll.input_div, pll.feedback_div, pll.output_div
    );
    format!("read_verilog -sv {defines} card.v clock.v board.v\nsynth_ecp5 -top {TOP} -json synthesized.json\n")
}

/// What is done between yosys and nextpnr; says it.
fn passes(folder: &Path) -> Result<String, Error> {
    let mut netlist = passes::Netlist::read(&folder.join("synthesized.json"), TOP)?;
    let folded = netlist.fold_product_registers()?;
    let placed = netlist.floorplan()?;
    let copied = netlist.copy_drivers()?;
    netlist.name("card_clock", "clocking.pll", "CLKOS")?;
    let spacers = netlist.spread()?;
    netlist.write(&folder.join("netlist.json"))?;
    Ok(format!(
        "{} flip-flops folded into {} multipliers; sites for {} multipliers and block RAMs; {} more flip-flops and {} more \
         tables for {} nets of many readers; {} spacers",
        folded.flip_flops,
        folded.multipliers,
        placed.len(),
        copied.flip_flops,
        copied.tables,
        copied.nets,
        spacers
    ))
}

/// The MHz that nextpnr is asked for, and whether its router takes up again what is slower. The placer weighs a wire by its path's slack over the worst
/// slack, so it is best asked for more than any design reaches, where single wires do not matter; the router leaves single detours that halve
/// the clock, and takes them up if it is asked for a clock well below what the placement allows (it was through with 0.90
/// and 0.93 of that, and not with 0.945; what a part of grade 8 could be asked for was not tried).
fn aim(plan: &Plan) -> (f64, bool) {
    // A little more than a clock of 60 MHz: what the router is through with may lack some hundredths.
    const REACHED: f64 = 60.3;
    match (plan.board.speed, plan.router) {
        (6, Router::Router2) if plan.clocking.hz as f64 <= REACHED * 1e6 => (REACHED, true),
        _ => (250.0, false),
    }
}

/// nextpnr-ecp5's arguments.
fn placement(plan: &Plan) -> Vec<String> {
    let board = &plan.board;
    let text = format!(
        "--{} --package {} --speed {} --json netlist.json --lpf pins.lpf --lpf {} --textcfg board.config --report timing.json \
         --seed {} --router {} --timing-allow-fail{}",
        board.device,
        board.package,
        board.speed,
        AIM,
        plan.seed,
        plan.router.name(),
        if aim(plan).1 { " --tmg-ripup" } else { "" }
    );
    text.split(' ').map(str::to_owned).collect()
}

/// Multipliers and memories are counted exactly after synthesis, tables and flip-flops nearly so (the placer
/// adds what only carries signals on): what is too much now stays so.
fn too_full(plan: &Plan, used: &Usage, rows: &[Row], log: &Path) -> Result<(), Error> {
    let over = used.over(&ECP5_85);
    if over.is_empty() {
        return Ok(());
    }
    let lines = summary::over(&over, rows);
    Err(Error::TooFull { part: plan.board.part.clone(), lines, log: log.to_owned() })
}

/// Waits for a step, and says now and then what its log last said.
fn watch(
    steps: &mut Steps<'_>,
    name: &str,
    log: &Path,
    start: impl FnOnce(&Path) -> Result<std::process::Child, Error>,
) -> Result<Result<(), ExitStatus>, Error> {
    let begin = Instant::now();
    let mut said = begin;
    let mut child = start(log)?;
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io("wait for the tool of", log))? {
            return Ok(if status.success() { Ok(()) } else { Err(status) });
        }
        if said.elapsed() >= ALIVE {
            said = Instant::now();
            let line = crate::tools::last_line(log);
            (steps.say)(&format!("{name}: {} so far; {line}", seconds(begin.elapsed())));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
