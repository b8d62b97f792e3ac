//! The engine's arithmetic unit, as the engine wires it.

use super::butterfly::SerialUnit;
use crate::field::FieldParams;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// x = a + w*b and y = a - w*b, with a tag that travels beside them.
///
/// Low byte of the tag: the issue word ([`super::schedule`]). An operation enters in a slot, and
/// `latency()` cycles later its results and tag stand on the outputs for that cycle. `word_0` and
/// `word_1` are what goes to banks 0 and 1: x and y, or y and x where a butterfly or a load has its
/// first operand in bank 1. `x` is the result of stores and successors.
#[derive(LogicBlock)]
pub struct Unit {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<256>>,
    pub b: Signal<In, U<256>>,
    pub w: Signal<In, U<256>>,
    pub tag: Signal<In, U<64>>,
    pub x: Signal<Out, U<256>>,
    pub word_0: Signal<Out, U<256>>,
    pub word_1: Signal<Out, U<256>>,
    pub out_tag: Signal<Out, U<64>>,
    /// One. (A `Vec`, and defaults before it, since the Verilog of the built images says so.)
    serial: Vec<SerialUnit>,
    tag_now: Signal<Local, U<64>>,
    zero: Constant<U<256>>,
    zero_tag: Constant<U<64>>,
    _serial: usize,
}

impl Unit {
    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        Unit {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            tag: Default::default(),
            x: Default::default(),
            word_0: Default::default(),
            word_1: Default::default(),
            out_tag: Default::default(),
            tag_now: Default::default(),
            zero: Constant::new(U::ZERO),
            zero_tag: Constant::new(U::ZERO),
            serial: vec![SerialUnit::new(field, fidelity)],
            _serial: 1,
        }
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        self.serial.iter().map(SerialUnit::latency).sum()
    }

    /// Cycles from slot to slot.
    pub fn interval(&self) -> usize {
        SerialUnit::INTERVAL
    }
}

impl Logic for Unit {
    #[hdl_gen]
    fn update(&mut self) {
        self.x.next = self.zero.val();
        self.word_0.next = self.zero.val();
        self.word_1.next = self.zero.val();
        self.tag_now.next = self.zero_tag.val();
        for i in 0..self._serial {
            self.serial[i].clock.next = self.clock.val();
            self.serial[i].a.next = self.a.val();
            self.serial[i].b.next = self.b.val();
            self.serial[i].w.next = self.w.val();
            self.serial[i].tag.next = self.tag.val();
            self.tag_now.next = self.serial[i].out_tag.val();
            self.x.next = self.serial[i].word_0.val();
            self.word_0.next = self.serial[i].word_0.val();
            self.word_1.next = self.serial[i].word_1.val();
        }
        self.out_tag.next = self.tag_now.val();
    }
}
