//! An engine with several adders, or for several multiples of each base: as many lanes as adders, each with its windows, behind one stream of bases and one of scalars.

mod slicer;
#[cfg(test)]
mod tests;

use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_bu, U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

pub use slicer::Slicer;

use super::{Msm, MsmConfig};
use crate::curve::CurveParams;
use crate::field::FieldParams;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// Which lanes have taken the word of a base, the scalar, that stand there.
    base_taken: Bits<8>,
    scalar_taken: Bits<8>,
    /// Lanes whose results have gone out.
    turn: Bits<8>,
    running: Bit,
    done: Bit,
}

/// As [`Msm`] with `MsmConfig::adders` of them and `MsmConfig::multiples` of each base, which come one after the other: a base that was fetched once serves all windows. Lane i has the i-th part of the windows, the first
/// the lowest; a lane that is behind lets the others wait when they are a point ahead. Results go out lane by lane.
///
/// `ev_useful` and so on are counts, of the lanes whose cycle it was; `busy` is high while a command runs.
#[derive(LogicBlock)]
pub struct Lanes<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub base_data: Signal<In, U<W>>,
    pub base_valid: Signal<In, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub base_ready: Signal<Out, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<W>>,
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
    slicer: Slicer,
    lanes: Vec<Gated<Msm<L, W, LW>>>,
    state: DFF<State>,
    all_ready: Signal<Local, Bit>,
    base_taken: Signal<Local, Bits<8>>,
    base_all: Signal<Local, Bit>,
    scalar_taken: Signal<Local, Bits<8>>,
    scalar_all: Signal<Local, Bit>,
    carries: Signal<Local, Bits<8>>,
    slice: Signal<Local, U<256>>,
    base_old: Signal<Local, Bits<8>>,
    scalar_old: Signal<Local, Bits<8>>,
    /// Of each lane: its bit, its place in a scalar, its number.
    of_lane: Vec<Constant<Bits<8>>>,
    shift: Vec<Constant<Bits<9>>>,
    number: Vec<Constant<Bits<8>>>,
    mask: Constant<U<256>>,
    one: Constant<U<256>>,
    zero: Constant<U<W>>,
    zero4: Constant<Bits<4>>,
    one4: Constant<Bits<4>>,
    zero8: Constant<Bits<8>>,
    one8: Constant<Bits<8>>,
    last: Constant<Bits<8>>,
    log_multiples: Constant<Bits<2>>,
    idle: Constant<State>,
    _adders: usize,
    _config: MsmConfig,
}

ports!([const L: usize, const W: usize, const LW: usize] Lanes<L, W, LW> {
    in: reset, start, count, montgomery, base_data, base_valid, scalar_data, scalar_valid, out_ready;
    out: base_ready, scalar_ready, out_data, out_valid, done, ready, scalar_error, scalar_index, busy,
        ev_useful, ev_stall_input, ev_stall_bucket, ev_stall_empty, ev_stall_drain, counts, adds
});

