//! Where the system's trees are, and the calls that change something or ask about permission.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is asked of the running system beyond reading its files. Tests put a kernel of their own
/// here.
pub trait System {
    /// Writes to a file of sysfs: one write, no new file.
    fn write(&self, file: &Path, text: &str) -> io::Result<()>;
    /// Gives a file to a user.
    fn chown(&self, file: &Path, uid: u32) -> io::Result<()>;
    /// Who owns a file.
    fn owner(&self, file: &Path) -> Option<u32>;
    /// Whether this process may read and write a file.
    fn may_use(&self, file: &Path) -> bool;
    /// Loads a kernel module.
    fn load_module(&self, name: &str) -> io::Result<()>;
    /// Waits until udev has handled what is pending: it sets owners of its own.
    fn settle(&self);
    /// The uid of a user whom /etc/passwd does not know (LDAP and the like).
    fn look_up_user(&self, name: &str) -> Option<u32>;
}

/// The machine that this process runs on.
struct Running;

impl System for Running {
    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
    }

    fn chown(&self, file: &Path, uid: u32) -> io::Result<()> {
        std::os::unix::fs::chown(file, Some(uid), None)
    }

    fn owner(&self, file: &Path) -> Option<u32> {
        Some(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(file).ok()?))
    }

    fn may_use(&self, file: &Path) -> bool {
        use rustix::fs::{Access, AtFlags, CWD, accessat};
        accessat(CWD, file, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS).is_ok()
    }

    fn load_module(&self, name: &str) -> io::Result<()> {
        let output = Command::new("modprobe").arg(name).stdin(Stdio::null()).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(super::files::shown(String::from_utf8_lossy(&output.stderr).trim()))),
        }
    }

    fn settle(&self) {
        // Machines without udev have nothing to wait for.
        let mut command = Command::new("udevadm");
        command.args(["settle", "--timeout=5"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = command.status() {
            tracing::debug!(%error, "udevadm does not run");
        }
    }

    fn look_up_user(&self, name: &str) -> Option<u32> {
        let output = Command::new("getent").args(["passwd", "--", name]).stdin(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.split(':').nth(2)?.parse().ok()
    }
}

/// A machine's trees: `sys`, `proc`, `dev` and `etc` under one root.
pub struct Host {
    root: PathBuf,
    pub(super) system: Box<dyn System>,
}

impl Host {
    /// This machine.
    pub fn new() -> Self {
        Self::at(Path::new("/"))
    }

    /// Trees under another root, such as a copy of another machine's.
    pub fn at(root: &Path) -> Self {
        Self::with(root, Box::new(Running))
    }

    /// [`at`](Self::at) with another way to make changes.
    pub fn with(root: &Path, system: Box<dyn System>) -> Self {
        Host { root: root.to_owned(), system }
    }

    pub(super) fn sys(&self, path: &str) -> PathBuf {
        self.root.join("sys").join(path)
    }

    pub(super) fn proc(&self, path: &str) -> PathBuf {
        self.root.join("proc").join(path)
    }

    pub(super) fn dev(&self, path: &str) -> PathBuf {
        self.root.join("dev").join(path)
    }

    pub(super) fn etc(&self, path: &str) -> PathBuf {
        self.root.join("etc").join(path)
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.root.display())
    }
}
