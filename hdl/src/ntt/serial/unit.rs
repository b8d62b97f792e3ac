//! The engine's arithmetic unit: a butterfly of any kind behind the same ports.

use super::goldilocks::GoldilocksUnit;
use super::serial_unit::SerialUnit;
use super::ButterflyUnit;
use crate::field::{Arithmetic, FieldParams};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::either;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

either! {
    /// x = a + w*b and y = a - w*b, with a tag that travels beside them.
    ///
    /// Low byte of the tag: the issue word ([`super::schedule`]). An operation enters in a slot, and
    /// `latency()` cycles later its results and tag stand on the outputs for that cycle. `word_0` and
    /// `word_1` are what goes to banks 0 and 1: x and y, or y and x where a butterfly or a load has its
    /// first operand in bank 1. `x` is the result of stores and successors.
    pub struct Unit[const W: usize][W] as UnitKind {
        Words: WordUnit, Goldilocks: GoldilocksUnit;
        in a: U<W>, b: U<W>, w: U<W>, tag: U<64>; out x: U<W>, word_0: U<W>, word_1: U<W>, out_tag: U<64>
    }
}

impl<const W: usize> Unit<W> {
    /// Over a field of W-bit words: 256, or 64 and then pipelined.
    ///
    /// # Panics
    /// If the field's words have another width, or there is no such unit.
    pub fn new(field: &FieldParams, arithmetic: Arithmetic, fidelity: Fidelity) -> Self {
        assert_eq!(field.word_bits, W, "Unit<{W}> in {}", field.name);
        Self::of(match (W, arithmetic) {
            (256, _) => UnitKind::Words(Box::new(WordUnit::new(field, arithmetic, fidelity))),
            (64, Arithmetic::Pipelined) => UnitKind::Goldilocks(Box::new(GoldilocksUnit::new(fidelity))),
            _ => panic!("no {arithmetic:?} unit for words of {W} bits"),
        })
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        match self.kind() {
            UnitKind::Words(inner) => inner.latency(),
            UnitKind::Goldilocks(inner) => inner.latency(),
        }
    }

    /// Cycles from slot to slot.
    pub fn interval(&self) -> usize {
        match self.kind() {
            UnitKind::Words(inner) => inner.interval(),
            UnitKind::Goldilocks(_) => 1,
        }
    }
}

/// [`Unit`] for 256-bit words: pipelined or digit-serial.
#[derive(LogicBlock)]
pub struct WordUnit {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<256>>,
    pub b: Signal<In, U<256>>,
    pub w: Signal<In, U<256>>,
    pub tag: Signal<In, U<64>>,
    pub x: Signal<Out, U<256>>,
    pub word_0: Signal<Out, U<256>>,
    pub word_1: Signal<Out, U<256>>,
    pub out_tag: Signal<Out, U<64>>,
    // One of the two has one element, the other none.
    pipelined: Vec<ButterflyUnit>,
    travelling: Vec<Delay<U<64>>>,
    serial: Vec<SerialUnit>,
    tag_now: Signal<Local, U<64>>,
    zero: Constant<U<256>>,
    zero_tag: Constant<U<64>>,
    _pipelined: usize,
    _serial: usize,
    _latency: usize,
}

impl WordUnit {
    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, arithmetic: Arithmetic, fidelity: Fidelity) -> Self {
        let (pipelined, serial) = match arithmetic {
            Arithmetic::Pipelined => (vec![ButterflyUnit::new(field, fidelity)], vec![]),
            Arithmetic::Serial => (vec![], vec![SerialUnit::new(field, fidelity)]),
        };
        let latencies = pipelined.iter().map(ButterflyUnit::latency).chain(serial.iter().map(SerialUnit::latency));
        let latency = latencies.sum();
        WordUnit {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            tag: Default::default(),
            x: Default::default(),
            word_0: Default::default(),
            word_1: Default::default(),
            out_tag: Default::default(),
            travelling: pipelined.iter().map(|_| Delay::new(latency)).collect(),
            tag_now: Default::default(),
            zero: Constant::new(U::ZERO),
            zero_tag: Constant::new(U::ZERO),
            _pipelined: pipelined.len(),
            _serial: serial.len(),
            _latency: latency,
            pipelined,
            serial,
        }
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        self._latency
    }

    /// Cycles from slot to slot.
    pub fn interval(&self) -> usize {
        if self._serial == 0 {
            1
        } else {
            SerialUnit::INTERVAL
        }
    }
}

impl Logic for WordUnit {
    #[hdl_gen]
    fn update(&mut self) {
        self.x.next = self.zero.val();
        self.word_0.next = self.zero.val();
        self.word_1.next = self.zero.val();
        self.tag_now.next = self.zero_tag.val();
        for i in 0..self._pipelined {
            self.pipelined[i].clock.next = self.clock.val();
            self.travelling[i].clock.next = self.clock.val();
            self.pipelined[i].a.next = self.a.val();
            self.pipelined[i].b.next = self.b.val();
            self.pipelined[i].w.next = self.w.val();
            self.travelling[i].d.next = self.tag.val();
            self.tag_now.next = self.travelling[i].q.val();
            self.x.next = self.pipelined[i].x.val();
            self.word_0.next = self.pipelined[i].x.val();
            self.word_1.next = self.pipelined[i].y.val();
            if self.tag_now.val().get_bit(4) {
                self.word_0.next = self.pipelined[i].y.val();
                self.word_1.next = self.pipelined[i].x.val();
            }
        }
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
