//! A card in a PCIe slot, through the kernel's VFIO (legacy container and group, type 1 IOMMU).
//!
//! `vfio-ioctls` opens container, group and device and sets up MSI-X. Where that crate swallows
//! errors (region accesses, reset) or has no call (IOVA ranges), this file asks the kernel itself.
//! BAR0 is mapped: a register access is one instruction.

mod bar;
mod iommu;
mod sysfs;

pub use iommu::IommuInfo;
pub use sysfs::{Function, SYSFS};

use super::event::Event;
use super::{Bdf, DmaRegion, IovaRange, Transport, TransportError};
use bar::Bar;
use gristmill_abi::pci;
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSIX_IRQ_INDEX,
};
use vfio_bindings::bindings::vfio::{VFIO_REGION_INFO_FLAG_MMAP, vfio_device_info};
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError};
use vmm_sys_util::eventfd::EventFd;

/// `_IO(';', 100 + 11)` of `linux/vfio.h`.
const VFIO_DEVICE_RESET: libc::c_ulong = 0x3b6f;
/// `_IO(';', 100 + 7)`.
const VFIO_DEVICE_GET_INFO: libc::c_ulong = 0x3b6b;
/// Device flag: it can be reset.
const DEVICE_FLAG_RESET: u32 = 1;

/// A device of the kernel's VFIO. Fields are dropped in this order: the BAR must be unmapped
/// before the device is closed, the device closed before its container.
pub struct Vfio {
    bar: Bar,
    event: Event,
    device: VfioDevice,
    container: Arc<VfioContainer>,
    name: String,
    ranges: Vec<IovaRange>,
}

impl Vfio {
    /// Opens a PCI function that is bound to vfio-pci.
    pub fn open(bdf: Bdf) -> Result<Self, TransportError> {
        let name = format!("vfio:{bdf}");
        let function = Function::find(Path::new(SYSFS), bdf)?;
        let fail = |error| open_error(&name, function.group, error);
        let container = Arc::new(VfioContainer::new(None).map_err(fail)?);
        let device = VfioDevice::new(&function.path, container.clone(), true).map_err(fail)?;
        let unusable = |problem: String, way_out: &str| TransportError::Open {
            device: name.clone(),
            problem,
            way_out: way_out.into(),
        };
        let (size, flags) =
            (device.get_region_size(VFIO_PCI_BAR0_REGION_INDEX), device.get_region_flags(VFIO_PCI_BAR0_REGION_INDEX));
        if size < pci::REGISTER_BAR_BYTES || flags & VFIO_REGION_INFO_FLAG_MMAP == 0 {
            let problem =
                format!("its BAR0 has {size} bytes (flags {flags:#x}), a card has {}", pci::REGISTER_BAR_BYTES);
            return Err(unusable(problem, "check that the card is programmed and the address is its own"));
        }
        if device.get_irq_info(VFIO_PCI_MSIX_IRQ_INDEX).is_none_or(|irq| irq.count == 0) {
            return Err(unusable("it has no MSI-X vector".into(), "check that the card is programmed"));
        }
        let offset = device.get_region_offset(VFIO_PCI_BAR0_REGION_INDEX);
        let bar = Bar::map(device_fd(&device), offset, pci::REGISTER_BAR_BYTES as usize)
            .map_err(|e| unusable(format!("BAR0 cannot be mapped: {e}"), "check the kernel's log"))?;
        let event = Event::new().map_err(|e| unusable(format!("no eventfd: {e}"), "raise the limit of open files"))?;
        let info = IommuInfo::query(container_fd(&container))
            .map_err(|e| unusable(format!("its IOMMU does not answer: {e}"), "check the kernel's log"))?;
        let mut this = Vfio { bar, event, device, container, name, ranges: info.ranges };
        if this.ranges.is_empty() {
            // Kernels before 5.4 do not say; these are the ones that every x86 IOMMU has.
            this.ranges = vec![IovaRange { first: 0, last: 0xfedf_ffff }];
        }
        if !this.can_reset()? {
            tracing::warn!(device = this.name, "the function cannot be reset by the kernel, only the card by itself");
        }
        Ok(this)
    }

    fn os(&self, what: impl Into<String>, source: io::Error, way_out: &'static str) -> TransportError {
        TransportError::Os { device: self.name.clone(), what: what.into(), source, way_out }
    }

