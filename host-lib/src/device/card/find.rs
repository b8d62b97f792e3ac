//! Cards in this machine's PCI slots.

/// PCI addresses of Gristmill cards that the kernel's vfio-pci driver holds, in order.
#[cfg(all(feature = "vfio", target_os = "linux"))]
pub(super) fn cards() -> Vec<String> {
    on_vfio(&gristmill_driver::host::Host::new())
}

/// This build has no way to a card in a slot.
#[cfg(not(all(feature = "vfio", target_os = "linux")))]
pub(super) fn cards() -> Vec<String> {
    Vec::new()
}

#[cfg(all(feature = "vfio", target_os = "linux"))]
fn on_vfio(host: &gristmill_driver::host::Host) -> Vec<String> {
    let cards = gristmill_driver::host::PciFunction::cards(host);
    cards.iter().filter(|card| card.is_on_vfio()).map(|card| card.address.to_string()).collect()
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
        assert_eq!(on_vfio(&Host::at(root.path())), ["0000:03:00.0", "0000:04:00.0"]);
        assert!(on_vfio(&Host::at(&root.path().join("absent"))).is_empty());
    }
}
