//! What the kernel makes of the card before anything of ours runs.

use super::{Outcome, ensure};
use crate::system::{cards, function_file, group};
use std::fs;

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
