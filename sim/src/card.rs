//! [`SimCard`]: the whole PCI function, driven from inside the process.

use crate::bus::{Bus, Core};
use crate::engine::{self, Engine};
use crate::error::SimError;
use crate::fault::FaultPlan;
use crate::iommu::{Access, DmaFault};
use crate::memory::CardMemory;
use crate::options::{EngineKind, Options};
use crate::pci::{CONFIG_BYTES, ConfigSpace, Msix};
use crate::protocol_only::ProtocolCard;
use crate::shell::RtlCard;
use gristmill_abi::pci;
use rustix::fd::{BorrowedFd, OwnedFd};

/// Most bytes in one access to a BAR or the configuration space.
pub const MAX_ACCESS_BYTES: u64 = 4096;
/// VFIO's index of the configuration space.
pub const CONFIG_REGION: u32 = 7;

/// Why [`SimCard::step_until_irq`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Vector 0 was raised since the last call (delivered or not).
    Interrupt,
    /// Nothing is pending: without another access nothing will ever happen.
    Idle,
    /// The cycles are used up.
    Limit,
}

/// The simulated card as a PCI function. Accesses take `&mut self`: one owner, lock-step; the
/// clock runs only inside accesses to BAR0, [`step`](Self::step) and
/// [`step_until_irq`](Self::step_until_irq).
pub struct SimCard {
    config: ConfigSpace,
    msix: Msix,
    bus: Bus,
    core: Box<dyn Core>,
    seen_interrupts: u64,
    fired: bool,
}

impl std::fmt::Debug for SimCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimCard").field("bus", &self.bus).field("cycles", &self.core.cycles()).finish_non_exhaustive()
    }
}

impl SimCard {
    /// Builds and powers up a card. DMA files of callers in the process are trusted not to shrink
    /// while mapped; the server turns that trust off.
    pub fn new(options: &Options) -> Result<Self, SimError> {
        let mut bus = Bus::default();
        bus.iommu.set_trusted(true);
        let card_mem_bytes = options.config.card_mem_bytes;
        let core: Box<dyn Core> = match options.engine {
            EngineKind::ProtocolOnly => Box::new(ProtocolCard::new(card_mem_bytes, options.config.queues)?),
            EngineKind::Native(_) | EngineKind::Verilator | EngineKind::Netlist => {
                options.host_timing.check("host memory")?;
                options.card_timing.check("card memory")?;
                if let Some(waves) = &options.waves {
                    waves.check(matches!(options.engine, EngineKind::Native(_)))?;
                }
                let engine = engine::build(options)?;
                let memory = CardMemory::new(card_mem_bytes)?;
                Box::new(RtlCard::new(engine, memory, options, &mut bus)?)
            }
        };
        options.faults.iter().for_each(|f| bus.injector.arm(*f));
        Ok(SimCard { config: ConfigSpace::new(), msix: Msix::new(), bus, core, seen_interrupts: 0, fired: false })
    }

    // ---- registers and configuration space

    fn bar_answers(&self) -> bool {
        self.config.memory_enabled() && !self.bus.injector.is_dead()
    }

    /// Reads the register at `offset` in BAR0. All ones when memory space is off or the card gone.
    pub fn read32(&mut self, offset: u16) -> u32 {
        if !self.bar_answers() {
            return u32::MAX;
        }
        let value = self.core.read32(offset & !3, &mut self.bus);
        self.deliver();
        if self.bus.injector.registers_are_garbage() { u32::MAX } else { value }
    }

    /// Writes the register at `offset` in BAR0.
    pub fn write32(&mut self, offset: u16, value: u32) {
        self.write_strobed(offset & !3, value, 0xf);
    }

    fn write_strobed(&mut self, offset: u16, value: u32, strobes: u8) {
        if self.bar_answers() {
            self.core.write32(offset, value, strobes, &mut self.bus);
            self.deliver();
        }
    }

    /// Reads configuration space.
    pub fn config_read(&self, offset: u64, out: &mut [u8]) -> Result<(), SimError> {
        self.config.read(offset, out).ok_or(region_error(CONFIG_REGION, offset, out.len(), CONFIG_BYTES as u64))
    }

