//! Bases and scalars in, operands for the buckets out: one signed digit a cycle.
//!
//! A scalar s is written in windows of c bits, least significant first, with digits between
//! -2^(c-1)+1 and 2^(c-1): a window (plus carry) above 2^(c-1) becomes itself minus 2^c and
//! carries one into the next. Digit d of window w sends P (or -P for d < 0) to bucket
//! `w * 2^(c-1) + |d| - 1`. A zero digit sends nothing; when nothing but zeros is left the next
//! point begins. The next point waits loaded, so points follow each other without a lost cycle.
//! The base 0, 0 is infinity and is skipped, as is the scalar 0.

use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::word::{bit_cast_u, bit_cast_ub, U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::redc::Redc;
use super::MsmConfig;
use crate::field::FieldParams;

/// Scalars that can be between the check and the digits.
const SCALARS_AHEAD: usize = 8;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    montgomery: Bit,
    /// Points that have not begun.
    points_left: U<32>,
    /// Words of bases and scalars still to come.
    base_words_left: U<40>,
    scalars_left: U<32>,
    /// Words of bases, oldest first.
    base0: U<256>,
    base1: U<256>,
    base2: U<256>,
    bases: Bits<4>,
    /// A scalar as it came, and its index.
    raw: U<256>,
    raw_valid: Bit,
    raw_index: U<32>,
    /// Scalars after the check that have not begun.
    ahead: Bits<4>,
    error: Bit,
    error_index: U<32>,
    /// The point whose digits go out.
    active: Bit,
    x: U<256>,
    y: U<256>,
    y_negative: U<256>,
    rest: U<256>,
    carry: Bit,
    window: Bits<8>,
    origin: Bits<24>,
    /// The operand that goes out.
    op_valid: Bit,
    op_empty: Bit,
    op_bucket: Bits<24>,
    op_x: U<256>,
    op_y: U<256>,
    /// Paced only: the digit that goes out, as found in the cycles before.
    negative: Bit,
    some: Bit,
    last: Bit,
    bucket: Bits<24>,
}

/// See the module. `start` (pulse, while `finished`) begins a command of `count` points.
/// `op_valid`, `op_ready`: an operand (`op_bucket`, `op_x`, `op_y`, affine) goes out;
/// `bucket_next` is the value of `op_bucket` in the next cycle. Without an operand, `op_empty`
/// tells that a zero digit or a skipped point is why, else a base or a scalar is awaited.
/// With a paced recoder ([`Recoder::paced`]) digits and points move only in cycles with `beat`, at
/// least four apart; what they are is found in the cycles between, and `op_bucket` is to be asked for instead of `bucket_next`.
/// `finished`: all points have gone out. A scalar that is not below the order counts as 0; the
/// index of the first is held in `scalar_index` with `scalar_error` until the next start.
#[derive(LogicBlock)]
pub struct Recoder {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub base_data: Signal<In, U<256>>,
    pub base_valid: Signal<In, Bit>,
    pub base_ready: Signal<Out, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub op_valid: Signal<Out, Bit>,
    pub op_ready: Signal<In, Bit>,
    pub beat: Signal<In, Bit>,
    pub op_empty: Signal<Out, Bit>,
    pub op_bucket: Signal<Out, Bits<24>>,
    pub op_x: Signal<Out, U<256>>,
    pub op_y: Signal<Out, U<256>>,
    pub bucket_next: Signal<Out, Bits<24>>,
    pub finished: Signal<Out, Bit>,
    pub scalar_error: Signal<Out, Bit>,
    pub scalar_index: Signal<Out, U<32>>,
    state: DFF<State>,
    redc: Redc,
    scalars: Fifo<U<256>>,
    scalar: Signal<Local, U<256>>,
    room: Signal<Local, Bit>,
    bases: Signal<Local, Bits<4>>,
    ahead: Signal<Local, Bits<4>>,
    take: Signal<Local, Bit>,
    skip: Signal<Local, Bit>,
    step: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    load: Signal<Local, Bit>,
    window_sum: Signal<Local, Bits<24>>,
    size: Signal<Local, Bits<24>>,
    negative: Signal<Local, Bit>,
    shifted: Signal<Local, U<256>>,
    bucket: Signal<Local, Bits<24>>,
    place: Signal<Local, Bits<24>>,
    some: Signal<Local, Bit>,
    found_last: Signal<Local, Bit>,
    idle: Constant<State>,
    modulus: Constant<U<256>>,
    order: Constant<U<256>>,
    mask: Constant<U<256>>,
    zero: Constant<U<256>>,
    half: Constant<Bits<24>>,
    whole: Constant<Bits<24>>,
    shift: Constant<Bits<8>>,
    last_window: Constant<Bits<8>>,
    most_ahead: Constant<Bits<4>>,
    zero4: Constant<Bits<4>>,
    one4: Constant<Bits<4>>,
    two4: Constant<Bits<4>>,
    three4: Constant<Bits<4>>,
    one8: Constant<Bits<8>>,
    zero8: Constant<Bits<8>>,
    zero24: Constant<Bits<24>>,
    one24: Constant<Bits<24>>,
    one32: Constant<U<32>>,
    zero32: Constant<U<32>>,
    one40: Constant<U<40>>,
    paced: Constant<Bit>,
}

