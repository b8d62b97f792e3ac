//! Commands through the driver itself.

use super::jobs::{pattern, round_trip};
use super::{Outcome, card, ensure, open_card};
use gristmill_driver::card::Wait;
use gristmill_driver::{Card, Command, Options, open};
use std::fs;

/// Copies to card memory and back, more than one page, each byte where it belongs.
pub fn copies_arrive() -> Outcome {
    let mut card = open_card()?;
    round_trip(&mut card, 3 * 4096 + 64, 4096, 1)?;
    round_trip(&mut card, 32, 65536 - 32, 2)
}

/// More commands in flight than the ring holds, each with its own data; results in any order.
pub fn many_commands_in_flight() -> Outcome {
    let options = Options { log_ring: 4, ..Options::default() };
    let mut card = Card::open_with(open(&card()?)?, options)?;
    let count = 50u64;
    let expected = pattern(count * 64, 3);
    let (mut there, back) = (card.allocate(count * 64)?, card.allocate(count * 64)?);
    there.write(0, &expected)?;
    let mut tickets = Vec::new();
    for i in 0..count {
        tickets.push(card.submit(Command::copy_to_card(there.slice(i * 64, 64)?, i * 64))?);
        tickets.push(card.submit(Command::copy_from_card(i * 64, back.slice((count - 1 - i) * 64, 64)?))?);
    }
    println!("{} still in flight", card.in_flight());
    for ticket in tickets.into_iter().rev() {
        card.wait(ticket)?;
    }
    let mut got = vec![0; (count * 64) as usize];
    back.read(0, &mut got)?;
    let mirrored: Vec<u8> = expected.chunks(64).rev().flatten().copied().collect();
    ensure!(got == mirrored, "pieces are not where they belong");
    Ok(())
}

/// The MSI-X vector reaches the driver. A wait may find its completion before the interrupt, which
/// then counts for the next one or comes too late to be counted, but that is the exception.
pub fn interrupts_arrive() -> Outcome {
    let mut card = open_card()?;
    ensure!(matches!(Options::default().wait, Wait::Interrupt), "the driver does not wait by interrupts");
    let before = interrupts()?;
    let rounds = 20;
    for _ in 0..rounds {
        card.run(Command::nop())?;
    }
    let seen = interrupts()? - before;
    println!("{seen} interrupts for {rounds} commands");
    ensure!(seen >= rounds / 2, "{seen} interrupts for {rounds} commands");
    Ok(())
}

/// How often the kernel has seen an interrupt of a device in user space.
fn interrupts() -> Result<u64, Box<dyn std::error::Error>> {
    let text = fs::read_to_string("/proc/interrupts")?;
    let line = text.lines().find(|line| line.contains("vfio-msix")).ok_or("no vfio-msix in /proc/interrupts")?;
    let count = line.split_whitespace().nth(1).ok_or("no count in /proc/interrupts")?;
    Ok(count.parse()?)
}
