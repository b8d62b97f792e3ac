//! A made-up machine: its trees in a temporary folder, and a kernel that binds and unbinds.

use super::{Host, System, VFIO_PCI};
use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A uid that the made-up user directory knows.
const DIRECTORY_UID: u32 = 70_000;

#[derive(Default)]
struct Kernel {
    /// Driver that takes a function by its ids.
    native: HashMap<String, String>,
    /// What was written and given, shortened.
    log: Vec<String>,
    /// Which change fails (1 the first), and how often from there on.
    fail: Option<(usize, usize)>,
    /// Which change is taken without effect.
    ignore: Option<usize>,
    changes: usize,
    forbidden: HashSet<PathBuf>,
    all_forbidden: bool,
    module: Option<&'static str>,
    /// Owners that were given (the test may not be root).
    owners: HashMap<PathBuf, u32>,
}

/// The trees.
pub(crate) struct Tree {
    root: Rc<tempfile::TempDir>,
    kernel: Rc<RefCell<Kernel>>,
}

impl Tree {
    /// A machine with vfio-pci loaded and nothing on the bus.
    pub(crate) fn new() -> Self {
        let tree = Tree { root: Rc::new(tempfile::tempdir().unwrap()), kernel: Rc::default() };
        for folder in ["sys/bus/pci/devices", "sys/bus/pci/drivers/vfio-pci", "sys/kernel/iommu_groups", "proc", "dev"]
        {
            fs::create_dir_all(tree.path().join(folder)).unwrap();
        }
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn host(&self) -> Host {
        let system = Fake { root: self.root.clone(), kernel: self.kernel.clone() };
        Host::with(self.path(), Box::new(system))
    }

    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path().join(path);
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }

    pub(crate) fn card(&self, bdf: &str, driver: Option<&str>, group: Option<u32>) {
        self.function(bdf, &format!("0x{VENDOR_ID:04x}"), &format!("0x{DEVICE_ID:04x}"), driver, group);
        self.attribute(bdf, "class", "0x120000");
    }

    /// Makes a function, or changes its driver and group.
    pub(crate) fn function(&self, bdf: &str, vendor: &str, device: &str, driver: Option<&str>, group: Option<u32>) {
        self.attribute(bdf, "vendor", &format!("{vendor}\n"));
        self.attribute(bdf, "device", &format!("{device}\n"));
        if !self.folder(bdf).join("driver_override").exists() {
            self.attribute(bdf, "driver_override", "(null)\n");
        }
        let entry = self.path().join("sys/bus/pci/devices").join(bdf);
        if !entry.exists() {
            symlink(format!("../../../devices/pci0000:00/{bdf}"), entry).unwrap();
        }
        self.link(bdf, "driver", driver.map(|d| format!("../../../bus/pci/drivers/{d}")));
        if let Some(driver) = driver {
            fs::create_dir_all(self.path().join("sys/bus/pci/drivers").join(driver)).unwrap();
        }
        self.link(bdf, "iommu_group", group.map(|g| format!("../../../kernel/iommu_groups/{g}")));
        if let Some(group) = group {
            let members = self.path().join(format!("sys/kernel/iommu_groups/{group}/devices"));
            fs::create_dir_all(&members).unwrap();
            let _ = symlink(format!("../../../../devices/pci0000:00/{bdf}"), members.join(bdf));
        }
    }

    fn folder(&self, bdf: &str) -> PathBuf {
        self.path().join("sys/devices/pci0000:00").join(bdf)
    }

    fn link(&self, bdf: &str, name: &str, target: Option<String>) {
        let link = self.folder(bdf).join(name);
        let _ = fs::remove_file(&link);
        if let Some(target) = target {
            symlink(target, link).unwrap();
        }
    }

    pub(crate) fn attribute(&self, bdf: &str, name: &str, content: &str) {
        self.attribute_bytes(bdf, name, content.as_bytes());
    }

