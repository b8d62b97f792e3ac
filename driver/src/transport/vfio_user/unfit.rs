//! Why a server that speaks the protocol cannot be used.

use crate::transport::TransportError;

/// What is missing from a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum Unfit {
    /// Another version of the protocol.
    #[error("it speaks vfio-user {}.{}, this driver {}.{}", .theirs.0, .theirs.1, .ours.0, .ours.1)]
    Version { theirs: (u16, u16), ours: (u16, u16) },
    /// It takes no file descriptors.
    #[error("it takes no files, so no DMA memory")]
    NoFiles,
    /// It has too few regions or interrupts for a PCI device.
    #[error("it is no PCI device")]
    NotPci,
    /// The device cannot be reset.
    #[error("it cannot be reset")]
    NoReset,
    /// A region is too small, or cannot be read or written.
    #[error("region {region} has {size} bytes (flags {flags:#x}), a card has at least {least}")]
    Region { region: u32, size: u64, flags: u32, least: u64 },
    /// No interrupt vector that can signal an eventfd.
    #[error("it has no MSI-X vector with an eventfd")]
    NoMsix,
}

impl Unfit {
    fn way_out(&self) -> &'static str {
        match self {
            Unfit::Version { .. } => "use versions of driver and server that belong together",
            Unfit::NoFiles => "use a server that takes files",
            Unfit::NotPci | Unfit::Region { .. } => "check that the socket is a Gristmill card's",
            Unfit::NoReset => "use a server that offers device reset",
            Unfit::NoMsix => "use a Gristmill card's server",
        }
    }
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server is none for this driver.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The link failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl ConnectError {
    /// As an error of the device of that name.
    pub fn of(self, device: &str) -> TransportError {
        match self {
            ConnectError::Transport(error) => error,
            ConnectError::Unfit(unfit) => TransportError::Open {
                device: device.into(),
                problem: unfit.to_string(),
                way_out: unfit.way_out().into(),
            },
        }
    }
}
