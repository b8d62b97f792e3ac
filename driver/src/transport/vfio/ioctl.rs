//! Calls into the kernel that `vfio-ioctls` lacks, or whose errors it swallows. The structures are
//! those of the kernel's headers, as generated in `vfio-bindings` and `iommufd-bindings`.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Number of a call: `_IO(';', nr)`, VFIO's and iommufd's both.
const fn number(nr: u8) -> u32 {
    (b';' as u32) << 8 | nr as u32
}

pub(super) const DEVICE_GET_INFO: u32 = number(107);
pub(super) const DEVICE_GET_REGION_INFO: u32 = number(108);
pub(super) const DEVICE_GET_IRQ_INFO: u32 = number(109);
pub(super) const DEVICE_SET_IRQS: u32 = number(110);
pub(super) const DEVICE_RESET: u32 = number(111);
pub(super) const IOMMU_GET_INFO: u32 = number(112);
pub(super) const DEVICE_BIND_IOMMUFD: u32 = number(118);
pub(super) const DEVICE_ATTACH_IOMMUFD_PT: u32 = number(119);
pub(super) const IOAS_ALLOC: u32 = number(0x81);
pub(super) const IOAS_IOVA_RANGES: u32 = number(0x84);
pub(super) const IOAS_MAP: u32 = number(0x85);
pub(super) const IOAS_UNMAP: u32 = number(0x86);

/// Calls without an argument.
pub(super) fn plain(fd: BorrowedFd, number: u32) -> io::Result<()> {
    // SAFETY: the call has no argument.
    unsafe { raw(fd, number, std::ptr::null_mut()) }
}

/// Calls with a structure that the kernel reads and writes.
///
/// # Safety
/// `T` must be the call's structure: plain data whose first word (`argsz` or `size`) holds the
/// bytes that the kernel may use, at most `size_of::<T>()`; addresses in it must be good for the
/// call's use of them.
pub(super) unsafe fn with<T>(fd: BorrowedFd, number: u32, argument: &mut T) -> io::Result<()> {
    // SAFETY: as the caller promises.
    unsafe { raw(fd, number, std::ptr::from_mut(argument).cast()) }
}

/// # Safety
/// As for [`with`].
pub(super) unsafe fn raw(fd: BorrowedFd, number: u32, argument: *mut c_void) -> io::Result<()> {
    // SAFETY: as the caller promises. The type of the number differs between C libraries.
    match unsafe { libc::ioctl(fd.as_raw_fd(), number as _, argument) } {
        rc if rc >= 0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iommufd_bindings::iommufd as fd;
    use std::os::fd::AsFd;
    use vfio_bindings::bindings::vfio;

    /// `_IO` as `asm-generic/ioctl.h` has it: no direction, no size.
    #[test]
    fn numbers_are_the_headers() {
        let from_headers = |nr: u32| u32::from(vfio::VFIO_TYPE) << 8 | nr;
        let base = vfio::VFIO_BASE;
        let expected = [
            (DEVICE_GET_INFO, 7, 0x3b6b),
            (DEVICE_GET_REGION_INFO, 8, 0x3b6c),
            (DEVICE_GET_IRQ_INFO, 9, 0x3b6d),
            (DEVICE_SET_IRQS, 10, 0x3b6e),
            (DEVICE_RESET, 11, 0x3b6f),
            (IOMMU_GET_INFO, 12, 0x3b70),
            (DEVICE_BIND_IOMMUFD, 18, 0x3b76),
            (DEVICE_ATTACH_IOMMUFD_PT, 19, 0x3b77),
        ];
        for (number, nr, value) in expected {
            assert_eq!((number, number), (from_headers(base + nr), value));
        }
        assert_eq!(fd::IOMMUFD_TYPE, vfio::VFIO_TYPE);
        let expected = [
            (IOAS_ALLOC, fd::IOMMUFD_CMD_IOAS_ALLOC, 0x3b81),
            (IOAS_IOVA_RANGES, fd::IOMMUFD_CMD_IOAS_IOVA_RANGES, 0x3b84),
            (IOAS_MAP, fd::IOMMUFD_CMD_IOAS_MAP, 0x3b85),
            (IOAS_UNMAP, fd::IOMMUFD_CMD_IOAS_UNMAP, 0x3b86),
        ];
        for (number, nr, value) in expected {
            assert_eq!((number, number), (from_headers(nr), value));
        }
    }

    /// Sizes as `linux/vfio.h` and `linux/iommufd.h` lay the structures out.
    #[test]
    fn structures_have_the_headers_sizes() {
        assert_eq!(size_of::<vfio::vfio_device_info>(), 24);
        assert_eq!(size_of::<vfio::vfio_region_info>(), 32);
        assert_eq!(size_of::<vfio::vfio_irq_info>(), 16);
        assert_eq!(size_of::<vfio::vfio_irq_set>(), 20);
        assert_eq!(size_of::<vfio::vfio_iommu_type1_info>(), 24);
        assert_eq!(size_of::<vfio::vfio_device_attach_iommufd_pt>(), 16);
        assert_eq!(std::mem::offset_of!(vfio::vfio_device_bind_iommufd, iommufd), 8);
        assert_eq!(size_of::<fd::iommu_ioas_alloc>(), 12);
        assert_eq!(size_of::<fd::iommu_ioas_iova_ranges>(), 32);
        assert_eq!(size_of::<fd::iommu_ioas_map>(), 40);
        assert_eq!(size_of::<fd::iommu_ioas_unmap>(), 24);
        assert_eq!(size_of::<fd::iommu_iova_range>(), 16);
    }

    #[test]
    fn the_kernels_error_comes_back() {
        let file = tempfile::tempfile().unwrap();
        let error = plain(file.as_fd(), DEVICE_RESET).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
    }
}
