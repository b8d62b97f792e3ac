//! Configuration space of a PCIe endpoint: header, power management, PCIe with function-level
//! reset, MSI-X. Bits that software may not write keep their value.

use gristmill_abi::pci;

/// Bytes of configuration space.
pub const CONFIG_BYTES: usize = 4096;
/// Offset of the power-management capability.
pub const PM_CAP: usize = 0x40;
/// Offset of the PCI Express capability.
pub const PCIE_CAP: usize = 0x60;
/// Offset of the MSI-X capability.
pub const MSIX_CAP: usize = 0xb0;

const COMMAND: usize = 0x04;
const COMMAND_MEMORY: u8 = 1 << 1;
const COMMAND_MASTER: u8 = 1 << 2;
/// Upper byte of Device Control; its bit 7 starts a function-level reset and reads as zero.
const DEVCTL_HIGH: usize = PCIE_CAP + 9;
const FLR: u8 = 1 << 7;

/// The bytes, and which of their bits software may write.
#[derive(Clone)]
pub struct ConfigSpace {
    bytes: [u8; CONFIG_BYTES],
    mask: [u8; CONFIG_BYTES],
}

impl std::fmt::Debug for ConfigSpace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigSpace").field("header", &&self.bytes[..64]).finish_non_exhaustive()
    }
}

impl Default for ConfigSpace {
    fn default() -> Self {
        Self::new()
    }
}

impl ConfigSpace {
    /// As after power-up.
    pub fn new() -> Self {
        let mut space = ConfigSpace { bytes: [0; CONFIG_BYTES], mask: [0; CONFIG_BYTES] };
        space.header();
        space.capabilities();
        space
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn writable(&mut self, at: usize, bits: &[u8]) {
        self.mask[at..at + bits.len()].copy_from_slice(bits);
    }

    fn header(&mut self) {
        self.put(0x00, &pci::VENDOR_ID.to_le_bytes());
        self.put(0x02, &pci::DEVICE_ID.to_le_bytes());
        self.put(0x06, &0x0010u16.to_le_bytes()); // status: there is a capability list
        self.put(0x08, &[1]); // revision
        self.put(0x09, &pci::CLASS);
        // BAR0/1 and BAR2/3: 64-bit memory, not prefetchable.
        for (at, size) in [(0x10, pci::REGISTER_BAR_BYTES), (0x18, pci::MSIX_BAR_BYTES)] {
            self.put(at, &[0x04]);
            self.writable(at, &(!(size - 1)).to_le_bytes());
        }
        self.put(0x2c, &pci::VENDOR_ID.to_le_bytes());
        self.put(0x2e, &1u16.to_le_bytes()); // subsystem
        self.put(0x34, &[PM_CAP as u8]);
        self.writable(COMMAND, &0x0546u16.to_le_bytes()); // memory, master, parity, SERR, INTx disable
        self.writable(0x0c, &[0xff]); // cache line size
        self.writable(0x3c, &[0xff]); // interrupt line
    }

    fn capabilities(&mut self) {
        self.put(PM_CAP, &[0x01, PCIE_CAP as u8, 0x03, 0x00, 0x08]); // version 3, no soft reset
        self.writable(PM_CAP + 4, &0x0103u16.to_le_bytes()); // power state, PME enable
        self.put(PCIE_CAP, &[0x10, MSIX_CAP as u8, 0x02, 0x00]); // version 2 endpoint
        // Device capabilities: function-level reset, role-based errors, 256-byte payload.
        self.put(PCIE_CAP + 0x04, &(1u32 << 28 | 1 << 15 | 1).to_le_bytes());
        self.writable(PCIE_CAP + 0x08, &0x7fffu16.to_le_bytes());
        self.put(PCIE_CAP + 0x0c, &(16u32 << 4 | 3).to_le_bytes()); // link: x16, 8 GT/s
        self.put(PCIE_CAP + 0x12, &(16u16 << 4 | 3).to_le_bytes());
        self.put(MSIX_CAP, &[0x11, 0x00]);
        self.put(MSIX_CAP + 2, &((pci::MSIX_VECTORS - 1) as u16).to_le_bytes());
        self.writable(MSIX_CAP + 2, &0xc000u16.to_le_bytes()); // enable, function mask
        self.put(MSIX_CAP + 4, &(pci::MSIX_TABLE_OFFSET | pci::MSIX_BAR).to_le_bytes());
        self.put(MSIX_CAP + 8, &(pci::MSIX_PBA_OFFSET | pci::MSIX_BAR).to_le_bytes());
    }

    /// Reads `out.len()` bytes at `offset`; `None` if they leave the space.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> Option<()> {
        let at = usize::try_from(offset).ok()?;
        out.copy_from_slice(self.bytes.get(at..at.checked_add(out.len())?)?);
        Some(())
    }

