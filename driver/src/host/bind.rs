//! A function to vfio-pci and back. Each change either takes whole or is put back.

use super::error::PutBack;
use super::group::strangers;
use super::in_use::activity;
use super::user::uid;
use super::{Host, HostError, PciFunction, VFIO_PCI, files};
use crate::transport::Bdf;
use std::io;
use std::path::{Path, PathBuf};

/// A function that is bound to vfio-pci.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The function as it is now.
    pub function: PciFunction,
    /// Its driver before; vfio-pci if there was nothing to do.
    pub was: Option<String>,
    /// The file of its group.
    pub file: String,
    /// Who was given that file.
    pub uid: Option<u32>,
}

/// A function that vfio-pci has no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// The function as it is now.
    pub function: PciFunction,
    /// It was not on vfio-pci before, and nothing had to be done.
    pub already: bool,
}

impl Host {
    /// Binds a function to vfio-pci through `driver_override`, so that no other card of its kind
    /// is touched, and gives the file of its group to a user (name or number). Does nothing that
    /// is done already. `force` admits functions whose ids are no Gristmill card's.
    ///
    /// # Errors
    /// Before any change: no such function or user, not a card, a bridge, no IOMMU, a group shared
    /// with drivers of the kernel, a driver at work, no root, no module. After that every error
    /// puts everything back first.
    pub fn bind(&self, address: Bdf, user: Option<&str>, force: bool) -> Result<Bound, HostError> {
        let uid = user.map(|user| uid(self, user)).transpose()?;
        let before = PciFunction::find(self, address)?;
        admissible(&before, force)?;
        let group = before.group.ok_or(HostError::NoIommu { address })?;
        let strangers = strangers(&before.path.join("iommu_group"));
        let others: Vec<_> = strangers.filter(|(member, _)| *member != address.to_string()).collect();
        if !others.is_empty() {
            return Err(HostError::SharedGroup { address, group, others });
        }
        let node = self.dev(&format!("vfio/{group}"));
        let to_give = uid.filter(|uid| !before.is_on_vfio() || self.system.owner(&node) != Some(*uid));
        if !before.is_on_vfio() || to_give.is_some() {
            let user = user.map_or(String::new(), |u| format!(" --user {u}"));
            self.needs_root(&before, "binding", format!("bind {address}{user}"))?;
        }
        let change = Change::of(self, &before, &node);
        if !before.is_on_vfio() {
            if let Some(by) = activity(self, &before) {
                return Err(HostError::InUse { address, by });
            }
            if !self.sys("bus/pci/drivers/vfio-pci").is_dir() {
                self.system.load_module(VFIO_PCI).map_err(|source| HostError::NoModule { source })?;
            }
            change.to_vfio()?;
        }
        if let Some(uid) = to_give {
            // udev gives new files owners of its own: after that, not before.
            self.system.settle();
            let given = self.system.chown(&node, uid);
            given.map_err(|e| change.failed("giving away the group's file", &node, e))?;
        }
        let function = PciFunction::find(self, address)?;
        Ok(Bound { function, was: before.driver, file: format!("/dev/vfio/{group}"), uid })
    }

    /// Takes a function from vfio-pci and lets the kernel choose a driver again. Does nothing if
    /// no driver has the function and none is ordered.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind); also when another driver has it, or a process has it open (the
    /// kernel would wait for that process without end).
    pub fn unbind(&self, address: Bdf, force: bool) -> Result<Unbound, HostError> {
        let before = PciFunction::find(self, address)?;
        admissible(&before, force)?;
        let ordered = driver_override(&before) == Some(VFIO_PCI.into());
        match &before.driver {
            None if !ordered => return Ok(Unbound { function: before, already: true }),
            Some(driver) if !before.is_on_vfio() => {
                return Err(HostError::NotOnVfio { address, driver: driver.clone() });
            }
            _ => {}
        }
        if let Some(by) = activity(self, &before) {
            return Err(HostError::InUse { address, by });
        }
        self.needs_root(&before, "unbinding", format!("unbind {address}"))?;
        let node = before.group.map_or_else(|| self.dev("vfio/none"), |g| self.dev(&format!("vfio/{g}")));
        Change::of(self, &before, &node).leave_vfio(ordered)?;
        Ok(Unbound { function: PciFunction::find(self, address)?, already: false })
    }

    /// Refuses early, before anything is changed: only root may write `driver_override`.
    pub(super) fn needs_root(
        &self,
        function: &PciFunction,
        what: &'static str,
        command: String,
    ) -> Result<(), HostError> {
        match self.system.may_use(&function.path.join("driver_override")) {
            true => Ok(()),
            false => Err(HostError::NeedsRoot { address: function.address, what, command }),
        }
    }
}

