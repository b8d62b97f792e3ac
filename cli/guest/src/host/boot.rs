//! One boot of the guest with all its scenarios.

use super::assets::Assets;
use super::binaries::Binaries;
use super::console::Line;
use super::image;
use super::machine::{Guest, Machine};
use super::server::Server;
use crate::table::Setup;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// A guest that says nothing for this long is given up. The guest itself ends a scenario sooner.
const SILENCE: Duration = Duration::from_secs(150);

/// How a scenario ended.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
    /// What was said meanwhile.
    pub log: String,
}

/// What a boot came to.
#[derive(Debug, Default)]
pub struct Report {
    /// By name.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Why the boot itself failed, if it did, with logs.
    pub failure: Option<String>,
    /// Whether that was told: its logs are long.
    pub failure_told: AtomicBool,
}

/// What all boots share: made once.
struct Parts {
    assets: Assets,
    binaries: Binaries,
    initramfs: PathBuf,
    _folder: tempfile::TempDir,
}

fn parts(init: &Path) -> Result<&'static Parts, String> {
    static PARTS: OnceLock<Result<Parts, String>> = OnceLock::new();
    let make = || {
        let assets = Assets::find()?;
        let binaries = Binaries::build(init)?;
        let folder = tempfile::tempdir().map_err(|e| format!("no folder for the initramfs: {e}"))?;
        let initramfs = folder.path().join("initramfs");
        let bytes = image::pack(&assets, &binaries)?;
        std::fs::write(&initramfs, bytes).map_err(|e| format!("{}: {e}", initramfs.display()))?;
        tell!("guest: {}", assets.versions);
        Ok(Parts { assets, binaries, initramfs, _folder: folder })
    };
    PARTS.get_or_init(make).as_ref().map_err(|e| {
        format!("no guest could be made: {e}\n(GRISTMILL_SKIP_GUEST=1 skips the guest test; docs/guest.md says more)")
    })
}

/// Boots the guest once, with `init` as its first process, and runs the scenarios in it.
pub fn boot(setup: &Setup, scenarios: &[&str], init: &Path) -> Report {
    let mut report = Report::default();
    if let Err(error) = run(setup, scenarios, init, &mut report) {
        report.failure = Some(error);
    }
    report
}

fn run(setup: &Setup, scenarios: &[&str], init: &Path, report: &mut Report) -> Result<(), String> {
    let parts = parts(init)?;
    let started = Instant::now();
    let folder = tempfile::tempdir().map_err(|e| format!("no folder for the sockets: {e}"))?;
    let mut servers = Vec::new();
    for (i, card) in setup.cards.iter().enumerate() {
        let socket = folder.path().join(format!("card{i}.sock"));
        servers.push(Server::start(&parts.binaries.gristmill, socket, card.arguments)?);
    }
    let guest = Guest {
        initramfs: &parts.initramfs,
        cards: servers.iter().zip(setup.cards).map(|(s, c)| (s.socket.as_path(), c.shares_its_group)).collect(),
        iommu: setup.iommu,
        append: format!("gristmill.scenarios={}", scenarios.join(",")),
    };
    let mut machine = Machine::start(&parts.assets, &guest, folder.path())?;
    let result = listen(&mut machine, &mut servers, report, started, setup.name);
    result.map_err(|error| {
        let cards: Vec<String> = servers.iter().map(Server::log).collect();
        format!("boot `{}`: {error}\n{}\ncards:\n{}", setup.name, machine.logs(), cards.join("\n"))
    })
}

fn listen(
    machine: &mut Machine,
    servers: &mut [Server],
    report: &mut Report,
    started: Instant,
    name: &str,
) -> Result<(), String> {
    let (mut current, mut log) = (String::new(), String::new());
    loop {
        let line = machine.line(SILENCE).map_err(|e| format!("{e}, in `{current}`:\n{log}"))?;
        match line {
            Line::Ready(seconds) => tell!(
                "guest: boot `{name}` was ready after {:.1} s (kernel: {seconds})",
                started.elapsed().as_secs_f64()
            ),
            Line::Begin(name) => (current, log) = (name, String::new()),
            Line::Log(line) => {
                log.push_str(&line);
                log.push('\n');
            }
            Line::Ask(request) => {
                let answer = obey(&request, servers);
                machine.answer(&answer)?;
            }
            Line::Ok(name, milliseconds) => {
                let log = std::mem::take(&mut log);
                report.scenarios.insert(name, Scenario { failure: None, milliseconds, log });
            }
            Line::Fail(name, reason) => {
                let log = std::mem::take(&mut log);
                let cards: Vec<String> = servers.iter().map(Server::log).collect();
                let failure = format!("{reason}\n{log}{}\ncards:\n{}", machine.logs(), cards.join("\n"));
                report.scenarios.insert(name, Scenario { failure: Some(failure), milliseconds: 0, log });
            }
            Line::End => {
                let times = report.scenarios.iter().map(|(name, s)| format!("{name} {} ms", s.milliseconds));
                let times = times.collect::<Vec<_>>().join(", ");
                tell!("guest: boot `{name}` took {:.1} s in all: {times}", started.elapsed().as_secs_f64());
                return Ok(());
            }
        }
    }
}

/// Does what a scenario asks of this machine: `kill N` pulls card N out.
fn obey(request: &str, servers: &mut [Server]) -> String {
    let card = request.strip_prefix("kill ").and_then(|n| n.parse::<usize>().ok());
    match card.and_then(|n| servers.get_mut(n)) {
        Some(server) => {
            server.kill();
            "done".into()
        }
        None => format!("cannot {request}"),
    }
}
