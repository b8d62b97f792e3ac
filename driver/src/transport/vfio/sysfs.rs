//! What sysfs says about PCI functions and IOMMU groups, asked before the kernel's terse errors
//! come.

use super::error::VfioError;
use crate::host::{VFIO_PCI, is_no_iommu, link_name, strangers};
use crate::transport::Bdf;
use std::fs;
use std::path::{Path, PathBuf};

/// Where sysfs is mounted.
pub const SYSFS: &str = "/sys";

/// A function that is ready to be opened through VFIO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its directory in sysfs.
    pub path: PathBuf,
    /// Its IOMMU group, hence `/dev/vfio/<group>`.
    pub group: u32,
    /// Its device of its own, hence `/dev/vfio/devices/<cdev>`, where the kernel makes such.
    pub cdev: Option<String>,
}

impl Function {
    /// Looks a function up and checks that it, and its whole group, can be had.
    pub fn find(root: &Path, bdf: Bdf) -> Result<Self, VfioError> {
        let path = directory(root, bdf);
        if !path.is_dir() {
            return Err(VfioError::NoFunction { bdf });
        }
        // The group comes first: without an IOMMU a binding to vfio-pci would fail.
        let group = group(&path)?.ok_or(VfioError::NoIommu { bdf })?;
        let members = path.join("iommu_group");
        if is_no_iommu(&members) {
            return Err(VfioError::NoIommuMode { group });
        }
        match driver(&path) {
            Some(driver) if driver == VFIO_PCI => {}
            driver => return Err(VfioError::NotBound { bdf, driver }),
        }
        if let Some(member) = strangers(&members).next() {
            return Err(VfioError::GroupNotViable { group, member: Some(member) });
        }
        let cdev = cdev(&path);
        Ok(Function { path, group, cdev })
    }
}

/// The directory of a PCI function.
pub(crate) fn directory(root: &Path, bdf: Bdf) -> PathBuf {
    root.join("bus/pci/devices").join(bdf.to_string())
}

/// The driver that a function is bound to.
pub(crate) fn driver(function: &Path) -> Option<String> {
    link_name(&function.join("driver")).ok().flatten()
}

/// The IOMMU group of a function; `None` if it has none.
pub(crate) fn group(function: &Path) -> Result<Option<u32>, VfioError> {
    let path = function.join("iommu_group");
    let Ok(Some(name)) = link_name(&path) else { return Ok(None) };
    name.parse().map(Some).map_err(|_| VfioError::Sysfs { path, value: name })
}

