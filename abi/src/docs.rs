//! The documentation's tables, generated from this crate.
//!
//! `docs/registers.md` holds them; a test compares. `UPDATE_DOCS=1 cargo test -p gristmill-abi`
//! writes the file anew.

use crate::completion::Status;
use crate::registers::{QUEUE_STRIDE, REGISTERS, queue_of};
use std::fmt::Write;

/// The text of `docs/registers.md`.
pub fn registers_markdown() -> String {
    let mut out = String::from(
        "# Registers and status codes\n\n\
         *Generated from the crate `gristmill-abi`; do not edit. \
         `UPDATE_DOCS=1 cargo test --release -p gristmill-abi` writes it anew.*\n\n\
         ## Registers (BAR0, 32-bit)\n\n\
         Offsets that are not listed read as zero and ignore writes. A card has one to four queue \
         pairs, numbered q; registers and interrupt bits of queues that it does not have are not there.\n\n\
         | offset | name | access | mask | holds |\n|---|---|---|---|---|\n",
    );
    for r in REGISTERS {
        let per_queue =
            if queue_of(r.offset).is_some() { format!(" + q * 0x{QUEUE_STRIDE:02x}") } else { String::new() };
        let _ = writeln!(
            out,
            "| 0x{:03x}{} | `{}` | {} | 0x{:08x} | {} |",
            r.offset,
            per_queue,
            r.name,
            r.access.name(),
            r.mask,
            plain(r.doc)
        );
    }
    out.push_str("\n## Status codes of completions\n\n| code | name | meaning |\n|---|---|---|\n");
    for (status, name, doc) in Status::ALL {
        let _ = writeln!(out, "| {} | `{}` | {} |", *status as u8, name, plain(doc));
    }
    out
}

/// Rustdoc links without their targets: ``[`X`](path)`` becomes `` `X` ``.
fn plain(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc.trim();
    while let Some(start) = rest.find('[') {
        let (Some(mid), Some(end)) = (rest.find("]("), rest.find(')')) else { break };
        out.push_str(&rest[..start]);
        out.push_str(&rest[start + 1..mid]);
        rest = &rest[end.max(mid) + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/registers.md");
        let fresh = super::registers_markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &fresh).expect("write docs/registers.md");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == fresh, "docs/registers.md is stale: run UPDATE_DOCS=1 cargo test --release -p gristmill-abi");
    }
}
