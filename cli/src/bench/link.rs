//! `gristmill bench link`: what the way to a card costs, without engines. Register accesses, empty
//! commands, copies; for each the median and the 99th percentile of many samples.

use super::sample::{Times, times};
use crate::args::Bench;
use crate::error::CliError;
use crate::picture::{duration, grouped};
use crate::{open, output};
use gristmill::Wait;
use gristmill_abi::layout::WORD_BYTES;
use gristmill_abi::registers as reg;
use gristmill_driver::{Card, Command, DmaBuffer, Error as DriverError};
use serde::Serialize;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

/// Sizes of copies in KiB, as far as card memory and DMA memory have room for one.
const COPIES: [u64; 6] = [4, 64, 1 << 10, 16 << 10, 32 << 10, 64 << 10];
/// A copy that would take longer than this is left out.
const LONGEST: Duration = Duration::from_secs(5);
/// Posted writes in a row: the first number, or the second where a thousand would take too long.
const POSTED: [u32; 2] = [1000, 10];
/// Commands in a batch.
const BATCH: u64 = 64;

/// All figures.
#[derive(Serialize)]
struct Figures {
    op: &'static str,
    device: String,
    card_mem_bytes: u64,
    /// DMA memory that was mapped for the largest copy, and how much of it lies in huge pages.
    dma_bytes: u64,
    dma_huge_bytes: u64,
    figures: Vec<Figure>,
    /// What was left out, and why.
    skipped: Vec<String>,
}

/// One of them.
#[derive(Serialize)]
struct Figure {
    what: String,
    samples: usize,
    median_us: f64,
    p99_us: f64,
    /// Of the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_per_second: Option<f64>,
}

/// Runs the command.
pub fn run(args: &Bench) -> Result<(), CliError> {
    let options = open::options(&args.device, &args.waves)?;
    let transport = gristmill::device::transport(&args.device.device, &options)?;
    let driver_options = gristmill_driver::Options { wait: options.wait, ..gristmill_driver::Options::default() };
    let card = Card::open_with(transport, driver_options)?;
    let span = Duration::from_secs_f64(args.seconds);
    let mut bench = LinkBench { card, span, figures: vec![], skipped: vec![], dma: (0, 0) };
    bench.registers()?;
    bench.commands()?;
    bench.copies(options.wait)?;
    let figures = Figures {
        op: "link",
        device: bench.card.name().to_owned(),
        card_mem_bytes: bench.card.info().card_mem_bytes,
        dma_bytes: bench.dma.0,
        dma_huge_bytes: bench.dma.1,
        figures: bench.figures,
        skipped: bench.skipped,
    };
    match args.json {
        true => output::line(serde_json::json!(figures)),
        false => output::print(&text(&figures)),
    }
}

struct LinkBench {
    card: Card,
    span: Duration,
    figures: Vec<Figure>,
    skipped: Vec<String>,
    /// Most DMA memory that was mapped, and how much of it in huge pages.
    dma: (u64, u64),
}

impl LinkBench {
    /// Samples `f`, which moves `bytes` if they are a number to show.
    fn add(
        &mut self,
        what: String,
        bytes: Option<u64>,
        mut f: impl FnMut(&mut Card) -> Result<(), CliError>,
    ) -> Result<Times, CliError> {
        let times = times(self.span, || f(&mut self.card))?;
        let micros = |d: Duration| d.as_secs_f64() * 1e6;
        self.figures.push(Figure {
            what,
            samples: times.samples,
            median_us: micros(times.median),
            p99_us: micros(times.p99),
            bytes_per_second: bytes.map(|b| b as f64 / times.median.as_secs_f64().max(1e-9)),
        });
        Ok(times)
    }

    fn registers(&mut self) -> Result<(), CliError> {
        let failed = |e| CliError::Driver(DriverError::Transport(e));
        self.add("register read".into(), None, |card| {
            black_box(card.transport().read32(reg::SCRATCH).map_err(failed)?);
            Ok(())
        })?;
        let write =
            self.add("register write".into(), None, |card| card.transport().write32(reg::SCRATCH, 1).map_err(failed))?;
        // Doorbells; the flush keeps them from piling up, and shows what a thousand cost.
        let posted = POSTED[usize::from(write.median * POSTED[0] > LONGEST / 10)];
        self.add(format!("{} posted register writes and a read", grouped(posted.into())), None, |card| {
            let transport = card.transport();
            (0..posted).try_for_each(|i| transport.post32(reg::SCRATCH, i)).map_err(failed)?;
            transport.flush().map_err(failed)
        })?;
        self.card.transport().write32(reg::SCRATCH, 0).map_err(failed)
    }

    fn commands(&mut self) -> Result<(), CliError> {
        let before = self.card.wait_mode();
        for (wait, how) in [(Wait::Interrupt, "interrupt"), (Wait::BUSY, "polling")] {
            self.card.set_wait_mode(wait)?;
            self.add(format!("empty command, {how}"), None, |card| {
                card.run(Command::nop())?;
                Ok(())
            })?;
            self.add(format!("{BATCH} empty commands with one doorbell, {how}"), None, |card| {
                for ticket in card.submit_all((0..BATCH).map(|_| Command::nop()))? {
                    card.wait(ticket)?;
                }
                Ok(())
            })?;
        }
        Ok(self.card.set_wait_mode(before)?)
    }

