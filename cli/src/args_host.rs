//! The grammar of the commands for operators.

use clap::Args;
use gristmill_driver::transport::Bdf;
use std::path::PathBuf;

/// `gristmill list`.
#[derive(Args, Debug)]
pub struct List {
    /// Every PCI function, not only Gristmill cards
    #[arg(long)]
    pub all: bool,
    /// Print one JSON object (keys: docs/operators.md)
    #[arg(long)]
    pub json: bool,
    /// Look at sys, proc and dev under DIR, such as a copy of another machine's
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub sysroot: PathBuf,
}

/// `gristmill bind`.
#[derive(Args, Debug)]
pub struct Bind {
    /// The card's PCI address, such as 0000:03:00.0 (`gristmill list` shows it)
    #[arg(value_name = "BDF", value_parser = address)]
    pub address: Bdf,
    /// Give the file of its IOMMU group to USER (name or number), who then needs no root
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Also a function whose ids are no Gristmill card's
    #[arg(long)]
    pub force: bool,
}

/// `gristmill unbind`.
#[derive(Args, Debug)]
pub struct Unbind {
    /// The card's PCI address, such as 0000:03:00.0
    #[arg(value_name = "BDF", value_parser = address)]
    pub address: Bdf,
    /// Also a function whose ids are no Gristmill card's
    #[arg(long)]
    pub force: bool,
}

/// `gristmill doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Open this card too (vfio:BDF, BDF, vfio-user:SOCKET or serial:PORT[@BAUD]) and test registers, DMA and queue;
    /// it must be free, and it is reset
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Print one JSON object (keys: docs/operators.md)
    #[arg(long)]
    pub json: bool,
    /// Look at sys, proc and dev under DIR, such as a copy of another machine's
    #[arg(long, value_name = "DIR", default_value = "/", conflicts_with = "device")]
    pub sysroot: PathBuf,
}

/// `gristmill reset`.
#[derive(Args, Debug)]
pub struct Reset {
    /// BDF, vfio:BDF, vfio-user:SOCKET or serial:PORT[@BAUD]
    #[arg(value_name = "DEVICE")]
    pub device: String,
    /// Reset the PCI function first, not only if the card's own reset fails
    #[arg(long)]
    pub function: bool,
    /// Also a function whose ids are no Gristmill card's (by the kernel, through sysfs)
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A PCI address, alone or as a device's name.
pub fn address(text: &str) -> Result<Bdf, String> {
    text.strip_prefix("vfio:").unwrap_or(text).parse()
}
