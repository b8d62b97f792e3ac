//! Processes that do not outlive the test.

use rustix::process::{Signal, set_parent_process_death_signal};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the kernel kill the process when the thread that starts it ends, should the test be killed
/// before it can clean up. (A boot is one thread's work from beginning to end.)
pub fn tie(command: &mut Command) {
    let bind = || Ok(set_parent_process_death_signal(Some(Signal::KILL))?);
    // SAFETY: between fork and exec only one system call is made, which takes no lock and allocates
    // nothing.
    unsafe { command.pre_exec(bind) };
}
