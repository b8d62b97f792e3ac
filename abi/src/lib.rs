//! The contract of host and card.
//!
//! Plain tables and constants, no dependencies: the RTL's constructors turn them into RustHDL
//! constants, the driver reads them, and the tables in `docs/registers.md` are generated from
//! them ([`docs::registers_markdown`]). Nothing about the card is known to the driver that does
//! not stand here.
//!
//! | module | is |
//! |---|---|
//! | [`registers`] | the register map of BAR0 (AXI4-Lite, 32-bit) |
//! | [`caps`] | the capability words: what this card can do |
//! | [`command`] | opcodes, flags and the 64-byte descriptor |
//! | [`completion`] | status codes and the 32-byte completion |
//! | [`identity`] | the hash of the source that a card was built from |
//! | [`layout`] | address spaces, forms and layouts of field elements and points |
//! | [`pci`] | identity of the PCI device, its BARs and interrupt vectors |
//! | [`serial`] | the serial link: frames, questions and answers of a card without PCIe |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod caps;
pub mod command;
pub mod completion;
pub mod docs;
pub mod identity;
pub mod layout;
pub mod pci;
pub mod registers;
pub mod serial;

/// Version of this contract: major in the upper half, minor in the lower. The driver refuses a
/// card of another major version. 1.1: several queue pairs, Q_STATUS. 1.2: SOURCE_HASH0 to 7.
pub const ABI_VERSION: u32 = 0x0001_0002;
/// What the `ID` register reads: `"GRST"` in ASCII, most significant byte first.
pub const CARD_ID: u32 = 0x4752_5354;