impl Recoder {
    /// For windows as `config` has them, scalars of the field `scalars`, coordinates of `bases`.
    pub fn new(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams) -> Self {
        Self::build(config, scalars, bases, false)
    }

    /// As [`Recoder::new`], for engines that take an operand only now and then.
    pub fn paced(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams) -> Self {
        Self::build(config, scalars, bases, true)
    }

    fn build(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams, paced: bool) -> Self {
        config.assert_valid();
        let half = config.buckets_per_window() as u64;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            montgomery: Default::default(),
            base_data: Default::default(),
            base_valid: Default::default(),
            base_ready: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            scalar_ready: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            beat: Default::default(),
            op_empty: Default::default(),
            op_bucket: Default::default(),
            op_x: Default::default(),
            op_y: Default::default(),
            bucket_next: Default::default(),
            finished: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            state: Default::default(),
            redc: Redc::new(scalars),
            scalars: Fifo::new(SCALARS_AHEAD),
            scalar: Default::default(),
            room: Default::default(),
            bases: Default::default(),
            ahead: Default::default(),
            take: Default::default(),
            skip: Default::default(),
            step: Default::default(),
            last: Default::default(),
            load: Default::default(),
            window_sum: Default::default(),
            size: Default::default(),
            negative: Default::default(),
            shifted: Default::default(),
            bucket: Default::default(),
            place: Default::default(),
            some: Default::default(),
            found_last: Default::default(),
            idle: Constant::new(State::default()),
            modulus: Constant::new(bases.prime().into()),
            order: Constant::new(scalars.prime().into()),
            mask: Constant::new(((BigUint::one() << config.window_bits) - 1u32).into()),
            zero: Constant::new(0u64.into()),
            half: Constant::new(half.into()),
            whole: Constant::new((2 * half).into()),
            shift: Constant::new((config.window_bits as u64).into()),
            last_window: Constant::new((config.windows() as u64 - 1).into()),
            most_ahead: Constant::new((SCALARS_AHEAD as u64).into()),
            zero4: Constant::new(0u64.into()),
            one4: Constant::new(1u64.into()),
            two4: Constant::new(2u64.into()),
            three4: Constant::new(3u64.into()),
            zero8: Constant::new(0u64.into()),
            one8: Constant::new(1u64.into()),
            zero24: Constant::new(0u64.into()),
            one24: Constant::new(1u64.into()),
            zero32: Constant::new(0u64.into()),
            one32: Constant::new(1u64.into()),
            one40: Constant::new(1u64.into()),
            paced: Constant::new(paced),
        }
    }
}