    fn outside(&self, offset: u16) -> TransportError {
        let problem = format!("register {offset:#x} is outside BAR0 or not aligned");
        TransportError::Invalid { device: self.name.clone(), problem }
    }

    fn can_reset(&self) -> Result<bool, TransportError> {
        let mut info = vfio_device_info { argsz: size_of::<vfio_device_info>() as u32, ..Default::default() };
        // SAFETY: the kernel writes at most argsz bytes into the structure.
        let rc = unsafe { libc::ioctl(self.device.as_raw_fd(), VFIO_DEVICE_GET_INFO as _, &mut info) };
        match rc {
            0 => Ok(info.flags & DEVICE_FLAG_RESET != 0),
            _ => Err(self.os("asking for its description", io::Error::last_os_error(), "check the kernel's log")),
        }
    }

    /// Offset of a piece of configuration space in the device's file, if it lies inside.
    fn config_at(&self, offset: u16, len: usize) -> Result<u64, TransportError> {
        let size = self.device.get_region_size(VFIO_PCI_CONFIG_REGION_INDEX);
        let end = u64::from(offset) + len as u64;
        if end > size {
            let problem = format!("bytes {offset:#x}..{end:#x} are outside its {size} bytes of configuration space");
            return Err(TransportError::Invalid { device: self.name.clone(), problem });
        }
        Ok(self.device.get_region_offset(VFIO_PCI_CONFIG_REGION_INDEX) + u64::from(offset))
    }

    fn whole(&self, what: &str, done: usize, len: usize) -> Result<(), TransportError> {
        if done == len {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, format!("{done} of {len} bytes"));
        Err(self.os(what, source, "check the card's link"))
    }
}

fn device_fd(device: &VfioDevice) -> BorrowedFd<'_> {
    // SAFETY: the device keeps its file open for as long as it is borrowed.
    unsafe { BorrowedFd::borrow_raw(device.as_raw_fd()) }
}

fn container_fd(container: &VfioContainer) -> BorrowedFd<'_> {
    // SAFETY: as for the device.
    unsafe { BorrowedFd::borrow_raw(container.as_raw_fd()) }
}

/// The error of opening, with what to do about it.
fn open_error(name: &str, group: u32, error: VfioError) -> TransportError {
    use io::ErrorKind::{NotFound, PermissionDenied, ResourceBusy};
    let way_out = match &error {
        VfioError::OpenContainer(e) if e.kind() == NotFound => "load the module: `modprobe vfio-pci`".into(),
        VfioError::OpenContainer(_) => "ask for permission on /dev/vfio/vfio (mode 0666 is usual)".into(),
        VfioError::OpenGroup(e, _) if e.kind() == PermissionDenied => {
            format!("own the group's file: `sudo chown $USER /dev/vfio/{group}`, or a udev rule")
        }
        VfioError::OpenGroup(e, _) if e.kind() == ResourceBusy => {
            format!("another process has it: see `sudo fuser -v /dev/vfio/{group}`")
        }
        VfioError::OpenGroup(..) => format!("check /dev/vfio/{group}"),
        VfioError::GroupViable => "bind every function of its IOMMU group to vfio-pci".into(),
        VfioError::ContainerSetIOMMU(_) | VfioError::VfioExtension => {
            "switch on the IOMMU's interrupt remapping, or set allow_unsafe_interrupts of vfio_iommu_type1".into()
        }
        _ => "check the kernel's log".into(),
    };
    TransportError::Open { device: name.into(), problem: error.to_string(), way_out }
}

/// The system's error number in a mapping error.
fn map_error(error: &VfioError) -> io::Error {
    match error {
        VfioError::IommuDmaMap(e) | VfioError::IommuDmaUnmap(e) => io::Error::from_raw_os_error(e.errno()),
        other => io::Error::other(other.to_string()),
    }
}

fn map_way_out(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::ENOMEM) => {
            "raise the limit of locked memory to all that is mapped (`ulimit -l`, or memlock in limits.conf or the service)"
        }
        Some(libc::ENOSPC) => "too many mappings: use larger pieces",
        Some(libc::EEXIST) => "the address is mapped already: free it first",
        Some(libc::EINVAL) => "the address is outside what the IOMMU takes, or not aligned",
        _ => "check the kernel's log",
    }
}

