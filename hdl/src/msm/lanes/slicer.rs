//! Scalars in, slices for the adders out.
//!
//! Each adder has c * V bits of every scalar (V its windows) as if they were a scalar of their own. What the windows below
//! carry into a slice is found by one comparison: digits up to 2^(c-1) in all windows below make the
//! largest number that needs no carry, so a carry comes exactly if the bits below are more than that. A slice's own
//! last window carries into the next slice, where it was found so, and is dropped where it arises.

use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_ub, U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use crate::field::FieldParams;
use crate::msm::{MsmConfig, Redc};

/// Scalars that can be between the check and the slices, and with each reduction, which has four going round.
const AHEAD: usize = 8;
const AHEAD_OF_EACH: usize = 4;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    montgomery: Bit,
    more: Bit,
    left: U<32>,
    raw: U<256>,
    raw_valid: Bit,
    raw_index: U<32>,
    /// Scalars behind the check that have not gone out.
    ahead: Bits<8>,
    error: Bit,
    error_index: U<32>,
    scalar: U<256>,
    valid: Bit,
    carries: U<64>,
    /// Parts of the scalar that have gone out.
    turn: Bits<4>,
}

/// `start` (pulse) begins a command of `count` scalars. Each is checked against the order (one that is not below it counts as 0; the
/// index of the first is held in `scalar_index` with `scalar_error` until the next start), brought into canonical form and shown in
/// `scalar` with `carries`, bit i for adder i, until `out_ready`; then, for the next multiple of the base, the bits above those that were for this one,
/// and so on.
#[derive(LogicBlock)]
pub struct Slicer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub scalar: Signal<Out, U<256>>,
    pub carries: Signal<Out, Bits<8>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub scalar_error: Signal<Out, Bit>,
    pub scalar_index: Signal<Out, U<32>>,
    state: DFF<State>,
    /// As many as keep up with the adders: each takes a scalar in 16 cycles.
    redc: Vec<Redc>,
    scalars: Fifo<U<256>>,
    valid_scalar: Signal<Local, Bit>,
    checked: Signal<Local, U<256>>,
    room: Signal<Local, Bit>,
    goes: Signal<Local, Bit>,
    load: Signal<Local, Bit>,
    ahead: Signal<Local, Bits<8>>,
    next: Signal<Local, U<256>>,
    below: Signal<Local, U<256>>,
    carries_next: Signal<Local, U<64>>,
    passes: Signal<Local, Bit>,
    order: Constant<U<256>>,
    zero: Constant<U<256>>,
    /// Of each adder: the bits below its slice, and the largest number in them that carries nothing.
    mask: Vec<Constant<U<256>>>,
    largest: Vec<Constant<U<256>>>,
    of_slice: Vec<Constant<U<64>>>,
    /// Bits, and carries, of one multiple; the last one's number.
    part: Constant<Bits<9>>,
    adders: Constant<Bits<4>>,
    last_turn: Constant<Bits<4>>,
    no_carry: Constant<U<64>>,
    zero4: Constant<Bits<4>>,
    one4: Constant<Bits<4>>,
    idle: Constant<State>,
    most_ahead: Constant<Bits<8>>,
    zero8: Constant<Bits<8>>,
    one8: Constant<Bits<8>>,
    one32: Constant<U<32>>,
    zero32: Constant<U<32>>,
    _slices: usize,
    _reductions: usize,
}

ports!(Slicer {
    in: reset, start, count, montgomery, scalar_data, scalar_valid, out_ready;
    out: scalar_ready, scalar, carries, out_valid, scalar_error, scalar_index
});

impl Slicer {
    /// For the adders of `config`, scalars of the field `scalars`.
    pub fn new(config: &MsmConfig, scalars: &FieldParams) -> Self {
        config.assert_valid();
        let slice = config.slice_bits();
        let slices = || 0..config.adders * config.multiples;
        let ones = |bits: usize| (BigUint::one() << bits) - 1u32;
        let digit = BigUint::one() << (config.window_bits - 1);
        let largest =
            |windows: usize| (0..windows).fold(BigUint::default(), |n, w| n + (&digit << (w * config.window_bits)));
        // Redc takes a scalar in 16 cycles, an adder as many as it has windows, for each multiple.
        let reductions = 16usize.div_ceil(config.lane_windows() * config.multiples);
        let ahead = AHEAD + AHEAD_OF_EACH * reductions;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            montgomery: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            scalar_ready: Default::default(),
            scalar: Default::default(),
            carries: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            state: Default::default(),
            redc: (0..reductions).map(|_| Redc::new(scalars)).collect(),
            scalars: Fifo::new(ahead),
            valid_scalar: Default::default(),
            checked: Default::default(),
            room: Default::default(),
            goes: Default::default(),
            load: Default::default(),
            ahead: Default::default(),
            next: Default::default(),
            below: Default::default(),
            carries_next: Default::default(),
            passes: Default::default(),
            order: Constant::new(scalars.prime().into()),
            zero: Constant::new(0u64.into()),
            mask: slices().map(|i| Constant::new(ones((slice * i).min(256)).into())).collect(),
            largest: slices()
                .map(|i| Constant::new(largest(config.lane_windows() * i).min(ones(256)).into()))
                .collect(),
            of_slice: slices().map(|i| Constant::new((1u64 << i).into())).collect(),
            part: Constant::new((config.adders as u64 * slice as u64).into()),
            adders: Constant::new((config.adders as u64).into()),
            last_turn: Constant::new((config.multiples as u64 - 1).into()),
            no_carry: Constant::new(0u64.into()),
            zero4: Constant::new(0u64.into()),
            one4: Constant::new(1u64.into()),
            idle: Constant::new(State::default()),
            most_ahead: Constant::new((ahead as u64).into()),
            zero8: Constant::new(0u64.into()),
            one8: Constant::new(1u64.into()),
            one32: Constant::new(1u64.into()),
            zero32: Constant::new(0u64.into()),
            _slices: config.adders * config.multiples,
            _reductions: reductions,
        }
    }
}

