//! The transport over an opened device.

use super::bar::Bar;
use super::device::{self, Region};
use super::error::VfioError;
use super::group::Group;
use super::iommufd::Iommufd;
use super::memlock::LockedMemory;
use super::owner::Claim;
use super::sysfs::Function;
use super::way::Way;
use super::windows::Windows;
use super::{Backend, DEV, SYSFS};
use crate::transport::event::Event;
use crate::transport::{ALL_ONES, Bdf, DmaRegion, IovaRange, Transport, TransportError, WindowError};
use gristmill_abi::pci;
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_MSIX_IRQ_INDEX,
    VFIO_PCI_REQ_IRQ_INDEX,
};

/// Configuration space: the command register, and its bit that lets registers answer.
const COMMAND: u16 = 4;
const COMMAND_MEMORY: u16 = 1 << 1;
/// Configuration space: revision and class, which no device has as ones. (The kernel answers for
/// the vendor id itself, even when the device is gone.)
const CLASS: u16 = 8;

/// Events other than the card's own interrupt.
struct Notices {
    /// The kernel wants the device back: it is being unplugged or unbound.
    request: Event,
    /// The kernel met an uncorrectable error of the link.
    error: Event,
}

/// A device of the kernel's VFIO. Fields are dropped in this order: the BAR must be unmapped
/// before the device is closed, or the kernel keeps it busy.
pub struct Vfio {
    bar: Bar,
    backend: Box<dyn Backend>,
    interrupt: Event,
    notices: Notices,
    name: String,
    way: Way,
    ranges: Vec<IovaRange>,
    windows: Windows,
    config: Region,
    can_reset: bool,
    interrupting: bool,
    /// The command register as it was found.
    command: u16,
    /// Whether the command register lets registers answer. If it does not, touching the mapped
    /// BAR ends the process by SIGBUS.
    answering: bool,
    /// Why the device is gone.
    gone: Option<String>,
    _claim: Claim,
}

impl Vfio {
    /// Opens a PCI function that is bound to vfio-pci, the way that the environment asks for
    /// (`GRISTMILL_VFIO`), or the one that can be had.
    pub fn open(bdf: Bdf) -> Result<Self, TransportError> {
        let way = Way::from_environment();
        let way = way.map_err(|source| TransportError::Vfio { device: format!("vfio:{bdf}"), source })?;
        Self::open_by(bdf, way)
    }

    /// [`open`](Self::open) by a way of the caller's choice.
    pub fn open_by(bdf: Bdf, way: Option<Way>) -> Result<Self, TransportError> {
        let name = format!("vfio:{bdf}");
        Self::try_open(bdf, way, name.clone()).map_err(|source| TransportError::Vfio { device: name, source })
    }