    fn copies(&mut self, wait: Wait) -> Result<(), CliError> {
        if !self.card.info().copy {
            self.skipped.push("copies: the card does not offer them".into());
            return Ok(());
        }
        // A card without memory of its own copies from host memory to host memory.
        let within_host = self.card.info().card_mem_bytes == 0;
        let mut last = None;
        for kib in COPIES {
            let (bytes, name) = (kib << 10, size_name(kib));
            if !within_host && bytes > self.card.info().card_mem_bytes {
                self.skipped.push(format!("copies of {name}: card memory is smaller"));
                break;
            }
            // By what the size before took.
            if last.is_some_and(|(before, time): (u64, Duration)| time.mul_f64(bytes as f64 / before as f64) > LONGEST)
            {
                self.skipped.push(format!("copies of {name}: one would take more than {LONGEST:?}"));
                break;
            }
            let buffer = match self.card.allocate(bytes) {
                Ok(buffer) => buffer,
                Err(error) => {
                    self.skipped.push(format!("copies of {name}: {error}"));
                    break;
                }
            };
            self.dma = self.card.mapped();
            let time = if within_host {
                self.copy_within_host(buffer, bytes, &name, wait)?
            } else {
                self.copy(buffer, bytes, &name, wait)?
            };
            last = Some((bytes, time));
            // Each size is mapped anew, so that together they need no more than the largest.
            self.card.trim()?;
        }
        Ok(())
    }

    /// Copies from host memory through the card to host memory, timed; then looks whether all arrived.
    fn copy_within_host(
        &mut self,
        mut source: DmaBuffer,
        bytes: u64,
        name: &str,
        wait: Wait,
    ) -> Result<Duration, CliError> {
        let data = pattern(bytes);
        source.write(0, &data).map_err(DriverError::from)?;
        let target = self.card.allocate(bytes)?;
        self.dma = self.card.mapped();
        let count = (bytes / WORD_BYTES as u64) as u32;
        let time = self.add(format!("copy {name} within host memory, {}", how(wait)), Some(bytes), |card| {
            card.run(Command::copy(source.whole(), target.whole(), count))?;
            Ok(())
        })?;
        let mut back = vec![0; bytes as usize];
        target.read(0, &mut back).map_err(DriverError::from)?;
        if back != data {
            return Err(CliError::Corrupt { device: self.card.name().to_owned(), bytes });
        }
        Ok(time.median)
    }

    /// Copies there and back, timed; then once more, and looks whether all came back.
    fn copy(&mut self, mut buffer: DmaBuffer, bytes: u64, name: &str, wait: Wait) -> Result<Duration, CliError> {
        let (how, data) = (how(wait), pattern(bytes));
        buffer.write(0, &data).map_err(DriverError::from)?;
        let there = self.add(format!("copy {name} to the card, {how}"), Some(bytes), |card| {
            card.run(Command::copy_to_card(buffer.whole(), 0))?;
            Ok(())
        })?;
        self.add(format!("copy {name} from the card, {how}"), Some(bytes), |card| {
            card.run(Command::copy_from_card(0, buffer.whole()))?;
            Ok(())
        })?;
        buffer.write(0, &data).map_err(DriverError::from)?;
        self.card.run(Command::copy_to_card(buffer.whole(), 0))?;
        buffer.scrub();
        // In halves, so that what a card does to a certain word of every copy does not cancel out.
        for half in [0, bytes / 2] {
            let part = buffer.slice(half, bytes / 2).map_err(DriverError::from)?;
            self.card.run(Command::copy_from_card(half, part))?;
        }
        let mut back = vec![0; bytes as usize];
        buffer.read(0, &mut back).map_err(DriverError::from)?;
        if back != data {
            return Err(CliError::Corrupt { device: self.card.name().to_owned(), bytes });
        }
        Ok(there.median)
    }
}

fn how(wait: Wait) -> &'static str {
    if wait == Wait::Interrupt { "interrupt" } else { "polling" }
}

fn pattern(bytes: u64) -> Vec<u8> {
    (0..bytes).map(|i| (i ^ i >> 8 ^ i >> 16).wrapping_mul(0x9d) as u8).collect()
}

/// Bytes a second, of a slot or of a serial line.
fn rate_name(rate: f64) -> String {
    if rate < 1e7 { format!("{:.1} kB/s", rate / 1e3) } else { format!("{:.2} GB/s", rate / 1e9) }
}

fn size_name(kib: u64) -> String {
    if kib < 1 << 10 { format!("{kib} KiB") } else { format!("{} MiB", kib >> 10) }
}

fn text(f: &Figures) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "link of {} (card memory {} bytes)", f.device, grouped(f.card_mem_bytes));
    let width = f.figures.iter().map(|f| f.what.len()).max().unwrap_or(0);
    let _ = writeln!(out, "  {:width$}  {:>10}  {:>10}  {:>8}", "", "median", "99 %", "samples");
    for f in &f.figures {
        let (median, p99) = (duration(f.median_us / 1e6), duration(f.p99_us / 1e6));
        let _ = write!(out, "  {:width$}  {median:>10}  {p99:>10}  {:>8}", f.what, grouped(f.samples as u64));
        let _ = match f.bytes_per_second {
            Some(rate) => writeln!(out, "  {}", rate_name(rate)),
            None => writeln!(out),
        };
    }
    let (mapped, huge) = (grouped(f.dma_bytes), grouped(f.dma_huge_bytes));
    let _ = writeln!(out, "  DMA memory: {mapped} bytes mapped, {huge} of them in huge pages");
    for reason in &f.skipped {
        let _ = writeln!(out, "  not measured: {reason}");
    }
    out
}
