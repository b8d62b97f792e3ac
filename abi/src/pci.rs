//! The card as a PCI device.

/// PCI vendor id. 0x1209 is the pid.codes vendor for open hardware; Gristmill has no device id
/// registered there yet, so real boards must override both ids in their shell.
pub const VENDOR_ID: u16 = 0x1209;
/// PCI device id of the simulated card.
pub const DEVICE_ID: u16 = 0x6775;
/// PCI class: processing accelerator (12 00 00).
pub const CLASS: [u8; 3] = [0x00, 0x00, 0x12];
/// BAR that holds the registers.
pub const REGISTER_BAR: u32 = 0;
/// Bytes of the register BAR.
pub const REGISTER_BAR_BYTES: u64 = 0x1_0000;
/// BAR that holds the MSI-X table and its pending bits.
pub const MSIX_BAR: u32 = 2;
/// Bytes of the MSI-X BAR.
pub const MSIX_BAR_BYTES: u64 = 0x4000;
/// Offset of the MSI-X table in its BAR.
pub const MSIX_TABLE_OFFSET: u32 = 0;
/// Offset of the pending bit array in its BAR.
pub const MSIX_PBA_OFFSET: u32 = 0x2000;
/// Interrupt vectors. Vector 0 follows the card's one level interrupt.
pub const MSIX_VECTORS: u32 = 1;
