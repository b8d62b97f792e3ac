//! The legacy way: a container (`/dev/vfio/vfio`) with the function's whole IOMMU group in it,
//! opened by `vfio-ioctls`.

use super::error::VfioError;
use super::iommu::IommuInfo;
use super::sysfs::Function;
use super::{Backend, DEV};
use crate::transport::DmaRegion;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError as CrateError};

/// A device, and the container that maps memory for it. The device must be closed first.
pub(super) struct Group {
    device: VfioDevice,
    container: Arc<VfioContainer>,
    info: IommuInfo,
}

impl Group {
    pub(super) fn open(function: &Function) -> Result<Self, VfioError> {
        let fail = |error| explain(error, function.group);
        let container = Arc::new(VfioContainer::new(None).map_err(fail)?);
        let device = VfioDevice::new(&function.path, container.clone(), true).map_err(fail)?;
        // SAFETY: the container keeps its file open.
        let info = IommuInfo::query(unsafe { BorrowedFd::borrow_raw(container.as_raw_fd()) });
        let info = info.map_err(|e| VfioError::kernel("asking for the IOMMU's addresses", e))?;
        Ok(Group { device, container, info })
    }
}

impl Backend for Group {
    fn device(&self) -> BorrowedFd<'_> {
        // SAFETY: the device keeps its file open for as long as it is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.device.as_raw_fd()) }
    }

    fn iommu(&self) -> &IommuInfo {
        &self.info
    }

    /// (The crate maps for reading and writing whatever is asked; the pool asks for nothing else.)
    fn map(&self, region: &DmaRegion) -> io::Result<()> {
        let (iova, len, address) = (region.iova(), region.size() as usize, region.address().as_ptr());
        // SAFETY: a `DmaRegion` is a live shared mapping of that length into which no Rust
        // reference points; the kernel pins its pages until they are unmapped.
        unsafe { self.container.vfio_dma_map(iova, len, address) }.map_err(errno)
    }

    fn unmap(&self, iova: u64, len: u64) -> io::Result<()> {
        self.container.vfio_dma_unmap(iova, len as usize).map_err(errno)
    }
}

/// The system's error number in a mapping error.
fn errno(error: CrateError) -> io::Error {
    match error {
        CrateError::IommuDmaMap(e) | CrateError::IommuDmaUnmap(e) => io::Error::from_raw_os_error(e.errno()),
        other => io::Error::other(other.to_string()),
    }
}

/// What an error of opening means.
fn explain(error: CrateError, group: u32) -> VfioError {
    let dev = Path::new(DEV).join("vfio");
    match error {
        CrateError::OpenContainer(e) => VfioError::open(dev.join("vfio"), e, |path| VfioError::NoModule { path }),
        CrateError::OpenGroup(e, _) => {
            VfioError::open(dev.join(group.to_string()), e, |path| VfioError::NoNode { path })
        }
        CrateError::GroupViable => VfioError::GroupNotViable { group, member: None },
        CrateError::VfioExtension | CrateError::VfioType1V2 => VfioError::NoType1,
        CrateError::ContainerSetIOMMU(e) if e.errno() == libc::EPERM => VfioError::NoInterruptRemapping,
        CrateError::ContainerSetIOMMU(e) if e.errno() == libc::ENODEV => VfioError::NoType1,
        CrateError::ContainerSetIOMMU(e) => {
            VfioError::kernel("choosing the IOMMU", io::Error::from_raw_os_error(e.errno()))
        }
        CrateError::GroupGetDeviceFD(e) => {
            VfioError::kernel("opening the device", io::Error::from_raw_os_error(e.errno()))
        }
        CrateError::VfioDeviceGetInfoPCI | CrateError::VfioDeviceGetInfoOther => {
            VfioError::NotACard { problem: error.to_string() }
        }
        other => VfioError::kernel("opening the device", io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vmm_sys_util::errno::Error as Errno;

    fn os(errno: i32) -> io::Error {
        io::Error::from_raw_os_error(errno)
    }

    #[test]
    fn each_error_of_opening_is_its_own() {
        let e = |error| explain(error, 17);
        let no_module = e(CrateError::OpenContainer(os(libc::ENOENT)));
        assert!(matches!(no_module, VfioError::NoModule { .. }), "{no_module}");
        let container = e(CrateError::OpenContainer(os(libc::EACCES)));
        assert!(matches!(&container, VfioError::Permission { path, .. } if path == Path::new("/dev/vfio/vfio")));
        let group = e(CrateError::OpenGroup(os(libc::EACCES), "17".into()));
        assert!(matches!(&group, VfioError::Permission { path, .. } if path == Path::new("/dev/vfio/17")), "{group}");
        let missing = e(CrateError::OpenGroup(os(libc::ENOENT), "17".into()));
        assert!(matches!(missing, VfioError::NoNode { .. }), "{missing}");
        let busy = e(CrateError::OpenGroup(os(libc::EBUSY), "17".into()));
        assert!(matches!(busy, VfioError::OpenElsewhere { .. }), "{busy}");
        let viable = e(CrateError::GroupViable);
        assert!(matches!(viable, VfioError::GroupNotViable { group: 17, member: None }), "{viable}");
        assert!(viable.to_string().contains("every function"), "{viable}");
        assert!(matches!(e(CrateError::VfioExtension), VfioError::NoType1));
        let forged = e(CrateError::ContainerSetIOMMU(Errno::new(libc::EPERM)));
        assert!(matches!(forged, VfioError::NoInterruptRemapping), "{forged}");
        assert!(forged.to_string().contains("allow_unsafe_interrupts"), "{forged}");
        let other = e(CrateError::ContainerSetIOMMU(Errno::new(libc::ENOMEM)));
        assert!(matches!(other, VfioError::Kernel { .. }), "{other}");
        let device = e(CrateError::GroupGetDeviceFD(Errno::new(libc::EMFILE)));
        assert!(matches!(device, VfioError::TooManyFiles { .. }), "{device}");
        assert!(matches!(e(CrateError::VfioDeviceGetInfoPCI), VfioError::NotACard { .. }));
        assert!(matches!(e(CrateError::GetGroupStatus), VfioError::Kernel { .. }));
    }

    #[test]
    fn mapping_errors_keep_their_number() {
        let error = errno(CrateError::IommuDmaMap(Errno::new(libc::ENOMEM)));
        assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
        assert!(errno(CrateError::InvalidDmaUnmapSize).to_string().contains("unmap size"));
    }
}
