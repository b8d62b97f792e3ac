//! This machine's side of the guest test.

mod assets;
mod binaries;
mod boot;
mod console;
mod cpio;
mod image;
mod machine;
mod server;
mod tie;

pub use boot::{Report, Scenario, boot};
