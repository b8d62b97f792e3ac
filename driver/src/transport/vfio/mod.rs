//! A card in a PCIe slot, through the kernel's VFIO.
//!
//! | file | is |
//! |---|---|
//! | `sysfs`, `owner`, `way` | what is in the way, who has it, which of the kernel's two ways to take |
//! | `group` | the legacy way: container and group, opened by `vfio-ioctls` |
//! | `iommufd` | the new way: the device's own file, bound to an I/O address space |
//! | `device` | what is the same for both: regions, configuration space, interrupts, reset |
//! | `bar` | mapped registers: an access is one instruction |
//! | `iommu`, `windows`, `memlock` | usable addresses, windows that are there, the limit of locked memory |
//! | `transport` | the transport |
//!
//! `error` and `sysfs` are there without the feature `vfio` too, for tools that only look.
#![cfg_attr(not(all(target_os = "linux", feature = "vfio")), allow(dead_code))]

#[cfg(all(target_os = "linux", feature = "vfio"))]
mod bar;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod device;
mod error;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod group;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod ioctl;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod iommu;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod iommufd;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod memlock;
mod owner;
pub(crate) mod sysfs;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod transport;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod way;
#[cfg(all(target_os = "linux", feature = "vfio"))]
mod windows;

pub use error::VfioError;
#[cfg(all(target_os = "linux", feature = "vfio"))]
pub use iommu::IommuInfo;
pub use owner::Holder;
pub use sysfs::{Function, SYSFS};
#[cfg(all(target_os = "linux", feature = "vfio"))]
pub use transport::Vfio;
#[cfg(all(target_os = "linux", feature = "vfio"))]
pub use way::{ENVIRONMENT, Way};

/// Where device files are.
const DEV: &str = "/dev";

/// An opened device and the IOMMU before it, whichever way they were opened. Dropping it closes
/// the device first, which the kernel then resets, and its mappings after.
#[cfg(all(target_os = "linux", feature = "vfio"))]
trait Backend: Send {
    /// The device's file.
    fn device(&self) -> std::os::fd::BorrowedFd<'_>;
    /// What the IOMMU takes.
    fn iommu(&self) -> &IommuInfo;
    /// Lets the device reach memory. The kernel pins its pages.
    fn map(&self, region: &super::DmaRegion) -> std::io::Result<()>;
    /// Takes a whole mapping back.
    fn unmap(&self, iova: u64, len: u64) -> std::io::Result<()>;
}
