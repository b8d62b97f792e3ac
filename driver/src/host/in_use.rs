//! Signs that a function's present driver is at work, so that taking it away would hurt.

use super::files::{hex, names, number, text};
use super::holders::Holders;
use super::{Host, PciFunction};
use std::path::{Path, PathBuf};

/// What is going on at a function, if anything that can be seen.
pub(super) fn activity(host: &Host, function: &PciFunction) -> Option<String> {
    let holders = function.holders(&Holders::scan(host));
    if function.is_on_vfio() && !holders.is_empty() {
        let each: Vec<String> = holders.iter().map(ToString::to_string).collect();
        return Some(format!("{} has it open", each.join(", ")));
    }
    if number(&function.path.join("boot_vga")) == Some(1) {
        return Some("it is the machine's console".into());
    }
    if let Some(interface) = interfaces_up(&function.path).first() {
        return Some(format!("its network interface {interface} is up"));
    }
    let disks = disks(&function.path);
    let mounted = mounted(host);
    disks.iter().find_map(|disk| {
        let used = mounted.iter().find(|m| m.starts_with(&format!("/dev/{disk}")))?;
        Some(format!("{used} is mounted or used for swapping"))
    })
}

/// Network interfaces that are up: bit 0 of `flags`.
fn interfaces_up(device: &Path) -> Vec<String> {
    let folders = [device.join("net")].into_iter().chain(children(device).into_iter().map(|c| c.join("net")));
    let up = |net: &PathBuf| -> Vec<String> {
        let is_up = |name: &String| hex(&net.join(name).join("flags")).is_some_and(|f| f & 1 == 1);
        names(net).into_iter().filter(is_up).collect()
    };
    folders.flat_map(|net| up(&net)).collect()
}

/// Block devices below a function: `nvme/nvme0/nvme0n1`, `virtio3/block/vda`, `ata1/host0/...`.
/// Looks a few levels deep for folders that have a `queue` and a `size`.
fn disks(device: &Path) -> Vec<String> {
    let (mut found, mut level) = (Vec::new(), vec![device.to_owned()]);
    for _ in 0..8 {
        let below: Vec<PathBuf> = level.iter().flat_map(|folder| children(folder)).take(4096).collect();
        for folder in &below {
            let is_disk = folder.join("queue").is_dir() && folder.join("size").is_file();
            found.extend(is_disk.then(|| folder.file_name()?.to_str().map(str::to_owned)).flatten());
        }
        level = below;
    }
    found
}

/// Folders in a folder, links not followed.
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()).collect()
}

/// Device files that are mounted or used for swapping.
fn mounted(host: &Host) -> Vec<String> {
    let first = |line: &str| line.split_whitespace().next().unwrap_or("").to_owned();
    let files = ["self/mounts", "swaps"];
    files.iter().filter_map(|f| text(&host.proc(f))).flat_map(|t| t.lines().map(first).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    const AT: &str = "0000:3b:00.0";

    fn seen(tree: &Tree) -> Option<String> {
        activity(&tree.host(), &PciFunction::find(&tree.host(), AT.parse().unwrap()).unwrap())
    }

    #[test]
    fn what_is_at_work_is_seen() {
        let tree = Tree::new();
        tree.function(AT, "0x8086", "0x1", Some("some"), Some(1));
        assert_eq!(seen(&tree), None);
        tree.attribute(AT, "boot_vga", "1");
        assert!(seen(&tree).unwrap().contains("console"));
        tree.attribute(AT, "boot_vga", "0");
        tree.attribute(AT, "net/eth7/flags", "0x1002");
        assert_eq!(seen(&tree), None);
        tree.attribute(AT, "net/eth7/flags", "0x1003");
        assert!(seen(&tree).unwrap().contains("eth7 is up"));
        tree.attribute(AT, "net/eth7/flags", "0x1002");
        tree.attribute(AT, "nvme/nvme0/nvme0n1/queue/depth", "1");
        tree.attribute(AT, "nvme/nvme0/nvme0n1/size", "1");
        tree.write("proc/self/mounts", b"proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n");
        assert_eq!(seen(&tree), None);
        tree.write("proc/swaps", b"Filename Type\n/dev/nvme0n1p2 partition 1 0 -2\n");
        assert!(seen(&tree).unwrap().contains("/dev/nvme0n1p2"));
    }

    #[test]
    fn a_holder_is_seen() {
        let tree = Tree::new();
        tree.card(AT, Some("vfio-pci"), Some(1));
        tree.process(77, "prove", 'S', &["/dev/vfio/1"]);
        assert_eq!(seen(&tree).unwrap(), "process 77 (prove) has it open");
    }
}
