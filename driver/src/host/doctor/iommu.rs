//! The IOMMU: firmware tables, the kernel's command line, groups.

use super::super::Host;
use super::super::files::{names, text};
use super::Check;

/// Firmware tables that describe an IOMMU: Intel, AMD, Arm, and that of virtual machines.
const TABLES: [&str; 4] = ["DMAR", "IVRS", "IORT", "VIOT"];

pub(super) fn checks(host: &Host) -> [Check; 3] {
    let found = names(&host.sys("firmware/acpi/tables"));
    let tables: Vec<&str> = TABLES.into_iter().filter(|t| found.iter().any(|f| f == t)).collect();
    let command_line = text(&host.proc("cmdline"));
    let (on, off) = switches(command_line.as_deref().unwrap_or(""));
    let groups = names(&host.sys("kernel/iommu_groups")).len();
    let works = groups > 0;
    let firmware = match tables.is_empty() {
        false => Check::ok("iommu firmware", format!("ACPI table {}", tables.join(", "))),
        true if works => Check::ok("iommu firmware", "no ACPI table, described otherwise"),
        true => Check::fail(
            "iommu firmware",
            format!("no ACPI table describes one ({})", TABLES.join(", ")),
            "switch VT-d, AMD-Vi or SMMU on in the firmware's set-up; a virtual machine needs an emulated IOMMU",
        ),
    };
    let kernel = match (&command_line, off.first()) {
        (None, _) => Check::warn("iommu command line", "/proc/cmdline cannot be read", "check that /proc is mounted"),
        (_, Some(off)) if !works => Check::fail(
            "iommu command line",
            format!("`{off}` switches it off"),
            format!("remove `{off}` from the kernel's command line and start the machine again"),
        ),
        _ if works || !on.is_empty() => {
            Check::ok("iommu command line", if on.is_empty() { "kernel's default".into() } else { on.join(" ") })
        }
        _ => Check::fail(
            "iommu command line",
            "nothing switches it on",
            "add `intel_iommu=on` (Intel; AMD is on by default) to the kernel's command line and start again",
        ),
    };
    let groups = match works {
        true => Check::ok("iommu groups", groups.to_string()),
        false => Check::fail(
            "iommu groups",
            "none: no IOMMU is at work",
            "mend the lines above; without an IOMMU a card could reach all memory and VFIO does not give it away",
        ),
    };
    [firmware, kernel, groups]
}

/// Parameters of the kernel's command line that switch an IOMMU on, and those that switch it off.
fn switches(command_line: &str) -> (Vec<&str>, Vec<&str>) {
    let ours = ["iommu=", "intel_iommu=", "amd_iommu=", "arm-smmu."];
    // What follows `--` is for the first process.
    let parameters = command_line.split_whitespace().take_while(|p| *p != "--");
    let parameters: Vec<&str> = parameters.filter(|p| ours.iter().any(|o| p.starts_with(o))).collect();
    let is_off = |p: &&str| p.split_once('=').is_some_and(|(_, v)| v.split(',').any(|v| v == "off"));
    parameters.into_iter().partition(|p| !is_off(p))
}
