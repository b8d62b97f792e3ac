//! What the kernel makes of the card before anything of ours runs.

use super::{Outcome, ensure};
use crate::system::{cards, function_file, group};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

/// The kernel's PCI code has read the card's configuration space as we meant it.
pub fn the_card_is_found_by_its_ids() -> Outcome {
    let cards = cards()?;
    ensure!(cards.len() == 1, "the bus has {cards:?}");
    let card = &cards[0];
    let read = |name| fs::read_to_string(function_file(card, name)).map(|text| text.trim().to_owned());
    println!("{card}: group {}, reset by {}", group(card)?, read("reset_method")?);
    ensure!(read("reset_method")?.contains("flr"), "no function-level reset: {}", read("reset_method")?);
    let [a, b, c] = gristmill_abi::pci::CLASS;
    let class = format!("0x{c:02x}{b:02x}{a:02x}");
    ensure!(read("class")? == class, "class {} is not {class}", read("class")?);
    let bars: Vec<u64> = read("resource")?
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').map(|w| u64::from_str_radix(w.trim_start_matches("0x"), 16));
            let (first, last) = (words.next()?.ok()?, words.next()?.ok()?);
            (last > first).then(|| last - first + 1)
        })
        .collect();
    let expected = [gristmill_abi::pci::REGISTER_BAR_BYTES, gristmill_abi::pci::MSIX_BAR_BYTES];
    ensure!(bars == expected, "BARs of {bars:x?} bytes, not {expected:x?}");
    Ok(())
}

/// What the kernel says when something of its own has gone wrong.
const COMPLAINTS: [&str; 6] = ["WARNING:", "BUG:", "Oops", "Call Trace", "DMAR: [DMA", "hung task"];

/// Whatever the scenarios before this one did, the kernel has not complained.
pub fn the_kernel_did_not_complain() -> Outcome {
    let mut log = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open("/dev/kmsg")?;
    // One message a read; an error at the end (EAGAIN), or where messages were lost (EPIPE).
    let (mut record, mut complaints, mut messages) = (vec![0; 8192], Vec::new(), 0);
    loop {
        match log.read(&mut record) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&record[..length]).into_owned();
                messages += 1;
                if COMPLAINTS.iter().any(|words| text.contains(words)) {
                    complaints.push(text);
                }
            }
            Err(e) if e.raw_os_error() == Some(Errno::PIPE.raw_os_error()) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => return Err(format!("/dev/kmsg: {e}").into()),
        }
    }
    ensure!(messages > 50, "only {messages} messages in the kernel's log");
    ensure!(complaints.is_empty(), "the kernel complains: {}", complaints.join(" | "));
    Ok(())
}
