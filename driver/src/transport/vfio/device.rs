//! An open VFIO device, however it was opened: regions, configuration space, interrupts, reset.
//! Every error of the kernel comes through.

use super::ioctl;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use vfio_bindings::bindings::vfio as sys;

/// What the kernel says about the device as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeviceInfo {
    pub(super) can_reset: bool,
    pub(super) is_pci: bool,
    pub(super) regions: u32,
    pub(super) irqs: u32,
}

/// A region of the device's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) mappable: bool,
}

/// `vfio_irq_set` with one eventfd (`data` of the header has no length of its own).
#[repr(C)]
struct IrqSet {
    argsz: u32,
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
    eventfd: i32,
}

pub(super) fn info(device: BorrowedFd) -> io::Result<DeviceInfo> {
    let mut info = sys::vfio_device_info { argsz: size_of::<sys::vfio_device_info>() as u32, ..Default::default() };
    // SAFETY: the call's structure with its size.
    unsafe { ioctl::with(device, ioctl::DEVICE_GET_INFO, &mut info) }?;
    Ok(DeviceInfo {
        can_reset: info.flags & sys::VFIO_DEVICE_FLAGS_RESET != 0,
        is_pci: info.flags & sys::VFIO_DEVICE_FLAGS_PCI != 0,
        regions: info.num_regions,
        irqs: info.num_irqs,
    })
}

pub(super) fn region(device: BorrowedFd, index: u32) -> io::Result<Region> {
    let argsz = size_of::<sys::vfio_region_info>() as u32;
    let mut info = sys::vfio_region_info { argsz, index, ..Default::default() };
    // SAFETY: the call's structure with its size; capabilities that do not fit are not written.
    unsafe { ioctl::with(device, ioctl::DEVICE_GET_REGION_INFO, &mut info) }?;
    let rwm = sys::VFIO_REGION_INFO_FLAG_READ | sys::VFIO_REGION_INFO_FLAG_WRITE | sys::VFIO_REGION_INFO_FLAG_MMAP;
    Ok(Region { offset: info.offset, size: info.size, mappable: info.flags & rwm == rwm })
}

/// Vectors of an interrupt that can signal an eventfd; 0 if the device has none.
pub(super) fn vectors(device: BorrowedFd, index: u32) -> io::Result<u32> {
    let argsz = size_of::<sys::vfio_irq_info>() as u32;
    let mut info = sys::vfio_irq_info { argsz, index, ..Default::default() };
    // SAFETY: the call's structure with its size.
    match unsafe { ioctl::with(device, ioctl::DEVICE_GET_IRQ_INFO, &mut info) } {
        Ok(()) if info.flags & sys::VFIO_IRQ_INFO_EVENTFD != 0 => Ok(info.count),
        Ok(()) => Ok(0),
        // So the kernel says that an index does not apply, such as errors of a function that is
        // not PCI Express.
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Ok(0),
        Err(e) => Err(e),
    }
}

/// Lets vector 0 of an interrupt signal an eventfd. Doing so again replaces the eventfd.
pub(super) fn signal(device: BorrowedFd, index: u32, eventfd: BorrowedFd) -> io::Result<()> {
    set(device, index, sys::VFIO_IRQ_SET_DATA_EVENTFD, Some(eventfd))
}

/// Switches an interrupt off.
pub(super) fn silence(device: BorrowedFd, index: u32) -> io::Result<()> {
    set(device, index, sys::VFIO_IRQ_SET_DATA_NONE, None)
}

fn set(device: BorrowedFd, index: u32, data: u32, eventfd: Option<BorrowedFd>) -> io::Result<()> {
    let mut set = IrqSet {
        argsz: size_of::<IrqSet>() as u32,
        flags: data | sys::VFIO_IRQ_SET_ACTION_TRIGGER,
        index,
        start: 0,
        count: eventfd.is_some().into(),
        eventfd: eventfd.map_or(-1, |fd| fd.as_raw_fd()),
    };
    // SAFETY: the call's structure with one file behind it, and its size.
    unsafe { ioctl::with(device, ioctl::DEVICE_SET_IRQS, &mut set) }
}

/// Resets the function: function-level reset where it has it, else what the kernel finds. The
/// kernel saves and restores configuration space around it.
pub(super) fn reset(device: BorrowedFd) -> io::Result<()> {
    ioctl::plain(device, ioctl::DEVICE_RESET)
}

/// Reads a whole piece of the device's file, in one access.
pub(super) fn read(device: BorrowedFd, at: u64, data: &mut [u8]) -> io::Result<()> {
    let len = data.len();
    whole(rustix::io::pread(device, data, at)?, len)
}

/// Writes a whole piece of the device's file, in one access.
pub(super) fn write(device: BorrowedFd, at: u64, data: &[u8]) -> io::Result<()> {
    whole(rustix::io::pwrite(device, data, at)?, data.len())
}

fn whole(done: usize, len: usize) -> io::Result<()> {
    if done == len {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{done} of {len} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::mem::offset_of;
    use std::os::fd::AsFd;

    #[test]
    fn an_interrupt_set_is_laid_out_as_the_kernels() {
        assert_eq!(offset_of!(IrqSet, eventfd), size_of::<sys::vfio_irq_set>());
        assert_eq!(offset_of!(IrqSet, index), offset_of!(sys::vfio_irq_set, index));
        assert_eq!(offset_of!(IrqSet, count), offset_of!(sys::vfio_irq_set, count));
        assert_eq!(size_of::<IrqSet>(), 24);
    }

    #[test]
    fn pieces_are_whole_or_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1, 2, 3, 4, 5, 6]).unwrap();
        let mut data = [0; 4];
        read(file.as_fd(), 1, &mut data).unwrap();
        assert_eq!(data, [2, 3, 4, 5]);
        let error = read(file.as_fd(), 4, &mut data).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::UnexpectedEof, "2 of 4 bytes".into()));
        write(file.as_fd(), 0, &[9, 9]).unwrap();
        read(file.as_fd(), 0, &mut data).unwrap();
        assert_eq!(data, [9, 9, 3, 4]);
    }

    #[test]
    fn what_is_no_device_answers_with_the_kernels_error() {
        let file = tempfile::tempfile().unwrap();
        let fd = file.as_fd();
        let errors = [
            info(fd).map(|_| ()),
            region(fd, 0).map(|_| ()),
            vectors(fd, 2).map(|_| ()),
            signal(fd, 2, fd),
            silence(fd, 2),
            reset(fd),
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        }
    }
}
