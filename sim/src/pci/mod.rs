//! The PCI function's own parts: configuration space and MSI-X.

mod config;
mod msix;

pub use config::{CONFIG_BYTES, ConfigSpace, MSIX_CAP, PCIE_CAP, PM_CAP};
pub use msix::Msix;
