//! Processes that have VFIO files open, from the links in `/proc/PID/fd`.

use super::Host;
use super::files::{line, names, text};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A process that has a card's group open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name, as `ps -o comm` shows it.
    pub name: String,
    /// The kernel's letter for its state (`S` sleeps, `T` is stopped, `Z` is dead but not reaped).
    pub state: Option<char>,
    /// Its program's file has been replaced or removed since it started.
    pub stale: bool,
}

impl Process {
    fn read(proc: &Path, pid: u32) -> Self {
        let at = |file: &str| proc.join(pid.to_string()).join(file);
        let name = line(&at("comm")).filter(|n| !n.is_empty()).unwrap_or_else(|| "?".into());
        // The name stands in parentheses and may hold anything, parentheses too.
        let state =
            text(&at("stat")).and_then(|s| s.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next()));
        let exe = fs::read_link(at("exe")).ok();
        let stale = exe.is_some_and(|e| e.to_string_lossy().ends_with(" (deleted)"));
        Process { pid, name, state, stale }
    }

    /// Why it looks left over, if it does.
    pub fn leftover(&self) -> Option<&'static str> {
        match self.state {
            Some('T' | 't') => Some("is stopped"),
            Some('Z' | 'X') => Some("is dead but not reaped"),
            Some('D') => Some("hangs in the kernel"),
            _ if self.stale => Some("runs a program that has been replaced"),
            _ => None,
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.name)
    }
}

/// Ids of the processes.
fn pids(proc: &Path) -> Vec<u32> {
    let mut pids: Vec<u32> = names(proc).iter().filter_map(|n| n.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// Files that a process has open, as far as this user may see: other users' processes are hidden
/// from all but root.
fn open_files(proc: &Path, pid: u32) -> impl Iterator<Item = PathBuf> + use<> {
    let fds = fs::read_dir(proc.join(pid.to_string()).join("fd")).into_iter().flatten().flatten();
    fds.filter_map(|fd| fs::read_link(fd.path()).ok())
}

/// Processes other than this one that have a file open.
pub(crate) fn others_with(proc: &Path, file: &Path) -> Vec<Process> {
    let own = std::process::id();
    let with = pids(proc).into_iter().filter(|pid| *pid != own && open_files(proc, *pid).any(|open| open == file));
    with.map(|pid| Process::read(proc, pid)).collect()
}

/// Who has which file under /dev/vfio open.
#[derive(Debug, Default)]
pub(super) struct Holders(BTreeMap<String, Vec<Process>>);

impl Holders {
    pub(super) fn scan(host: &Host) -> Self {
        let (mut found, proc) = (Self::default(), host.proc(""));
        for pid in pids(&proc) {
            let vfio = |path: PathBuf| Some(path.to_str()?.strip_prefix("/dev/vfio/")?.to_owned());
            let mut files: Vec<String> = open_files(&proc, pid).filter_map(vfio).collect();
            files.sort();
            files.dedup();
            for file in files {
                found.0.entry(file).or_default().push(Process::read(&proc, pid));
            }
        }
        found
    }

    /// Who has a file open: a group's number, or `devices/vfioN`.
    pub(super) fn of(&self, file: &str) -> &[Process] {
        self.0.get(file).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    #[test]
    fn holders_are_named() {
        let tree = Tree::new();
        tree.process(4711, "gristmill", 'S', &["/dev/vfio/vfio", "/dev/vfio/17", "/dev/vfio/17", "/dev/null"]);
        tree.process(99, "a) S (b", 'T', &["/dev/vfio/17", "socket:[1]"]);
        tree.process(100, "other", 'S', &["/dev/vfio/170", "/tmp/dev/vfio/17"]);
        tree.process(5, "cdev", 'S', &["/dev/vfio/devices/vfio0"]);
        let holders = Holders::scan(&tree.host());
        let pids: Vec<u32> = holders.of("17").iter().map(|p| p.pid).collect();
        assert_eq!(pids, [99, 4711]);
        assert_eq!(holders.of("17")[0].leftover(), Some("is stopped"));
        assert_eq!(holders.of("17")[1].leftover(), None);
        assert_eq!(holders.of("17")[1].to_string(), "process 4711 (gristmill)");
        assert_eq!(holders.of("devices/vfio0")[0].name, "cdev");
        assert!(holders.of("18").is_empty());
    }

    #[test]
    fn a_replaced_program_is_noticed() {
        let tree = Tree::new();
        tree.process(7, "old", 'S', &["/dev/vfio/1"]);
        std::os::unix::fs::symlink("/usr/bin/gristmill (deleted)", tree.path().join("proc/7/exe")).unwrap();
        assert!(Holders::scan(&tree.host()).of("1")[0].leftover().unwrap().contains("replaced"));
    }

    #[test]
    fn odd_processes_do_no_harm() {
        let tree = Tree::new();
        tree.process(1, "\x1b[2Jx", '?', &["/dev/vfio/1"]);
        let proc = tree.path().join("proc");
        fs::create_dir_all(proc.join("99999999999999/fd")).unwrap();
        fs::create_dir_all(proc.join("2")).unwrap();
        fs::write(proc.join("3"), "").unwrap();
        for file in ["1/stat", "1/comm"] {
            fs::write(proc.join(file), b"\xff(\x1b[2J").unwrap();
        }
        let holders = Holders::scan(&tree.host());
        assert_eq!(holders.of("1")[0].state, None);
        assert!(!holders.of("1")[0].name.contains('\x1b'));
        assert!(Holders::scan(&Host::at(&tree.path().join("none"))).of("1").is_empty());
    }
}
