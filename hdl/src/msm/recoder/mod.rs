//! Bases and scalars in, operands for the buckets out: one signed digit a cycle.
//!
//! A scalar s is written in windows of c bits, least significant first, with digits between
//! -2^(c-1)+1 and 2^(c-1): a window (plus carry) above 2^(c-1) becomes itself minus 2^c and
//! carries one into the next. Digit d of window w sends P (or -P for d < 0) to bucket
//! `w * 2^(c-1) + |d| - 1`. A zero digit sends nothing; when nothing but zeros is left the next
//! point begins. The next point waits loaded, so points follow each other without a lost cycle.
//! The base 0, 0 is infinity and is skipped, as is the scalar 0.

mod build;
mod state;

use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::word::{bit_cast_u, bit_cast_ub, U};
use rust_hdl::prelude::*;

use super::redc::Redc;
use super::redc_serial::RedcSerial;
use state::State;

/// Scalars that can be between the check and the digits.
pub(super) const SCALARS_AHEAD: usize = 8;

/// See the module. `start` (pulse, while `finished`) begins a command of `count` points.
/// `op_valid`, `op_ready`: an operand (`op_bucket`, `op_x`, `op_y`, affine) goes out;
/// `bucket_next` is the value of `op_bucket` in the next cycle. Without an operand, `op_empty`
/// tells that a zero digit or a skipped point is why, else a base or a scalar is awaited.
/// With a paced recoder ([`Recoder::paced`]) digits move only in cycles with `beat`, at least four apart, and points two
/// cycles behind one; what they are is found in the cycles between, with a register after each step, and `op_bucket` is to be asked
/// for instead of `bucket_next`. `decide` is then the cycle before a beat and `op_will_go` tells in it whether `op_ready` will be high in that
/// beat; words enter in the cycle after the one in which they were seen, and `count` and `montgomery` stand for a cycle behind `start`. A point waits for one beat until its first digit is found (`op_empty`, if nothing else goes out).
/// `finished`: all points have gone out. A scalar that is not below the order counts as 0; the
/// index of the first is held in `scalar_index` with `scalar_error` until the next start.
#[derive(LogicBlock)]
pub struct Recoder<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub count: Signal<In, U<32>>,
    pub montgomery: Signal<In, Bit>,
    pub base_data: Signal<In, U<W>>,
    pub base_valid: Signal<In, Bit>,
    pub base_ready: Signal<Out, Bit>,
    pub scalar_data: Signal<In, U<256>>,
    pub scalar_valid: Signal<In, Bit>,
    pub scalar_ready: Signal<Out, Bit>,
    pub op_valid: Signal<Out, Bit>,
    pub op_ready: Signal<In, Bit>,
    pub beat: Signal<In, Bit>,
    pub decide: Signal<In, Bit>,
    pub op_will_go: Signal<In, Bit>,
    pub op_empty: Signal<Out, Bit>,
    pub op_bucket: Signal<Out, Bits<24>>,
    pub op_x: Signal<Out, U<W>>,
    pub op_y: Signal<Out, U<W>>,
    pub bucket_next: Signal<Out, Bits<24>>,
    pub finished: Signal<Out, Bit>,
    pub scalar_error: Signal<Out, Bit>,
    pub scalar_index: Signal<Out, U<32>>,
    state: DFF<State<W>>,
    // One of the two has one element, the other none.
    redc: Vec<Redc>,
    redc_serial: Vec<RedcSerial>,
    scalars: Fifo<U<256>>,
    scalar: Signal<Local, U<256>>,
    room: Signal<Local, Bit>,
    bases: Signal<Local, Bits<4>>,
    ahead: Signal<Local, Bits<4>>,
    take: Signal<Local, Bit>,
    skip: Signal<Local, Bit>,
    step: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    load: Signal<Local, Bit>,
    scalar_enters: Signal<Local, Bit>,
    base_enters: Signal<Local, Bit>,
    window_sum: Signal<Local, Bits<24>>,
    size: Signal<Local, Bits<24>>,
    negative: Signal<Local, Bit>,
    shifted: Signal<Local, U<256>>,
    bucket: Signal<Local, Bits<24>>,
    place: Signal<Local, Bits<24>>,
    some: Signal<Local, Bit>,
    negate: Signal<Local, Bit>,
    rest_some: Signal<Local, Bit>,
    valid_scalar: Signal<Local, Bit>,
    reduces: Signal<Local, Bit>,
    reduced: Signal<Local, U<256>>,
    reduced_valid: Signal<Local, Bit>,
    redc_valid: Signal<Local, Bit>,
    raw: Signal<Local, U<256>>,
    next_scalar: Signal<Local, U<256>>,
    next_x: Signal<Local, U<W>>,
    next_y: Signal<Local, U<W>>,
    not_y: Signal<Local, U<W>>,
    quarter: Vec<Signal<Local, U<66>>>,
    less: Signal<Local, Bits<4>>,
    equal: Signal<Local, Bits<4>>,
    found_last: Signal<Local, Bit>,
    idle: Constant<State<W>>,
    modulus: Constant<U<W>>,
    order: Constant<U<256>>,
    order_quarter: Vec<Constant<U<64>>>,
    /// Each quarter and, below it, a one that makes a carry of the other operand's lowest bit; that bit of the lowest quarter.
    modulus_quarter: Vec<Constant<U<66>>>,
    carry_in: Constant<U<66>>,
    mask: Constant<U<256>>,
    zero: Constant<U<256>>,
    no_word: Constant<U<W>>,
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
    _pipelined: usize,
    _serial: usize,
}

