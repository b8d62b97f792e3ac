//! From a PCI function to a running queue, and back after a fault.

use super::{Card, identify};
use crate::error::Error;
use crate::queue::Watch;
use crate::transport::Transport;
use gristmill_abi::registers as reg;
use std::time::Duration;

/// Offset of the command register in configuration space.
const PCI_COMMAND: u16 = 4;
/// Command register: memory accesses are answered.
const MEMORY: u16 = 1 << 1;
/// Command register: the function may do DMA and send interrupts.
const BUS_MASTER: u16 = 1 << 2;
/// How long to leave the card alone between two looks at its status. Simulators in this process
/// run their clock meanwhile.
pub(super) const PAUSE: Duration = Duration::from_micros(200);
/// Cycles for initialising memories after a reset, at least.
pub(super) const RESET_CYCLES: u64 = 1 << 20;

/// Switches memory accesses and bus mastering of the function on or off.
pub(super) fn command_register(transport: &mut dyn Transport, on: bool) -> Result<(), Error> {
    let mut bytes = [0; 2];
    transport.config_read(PCI_COMMAND, &mut bytes)?;
    let old = u16::from_le_bytes(bytes);
    if old == u16::MAX {
        return Err(Error::Gone { device: transport.name().into() });
    }
    let new = if on { old | MEMORY | BUS_MASTER } else { old & !BUS_MASTER };
    Ok(transport.config_write(PCI_COMMAND, &new.to_le_bytes())?)
}

/// Whether the function may do DMA.
pub(super) fn is_bus_master(transport: &mut dyn Transport) -> Result<bool, Error> {
    let mut bytes = [0; 2];
    transport.config_read(PCI_COMMAND, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes) & BUS_MASTER != 0)
}

impl Card {
    /// Resets the card through its own register and waits until it is ready. Afterwards it has
    /// ended all its bursts and nothing is in flight.
    fn reset_by_register(&mut self) -> Result<(), Error> {
        let transport = &mut *self.transport;
        let before = transport.read32(reg::EPOCH)?;
        transport.write32(reg::CONTROL, reg::CONTROL_RESET)?;
        self.await_ready()?;
        if self.transport.read32(reg::EPOCH)? == before {
            let problem = format!("its epoch stayed {before}");
            return Err(Error::ResetFailed { device: self.transport.name().into(), problem });
        }
        Ok(())
    }

    fn await_ready(&mut self) -> Result<(), Error> {
        let transport = &mut *self.transport;
        let budget = RESET_CYCLES.max(self.info.clock_hz.into());
        let mut watch: Option<Watch> = None;
        loop {
            let status = transport.read32(reg::STATUS)?;
            if status & (reg::STATUS_READY | reg::STATUS_RESETTING) == reg::STATUS_READY {
                return Ok(());
            }
            match &mut watch {
                Some(watch) => watch.check(transport, &self.options.limits, 0)?,
                None => watch = Some(Watch::start(transport, "a reset", budget)?),
            }
            transport.wait_interrupt(PAUSE)?;
        }
    }

    /// Programs the queues and lets the card run.
    fn start(&mut self) -> Result<(), Error> {
        let all = self.interrupts();
        let transport = &mut *self.transport;
        let epoch = transport.read32(reg::EPOCH)?;
        for lane in &mut self.lanes {
            lane.queue.start(transport, epoch)?;
            lane.watch = None;
        }
        transport.enable_interrupt()?;
        transport.write32(reg::IRQ_PENDING, all)?;
        transport.write32(reg::IRQ_ENABLE, self.options.wait.interrupts(all))?;
        transport.write32(reg::CONTROL, reg::CONTROL_RUN)?;
        self.armed = true;
        Ok(())
    }

    /// After a function reset the queue is off. A card that still has it on was not reset, and may
    /// write to memory that the driver is about to lend anew.
    fn check_stopped(&mut self) -> Result<(), Error> {
        let running = self.transport.read32(reg::CONTROL)? & reg::CONTROL_RUN != 0;
        if running || self.transport.read32(reg::Q_ENABLE)? != 0 {
            let problem = "its queue runs on after a reset of the function".to_owned();
            return Err(Error::ResetFailed { device: self.transport.name().into(), problem });
        }
        Ok(())
    }

    pub(super) fn bring_up(&mut self) -> Result<(), Error> {
        if let Err(error) = self.reset_by_register() {
            if error.is_gone() && !matches!(error, Error::ResetFailed { .. }) {
                return Err(error);
            }
            tracing::warn!(device = self.name(), %error, "the card's own reset failed, resetting the PCI function");
            self.transport.reset()?;
            command_register(&mut *self.transport, true)?;
            identify(&mut *self.transport)?;
            self.await_ready()?;
            self.check_stopped()?;
        }
        self.start()
    }

    /// Resets the card and starts it anew. Commands in flight are lost ([`Error::Stale`]), card
    /// memory keeps its contents, counters and capabilities stay. If the card's own reset fails,
    /// the PCI function is reset.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.bring_up()
    }

    /// Quietens the card: no DMA after this, as far as it still obeys.
    pub(super) fn quiesce(&mut self) {
        let stopped = self.reset_by_register();
        let off = command_register(&mut *self.transport, false);
        if let Err(error) = stopped.and(off) {
            tracing::debug!(device = self.name(), %error, "closing the card");
        }
        self.pool.unmap_all(&mut *self.transport);
    }
}
