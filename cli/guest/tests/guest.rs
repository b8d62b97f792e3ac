//! Every scenario of the guest as a test of its own. The first of a boot that runs boots the guest
//! with all its scenarios; the others look at what came out. See docs/guest.md.

use gristmill_guest::host::{Report, boot};
use gristmill_guest::table::{SETUPS, Setup};
use gristmill_guest::tell;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

/// One guest at a time: QEMU and a card's simulation fill two processors.
static TURN: Mutex<()> = Mutex::new(());

fn check(setup: &Setup, all: &[&str], report: &OnceLock<Report>, name: &str) {
    if let Some(value) = std::env::var_os("GRISTMILL_SKIP_GUEST").filter(|v| !v.is_empty() && v != "0") {
        let value = value.to_string_lossy();
        tell!("SKIPPED: {name} was not run in a guest, because GRISTMILL_SKIP_GUEST={value} says so");
        return;
    }
    let report = report.get_or_init(|| {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        boot(setup, all, Path::new(env!("CARGO_BIN_EXE_gristmill-guest-init")))
    });
    let Some(scenario) = report.scenarios.get(name) else {
        let told = report.failure_told.swap(true, Ordering::Relaxed);
        let reason = match report.failure.as_deref() {
            None => "the guest has no such scenario",
            Some(_) if told => "the boot failed, another test of it says how",
            Some(failure) => failure,
        };
        panic!("{name} gave no result: {reason}");
    };
    print!("{}", scenario.log);
    println!("{name}: {} ms in the guest", scenario.milliseconds);
    if let Some(failure) = &scenario.failure {
        panic!("{name}: {failure}");
    }
}

macro_rules! tests {
    ($($boot:ident { $($name:ident = $path:path;)* })*) => {
        /// Boots and their scenarios, as the table has them.
        const TABLE: &[(&str, &[&str])] = &[$((stringify!($boot), &[$(stringify!($name)),*])),*];

        $(mod $boot {
            use super::*;

            static REPORT: OnceLock<Report> = OnceLock::new();

            fn check(name: &str) {
                let this = stringify!($boot);
                let setup = SETUPS.iter().find(|s| s.name == this).expect("a line in SETUPS");
                let all = TABLE.iter().find(|b| b.0 == this).expect("a line in the table").1;
                super::check(setup, all, &REPORT, name);
            }

            $(#[test]
            fn $name() {
                check(stringify!($name));
            })*
        })*
    };
}

gristmill_guest::scenarios!(tests);

#[test]
fn every_boot_is_set_up() {
    let boots: Vec<&str> = TABLE.iter().map(|b| b.0).collect();
    let setups: Vec<&str> = SETUPS.iter().map(|s| s.name).collect();
    assert_eq!(boots, setups, "table.rs: SETUPS and scenarios! differ");
}
