//! The operators' commands on a real kernel: list, bind, unbind, doctor, reset.

use super::commands::{gristmill, json};
use super::obstacles::{as_user, limit_locked_memory, says};
use super::{Outcome, address, ensure, open_card};
use crate::system::{bind, write};
use serde_json::Value;
use std::error::Error;
use std::process::Output;

/// A card of `gristmill list --json`.
fn listed(address: &str) -> Result<Value, Box<dyn Error>> {
    of_list(&json(&["list", "--json"])?, address)
}

fn of_list(list: &Value, address: &str) -> Result<Value, Box<dyn Error>> {
    let cards = list["cards"].as_array().ok_or("no cards")?;
    Ok(cards.iter().find(|c| c["address"] == address).ok_or_else(|| format!("no {address} in {list}"))?.clone())
}

/// The card is listed in this state.
fn is_listed(address: &str, state: &str) -> Outcome {
    let card = listed(address)?;
    ensure!(card["state"] == state, "not {state}: {card}");
    Ok(())
}

/// The check-up with exit code 0 or 1: a line's level.
fn level(output: &Output, check: &str) -> Result<String, Box<dyn Error>> {
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let code = if report["ok"] == true { 0 } else { 1 };
    ensure!(output.status.code() == Some(code), "exit status {} of {report}", output.status);
    let checks = report["checks"].as_array().ok_or("no checks")?;
    let line = checks.iter().find(|c| c["check"] == check).ok_or_else(|| format!("no {check} in {report}"))?;
    Ok(line["level"].as_str().ok_or("no level")?.to_owned())
}

fn checked(check: &str, expected: &str) -> Outcome {
    let found = level(&gristmill(&["doctor", "--json"])?, check)?;
    ensure!(found == expected, "{check} is {found}, not {expected}");
    Ok(())
}

fn succeeds(arguments: &[&str]) -> Outcome {
    let output = gristmill(arguments)?;
    ensure!(output.status.success(), "gristmill {}: {}", arguments.join(" "), output.status);
    Ok(())
}

/// Unbound and bound by the command, for root and for a user, who then works with the card.
pub fn bound_by_the_command() -> Outcome {
    let card = address(0)?;
    let outcome = bound_for(&card);
    bind(&card, "vfio-pci")?;
    outcome
}

fn bound_for(card: &str) -> Outcome {
    is_listed(card, "ready")?;
    succeeds(&["unbind", card])?;
    is_listed(card, "unbound")?;
    checked("card", "fail")?;
    succeeds(&["unbind", card])?;
    says(&gristmill(&["info", "--device", &format!("vfio:{card}")])?, &["sudo gristmill bind"])?;
    for _ in 0..2 {
        succeeds(&["bind", card])?;
        is_listed(card, "ready")?;
        checked("card", "ok")?;
    }
    limit_locked_memory(64 << 20)?;
    let seen = of_list(&serde_json::from_slice(&as_user(&["list", "--json"])?.stdout)?, card)?;
    ensure!(seen["state"] == "no-permission", "the user sees {seen}");
    ensure!(level(&as_user(&["doctor", "--json"])?, "card")? == "fail", "all is well for the user");
    says(&as_user(&["bind", card, "--user", "1000"])?, &["needs root", "sudo gristmill bind"])?;
    says(&as_user(&["unbind", card])?, &["needs root"])?;
    succeeds(&["bind", card, "--user", "1000"])?;
    let seen = of_list(&serde_json::from_slice(&as_user(&["list", "--json"])?.stdout)?, card)?;
    ensure!(seen["state"] == "ready", "the user sees {seen}");
    let info = as_user(&["info", "--device", card, "--json"])?;
    ensure!(info.status.code() == Some(2), "a bare address is no device's name");
    let info = as_user(&["info", "--device", &format!("vfio:{card}"), "--json"])?;
    ensure!(info.status.success(), "the user's info: {}", info.status);
    // Unbinding takes the file away, with its owner.
    succeeds(&["unbind", card])?;
    succeeds(&["bind", card])?;
    let seen = of_list(&serde_json::from_slice(&as_user(&["list", "--json"])?.stdout)?, card)?;
    ensure!(seen["state"] == "no-permission", "the user still sees {seen}");
    Ok(())
}