impl<const W: usize> Logic for Recoder<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, scalars);
        self.scalars.reset.next = self.reset.val();

        // Scalars: in, checked, reduced if in Montgomery form, then waiting for their point.
        self.scalar_enters.next = (!self.state.q.val().raw_valid) && self.state.q.val().more_scalars;
        if self.paced.val() {
            self.state.d.next.scalar_enters =
                self.scalar_valid.val() && self.scalar_enters.val() && (!self.state.q.val().scalar_enters);
            self.scalar_enters.next = self.state.q.val().scalar_enters;
        }
        self.scalar_ready.next = self.scalar_enters.val();
        if self.scalar_enters.val() {
            self.state.d.next.raw = self.scalar_data.val();
        }
        if self.scalar_valid.val() && self.scalar_enters.val() {
            self.state.d.next.raw_valid = true;
            self.state.d.next.scalars_left = self.state.q.val().scalars_left - self.one32.val();
            self.state.d.next.more_scalars = self.state.q.val().scalars_left != self.one32.val();
        }
        self.raw.next = self.state.q.val().raw;
        self.valid_scalar.next = self.raw.val() < self.order.val();
        self.ahead.next = self.state.q.val().ahead;
        self.room.next = self.state.q.val().raw_valid && (self.state.q.val().ahead != self.most_ahead.val());
        self.less.next = self.zero4.val();
        self.equal.next = self.zero4.val();
        if self.paced.val() {
            self.less.next = bit_cast::<4, 1>((self.raw.val().get_bits::<64>(0) < self.order_quarter[0].val()).into())
                | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(64) < self.order_quarter[1].val()).into()) << 1)
                | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(128) < self.order_quarter[2].val()).into()) << 2)
                | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(192) < self.order_quarter[3].val()).into()) << 3);
            self.equal.next =
                bit_cast::<4, 1>((self.raw.val().get_bits::<64>(0) == self.order_quarter[0].val()).into())
                    | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(64) == self.order_quarter[1].val()).into())
                        << 1)
                    | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(128) == self.order_quarter[2].val()).into())
                        << 2)
                    | (bit_cast::<4, 1>((self.raw.val().get_bits::<64>(192) == self.order_quarter[3].val()).into())
                        << 3);
            self.state.d.next.less = self.less.val();
            self.state.d.next.equal = self.equal.val();
            self.less.next = self.state.q.val().less;
            self.equal.next = self.state.q.val().equal;
            self.valid_scalar.next = self.less.val().get_bit(3)
                || (self.equal.val().get_bit(3)
                    && (self.less.val().get_bit(2)
                        || (self.equal.val().get_bit(2)
                            && (self.less.val().get_bit(1)
                                || (self.equal.val().get_bit(1) && self.less.val().get_bit(0))))));
            self.room.next = self.room.val() && self.state.q.val().raw_seen;
        }
        self.scalar.next = self.raw.val();
        if !self.valid_scalar.val() {
            self.scalar.next = self.zero.val();
        }
        self.redc_valid.next = self.state.q.val().montgomery && self.room.val();
        self.reduces.next = false;
        self.reduced.next = self.zero.val();
        self.reduced_valid.next = false;
        for i in 0..self._pipelined {
            self.redc[i].clock.next = self.clock.val();
            self.redc[i].reset.next = self.reset.val();
            self.redc[i].in_data.next = self.scalar.val();
            self.redc[i].in_valid.next = self.redc_valid.val();
            self.reduces.next = self.redc[i].in_ready.val();
            self.reduced.next = self.redc[i].out_data.val();
            self.reduced_valid.next = self.redc[i].out_valid.val();
        }
        for i in 0..self._serial {
            self.redc_serial[i].clock.next = self.clock.val();
            self.redc_serial[i].reset.next = self.reset.val();
            self.redc_serial[i].in_data.next = self.scalar.val();
            self.redc_serial[i].in_valid.next = self.redc_valid.val();
            self.reduces.next = self.redc_serial[i].in_ready.val();
            self.reduced.next = self.redc_serial[i].out_data.val();
            self.reduced_valid.next = self.redc_serial[i].out_valid.val();
        }
        self.scalars.in_data.next = self.scalar.val();
        self.scalars.in_valid.next = self.room.val();
        if self.state.q.val().montgomery {
            self.room.next = self.room.val() && self.reduces.val();
            self.scalars.in_data.next = self.reduced.val();
            self.scalars.in_valid.next = self.reduced_valid.val();
        }
        self.state.d.next.raw_seen = self.state.q.val().raw_valid && (!self.room.val());
        if self.room.val() {
            self.state.d.next.raw_valid = false;
            self.state.d.next.raw_index = self.state.q.val().raw_index + self.one32.val();
            self.ahead.next = self.state.q.val().ahead + self.one4.val();
            if (!self.valid_scalar.val()) && (!self.state.q.val().error) {
                self.state.d.next.error = true;
                self.state.d.next.error_index = self.state.q.val().raw_index;
            }
        }

        // The digit that goes out in this cycle.
        self.load.next = ((!self.state.q.val().op_valid) || self.op_ready.val()) && self.beat.val();
        self.step.next = self.state.q.val().active && self.load.val();
        if self.paced.val() {
            self.state.d.next.step = self.state.q.val().active
                && ((!self.state.q.val().op_valid) || self.op_will_go.val())
                && self.decide.val();
            self.state.d.next.moves = self.state.q.val().active
                && ((!self.state.q.val().op_valid) || self.op_will_go.val())
                && self.decide.val();
            self.step.next = self.state.q.val().step;
        }
        self.shifted.next = self.state.q.val().rest >> self.shift.val();
        self.window_sum.next = bit_cast_ub::<24, 256>(self.state.q.val().rest & self.mask.val());
        if self.state.q.val().carry {
            self.window_sum.next = bit_cast_ub::<24, 256>(self.state.q.val().rest & self.mask.val()) + self.one24.val();
        }
        self.rest_some.next = self.shifted.val().any();
        if self.paced.val() {
            self.state.d.next.window_sum = self.window_sum.val();
            self.state.d.next.rest_some = bit_cast::<4, 1>(self.shifted.val().get_bits::<64>(0).any().into())
                | (bit_cast::<4, 1>(self.shifted.val().get_bits::<64>(64).any().into()) << 1)
                | (bit_cast::<4, 1>(self.shifted.val().get_bits::<64>(128).any().into()) << 2)
                | (bit_cast::<4, 1>(self.shifted.val().get_bits::<64>(192).any().into()) << 3);
            self.window_sum.next = self.state.q.val().window_sum;
            self.rest_some.next = self.state.q.val().rest_some.any();
        }
        self.negative.next = self.window_sum.val() > self.half.val();
        self.size.next = self.window_sum.val();
        if self.negative.val() {
            self.size.next = self.whole.val() - self.window_sum.val();
        }
        self.found_last.next = (self.state.q.val().window == self.last_window.val())
            || ((!self.rest_some.val()) && (!self.negative.val()));
        self.last.next = self.found_last.val();
        self.negate.next = self.negative.val();
        if self.paced.val() {
            self.state.d.next.negative = self.negative.val();
            self.state.d.next.size = self.size.val();
            self.state.d.next.last = self.found_last.val();
            self.negative.next = self.state.q.val().negative;
            self.size.next = self.state.q.val().size;
            self.last.next = self.state.q.val().last;
            self.negate.next = self.state.q.val().negative && self.state.q.val().y_some;
        }
        self.place.next = (self.state.q.val().origin + self.size.val()) - self.one24.val();
        self.some.next = self.size.val().any();
        if self.paced.val() {
            self.state.d.next.some = self.some.val();
            self.state.d.next.bucket = self.place.val();
            self.some.next = self.state.q.val().some;
            self.place.next = self.state.q.val().bucket;
        }
        self.bucket.next = self.state.q.val().op_bucket;
        self.moves.next = self.step.val();
        if self.paced.val() {
            self.moves.next = self.state.q.val().moves;
        }
        if self.load.val() {
            self.state.d.next.op_valid = false;
            self.state.d.next.op_empty = self.step.val();
        }
        if self.moves.val() {
            self.state.d.next.rest = self.shifted.val();
        }
        if self.step.val() {
            self.state.d.next.carry = self.negative.val();
            self.state.d.next.window = self.state.q.val().window + self.one8.val();
            self.state.d.next.origin = self.state.q.val().origin + self.half.val();
            self.state.d.next.op_valid = self.some.val();
            self.bucket.next = self.place.val();
            self.state.d.next.op_x = self.state.q.val().x;
            self.state.d.next.op_y = self.state.q.val().y;
            if self.negate.val() {
                self.state.d.next.op_y = self.state.q.val().y_negative;
            }
            if self.last.val() {
                self.state.d.next.active = false;
            }
        }

        // The next point takes the place of one whose last digit goes out.
        self.next_scalar.next = self.scalars.out_data.val();
        self.next_x.next = self.state.q.val().base0;
        self.next_y.next = self.state.q.val().base1;
        self.take.next = self.beat.val()
            && self.scalars.out_valid.val()
            && (self.state.q.val().bases >= self.two4.val())
            && ((!self.state.q.val().active) || (self.step.val() && self.last.val()));
        self.skip.next = (!self.next_scalar.val().any()) || ((!self.next_x.val().any()) && (!self.next_y.val().any()));
        // Paced: once its place is empty. That it is there, and whether it is to be skipped, was seen before.
        if self.paced.val() {
            self.state.d.next.here = self.scalars.out_valid.val() && (self.state.q.val().bases >= self.two4.val());
            self.state.d.next.scalar_some = bit_cast::<4, 1>(self.next_scalar.val().get_bits::<64>(0).any().into())
                | (bit_cast::<4, 1>(self.next_scalar.val().get_bits::<64>(64).any().into()) << 1)
                | (bit_cast::<4, 1>(self.next_scalar.val().get_bits::<64>(128).any().into()) << 2)
                | (bit_cast::<4, 1>(self.next_scalar.val().get_bits::<64>(192).any().into()) << 3);
            self.state.d.next.x_some = bit_cast::<4, 1>(self.next_x.val().get_bits::<64>(0).any().into())
                | (bit_cast::<4, 1>(self.next_x.val().get_bits::<64>(64).any().into()) << 1)
                | (bit_cast::<4, 1>(self.next_x.val().get_bits::<64>(128).any().into()) << 2)
                | (bit_cast::<4, 1>(self.next_x.val().get_bits::<64>(192).any().into()) << 3);
            self.state.d.next.base_y_some = bit_cast::<4, 1>(self.next_y.val().get_bits::<64>(0).any().into())
                | (bit_cast::<4, 1>(self.next_y.val().get_bits::<64>(64).any().into()) << 1)
                | (bit_cast::<4, 1>(self.next_y.val().get_bits::<64>(128).any().into()) << 2)
                | (bit_cast::<4, 1>(self.next_y.val().get_bits::<64>(192).any().into()) << 3);
            self.state.d.next.after_beat = self.beat.val();
            self.state.d.next.take = self.state.q.val().after_beat
                && self.state.q.val().here
                && (!self.state.q.val().active)
                && (!self.state.q.val().waits);
            if self.state.q.val().after_beat
                && self.state.q.val().here
                && (!self.state.q.val().active)
                && (!self.state.q.val().waits)
            {
                self.state.d.next.moves = true;
            }
            self.take.next = self.state.q.val().take;
            self.skip.next = (!self.state.q.val().scalar_some.any())
                || ((!self.state.q.val().x_some.any()) && (!self.state.q.val().base_y_some.any()));
            // A point that was taken begins with the next beat.
            if self.beat.val() && self.state.q.val().waits {
                self.state.d.next.active = true;
                self.state.d.next.waits = false;
                if self.load.val() {
                    self.state.d.next.op_empty = true;
                }
            }
        }
        self.scalars.out_ready.next = self.take.val();
        self.bases.next = self.state.q.val().bases;
        if self.take.val() {
            self.bases.next = self.state.q.val().bases - self.two4.val();
            self.ahead.next = self.ahead.val() - self.one4.val();
            self.state.d.next.points_left = self.state.q.val().points_left - self.one32.val();
            if !self.paced.val() {
                self.state.d.next.base0 = self.state.q.val().base2;
            }
            self.state.d.next.x = self.state.q.val().base0;
            self.state.d.next.y = self.state.q.val().base1;
            self.state.d.next.rest = self.next_scalar.val();
            self.state.d.next.carry = false;
            self.state.d.next.window = self.zero8.val();
            self.state.d.next.origin = self.zero24.val();
            if self.paced.val() {
                self.state.d.next.waits = !self.skip.val();
                self.state.d.next.y_some = self.state.q.val().base_y_some.any();
                if self.skip.val() && (!self.state.q.val().op_valid) {
                    self.state.d.next.op_empty = true;
                }
            } else {
                self.state.d.next.active = !self.skip.val();
                self.state.d.next.y_negative = self.no_word.val();
                if self.next_y.val().any() {
                    self.state.d.next.y_negative = self.modulus.val() - self.next_y.val();
                }
                if self.load.val() && self.skip.val() {
                    self.state.d.next.op_empty = true;
                }
            }
        }
        // Paced: -y = p + ~y + 1 in four quarters, a cycle each, while the point waits.
        self.not_y.next = self.no_word.val();
        for j in 0..4 {
            self.quarter[j].next = self.modulus_quarter[j].val();
        }
        if self.paced.val() {
            self.not_y.next = !self.state.q.val().y;
            self.quarter[0].next = self.modulus_quarter[0].val()
                + ((bit_cast_u::<66, 64>(self.not_y.val().get_bits::<64>(0)) << 1) | self.carry_in.val());
            self.quarter[1].next = self.modulus_quarter[1].val()
                + ((bit_cast_u::<66, 64>(self.not_y.val().get_bits::<64>(64)) << 1)
                    | bit_cast_u::<66, 1>(self.state.q.val().carry0));
            self.quarter[2].next = self.modulus_quarter[2].val()
                + ((bit_cast_u::<66, 64>(self.not_y.val().get_bits::<64>(128)) << 1)
                    | bit_cast_u::<66, 1>(self.state.q.val().carry1));
            self.quarter[3].next = self.modulus_quarter[3].val()
                + ((bit_cast_u::<66, 64>(self.not_y.val().get_bits::<64>(192)) << 1)
                    | bit_cast_u::<66, 1>(self.state.q.val().carry2));
            self.state.d.next.carry0 = self.quarter[0].val().get_bits::<1>(65);
            self.state.d.next.carry1 = self.quarter[1].val().get_bits::<1>(65);
            self.state.d.next.carry2 = self.quarter[2].val().get_bits::<1>(65);
            self.state.d.next.y_negative = bit_cast_u::<W, 64>(self.quarter[0].val().get_bits::<64>(1))
                | (bit_cast_u::<W, 64>(self.quarter[1].val().get_bits::<64>(1)) << 64)
                | (bit_cast_u::<W, 64>(self.quarter[2].val().get_bits::<64>(1)) << 128)
                | (bit_cast_u::<W, 64>(self.quarter[3].val().get_bits::<64>(1)) << 192);
        }

        // Words of bases queue up behind those that stay. Paced: two at most, each in a place of its own.
        self.base_enters.next = (self.state.q.val().bases != self.three4.val()) && self.state.q.val().more_bases;
        if self.paced.val() {
            self.base_enters.next = self.state.q.val().enters0 || self.state.q.val().enters1;
            self.state.d.next.enters0 = self.base_valid.val()
                && self.state.q.val().more_bases
                && (self.state.q.val().bases == self.zero4.val())
                && (!self.base_enters.val());
            self.state.d.next.enters1 = self.base_valid.val()
                && self.state.q.val().more_bases
                && (self.state.q.val().bases == self.one4.val())
                && (!self.base_enters.val());
            if self.state.q.val().enters0 {
                self.state.d.next.base0 = self.base_data.val();
            }
            if self.state.q.val().enters1 {
                self.state.d.next.base1 = self.base_data.val();
            }
        }
        self.base_ready.next = self.base_enters.val();
        self.state.d.next.bases = self.bases.val();
        if self.base_valid.val() && self.base_enters.val() {
            self.state.d.next.more_bases = self.state.q.val().base_words_left != self.one40.val();
            self.state.d.next.base_words_left = self.state.q.val().base_words_left - self.one40.val();
            self.state.d.next.bases = self.bases.val() + self.one4.val();
            if !self.paced.val() {
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
        }

        self.state.d.next.ahead = self.ahead.val();
        self.state.d.next.op_bucket = self.bucket.val();
        self.finished.next =
            (!self.state.q.val().points_left.any()) && (!self.state.q.val().active) && (!self.state.q.val().op_valid);
        if self.paced.val() {
            self.finished.next = self.finished.val() && (!self.state.q.val().waits) && (!self.state.q.val().starts);
        }
        self.begins.next = self.start.val();
        if self.paced.val() {
            self.state.d.next.starts = self.start.val();
            self.begins.next = self.state.q.val().starts;
        }
        if self.begins.val() {
            self.state.d.next.montgomery = self.montgomery.val();
            self.state.d.next.points_left = self.count.val();
            self.state.d.next.scalars_left = self.count.val();
            self.state.d.next.base_words_left = bit_cast_u::<40, 32>(self.count.val()) << 1;
            self.state.d.next.more_bases = self.count.val().any();
            self.state.d.next.more_scalars = self.count.val().any();
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

gristmill_hdl_kit::ports!([const W: usize] Recoder<W> {
    in: reset, start, count, montgomery, base_data, base_valid, scalar_data, scalar_valid, op_ready,
        beat, decide, op_will_go;
    out: base_ready, scalar_ready, op_valid, op_empty, op_bucket, op_x, op_y, bucket_next, finished,
        scalar_error, scalar_index
});