impl Transport for Vfio {
    fn name(&self) -> &str {
        &self.name
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.bar.read32(offset).ok_or_else(|| self.outside(offset))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.bar.write32(offset, value).ok_or_else(|| self.outside(offset))
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        let (at, len) = (self.config_at(offset, data.len())?, data.len());
        let done = rustix::io::pread(device_fd(&self.device), data, at)
            .map_err(|e| self.os("reading configuration space", e.into(), "check the card's link"))?;
        self.whole("reading configuration space", done, len)
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        let at = self.config_at(offset, data.len())?;
        let done = rustix::io::pwrite(device_fd(&self.device), data, at)
            .map_err(|e| self.os("writing configuration space", e.into(), "check the card's link"))?;
        self.whole("writing configuration space", done, data.len())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &self.ranges
    }

    /// The kernel pins the pages. (The crate maps for reading and writing whatever is asked; the
    /// pool asks for nothing else.)
    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let (iova, len) = (region.iova(), region.size() as usize);
        // SAFETY: a `DmaRegion` is a live shared mapping of that length into which no Rust
        // reference points; the kernel pins its pages until they are unmapped.
        let mapped = unsafe { self.container.vfio_dma_map(iova, len, region.address().as_ptr()) };
        mapped.map_err(|e| {
            let source = map_error(&e);
            let way_out = map_way_out(&source);
            self.os(format!("mapping {len} bytes at IOVA {iova:#x}"), source, way_out)
        })
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.container.vfio_dma_unmap(iova, len as usize).map_err(|e| {
            self.os(format!("unmapping {len} bytes at IOVA {iova:#x}"), map_error(&e), "open the device again")
        })
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        let own = self.event.fd().try_clone_to_owned();
        let own = own.map_err(|e| self.os("sharing the eventfd", e, "raise the limit of open files"))?;
        // SAFETY: the descriptor is an eventfd that nobody else owns.
        let event = unsafe { EventFd::from_raw_fd(own.into_raw_fd()) };
        // After a reset the kernel may still have the vector; enabling it twice is an error.
        let _ = self.device.disable_msix();
        self.device.enable_msix(vec![&event]).map_err(|e| {
            self.os("setting up MSI-X vector 0", io::Error::other(e.to_string()), "check the kernel's log")
        })
    }

    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.event.fd())
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.event.take() {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now()).try_into().ok();
            let mut fds = [PollFd::from_borrowed_fd(self.event.fd(), PollFlags::IN)];
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(self.os("waiting for an interrupt", e.into(), "open the device again")),
            }
        }
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        // SAFETY: the call has no argument.
        match unsafe { libc::ioctl(self.device.as_raw_fd(), VFIO_DEVICE_RESET as _) } {
            0 => Ok(()),
            _ => {
                let way_out = "reset the slot or power-cycle the card";
                Err(self.os("resetting the function", io::Error::last_os_error(), way_out))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_opening_have_their_way_out() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let message = |e| open_error("vfio:0000:3b:00.0", 17, e).to_string();
        let group = message(VfioError::OpenGroup(denied(), "17".into()));
        assert!(group.contains("chown $USER /dev/vfio/17"), "{group}");
        let busy = message(VfioError::OpenGroup(io::Error::from_raw_os_error(libc::EBUSY), "17".into()));
        assert!(busy.contains("another process has it"), "{busy}");
        let none = message(VfioError::OpenContainer(io::Error::from_raw_os_error(libc::ENOENT)));
        assert!(none.contains("modprobe vfio-pci"), "{none}");
        assert!(message(VfioError::OpenContainer(denied())).contains("/dev/vfio/vfio"));
        assert!(message(VfioError::GroupViable).contains("every function"));
    }

    #[test]
    fn too_little_locked_memory_is_told() {
        let error = VfioError::IommuDmaMap(vmm_sys_util::errno::Error::new(libc::ENOMEM));
        let source = map_error(&error);
        assert_eq!(source.raw_os_error(), Some(libc::ENOMEM));
        assert!(map_way_out(&source).contains("ulimit -l"));
    }

    #[test]
    fn an_absent_function_is_an_error() {
        let error = Vfio::open("fffe:ff:1f.7".parse().unwrap()).err().expect("no such slot");
        assert!(error.to_string().contains("no such PCI function"), "{error}");
    }
}