/// A card that this process has open: named as busy, and neither unbound nor reset by others.
pub fn busy_card_is_left_alone() -> Outcome {
    let card = address(0)?;
    let pid = std::process::id();
    let held = open_card()?;
    let seen = listed(&card)?;
    ensure!(seen["state"] == "busy" && seen["holders"][0]["pid"] == pid, "{pid} is not the holder: {seen}");
    checked("card", "ok")?;
    let named = format!("process {pid} (");
    says(&gristmill(&["unbind", &card])?, &["in use", &named])?;
    says(&gristmill(&["reset", &card])?, &["in use", &named])?;
    drop(held);
    is_listed(&card, "ready")
}

/// The check-up of this guest: an IOMMU, modules, huge pages missing and there; then the card.
pub fn doctor_before_and_after() -> Outcome {
    let pages = "/proc/sys/vm/nr_hugepages";
    write(pages, "0")?;
    for (check, expected) in [
        ("kernel", "ok"),
        ("iommu firmware", "ok"),
        ("iommu command line", "ok"),
        ("iommu groups", "ok"),
        ("vfio-pci", "ok"),
        ("vfio_iommu_type1", "ok"),
        ("/dev/vfio/vfio", "ok"),
        ("locked memory", "ok"),
        ("huge pages", "warn"),
        ("card", "ok"),
    ] {
        checked(check, expected)?;
    }
    write(pages, "8")?;
    let outcome = checked("huge pages", "ok").and_then(|()| succeeds(&["doctor"]));
    let card = succeeds(&["doctor", "--device", &address(0)?]);
    write(pages, "0")?;
    outcome.and(card)
}

/// Resets by the driver, of the card and of the function; by the kernel when no driver has it.
pub fn reset_by_the_command() -> Outcome {
    let card = address(0)?;
    for extra in [&["--json"][..], &["--json", "--function"]] {
        let done = json(&[&["reset", &card], extra].concat())?;
        let (before, after) = (done["epoch_before"].as_u64(), done["epoch_after"].as_u64());
        ensure!(done["by"] == "driver" && before.is_some() && after.is_some(), "{done}");
        ensure!(before != after, "the epoch stayed: {done}");
    }
    succeeds(&["unbind", &card])?;
    let outcome = json(&["reset", &card, "--json"]);
    bind(&card, "vfio-pci")?;
    let done = outcome?;
    ensure!(done["by"] == "kernel" && done["epoch_after"].is_null(), "{done}");
    succeeds(&["info", "--device", &format!("vfio:{card}")])
}

/// Two cards that are ready and one whose group is shared with the kernel.
pub fn two_cards_listed() -> Outcome {
    let list = json(&["list", "--json"])?;
    let states: Vec<&str> =
        list["cards"].as_array().ok_or("no cards")?.iter().filter_map(|c| c["state"].as_str()).collect();
    ensure!(states == ["ready", "ready", "shared-group"], "{list}");
    ensure!(list["cards"][0]["iommu_group"] != list["cards"][1]["iommu_group"], "one group: {list}");
    let text = String::from_utf8(gristmill(&["list"])?.stdout)?;
    for (card, word) in [(0, "ready"), (1, "ready"), (2, "shares its IOMMU group with")] {
        let address = address(card)?;
        let line = text.lines().find(|l| l.starts_with(&address)).ok_or("a card has no line")?;
        ensure!(line.contains(word), "no {word:?} in {line:?}");
    }
    let shared = address(2)?;
    succeeds(&["unbind", &shared])?;
    let refused = gristmill(&["bind", &shared])?;
    bind(&shared, "vfio-pci")?;
    says(&refused, &["other functions", "virtio-pci"])
}

/// A machine without an IOMMU: said, and nothing is bound.
pub fn doctor_without_iommu() -> Outcome {
    for check in ["iommu firmware", "iommu groups", "card"] {
        checked(check, "fail")?;
    }
    let card = address(0)?;
    is_listed(&card, "no-iommu")?;
    says(&gristmill(&["bind", &card])?, &["no IOMMU group", "intel_iommu=on", "gristmill doctor"])
}
