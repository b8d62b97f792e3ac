//! Which system calls a command makes: those of its doorbell and of its wait. A child process runs
//! commands under a filter, and the kernel ends it at any other call.
#![cfg(target_os = "linux")]

#[path = "support/simulator.rs"]
mod simulator;

use gristmill_driver::*;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use simulator::Simulator;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command as Process, ExitStatus};
use std::time::Duration;

/// In the child's environment: the device, and what is to be done.
const DEVICE: &str = "GRISTMILL_TEST_DEVICE";
const MODE: &str = "GRISTMILL_TEST_MODE";

/// The doorbell over vfio-user is a message; reading the clock is a call only where the kernel has
/// no page for it.
const DOORBELL: &[libc::c_long] = &[libc::SYS_sendmsg, libc::SYS_clock_gettime, libc::SYS_exit_group];
/// Sleeping until the interrupt, and taking it.
const SLEEP: &[libc::c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_preadv2,
    libc::SYS_read, // in its place on old kernels
];
/// Letting others run in a long wait without sleep.
const YIELD: &[libc::c_long] = &[libc::SYS_sched_yield];

/// Runs the child against a simulator; its end.
fn child(mode: &str) -> ExitStatus {
    let sim = Simulator::new();
    let mut process = Process::new(std::env::current_exe().unwrap());
    process.args(["--exact", "commands_under_a_filter", "--ignored", "--nocapture"]);
    process.env(DEVICE, &sim.name).env(MODE, mode).status().unwrap()
}

#[test]
fn a_command_makes_the_calls_of_its_doorbell_and_its_wait() {
    for mode in ["interrupt", "polling"] {
        let status = child(mode);
        assert!(status.success(), "{mode}: {status}; signal 31 (SIGSYS) is a call that does not belong there");
    }
}

#[test]
fn any_other_call_would_be_noticed() {
    assert_eq!(child("sloppy").signal(), Some(libc::SIGSYS));
}

#[test]
#[ignore = "the child process of the other tests"]
fn commands_under_a_filter() {
    let (Ok(device), Ok(mode)) = (std::env::var(DEVICE), std::env::var(MODE)) else {
        eprintln!("nothing to do: the other tests run this");
        return;
    };
    let (wait, calls) = if mode == "polling" { (Wait::BUSY, YIELD) } else { (Wait::Interrupt, SLEEP) };
    // No look at the card when a busy machine lets a slice pass.
    let limits = Limits { slice: Duration::from_secs(60), ..Limits::default() };
    let mut card = Card::open_with(open(&device).unwrap(), Options { wait, limits, ..Options::default() }).unwrap();
    let buffer = card.allocate(64).unwrap();
    let mut run = |rounds: usize| {
        for _ in 0..rounds {
            card.run(Command::nop()).unwrap();
            card.run(Command::copy_to_card(buffer.whole(), 0)).unwrap();
            let ticket = card.submit(Command::copy_from_card(0, buffer.whole())).unwrap();
            card.wait(ticket).unwrap();
        }
    };
    run(10);
    let allowed = DOORBELL.iter().chain(calls).map(|&call| (call, Vec::new())).collect();
    let (others, these) = (SeccompAction::KillProcess, SeccompAction::Allow);
    let filter = SeccompFilter::new(allowed, others, these, std::env::consts::ARCH.try_into().unwrap()).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
    run(1000);
    if mode == "sloppy" {
        let _ = std::fs::metadata("/");
    }
    // SAFETY: ends the process; what it leaves open the kernel closes.
    unsafe { libc::_exit(0) }
}
