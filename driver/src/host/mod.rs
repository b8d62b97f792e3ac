//! The host around a card: what is on the PCI bus, who has it, what is missing, and the few
//! changes that bring a card to user space and back.
//!
//! | module | is |
//! |---|---|
//! | `system` | the root of sysfs, proc, /dev and /etc; the calls that change something |
//! | `files` | small files and links of those trees, read with bounds |
//! | `function` | PCI functions: ids, driver, IOMMU group, link, NUMA node |
//! | `group` | who else is in a function's IOMMU group |
//! | `holders` | processes that have a group open |
//! | `state` | what stands between a card and its use |
//! | `bind` | to vfio-pci and back, whole or not at all |
//! | `in_use` | signs that a function's present driver is at work |
//! | `reset` | the kernel's reset of a function |
//! | `doctor` | the check-up of the host |
//!
//! All paths hang on one root, so that tests use made-up trees, and a copy of another machine's
//! trees can be looked at. What is read from them is treated as foreign: names may be anything,
//! files may be missing, endless or in the way.

mod bind;
mod doctor;
mod error;
mod files;
mod function;
mod group;
mod holders;
mod in_use;
mod reset;
mod state;
mod system;
#[cfg(test)]
pub(crate) mod testing;
mod user;

pub use bind::{Bound, Unbound};
pub use doctor::{Check, Level};
pub use error::HostError;
pub(crate) use files::link_name;
pub use function::{Link, PciFunction, Speed};
#[cfg(feature = "vfio")]
pub(crate) use group::members;
pub(crate) use group::{is_no_iommu, strangers};
pub use holders::Process;
pub(crate) use holders::others_with;
pub use reset::SysfsReset;
pub use state::State;
pub use system::{Host, System};

/// The kernel's driver that hands functions to user space.
pub const VFIO_PCI: &str = "vfio-pci";
