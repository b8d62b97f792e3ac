//! The shell around the RTL: what a board gives the card. An AXI4-Lite master for register
//! accesses, host memory behind the IOMMU and card memory as AXI4 slaves, the reset pin, the
//! interrupt, and the clock, which runs only while something is pending.

mod axi;
mod clock;
mod monitor;
mod ports;

pub use axi::{BURST_BEATS, Timing};

use crate::bus::{Bus, Core};
use crate::engine::{Engine, Inputs, Outputs, Waves};
use crate::error::SimError;
use crate::memory::CardMemory;
use crate::options::Options;
use axi::{AxiSlave, PinGroups};
use clock::Rate;
use gristmill_abi::registers as reg;
use monitor::Monitor;
use ports::{CardPort, HostPort};

/// A register access that has not ended after so many cycles reads as all ones.
const ACCESS_PATIENCE: u64 = 10_000;
/// Cycles that the clock runs on after a register write, for the card to raise `busy`.
const GRACE: u32 = 8;
/// Cycles that a reset lasts at least, and that the buses must have been quiet at its end.
const RESET_CYCLES: u32 = 16;
/// Cycles after which a reset gives up waiting for the buses.
const RESET_PATIENCE: u32 = 100_000;

/// The RTL card with its shell.
pub struct RtlCard {
    engine: Box<dyn Engine>,
    inputs: Inputs,
    outputs: Outputs,
    host: AxiSlave,
    card: AxiSlave,
    memory: CardMemory,
    monitor: Monitor,
    rate: Rate,
    cycle: u64,
    grace: u32,
    interrupts: u64,
    waves: Option<Waves>,
    waves_open: bool,
    failure: Option<String>,
}

impl RtlCard {
    /// Powers up the card: runs until its memories are initialised.
    pub fn new(
        engine: Box<dyn Engine>,
        memory: CardMemory,
        options: &Options,
        bus: &mut Bus,
    ) -> Result<Self, SimError> {
        let outputs = engine.outputs();
        let mut this = RtlCard {
            inputs: Inputs { card_mem_bytes: memory.len(), ..Inputs::default() },
            engine,
            outputs,
            host: AxiSlave::new(options.host_timing),
            card: AxiSlave::new(options.card_timing),
            memory,
            monitor: Monitor::new(options.config.msm_result_words().into()),
            rate: Rate::default(),
            cycle: 0,
            grace: GRACE,
            interrupts: 0,
            waves: options.waves.clone(),
            waves_open: false,
            failure: None,
        };
        this.inputs.clock_hz = this.rate.hz().into();
        // Initialisation is work like any other, and the first measure of the clock.
        while this.pending() {
            this.run(1 << 16, bus);
        }
        this.failure.take().map_or(Ok(this), |e| Err(SimError::Engine(e)))
    }

    /// One clock cycle.
    fn tick(&mut self, bus: &mut Bus) {
        self.waves_at_cycle();
        self.host.drive_host(&mut self.inputs);
        self.card.drive_card(&mut self.inputs);
        let before = self.outputs;
        match self.engine.step(&self.inputs) {
            Ok(outputs) => self.outputs = outputs,
            Err(e) => return self.fail(&e),
        }
        // The handshakes of the edge that has just passed: pins as they stood before it.
        let mut host = HostPort { bus, card: &mut self.memory, monitor: &mut self.monitor };
        self.host.edge(&before.host_pins(), &mut host);
        self.card.edge(&before.card_pins(), &mut CardPort { memory: &mut self.memory });
        self.cycle += 1;
        self.interrupts += u64::from(self.outputs.irq && !before.irq);
    }

    /// The simulation itself is broken: from now on the card is as if gone.
    fn fail(&mut self, error: &SimError) {
        tracing::error!(%error, cycle = self.cycle, "the simulation failed");
        self.failure.get_or_insert(error.to_string());
    }

    fn waves_at_cycle(&mut self) {
        let Some(waves) = &self.waves else { return };
        let result = if !self.waves_open && (waves.from..waves.to).contains(&self.cycle) {
            self.waves_open = true;
            self.engine.open_waves(&waves.file, self.cycle)
        } else if self.waves_open && self.cycle >= waves.to {
            self.waves = None;
            self.engine.close_waves()
        } else {
            return;
        };
        if let Err(error) = result {
            tracing::error!(%error, "no more waveforms");
            self.waves = None;
        }
    }

