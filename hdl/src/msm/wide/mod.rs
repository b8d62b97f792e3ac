//! An engine for coordinates of 384 bits behind streams of 256-bit words.

mod narrow;
#[cfg(test)]
mod tests;
mod widen;

use gristmill_hdl_kit::either;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_bu, U};
use rust_hdl::prelude::*;

pub use narrow::Narrow;
pub use widen::Widen;

use super::{Lanes384, Msm384, MsmConfig};
use crate::curve::CurveParams;
use crate::field::FieldParams;

either! {
    /// The engine with one adder for whole scalars, or the one with lanes.
    pub struct AnyMsm384 as AnyMsm384Kind {
        One: Msm384, Lanes: Lanes384;
        in reset: Bit, start: Bit, count: U<32>, montgomery: Bit, base_data: U<384>, base_valid: Bit,
            scalar_data: U<256>, scalar_valid: Bit, out_ready: Bit;
        out base_ready: Bit, scalar_ready: Bit, out_data: U<384>, out_valid: Bit, done: Bit, ready: Bit,
            scalar_error: Bit, scalar_index: U<32>, ev_useful: Bits<4>, ev_stall_input: Bits<4>,
            ev_stall_bucket: Bits<4>, ev_stall_empty: Bits<4>, ev_stall_drain: Bits<4>;
    }
}

/// When a command is through.
#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct End {
    /// From the cycle after `start` to the one before `done`.
    running: Bit,
    /// The engine is, and a word is still here.
    awaited: Bit,
    done: Bit,
    /// One to three cycles ago: the engine was through, the last word had not gone. It trails as the engine's events do.
    late1: Bit,
    late2: Bit,
    late3: Bit,
}

/// An engine of 384-bit coordinates with the ports of [`Lanes256`](super::Lanes256), whether it has one adder or several: a base comes
/// in three words, a segment's two sums go out in nine ([`gristmill_abi::layout::Curve::coordinate_bytes`]). A point so takes three cycles at least.
#[derive(LogicBlock)]
pub struct WideMsm {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub base_data: Signal<In, U<256>>,
    pub base_valid: Signal<In, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub base_ready: Signal<Out, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub scalar_error: Signal<Out, Bit>,
    pub scalar_index: Signal<Out, U<32>>,
    pub busy: Signal<Out, Bit>,
    pub ev_useful: Signal<Out, Bits<4>>,
    pub ev_stall_input: Signal<Out, Bits<4>>,
    pub ev_stall_bucket: Signal<Out, Bits<4>>,
    pub ev_stall_empty: Signal<Out, Bits<4>>,
    pub ev_stall_drain: Signal<Out, Bits<4>>,
    /// The five, 4 bits each from `ev_useful` on; and the first alone.
    pub counts: Signal<Out, Bits<20>>,
    pub adds: Signal<Out, U<64>>,
    widen: Widen,
    engine: AnyMsm384,
    narrow: Narrow,
    ending: DFF<End>,
    through: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    drains: Signal<Local, Bits<4>>,
    useful: Signal<Local, Bits<4>>,
    starved: Signal<Local, Bits<4>>,
    held: Signal<Local, Bits<4>>,
    idle: Signal<Local, Bits<4>>,
    one4: Constant<Bits<4>>,
    not_ended: Constant<End>,
    _config: MsmConfig,
}

impl WideMsm {
    /// An engine for `curve`, over a field of 384-bit words, with scalars of the field `scalars`.
    ///
    /// # Panics
    /// If the configuration cannot be built ([`MsmConfig::assert_valid`]).
    pub fn new(config: &MsmConfig, curve: &CurveParams, scalars: &FieldParams, fidelity: Fidelity) -> Self {
        let engine = if config.slices() {
            AnyMsm384Kind::Lanes(Box::new(Lanes384::new(config, curve, scalars, fidelity)))
        } else {
            AnyMsm384Kind::One(Box::new(Msm384::new(config, curve, scalars, fidelity)))
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            montgomery: Default::default(),
            base_data: Default::default(),
            base_valid: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            out_ready: Default::default(),
            base_ready: Default::default(),
            scalar_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            done: Default::default(),
            ready: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            busy: Default::default(),
            ev_useful: Default::default(),
            ev_stall_input: Default::default(),
            ev_stall_bucket: Default::default(),
            ev_stall_empty: Default::default(),
            ev_stall_drain: Default::default(),
            counts: Default::default(),
            adds: Default::default(),
            widen: Default::default(),
            engine: AnyMsm384::of(engine),
            narrow: Default::default(),
            ending: Default::default(),
            through: Default::default(),
            last: Default::default(),
            drains: Default::default(),
            useful: Default::default(),
            starved: Default::default(),
            held: Default::default(),
            idle: Default::default(),
            one4: Constant::new(1u64.into()),
            not_ended: Constant::new(End::default()),
            _config: *config,
        }
    }