impl<const L: usize, const W: usize, const LW: usize> Lanes<L, W, LW> {
    /// An engine for `curve`, with scalars of the field `scalars` and pipelined adders.
    ///
    /// # Panics
    /// If the configuration cannot be built, or does not cut scalars ([`MsmConfig::slices`]).
    pub fn new(config: &MsmConfig, curve: &CurveParams, scalars: &FieldParams, fidelity: Fidelity) -> Self {
        config.assert_valid();
        assert!(config.slices(), "one adder for whole scalars needs no lanes");
        let lanes = || 0..config.adders as u64;
        let slice = config.slice_bits();
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
            slicer: Slicer::new(config, scalars),
            lanes: lanes().map(|_| Gated::new(Msm::new(config, curve, scalars, fidelity))).collect(),
            state: Default::default(),
            all_ready: Default::default(),
            base_taken: Default::default(),
            base_all: Default::default(),
            scalar_taken: Default::default(),
            scalar_all: Default::default(),
            carries: Default::default(),
            slice: Default::default(),
            base_old: Default::default(),
            scalar_old: Default::default(),
            of_lane: lanes().map(|i| Constant::new((1u64 << i).into())).collect(),
            shift: lanes().map(|i| Constant::new((slice as u64 * i).into())).collect(),
            number: lanes().map(|i| Constant::new(i.into())).collect(),
            mask: Constant::new(((BigUint::one() << slice) - 1u32).into()),
            one: Constant::new(1u64.into()),
            zero: Constant::new(0u64.into()),
            zero4: Constant::new(0u64.into()),
            one4: Constant::new(1u64.into()),
            zero8: Constant::new(0u64.into()),
            one8: Constant::new(1u64.into()),
            last: Constant::new((config.adders as u64 - 1).into()),
            log_multiples: Constant::new(u64::from(config.multiples.ilog2()).into()),
            idle: Constant::new(State::default()),
            _adders: config.adders,
            _config: *config,
        }
    }

    /// The configuration it was built with.
    pub fn config(&self) -> &MsmConfig {
        &self._config
    }

    /// As [`Msm::overflows`].
    #[cfg(test)]
    pub(in crate::msm) fn overflows(&self) -> bool {
        self.lanes.iter().any(|lane| lane.overflows())
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for Lanes<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, slicer);
        self.slicer.reset.next = self.reset.val();
        self.slicer.start.next = self.start.val();
        self.slicer.count.next = self.count.val();
        self.slicer.montgomery.next = self.montgomery.val();
        self.slicer.scalar_data.next = self.scalar_data.val();
        self.slicer.scalar_valid.next = self.scalar_valid.val();
        self.scalar_ready.next = self.slicer.scalar_ready.val();
        self.scalar_error.next = self.slicer.scalar_error.val();
        self.scalar_index.next = self.slicer.scalar_index.val();

        // Every lane takes every word of a base once, and its slice of every scalar.
        self.carries.next = self.slicer.carries.val();
        self.base_old.next = self.state.q.val().base_taken;
        self.scalar_old.next = self.state.q.val().scalar_taken;
        self.base_taken.next = self.base_old.val();
        self.scalar_taken.next = self.scalar_old.val();
        self.base_all.next = self.base_valid.val();
        self.scalar_all.next = self.slicer.out_valid.val();
        self.all_ready.next = true;
        self.slice.next = self.one.val();
        self.out_data.next = self.zero.val();
        self.out_valid.next = false;
        self.busy.next = self.state.q.val().running;
        self.ev_useful.next = self.zero4.val();
        self.ev_stall_input.next = self.zero4.val();
        self.ev_stall_bucket.next = self.zero4.val();
        self.ev_stall_empty.next = self.zero4.val();
        self.ev_stall_drain.next = self.zero4.val();
        self.state.d.next.done = false;
        for i in 0..self._adders {
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].reset.next = self.reset.val();
            self.lanes[i].start.next = self.start.val();
            self.lanes[i].count.next = self.count.val() << self.log_multiples.val();
            self.lanes[i].montgomery.next = false;
            self.lanes[i].base_data.next = self.base_data.val();
            self.lanes[i].base_valid.next =
                self.base_valid.val() && (!(self.base_old.val() & self.of_lane[i].val()).any());
            if self.lanes[i].base_ready.val() {
                self.base_taken.next = self.base_taken.val() | self.of_lane[i].val();
            }
            if !(self.base_taken.val() & self.of_lane[i].val()).any() {
                self.base_all.next = false;
            }
            self.slice.next = (self.slicer.scalar.val() >> self.shift[i].val()) & self.mask.val();
            if (self.carries.val() & self.of_lane[i].val()).any() {
                self.slice.next = self.slice.val() + self.one.val();
            }
            self.lanes[i].scalar_data.next = self.slice.val();
            self.lanes[i].scalar_valid.next =
                self.slicer.out_valid.val() && (!(self.scalar_old.val() & self.of_lane[i].val()).any());
            if self.lanes[i].scalar_ready.val() {
                self.scalar_taken.next = self.scalar_taken.val() | self.of_lane[i].val();
            }
            if !(self.scalar_taken.val() & self.of_lane[i].val()).any() {
                self.scalar_all.next = false;
            }
            if !self.lanes[i].ready.val() {
                self.all_ready.next = false;
            }
            // Results, in turn.
            self.lanes[i].out_ready.next = self.out_ready.val() && (self.state.q.val().turn == self.number[i].val());
            if self.state.q.val().turn == self.number[i].val() {
                self.out_data.next = self.lanes[i].out_data.val();
                self.out_valid.next = self.lanes[i].out_valid.val();
                if self.lanes[i].done.val() {
                    self.state.d.next.turn = self.state.q.val().turn + self.one8.val();
                    if self.state.q.val().turn == self.last.val() {
                        self.state.d.next.turn = self.zero8.val();
                        self.state.d.next.done = true;
                        self.state.d.next.running = false;
                    }
                }
            }
            if self.lanes[i].ev_useful.val() {
                self.ev_useful.next = self.ev_useful.val() + self.one4.val();
            }
            if self.lanes[i].ev_stall_input.val() {
                self.ev_stall_input.next = self.ev_stall_input.val() + self.one4.val();
            }
            if self.lanes[i].ev_stall_bucket.val() {
                self.ev_stall_bucket.next = self.ev_stall_bucket.val() + self.one4.val();
            }
            if self.lanes[i].ev_stall_empty.val() {
                self.ev_stall_empty.next = self.ev_stall_empty.val() + self.one4.val();
            }
            if self.lanes[i].ev_stall_drain.val() {
                self.ev_stall_drain.next = self.ev_stall_drain.val() + self.one4.val();
            }
        }
        self.counts.next = bit_cast::<20, 4>(self.ev_useful.val())
            | (bit_cast::<20, 4>(self.ev_stall_input.val()) << 4)
            | (bit_cast::<20, 4>(self.ev_stall_bucket.val()) << 8)
            | (bit_cast::<20, 4>(self.ev_stall_empty.val()) << 12)
            | (bit_cast::<20, 4>(self.ev_stall_drain.val()) << 16);
        self.adds.next = bit_cast_bu::<64, 4>(self.ev_useful.val());
        self.base_ready.next = self.base_all.val();
        self.slicer.out_ready.next = self.scalar_all.val();
        // Without a word a lane's readiness takes nothing.
        if self.base_valid.val() {
            self.state.d.next.base_taken = self.base_taken.val();
        }
        if self.base_all.val() {
            self.state.d.next.base_taken = self.zero8.val();
        }
        if self.slicer.out_valid.val() {
            self.state.d.next.scalar_taken = self.scalar_taken.val();
        }
        if self.scalar_all.val() {
            self.state.d.next.scalar_taken = self.zero8.val();
        }
        if self.start.val() {
            self.state.d.next.running = true;
        }
        if self.reset.val() {
            self.state.d.next = self.idle.val();
        }
        self.done.next = self.state.q.val().done;
        self.ready.next = self.all_ready.val() && (!self.state.q.val().running) && (!self.state.q.val().done);
    }
}
