//! The transport itself over the kernel's VFIO: what holds while a card is open, and after.

use super::missing::first;
use super::{Outcome, card, ensure};
use crate::system;
use gristmill_abi::{CARD_ID, registers as reg};
use gristmill_driver::dma::{DmaError, DmaPool};
use gristmill_driver::transport::vfio::Vfio;
use gristmill_driver::transport::{IovaRange, Transport, TransportError, WindowError};
use gristmill_driver::{AsyncCard, Card, Command, open};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many mappings a container may have; newly opened ones take it from here.
const LIMIT: &str = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
/// Bit 1: registers answer. Bit 2: bus mastering.
const MEMORY_AND_MASTER: u16 = 6;

/// The command register, as the kernel reads it from the device.
fn command_register(card: &str) -> Result<u16, Box<dyn Error>> {
    let config = fs::read(system::function_file(card, "config"))?;
    Ok(u16::from_le_bytes([config[4], config[5]]))
}

/// Interrupts of the card that this machine has counted.
fn interrupts(card: &str) -> Result<u64, Box<dyn Error>> {
    let table = fs::read_to_string("/proc/interrupts")?;
    let line = table.lines().find(|l| l.contains("vfio-msix") && l.contains(card)).ok_or("no such interrupt")?;
    Ok(line.split_whitespace().skip(1).map_while(|word| word.parse::<u64>().ok()).sum())
}

/// The window error in the driver's.
fn window(error: DmaError) -> Result<WindowError, Box<dyn Error>> {
    println!("{error}");
    match error {
        DmaError::Transport(TransportError::Window { source, .. }) => Ok(source),
        other => Err(other.into()),
    }
}

/// Memory accesses and bus mastering are on while a card is open, and as before afterwards; a
/// closed card can be opened again and again, so nothing of it stays mapped.
pub fn the_command_register_is_restored() -> Outcome {
    let (address, _) = first()?;
    let before = command_register(&address)?;
    for _ in 0..3 {
        let mut card = Card::open(open(&card()?)?)?;
        let during = command_register(&address)?;
        ensure!(during & MEMORY_AND_MASTER == MEMORY_AND_MASTER, "the command register is {during:#x}");
        card.run(Command::nop())?;
        drop(card);
        let after = command_register(&address)?;
        ensure!(after & MEMORY_AND_MASTER == before & MEMORY_AND_MASTER, "{before:#x} became {after:#x}");
    }
    Ok(())
}

/// With memory accesses off, a register access is an error, not the process' end.
pub fn registers_that_do_not_answer() -> Outcome {
    let mut transport = Vfio::open(first()?.1)?;
    transport.config_write(4, &0u16.to_le_bytes())?;
    for result in [transport.read32(reg::ID).map(drop), transport.write32(reg::SCRATCH, 0)] {
        let Err(TransportError::Invalid { problem, .. }) = result else { return Err(format!("{result:?}").into()) };
        ensure!(problem.contains("memory accesses off"), "{problem}");
    }
    transport.config_write(4, &MEMORY_AND_MASTER.to_le_bytes())?;
    ensure!(transport.read32(reg::ID)? == CARD_ID, "the card does not answer again");
    Ok(())
}

