//! The kernel's interfaces: file systems, modules, PCI functions, power.

use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, finit_module, reboot};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs;
use std::fs::File;
use std::path::Path;

/// Where the kernel lists PCI functions.
const FUNCTIONS: &str = "/sys/bus/pci/devices";

/// Mounts what a program expects to find.
pub fn mount_all() -> Result<(), String> {
    for (kind, at) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp")] {
        mount(kind, at, kind, MountFlags::empty(), None).map_err(|e| format!("mounting {at}: {e}"))?;
    }
    Ok(())
}

/// Makes a serial line this process' standard files, bytes passing as they are.
pub fn speak_on(line: &str) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("{line}: {e}");
    let file = File::options().read(true).write(true).open(line).map_err(fail)?;
    let mut settings = tcgetattr(&file).map_err(|e| fail(e.into()))?;
    settings.make_raw();
    tcsetattr(&file, OptionalActions::Now, &settings).map_err(|e| fail(e.into()))?;
    rustix::stdio::dup2_stdin(&file).map_err(|e| fail(e.into()))?;
    rustix::stdio::dup2_stdout(&file).map_err(|e| fail(e.into()))?;
    rustix::stdio::dup2_stderr(&file).map_err(|e| fail(e.into()))
}

/// Loads every module of a folder, by name.
pub fn load_modules(folder: &str) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{folder}: {e}"))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for path in files {
        let file = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        match finit_module(&file, c"", 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(e) => return Err(format!("loading {}: {e}", path.display())),
        }
    }
    Ok(())
}

/// `name=VALUE` of the kernel's command line.
pub fn kernel_parameter(name: &str) -> Option<String> {
    let line = fs::read_to_string("/proc/cmdline").ok()?;
    let value = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    value.map(str::to_owned)
}

/// Seconds since the kernel started.
pub fn uptime() -> String {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    format!("{} s", text.split(' ').next().unwrap_or_default())
}

/// Addresses of all cards on the PCI bus, by vendor and device id.
pub fn cards() -> Result<Vec<String>, String> {
    let entries = fs::read_dir(FUNCTIONS).map_err(|e| format!("{FUNCTIONS}: {e}"))?;
    let id = |path: &Path, which: &str| {
        let text = fs::read_to_string(path.join(which)).ok()?;
        u16::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
    };
    let ours = |path: &Path| {
        id(path, "vendor") == Some(gristmill_abi::pci::VENDOR_ID)
            && id(path, "device") == Some(gristmill_abi::pci::DEVICE_ID)
    };
    let cards = entries.flatten().filter(|entry| ours(&entry.path()));
    let mut cards: Vec<String> = cards.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    cards.sort();
    Ok(cards)
}

/// A file of a PCI function in sysfs.
pub fn function_file(card: &str, name: &str) -> String {
    format!("{FUNCTIONS}/{card}/{name}")
}

/// Writes a line to a file of the kernel's.
pub fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, format!("{text}\n")).map_err(|e| format!("writing {text:?} to {path}: {e}"))
}

/// Takes a function from its driver, if it has one.
pub fn unbind(card: &str) -> Result<(), String> {
    let driver = function_file(card, "driver");
    if !Path::new(&driver).exists() {
        return Ok(());
    }
    write(&format!("{driver}/unbind"), card)
}

/// Binds a function to a driver.
pub fn bind(card: &str, driver: &str) -> Result<(), String> {
    unbind(card)?;
    write(&function_file(card, "driver_override"), driver)?;
    write("/sys/bus/pci/drivers_probe", card)?;
    let now =
        fs::read_link(function_file(card, "driver")).map_err(|e| format!("{card} did not bind to {driver}: {e}"))?;
    if now.file_name().is_some_and(|name| name == driver) { Ok(()) } else { Err(format!("{card} is bound to {now:?}")) }
}

/// The number of a function's IOMMU group.
pub fn group(card: &str) -> Result<String, String> {
    let link =
        fs::read_link(function_file(card, "iommu_group")).map_err(|e| format!("{card} has no IOMMU group: {e}"))?;
    Ok(link.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

/// Ends the machine.
pub fn power_off() -> ! {
    let error = reboot(RebootCommand::PowerOff);
    // The kernel panics when its first process ends, and QEMU ends with it.
    panic!("cannot power off: {error:?}")
}
