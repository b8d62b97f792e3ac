//! `gristmill list`: cards on the PCI bus and what stands between them and their use.

use crate::args_host::List;
use crate::error::CliError;
use crate::{output, table};
use gristmill_abi::pci::{DEVICE_ID, VENDOR_ID};
use gristmill_driver::host::{Host, PciFunction, State};
use serde_json::{Value, json};

/// Runs the command.
pub fn run(args: &List) -> Result<(), CliError> {
    let found = Host::at(&args.sysroot).list(args.all);
    match args.json {
        true => output::line(json!({ "cards": found.iter().map(entry).collect::<Vec<_>>() })),
        false => output::print(&text(&found, args.all)),
    }
}

/// One card for scripts.
fn entry((f, state): &(PciFunction, State)) -> Value {
    let holders = match state {
        State::Busy(holders) => holders.iter().map(|p| json!({ "pid": p.pid, "name": p.name })).collect(),
        _ => vec![],
    };
    json!({
        "address": f.address.to_string(),
        "name": f.name(),
        "ids": f.ids(),
        "is_card": f.is_card(),
        "driver": f.driver,
        "iommu_group": f.group,
        "numa_node": f.numa_node,
        "link": {
            "speed_gts": f.link.speed.map(|s| s.gts()),
            "width": f.link.width,
            "max_speed_gts": f.link.max_speed.map(|s| s.gts()),
            "max_width": f.link.max_width,
        },
        "state": state.key(),
        "detail": state.describe(),
        "way_out": state.way_out(f),
        "holders": holders,
    })
}

fn text(found: &[(PciFunction, State)], all: bool) -> String {
    if found.is_empty() {
        return match all {
            true => "no PCI function at all: is sysfs mounted?\n".into(),
            false => format!(
                "no Gristmill card on the PCI bus (vendor {VENDOR_ID:04x}, device {DEVICE_ID:04x})\n  \
                 check its power and seat and that it is programmed, then as root: echo 1 > /sys/bus/pci/rescan\n  \
                 if its shell has ids of its own: gristmill list --all\n  \
                 without a card: --device sim, or gristmill sim and --device vfio-user:SOCKET\n"
            ),
        };
    }
    let mut rows = vec![["ADDRESS", "IDS", "DRIVER", "GROUP", "LINK", "NUMA", "STATE"].map(str::to_owned)];
    rows.extend(found.iter().map(|(f, state)| {
        let shown = |n: Option<u32>| n.map_or("-".into(), |n| n.to_string());
        [
            f.address.to_string(),
            f.ids(),
            f.driver.clone().unwrap_or("-".into()),
            shown(f.group),
            f.link.to_string(),
            shown(f.numa_node),
            state.describe(),
        ]
    }));
    let mut out = table::aligned(&rows);
    // What to do is said for cards; other functions are not to be bound.
    for (f, state) in found.iter().filter(|(f, _)| f.is_card()) {
        let way_out = state.way_out(f);
        if !way_out.is_empty() {
            out.push_str(&format!("{}: {way_out}\n", f.address));
        }
    }
    out
}
