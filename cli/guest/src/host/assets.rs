//! QEMU and the guest's kernel: what the environment names, or else what `fetch` gets.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A QEMU of one's own.
const QEMU: &str = "GRISTMILL_QEMU";
/// A folder of one's own with a `vmlinux` (or `bzImage`) and `modules/*.ko`, loaded by name.
const KERNEL: &str = "GRISTMILL_KERNEL";

/// What a guest is made of.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The program.
    pub qemu: PathBuf,
    /// What it boots.
    pub kernel: PathBuf,
    /// Kernel modules, in the order of loading.
    pub modules: Vec<PathBuf>,
    /// What they are, for the output.
    pub versions: String,
}

impl Assets {
    /// Finds or fetches them. The error says what to do.
    pub fn find() -> Result<Self, String> {
        let named = |variable| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
        let (qemu, kernel) = (named(QEMU), named(KERNEL));
        let fetched = if qemu.is_some() && kernel.is_some() { None } else { Some(fetch()?) };
        let of = |part: &str| fetched.as_ref().map(|folder| folder.join(part)).unwrap_or_default();
        let mut versions = String::new();
        if let Some(folder) = &fetched {
            versions = std::fs::read_to_string(folder.join("versions")).unwrap_or_default().trim().replace('\n', ", ");
        }
        for (variable, path) in [(QEMU, &qemu), (KERNEL, &kernel)] {
            if let Some(path) = path {
                versions.push_str(&format!("; {variable}={}", path.display()));
            }
        }
        let qemu = qemu.unwrap_or_else(|| of("qemu/run"));
        let folder = kernel.unwrap_or_else(|| of(""));
        let kernel = ["vmlinux", "bzImage"].into_iter().map(|name| folder.join(name)).find(|file| file.is_file());
        let kernel =
            kernel.ok_or_else(|| format!("{}: no vmlinux or bzImage there; see docs/guest.md", folder.display()))?;
        let modules = modules(&folder.join("modules"))?;
        check_qemu(&qemu)?;
        Ok(Assets { qemu, kernel, modules, versions })
    }
}

fn fetch() -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fetch");
    let run = Command::new("bash").arg(&script).output().map_err(|e| format!("bash {}: {e}", script.display()))?;
    let notes = String::from_utf8_lossy(&run.stderr);
    if !notes.is_empty() {
        tell!("{}", notes.trim_end());
    }
    if !run.status.success() {
        return Err(format!("{} failed ({}):\n{notes}", script.display(), run.status));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&run.stdout).trim()))
}

fn modules(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new()); // all built in
    }
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "ko"));
    files.sort();
    Ok(files)
}

fn check_qemu(qemu: &Path) -> Result<(), String> {
    let name = qemu.display();
    let help = Command::new(qemu).args(["-device", "vfio-user-pci,help"]).output();
    let help = help.map_err(|e| format!("{name} cannot be started: {e}; {QEMU} can name another QEMU"))?;
    if help.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&help.stderr);
    Err(format!("{name} has no vfio-user-pci (QEMU 10.1 is the first that has it); {QEMU} can name another: {said}"))
}
