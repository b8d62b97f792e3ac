//! DMA memory and its windows.

use super::jobs::{keep_busy, round_trip};
use super::{Outcome, ensure, open_card};
use crate::system::write;
use gristmill_abi::completion::Status;
use gristmill_driver::dma::DmaError;
use gristmill_driver::{Command, Error, Place};
use std::fs;

const HUGE_PAGES: &str = "/proc/sys/vm/nr_hugepages";

/// Without huge pages in the system, memory is mapped in small ones, and copies arrive.
pub fn without_huge_pages() -> Outcome {
    write(HUGE_PAGES, "0")?;
    let mut card = open_card()?;
    let _buffer = card.allocate(3 << 20)?;
    let (all, huge) = card.mapped();
    println!("{all} bytes mapped, {huge} of them in huge pages");
    ensure!(huge == 0 && all > 3 << 20, "{huge} of {all} bytes are in huge pages");
    round_trip(&mut card, 40960, 0, 4)
}

/// With huge pages in the system, memory lies in them.
pub fn with_huge_pages() -> Outcome {
    write(HUGE_PAGES, "8")?;
    let there = fs::read_to_string(HUGE_PAGES)?;
    ensure!(there.trim() == "8", "the kernel has {there:?} huge pages instead of 8");
    let mut card = open_card()?;
    let _buffer = card.allocate(3 << 20)?;
    let (all, huge) = card.mapped();
    println!("{all} bytes mapped, {huge} of them in huge pages");
    ensure!(huge == all && all > 3 << 20, "only {huge} of {all} bytes are in huge pages");
    round_trip(&mut card, 40960, 0, 5)?;
    drop(card);
    Ok(write(HUGE_PAGES, "0")?)
}

/// Accesses outside the windows fault, with the right status each; the card goes on.
pub fn outside_the_windows() -> Outcome {
    let mut card = open_card()?;
    let buffer = card.allocate(4096)?;
    // Far from everything that is mapped, and inside what the IOMMU translates.
    let hole = Place::Iova(0x70_0000_0000);
    let status = |result| match result {
        Err(Error::Command { status, .. }) => Ok(status),
        Err(error) => Err(format!("another error: {error}")),
        Ok(done) => Err(format!("no error: {done:?}")),
    };
    let read = status(card.run(Command::copy(hole.clone(), Place::Card(0), 4)))?;
    ensure!(read == Status::HostReadFault, "reading a hole: {read:?}");
    let written = status(card.run(Command::copy(Place::Card(0), hole.clone(), 4)))?;
    ensure!(written == Status::HostWriteFault, "writing a hole: {written:?}");
    // The first half inside, the second past the window's end.
    let (whole, _) = card.mapped();
    let end = Place::Iova(buffer.iova() - buffer.iova() % (2 << 20) + whole - 64);
    card.run(Command::copy(end.clone(), Place::Card(0), 2))?;
    let crossing = status(card.run(Command::copy(end, Place::Card(0), 4)))?;
    ensure!(crossing == Status::HostReadFault, "reading across the end: {crossing:?}");
    // An address that was mapped, and is no more.
    let far = card.allocate(4 << 20)?;
    let gone = Place::Iova(far.iova());
    card.run(Command::copy(gone.clone(), Place::Card(0), 4))?;
    card.unmap(far)?;
    let unmapped = status(card.run(Command::copy(gone, Place::Card(0), 4)))?;
    ensure!(unmapped == Status::HostReadFault, "reading what was unmapped: {unmapped:?}");
    round_trip(&mut card, 4096, 0, 6)
}

/// A buffer that a command in flight names is not unmapped; when the command has ended it is.
pub fn unmapping_in_flight() -> Outcome {
    let mut card = open_card()?;
    let (tickets, scalars) = keep_busy(&mut card, 1)?;
    let kept = card.unmap(scalars).err().ok_or("the card's own input was unmapped")?;
    println!("{kept}");
    let DmaError::InFlight { .. } = kept.source else { return Err(format!("another error: {}", kept.source).into()) };
    for ticket in tickets {
        card.wait(ticket)?;
    }
    let (before, iova) = (card.mapped().0, kept.buffer.iova());
    let unmapped = card.unmap(kept.buffer)?;
    card.trim()?;
    println!("{before} bytes were mapped, {unmapped} were unmapped at {iova:#x}");
    round_trip(&mut card, 4096, 0, 11)
}
