//! What DMA memory needs: the limit of locked memory, and huge pages.

use super::super::Host;
use super::super::files::{names, number, text};
use super::Check;
use crate::dma::REGION_BYTES;

/// Locked memory that proofs are comfortable with: two staging areas of 64 MiB, bases on the way
/// to the card, rings, and room.
const COMFORTABLE: u64 = 256 << 20;
/// Bit of `CapEff`: CAP_IPC_LOCK, which lifts the limit.
const IPC_LOCK: u32 = 14;

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let mut all = vec![memlock(host)];
    all.extend(huge_pages(host));
    all
}

fn memlock(host: &Host) -> Check {
    let name = "locked memory";
    let status = text(&host.proc("self/status")).unwrap_or_default();
    let capabilities = status.lines().find_map(|l| u64::from_str_radix(l.strip_prefix("CapEff:")?.trim(), 16).ok());
    if capabilities.is_some_and(|c| c >> IPC_LOCK & 1 == 1) {
        return Check::ok(name, "no limit for this user (CAP_IPC_LOCK); other users have their own");
    }
    let limits = text(&host.proc("self/limits")).unwrap_or_default();
    let soft = limits.lines().find_map(|l| l.strip_prefix("Max locked memory")?.split_whitespace().next());
    let way_out = "raise it: `ulimit -l`, `memlock` in /etc/security/limits.conf, or `LimitMEMLOCK=` of the service";
    match soft {
        Some("unlimited") => Check::ok(name, "no limit"),
        Some(bytes) => match bytes.parse::<u64>() {
            Ok(bytes) if bytes >= COMFORTABLE => Check::ok(name, size(bytes)),
            Ok(bytes) if bytes >= REGION_BYTES => {
                Check::warn(name, format!("{}: small transfers only", size(bytes)), way_out)
            }
            Ok(bytes) => Check::fail(name, format!("{}: not even the queue fits", size(bytes)), way_out),
            Err(_) => Check::warn(name, "limit is not understood", "check that /proc is mounted"),
        },
        None => Check::warn(name, "limit is unknown", "check that /proc is mounted"),
    }
}

/// One line for each size of huge pages. The driver uses those of 2 MiB.
fn huge_pages(host: &Host) -> Vec<Check> {
    let folder = host.sys("kernel/mm/hugepages");
    let mut sizes: Vec<u64> = names(&folder)
        .iter()
        .filter_map(|n| n.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse::<u64>().ok()?.checked_mul(1024))
        .collect();
    sizes.sort_unstable();
    let name = "huge pages";
    if !sizes.contains(&REGION_BYTES) {
        let way_out = "small pages work too, but mapping takes a hundred times as long";
        return vec![Check::warn(name, "this kernel has none of 2 MiB", way_out)];
    }
    let check = |bytes: u64| {
        let pages = folder.join(format!("hugepages-{}kB", bytes / 1024));
        let count = |file: &str| number(&pages.join(file)).unwrap_or(0);
        let (free, total) = (count("free_hugepages"), count("nr_hugepages"));
        let value = format!("{free} free of {total}, {} each", size(bytes));
        let more = "as root: `sysctl vm.nr_hugepages=256`; at boot: a line in /etc/sysctl.d/gristmill.conf \
                    (small pages work too, but mapping takes a hundred times as long)";
        match (free, total) {
            _ if bytes != REGION_BYTES => Check::ok(name, format!("{value} (not used)")),
            (0, 0) => Check::warn(name, value, more),
            (0, _) => Check::warn(name, format!("{value}: all taken"), more),
            _ => Check::ok(name, value),
        }
    };
    let used = |bytes: &u64| {
        *bytes == REGION_BYTES || number(&folder.join(format!("hugepages-{}kB/nr_hugepages", bytes / 1024))) > Some(0)
    };
    sizes.into_iter().filter(used).map(check).collect()
}

/// Bytes in the largest unit that divides them.
fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 && b.is_multiple_of(1 << 30) => format!("{} GiB", b >> 30),
        b if b >= 1 << 20 && b.is_multiple_of(1 << 20) => format!("{} MiB", b >> 20),
        b if b >= 1 << 10 && b.is_multiple_of(1 << 10) => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}
