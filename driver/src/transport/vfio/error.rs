//! Why a PCI function cannot be had through VFIO, each reason with its way out.

use super::owner::Holder;
use crate::transport::Bdf;
use std::io;
use std::path::PathBuf;

/// What stands between this process and a PCI function. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VfioError {
    /// The address has no function.
    #[error("there is no PCI function {bdf}; list the functions with `lspci -D`")]
    NoFunction {
        /// The address asked for.
        bdf: Bdf,
    },
    /// The IOMMU is off, or there is none.
    #[error(
        "it is in no IOMMU group: the IOMMU is off or absent; switch it on in the firmware (VT-d, AMD-Vi, SMMU) \
         and the kernel (`intel_iommu=on` or `amd_iommu=on`)"
    )]
    NoIommu {
        /// The function.
        bdf: Bdf,
    },
    /// The function was given away without an IOMMU, so it could reach all memory.
    #[error(
        "its group {group} is in VFIO's no-IOMMU mode, in which the card could write to all memory; this driver \
         does not do that: switch the IOMMU on, and enable_unsafe_noiommu_mode of the module vfio off"
    )]
    NoIommuMode {
        /// The group that VFIO made for it.
        group: u32,
    },
    /// Another driver has the function, or none.
    #[error("it is bound to {}; {}", driver.as_ref().map_or("no driver".into(), |d| format!("the driver {d}")), bind(*bdf))]
    NotBound {
        /// The function.
        bdf: Bdf,
        /// The driver that has it.
        driver: Option<String>,
    },
    /// Another function of the group belongs to a driver of the kernel.
    #[error(
        "its IOMMU group {group} is not viable: {}; bind every function of the group to vfio-pci (or to no driver), \
         or put the card into a slot with a group of its own",
        member.as_ref().map_or("the kernel uses a function of it".into(), |(m, d)| format!("{m} in it is bound to the driver {d}"))
    )]
    GroupNotViable {
        /// The group.
        group: u32,
        /// A function and its driver, where sysfs shows one.
        member: Option<(String, String)>,
    },
    /// Sysfs says something that no kernel says.
    #[error("{} says {value:?}, which makes no sense; check that sysfs is mounted there", path.display())]
    Sysfs {
        /// The file.
        path: PathBuf,
        /// What it says.
        value: String,
    },
    /// VFIO is not in the kernel.
    #[error("{} does not exist: the kernel has no VFIO; load the module: `modprobe vfio-pci`", path.display())]
    NoModule {
        /// The missing file.
        path: PathBuf,
    },
    /// The container's IOMMU driver is not there.
    #[error("VFIO has no type 1 IOMMU driver; load the module: `modprobe vfio_iommu_type1`")]
    NoType1,
    /// The group's or the device's file is missing although the kernel has the device.
    #[error("{} does not exist; pass it into this container or jail, or let udev or devtmpfs make it", path.display())]
    NoNode {
        /// The missing file.
        path: PathBuf,
    },
    /// The file may not be opened.
    #[error("no permission on {} as user {user}; {}", path.display(), permit(path))]
    Permission {
        /// The file.
        path: PathBuf,
        /// This process' effective user id.
        user: u32,
    },
    /// This process has the card (or another function of its group) open already.
    #[error(
        "this process has it open already as {by}; close that one first, or share it (`Card` can be shared by `AsyncCard`)"
    )]
    OpenHere {
        /// The device that holds it.
        by: String,
    },
    /// Another process has it.
    #[error("{} is open in {}; end that first", path.display(), others(path, holders))]
    OpenElsewhere {
        /// The file.
        path: PathBuf,
        /// Who has it, as far as this user may see.
        holders: Vec<Holder>,
    },
    /// Interrupts could be forged, so the kernel refuses.
    #[error(
        "the kernel refuses: the IOMMU does not remap interrupts; switch interrupt remapping on in the firmware and the \
         kernel, or, if every user of the machine is trusted, allow_unsafe_interrupts of vfio_iommu_type1 (iommufd)"
    )]
    NoInterruptRemapping,
    /// This kernel or this function has no iommufd.
    #[error(
        "{} does not exist: this kernel gives the function no iommufd (CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV, \
         kernel 6.6 or later); leave GRISTMILL_VFIO unset or set it to `group`",
        path.display()
    )]
    NoIommufd {
        /// The missing file.
        path: PathBuf,
    },
    /// A wrong setting.
    #[error("GRISTMILL_VFIO is {value:?}; set it to `group` or `iommufd`, or leave it unset")]
    UnknownWay {
        /// What it is set to.
        value: String,
    },
    /// The function lacks what a card has.
    #[error("{problem}; check that the card is programmed and the address is its own")]
    NotACard {
        /// What is wrong.
        problem: String,
    },
    /// Too many open files.
    #[error("{what}: too many open files; raise the limit (`ulimit -n`)")]
    TooManyFiles {
        /// What was tried.
        what: &'static str,
    },
    /// Another error of the kernel.
    #[error("{what}: {source}; see the kernel's log (`dmesg`)")]
    Kernel {
        /// What was tried.
        what: &'static str,
        /// The kernel's error.
        source: io::Error,
    },
}