    fn try_open(bdf: Bdf, way: Option<Way>, name: String) -> Result<Self, VfioError> {
        let (dev, function) = (Path::new(DEV), Function::find(Path::new(SYSFS), bdf)?);
        let way = way.unwrap_or_else(|| Way::choose(dev, &function));
        let claim = Claim::take(taken_by(way, &function), &name)?;
        let backend: Box<dyn Backend> = match way {
            Way::Group => Box::new(Group::open(&function)?),
            Way::Iommufd => Box::new(Iommufd::open(dev, &function)?),
        };
        let fail = |what| move |e| VfioError::kernel(what, e);
        let opened = backend.device();
        let info = device::info(opened).map_err(fail("asking for the device's description"))?;
        if !info.is_pci || info.regions <= VFIO_PCI_CONFIG_REGION_INDEX || info.irqs <= VFIO_PCI_MSIX_IRQ_INDEX {
            return Err(VfioError::NotACard { problem: "it is no PCI function".into() });
        }
        let bar0 = device::region(opened, VFIO_PCI_BAR0_REGION_INDEX).map_err(fail("asking for BAR0"))?;
        if bar0.size < pci::REGISTER_BAR_BYTES || !bar0.mappable {
            let (size, how) = (bar0.size, if bar0.mappable { "" } else { " and cannot be mapped" });
            let problem = format!("its BAR0 has {size} bytes{how}, a card has {}", pci::REGISTER_BAR_BYTES);
            return Err(VfioError::NotACard { problem });
        }
        let config =
            device::region(opened, VFIO_PCI_CONFIG_REGION_INDEX).map_err(fail("asking for configuration space"))?;
        let vectors = device::vectors(opened, VFIO_PCI_MSIX_IRQ_INDEX).map_err(fail("asking for its interrupts"))?;
        if vectors == 0 {
            return Err(VfioError::NotACard { problem: "it has no MSI-X vector".into() });
        }
        let event = || Event::new().map_err(fail("making an eventfd"));
        let (interrupt, notices) = (event()?, Notices { request: event()?, error: event()? });
        let others = [(VFIO_PCI_REQ_IRQ_INDEX, &notices.request), (VFIO_PCI_ERR_IRQ_INDEX, &notices.error)];
        for (index, event) in others {
            // A function that is not PCI Express reports no errors.
            if device::vectors(opened, index).map_err(fail("asking for its interrupts"))? > 0 {
                device::signal(opened, index, event.fd()).map_err(fail("asking for the kernel's notices"))?;
            }
        }
        let command = read_command(opened, config).map_err(fail("reading the command register"))?;
        let bar = Bar::map(opened, bar0.offset, pci::REGISTER_BAR_BYTES as usize).map_err(fail("mapping BAR0"))?;
        let mut ranges = backend.iommu().ranges.clone();
        if ranges.is_empty() {
            // Kernels before 5.4 do not say; these are the ones that every x86 IOMMU has.
            ranges = vec![IovaRange { first: 0, last: 0xfedf_ffff }];
        }
        if !info.can_reset {
            tracing::warn!(device = name, "the function cannot be reset by the kernel, only the card by itself");
        }
        tracing::debug!(device = name, ?way, group = function.group, "opened through VFIO");
        Ok(Vfio {
            bar,
            backend,
            interrupt,
            notices,
            name,
            way,
            ranges,
            windows: Windows::default(),
            config,
            can_reset: info.can_reset,
            interrupting: false,
            command,
            answering: command & COMMAND_MEMORY != 0,
            gone: None,
            _claim: claim,
        })
    }

    /// The way by which it was opened.
    pub fn way(&self) -> Way {
        self.way
    }

    fn os(&self, what: impl Into<String>, source: io::Error, way_out: &'static str) -> TransportError {
        TransportError::Os { device: self.name.clone(), what: what.into(), source, way_out }
    }

    fn invalid(&self, problem: String) -> TransportError {
        TransportError::Invalid { device: self.name.clone(), problem }
    }

    fn window(&self, source: WindowError) -> TransportError {
        TransportError::Window { device: self.name.clone(), source }
    }

    /// Gives the device up.
    fn lost(&mut self, reason: &str) -> TransportError {
        let reason = self.gone.get_or_insert_with(|| reason.to_owned()).clone();
        TransportError::Gone { device: self.name.clone(), reason }
    }

    /// Answers `Gone` if the kernel said so meanwhile, or it was known.
    fn check_notices(&mut self) -> Result<(), TransportError> {
        let reason = match () {
            () if self.gone.is_some() => "",
            () if self.notices.request.take() => {
                "the kernel wants it back: it is being unplugged, or unbound from vfio-pci"
            }
            () if self.notices.error.take() => "the kernel met an uncorrectable error of its PCIe link; see `dmesg`",
            () => return Ok(()),
        };
        Err(self.lost(reason))
    }

    /// Checks that touching a register is safe.
    fn check_registers(&mut self) -> Result<(), TransportError> {
        self.check_notices()?;
        if self.answering {
            return Ok(());
        }
        Err(self
            .invalid("its command register has memory accesses off, so no register answers; switch bit 1 on".into()))
    }

    fn outside(&self, offset: u16) -> TransportError {
        self.invalid(format!("register {offset:#x} is outside BAR0 or not aligned"))
    }

    /// Whether the device still answers in configuration space.
    fn is_there(&self) -> bool {
        let mut class = [0; 4];
        let at = self.config.offset + u64::from(CLASS);
        device::read(self.backend.device(), at, &mut class).is_ok() && class != [0xff; 4]
    }

    /// The error of an access to configuration space; a device that does not answer is gone.
    fn config_error(&mut self, what: &str, source: io::Error) -> TransportError {
        if self.is_there() { self.os(what, source, "see the kernel's log (`dmesg`)") } else { self.lost(NO_ANSWER) }
    }

