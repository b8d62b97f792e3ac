//! The way of newer kernels: the function's own file (`/dev/vfio/devices/vfioN`), bound to an I/O
//! address space of `/dev/iommu`. No groups, no containers.
//!
//! (`vfio-ioctls` has this behind a feature that needs KVM's crates, so the few calls are made
//! here.)

use super::error::VfioError;
use super::iommu::IommuInfo;
use super::sysfs::Function;
use super::{Backend, ioctl, owner};
use crate::transport::{DmaAccess, DmaRegion, IovaRange};
use iommufd_bindings::iommufd as sys;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use vfio_bindings::bindings::vfio::{vfio_device_attach_iommufd_pt, vfio_device_bind_iommufd};

/// Most ranges that are asked for; an x86 IOMMU has two or three.
const MAX_RANGES: u32 = 4096;

/// A device and its address space. Closing the device detaches it; it must be closed first.
pub(super) struct Iommufd {
    device: File,
    iommu: File,
    ioas: u32,
    info: IommuInfo,
}

impl Iommufd {
    pub(super) fn open(dev: &Path, function: &Function) -> Result<Self, VfioError> {
        let (iommu_path, device_path) = (dev.join("iommu"), node(dev, function)?);
        let iommu = read_write(&iommu_path)
            .map_err(|e| VfioError::open(iommu_path, e, |path| VfioError::NoIommufd { path }))?;
        let device = read_write(&device_path)
            .map_err(|e| VfioError::open(device_path.clone(), e, |path| VfioError::NoNode { path }))?;
        bind(device.as_fd(), iommu.as_fd()).map_err(|e| explain_bind(e, dev, &device_path, function))?;
        let fail = |what| move |e| VfioError::kernel(what, e);
        let ioas = allocate(iommu.as_fd()).map_err(fail("making an I/O address space"))?;
        attach(device.as_fd(), ioas).map_err(|e| match e.raw_os_error() {
            Some(libc::EPERM) => VfioError::NoInterruptRemapping,
            _ => VfioError::kernel("attaching the device to an I/O address space", e),
        })?;
        // Only now: each device narrows its address space.
        let info = query(iommu.as_fd(), ioas).map_err(fail("asking for the IOMMU's addresses"))?;
        Ok(Iommufd { device, iommu, ioas, info })
    }
}

impl Backend for Iommufd {
    fn device(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }

    fn iommu(&self) -> &IommuInfo {
        &self.info
    }

    fn map(&self, region: &DmaRegion) -> io::Result<()> {
        let mut map = sys::iommu_ioas_map {
            size: size_of::<sys::iommu_ioas_map>() as u32,
            flags: flags(region.access()),
            ioas_id: self.ioas,
            user_va: region.address().as_ptr() as u64,
            length: region.size(),
            iova: region.iova(),
            ..Default::default()
        };
        // SAFETY: the call's structure with its size. A `DmaRegion` is a live shared mapping of
        // that length into which no Rust reference points; the kernel pins its pages.
        unsafe { ioctl::with(self.iommu.as_fd(), ioctl::IOAS_MAP, &mut map) }
    }

    fn unmap(&self, iova: u64, len: u64) -> io::Result<()> {
        let size = size_of::<sys::iommu_ioas_unmap>() as u32;
        let mut unmap = sys::iommu_ioas_unmap { size, ioas_id: self.ioas, iova, length: len };
        // SAFETY: the call's structure with its size.
        unsafe { ioctl::with(self.iommu.as_fd(), ioctl::IOAS_UNMAP, &mut unmap) }?;
        if unmap.length != len {
            return Err(io::Error::other(format!("the kernel unmapped {} bytes", unmap.length)));
        }
        Ok(())
    }
}

/// The function's own file.
pub(super) fn node(dev: &Path, function: &Function) -> Result<PathBuf, VfioError> {
    let missing = || VfioError::NoIommufd { path: function.path.join("vfio-dev") };
    Ok(dev.join("vfio/devices").join(function.cdev.as_ref().ok_or_else(missing)?))
}

fn read_write(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(path)
}

const fn flags(access: DmaAccess) -> u32 {
    let mut flags = sys::iommufd_ioas_map_flags_IOMMU_IOAS_MAP_FIXED_IOVA;
    if access.read() {
        flags |= sys::iommufd_ioas_map_flags_IOMMU_IOAS_MAP_READABLE;
    }
    if access.write() {
        flags |= sys::iommufd_ioas_map_flags_IOMMU_IOAS_MAP_WRITEABLE;
    }
    flags
}

