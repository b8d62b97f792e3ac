//! What sysfs says about a PCI function, checked before the kernel's terse errors come.

use crate::transport::{Bdf, TransportError};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where sysfs is mounted.
pub const SYSFS: &str = "/sys";
/// Drivers under which a function does no DMA of its own, so that the rest of its group may go to
/// user space.
const HARMLESS: [&str; 3] = ["vfio-pci", "pcieport", "pci-stub"];

/// A function that is ready to be opened through VFIO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its directory in sysfs.
    pub path: PathBuf,
    /// Its IOMMU group, hence `/dev/vfio/<group>`.
    pub group: u32,
}

impl Function {
    /// Looks a function up and checks that it, and its whole group, can be had.
    pub fn find(root: &Path, bdf: Bdf) -> Result<Self, TransportError> {
        let fail = |problem: String, way_out: String| {
            Err(TransportError::Open { device: format!("vfio:{bdf}"), problem, way_out })
        };
        let path = root.join("bus/pci/devices").join(bdf.to_string());
        if !path.is_dir() {
            return fail("there is no such PCI function".into(), "list the functions with `lspci -D`".into());
        }
        match link_name(&path.join("driver")) {
            Ok(Some(driver)) if driver == "vfio-pci" => {}
            other => {
                let is = other.ok().flatten().map_or("to no driver".into(), |d| format!("to the driver {d}"));
                return fail(format!("it is bound {is}"), bind(bdf));
            }
        }
        let group = match link_name(&path.join("iommu_group")) {
            Ok(Some(group)) => group,
            _ => {
                let way_out = "switch the IOMMU on in the firmware and the kernel (`intel_iommu=on` or `amd_iommu=on`)";
                return fail("it is in no IOMMU group".into(), way_out.into());
            }
        };
        let Ok(group) = group.parse() else {
            return fail(format!("its IOMMU group is called {group:?}"), "check that sysfs is what it seems".into());
        };
        if let Some((member, driver)) = strangers(&path.join("iommu_group/devices")).next() {
            return fail(
                format!("its IOMMU group {group} has {member} in it, bound to the driver {driver}"),
                "bind that one to vfio-pci too, or put the card into a slot with a group of its own".into(),
            );
        }
        Ok(Function { path, group })
    }
}

/// Members of a group whose drivers keep the group in the kernel.
fn strangers(members: &Path) -> impl Iterator<Item = (String, String)> {
    let entries = fs::read_dir(members).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let driver = link_name(&entry.path().join("driver")).ok().flatten()?;
        (!HARMLESS.contains(&driver.as_str())).then(|| (entry.file_name().to_string_lossy().into_owned(), driver))
    })
}

/// Last part of a link's target; `None` if there is no link.
fn link_name(link: &Path) -> io::Result<Option<String>> {
    match fs::read_link(link) {
        Ok(target) => Ok(target.file_name().and_then(OsStr::to_str).map(str::to_owned)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

fn bind(bdf: Bdf) -> String {
    let device = format!("/sys/bus/pci/devices/{bdf}");
    format!(
        "as root: `modprobe vfio-pci; echo vfio-pci > {device}/driver_override; \
         [ ! -e {device}/driver ] || echo {bdf} > {device}/driver/unbind; echo {bdf} > /sys/bus/pci/drivers_probe`"
    )
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

    fn find(root: &tempfile::TempDir) -> Result<Function, String> {
        Function::find(root.path(), "0000:3b:00.0".parse().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_function_on_vfio_is_found_with_its_group() {
        let root = sysfs(&[
            ("0000:3b:00.0", Some("vfio-pci"), Some(17)),
            ("0000:3b:00.1", None, Some(17)),
            ("0000:3a:00.0", Some("pcieport"), Some(17)),
            ("0000:00:1f.0", Some("lpc_ich"), Some(3)),
        ]);
        assert_eq!(find(&root).unwrap().group, 17);
    }

    #[test]
    fn each_obstacle_has_its_way_out() {
        let message = |functions: &[_]| find(&sysfs(functions)).unwrap_err();
        let absent = message(&[("0000:3c:00.0", Some("vfio-pci"), Some(1))]);
        assert!(absent.contains("no such PCI function") && absent.contains("lspci"), "{absent}");
        let foreign = message(&[("0000:3b:00.0", Some("xdma"), Some(1))]);
        assert!(foreign.contains("driver xdma") && foreign.contains("driver_override"), "{foreign}");
        let unbound = message(&[("0000:3b:00.0", None, Some(1))]);
        assert!(unbound.contains("no driver") && unbound.contains("drivers_probe"), "{unbound}");
        let no_iommu = message(&[("0000:3b:00.0", Some("vfio-pci"), None)]);
        assert!(no_iommu.contains("no IOMMU group") && no_iommu.contains("intel_iommu=on"), "{no_iommu}");
        let shared = message(&[("0000:3b:00.0", Some("vfio-pci"), Some(1)), ("0000:3b:00.1", Some("nvme"), Some(1))]);
        assert!(shared.contains("0000:3b:00.1") && shared.contains("nvme"), "{shared}");
    }
}
