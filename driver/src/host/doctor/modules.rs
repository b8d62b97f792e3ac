//! Kernel modules, and the one device file that every user of VFIO opens.

use super::super::Host;
use super::super::files::text;
use super::Check;

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let loaded = |module: &str| host.sys("module").join(module).is_dir();
    let vfio_pci = host.sys("bus/pci/drivers/vfio-pci").is_dir() || loaded("vfio_pci");
    let (type1, iommufd) = (loaded("vfio_iommu_type1"), loaded("iommufd") || host.dev("iommu").exists());
    let mut all = vec![
        match vfio_pci {
            true => Check::ok("vfio-pci", "loaded"),
            false => Check::fail(
                "vfio-pci",
                "not loaded",
                "as root: `modprobe vfio-pci`; at boot: `echo vfio-pci > /etc/modules-load.d/gristmill.conf`",
            ),
        },
        match (type1, iommufd) {
            (true, _) => Check::ok("vfio_iommu_type1", "loaded"),
            (false, true) => Check::ok("vfio_iommu_type1", "not loaded; iommufd takes its place"),
            (false, false) => Check::fail(
                "vfio_iommu_type1",
                "not loaded",
                "as root: `modprobe vfio_iommu_type1`; at boot: a line in /etc/modules-load.d/gristmill.conf",
            ),
        },
        Check::ok("iommufd", if iommufd { "there" } else { "not there (not needed)" }),
    ];
    let unsafe_interrupts = host.sys("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
    if text(&unsafe_interrupts).is_some_and(|t| t == "Y" || t == "1") {
        let way_out = "take `allow_unsafe_interrupts` away unless the machine has no interrupt remapping: \
                       a card can forge interrupts";
        all.push(Check::warn("interrupt remapping", "not demanded (allow_unsafe_interrupts)", way_out));
    }
    all.push(container(host));
    all
}

fn container(host: &Host) -> Check {
    let file = host.dev("vfio/vfio");
    match file.exists() {
        false => Check::fail(
            "/dev/vfio/vfio",
            "not there",
            "load vfio-pci; in a container, hand /dev/vfio through (`--device /dev/vfio/vfio`)",
        ),
        true if !host.system.may_use(&file) => Check::fail(
            "/dev/vfio/vfio",
            "no permission to read and write it",
            "as root: `chmod 0666 /dev/vfio/vfio` (harmless alone: a card needs its group's file too)",
        ),
        true => Check::ok("/dev/vfio/vfio", "can be opened"),
    }
}
