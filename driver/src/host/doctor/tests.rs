//! Every line of the check-up, as it should be and not.

use super::super::testing::Tree;
use super::*;

const CARD: &str = "0000:3b:00.0";
const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max cpu time              unlimited            unlimited            seconds   \n\
                      Max locked memory         SOFT              8388608              bytes     \n";

/// A host with nothing to mend.
fn healthy() -> Tree {
    let tree = Tree::new();
    tree.write("proc/sys/kernel/osrelease", b"6.12.48+deb13-cloud-amd64\n");
    tree.write("proc/cmdline", b"root=/dev/sda1 intel_iommu=on iommu=pt quiet\n");
    tree.write("sys/firmware/acpi/tables/DMAR", b"");
    tree.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", b"N\n");
    tree.vfio_file("vfio");
    tree.vfio_file("17");
    memlock(&tree, "unlimited");
    pages(&tree, 2048, "200", "256");
    tree.card(CARD, Some("vfio-pci"), Some(17));
    link(&tree, "8.0 GT/s PCIe", "16");
    tree
}

fn memlock(tree: &Tree, soft: &str) {
    tree.write("proc/self/limits", LIMITS.replace("SOFT", soft).as_bytes());
    tree.write("proc/self/status", b"Name:\tgristmill\nCapEff:\t0000000000000000\n");
}

fn pages(tree: &Tree, kib: u32, free: &str, total: &str) {
    tree.write(&format!("sys/kernel/mm/hugepages/hugepages-{kib}kB/free_hugepages"), free.as_bytes());
    tree.write(&format!("sys/kernel/mm/hugepages/hugepages-{kib}kB/nr_hugepages"), total.as_bytes());
}

fn link(tree: &Tree, speed: &str, width: &str) {
    tree.attribute(CARD, "current_link_speed", speed);
    tree.attribute(CARD, "current_link_width", width);
    tree.attribute(CARD, "max_link_speed", "8.0 GT/s PCIe");
    tree.attribute(CARD, "max_link_width", "16");
}