impl Logic for Slicer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, scalars);
        self.scalars.reset.next = self.reset.val();

        // In, checked.
        self.scalar_ready.next = (!self.state.q.val().raw_valid) && self.state.q.val().more;
        if self.scalar_valid.val() && (!self.state.q.val().raw_valid) && self.state.q.val().more {
            self.state.d.next.raw = self.scalar_data.val();
            self.state.d.next.raw_valid = true;
            self.state.d.next.left = self.state.q.val().left - self.one32.val();
            self.state.d.next.more = self.state.q.val().left != self.one32.val();
        }
        self.valid_scalar.next = self.state.q.val().raw < self.order.val();
        self.checked.next = self.state.q.val().raw;
        if !self.valid_scalar.val() {
            self.checked.next = self.zero.val();
        }

        // Reduced if in Montgomery form: by the first unit that is free. All take equally long, so they come out in order.
        self.room.next = self.state.q.val().raw_valid && (self.state.q.val().ahead != self.most_ahead.val());
        self.goes.next = self.room.val() && (!self.state.q.val().montgomery);
        self.scalars.in_data.next = self.checked.val();
        self.scalars.in_valid.next = self.goes.val();
        for i in 0..self._reductions {
            self.redc[i].clock.next = self.clock.val();
            self.redc[i].reset.next = self.reset.val();
            self.redc[i].in_data.next = self.checked.val();
            self.redc[i].in_valid.next = self.room.val() && self.state.q.val().montgomery && (!self.goes.val());
            if self.room.val() && self.state.q.val().montgomery && self.redc[i].in_ready.val() {
                self.goes.next = true;
            }
            if self.redc[i].out_valid.val() {
                self.scalars.in_data.next = self.redc[i].out_data.val();
                self.scalars.in_valid.next = true;
            }
        }
        self.ahead.next = self.state.q.val().ahead;
        if self.goes.val() {
            self.state.d.next.raw_valid = false;
            self.state.d.next.raw_index = self.state.q.val().raw_index + self.one32.val();
            self.ahead.next = self.state.q.val().ahead + self.one8.val();
            if (!self.valid_scalar.val()) && (!self.state.q.val().error) {
                self.state.d.next.error = true;
                self.state.d.next.error_index = self.state.q.val().raw_index;
            }
        }

        // Out, with the carries.
        self.passes.next = self.out_ready.val() && (self.state.q.val().turn == self.last_turn.val());
        self.load.next = self.scalars.out_valid.val() && ((!self.state.q.val().valid) || self.passes.val());
        self.scalars.out_ready.next = self.load.val();
        self.next.next = self.scalars.out_data.val();
        self.carries_next.next = self.no_carry.val();
        self.below.next = self.zero.val();
        for i in 0..self._slices {
            self.below.next = self.next.val() & self.mask[i].val();
            if self.below.val() > self.largest[i].val() {
                self.carries_next.next = self.carries_next.val() | self.of_slice[i].val();
            }
        }
        if self.out_ready.val() {
            self.state.d.next.scalar = self.state.q.val().scalar >> self.part.val();
            self.state.d.next.carries = self.state.q.val().carries >> self.adders.val();
            self.state.d.next.turn = self.state.q.val().turn + self.one4.val();
            self.state.d.next.valid = self.state.q.val().valid && (!self.passes.val());
        }
        self.state.d.next.ahead = self.ahead.val();
        if self.load.val() {
            self.state.d.next.scalar = self.next.val();
            self.state.d.next.carries = self.carries_next.val();
            self.state.d.next.valid = true;
            self.state.d.next.turn = self.zero4.val();
            self.state.d.next.ahead = self.ahead.val() - self.one8.val();
        }
        if self.start.val() {
            self.state.d.next.montgomery = self.montgomery.val();
            self.state.d.next.left = self.count.val();
            self.state.d.next.more = self.count.val().any();
            self.state.d.next.raw_index = self.zero32.val();
            self.state.d.next.error = false;
            self.state.d.next.error_index = self.zero32.val();
        }
        if self.reset.val() {
            self.state.d.next = self.idle.val();
        }
        self.scalar.next = self.state.q.val().scalar;
        self.carries.next = bit_cast_ub::<8, 64>(self.state.q.val().carries);
        self.out_valid.next = self.state.q.val().valid;
        self.scalar_error.next = self.state.q.val().error;
        self.scalar_index.next = self.state.q.val().error_index;
    }
}
