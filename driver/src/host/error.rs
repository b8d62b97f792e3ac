//! What can go wrong with the host around a card.

use super::group::listed;
use crate::transport::Bdf;
use std::io;
use std::path::PathBuf;

/// Errors of [`Host`](super::Host). Whatever was begun has been put back, unless the error says
/// otherwise.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum HostError {
    /// No such address.
    #[error("there is no PCI function {address}; `gristmill list` shows the cards, `lspci -D` all functions")]
    NoFunction { address: Bdf },
    /// The ids are not a card's.
    #[error(
        "{address} is {ids}, no Gristmill card; check the address with `gristmill list`, or use --force if its shell \
         has ids of its own"
    )]
    NotACard { address: Bdf, ids: String },
    /// A bridge is the bus itself.
    #[error("{address} is a bridge: everything behind it would be cut off; give the address of the card itself")]
    Bridge { address: Bdf },
    /// Nothing protects the host's memory from the card.
    #[error(
        "{address} is in no IOMMU group; switch the IOMMU on, in the firmware (VT-d, AMD-Vi) and in the kernel \
         (`intel_iommu=on`); see `gristmill doctor`"
    )]
    NoIommu { address: Bdf },
    /// The group would stay in the kernel.
    #[error(
        "the IOMMU group {group} of {address} has other functions that are bound to drivers of the kernel: {}; unbind \
         those first, or put the card into a slot with a group of its own", listed(.others)
    )]
    SharedGroup { address: Bdf, group: u32, others: Vec<(String, String)> },
    /// Somebody works with it.
    #[error("{address} is in use: {by}; end that first")]
    InUse { address: Bdf, by: String },
    /// Another driver than vfio-pci has it.
    #[error("{address} is bound to {driver}, not to vfio-pci: there is nothing to give back")]
    NotOnVfio { address: Bdf, driver: String },
    /// No rights to change it.
    #[error("{what} {address} needs root; run `sudo gristmill {command}`")]
    NeedsRoot { address: Bdf, what: &'static str, command: String },
    /// No such user.
    #[error("there is no user {user:?}; give a user's name or number")]
    NoUser { user: String },
    /// The module is neither there nor can it be loaded.
    #[error(
        "the kernel module vfio-pci cannot be loaded ({source}); run `modprobe vfio-pci` as root, or take a kernel that has it (CONFIG_VFIO_PCI)"
    )]
    NoModule { source: io::Error },
    /// The kernel has no reset for it.
    #[error("the kernel knows no way to reset {address} alone; power-cycle the card")]
    NoReset { address: Bdf },
    /// A step failed.
    #[error("{address}: {step} ({file}) failed: {source}; {put_back}", file = .file.display())]
    Step { address: Bdf, step: &'static str, file: PathBuf, source: io::Error, put_back: PutBack },
    /// The kernel took every step and the outcome is another.
    #[error("{address}: the kernel did not {what}: it is now {now}; {put_back}; `dmesg | tail` may say why")]
    NotTaken { address: Bdf, what: &'static str, now: String, put_back: PutBack },
}

/// Whether everything is as it was before.
#[derive(Debug)]
pub enum PutBack {
    /// Nothing had been changed.
    Untouched,
    /// All is as before.
    Whole,
    /// Some of it could not be put back.
    Failed(String),
}

impl std::fmt::Display for PutBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PutBack::Untouched => f.write_str("nothing was changed"),
            PutBack::Whole => f.write_str("everything was put back"),
            PutBack::Failed(what) => write!(f, "NOT everything could be put back: {what}"),
        }
    }
}
