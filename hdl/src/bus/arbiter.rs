//! Arbiter of one AXI4 read channel, and the routing of its beats.

use super::ROUTES;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    ar: Bit,
    ar_address: U<64>,
    ar_len: Bits<8>,
    /// Bursts granted and not ended.
    flying: Bits<8>,
    /// Beats of the oldest burst that have come.
    beat: Bits<4>,
    /// Reader 1 was served last.
    turn: Bit,
}

/// Grants one requester at a time the address channel and sends the beats to whose they are.
///
/// Requester 2 (the descriptor fetcher) goes first, requesters 0 and 1 alternate. The order of
/// grants stands in a FIFO; memory answers in that order. A beat is bad if its response is not
/// OKAY or if its last flag disagrees with the burst that was asked for. `stop` grants nothing
/// new; `idle` says that every granted burst has ended.
#[derive(LogicBlock)]
pub struct ReadArbiter {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub stop: Signal<In, Bit>,
    pub idle: Signal<Out, Bit>,
    pub ask0_valid: Signal<In, Bit>,
    pub ask0_address: Signal<In, U<64>>,
    pub ask0_len: Signal<In, Bits<4>>,
    pub ask0_ready: Signal<Out, Bit>,
    pub ask1_valid: Signal<In, Bit>,
    pub ask1_address: Signal<In, U<64>>,
    pub ask1_len: Signal<In, Bits<4>>,
    pub ask1_ready: Signal<Out, Bit>,
    pub ask2_valid: Signal<In, Bit>,
    pub ask2_address: Signal<In, U<64>>,
    pub ask2_len: Signal<In, Bits<4>>,
    pub ask2_ready: Signal<Out, Bit>,
    pub ar_valid: Signal<Out, Bit>,
    pub ar_address: Signal<Out, U<64>>,
    pub ar_len: Signal<Out, Bits<8>>,
    pub ar_ready: Signal<In, Bit>,
    pub r_valid: Signal<In, Bit>,
    pub r_resp: Signal<In, Bits<2>>,
    pub r_last: Signal<In, Bit>,
    pub r_ready: Signal<Out, Bit>,
    pub beat0: Signal<Out, Bit>,
    pub beat1: Signal<Out, Bit>,
    pub beat2: Signal<Out, Bit>,
    pub bad: Signal<Out, Bit>,
    routes: Fifo<U<6>>,
    s: DFF<State>,
    head: Signal<Local, U<6>>,
    to: Signal<Local, Bits<2>>,
    pick: Signal<Local, Bits<2>>,
    pick_len: Signal<Local, Bits<4>>,
    grant: Signal<Local, Bit>,
    beat: Signal<Local, Bits<4>>,
    take: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    flying: Signal<Local, Bits<8>>,
    blank: Constant<State>,
    one: Constant<Bits<8>>,
    one_beat: Constant<Bits<4>>,
    to0: Constant<Bits<2>>,
    to1: Constant<Bits<2>>,
    to2: Constant<Bits<2>>,
}

ports!(ReadArbiter {
    in: clear, stop, ask0_valid, ask0_address, ask0_len, ask1_valid, ask1_address, ask1_len,
        ask2_valid, ask2_address, ask2_len, ar_ready, r_valid, r_resp, r_last;
    out: idle, ask0_ready, ask1_ready, ask2_ready, ar_valid, ar_address, ar_len, r_ready,
         beat0, beat1, beat2, bad
});

impl Default for ReadArbiter {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            stop: Default::default(),
            idle: Default::default(),
            ask0_valid: Default::default(),
            ask0_address: Default::default(),
            ask0_len: Default::default(),
            ask0_ready: Default::default(),
            ask1_valid: Default::default(),
            ask1_address: Default::default(),
            ask1_len: Default::default(),
            ask1_ready: Default::default(),
            ask2_valid: Default::default(),
            ask2_address: Default::default(),
            ask2_len: Default::default(),
            ask2_ready: Default::default(),
            ar_valid: Default::default(),
            ar_address: Default::default(),
            ar_len: Default::default(),
            ar_ready: Default::default(),
            r_valid: Default::default(),
            r_resp: Default::default(),
            r_last: Default::default(),
            r_ready: Default::default(),
            beat0: Default::default(),
            beat1: Default::default(),
            beat2: Default::default(),
            bad: Default::default(),
            routes: Fifo::new(ROUTES),
            s: Default::default(),
            head: Default::default(),
            to: Default::default(),
            pick: Default::default(),
            pick_len: Default::default(),
            grant: Default::default(),
            beat: Default::default(),
            take: Default::default(),
            last: Default::default(),
            flying: Default::default(),
            blank: Constant::new(State::default()),
            one: Constant::new(1.into()),
            one_beat: Constant::new(1.into()),
            to0: Constant::new(0.into()),
            to1: Constant::new(1.into()),
            to2: Constant::new(2.into()),
        }
    }
}

