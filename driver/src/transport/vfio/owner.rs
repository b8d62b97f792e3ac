//! Who has a device open: this process (a register of its own), or another (`/proc`).

pub use crate::host::Process as Holder;
pub(crate) use crate::host::others_with as holders;

use super::error::VfioError;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Functions (by their directories in sysfs) that this process holds, and the devices' names. The
/// kernel answers only "busy" where this process itself is in the way, and with iommufd only
/// "invalid".
static HELD: Mutex<Vec<(PathBuf, String)>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<(PathBuf, String)>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This process' right to some functions, given back when dropped.
#[derive(Debug)]
pub(super) struct Claim(Vec<PathBuf>);

impl Claim {
    /// Takes functions for a device: all of its group where the group is opened as a whole, one
    /// where the device has a file of its own.
    pub(super) fn take(functions: Vec<PathBuf>, device: &str) -> Result<Self, VfioError> {
        let mut held = held();
        if let Some((_, by)) = held.iter().find(|(at, _)| functions.contains(at)) {
            return Err(VfioError::OpenHere { by: by.clone() });
        }
        held.extend(functions.iter().map(|at| (at.clone(), device.to_owned())));
        Ok(Claim(functions))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        held().retain(|(at, _)| !self.0.contains(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    #[test]
    fn a_function_is_claimed_once_at_a_time() {
        let [a, b, c] = ["/made-up/0", "/made-up/1", "/made-up/2"].map(PathBuf::from);
        let group = Claim::take(vec![a.clone(), b.clone()], "vfio:0000:3b:00.0").unwrap();
        let second = Claim::take(vec![b.clone()], "vfio:0000:3b:00.1").unwrap_err();
        assert!(matches!(&second, VfioError::OpenHere { by } if by == "vfio:0000:3b:00.0"), "{second}");
        let _other = Claim::take(vec![c.clone()], "vfio:0000:3c:00.0").unwrap();
        drop(group);
        let _again = Claim::take(vec![b], "vfio:0000:3b:00.1").unwrap();
        assert!(Claim::take(vec![a, c], "vfio:0000:3b:00.0").is_err());
    }

    #[test]
    fn processes_with_the_file_open_are_found() {
        let proc = tempfile::tempdir().unwrap();
        let node = Path::new("/dev/vfio/17");
        let own = std::process::id();
        for (pid, target) in [(7, "/dev/vfio/17"), (8, "/dev/vfio/170"), (own, "/dev/vfio/17")] {
            let fds = proc.path().join(format!("{pid}/fd"));
            fs::create_dir_all(&fds).unwrap();
            fs::write(proc.path().join(format!("{pid}/comm")), "miner\n").unwrap();
            symlink("/dev/null", fds.join("0")).unwrap();
            symlink(target, fds.join("3")).unwrap();
        }
        fs::create_dir_all(proc.path().join("sys")).unwrap();
        let miner = Holder { pid: 7, name: "miner".into(), state: None, stale: false };
        assert_eq!(holders(proc.path(), node), [miner]);
        assert_eq!(holders(Path::new("/does/not/exist"), node), []);
    }

    #[test]
    fn a_real_process_is_seen_through_the_real_proc() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = file.reopen().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").stdin(open).spawn().unwrap();
        let found = holders(Path::new("/proc"), file.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.iter().any(|h| h.pid == child.id()), "{found:?}");
    }
}
