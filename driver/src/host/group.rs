//! IOMMU groups: the smallest sets of functions that can be handed to user space.

use super::files::{link_name, names};
use std::path::Path;

/// Drivers under which a function does no DMA of its own, so that the rest of its group may go to
/// user space.
const HARMLESS: [&str; 3] = [super::VFIO_PCI, "pcieport", "pci-stub"];

/// Members of a group whose drivers keep it in the kernel: address and driver.
pub(super) fn strangers(group: &Path) -> Vec<(String, String)> {
    let members = group.join("devices");
    let with_driver = names(&members).into_iter().filter_map(|member| {
        let driver = link_name(&members.join(&member).join("driver")).ok().flatten()?;
        (!HARMLESS.contains(&driver.as_str())).then_some((member, driver))
    });
    with_driver.collect()
}

/// Strangers in one line: `0000:3b:00.1 (nvme), 0000:3b:00.2 (xhci_hcd)`.
pub(super) fn listed(strangers: &[(String, String)]) -> String {
    let each: Vec<String> = strangers.iter().map(|(member, driver)| format!("{member} ({driver})")).collect();
    each.join(", ")
}