    pub(crate) fn attribute_bytes(&self, bdf: &str, name: &str, content: &[u8]) {
        self.write(&format!("sys/devices/pci0000:00/{bdf}/{name}"), content);
    }

    pub(crate) fn vfio_file(&self, name: &str) {
        self.write(&format!("dev/vfio/{name}"), b"");
    }

    pub(crate) fn process(&self, pid: u32, name: &str, state: char, open: &[&str]) {
        self.write(&format!("proc/{pid}/comm"), format!("{name}\n").as_bytes());
        self.write(&format!("proc/{pid}/stat"), format!("{pid} ({name}) {state} 1 1").as_bytes());
        for (fd, target) in open.iter().enumerate() {
            let link = self.path().join(format!("proc/{pid}/fd/{fd}"));
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(target, link).unwrap();
        }
    }

    /// The driver that takes a function when nothing is ordered.
    pub(crate) fn native(&self, bdf: &str, driver: &str) {
        fs::create_dir_all(self.path().join("sys/bus/pci/drivers").join(driver)).unwrap();
        self.kernel.borrow_mut().native.insert(bdf.into(), driver.into());
    }

    /// A file under /dev that this user may not open.
    pub(crate) fn forbid(&self, dev: &str) {
        let path = self.path().join("dev").join(dev);
        self.kernel.borrow_mut().forbidden.insert(path);
    }

    /// This user may write nothing.
    pub(crate) fn forbid_all(&self) {
        self.kernel.borrow_mut().all_forbidden = true;
    }

    /// The n-th change from now on fails.
    pub(crate) fn fail_at(&self, n: usize) {
        self.fail_from(n, 1);
    }

    /// Some changes in a row fail.
    pub(crate) fn fail_from(&self, n: usize, times: usize) {
        let mut kernel = self.kernel.borrow_mut();
        (kernel.fail, kernel.changes) = (Some((n, times)), 0);
    }

    /// The n-th change from now on has no effect.
    pub(crate) fn ignore_at(&self, n: usize) {
        let mut kernel = self.kernel.borrow_mut();
        (kernel.ignore, kernel.changes) = (Some(n), 0);
    }

    /// vfio-pci is not loaded; loading it works, or fails so.
    pub(crate) fn unload(&self, problem: Option<&'static str>) {
        self.remove("sys/bus/pci/drivers/vfio-pci");
        self.kernel.borrow_mut().module = problem;
    }

    /// Takes the log.
    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.kernel.borrow_mut().log)
    }

    /// Who was given a file under /dev.
    pub(crate) fn owner(&self, dev: &str) -> Option<u32> {
        self.kernel.borrow().owners.get(&self.path().join("dev").join(dev)).copied()
    }

    /// All that a change may touch: drivers, orders, files of groups.
    pub(crate) fn snapshot(&self) -> Vec<String> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.path().join("sys/devices/pci0000:00")).unwrap().flatten() {
            let driver = fs::read_link(entry.path().join("driver")).ok();
            let ordered = fs::read_to_string(entry.path().join("driver_override")).unwrap_or_default();
            all.push(format!("{:?} {driver:?} {ordered:?}", entry.file_name()));
        }
        all.extend(super::files::names(&self.path().join("dev/vfio")));
        all.sort();
        all
    }
}

/// The kernel's answers to writes.
struct Fake {
    root: Rc<tempfile::TempDir>,
    kernel: Rc<RefCell<Kernel>>,
}

impl Fake {
    /// Counts a change; `Some` if it goes another way.
    fn change(&self, entry: String) -> Option<io::Result<()>> {
        let mut kernel = self.kernel.borrow_mut();
        kernel.changes += 1;
        kernel.log.push(entry);
        let n = kernel.changes;
        if kernel.fail.is_some_and(|(first, times)| (first..first + times).contains(&n)) {
            return Some(Err(io::Error::from_raw_os_error(libc::EIO)));
        }
        (kernel.ignore == Some(n)).then_some(Ok(()))
    }

