//! PCI functions as sysfs shows them.

use super::files::{self, hex, link_name, number};
use super::group::is_no_iommu;
use super::{Host, HostError, VFIO_PCI};
use crate::transport::Bdf;
use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};
use std::fmt;
use std::path::{Path, PathBuf};

/// Transfers a second and lane, in tenths of GT/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(pub u32);

impl Speed {
    /// Reads `8.0 GT/s PCIe`; `None` for `Unknown`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, tenths) = text.split_whitespace().next()?.split_once('.')?;
        let digit = tenths.chars().next()?.to_digit(10)?;
        Some(Speed(whole.parse::<u16>().ok()? as u32 * 10 + digit))
    }

    /// GT/s.
    pub fn gts(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GT/s", self.gts())
    }
}

/// A PCIe link. What the kernel does not know is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Speed now.
    pub speed: Option<Speed>,
    /// Lanes now.
    pub width: Option<u8>,
    /// Highest speed of the card.
    pub max_speed: Option<Speed>,
    /// Most lanes of the card.
    pub max_width: Option<u8>,
}

impl Link {
    fn read(device: &Path) -> Self {
        let speed = |name: &str| Speed::parse(&files::text(&device.join(name))?);
        // 0, 63 and 255 stand for "unknown" in one kernel or another.
        let width =
            |name: &str| number(&device.join(name)).and_then(|w| u8::try_from(w).ok()).filter(|w| (1..=32).contains(w));
        Link {
            speed: speed("current_link_speed"),
            width: width("current_link_width"),
            max_speed: speed("max_link_speed"),
            max_width: width("max_link_width"),
        }
    }

    /// Fewer lanes than the card has.
    pub fn is_narrow(&self) -> bool {
        self.width.zip(self.max_width).is_some_and(|(now, most)| now < most)
    }

    /// Slower than the card can.
    pub fn is_slow(&self) -> bool {
        self.speed.zip(self.max_speed).is_some_and(|(now, most)| now < most)
    }
}

/// `8 GT/s x16`, and what the card could do if that is more.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |speed: Option<Speed>, width: Option<u8>| match (speed, width) {
            (None, None) => None,
            (Some(s), Some(w)) => Some(format!("{s} x{w}")),
            (Some(s), None) => Some(s.to_string()),
            (None, Some(w)) => Some(format!("x{w}")),
        };
        let Some(now) = one(self.speed, self.width) else { return f.write_str("-") };
        match one(self.max_speed, self.max_width) {
            Some(most) if self.is_narrow() || self.is_slow() => write!(f, "{now} (can {most})"),
            _ => f.write_str(&now),
        }
    }
}

/// A function on the PCI bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PciFunction {
    /// Its address.
    pub address: Bdf,
    /// Vendor id, if it can be read.
    pub vendor: Option<u16>,
    /// Device id, if it can be read.
    pub device: Option<u16>,
    /// Class code: base class, subclass, interface.
    pub class: Option<u32>,
    /// The kernel's driver that has it.
    pub driver: Option<String>,
    /// Number of its IOMMU group. A group of the mode without an IOMMU does not count.
    pub group: Option<u32>,
    /// Its link.
    pub link: Link,
    /// The link that the slot (the port above) could give.
    pub slot: Link,
    /// NUMA node of its slot, if the machine has several.
    pub numa_node: Option<u32>,
    /// Its folder in sysfs.
    pub(super) path: PathBuf,
}

impl PciFunction {
    /// Looks a function up by its address.
    pub fn find(host: &Host, address: Bdf) -> Result<Self, HostError> {
        let path = host.sys("bus/pci/devices").join(address.to_string());
        match path.is_dir() {
            true => Ok(Self::read(path, address)),
            false => Err(HostError::NoFunction { address }),
        }
    }

    /// All functions on the bus, in order of address. Empty where there is no PCI.
    pub fn all(host: &Host) -> Vec<Self> {
        let folder = host.sys("bus/pci/devices");
        let addresses = files::names(&folder).into_iter().filter_map(|name| {
            let address: Bdf = name.parse().ok()?;
            // Only the kernel's own spelling: anything else is no device.
            (address.to_string() == name).then_some(address)
        });
        let mut all: Vec<Self> = addresses.map(|a| Self::read(folder.join(a.to_string()), a)).collect();
        all.sort_by_key(|f| f.address);
        all
    }

    /// All Gristmill cards on the bus, in order of address.
    pub fn cards(host: &Host) -> Vec<Self> {
        Self::all(host).into_iter().filter(Self::is_card).collect()
    }

    fn read(path: PathBuf, address: Bdf) -> Self {
        let id = |name: &str| hex(&path.join(name)).and_then(|v| u16::try_from(v).ok());
        let group_link = path.join("iommu_group");
        let without_iommu = is_no_iommu(&group_link);
        let group = link_name(&group_link).ok().flatten().filter(|_| !without_iommu);
        let above = std::fs::canonicalize(&path).ok().and_then(|p| p.parent().map(Path::to_owned));
        PciFunction {
            address,
            vendor: id("vendor"),
            device: id("device"),
            class: hex(&path.join("class")),
            driver: link_name(&path.join("driver")).ok().flatten(),
            group: group.and_then(|g| g.parse().ok()),
            link: Link::read(&path),
            slot: above.map(|p| Link::read(&p)).unwrap_or_default(),
            numa_node: number(&path.join("numa_node")).and_then(|n| u32::try_from(n).ok()),
            path,
        }
    }

    /// Whether it has a Gristmill card's vendor and device ids.
    pub fn is_card(&self) -> bool {
        (self.vendor, self.device) == (Some(VENDOR_ID), Some(DEVICE_ID))
    }