/// The name under which VFIO made a device file for this function alone (`vfio-dev/vfioN`).
pub(crate) fn cdev(function: &Path) -> Option<String> {
    let entries = fs::read_dir(function.join("vfio-dev")).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| e.file_name().into_string().ok());
    names.into_iter().find(|n| n.strip_prefix("vfio").is_some_and(|n| n.parse::<u32>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A sysfs with functions, their drivers and groups.
    fn sysfs(functions: &[(&str, Option<&str>, Option<u32>)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let at = |p: String| root.path().join(p);
        for (bdf, driver, group) in functions {
            let device = at(format!("devices/pci0000:00/{bdf}"));
            fs::create_dir_all(&device).unwrap();
            fs::create_dir_all(at("bus/pci/devices".into())).unwrap();
            symlink(&device, at(format!("bus/pci/devices/{bdf}"))).unwrap();
            if let Some(driver) = driver {
                let driver = at(format!("bus/pci/drivers/{driver}"));
                fs::create_dir_all(&driver).unwrap();
                symlink(driver, device.join("driver")).unwrap();
            }
            if let Some(group) = group {
                let members = at(format!("kernel/iommu_groups/{group}/devices"));
                fs::create_dir_all(&members).unwrap();
                symlink(members.parent().unwrap(), device.join("iommu_group")).unwrap();
                symlink(&device, members.join(bdf)).unwrap();
            }
        }
        root
    }

    fn find(root: &tempfile::TempDir) -> Result<Function, VfioError> {
        Function::find(root.path(), "0000:3b:00.0".parse().unwrap())
    }

    #[test]
    fn a_function_on_vfio_is_found_with_its_group() {
        let root = sysfs(&[
            ("0000:3b:00.0", Some("vfio-pci"), Some(17)),
            ("0000:3b:00.1", None, Some(17)),
            ("0000:3a:00.0", Some("pcieport"), Some(17)),
            ("0000:00:1f.0", Some("lpc_ich"), Some(3)),
        ]);
        let found = find(&root).unwrap();
        assert_eq!((found.group, found.cdev), (17, None));
    }

    #[test]
    fn the_device_file_of_its_own_is_found() {
        let root = sysfs(&[("0000:3b:00.0", Some("vfio-pci"), Some(17))]);
        let device = root.path().join("devices/pci0000:00/0000:3b:00.0");
        fs::create_dir_all(device.join("vfio-dev/power")).unwrap();
        assert_eq!(find(&root).unwrap().cdev, None);
        fs::create_dir_all(device.join("vfio-dev/vfio12")).unwrap();
        assert_eq!(find(&root).unwrap().cdev.as_deref(), Some("vfio12"));
    }

    #[test]
    fn each_obstacle_is_its_own_error_with_its_way_out() {
        let error = |functions: &[_]| find(&sysfs(functions)).unwrap_err();
        let absent = error(&[("0000:3c:00.0", Some("vfio-pci"), Some(1))]);
        assert!(matches!(absent, VfioError::NoFunction { .. }) && absent.to_string().contains("lspci"), "{absent}");
        let foreign = error(&[("0000:3b:00.0", Some("xdma"), Some(1))]);
        assert!(matches!(&foreign, VfioError::NotBound { driver: Some(d), .. } if d == "xdma"), "{foreign}");
        assert!(foreign.to_string().contains("driver xdma; `sudo gristmill bind 0000:3b:00.0"), "{foreign}");
        let unbound = error(&[("0000:3b:00.0", None, Some(1))]);
        assert!(matches!(unbound, VfioError::NotBound { driver: None, .. }), "{unbound}");
        assert!(unbound.to_string().contains("bound to no driver") && unbound.to_string().contains("drivers_probe"));
        for driver in [None, Some("vfio-pci")] {
            let no_iommu = error(&[("0000:3b:00.0", driver, None)]);
            assert!(matches!(no_iommu, VfioError::NoIommu { .. }), "{no_iommu}");
            assert!(no_iommu.to_string().contains("intel_iommu=on"), "{no_iommu}");
        }
        let shared = error(&[("0000:3b:00.0", Some("vfio-pci"), Some(1)), ("0000:3b:00.1", Some("nvme"), Some(1))]);
        let VfioError::GroupNotViable { group: 1, member: Some((member, driver)) } = &shared else {
            panic!("{shared}")
        };
        assert_eq!((member.as_str(), driver.as_str()), ("0000:3b:00.1", "nvme"));
        assert!(shared.to_string().contains("bind every function"), "{shared}");
    }

    #[test]
    fn a_group_without_iommu_is_refused_as_such() {
        let root = sysfs(&[("0000:3b:00.0", Some("vfio-pci"), Some(0))]);
        fs::write(root.path().join("kernel/iommu_groups/0/name"), "vfio-noiommu\n").unwrap();
        let error = find(&root).unwrap_err();
        assert!(matches!(error, VfioError::NoIommuMode { group: 0 }), "{error}");
        assert!(error.to_string().contains("enable_unsafe_noiommu_mode"), "{error}");
    }

    #[test]
    fn a_group_of_no_number_is_told() {
        let root = sysfs(&[("0000:3b:00.0", Some("vfio-pci"), None)]);
        symlink("/sys/kernel/iommu_groups/seven", root.path().join("devices/pci0000:00/0000:3b:00.0/iommu_group"))
            .unwrap();
        let error = find(&root).unwrap_err();
        assert!(matches!(&error, VfioError::Sysfs { value, .. } if value == "seven"), "{error}");
    }
}