    /// Writes configuration space; may reset the function (FLR).
    pub fn config_write(&mut self, offset: u64, data: &[u8]) -> Result<(), SimError> {
        let error = region_error(CONFIG_REGION, offset, data.len(), CONFIG_BYTES as u64);
        if self.config.write(offset, data).ok_or(error)? {
            self.reset();
        }
        self.bus.bus_master = self.config.bus_master();
        self.msix.flush(self.bus.bus_master);
        Ok(())
    }

    /// Bytes of a VFIO region: BAR0, BAR2 and the configuration space; the others have none.
    pub const fn region_bytes(region: u32) -> u64 {
        match region {
            pci::REGISTER_BAR => pci::REGISTER_BAR_BYTES,
            pci::MSIX_BAR => pci::MSIX_BAR_BYTES,
            CONFIG_REGION => CONFIG_BYTES as u64,
            _ => 0,
        }
    }

    fn check_region(region: u32, offset: u64, count: usize) -> Result<(), SimError> {
        let size = Self::region_bytes(region);
        let end = offset.checked_add(count as u64);
        if count as u64 <= MAX_ACCESS_BYTES && end.is_some_and(|e| e <= size) {
            return Ok(());
        }
        Err(region_error(region, offset, count, size))
    }

    /// Reads any bytes of a region. Registers are read whole, each once.
    pub fn region_read(&mut self, region: u32, offset: u64, out: &mut [u8]) -> Result<(), SimError> {
        Self::check_region(region, offset, out.len())?;
        match region {
            CONFIG_REGION => return self.config_read(offset, out),
            pci::MSIX_BAR if self.bar_answers() => self.msix.read(offset, out),
            pci::MSIX_BAR => out.fill(0xff),
            _ => {
                for (register, bytes, skip) in pieces(offset, out.len()) {
                    let value = self.read32(register).to_le_bytes();
                    let n = bytes.len();
                    out[bytes].copy_from_slice(&value[skip..skip + n]);
                }
            }
        }
        Ok(())
    }

