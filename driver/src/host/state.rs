//! What stands between a card and its use.

use super::files::{bytes, names};
use super::group::{listed, strangers};
use super::holders::Holders;
use super::{Host, PciFunction, Process};

/// The first thing in the way, from the hardest to the easiest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its configuration space reads as all ones: unplugged, powered off, or its link is down.
    Gone,
    /// It is in no IOMMU group.
    NoIommu,
    /// No driver has it.
    Unbound,
    /// Another driver has it.
    BoundTo(String),
    /// Other functions of its IOMMU group are bound to drivers of the kernel.
    SharedGroup(Vec<(String, String)>),
    /// It is bound, but there is no file for its group.
    NoFile(String),
    /// It is bound, and this user may not open the file of its group.
    NoPermission(String),
    /// It is bound, and these processes have it open.
    Busy(Vec<Process>),
    /// It can be opened.
    Ready,
}

impl State {
    /// A word for scripts; never changes.
    pub fn key(&self) -> &'static str {
        match self {
            State::Gone => "gone",
            State::NoIommu => "no-iommu",
            State::Unbound => "unbound",
            State::BoundTo(_) => "bound-elsewhere",
            State::SharedGroup(_) => "shared-group",
            State::NoFile(_) => "no-file",
            State::NoPermission(_) => "no-permission",
            State::Busy(_) => "busy",
            State::Ready => "ready",
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            State::Gone => "gone (its configuration reads as all ones)".into(),
            State::NoIommu => "no IOMMU".into(),
            State::Unbound => "unbound".into(),
            State::BoundTo(driver) => format!("bound to {driver}"),
            State::SharedGroup(others) => format!("shares its IOMMU group with {}", listed(others)),
            State::NoFile(file) => format!("there is no {file}"),
            State::NoPermission(file) => format!("no permission on {file}"),
            State::Busy(holders) => {
                let each: Vec<String> = holders.iter().map(ToString::to_string).collect();
                format!("busy: {}", each.join(", "))
            }
            State::Ready => "ready".into(),
        }
    }

    /// What to do; empty where nothing is to be done.
    pub fn way_out(&self, function: &PciFunction) -> String {
        let address = function.address;
        match self {
            State::Gone => "check the card's power and seat; after that `echo 1 > /sys/bus/pci/rescan` as root, \
                            or start the machine again"
                .into(),
            State::NoIommu => "switch the IOMMU on, in the firmware (VT-d, AMD-Vi) and in the kernel \
                               (`intel_iommu=on`); see `gristmill doctor`"
                .into(),
            State::Unbound => format!("`sudo gristmill bind {address} --user $USER`"),
            State::BoundTo(driver) => {
                format!("if {driver} may lose it: `sudo gristmill bind {address} --user $USER`")
            }
            State::SharedGroup(_) => {
                "unbind those from their drivers, or put the card into a slot with a group of its own".into()
            }
            State::NoFile(file) => format!("check udev and the container: {file} must be visible here"),
            State::NoPermission(_) => format!("`sudo gristmill bind {address} --user $USER`, or a udev rule"),
            State::Busy(_) => "wait for it, or end that process".into(),
            State::Ready => String::new(),
        }
    }
}

impl PciFunction {
    /// The file of its group, as it is named on the running system.
    pub fn group_file(&self) -> Option<String> {
        Some(format!("/dev/vfio/{}", self.group?))
    }

    /// What stands between it and its use.
    pub fn state(&self, host: &Host) -> State {
        self.state_among(host, &Holders::scan(host))
    }

    /// [`state`](Self::state) when the processes are known.
    pub(super) fn state_among(&self, host: &Host, holders: &Holders) -> State {
        if bytes(&self.path.join("config")).is_some_and(|c| c.starts_with(&[0xff; 4])) {
            return State::Gone;
        }
        let Some(group) = self.group else { return State::NoIommu };
        match &self.driver {
            None => return State::Unbound,
            Some(driver) if !self.is_on_vfio() => return State::BoundTo(driver.clone()),
            Some(_) => {}
        }
        let others: Vec<_> = strangers(&self.path.join("iommu_group")).collect();
        if !others.is_empty() {
            return State::SharedGroup(others);
        }
        let holding = self.holders(holders);
        if !holding.is_empty() {
            return State::Busy(holding);
        }
        let (name, path) = (format!("/dev/vfio/{group}"), host.dev(&format!("vfio/{group}")));
        match path.exists() {
            false => State::NoFile(name),
            true if !host.system.may_use(&path) => State::NoPermission(name),
            true => State::Ready,
        }
    }