/// Windows that overlap, lie where the IOMMU translates nothing, or are not there, are refused.
pub fn wrong_windows() -> Outcome {
    let mut transport = Vfio::open(first()?.1)?;
    let ranges = transport.iova_ranges().to_vec();
    println!("{}", ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    ensure!(
        ranges.len() >= 2 && !ranges.iter().any(|r| r.first <= 0xfee0_0000 && r.last >= 0xfee0_0000),
        "the addresses of interrupts are offered: {ranges:?}"
    );
    let pool = DmaPool::new(&ranges);
    let buffer = pool.allocate(&mut transport, 4096)?;
    // A second pool does not know of the first.
    let error = window(DmaPool::new(&ranges).allocate(&mut transport, 4096).err().ok_or("an overlap was mapped")?)?;
    ensure!(matches!(error, WindowError::Overlap { .. }), "{error:?}");
    let interrupts = IovaRange { first: 0xfee0_0000, last: 0xfeff_ffff };
    let error = DmaPool::new(&[interrupts]).allocate(&mut transport, 4096).err().ok_or("the interrupts were mapped")?;
    ensure!(matches!(window(error)?, WindowError::OutOfRange { .. }), "not out of range");
    let part = transport.dma_unmap(buffer.iova(), 4096).err().ok_or("a part was unmapped")?;
    ensure!(
        matches!(part, TransportError::Window { source: WindowError::NotMapped { there: Some(_), .. }, .. }),
        "{part:?}"
    );
    drop(buffer);
    pool.trim(&mut transport)?;
    ensure!(pool.mapped() == (0, 0), "{:?} bytes stay mapped", pool.mapped());
    Ok(())
}

/// The kernel's limit of mappings.
pub fn too_many_windows() -> Outcome {
    if !Path::new(LIMIT).exists() {
        println!("SKIPPED: this kernel has no {LIMIT}");
        return Ok(());
    }
    let before = fs::read_to_string(LIMIT)?;
    system::write(LIMIT, "2")?;
    let result = fill();
    system::write(LIMIT, before.trim())?;
    let error = result?;
    ensure!(matches!(error, WindowError::TooMany { windows: 2 }), "{error:?}");
    Ok(())
}

fn fill() -> Result<WindowError, Box<dyn Error>> {
    let mut transport = Vfio::open_by(first()?.1, Some(gristmill_driver::transport::vfio::Way::Group))?;
    let pool = DmaPool::new(transport.iova_ranges());
    let _held = [pool.allocate(&mut transport, 2 << 20)?, pool.allocate(&mut transport, 2 << 20)?];
    window(pool.allocate(&mut transport, 4096).err().ok_or("a third window was mapped")?)
}

/// The kernel resets the function; afterwards the card comes up and its interrupts arrive.
pub fn a_function_reset() -> Outcome {
    let (address, bdf) = first()?;
    let mut transport = Vfio::open(bdf)?;
    transport.enable_interrupt()?;
    transport.reset()?;
    ensure!(transport.read32(reg::ID)? == CARD_ID, "no card after the reset");
    let mut card = Card::open(Box::new(transport))?;
    let before = interrupts(&address)?;
    for _ in 0..10 {
        card.run(Command::nop())?;
    }
    let came = interrupts(&address)? - before;
    println!("10 commands, {came} interrupts");
    ensure!(came > 0, "no interrupt after the reset");
    Ok(())
}

/// Tasks of a tokio runtime wait on the eventfd of the real vector.
pub fn tasks_wait_for_interrupts() -> Outcome {
    let (address, _) = first()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let card = Arc::new(AsyncCard::new(Card::open(open(&card()?)?)?)?);
        let before = interrupts(&address)?;
        for round in 0..4 {
            let tickets = card.submit_all((0..8).map(|_| Command::nop()))?;
            let tasks = tickets.into_iter().map(|ticket| {
                let card = card.clone();
                async move { card.wait(ticket).await.map_err(|e| e.to_string()) }
            });
            for task in tasks {
                let done = tokio::time::timeout(Duration::from_secs(20), task).await;
                done.map_err(|_| format!("round {round} does not end"))??;
            }
        }
        let came = interrupts(&address)? - before;
        println!("32 commands of tasks, {came} interrupts");
        ensure!(came > 0, "no interrupt");
        Ok(())
    })
}

/// The kernel wants an open card back (as when it is unplugged): the driver is told and lets it go.
pub fn the_kernel_wants_it_back() -> Outcome {
    let (address, bdf) = first()?;
    let mut transport = Vfio::open(bdf)?;
    transport.enable_interrupt()?;
    let unbound = {
        let address = address.clone();
        std::thread::spawn(move || system::unbind(&address))
    };
    let started = Instant::now();
    let told = loop {
        match transport.wait_interrupt(Duration::from_secs(20)) {
            Err(error) => break error,
            Ok(true) => {}
            Ok(false) => return Err("nothing was said for 20 s".into()),
        }
    };
    println!("{told}, after {:?}", started.elapsed());
    ensure!(matches!(&told, TransportError::Gone { reason, .. } if reason.contains("wants it back")), "{told:?}");
    for result in
        [transport.read32(reg::ID).map(drop), transport.write32(reg::SCRATCH, 0), transport.enable_interrupt()]
    {
        ensure!(matches!(result, Err(TransportError::Gone { .. })), "it was used afterwards: {result:?}");
    }
    ensure!(!unbound.is_finished(), "the kernel did not wait for us");
    drop(transport);
    unbound.join().map_err(|_| "the thread died")??;
    system::bind(&address, "vfio-pci")?;
    Card::open(open(&card()?)?)?;
    Ok(())
}
