//! A check-up: what an operator wants to know of a card that is open.

use super::{Card, Command, bring_up};
use crate::error::Error;
use gristmill_abi::{CARD_ID, registers as reg};
use std::time::Instant;

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was found.
    pub value: String,
    /// What to do if it is not good.
    pub way_out: &'static str,
}

/// The findings of a check-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doctor {
    /// In the order in which they were made.
    pub findings: Vec<Finding>,
}

impl Doctor {
    /// Whether all is well.
    pub fn healthy(&self) -> bool {
        self.findings.iter().all(|f| f.good)
    }

    fn add(&mut self, name: &'static str, good: bool, value: String, way_out: &'static str) {
        self.findings.push(Finding { name, good, value, way_out });
    }
}

impl Card {
    /// Examines the card: identity, configuration space, registers, clock, DMA memory, and an
    /// empty command through each queue in use. Nothing may be in flight that must not wait.
    pub fn doctor(&mut self) -> Result<Doctor, Error> {
        let mut d = Doctor::default();
        let transport = &mut *self.transport;
        let mut ids = [0; 4];
        transport.config_read(0, &mut ids)?;
        let (vendor, device) = (u16::from_le_bytes([ids[0], ids[1]]), u16::from_le_bytes([ids[2], ids[3]]));
        d.add("pci", vendor != u16::MAX, format!("{vendor:04x}:{device:04x}"), "check the link");
        let master = bring_up::is_bus_master(transport)?;
        d.add("bus master", master, if master { "on" } else { "off" }.into(), "open the card again");
        let id = transport.read32(reg::ID)?;
        d.add("id", id == CARD_ID, format!("{id:#010x}"), "check that the card is programmed");
        let patterns = [0x5555_5555u32, 0xaaaa_aaaa, 0x0000_0001, 0x8000_0000, 0];
        let mut echoed = true;
        for pattern in patterns {
            transport.write32(reg::SCRATCH, pattern)?;
            echoed &= transport.read32(reg::SCRATCH)? == pattern;
        }
        let value = if echoed { "echoes" } else { "does not echo" };
        d.add("registers", echoed, value.into(), "reseat the card; its link corrupts data");
        let status = transport.read32(reg::STATUS)?;
        let stopped = status & reg::STATUS_QUEUE_ERROR != 0;
        d.add("status", status & reg::STATUS_READY != 0 && !stopped, format!("{status:#x}"), "reset the card");
        let ranges: Vec<String> = transport.iova_ranges().iter().map(ToString::to_string).collect();
        d.add("i/o addresses", !ranges.is_empty(), ranges.join(", "), "switch the IOMMU on");
        let (mapped, huge) = self.mapped();
        let value = format!("{mapped} bytes mapped, {huge} of them in huge pages");
        d.add("dma memory", mapped > 0, value, "raise the limits of locked memory");
        let (before, start) = (self.cycles()?, Instant::now());
        for index in 0..self.queues() {
            let done = self.queue(index)?.run(Command::nop());
            let (value, good) = match &done {
                Ok(done) => (format!("{} cycles, {:?} with the doorbell", done.cycles, start.elapsed()), true),
                Err(error) => (error.to_string(), false),
            };
            d.add("queue", good, value, "reset the card");
        }
        let went = self.cycles()?.wrapping_sub(before);
        let value = format!("{went} cycles since the queue's test, {} Hz", self.clock_hz()?);
        d.add("clock", went > 0, value, "check the card's clock");
        Ok(d)
    }
}
