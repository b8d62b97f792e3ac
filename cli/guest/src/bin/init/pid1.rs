//! From the kernel's hands to the last scenario.

use crate::system;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long a scenario may take.
const LIMIT: Duration = Duration::from_secs(90);
/// How long the kernel may take to end a killed process.
const LAST_LIMIT: Duration = Duration::from_secs(10);

/// Never returns: the guest is switched off.
pub fn run() -> ! {
    if let Err(error) = everything() {
        say(&format!("@fail boot {error}"));
    }
    say("@end");
    system::power_off()
}

fn everything() -> Result<(), String> {
    system::mount_all()?;
    system::speak_on("/dev/ttyS1")?;
    system::load_modules("/modules")?;
    let names = system::kernel_parameter("gristmill.scenarios").unwrap_or_default();
    for card in system::cards()? {
        // Without an IOMMU the kernel refuses; the scenarios see what comes of it.
        if let Err(error) = system::bind(&card, "vfio-pci") {
            say(&error);
        }
    }
    say(&format!("@ready {}", system::uptime()));
    for name in names.split(',').filter(|n| !n.is_empty()) {
        say(&format!("@begin {name}"));
        let started = Instant::now();
        match scenario(name) {
            Ok(status) if status.success() => say(&format!("@ok {name} {}", started.elapsed().as_millis())),
            // It said why itself.
            Ok(status) if status.code() == Some(1) => {}
            Ok(status) => say(&format!("@fail {name} ended with {status}")),
            Err(error) => say(&format!("@fail {name} {error}")),
        }
    }
    Ok(())
}

fn scenario(name: &str) -> Result<ExitStatus, String> {
    let mut child = Command::new("/init").arg(name).spawn().map_err(|e| format!("cannot be started: {e}"))?;
    if let Some(status) = wait(&mut child, LIMIT)? {
        return Ok(status);
    }
    let _ = child.kill();
    match wait(&mut child, LAST_LIMIT)? {
        Some(_) => Err(format!("did not end within {LIMIT:?}")),
        None => Err(format!("did not end within {LIMIT:?}, and cannot be killed: it hangs in the kernel")),
    }
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, String> {
    let started = Instant::now();
    while started.elapsed() < limit {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Ok(status) => return Ok(status),
            Err(e) => return Err(format!("cannot be waited for: {e}")),
        }
    }
    Ok(None)
}

/// One whole line to the host.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.replace('\n', " | "));
    let _ = out.flush();
    // What is not yet on the wire when the machine is switched off is lost.
    let _ = rustix::termios::tcdrain(std::io::stdout().as_fd());
}
