//! The driver on the kernel's VFIO, in a Linux guest under QEMU: no card and no hardware
//! virtualisation needed. See docs/guest.md.
//!
//! | part | is |
//! |---|---|
//! | [`table`] | the scenarios and the boots that they run in: the one place to add one |
//! | [`host`] | this machine's side: packages, static binaries, initramfs, servers, QEMU |
//! | `bin/init` | the guest's side: its first process, and the scenarios themselves |
//! | `fetch` | the script that gets QEMU and a kernel |
#![deny(unsafe_op_in_unsafe_fn)]

/// Says something to whoever runs the tests, past the harness' capture of output.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write;
        // Nobody may be listening; the test goes on.
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub mod host;
pub mod table;
