//! The engine of element-wise operations: two or three streams in, one out.

use super::Combine;
use crate::field::FieldParams;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_bu, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// The scalar that stands for every element of b has come.
    held: Bit,
    scalar: U<256>,
    /// Elements begun whose results have not left.
    begun: Bits<8>,
}

/// Operands of an element, on their way into the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct Operands {
    there: Bit,
    a: U<256>,
    b: U<256>,
    c: U<256>,
    op: U<2>,
}

/// r_i = a_i op b_i for streams of any length: whoever feeds them counts. One element a cycle, when all
/// its operands are offered and the receiver keeps up.
///
/// `start` is a pulse before a command's first words, when all results of the one before have left; `op` (the codes of
/// `abi::command::Operation`) and `scalar` are steady from then on. With `scalar` the first word of b is b_i for every i, and no other is taken; c
/// is taken by code 3 only.
#[derive(LogicBlock)]
pub struct Elementwise {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub op: Signal<In, Bits<2>>,
    pub scalar: Signal<In, Bit>,
    pub a_data: Signal<In, U<256>>,
    pub a_valid: Signal<In, Bit>,
    pub a_ready: Signal<Out, Bit>,
    pub b_data: Signal<In, U<256>>,
    pub b_valid: Signal<In, Bit>,
    pub b_ready: Signal<Out, Bit>,
    pub c_data: Signal<In, U<256>>,
    pub c_valid: Signal<In, Bit>,
    pub c_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    combine: Combine,
    under_way: Delay<Bit>,
    results: Fifo<U<256>>,
    s: DFF<State>,
    operands: DFF<Operands>,
    needs_c: Signal<Local, Bit>,
    go: Signal<Local, Bit>,
    leaves: Signal<Local, Bit>,
    fused: Constant<Bits<2>>,
    full: Constant<Bits<8>>,
    blank: Constant<State>,
    one: Constant<Bits<8>>,
    _latency: usize,
    _room: usize,
}

ports!(Elementwise {
    in: reset, start, op, scalar, a_data, a_valid, b_data, b_valid, c_data, c_valid, out_ready;
    out: a_ready, b_ready, c_ready, out_data, out_valid
});

impl Elementwise {
    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let combine = Combine::new(field, fidelity);
        let latency = combine.latency();
        // What is under way fits, so that it never stops a willing receiver.
        let room = (latency + 4).next_power_of_two();
        Elementwise {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            op: Default::default(),
            scalar: Default::default(),
            a_data: Default::default(),
            a_valid: Default::default(),
            a_ready: Default::default(),
            b_data: Default::default(),
            b_valid: Default::default(),
            b_ready: Default::default(),
            c_data: Default::default(),
            c_valid: Default::default(),
            c_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            combine,
            under_way: Delay::new(latency),
            results: Fifo::new(room),
            s: Default::default(),
            operands: Default::default(),
            needs_c: Default::default(),
            go: Default::default(),
            leaves: Default::default(),
            fused: Constant::new(3.into()),
            full: Constant::new((room as u64).into()),
            blank: Constant::new(State::default()),
            one: Constant::new(1.into()),
            _latency: latency,
            _room: room,
        }
    }

    /// Cycles from the one in which an element's last operand is taken to the first in which its result is offered.
    pub fn latency(&self) -> usize {
        self._latency + 2
    }

    /// Elements that can be begun before the first result has left.
    pub fn room(&self) -> usize {
        self._room
    }
}

impl Logic for Elementwise {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s, operands);
        clock!(self, clock, combine, under_way, results);
        self.needs_c.next = self.op.val() == self.fused.val();
        self.go.next = self.a_valid.val()
            && ((self.scalar.val() && self.s.q.val().held) || ((!self.scalar.val()) && self.b_valid.val()))
            && (self.c_valid.val() || (!self.needs_c.val()))
            && (self.s.q.val().begun != self.full.val());
        self.a_ready.next = self.go.val();
        self.b_ready.next = (self.go.val() && (!self.scalar.val())) || (self.scalar.val() && (!self.s.q.val().held));
        self.c_ready.next = self.go.val() && self.needs_c.val();
        if self.scalar.val() && (!self.s.q.val().held) && self.b_valid.val() {
            self.s.d.next.held = true;
            self.s.d.next.scalar = self.b_data.val();
        }

        self.operands.d.next.there = self.go.val();
        self.operands.d.next.a = self.a_data.val();
        self.operands.d.next.b = self.b_data.val();
        if self.scalar.val() {
            self.operands.d.next.b = self.s.q.val().scalar;
        }
        self.operands.d.next.c = self.c_data.val();
        self.operands.d.next.op = bit_cast_bu::<2, 2>(self.op.val());
        self.combine.a.next = self.operands.q.val().a;
        self.combine.b.next = self.operands.q.val().b;
        self.combine.c.next = self.operands.q.val().c;
        self.combine.op.next = self.operands.q.val().op;
        self.under_way.d.next = self.operands.q.val().there;

        self.results.reset.next = self.reset.val();
        self.results.in_data.next = self.combine.r.val();
        self.results.in_valid.next = self.under_way.q.val();
        self.results.out_ready.next = self.out_ready.val();
        self.out_data.next = self.results.out_data.val();
        self.out_valid.next = self.results.out_valid.val();

        self.leaves.next = self.results.out_valid.val() && self.out_ready.val();
        if self.go.val() && (!self.leaves.val()) {
            self.s.d.next.begun = self.s.q.val().begun + self.one.val();
        }
        if self.leaves.val() && (!self.go.val()) {
            self.s.d.next.begun = self.s.q.val().begun - self.one.val();
        }
        if self.start.val() {
            self.s.d.next.held = false;
        }
        if self.reset.val() {
            self.s.d.next = self.blank.val();
            self.operands.d.next.there = false;
        }
    }
}