    /// Writes where software may; `None` if the bytes leave the space, else whether a
    /// function-level reset was asked for.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Option<bool> {
        let at = usize::try_from(offset).ok()?;
        let range = at..at.checked_add(data.len())?;
        self.bytes.get(range.clone())?;
        for (i, new) in range.clone().zip(data) {
            self.bytes[i] = self.bytes[i] & !self.mask[i] | new & self.mask[i];
        }
        Some(range.contains(&DEVCTL_HIGH) && data[DEVCTL_HIGH - at] & FLR != 0)
    }

    /// Memory-space enable: without it BARs read as all ones and drop writes.
    pub fn memory_enabled(&self) -> bool {
        self.bytes[COMMAND] & COMMAND_MEMORY != 0
    }

    /// Bus-master enable: without it every DMA faults and no interrupt leaves.
    pub fn bus_master(&self) -> bool {
        self.bytes[COMMAND] & COMMAND_MASTER != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(c: &ConfigSpace, at: u64) -> [u8; N] {
        let mut b = [0; N];
        c.read(at, &mut b).expect("inside");
        b
    }

    #[test]
    fn identity_class_and_capability_chain() {
        let c = ConfigSpace::new();
        assert_eq!(u16::from_le_bytes(read(&c, 0)), pci::VENDOR_ID);
        assert_eq!(u16::from_le_bytes(read(&c, 2)), pci::DEVICE_ID);
        assert_eq!(read::<3>(&c, 9), pci::CLASS);
        let mut at = u64::from(read::<1>(&c, 0x34)[0]);
        let mut ids = vec![];
        while at != 0 {
            let [id, next] = read(&c, at);
            ids.push(id);
            at = next.into();
        }
        assert_eq!(ids, [0x01, 0x10, 0x11]);
    }

    #[test]
    fn bars_answer_sizing() {
        let mut c = ConfigSpace::new();
        for (at, size) in [(0x10, pci::REGISTER_BAR_BYTES), (0x18, pci::MSIX_BAR_BYTES)] {
            c.write(at, &[0xff; 8]).expect("inside");
            let bar = u64::from_le_bytes(read(&c, at));
            assert_eq!(bar & 0xf, 4, "64-bit memory");
            assert_eq!((!(bar & !0xf)).wrapping_add(1), size);
        }
    }

    #[test]
    fn read_only_bits_stay_and_flr_is_seen_but_not_kept() {
        let mut c = ConfigSpace::new();
        let before = c.bytes;
        assert_eq!(c.write(0, &[0xff; 4]), Some(false));
        assert_eq!(c.bytes, before);
        assert_eq!(c.write(4, &6u16.to_le_bytes()), Some(false));
        assert!(c.memory_enabled() && c.bus_master());
        assert_eq!(c.write(PCIE_CAP as u64 + 8, &0x8000u16.to_le_bytes()), Some(true));
        assert_eq!(read::<1>(&c, DEVCTL_HIGH as u64), [0]);
        assert_eq!(c.write(PCIE_CAP as u64 + 9, &[0x80]), Some(true));
        assert_eq!(c.write(4095, &[0, 0]), None);
        assert_eq!(c.write(u64::MAX, &[0]), None);
        assert_eq!(c.read(4090, &mut [0; 8]), None);
    }
}