impl Logic for Recoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, redc, scalars);
        self.redc.reset.next = self.reset.val();
        self.scalars.reset.next = self.reset.val();

        // Scalars: in, checked, reduced if in Montgomery form, then waiting for their point.
        self.scalar_ready.next = (!self.state.q.val().raw_valid) && self.state.q.val().scalars_left.any();
        if self.scalar_valid.val() && (!self.state.q.val().raw_valid) && self.state.q.val().scalars_left.any() {
            self.state.d.next.raw = self.scalar_data.val();
            self.state.d.next.raw_valid = true;
            self.state.d.next.scalars_left = self.state.q.val().scalars_left - self.one32.val();
        }
        self.scalar.next = self.state.q.val().raw;
        if self.state.q.val().raw >= self.order.val() {
            self.scalar.next = self.zero.val();
        }
        self.redc.in_data.next = self.scalar.val();
        self.redc.in_valid.next = false;
        self.scalars.in_data.next = self.scalar.val();
        self.scalars.in_valid.next = false;
        self.ahead.next = self.state.q.val().ahead;
        self.room.next = self.state.q.val().raw_valid && (self.state.q.val().ahead != self.most_ahead.val());
        if self.state.q.val().montgomery {
            self.redc.in_valid.next = self.room.val();
            self.room.next = self.room.val() && self.redc.in_ready.val();
            self.scalars.in_data.next = self.redc.out_data.val();
            self.scalars.in_valid.next = self.redc.out_valid.val();
        } else {
            self.scalars.in_valid.next = self.room.val();
        }
        if self.room.val() {
            self.state.d.next.raw_valid = false;
            self.state.d.next.raw_index = self.state.q.val().raw_index + self.one32.val();
            self.ahead.next = self.state.q.val().ahead + self.one4.val();
            if (self.state.q.val().raw >= self.order.val()) && (!self.state.q.val().error) {
                self.state.d.next.error = true;
                self.state.d.next.error_index = self.state.q.val().raw_index;
            }
        }

        // The digit that goes out in this cycle.
        self.load.next = ((!self.state.q.val().op_valid) || self.op_ready.val()) && self.beat.val();
        self.step.next = self.state.q.val().active && self.load.val();
        self.shifted.next = self.state.q.val().rest >> self.shift.val();
        self.window_sum.next = bit_cast_ub::<24, 256>(self.state.q.val().rest & self.mask.val());
        if self.state.q.val().carry {
            self.window_sum.next = bit_cast_ub::<24, 256>(self.state.q.val().rest & self.mask.val()) + self.one24.val();
        }
        self.negative.next = self.window_sum.val() > self.half.val();
        self.size.next = self.window_sum.val();
        if self.negative.val() {
            self.size.next = self.whole.val() - self.window_sum.val();
        }
        self.found_last.next = (self.state.q.val().window == self.last_window.val())
            || ((!self.shifted.val().any()) && (!self.negative.val()));
        self.place.next = (self.state.q.val().origin + self.size.val()) - self.one24.val();
        self.some.next = self.size.val().any();
        self.last.next = self.found_last.val();
        self.state.d.next.negative = self.negative.val();
        self.state.d.next.some = self.some.val();
        self.state.d.next.last = self.found_last.val();
        self.state.d.next.bucket = self.place.val();
        if self.paced.val() {
            self.last.next = self.state.q.val().last;
        }
        self.bucket.next = self.state.q.val().op_bucket;
        if self.load.val() {
            self.state.d.next.op_valid = false;
            self.state.d.next.op_empty = self.step.val();
        }
        if self.step.val() {
            self.state.d.next.rest = self.shifted.val();
            self.state.d.next.carry = self.negative.val();
            self.state.d.next.window = self.state.q.val().window + self.one8.val();
            self.state.d.next.origin = self.state.q.val().origin + self.half.val();
            self.state.d.next.op_valid = self.some.val();
            self.bucket.next = self.place.val();
            self.state.d.next.op_x = self.state.q.val().x;
            self.state.d.next.op_y = self.state.q.val().y;
            if self.negative.val() {
                self.state.d.next.op_y = self.state.q.val().y_negative;
            }
            if self.paced.val() {
                self.state.d.next.carry = self.state.q.val().negative;
                self.state.d.next.op_valid = self.state.q.val().some;
                self.bucket.next = self.state.q.val().bucket;
                self.state.d.next.op_y = self.state.q.val().y;
                if self.state.q.val().negative {
                    self.state.d.next.op_y = self.state.q.val().y_negative;
                }
            }
            if self.last.val() {
                self.state.d.next.active = false;
            }
        }

        // The next point takes the place of one whose last digit goes out.
        self.take.next = self.beat.val()
            && self.scalars.out_valid.val()
            && (self.state.q.val().bases >= self.two4.val())
            && ((!self.state.q.val().active) || (self.step.val() && self.last.val()));
        self.skip.next = (!self.scalars.out_data.val().any())
            || ((!self.state.q.val().base0.any()) && (!self.state.q.val().base1.any()));
        self.scalars.out_ready.next = self.take.val();
        self.bases.next = self.state.q.val().bases;
        if self.take.val() {
            self.bases.next = self.state.q.val().bases - self.two4.val();
            self.ahead.next = self.ahead.val() - self.one4.val();
            self.state.d.next.points_left = self.state.q.val().points_left - self.one32.val();
            self.state.d.next.base0 = self.state.q.val().base2;
            self.state.d.next.active = !self.skip.val();
            self.state.d.next.x = self.state.q.val().base0;
            self.state.d.next.y = self.state.q.val().base1;
            self.state.d.next.y_negative = self.zero.val();
            if self.state.q.val().base1.any() {
                self.state.d.next.y_negative = self.modulus.val() - self.state.q.val().base1;
            }
            self.state.d.next.rest = self.scalars.out_data.val();
            self.state.d.next.carry = false;
            self.state.d.next.window = self.zero8.val();
            self.state.d.next.origin = self.zero24.val();
            if self.load.val() && self.skip.val() {
                self.state.d.next.op_empty = true;
            }
        }

        // Words of bases queue up behind those that stay.
        self.base_ready.next =
            (self.state.q.val().bases != self.three4.val()) && self.state.q.val().base_words_left.any();
        self.state.d.next.bases = self.bases.val();
        if self.base_valid.val()
            && (self.state.q.val().bases != self.three4.val())
            && self.state.q.val().base_words_left.any()
        {
            self.state.d.next.base_words_left = self.state.q.val().base_words_left - self.one40.val();
            self.state.d.next.bases = self.bases.val() + self.one4.val();
            if self.bases.val() == self.zero4.val() {
                self.state.d.next.base0 = self.base_data.val();
            }
            if self.bases.val() == self.one4.val() {
                self.state.d.next.base1 = self.base_data.val();
            }
            if self.bases.val() == self.two4.val() {
                self.state.d.next.base2 = self.base_data.val();
            }
        }

        self.state.d.next.ahead = self.ahead.val();
        self.state.d.next.op_bucket = self.bucket.val();
        self.finished.next =
            (!self.state.q.val().points_left.any()) && (!self.state.q.val().active) && (!self.state.q.val().op_valid);
        if self.start.val() {
            self.state.d.next.montgomery = self.montgomery.val();
            self.state.d.next.points_left = self.count.val();
            self.state.d.next.scalars_left = self.count.val();
            self.state.d.next.base_words_left = bit_cast_u::<40, 32>(self.count.val()) << 1;
            self.state.d.next.raw_index = self.zero32.val();
            self.state.d.next.error = false;
            self.state.d.next.error_index = self.zero32.val();
        }
        if self.reset.val() {
            self.state.d.next = self.idle.val();
        }
        self.op_valid.next = self.state.q.val().op_valid;
        self.op_empty.next = self.state.q.val().op_empty;
        self.op_bucket.next = self.state.q.val().op_bucket;
        self.op_x.next = self.state.q.val().op_x;
        self.op_y.next = self.state.q.val().op_y;
        self.bucket_next.next = self.bucket.val();
        self.scalar_error.next = self.state.q.val().error;
        self.scalar_index.next = self.state.q.val().error_index;
    }
}

gristmill_hdl_kit::ports!(Recoder {
    in: reset, start, count, montgomery, base_data, base_valid, scalar_data, scalar_valid, op_ready,
        beat;
    out: base_ready, scalar_ready, op_valid, op_empty, op_bucket, op_x, op_y, bucket_next, finished,
        scalar_error, scalar_index
});