    /// The configuration it was built with.
    pub fn config(&self) -> &MsmConfig {
        &self._config
    }

    /// As [`super::Msm::overflows`].
    #[cfg(test)]
    pub(in crate::msm) fn overflows(&self) -> bool {
        match self.engine.kind() {
            AnyMsm384Kind::One(engine) => engine.overflows(),
            AnyMsm384Kind::Lanes(engine) => engine.overflows(),
        }
    }
}

impl Logic for WideMsm {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ending);
        clock!(self, clock, widen, engine, narrow);
        self.widen.reset.next = self.reset.val();
        self.engine.reset.next = self.reset.val();
        self.narrow.reset.next = self.reset.val();
        self.engine.start.next = self.start.val();
        self.engine.count.next = self.count.val();
        self.engine.montgomery.next = self.montgomery.val();
        self.engine.scalar_data.next = self.scalar_data.val();
        self.engine.scalar_valid.next = self.scalar_valid.val();
        self.scalar_ready.next = self.engine.scalar_ready.val();
        self.scalar_error.next = self.engine.scalar_error.val();
        self.scalar_index.next = self.engine.scalar_index.val();

        // Bases in, sums out.
        self.widen.in_data.next = self.base_data.val();
        self.widen.in_valid.next = self.base_valid.val();
        self.base_ready.next = self.widen.in_ready.val();
        self.engine.base_data.next = self.widen.out_data.val();
        self.engine.base_valid.next = self.widen.out_valid.val();
        self.widen.out_ready.next = self.engine.base_ready.val();
        self.narrow.in_data.next = self.engine.out_data.val();
        self.narrow.in_valid.next = self.engine.out_valid.val();
        self.engine.out_ready.next = self.narrow.in_ready.val();
        self.out_data.next = self.narrow.out_data.val();
        self.out_valid.next = self.narrow.out_valid.val();
        self.narrow.out_ready.next = self.out_ready.val();

        // The command is through when the last third of a word has gone too.
        self.through.next = self.engine.done.val() || self.ending.q.val().awaited;
        self.last.next = self.through.val() && ((!self.narrow.holds.val()) || self.out_ready.val());
        if self.start.val() {
            self.ending.d.next.running = true;
        }
        if self.last.val() {
            self.ending.d.next.running = false;
        }
        self.ending.d.next.awaited = self.through.val() && (!self.last.val());
        self.ending.d.next.done = self.last.val();
        self.ending.d.next.late1 = self.through.val();
        self.ending.d.next.late2 = self.ending.q.val().late1;
        self.ending.d.next.late3 = self.ending.q.val().late2;
        if self.reset.val() {
            self.ending.d.next = self.not_ended.val();
        }
        self.done.next = self.ending.q.val().done;
        self.ready.next = self.engine.ready.val() && (!self.through.val()) && (!self.ending.q.val().done);
        self.busy.next = self.ending.q.val().running;
        self.useful.next = self.engine.ev_useful.val();
        self.starved.next = self.engine.ev_stall_input.val();
        self.held.next = self.engine.ev_stall_bucket.val();
        self.idle.next = self.engine.ev_stall_empty.val();
        self.drains.next = self.engine.ev_stall_drain.val();
        if self.ending.q.val().late3 {
            self.drains.next = self.one4.val();
        }
        self.ev_useful.next = self.useful.val();
        self.ev_stall_input.next = self.starved.val();
        self.ev_stall_bucket.next = self.held.val();
        self.ev_stall_empty.next = self.idle.val();
        self.ev_stall_drain.next = self.drains.val();
        self.counts.next = bit_cast::<20, 4>(self.useful.val())
            | (bit_cast::<20, 4>(self.starved.val()) << 4)
            | (bit_cast::<20, 4>(self.held.val()) << 8)
            | (bit_cast::<20, 4>(self.idle.val()) << 12)
            | (bit_cast::<20, 4>(self.drains.val()) << 16);
        self.adds.next = bit_cast_bu::<64, 4>(self.useful.val());
    }
}

ports!(WideMsm {
    in: reset, start, count, montgomery, base_data, base_valid, scalar_data, scalar_valid, out_ready;
    out: base_ready, scalar_ready, out_data, out_valid, done, ready, scalar_error, scalar_index, busy,
        ev_useful, ev_stall_input, ev_stall_bucket, ev_stall_empty, ev_stall_drain, counts, adds
});
