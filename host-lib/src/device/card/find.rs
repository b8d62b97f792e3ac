//! Cards in this machine's PCI slots.

use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};
use std::path::Path;

/// PCI addresses of Gristmill cards that the kernel's vfio-pci driver holds, in order. Empty where
/// there is no sysfs, or no support for VFIO in this build.
pub(super) fn cards() -> Vec<String> {
    if cfg!(not(all(feature = "vfio", target_os = "linux"))) {
        return Vec::new();
    }
    cards_in(Path::new("/sys/bus/pci/devices"))
}

fn cards_in(devices: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(devices) else { return Vec::new() };
    let id = |folder: &Path, name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        u16::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter(|e| id(&e.path(), "vendor") == Some(VENDOR_ID) && id(&e.path(), "device") == Some(DEVICE_ID))
        .filter(|e| {
            let driver = std::fs::read_link(e.path().join("driver"));
            driver.is_ok_and(|d| d.file_name().is_some_and(|n| n == "vfio-pci"))
        })
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_our_cards_that_vfio_holds() {
        let root = tempfile::tempdir().expect("tempdir");
        let device = |address: &str, vendor: u16, device: u16, driver: Option<&str>| {
            let folder = root.path().join(address);
            fs::create_dir(&folder).expect("mkdir");
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
        assert_eq!(cards_in(root.path()), ["0000:03:00.0", "0000:04:00.0"]);
        assert!(cards_in(&root.path().join("absent")).is_empty());
    }
}
