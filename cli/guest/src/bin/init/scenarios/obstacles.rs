//! What stands between a user and a card: each obstacle its own error, with the way out.

use super::commands::gristmill;
use super::roles::Role;
use super::{Outcome, address, card, ensure, open_card};
use crate::system::{bind, group, unbind};
use gristmill_driver::transport::TransportError;
use gristmill_driver::transport::vfio::VfioError;
use gristmill_driver::{Error, open};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

/// A user who is not root.
const USER: u32 = 1000;

/// The error of opening through VFIO, or what happened instead.
fn refusal(name: &str) -> Result<VfioError, Box<dyn std::error::Error>> {
    match open(name) {
        Err(Error::Transport(TransportError::Vfio { source, .. })) => Ok(source),
        Err(other) => Err(format!("another error: {other}").into()),
        Ok(_) => Err("it was opened".into()),
    }
}

/// `gristmill info` fails with exit code 2 and says these words.
fn command_says(words: &[&str]) -> Outcome {
    let output = gristmill(&["info", "--device", &card()?])?;
    says(&output, words)
}

/// It failed with exit code 2 and these words.
pub fn says(output: &Output, words: &[&str]) -> Outcome {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "exit status {}", output.status);
    for word in words {
        ensure!(said.contains(word), "no {word:?} in {said:?}");
    }
    Ok(())
}

/// A card that no driver has.
pub fn not_bound() -> Outcome {
    let address = address(0)?;
    unbind(&address)?;
    let outcome = refused_unbound();
    bind(&address, "vfio-pci")?;
    outcome
}

fn refused_unbound() -> Outcome {
    match refusal(&card()?)? {
        VfioError::NotBound { driver: None, .. } => {}
        other => return Err(format!("another error: {other}").into()),
    }
    command_says(&["no driver", "driver_override"])
}

/// The same card a second time, in this process and in another one.
pub fn opened_twice() -> Outcome {
    let held = open_card()?;
    match refusal(&card()?)? {
        VfioError::OpenHere { .. } => {}
        other => return Err(format!("another error: {other}").into()),
    }
    command_says(&["is open in", &std::process::id().to_string()])?;
    drop(held);
    let mut other = Role::start(&["busy", &card()?])?;
    other.await_line("busy")?;
    match refusal(&card()?)? {
        VfioError::OpenElsewhere { holders, .. } => {
            println!("{holders:?}");
            ensure!(holders.iter().any(|h| h.to_string().contains(&other.id().to_string())), "{holders:?}");
        }
        error => return Err(format!("another error: {error}").into()),
    }
    other.kill();
    open_card()?;
    Ok(())
}

/// The command as a user, with a limit of locked memory.
pub fn as_user(arguments: &[&str]) -> Result<Output, Box<dyn std::error::Error>> {
    let output = Command::new("/bin/gristmill").args(arguments).uid(USER).gid(USER).current_dir("/tmp").output()?;
    println!("gristmill {} as {USER}: {}", arguments.join(" "), output.status);
    print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(output)
}

/// Gives the card's files to a user, the group's and, where the kernel has iommufd, the device's
/// own. `/dev/iommu` gives no device away, so anybody may open it.
fn own_the_group(user: u32) -> Outcome {
    let own = |file: &str| chown(file, Some(user), Some(user)).map_err(|e| format!("{file}: {e}"));
    own(&format!("/dev/vfio/{}", group(&address(0)?)?))?;
    for entry in fs::read_dir("/dev/vfio/devices").into_iter().flatten().flatten() {
        own(&entry.path().to_string_lossy())?;
        fs::set_permissions("/dev/iommu", Permissions::from_mode(0o666))?;
    }
    Ok(())
}

/// For this process and those it starts from now on.
pub fn limit_locked_memory(bytes: u64) -> Outcome {
    Ok(setrlimit(Resource::Memlock, Rlimit { current: Some(bytes), maximum: Some(bytes) })?)
}

/// A user who does not own the group's file.
pub fn no_permission() -> Outcome {
    own_the_group(0)?;
    let output = as_user(&["info", "--device", &card()?])?;
    says(&output, &["no permission", "/dev/vfio/", "chown"])
}

/// A user who owns the group's file, with room to lock memory, needs nothing else.
pub fn not_root() -> Outcome {
    own_the_group(USER)?;
    limit_locked_memory(64 << 20)?;
    let name = card()?;
    let outcome = as_user(&["bench", "msm", "--device", &name, "--log-size", "3", "--json"]);
    own_the_group(0)?;
    let output = outcome?;
    ensure!(output.status.success(), "exit status {}", output.status);
    let figures: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    ensure!(figures["correct"] == true, "wrong: {figures}");
    Ok(())
}

/// A user who may lock less memory than the card's rings need.
pub fn too_little_locked_memory() -> Outcome {
    own_the_group(USER)?;
    limit_locked_memory(1 << 20)?;
    let outcome = as_user(&["info", "--device", &card()?]);
    own_the_group(0)?;
    says(&outcome?, &["locked memory", "1048576", "ulimit -l"])
}

/// A card that shares its IOMMU group with a device that the kernel drives.
pub fn group_is_not_viable() -> Outcome {
    let cards = crate::system::cards()?;
    let shared = cards.last().ok_or("no card")?;
    let group = group(shared)?;
    match refusal(&format!("vfio:{shared}"))? {
        error @ VfioError::GroupNotViable { .. } => {
            let text = error.to_string();
            println!("{text}");
            ensure!(text.contains("virtio-pci") && text.contains(&format!("group {group}")), "unclear: {text}");
        }
        other => return Err(format!("another error: {other}").into()),
    }
    Ok(())
}

/// A machine without an IOMMU.
pub fn no_iommu() -> Outcome {
    match refusal(&card()?)? {
        VfioError::NoIommu { .. } => {}
        other => return Err(format!("another error: {other}").into()),
    }
    command_says(&["no IOMMU group", "intel_iommu=on"])
}