fn bind(device: BorrowedFd, iommu: BorrowedFd) -> io::Result<()> {
    // Up to `out_devid`: what came later (a token for virtual functions) older kernels refuse.
    let argsz = std::mem::offset_of!(vfio_device_bind_iommufd, token_uuid_ptr) as u32;
    let mut bind = vfio_device_bind_iommufd { argsz, iommufd: iommu.as_raw_fd(), ..Default::default() };
    // SAFETY: the call's structure; its size is that of its first version.
    unsafe { ioctl::with(device, ioctl::DEVICE_BIND_IOMMUFD, &mut bind) }
}

/// What an error of binding means.
fn explain_bind(error: io::Error, dev: &Path, device: &Path, function: &Function) -> VfioError {
    let proc = Path::new("/proc");
    match error.raw_os_error() {
        // The device is bound already, which only another process can have done.
        Some(libc::EINVAL) => match owner::holders(proc, device) {
            none if none.is_empty() => VfioError::kernel(
                "binding the device to iommufd (another user's process may have it open, or its IOMMU is not coherent)",
                error,
            ),
            holders => VfioError::OpenElsewhere { path: device.into(), holders },
        },
        // The legacy group is open, or a driver of the kernel owns a part of it.
        Some(libc::EBUSY) => {
            let path = dev.join("vfio").join(function.group.to_string());
            let holders = owner::holders(proc, &path);
            match (holders.is_empty(), crate::host::strangers(&function.path.join("iommu_group")).next()) {
                (true, Some(member)) => VfioError::GroupNotViable { group: function.group, member: Some(member) },
                _ => VfioError::OpenElsewhere { path, holders },
            }
        }
        Some(libc::EPERM) => VfioError::NoInterruptRemapping,
        _ => VfioError::kernel("binding the device to iommufd", error),
    }
}

fn allocate(iommu: BorrowedFd) -> io::Result<u32> {
    let size = size_of::<sys::iommu_ioas_alloc>() as u32;
    let mut alloc = sys::iommu_ioas_alloc { size, ..Default::default() };
    // SAFETY: the call's structure with its size.
    unsafe { ioctl::with(iommu, ioctl::IOAS_ALLOC, &mut alloc) }?;
    Ok(alloc.out_ioas_id)
}

fn attach(device: BorrowedFd, ioas: u32) -> io::Result<()> {
    // Up to `pt_id`, as for `bind`.
    let argsz = std::mem::offset_of!(vfio_device_attach_iommufd_pt, pasid) as u32;
    let mut attach = vfio_device_attach_iommufd_pt { argsz, pt_id: ioas, ..Default::default() };
    // SAFETY: the call's structure; its size is that of its first version.
    unsafe { ioctl::with(device, ioctl::DEVICE_ATTACH_IOMMUFD_PT, &mut attach) }
}

/// Asks how many ranges there are, then for all of them.
fn query(iommu: BorrowedFd, ioas: u32) -> io::Result<IommuInfo> {
    ask(|list, head| {
        head.ioas_id = ioas;
        head.allowed_iovas = list.as_mut_ptr() as u64;
        // SAFETY: the call's structure with its size; the kernel writes at most `num_iovas`
        // ranges to the list, which is the list's length.
        unsafe { ioctl::with(iommu, ioctl::IOAS_IOVA_RANGES, head) }
    })
}