    fn device(&self, bdf: &str) -> PathBuf {
        self.root.path().join("sys/devices/pci0000:00").join(bdf)
    }

    fn node(&self, bdf: &str) -> Option<PathBuf> {
        let group = fs::read_link(self.device(bdf).join("iommu_group")).ok()?;
        Some(self.root.path().join("dev/vfio").join(group.file_name()?))
    }

    fn attach(&self, bdf: &str, driver: &str) -> io::Result<()> {
        let device = self.device(bdf);
        let there = self.root.path().join("sys/bus/pci/drivers").join(driver).is_dir();
        if device.join("driver").exists() || !there {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        symlink(format!("../../../bus/pci/drivers/{driver}"), device.join("driver"))?;
        if let Some(node) = self.node(bdf).filter(|_| driver == VFIO_PCI) {
            fs::create_dir_all(node.parent().unwrap())?;
            fs::write(node, "")?;
        }
        Ok(())
    }

    fn detach(&self, bdf: &str) -> io::Result<()> {
        fs::remove_file(self.device(bdf).join("driver"))?;
        if let Some(node) = self.node(bdf) {
            let _ = fs::remove_file(&node);
            self.kernel.borrow_mut().owners.remove(&node);
        }
        Ok(())
    }

    fn chosen(&self, bdf: &str) -> Option<String> {
        let ordered = fs::read_to_string(self.device(bdf).join("driver_override")).unwrap_or_default();
        match ordered.trim() {
            "" | "(null)" => self.kernel.borrow().native.get(bdf).cloned(),
            driver => Some(driver.to_owned()),
        }
    }
}

impl System for Fake {
    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        let name = file.file_name().unwrap().to_str().unwrap();
        if let Some(other) = self.change(format!("{name} {text}").trim_end().to_owned()) {
            return other;
        }
        match name {
            "driver_override" if text == "\n" => fs::write(file, "(null)\n"),
            "driver_override" => fs::write(file, format!("{text}\n")),
            "unbind" => self.detach(text),
            "bind" => {
                let driver = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
                let fits = self.chosen(text).is_none_or(|chosen| chosen == driver);
                if fits { self.attach(text, driver) } else { Err(io::Error::from_raw_os_error(libc::ENODEV)) }
            }
            "drivers_probe" => match self.chosen(text).filter(|_| !self.device(text).join("driver").exists()) {
                Some(driver) => self.attach(text, &driver),
                None => Ok(()),
            },
            "reset" => Ok(()),
            _ => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        }
    }

    fn chown(&self, file: &Path, uid: u32) -> io::Result<()> {
        if let Some(other) = self.change(format!("chown {uid} {}", file.file_name().unwrap().to_string_lossy())) {
            return other;
        }
        if !file.exists() {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        self.kernel.borrow_mut().owners.insert(file.to_owned(), uid);
        Ok(())
    }

    fn owner(&self, file: &Path) -> Option<u32> {
        let given = self.kernel.borrow().owners.get(file).copied();
        file.exists().then_some(given.unwrap_or(0))
    }

    fn may_use(&self, file: &Path) -> bool {
        let kernel = self.kernel.borrow();
        !kernel.all_forbidden && !kernel.forbidden.contains(file)
    }

    fn load_module(&self, name: &str) -> io::Result<()> {
        let mut kernel = self.kernel.borrow_mut();
        kernel.log.push(format!("modprobe {name}"));
        match kernel.module {
            Some(problem) => Err(io::Error::other(problem)),
            None => fs::create_dir_all(self.root.path().join("sys/bus/pci/drivers").join(name)),
        }
    }

    fn settle(&self) {
        self.kernel.borrow_mut().log.push("settle".into());
    }

    fn look_up_user(&self, name: &str) -> Option<u32> {
        (name == "directory-user").then_some(DIRECTORY_UID)
    }
}