    /// Processes that have its group, or itself, open.
    pub(super) fn holders(&self, holders: &Holders) -> Vec<Process> {
        let mut all = Vec::new();
        if let Some(group) = self.group {
            all.extend_from_slice(holders.of(&group.to_string()));
        }
        for name in names(&self.path.join("vfio-dev")) {
            all.extend_from_slice(holders.of(&format!("devices/{name}")));
        }
        all.sort_by_key(|p| p.pid);
        all.dedup_by_key(|p| p.pid);
        all
    }
}

/// All Gristmill cards with their states, or all functions.
impl Host {
    /// Every Gristmill card (or, with `all`, every PCI function) and its state, in order of
    /// address.
    pub fn list(&self, all: bool) -> Vec<(PciFunction, State)> {
        let functions = if all { PciFunction::all(self) } else { PciFunction::cards(self) };
        if functions.is_empty() {
            return Vec::new();
        }
        let holders = Holders::scan(self);
        functions.into_iter().map(|f| (f.clone(), f.state_among(self, &holders))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    const CARD: &str = "0000:3b:00.0";

    fn state(tree: &Tree) -> State {
        tree.host().list(false)[0].1.clone()
    }

    #[test]
    fn each_obstacle_in_turn() {
        let tree = Tree::new();
        tree.card(CARD, None, None);
        assert_eq!(state(&tree), State::NoIommu);
        tree.card(CARD, None, Some(17));
        assert_eq!(state(&tree), State::Unbound);
        tree.card(CARD, Some("xdma"), Some(17));
        assert_eq!(state(&tree), State::BoundTo("xdma".into()));
        tree.card(CARD, Some("vfio-pci"), Some(17));
        assert_eq!(state(&tree), State::NoFile("/dev/vfio/17".into()));
        tree.vfio_file("17");
        assert_eq!(state(&tree), State::Ready);
        tree.forbid("vfio/17");
        assert_eq!(state(&tree), State::NoPermission("/dev/vfio/17".into()));
        tree.process(12, "prove", 'S', &["/dev/vfio/17"]);
        assert_eq!(state(&tree).describe(), "busy: process 12 (prove)");
        tree.function("0000:3b:00.1", "0x8086", "0x1", Some("nvme"), Some(17));
        assert_eq!(state(&tree), State::SharedGroup(vec![("0000:3b:00.1".into(), "nvme".into())]));
        tree.attribute_bytes(CARD, "config", &[0xff; 64]);
        assert_eq!(state(&tree), State::Gone);
    }

    #[test]
    fn the_newer_device_file_counts_too() {
        let tree = Tree::new();
        tree.card(CARD, Some("vfio-pci"), Some(17));
        tree.vfio_file("17");
        tree.attribute(CARD, "vfio-dev/vfio3/dev", "240:0");
        tree.process(13, "cdev", 'S', &["/dev/vfio/devices/vfio3"]);
        assert_eq!(state(&tree).describe(), "busy: process 13 (cdev)");
    }

    #[test]
    fn every_state_but_ready_has_a_way_out() {
        let tree = Tree::new();
        tree.card(CARD, None, Some(1));
        let card = &PciFunction::cards(&tree.host())[0];
        let process = Process { pid: 1, name: "x".into(), state: None, stale: false };
        let mut keys = std::collections::BTreeSet::new();
        for state in [
            State::Gone,
            State::NoIommu,
            State::Unbound,
            State::BoundTo("xdma".into()),
            State::SharedGroup(vec![("0000:3b:00.1".into(), "nvme".into())]),
            State::NoFile("/dev/vfio/1".into()),
            State::NoPermission("/dev/vfio/1".into()),
            State::Busy(vec![process]),
        ] {
            assert!(!state.way_out(card).is_empty() && keys.insert(state.key()), "{state:?}");
        }
        assert!(State::Ready.way_out(card).is_empty() && keys.insert(State::Ready.key()));
    }
}