impl Logic for ReadArbiter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, routes);
        self.routes.reset.next = self.clear.val();

        // Who is next.
        self.pick.next = self.to0.val();
        self.pick_len.next = self.ask0_len.val();
        if self.ask1_valid.val() && ((!self.ask0_valid.val()) || (!self.s.q.val().turn)) {
            self.pick.next = self.to1.val();
            self.pick_len.next = self.ask1_len.val();
        }
        if self.ask2_valid.val() {
            self.pick.next = self.to2.val();
            self.pick_len.next = self.ask2_len.val();
        }
        self.grant.next = (self.ask0_valid.val() || self.ask1_valid.val() || self.ask2_valid.val())
            && ((!self.s.q.val().ar) || self.ar_ready.val())
            && self.routes.in_ready.val()
            && (!self.stop.val());
        self.ask0_ready.next = self.grant.val() && (self.pick.val() == self.to0.val());
        self.ask1_ready.next = self.grant.val() && (self.pick.val() == self.to1.val());
        self.ask2_ready.next = self.grant.val() && (self.pick.val() == self.to2.val());

        self.ar_valid.next = self.s.q.val().ar;
        self.ar_address.next = self.s.q.val().ar_address;
        self.ar_len.next = self.s.q.val().ar_len;
        self.flying.next = self.s.q.val().flying;
        self.idle.next = !self.flying.val().any();

        // Whose beat this is.
        self.head.next = self.routes.out_data.val();
        self.to.next = bit_cast_ub::<2, 2>(self.head.val().get_bits::<2>(4));
        self.r_ready.next = self.routes.out_valid.val();
        self.take.next = self.r_valid.val() && self.routes.out_valid.val();
        self.beat.next = self.s.q.val().beat;
        self.last.next = self.beat.val() == bit_cast_ub::<4, 4>(self.head.val().get_bits::<4>(0));
        self.beat0.next = self.take.val() && (self.to.val() == self.to0.val());
        self.beat1.next = self.take.val() && (self.to.val() == self.to1.val());
        self.beat2.next = self.take.val() && (self.to.val() == self.to2.val());
        self.bad.next = self.take.val() && (self.r_resp.val().any() || (self.r_last.val() != self.last.val()));
        self.routes.out_ready.next = self.take.val() && self.last.val();
        self.routes.in_valid.next = self.grant.val();
        self.routes.in_data.next =
            bit_cast_bu::<6, 4>(self.pick_len.val()) | (bit_cast_bu::<6, 2>(self.pick.val()) << 4);

        if self.ar_ready.val() {
            self.s.d.next.ar = false;
        }
        if self.grant.val() {
            self.s.d.next.ar = true;
            self.s.d.next.ar_len = bit_cast::<8, 4>(self.pick_len.val());
            self.s.d.next.ar_address = self.ask0_address.val();
            if self.pick.val() == self.to1.val() {
                self.s.d.next.ar_address = self.ask1_address.val();
            }
            if self.pick.val() == self.to2.val() {
                self.s.d.next.ar_address = self.ask2_address.val();
            }
            self.s.d.next.turn = self.pick.val() == self.to1.val();
            self.flying.next = self.flying.val() + self.one.val();
        }
        if self.take.val() {
            self.s.d.next.beat = self.beat.val() + self.one_beat.val();
            if self.last.val() {
                self.s.d.next.beat = 0.into();
                self.flying.next = self.flying.val() - self.one.val();
            }
        }
        self.s.d.next.flying = self.flying.val();
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}
