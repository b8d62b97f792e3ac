//! The card on a serial line: the top of a board, but for pins, PLL and reset.

use super::{Bridge, SerialConfig, SerialError};
use crate::card::Card;
use crate::config::CardConfig;
use gristmill_abi::identity::SourceHash;
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Bits of `leds`.
pub mod led {
    /// Blinks with the clock, every 2^25 cycles.
    pub const ALIVE: usize = 0;
    /// The card's memories have been initialised since the last reset.
    pub const READY: usize = 1;
    /// The card works.
    pub const BUSY: usize = 2;
    /// Its interrupt line.
    pub const INTERRUPT: usize = 3;
    /// Bytes come from the host.
    pub const RECEIVED: usize = 4;
    /// The host lets the card reach its memory.
    pub const MASTERING: usize = 5;
    /// A frame was damaged since the last HELLO.
    pub const DAMAGED: usize = 6;
    /// A question of the card waits for the host's answer.
    pub const WAITING: usize = 7;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    now: Bits<25>,
    /// Ticks for which the lamp of received bytes stays on.
    lit: Bits<2>,
    ready: Bit,
}

/// A card without card memory, reached by a UART.
///
/// `reset` resets the card as its own pin does, and the link as RESET does; the design also starts
/// without it. `clock_hz` is a strap: the clock's frequency, for the register of that name.
#[derive(LogicBlock)]
pub struct SerialCard {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub clock_hz: Signal<In, Bits<32>>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    pub leds: Signal<Out, Bits<8>>,
    bridge: Bridge,
    card: Gated<Card>,
    s: DFF<State>,
    now: Signal<Local, Bits<25>>,
    tick: Signal<Local, Bit>,
    one_cycle: Constant<Bits<25>>,
    one_tick: Constant<Bits<2>>,
    two_ticks: Constant<Bits<2>>,
    no_memory: Constant<U<40>>,
    no_data: Constant<U<256>>,
}

ports!(SerialCard { in: reset, clock_hz, rx; out: tx, leds });

impl SerialCard {
    /// The card of a configuration behind a link.
    ///
    /// # Panics
    /// If a configuration is not valid: [`CardConfig::validate`] and [`SerialCard::check`] say why.
    pub fn new(config: &CardConfig, serial: &SerialConfig, fidelity: Fidelity) -> Self {
        Self::with_identity(config, serial, fidelity, SourceHash::NONE)
    }

    /// As [`new`](Self::new), and shows this source hash, see [`Card::with_identity`]. For hardware.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_identity(config: &CardConfig, serial: &SerialConfig, fidelity: Fidelity, source: SourceHash) -> Self {
        Self::refuse(config, serial);
        Self::build(Card::with_identity(config, fidelity, source), serial)
    }

    /// Registers, queue and copies only.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn without_engines(config: &CardConfig, serial: &SerialConfig) -> Self {
        Self::refuse(config, serial);
        Self::build(Card::without_engines(config), serial)
    }

    /// Whether a card of that configuration can stand behind a link.
    ///
    /// # Errors
    /// [`SerialError`]: the link's numbers, or a card with memory of its own.
    pub fn check(config: &CardConfig, serial: &SerialConfig) -> Result<(), SerialError> {
        serial.validate()?;
        match config.card_mem_bytes {
            0 => Ok(()),
            bytes => Err(SerialError::CardMemory { bytes }),
        }
    }

    fn refuse(config: &CardConfig, serial: &SerialConfig) {
        if let Err(e) = Self::check(config, serial) {
            panic!("{e}");
        }
    }

    fn build(card: Card, serial: &SerialConfig) -> Self {
        let mut this = Self {
            clock: Default::default(),
            reset: Default::default(),
            clock_hz: Default::default(),
            rx: Default::default(),
            tx: Default::default(),
            leds: Default::default(),
            bridge: Bridge::new(serial),
            card: Gated::new(card),
            s: Default::default(),
            now: Default::default(),
            tick: Default::default(),
            one_cycle: Constant::new(1.into()),
            one_tick: Constant::new(1.into()),
            two_ticks: Constant::new(2.into()),
            no_memory: Constant::new(0.into()),
            no_data: Constant::new(0.into()),
        };
        this.connect_all();
        this
    }
}