/// Whether it is the kind of function that this command is for.
pub(super) fn admissible(function: &PciFunction, force: bool) -> Result<(), HostError> {
    let address = function.address;
    if function.is_bridge() {
        return Err(HostError::Bridge { address });
    }
    match function.is_card() || force {
        true => Ok(()),
        false => Err(HostError::NotACard { address, ids: function.ids() }),
    }
}

/// The driver that `driver_override` orders, if any.
fn driver_override(function: &PciFunction) -> Option<String> {
    files::line(&function.path.join("driver_override")).filter(|o| !o.is_empty() && o != "(null)")
}

/// A change under way, and how things were before it.
struct Change<'a> {
    host: &'a Host,
    before: &'a PciFunction,
    ordered: Option<String>,
    /// Folder of the driver that had it.
    driver: Option<PathBuf>,
    /// The group's file and its owner.
    node: &'a Path,
    owner: Option<u32>,
}

impl<'a> Change<'a> {
    fn of(host: &'a Host, before: &'a PciFunction, node: &'a Path) -> Self {
        let driver = std::fs::canonicalize(before.path.join("driver")).ok();
        Change { host, before, ordered: driver_override(before), driver, node, owner: host.system.owner(node) }
    }

    fn address(&self) -> String {
        self.before.address.to_string()
    }

    fn now(&self) -> Option<String> {
        files::link_name(&self.before.path.join("driver")).ok().flatten()
    }

    fn to_vfio(&self) -> Result<(), HostError> {
        self.step("ordering vfio-pci", self.before.path.join("driver_override"), VFIO_PCI)?;
        if self.before.driver.is_some() {
            self.step("taking it from its driver", self.before.path.join("driver/unbind"), &self.address())?;
        }
        self.step("probing drivers", self.host.sys("bus/pci/drivers_probe"), &self.address())?;
        match self.now() {
            Some(driver) if driver == VFIO_PCI => Ok(()),
            now => Err(self.not_taken("bind it to vfio-pci", now)),
        }
    }

    fn leave_vfio(&self, ordered: bool) -> Result<(), HostError> {
        if self.before.is_on_vfio() {
            self.step("taking it from vfio-pci", self.before.path.join("driver/unbind"), &self.address())?;
        }
        if ordered {
            self.step("clearing the order for vfio-pci", self.before.path.join("driver_override"), "\n")?;
        }
        self.step("probing drivers", self.host.sys("bus/pci/drivers_probe"), &self.address())?;
        match self.now() {
            // Its ids may have been given to vfio-pci (`ids=`, `new_id`).
            Some(driver) if driver == VFIO_PCI => Err(self.not_taken("leave it without vfio-pci", Some(driver))),
            _ => Ok(()),
        }
    }

    fn step(&self, step: &'static str, file: PathBuf, text: &str) -> Result<(), HostError> {
        tracing::debug!(file = %file.display(), text = text.trim(), "write");
        self.host.system.write(&file, text).map_err(|e| self.failed(step, &file, e))
    }

    fn failed(&self, step: &'static str, file: &Path, source: io::Error) -> HostError {
        let put_back = self.put_back();
        HostError::Step { address: self.before.address, step, file: file.to_owned(), source, put_back }
    }

    fn not_taken(&self, what: &'static str, now: Option<String>) -> HostError {
        let now = now.map_or("without a driver".into(), |driver| format!("bound to {driver}"));
        HostError::NotTaken { address: self.before.address, what, now, put_back: self.put_back() }
    }

    /// Makes things as they were: looks at what differs, so that it serves after any step.
    fn put_back(&self) -> PutBack {
        let (mut done, mut problems) = (false, Vec::new());
        let mut write = |file: &Path, text: &str| {
            done = true;
            if let Err(error) = self.host.system.write(file, text) {
                problems.push(format!("{}: {error}", file.display()));
            }
        };
        let path = &self.before.path;
        if self.now().is_some() && self.now() != self.before.driver {
            write(&path.join("driver/unbind"), &self.address());
        }
        if driver_override(self.before) != self.ordered {
            write(&path.join("driver_override"), self.ordered.as_deref().unwrap_or("\n"));
        }
        if let (None, Some(driver)) = (self.now(), &self.driver) {
            write(&driver.join("bind"), &self.address());
        }
        if self.before.is_on_vfio() && self.host.system.owner(self.node) != self.owner {
            done = true;
            self.host.system.settle();
            let given = self.owner.map(|uid| self.host.system.chown(self.node, uid));
            if let Some(Err(error)) = given {
                problems.push(format!("{}: {error}", self.node.display()));
            }
        }
        if self.now() != self.before.driver {
            problems.push(format!("its driver was {}", self.before.driver.as_deref().unwrap_or("none")));
        }
        match (problems.is_empty(), done) {
            (false, _) => PutBack::Failed(problems.join("; ")),
            (true, true) => PutBack::Whole,
            (true, false) => PutBack::Untouched,
        }
    }
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
