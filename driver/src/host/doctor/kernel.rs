//! The kernel's version.

use super::super::Host;
use super::super::files::line;
use super::Check;

/// Kernels from here on say which I/O addresses can be used (`VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE`).
const SAYS_RANGES: (u32, u32) = (5, 4);

pub(super) fn version(host: &Host) -> Check {
    let release = line(&host.proc("sys/kernel/osrelease")).unwrap_or_default();
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= SAYS_RANGES => Check::ok("kernel", release),
        (Some(Ok(_)), Some(Ok(_))) => {
            let way_out = "take Linux 5.4 or later: this one does not say which I/O addresses can be used";
            Check::warn("kernel", release, way_out)
        }
        _ => Check::warn("kernel", format!("version {release:?} is not understood"), "check that /proc is mounted"),
    }
}