impl Logic for SerialCard {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, bridge, card);
        self.bridge.reset.next = self.reset.val();
        self.bridge.rx.next = self.rx.val();
        self.tx.next = self.bridge.tx.val();

        // Registers.
        self.card.reset.next = self.bridge.card_reset.val();
        self.card.clock_hz.next = self.clock_hz.val();
        self.card.card_mem_bytes.next = self.no_memory.val();
        self.card.s_awaddr.next = self.bridge.s_awaddr.val();
        self.card.s_awvalid.next = self.bridge.s_awvalid.val();
        self.bridge.s_awready.next = self.card.s_awready.val();
        self.card.s_wdata.next = self.bridge.s_wdata.val();
        self.card.s_wstrb.next = 15.into();
        self.card.s_wvalid.next = self.bridge.s_wvalid.val();
        self.bridge.s_wready.next = self.card.s_wready.val();
        self.bridge.s_bvalid.next = self.card.s_bvalid.val();
        self.card.s_bready.next = self.bridge.s_bready.val();
        self.card.s_araddr.next = self.bridge.s_araddr.val();
        self.card.s_arvalid.next = self.bridge.s_arvalid.val();
        self.bridge.s_arready.next = self.card.s_arready.val();
        self.bridge.s_rdata.next = self.card.s_rdata.val();
        self.bridge.s_rvalid.next = self.card.s_rvalid.val();
        self.card.s_rready.next = self.bridge.s_rready.val();

        // Host memory.
        self.bridge.h_araddr.next = self.card.h_araddr.val();
        self.bridge.h_arlen.next = self.card.h_arlen.val();
        self.bridge.h_arvalid.next = self.card.h_arvalid.val();
        self.card.h_arready.next = self.bridge.h_arready.val();
        self.card.h_rdata.next = self.bridge.h_rdata.val();
        self.card.h_rresp.next = self.bridge.h_rresp.val();
        self.card.h_rlast.next = self.bridge.h_rlast.val();
        self.card.h_rvalid.next = self.bridge.h_rvalid.val();
        self.bridge.h_rready.next = self.card.h_rready.val();
        self.bridge.h_awaddr.next = self.card.h_awaddr.val();
        self.bridge.h_awlen.next = self.card.h_awlen.val();
        self.bridge.h_awvalid.next = self.card.h_awvalid.val();
        self.card.h_awready.next = self.bridge.h_awready.val();
        self.bridge.h_wdata.next = self.card.h_wdata.val();
        self.bridge.h_wvalid.next = self.card.h_wvalid.val();
        self.card.h_wready.next = self.bridge.h_wready.val();
        self.card.h_bresp.next = self.bridge.h_bresp.val();
        self.card.h_bvalid.next = self.bridge.h_bvalid.val();
        self.bridge.h_bready.next = self.card.h_bready.val();
        self.bridge.irq.next = self.card.irq.val();

        // No card memory: with a strap of zero the card never asks for any.
        self.card.c_arready.next = false;
        self.card.c_rdata.next = self.no_data.val();
        self.card.c_rresp.next = 0.into();
        self.card.c_rlast.next = false;
        self.card.c_rvalid.next = false;
        self.card.c_awready.next = false;
        self.card.c_wready.next = false;
        self.card.c_bresp.next = 0.into();
        self.card.c_bvalid.next = false;

        // Lamps.
        self.now.next = self.s.q.val().now;
        self.s.d.next.now = self.now.val() + self.one_cycle.val();
        self.tick.next = !self.now.val().get_bits::<21>(0).any();
        if self.tick.val() && self.s.q.val().lit.any() {
            self.s.d.next.lit = self.s.q.val().lit - self.one_tick.val();
        }
        if self.bridge.received.val() {
            self.s.d.next.lit = self.two_ticks.val();
        }
        if !self.card.busy.val() {
            self.s.d.next.ready = true;
        }
        if self.bridge.card_reset.val() {
            self.s.d.next.ready = false;
        }
        self.leds.next = bit_cast::<8, 1>(self.now.val().get_bit(24).into())
            | (bit_cast::<8, 1>(self.s.q.val().ready.into()) << 1)
            | (bit_cast::<8, 1>(self.card.busy.val().into()) << 2)
            | (bit_cast::<8, 1>(self.card.irq.val().into()) << 3)
            | (bit_cast::<8, 1>(self.s.q.val().lit.any().into()) << 4)
            | (bit_cast::<8, 1>(self.bridge.mastering.val().into()) << 5)
            | (bit_cast::<8, 1>(self.bridge.damaged.val().into()) << 6)
            | (bit_cast::<8, 1>(self.bridge.waiting.val().into()) << 7);
    }
}