    /// Offset of a piece of configuration space in the device's file, if it lies inside.
    fn config_at(&self, offset: u16, len: usize) -> Result<u64, TransportError> {
        let (size, end) = (self.config.size, u64::from(offset) + len as u64);
        if end > size {
            let problem = format!("bytes {offset:#x}..{end:#x} are outside its {size} bytes of configuration space");
            return Err(self.invalid(problem));
        }
        Ok(self.config.offset + u64::from(offset))
    }

    /// Notes whether the registers answer, after something that may have changed it.
    fn note_command(&mut self) -> Result<(), TransportError> {
        match read_command(self.backend.device(), self.config) {
            Ok(command) => {
                self.answering = command & COMMAND_MEMORY != 0;
                Ok(())
            }
            Err(error) => {
                self.answering = false;
                Err(self.config_error("reading the command register", error))
            }
        }
    }
}

const NO_ANSWER: &str =
    "it reads as all ones in configuration space too: unplugged, without power, or its link is down";

/// What a way takes: the group goes as a whole.
fn taken_by(way: Way, function: &Function) -> Vec<std::path::PathBuf> {
    match (way, function.path.parent()) {
        (Way::Group, Some(all)) => {
            let members = crate::host::members(&function.path.join("iommu_group"));
            members.map(|(bdf, _)| all.join(bdf)).collect()
        }
        _ => vec![function.path.clone()],
    }
}

fn read_command(device: BorrowedFd, config: Region) -> io::Result<u16> {
    let mut bytes = [0; 2];
    device::read(device, config.offset + u64::from(COMMAND), &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

/// The error of a mapping that the kernel refused.
fn refused(windows: &Windows, (iova, len): (u64, u64), source: io::Error) -> WindowError {
    match source.raw_os_error() {
        Some(libc::ENOSPC) => WindowError::TooMany { windows: windows.len() },
        Some(libc::ENOMEM) => {
            let memory = LockedMemory::now(windows.bytes());
            match memory.lacks(len) {
                Some(limit) => WindowError::LockedMemory { asked: len, locked: memory.locked, limit },
                None => WindowError::Kernel { what: "mapping", iova, len, source },
            }
        }
        _ => WindowError::Kernel { what: "mapping", iova, len, source },
    }
}

impl Transport for Vfio {
    fn name(&self) -> &str {
        &self.name
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.check_registers()?;
        let value = self.bar.read32(offset).ok_or_else(|| self.outside(offset))?;
        // A register may hold all ones; a device that is gone has nothing else anywhere.
        if value == ALL_ONES && !self.is_there() {
            return Err(self.lost(NO_ANSWER));
        }
        Ok(value)
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        // Nothing here may cost a system call: this rings doorbells. What the kernel has to say is
        // heard in `read32` and `wait_interrupt`.
        if self.gone.is_some() || !self.answering {
            self.check_registers()?;
        }
        self.bar.write32(offset, value).ok_or_else(|| self.outside(offset))
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.check_notices()?;
        let at = self.config_at(offset, data.len())?;
        let read = device::read(self.backend.device(), at, data);
        read.map_err(|e| self.config_error("reading configuration space", e))
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.check_notices()?;
        let at = self.config_at(offset, data.len())?;
        let touches_command = offset < COMMAND + 2 && usize::from(offset) + data.len() > COMMAND.into();
        let written = device::write(self.backend.device(), at, data);
        written.map_err(|e| self.config_error("writing configuration space", e))?;
        if touches_command { self.note_command() } else { Ok(()) }
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &self.ranges
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        self.check_notices()?;
        let (iova, len, address) = (region.iova(), region.size(), region.address().as_ptr() as u64);
        let checked = self.windows.check((iova, len, address), self.backend.iommu().page(), &self.ranges);
        checked.map_err(|e| self.window(e))?;
        self.backend.map(region).map_err(|e| self.window(refused(&self.windows, (iova, len), e)))?;
        self.windows.add(iova, len);
        Ok(())
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.windows.check_whole(iova, len).map_err(|e| self.window(e))?;
        let unmapped = self.backend.unmap(iova, len);
        unmapped.map_err(|source| self.window(WindowError::Kernel { what: "unmapping", iova, len, source }))?;
        self.windows.remove(iova);
        Ok(())
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        self.check_notices()?;
        let device = self.backend.device();
        // Off and on again, so that the vector is set up anew after a reset.
        if self.interrupting {
            device::silence(device, VFIO_PCI_MSIX_IRQ_INDEX)
                .map_err(|e| self.os("switching MSI-X off", e, "open the device again"))?;
        }
        self.interrupting = false;
        device::signal(self.backend.device(), VFIO_PCI_MSIX_IRQ_INDEX, self.interrupt.fd())
            .map_err(|e| self.os("setting up MSI-X vector 0", e, "see the kernel's log (`dmesg`)"))?;
        self.interrupting = true;
        Ok(())
    }

    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.interrupt.fd())
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.interrupt.take() {
                return Ok(true);
            }
            self.check_notices()?;
            let left = deadline.saturating_duration_since(Instant::now()).try_into().ok();
            let mut fds = [&self.interrupt, &self.notices.request, &self.notices.error]
                .map(|event| PollFd::from_borrowed_fd(event.fd(), PollFlags::IN));
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(self.os("waiting for an interrupt", e.into(), "open the device again")),
            }
        }
    }

    /// The kernel stops accesses through the mapped BAR during the reset and restores
    /// configuration space after it.
    fn reset(&mut self) -> Result<(), TransportError> {
        self.check_notices()?;
        if !self.can_reset {
            return Err(TransportError::NoReset { device: self.name.clone() });
        }
        if let Err(error) = device::reset(self.backend.device()) {
            return Err(match error.raw_os_error() {
                Some(libc::ENOTTY) => TransportError::NoReset { device: self.name.clone() },
                _ if !self.is_there() => self.lost(NO_ANSWER),
                _ => self.os("resetting the function", error, "reset the slot or power-cycle the card"),
            });
        }
        self.note_command()
    }
}