impl VfioError {
    /// The error of a step of opening that is not told apart further.
    pub(super) fn kernel(what: &'static str, source: io::Error) -> Self {
        match source.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => VfioError::TooManyFiles { what },
            _ => VfioError::Kernel { what, source },
        }
    }

    /// The error of opening a file of VFIO; `missing` makes the error where it does not exist.
    pub(super) fn open(path: PathBuf, source: io::Error, missing: fn(PathBuf) -> Self) -> Self {
        match source.raw_os_error() {
            // ENODEV and ENXIO: the file is there, its driver is not.
            Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => missing(path),
            Some(libc::EACCES | libc::EPERM) => {
                VfioError::Permission { path, user: rustix::process::geteuid().as_raw() }
            }
            Some(libc::EBUSY) => {
                let holders = super::owner::holders(std::path::Path::new("/proc"), &path);
                VfioError::OpenElsewhere { path, holders }
            }
            _ => Self::kernel("opening a file of VFIO", source),
        }
    }
}

/// How to give a function to vfio-pci, with the command and without any tool.
fn bind(bdf: Bdf) -> String {
    let device = format!("/sys/bus/pci/devices/{bdf}");
    format!(
        "`sudo gristmill bind {bdf} --user $USER`, or by hand as root: `modprobe vfio-pci; echo vfio-pci > {device}/driver_override; \
         [ ! -e {device}/driver ] || echo {bdf} > {device}/driver/unbind; echo {bdf} > /sys/bus/pci/drivers_probe`"
    )
}

fn permit(path: &std::path::Path) -> String {
    if path.ends_with("vfio/vfio") || path.ends_with("iommu") {
        format!("`sudo chmod 0666 {}` (a mode that gives no device away), or a udev rule", path.display())
    } else {
        format!("own it: `sudo chown $USER {}`, or a udev rule", path.display())
    }
}

fn others(path: &std::path::Path, holders: &[Holder]) -> String {
    if holders.is_empty() {
        return format!("another process, which `sudo fuser -v {}` names", path.display());
    }
    let names: Vec<String> = holders.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(path: &str, errno: i32) -> VfioError {
        VfioError::open(path.into(), io::Error::from_raw_os_error(errno), |path| VfioError::NoModule { path })
    }

    #[test]
    fn errno_of_opening_become_their_own_errors() {
        let missing = opened("/dev/vfio/vfio", libc::ENOENT);
        assert!(matches!(missing, VfioError::NoModule { .. }), "{missing}");
        assert!(matches!(opened("/dev/vfio/vfio", libc::ENODEV), VfioError::NoModule { .. }));
        assert!(missing.to_string().contains("modprobe vfio-pci"), "{missing}");
        for errno in [libc::EACCES, libc::EPERM] {
            let container = opened("/dev/vfio/vfio", errno);
            assert!(matches!(&container, VfioError::Permission { path, .. } if path.ends_with("vfio")), "{container}");
            assert!(container.to_string().contains("chmod 0666 /dev/vfio/vfio"), "{container}");
            let group = opened("/dev/vfio/17", errno);
            assert!(group.to_string().contains("chown $USER /dev/vfio/17"), "{group}");
        }
        let busy = opened("/dev/vfio/17", libc::EBUSY);
        assert!(matches!(busy, VfioError::OpenElsewhere { .. }), "{busy}");
        assert!(busy.to_string().contains("sudo fuser -v /dev/vfio/17"), "{busy}");
        assert!(matches!(opened("/dev/vfio/17", libc::EMFILE), VfioError::TooManyFiles { .. }));
        let other = opened("/dev/vfio/17", libc::EIO);
        assert!(matches!(&other, VfioError::Kernel { source, .. } if source.raw_os_error() == Some(libc::EIO)));
    }

    #[test]
    fn holders_are_named() {
        let holders = vec![Holder { pid: 4711, name: "gristmill".into(), state: None, stale: false }];
        let error = VfioError::OpenElsewhere { path: "/dev/vfio/17".into(), holders };
        assert!(error.to_string().contains("process 4711 (gristmill)"), "{error}");
    }
}