fn line(tree: &Tree, name: &str) -> Check {
    let all = tree.host().doctor();
    all.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no line {name}: {all:#?}")).clone()
}

/// The line has this level, these words, and a way out exactly if it is not ok.
#[track_caller]
fn expect(tree: &Tree, name: &str, level: Level, words: &[&str]) {
    let check = line(tree, name);
    assert_eq!(check.level, level, "{check:#?}");
    assert_eq!(check.way_out.is_empty(), level == Level::Ok, "{check:#?}");
    for word in words {
        assert!(check.value.contains(word) || check.way_out.contains(word), "{word}: {check:#?}");
    }
}

#[test]
fn a_healthy_host_has_nothing_to_mend() {
    let all = healthy().host().doctor();
    assert!(all.iter().all(|c| c.level == Level::Ok && c.way_out.is_empty()), "{all:#?}");
    let names: Vec<&str> = all.iter().map(|c| c.name).collect();
    assert_eq!(
        names,
        [
            "kernel",
            "iommu firmware",
            "iommu command line",
            "iommu groups",
            "vfio-pci",
            "vfio_iommu_type1",
            "iommufd",
            "/dev/vfio/vfio",
            "locked memory",
            "huge pages",
            "card",
            "link"
        ]
    );
}

#[test]
fn kernels() {
    let tree = healthy();
    for (release, level) in [
        ("5.4.0", Level::Ok),
        ("5.3.18-lp152", Level::Warn),
        ("4.19", Level::Warn),
        ("", Level::Warn),
        ("x.y", Level::Warn),
    ] {
        tree.write("proc/sys/kernel/osrelease", release.as_bytes());
        expect(&tree, "kernel", level, &[]);
    }
    tree.remove("proc/sys/kernel/osrelease");
    expect(&tree, "kernel", Level::Warn, &["not understood", "/proc"]);
}

#[test]
fn no_iommu() {
    let tree = healthy();
    tree.card(CARD, Some("vfio-pci"), None);
    tree.remove("sys/kernel/iommu_groups");
    expect(&tree, "iommu groups", Level::Fail, &["no IOMMU is at work"]);
    expect(&tree, "iommu firmware", Level::Ok, &["DMAR"]);
    expect(&tree, "iommu command line", Level::Ok, &["intel_iommu=on iommu=pt"]);
    expect(&tree, "card", Level::Fail, &["no IOMMU"]);
    tree.remove("sys/firmware/acpi/tables/DMAR");
    expect(&tree, "iommu firmware", Level::Fail, &["VT-d"]);
    tree.write("sys/firmware/acpi/tables/IVRS", b"");
    expect(&tree, "iommu firmware", Level::Ok, &["IVRS"]);
    for off in ["iommu=off", "intel_iommu=off", "amd_iommu=off", "intel_iommu=sm_on,off"] {
        tree.write("proc/cmdline", format!("quiet {off} root=/dev/sda1").as_bytes());
        expect(&tree, "iommu command line", Level::Fail, &[off, "remove"]);
    }
    for none in ["quiet", "", "quiet -- intel_iommu=on", "xintel_iommu=on"] {
        tree.write("proc/cmdline", none.as_bytes());
        expect(&tree, "iommu command line", Level::Fail, &["nothing switches it on", "intel_iommu=on"]);
    }
    tree.remove("proc/cmdline");
    expect(&tree, "iommu command line", Level::Warn, &["/proc"]);
}

#[test]
fn an_iommu_that_works_needs_no_switch() {
    let tree = healthy();
    tree.write("proc/cmdline", b"quiet");
    tree.remove("sys/firmware/acpi/tables/DMAR");
    expect(&tree, "iommu command line", Level::Ok, &["default"]);
    expect(&tree, "iommu firmware", Level::Ok, &["described otherwise"]);
}

#[test]
fn modules() {
    let tree = healthy();
    tree.card(CARD, None, Some(17));
    tree.remove("sys/bus/pci/drivers/vfio-pci");
    expect(&tree, "vfio-pci", Level::Fail, &["modprobe vfio-pci", "modules-load.d"]);
    tree.write("sys/module/vfio_pci/refcnt", b"0");
    expect(&tree, "vfio-pci", Level::Ok, &[]);
    tree.remove("sys/module/vfio_iommu_type1");
    expect(&tree, "vfio_iommu_type1", Level::Fail, &["modprobe vfio_iommu_type1"]);
    expect(&tree, "iommufd", Level::Ok, &["not needed"]);
    tree.write("dev/iommu", b"");
    expect(&tree, "vfio_iommu_type1", Level::Ok, &["iommufd"]);
    tree.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", b"Y\n");
    expect(&tree, "interrupt remapping", Level::Warn, &["forge"]);
}

#[test]
fn the_container_file() {
    let tree = healthy();
    tree.forbid("vfio/vfio");
    expect(&tree, "/dev/vfio/vfio", Level::Fail, &["permission", "chmod"]);
    tree.remove("dev/vfio/vfio");
    expect(&tree, "/dev/vfio/vfio", Level::Fail, &["not there"]);
}

#[test]
fn locked_memory() {
    let tree = healthy();
    for (soft, level, word) in [
        ("268435456", Level::Ok, "256 MiB"),
        ("8388608", Level::Warn, "8 MiB"),
        ("65536", Level::Fail, "64 KiB"),
        ("0", Level::Fail, "0 bytes"),
        ("much", Level::Warn, "not understood"),
    ] {
        memlock(&tree, soft);
        expect(&tree, "locked memory", level, &[word]);
    }
    tree.write("proc/self/status", b"CapEff:\t0000000000004000\n");
    expect(&tree, "locked memory", Level::Ok, &["CAP_IPC_LOCK"]);
    tree.remove("proc/self/status");
    tree.remove("proc/self/limits");
    expect(&tree, "locked memory", Level::Warn, &["unknown"]);
}

#[test]
fn huge_pages() {
    let tree = healthy();
    expect(&tree, "huge pages", Level::Ok, &["200 free of 256, 2 MiB each"]);
    pages(&tree, 2048, "0", "256");
    expect(&tree, "huge pages", Level::Warn, &["all taken", "vm.nr_hugepages"]);
    pages(&tree, 2048, "0\n", "0\n");
    expect(&tree, "huge pages", Level::Warn, &["0 free of 0", "sysctl.d"]);
    pages(&tree, 1_048_576, "1", "4");
    let sizes: Vec<String> =
        tree.host().doctor().into_iter().filter(|c| c.name == "huge pages").map(|c| c.value).collect();
    assert_eq!(sizes, ["0 free of 0, 2 MiB each", "1 free of 4, 1 GiB each (not used)"]);
    tree.remove("sys/kernel/mm/hugepages/hugepages-2048kB");
    expect(&tree, "huge pages", Level::Warn, &["none of 2 MiB"]);
    for odd in ["hugepages-kB", "hugepages-99999999999999999999kB", "hugepages-18446744073709551615kB", "x"] {
        tree.write(&format!("sys/kernel/mm/hugepages/{odd}/nr_hugepages"), b"1");
    }
    expect(&tree, "huge pages", Level::Warn, &["none of 2 MiB"]);
}

#[test]
fn cards_and_their_states() {
    let tree = healthy();
    tree.forbid("vfio/17");
    expect(&tree, "card", Level::Fail, &["no permission on /dev/vfio/17", "--user"]);
    tree.card(CARD, None, Some(17));
    expect(&tree, "card", Level::Fail, &["unbound", "sudo gristmill bind 0000:3b:00.0"]);
    tree.remove(&format!("sys/bus/pci/devices/{CARD}"));
    expect(&tree, "card", Level::Warn, &["none on the PCI bus", "1209", "6775"]);
}

#[test]
fn links() {
    let tree = healthy();
    link(&tree, "8.0 GT/s PCIe", "4");
    expect(&tree, "link", Level::Warn, &["8 GT/s x4 (can 8 GT/s x16)", "reseat"]);
    tree.write("sys/devices/pci0000:00/max_link_width", b"4");
    expect(&tree, "link", Level::Warn, &["the slot has no more lanes"]);
    tree.write("sys/devices/pci0000:00/max_link_width", b"8");
    expect(&tree, "link", Level::Warn, &["reseat", "the slot has x8"]);
    link(&tree, "2.5 GT/s PCIe", "16");
    expect(&tree, "link", Level::Warn, &["slower than the card can", "save power"]);
    link(&tree, "Unknown", "0");
    expect(&tree, "link", Level::Ok, &["does not say"]);
}

#[test]
fn processes() {
    let tree = healthy();
    tree.process(12, "prove", 'S', &["/dev/vfio/17"]);
    expect(&tree, "card", Level::Ok, &["busy: process 12 (prove)"]);
    assert!(tree.host().doctor().iter().all(|c| c.name != "process"));
    tree.process(13, "old", 'T', &["/dev/vfio/17"]);
    expect(&tree, "process", Level::Warn, &["process 13 (old) is stopped", "kill -9 13"]);
    assert_eq!(line(&tree, "process").subject.as_deref(), Some(CARD));
}

#[test]
fn an_empty_machine_is_survived() {
    let tree = Tree::new();
    let all = Host::at(&tree.path().join("nothing")).doctor();
    assert!(all.iter().any(|c| c.level == Level::Fail) && all.len() > 8, "{all:#?}");
}