impl Drop for Vfio {
    fn drop(&mut self) {
        let device = self.backend.device();
        if self.interrupting && self.gone.is_none() {
            let _ = device::silence(device, VFIO_PCI_MSIX_IRQ_INDEX);
        }
        // As it was found: no bus mastering in particular. The kernel resets the function when the
        // device is closed, and restores it for the next user.
        let at = self.config.offset + u64::from(COMMAND);
        if let Err(error) = device::write(device, at, &self.command.to_le_bytes()) {
            tracing::debug!(device = self.name, %error, "restoring the command register");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_function_is_an_error() {
        let error = Vfio::open("fffe:ff:1f.7".parse().unwrap()).err().expect("no such slot");
        assert!(matches!(error, TransportError::Vfio { source: VfioError::NoFunction { .. }, .. }), "{error}");
    }

    #[test]
    fn a_group_is_taken_whole_and_a_device_alone() {
        let root = tempfile::tempdir().unwrap();
        let all = root.path().join("bus/pci/devices");
        let path = all.join("0000:3b:00.0");
        for member in ["0000:3b:00.0", "0000:3b:00.1"] {
            std::fs::create_dir_all(path.join("iommu_group/devices").join(member)).unwrap();
        }
        let function = Function { path: path.clone(), group: 17, cdev: None };
        let mut taken = taken_by(Way::Group, &function);
        taken.sort();
        assert_eq!(taken, [path.clone(), all.join("0000:3b:00.1")]);
        assert_eq!(taken_by(Way::Iommufd, &function), [path]);
    }

    #[test]
    fn refused_mappings_are_told_apart() {
        let mut windows = Windows::default();
        windows.add(0x20_0000, 0x20_0000);
        let refused = |errno, len| refused(&windows, (0x40_0000, len), io::Error::from_raw_os_error(errno));
        assert!(matches!(refused(libc::ENOSPC, 4096), WindowError::TooMany { windows: 1 }));
        assert!(matches!(refused(libc::EFAULT, 4096), WindowError::Kernel { what: "mapping", .. }));
        // The limit of this process is the truth; where there is none, ENOMEM means something else.
        let error = refused(libc::ENOMEM, 1 << 60);
        match LockedMemory::now(windows.bytes()).limit {
            Some(limit) => match &error {
                WindowError::LockedMemory { asked, locked, limit: named } => {
                    assert_eq!((*asked, *named), (1 << 60, limit));
                    assert!(*locked >= 0x20_0000);
                }
                other => panic!("{other}"),
            },
            None => assert!(matches!(error, WindowError::Kernel { .. }), "{error}"),
        }
    }
}
