//! Cards in this machine's PCI slots.

use crate::device::cost::Link;

/// PCI addresses of Gristmill cards that the kernel's vfio-pci driver holds, in order, and their links.
#[cfg(all(feature = "vfio", target_os = "linux"))]
pub(super) fn cards() -> Vec<(String, Link)> {
    on_vfio(&gristmill_driver::host::Host::new())
}

/// This build has no way to a card in a slot.
#[cfg(not(all(feature = "vfio", target_os = "linux")))]
pub(super) fn cards() -> Vec<(String, Link)> {
    Vec::new()
}

#[cfg(all(feature = "vfio", target_os = "linux"))]
fn on_vfio(host: &gristmill_driver::host::Host) -> Vec<(String, Link)> {
    let cards = gristmill_driver::host::PciFunction::cards(host);
    let link = |link: &gristmill_driver::host::Link| match (link.speed, link.width) {
        (Some(speed), Some(lanes)) => Link::pcie(speed.gts(), lanes.into()),
        _ => Link::default(),
    };
    cards.iter().filter(|card| card.is_on_vfio()).map(|card| (card.address.to_string(), link(&card.link))).collect()
}

#[cfg(all(test, feature = "vfio", target_os = "linux"))]
mod tests {
    use super::*;
    use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};
    use gristmill_driver::host::Host;
    use std::fs;

    #[test]
    fn only_our_cards_that_vfio_holds() {
        let root = tempfile::tempdir().expect("tempdir");
        let device = |address: &str, vendor: u16, device: u16, driver: Option<&str>| {
            let folder = root.path().join("sys/bus/pci/devices").join(address);
            fs::create_dir_all(&folder).expect("mkdir");
            fs::write(folder.join("vendor"), format!("0x{vendor:04x}\n")).expect("write");
            fs::write(folder.join("device"), format!("0x{device:04x}\n")).expect("write");
            if let Some(driver) = driver {
                std::os::unix::fs::symlink(format!("../../drivers/{driver}"), folder.join("driver")).expect("link");
            }
        };
        device("0000:04:00.0", VENDOR_ID, DEVICE_ID, Some("vfio-pci"));
        device("0000:03:00.0", VENDOR_ID, DEVICE_ID, Some("vfio-pci"));
        device("0000:05:00.0", VENDOR_ID, DEVICE_ID, None);
        device("0000:06:00.0", VENDOR_ID, DEVICE_ID, Some("xdma"));
        device("0000:07:00.0", 0x10ee, DEVICE_ID, Some("vfio-pci"));
        let folder = root.path().join("sys/bus/pci/devices/0000:04:00.0");
        fs::write(folder.join("current_link_speed"), "16.0 GT/s PCIe\n").expect("write");
        fs::write(folder.join("current_link_width"), "4\n").expect("write");
        let expected = [("0000:03:00.0".into(), Link::default()), ("0000:04:00.0".into(), Link::pcie(16.0, 4))];
        assert_eq!(on_vfio(&Host::at(root.path())), expected);
        assert!(on_vfio(&Host::at(&root.path().join("absent"))).is_empty());
    }
}
