//! IOMMU groups: the smallest sets of functions that can be handed to user space.

use super::files::{line, link_name, names};
use std::path::Path;

/// Drivers under which a function does no DMA of its own, so that the rest of its group may go to
/// user space.
const HARMLESS: [&str; 3] = [super::VFIO_PCI, "pcieport", "pci-stub"];
/// What the kernel calls a group that VFIO made for a function without IOMMU.
const NO_IOMMU: &str = "vfio-noiommu";

/// Whether a group (its directory) was made by VFIO for a function without IOMMU.
pub(crate) fn is_no_iommu(group: &Path) -> bool {
    line(&group.join("name")).is_some_and(|name| name == NO_IOMMU)
}

/// Functions of a group (its directory) and the drivers they are bound to, in order of address.
pub(crate) fn members(group: &Path) -> impl Iterator<Item = (String, Option<String>)> + use<> {
    let folder = group.join("devices");
    names(&folder).into_iter().map(move |member| {
        let driver = link_name(&folder.join(&member).join("driver")).ok().flatten();
        (member, driver)
    })
}

/// Members of a group whose drivers keep it in the kernel: address and driver.
pub(crate) fn strangers(group: &Path) -> impl Iterator<Item = (String, String)> + use<> {
    let bound = members(group).filter_map(|(member, driver)| Some((member, driver?)));
    bound.filter(|(_, driver)| !HARMLESS.contains(&driver.as_str()))
}

/// Strangers in one line: `0000:3b:00.1 (nvme), 0000:3b:00.2 (xhci_hcd)`.
pub(super) fn listed(strangers: &[(String, String)]) -> String {
    let each: Vec<String> = strangers.iter().map(|(member, driver)| format!("{member} ({driver})")).collect();
    each.join(", ")
}