fn ask(
    mut call: impl FnMut(&mut [sys::iommu_iova_range], &mut sys::iommu_ioas_iova_ranges) -> io::Result<()>,
) -> io::Result<IommuInfo> {
    let mut list = vec![sys::iommu_iova_range::default(); 8];
    for _ in 0..3 {
        let size = size_of::<sys::iommu_ioas_iova_ranges>() as u32;
        let mut head = sys::iommu_ioas_iova_ranges { size, num_iovas: list.len() as u32, ..Default::default() };
        match call(&mut list, &mut head) {
            Ok(()) => {
                list.truncate(head.num_iovas as usize);
                return understand(&list, head.out_iova_alignment)
                    .ok_or_else(|| io::Error::other("the kernel's ranges make no sense"));
            }
            Err(e) if e.raw_os_error() == Some(libc::EMSGSIZE) && head.num_iovas <= MAX_RANGES => {
                list.resize(head.num_iovas as usize, Default::default());
            }
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("the kernel's ranges grow without end"))
}

/// `None` unless the ranges ascend and are disjoint, and the alignment is a power of two.
fn understand(list: &[sys::iommu_iova_range], alignment: u64) -> Option<IommuInfo> {
    let ranges: Vec<IovaRange> = list.iter().map(|r| IovaRange { first: r.start, last: r.last }).collect();
    let good = ranges.iter().all(|r| r.first <= r.last) && ranges.windows(2).all(|w| w[0].last < w[1].first);
    (good && alignment.is_power_of_two()).then_some(IommuInfo { page_sizes: alignment, ranges, mappings_left: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86: [sys::iommu_iova_range; 2] = [
        sys::iommu_iova_range { start: 0, last: 0xfedf_ffff },
        sys::iommu_iova_range { start: 0xfef0_0000, last: (1 << 48) - 1 },
    ];

    fn function() -> (tempfile::TempDir, Function) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("0000:3b:00.0");
        std::fs::create_dir_all(path.join("iommu_group/devices")).unwrap();
        (root, Function { path, group: 17, cdev: Some("vfio3".into()) })
    }

    #[test]
    fn ranges_are_asked_for_until_they_fit() {
        let many: Vec<_> =
            (0..20).map(|i| sys::iommu_iova_range { start: i << 20, last: (i << 20) + 0xffff }).collect();
        let mut calls = 0;
        let info = ask(|list, head| {
            calls += 1;
            assert_eq!((head.size, head.num_iovas as usize), (32, list.len()));
            head.num_iovas = many.len() as u32;
            if list.len() < many.len() {
                return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
            }
            list.copy_from_slice(&many);
            head.out_iova_alignment = 4096;
            Ok(())
        })
        .unwrap();
        assert_eq!((calls, info.ranges.len(), info.page()), (2, 20, 4096));
        // A kernel that never has enough, one that wants too much, and one that fails.
        let error = |errno, num| {
            ask(|_, head| {
                head.num_iovas = num;
                Err(io::Error::from_raw_os_error(errno))
            })
            .unwrap_err()
        };
        assert!(error(libc::EMSGSIZE, 9).to_string().contains("without end"));
        assert_eq!(error(libc::EMSGSIZE, u32::MAX).raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(error(libc::ENOENT, 1).raw_os_error(), Some(libc::ENOENT));
    }

    #[test]
    fn ranges_are_understood_or_refused() {
        let info = understand(&X86, 4096).unwrap();
        assert_eq!(info.ranges[1], IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 });
        assert_eq!((info.page(), info.mappings_left), (4096, None));
        assert!(understand(&[X86[1], X86[0]], 4096).is_none());
        assert!(understand(&[X86[0], X86[0]], 4096).is_none());
        assert!(understand(&[sys::iommu_iova_range { start: 2, last: 1 }], 4096).is_none());
        assert!(understand(&X86, 0).is_none() && understand(&X86, 4097).is_none());
    }

    #[test]
    fn access_becomes_flags() {
        assert_eq!((flags(DmaAccess::Read), flags(DmaAccess::Write), flags(DmaAccess::ReadWrite)), (5, 3, 7));
    }

    #[test]
    fn what_is_missing_is_named() {
        let (root, mut function) = function();
        let error = Iommufd::open(root.path(), &function).err().unwrap();
        assert!(matches!(&error, VfioError::NoIommufd { path } if path.ends_with("iommu")), "{error}");
        std::fs::write(root.path().join("iommu"), "").unwrap();
        let error = Iommufd::open(root.path(), &function).err().unwrap();
        assert!(matches!(&error, VfioError::NoNode { path } if path.ends_with("vfio/devices/vfio3")), "{error}");
        function.cdev = None;
        let error = Iommufd::open(root.path(), &function).err().unwrap();
        assert!(matches!(&error, VfioError::NoIommufd { path } if path.ends_with("vfio-dev")), "{error}");
    }

    #[test]
    fn errors_of_binding_are_told_apart() {
        let (root, function) = function();
        let device = root.path().join("vfio3");
        std::fs::write(&device, "").unwrap();
        let explain = |errno| explain_bind(io::Error::from_raw_os_error(errno), root.path(), &device, &function);
        assert!(matches!(explain(libc::EPERM), VfioError::NoInterruptRemapping));
        assert!(matches!(explain(libc::EINVAL), VfioError::Kernel { .. }));
        let open = File::open(&device).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").stdin(open).spawn().unwrap();
        let error = explain(libc::EINVAL);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(&error, VfioError::OpenElsewhere { holders, .. } if holders[0].pid == child.id()), "{error}");
        let busy = explain(libc::EBUSY);
        assert!(matches!(&busy, VfioError::OpenElsewhere { path, .. } if path.ends_with("vfio/17")), "{busy}");
        let member = function.path.join("iommu_group/devices/0000:3b:00.1");
        std::fs::create_dir_all(&member).unwrap();
        std::os::unix::fs::symlink("/sys/bus/pci/drivers/nvme", member.join("driver")).unwrap();
        let busy = explain(libc::EBUSY);
        assert!(matches!(&busy, VfioError::GroupNotViable { group: 17, member: Some(_) }), "{busy}");
    }
}
