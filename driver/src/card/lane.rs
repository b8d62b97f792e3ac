//! A queue as the card's driver keeps it, and starting one anew.

use super::Card;
use super::bring_up::{PAUSE, RESET_CYCLES};
use crate::error::Error;
use crate::queue::{QueuePair, Watch};
use gristmill_abi::registers as reg;
use std::time::Instant;

/// A queue, and what is known of its progress.
pub(super) struct Lane {
    pub(super) queue: QueuePair,
    /// The watch over its oldest command.
    pub(super) watch: Option<Watch>,
    /// When the driver last saw a completion of it, looked at the card for it, or began to have
    /// something in flight there.
    pub(super) looked: Instant,
    /// Completions were taken since the last look.
    pub(super) news: bool,
}

impl Lane {
    pub(super) fn new(queue: QueuePair) -> Self {
        Lane { queue, watch: None, looked: Instant::now(), news: false }
    }
}

impl Card {
    /// Starts one queue anew while the others go on.
    pub(super) fn restart(&mut self, index: usize) -> Result<(), Error> {
        let device = self.name().to_owned();
        if self.info.version < (1, 1) {
            let what = "restarting one queue (its interface is older than 1.1)".into();
            return Err(Error::NotOffered { device, what });
        }
        let (lane, transport) = (&self.lanes[index], &mut *self.transport);
        transport.write32(lane.queue.register(reg::Q_ENABLE), 0)?;
        // Its command may run on, and reads and writes memory until it ends.
        let status = lane.queue.register(reg::Q_STATUS);
        let budget = self.lanes.iter().map(|lane| lane.queue.largest_budget()).fold(RESET_CYCLES, u64::saturating_add);
        let mut watch: Option<Watch> = None;
        while transport.read32(status)? & reg::Q_STATUS_BUSY != 0 {
            match &mut watch {
                Some(watch) => watch.check(transport, &self.options.limits, 0)?,
                None => watch = Some(Watch::start(transport, "the last command of a queue", budget)?),
            }
            transport.wait_interrupt(PAUSE)?;
        }
        let epoch = transport.read32(reg::EPOCH)?;
        let lane = &mut self.lanes[index];
        lane.queue.start(transport, epoch)?;
        (lane.watch, lane.looked) = (None, Instant::now());
        // Its error may pend still, and an interrupt was perhaps consumed here.
        self.armed = false;
        tracing::debug!(device, queue = index, "queue restarted");
        Ok(())
    }
}