    /// Ticks until `done`, at most [`ACCESS_PATIENCE`] times.
    fn tick_until(&mut self, bus: &mut Bus, mut done: impl FnMut(&mut Self, &Outputs) -> bool) -> bool {
        for _ in 0..ACCESS_PATIENCE {
            let before = self.outputs;
            self.tick(bus);
            if self.failure.is_some() {
                return false;
            }
            if done(self, &before) {
                return true;
            }
        }
        tracing::error!(cycle = self.cycle, "a register access did not end");
        false
    }

    fn bus_is_quiet(&self) -> bool {
        let o = &self.outputs;
        let asks = o.h_arvalid || o.h_awvalid || o.h_wvalid || o.c_arvalid || o.c_awvalid || o.c_wvalid;
        !asks && self.host.is_idle() && self.card.is_idle()
    }
}

impl Core for RtlCard {
    fn read32(&mut self, offset: u16, bus: &mut Bus) -> u32 {
        if self.failure.is_some() {
            return u32::MAX;
        }
        self.inputs.s_araddr = offset.into();
        self.inputs.s_arvalid = true;
        self.inputs.s_rready = true;
        let mut value = u32::MAX;
        let answered = self.tick_until(bus, |this, before| {
            this.inputs.s_arvalid &= !before.s_arready;
            value = before.s_rdata as u32;
            before.s_rvalid
        });
        self.inputs.s_arvalid = false;
        self.inputs.s_rready = false;
        if answered { value } else { u32::MAX }
    }

    fn write32(&mut self, offset: u16, value: u32, strobes: u8, bus: &mut Bus) {
        if self.failure.is_some() {
            return;
        }
        if offset == reg::CONTROL && strobes == 0xf && value & reg::CONTROL_RESET != 0 {
            // An injected hang ends with a reset, or the card could never drain its buses.
            self.monitor.reset();
            self.host.release();
        }
        self.monitor.register_written(offset, value, strobes);
        self.inputs.s_awaddr = offset.into();
        self.inputs.s_wdata = value.into();
        self.inputs.s_wstrb = strobes.into();
        (self.inputs.s_awvalid, self.inputs.s_wvalid, self.inputs.s_bready) = (true, true, true);
        self.tick_until(bus, |this, before| {
            this.inputs.s_awvalid &= !before.s_awready;
            this.inputs.s_wvalid &= !before.s_wready;
            before.s_bvalid
        });
        (self.inputs.s_awvalid, self.inputs.s_wvalid, self.inputs.s_bready) = (false, false, false);
        self.grace = GRACE;
    }

    fn run(&mut self, cycles: u64, bus: &mut Bus) -> u64 {
        let (start, risen) = (self.cycle, self.interrupts);
        self.rate.begin();
        while self.cycle - start < cycles && self.pending() && self.interrupts == risen && !bus.injector.is_dead() {
            self.grace = if self.outputs.busy { GRACE } else { self.grace.saturating_sub(1) };
            self.tick(bus);
        }
        let passed = self.cycle - start;
        self.rate.end(passed);
        self.inputs.clock_hz = self.rate.hz().into();
        passed
    }

    fn pending(&self) -> bool {
        self.failure.is_none() && (self.outputs.busy || self.grace > 0 || !self.host.is_idle() || !self.card.is_idle())
    }

    fn interrupts(&self) -> u64 {
        self.interrupts
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.monitor.reset();
        self.host.release();
        self.inputs.reset = true;
        let (mut quiet, mut cycles) = (0, 0);
        while quiet < RESET_CYCLES && self.failure.is_none() {
            self.tick(bus);
            quiet = if self.bus_is_quiet() { quiet + 1 } else { 0 };
            cycles += 1;
            if cycles == RESET_PATIENCE {
                tracing::error!("the card does not drain its buses in reset");
                break;
            }
        }
        self.inputs.reset = false;
        self.grace = GRACE;
    }

    fn scrub(&mut self) {
        self.memory.scrub();
    }

    fn cycles(&self) -> u64 {
        self.cycle
    }

    fn clock_hz(&self) -> u32 {
        self.rate.hz()
    }

    fn memory(&mut self) -> &mut CardMemory {
        &mut self.memory
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn engine(&self) -> Option<&dyn Engine> {
        Some(&*self.engine)
    }
}

impl Drop for RtlCard {
    fn drop(&mut self) {
        if self.waves_open
            && let Err(error) = self.engine.close_waves()
        {
            tracing::error!(%error, "waveform not finished");
        }
    }
}
