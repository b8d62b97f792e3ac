//! Errors of the simulated device, each with the errno that a kernel would give.

use rustix::io::Errno;
use thiserror::Error;

/// What the simulated device refuses, and why.
#[derive(Debug, Error)]
pub enum SimError {
    /// A DMA window was refused.
    #[error(transparent)]
    Iommu(#[from] crate::iommu::IommuError),
    /// An access that leaves a BAR or the configuration space, or is too long.
    #[error(
        "region {region}: {count} bytes at offset {offset:#x} do not fit; the region has {size:#x} bytes and one access at most {max}"
    )]
    Region {
        /// VFIO region index.
        region: u32,
        /// First byte.
        offset: u64,
        /// Bytes asked for.
        count: u64,
        /// Bytes of the region.
        size: u64,
        /// Most bytes in one access.
        max: u64,
    },
    /// An interrupt vector or index that the device does not have.
    #[error("interrupt: {0}")]
    Irq(String),
    /// A file descriptor that is not an eventfd.
    #[error("interrupt: the file descriptor is not an eventfd ({0})")]
    NotEventFd(String),
    /// Options that cannot be built.
    #[error("options: {0}")]
    Options(String),
    /// The engine cannot be built or started.
    #[error("engine: {0}")]
    Engine(String),
    /// The engine needs a tool that is not installed; the message says how to get it.
    #[error("{0}")]
    MissingTool(String),
    /// An operating system call failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl SimError {
    /// The errno that stands for this error on the wire.
    pub fn errno(&self) -> Errno {
        match self {
            SimError::Iommu(e) => e.errno(),
            SimError::Region { .. } | SimError::Irq(_) | SimError::NotEventFd(_) | SimError::Options(_) => Errno::INVAL,
            SimError::Engine(_) | SimError::MissingTool(_) => Errno::NODEV,
            SimError::Io { source, .. } => source.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error),
        }
    }

    pub(crate) fn io(what: impl Into<String>, source: impl Into<std::io::Error>) -> Self {
        SimError::Io { what: what.into(), source: source.into() }
    }
}