    /// Whether vfio-pci has it.
    pub fn is_on_vfio(&self) -> bool {
        self.driver.as_deref() == Some(VFIO_PCI)
    }

    /// Whether it is a bridge: the bus itself, not a device.
    pub(super) fn is_bridge(&self) -> bool {
        self.class.is_some_and(|class| class >> 16 == 0x06)
    }

    /// Vendor and device id, as `lspci -n` writes them.
    pub fn ids(&self) -> String {
        let id = |id: Option<u16>| id.map_or("????".into(), |id| format!("{id:04x}"));
        format!("{}:{}", id(self.vendor), id(self.device))
    }

    /// Its name as a device of this driver.
    pub fn name(&self) -> String {
        format!("vfio:{}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    #[test]
    fn cards_are_found_by_their_ids_in_order_of_address() {
        let tree = Tree::new();
        tree.card("10000:01:00.0", Some("vfio-pci"), Some(9));
        tree.card("0000:3b:00.1", None, Some(17));
        tree.card("0000:3b:00.0", Some("vfio-pci"), Some(17));
        tree.function("0000:00:1f.0", "0x8086", "0x1234", Some("lpc_ich"), Some(3));
        tree.function("0000:3c:00.0", "0x10ee", "0x6775", None, None);
        let found = PciFunction::cards(&tree.host());
        let addresses: Vec<String> = found.iter().map(|f| f.address.to_string()).collect();
        assert_eq!(addresses, ["0000:3b:00.0", "0000:3b:00.1", "10000:01:00.0"]);
        assert_eq!((found[0].driver.as_deref(), found[0].group), (Some("vfio-pci"), Some(17)));
        assert_eq!((found[1].driver.as_deref(), found[1].numa_node), (None, None));
        assert_eq!(PciFunction::all(&tree.host()).len(), 5);
        assert!(PciFunction::all(&Host::at(&tree.path().join("empty"))).is_empty());
    }

    #[test]
    fn links_and_nodes_are_read() {
        let tree = Tree::new();
        tree.card("0000:3b:00.0", None, None);
        let link = |speed: &str, width: &str, max_speed: &str, max_width: &str| {
            for (file, value) in [
                ("current_link_speed", speed),
                ("current_link_width", width),
                ("max_link_speed", max_speed),
                ("max_link_width", max_width),
            ] {
                tree.attribute("0000:3b:00.0", file, value);
            }
            PciFunction::cards(&tree.host())[0].link
        };
        let whole = link("8.0 GT/s PCIe", "16", "8.0 GT/s PCIe", "16");
        assert_eq!((whole.to_string().as_str(), whole.is_narrow(), whole.is_slow()), ("8 GT/s x16", false, false));
        let narrow = link("2.5 GT/s PCIe", "4", "16.0 GT/s PCIe", "16");
        assert_eq!(narrow.to_string(), "2.5 GT/s x4 (can 16 GT/s x16)");
        assert!(narrow.is_narrow() && narrow.is_slow());
        assert_eq!(link("2.5 GT/s", "8", "Unknown", "255").to_string(), "2.5 GT/s x8");
        assert_eq!(link("Unknown", "0", "", "63"), Link::default());
        assert_eq!(link("Unknown", "63", "", "").to_string(), "-");
        tree.attribute("0000:3b:00.0", "numa_node", "1\n");
        assert_eq!(PciFunction::cards(&tree.host())[0].numa_node, Some(1));
        tree.attribute("0000:3b:00.0", "numa_node", "-1\n");
        assert_eq!(PciFunction::cards(&tree.host())[0].numa_node, None);
    }

    #[test]
    fn odd_trees_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        let tree = Tree::new();
        tree.card("0000:3b:00.0", None, None);
        let devices = tree.path().join("sys/bus/pci/devices");
        for name in [&b"../evil"[1..3], b"\xff\xfe", b"0000:3B:01.0", b"3b:00.0", b"0000:3b:00.0 ", b"0000:3b:00.9"] {
            std::fs::create_dir_all(devices.join(std::ffi::OsStr::from_bytes(name))).unwrap();
        }
        std::fs::write(devices.join("0000:3d:00.0"), "a file, no folder").unwrap();
        assert_eq!(PciFunction::cards(&tree.host()).len(), 1);
        let address: Bdf = "0000:3b:00.0".parse().unwrap();
        for (file, content) in [
            ("class", &b"\xff\xff"[..]),
            ("numa_node", b"99999999999999999999"),
            ("current_link_speed", b"8."),
            ("max_link_speed", b"99999999.9 GT/s"),
            ("vendor", b"0xfffff"),
        ] {
            tree.attribute_bytes("0000:3b:00.0", file, content);
        }
        let odd = PciFunction::find(&tree.host(), address).unwrap();
        assert_eq!((odd.vendor, odd.class, odd.numa_node), (None, None, None));
        assert_eq!((odd.link, odd.ids()), (Link::default(), "????:6775".to_owned()));
        assert!(!odd.is_card());
        let absent = PciFunction::find(&tree.host(), "ffff:00:00.0".parse().unwrap()).unwrap_err();
        assert!(absent.to_string().contains("no PCI function ffff:00:00.0"), "{absent}");
    }

    #[test]
    fn a_group_without_an_iommu_is_none() {
        let tree = Tree::new();
        tree.card("0000:3b:00.0", Some("vfio-pci"), Some(0));
        std::fs::write(tree.path().join("sys/kernel/iommu_groups/0/name"), "vfio-noiommu\n").unwrap();
        assert_eq!(PciFunction::cards(&tree.host())[0].group, None);
    }
}
