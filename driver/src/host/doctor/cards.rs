//! Cards on the bus, their links, and the processes that have them.

use super::super::holders::Holders;
use super::super::{Host, PciFunction, State};
use super::Check;
use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let cards = PciFunction::cards(host);
    if cards.is_empty() {
        let value = format!("none on the PCI bus (vendor {VENDOR_ID:04x}, device {DEVICE_ID:04x})");
        return vec![Check::warn("card", value, none_way_out())];
    }
    let holders = Holders::scan(host);
    let mut all = Vec::new();
    for card in &cards {
        let state = card.state_among(host, &holders);
        let group = card.group.map_or(String::new(), |g| format!(", IOMMU group {g}"));
        let value = format!("{}{group}", state.describe());
        let check = match &state {
            State::Ready | State::Busy(_) => Check::ok("card", value),
            _ => Check::fail("card", value, state.way_out(card)),
        };
        all.push(check.of(card.address));
        if !matches!(state, State::Gone) {
            all.push(link(card).of(card.address));
        }
        for process in card.holders(&holders) {
            if let Some(why) = process.leftover() {
                let way_out = format!("if nobody misses it: `kill -9 {}`", process.pid);
                all.push(Check::warn("process", format!("{process} {why} and has it"), way_out).of(card.address));
            }
        }
    }
    all
}

/// What to do when no card is seen.
fn none_way_out() -> &'static str {
    "check the card's power and seat and that it is programmed, then `echo 1 > /sys/bus/pci/rescan` as root; \
     if its shell has ids of its own, `gristmill list --all` shows it"
}

fn link(card: &PciFunction) -> Check {
    let (link, slot) = (card.link, card.slot);
    let shown = link.to_string();
    if link.is_narrow() {
        let slot_limits = slot.max_width.zip(link.width).is_some_and(|(most, now)| most <= now);
        let way_out = match slot_limits {
            true => "the slot has no more lanes: use a wider one".into(),
            false => format!(
                "reseat the card; check the slot's lanes and bifurcation{}",
                slot.max_width.map_or(String::new(), |w| format!(" (the slot has x{w})"))
            ),
        };
        return Check::warn("link", format!("{shown}: fewer lanes than the card has"), way_out);
    }
    if link.is_slow() {
        let way_out = "an idle link may save power; if it stays so under load: check the slot's generation, riser and \
                       firmware settings";
        return Check::warn("link", format!("{shown}: slower than the card can"), way_out);
    }
    match shown.as_str() {
        "-" => Check::ok("link", "the kernel does not say"),
        _ => Check::ok("link", shown),
    }
}
