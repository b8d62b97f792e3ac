//! Devices: the CPU, a card, a simulated card, behind one type.

mod bases;
mod card;
mod commands;
pub mod cost;
mod dispatch;
mod engine;
mod goldilocks;
mod nonblocking;
mod options;
#[cfg(test)]
mod tests;
mod transform;
mod vectors;

pub use bases::Bases;
pub use card::transport;
#[cfg(all(feature = "sim", target_os = "linux"))]
pub use card::{default_config, load_config, load_config_with, over_goldilocks};
pub(crate) use engine::{Engine, EngineResult, MsmEngine, MsmJob, NttEngine, Resident, VectorEngine};
pub use engine::{EngineError, Info, MsmInfo, NttInfo};
pub use goldilocks::GoldilocksTransform;
pub use options::{Check, DeviceName, Fallback, Options, TimeOuts, Wait, Waves};
pub(crate) use transform::reverse;
pub use transform::{Order, Transform};
pub use vectors::{Operation, Second, Step, Vector};

use crate::{Error, Report, Result, cpu::Cpu};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A device. Cheap to clone: clones share the engine, the report and the quarantine.
#[derive(Clone)]
pub struct Device {
    shared: Arc<Shared>,
    check: Check,
}

pub(crate) struct Shared {
    name: String,
    /// `None`: the CPU does it all.
    card: Option<Arc<dyn Engine>>,
    fallback: Fallback,
    /// Picks card or CPU for each operation; `None`: the card does what it offers.
    model: Option<cost::Model>,
    report: Mutex<Report>,
    quarantine: Mutex<Option<String>>,
}

impl Device {
    /// Opens a device: `auto` (a card if one is found, for the operations at which it is faster by the
    /// [cost model](cost), else the CPU; never a simulator), `cpu`,
    /// `sim`, `sim:verilator`, `vfio:BDF`, `vfio-user:SOCKET`, `serial:PORT[@BAUD]`.
    ///
    /// # Errors
    /// [`Error::DeviceName`] for another name, [`Error::DeviceUnavailable`] if the device is not
    /// there or cannot be opened, [`Error::CpuEngine`] if the environment variable `GRISTMILL_CPU` asks
    /// for an engine that is not there.
    pub fn open(name: &str, options: &Options) -> Result<Device> {
        crate::cpu::check_choice()?;
        let (name, card, link) = match name.parse()? {
            DeviceName::Cpu => (DeviceName::Cpu, None, None),
            DeviceName::Auto => match card::find(options) {
                Some((name, engine, link)) => (name, Some(engine), Some(link)),
                None => (DeviceName::Cpu, None, None),
            },
            name => {
                let engine = card::open(&name, options)?;
                (name, Some(engine), None)
            }
        };
        tracing::debug!(device = %name, "opened");
        let name = name.to_string();
        let mut model = None;
        if let (Some(card), Some(link)) = (&card, link) {
            model = Some(cost::Model::of(&information(&name, card.as_ref())?, link));
        }
        Device::with_engine(name, card, model, options)
    }

    pub(crate) fn with_engine(
        name: String,
        card: Option<Arc<dyn Engine>>,
        model: Option<cost::Model>,
        options: &Options,
    ) -> Result<Device> {
        let report = Mutex::new(new_report(&name, card.as_deref())?);
        let shared = Shared { name, card, fallback: options.fallback, model, report, quarantine: Mutex::new(None) };
        Ok(Device { shared: Arc::new(shared), check: options.check })
    }

    /// The device's name; what `auto` found, not `auto`.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Is this the CPU?
    pub fn is_cpu(&self) -> bool {
        self.shared.card.is_none()
    }

    /// The cost model, by which a card that was opened as `auto` gets an operation or does not.
    pub fn model(&self) -> Option<&cost::Model> {
        self.shared.model.as_ref()
    }

    /// The same device with another check of results.
    pub fn with_check(&self, check: Check) -> Device {
        Device { shared: self.shared.clone(), check }
    }

    /// How results are checked.
    pub fn check(&self) -> Check {
        self.check
    }

    /// Identity, configuration, capabilities and counters.
    ///
    /// # Errors
    /// [`Error::DeviceFailed`] if the card does not answer.
    pub fn info(&self) -> Result<Info> {
        let engine: &dyn Engine = self.shared.card.as_deref().unwrap_or(&Cpu);
        let mut info = engine.info().map_err(|source| self.failed("info", source))?;
        info.device = self.shared.name.clone();
        Ok(info)
    }

    /// What this device did since it was opened, or since [`take_report`](Self::take_report).
    pub fn report(&self) -> Report {
        lock(&self.shared.report).clone()
    }

    /// The report so far; the next one starts from nothing.
    pub fn take_report(&self) -> Report {
        let mut report = lock(&self.shared.report);
        let fresh = empty_like(&report);
        std::mem::replace(&mut report, fresh)
    }

    /// Why the device is quarantined, if it is: it gave a wrong answer and takes no more tasks.
    pub fn quarantined(&self) -> Option<String> {
        lock(&self.shared.quarantine).clone()
    }

    /// An empty report of this device, for one job.
    pub(crate) fn job_report(&self) -> Report {
        empty_like(&lock(&self.shared.report))
    }

    /// Adds a job's report to the device's.
    pub(crate) fn absorb(&self, report: &Report) {
        lock(&self.shared.report).absorb(report);
    }

    pub(crate) fn quarantine(&self, task: &str, detail: String) -> Error {
        tracing::error!(device = %self.shared.name, task, %detail, "wrong answer: device quarantined");
        lock(&self.shared.quarantine).get_or_insert_with(|| format!("{task}: {detail}"));
        Error::WrongAnswer { device: self.shared.name.clone(), task: task.to_owned(), detail }
    }

    fn usable(&self) -> Result<()> {
        match self.quarantined() {
            None => Ok(()),
            Some(reason) => Err(Error::Quarantined { device: self.shared.name.clone(), reason }),
        }
    }

    fn failed(&self, task: &str, source: EngineError) -> Error {
        Error::DeviceFailed { device: self.shared.name.clone(), task: task.to_owned(), source }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({}, check {:?}, fall-back {:?})", self.shared.name, self.check, self.shared.fallback)
    }
}

/// Below this a clock is a simulator's.
const SLOWEST_CARD_HZ: u64 = 1_000_000;

fn information(name: &str, card: &dyn Engine) -> Result<Info> {
    card.info().map_err(|e| Error::DeviceUnavailable { device: name.to_owned(), reason: format!("no answer: {e}") })
}

fn new_report(name: &str, card: Option<&dyn Engine>) -> Result<Report> {
    let mut report = Report { device: name.to_owned(), ..Report::default() };
    if let Some(card) = card {
        let info = information(name, card)?;
        // A simulator behind a socket says how fast it simulates, which predicts nothing.
        report.clock_hz = info.clock_hz.filter(|hz| *hz >= SLOWEST_CARD_HZ);
        report.adders = info.msm.map_or(0, |m| m.adders);
        report.twins = info.twins;
    }
    Ok(report)
}

fn empty_like(report: &Report) -> Report {
    Report {
        device: report.device.clone(),
        clock_hz: report.clock_hz,
        adders: report.adders,
        twins: report.twins.clone(),
        ..Report::default()
    }
}

/// What the mutexes hold stays whole even if a thread dies while it holds one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