    /// Writes any bytes of a region. A piece of a register carries byte strobes.
    pub fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), SimError> {
        Self::check_region(region, offset, data.len())?;
        match region {
            CONFIG_REGION => return self.config_write(offset, data),
            pci::MSIX_BAR if self.bar_answers() => self.msix.write(offset, data),
            pci::MSIX_BAR => {}
            _ => {
                for (register, bytes, skip) in pieces(offset, data.len()) {
                    let mut value = [0; 4];
                    let strobes = ((1u8 << bytes.len()) - 1) << skip;
                    value[skip..skip + bytes.len()].copy_from_slice(&data[bytes]);
                    self.write_strobed(register, u32::from_le_bytes(value), strobes);
                }
            }
        }
        Ok(())
    }

    // ---- DMA windows

    /// Lets the card reach `len` bytes of `fd` from `offset` at `iova`.
    pub fn dma_map(
        &mut self,
        fd: BorrowedFd<'_>,
        offset: u64,
        len: u64,
        iova: u64,
        access: Access,
    ) -> Result<(), SimError> {
        Ok(self.bus.iommu.map(iova, len, offset, access, Some(fd))?)
    }

    /// Removes the windows in `iova .. iova + len`; returns the bytes that were mapped.
    pub fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<u64, SimError> {
        Ok(self.bus.iommu.unmap(iova, len)?)
    }

    /// Removes every window.
    pub fn dma_unmap_all(&mut self) {
        self.bus.iommu.unmap_all();
    }

    /// Windows, and mappings of files behind them.
    pub fn dma_windows(&self) -> (usize, usize) {
        (self.bus.iommu.windows(), self.bus.iommu.mappings())
    }

    /// Bounds what windows may hold; see [`Limits`](crate::iommu::Limits).
    pub fn limit_dma(&mut self, limits: crate::iommu::Limits) {
        self.bus.iommu.set_limits(limits);
    }

    /// The last DMA faults, oldest first, and their number since power-up.
    pub fn dma_faults(&self) -> (Vec<DmaFault>, u64) {
        (self.bus.faults().copied().collect(), self.bus.fault_count())
    }

    /// Bytes that the card asked to read from and to write to host memory.
    pub fn dma_traffic(&self) -> (u64, u64) {
        self.bus.traffic()
    }

    pub(crate) fn bus_mut(&mut self) -> &mut Bus {
        &mut self.bus
    }

    // ---- interrupts

    /// Routes vector 0 to an eventfd (written when the interrupt rises), or to nothing.
    pub fn set_irq_eventfd(&mut self, eventfd: Option<OwnedFd>) -> Result<(), SimError> {
        self.msix.route(0, eventfd)?;
        self.msix.flush(self.bus.bus_master);
        Ok(())
    }

    pub(crate) fn msix_mut(&mut self) -> (&mut Msix, bool) {
        (&mut self.msix, self.bus.bus_master && !self.bus.injector.is_dead())
    }

    fn deliver(&mut self) {
        let now = self.core.interrupts();
        if now != self.seen_interrupts {
            self.seen_interrupts = now;
            if !self.bus.injector.is_dead() {
                self.fired = true;
                // The card has one vector, so this cannot be refused.
                let _ = self.msix.raise(0, self.bus.bus_master);
            }
        }
    }

    // ---- time

    /// Lets at most `cycles` card cycles pass while work is pending; returns how many did.
    pub fn step(&mut self, cycles: u64) -> u64 {
        if self.bus.injector.is_dead() {
            return 0;
        }
        let passed = self.core.run(cycles, &mut self.bus);
        self.deliver();
        passed
    }

    /// Runs until the interrupt rises, nothing is pending, or `max_cycles` have passed. An
    /// interrupt that rose since the last call (during a register access, say) counts at once.
    pub fn step_until_irq(&mut self, max_cycles: u64) -> Step {
        let mut left = max_cycles;
        loop {
            if std::mem::take(&mut self.fired) {
                return Step::Interrupt;
            }
            if !self.pending() {
                return Step::Idle;
            }
            if left == 0 {
                return Step::Limit;
            }
            left = left.saturating_sub(self.step(left).max(1));
        }
    }

    /// Whether the card needs cycles.
    pub fn pending(&self) -> bool {
        !self.bus.injector.is_dead() && self.core.pending()
    }

    /// Card cycles since power-up.
    pub fn cycles(&self) -> u64 {
        self.core.cycles()
    }

    /// Card cycles a second of this machine's time, as measured; what CLOCK_HZ reads.
    pub fn clock_hz(&self) -> u32 {
        self.core.clock_hz()
    }

    /// The engine behind the pins: its name and its twins, for reports. None for the protocol-only
    /// card.
    pub fn engine(&self) -> Option<&dyn Engine> {
        self.core.engine()
    }

    /// Why the simulation itself has broken down (the RTL does not settle, say), if it has: the
    /// card reads as all ones then.
    pub fn failure(&self) -> Option<&str> {
        self.core.failure()
    }

    // ---- reset and faults

    /// Function-level reset: card and configuration space as after power-up, but windows, the
    /// eventfd and card memory stay.
    pub fn reset(&mut self) {
        self.core.reset(&mut self.bus);
        self.config = ConfigSpace::new();
        self.bus.bus_master = false;
        self.msix.function_reset();
        self.seen_interrupts = self.core.interrupts();
        self.fired = false;
    }

    /// What is left behind goes: windows, interrupt routing, card memory; then a reset. For the
    /// next client.
    pub fn clean(&mut self) {
        self.dma_unmap_all();
        self.reset();
        self.msix.reset();
        self.core.scrub();
    }

    /// Arms a fault.
    pub fn inject(&mut self, plan: FaultPlan) {
        self.bus.injector.arm(plan);
    }

    /// Disarms all faults and repairs the card.
    pub fn clear_faults(&mut self) {
        self.bus.injector.clear();
    }

    /// Commands hit by injected faults so far.
    pub fn fault_hits(&self) -> u64 {
        self.bus.injector.hits()
    }

    /// The card's memory, past all buses, for tests.
    pub fn memory(&mut self) -> &mut CardMemory {
        self.core.memory()
    }
}

fn region_error(region: u32, offset: u64, count: usize, size: u64) -> SimError {
    SimError::Region { region, offset, count: count as u64, size, max: MAX_ACCESS_BYTES }
}

/// Splits `offset .. offset + count` (inside BAR0) at register borders: register offset, range in
/// the caller's buffer, first byte in the register.
fn pieces(offset: u64, count: usize) -> impl Iterator<Item = (u16, std::ops::Range<usize>, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let skip = (at % 4) as usize;
        let n = (4 - skip).min(count - done);
        let piece = (n > 0).then_some(((at - skip as u64) as u16, done..done + n, skip));
        done += n;
        piece
    })
}
