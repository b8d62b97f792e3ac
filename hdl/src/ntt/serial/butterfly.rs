//! The butterfly with one digit-serial multiplier: an operation every 17 cycles.
//!
//! Operations enter in slots that lie a multiple of 17 cycles apart. Then the multiplier always has
//! a place for the next one (the product of three slots ago leaves it in that very cycle), every
//! operation takes the same number of cycles, and the block is feed-forward: it can have a twin and
//! needs no reset, because whatever is in it leaves it.

use super::sums::SerialSums;
use crate::field::native::{first, Native};
use crate::field::{FieldParams, MontMulSerial256};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::twin;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// RTL of [`SerialUnit`].
#[derive(LogicBlock)]
pub struct SerialUnitRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<256>>,
    pub b: Signal<In, U<256>>,
    pub w: Signal<In, U<256>>,
    pub tag: Signal<In, U<64>>,
    pub word_0: Signal<Out, U<256>>,
    pub word_1: Signal<Out, U<256>>,
    pub out_tag: Signal<Out, U<64>>,
    multiplier: MontMulSerial256,
    sums: SerialSums,
    // What waits for the product: at most four operations are under way, and they stay in order.
    beside: Ram<U<256>>,
    tags: Ram<U<64>>,
    enters: DFF<Bits<2>>,
    leaves: DFF<Bits<2>>,
    tag_q: DFF<U<64>>,
    complete: Delay<Bit>,
    kind: Signal<Local, U<64>>,
    valid: Signal<Local, Bit>,
    tag_now: Signal<Local, U<64>>,
    kinds: Constant<U<64>>,
    zero_tag: Constant<U<64>>,
    one: Constant<Bits<2>>,
}

impl SerialUnitRtl {
    /// Cycles from operands to results.
    pub const LATENCY: usize = MontMulSerial256::LATENCY + SerialSums::LATENCY;

    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams) -> Self {
        // The sums keep up with the products.
        const { assert!(SerialSums::LATENCY <= MontMulSerial256::INTERVAL) };
        SerialUnitRtl {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            tag: Default::default(),
            word_0: Default::default(),
            word_1: Default::default(),
            out_tag: Default::default(),
            multiplier: MontMulSerial256::new(field),
            sums: SerialSums::new(field),
            beside: Ram::with_style(4, RamStyle::Distributed),
            tags: Ram::with_style(4, RamStyle::Distributed),
            enters: Default::default(),
            leaves: Default::default(),
            tag_q: Default::default(),
            complete: Delay::new(SerialSums::LATENCY),
            kind: Default::default(),
            valid: Default::default(),
            tag_now: Default::default(),
            kinds: Constant::new(SerialUnit::KINDS.into()),
            zero_tag: Constant::new(0u64.into()),
            one: Constant::new(1u64.to_bits()),
        }
    }
}

impl Logic for SerialUnitRtl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, enters, leaves, tag_q);
        clock!(self, clock, multiplier, sums, beside, tags, complete);
        self.kind.next = self.tag.val() & self.kinds.val();
        self.valid.next = self.kind.val().any();

        self.multiplier.reset.next = false;
        self.multiplier.a.next = self.b.val();
        self.multiplier.b.next = self.w.val();
        self.multiplier.tag.next = 0.into();
        self.multiplier.in_valid.next = self.valid.val();
        self.beside.write_address.next = bit_cast::<24, 2>(self.enters.q.val());
        self.beside.write_data.next = self.a.val();
        self.beside.write_enable.next = self.valid.val();
        self.tags.write_address.next = bit_cast::<24, 2>(self.enters.q.val());
        self.tags.write_data.next = self.tag.val();
        self.tags.write_enable.next = self.valid.val();
        if self.valid.val() {
            self.enters.d.next = self.enters.q.val() + self.one.val();
        }

        // The oldest operation stands at the memories' outputs long before its product comes.
        self.beside.read_address.next = bit_cast::<24, 2>(self.leaves.q.val());
        self.tags.read_address.next = bit_cast::<24, 2>(self.leaves.q.val());
        self.tag_now.next = self.tags.read_data.val();
        self.sums.start.next = self.multiplier.out_valid.val();
        self.sums.a.next = self.beside.read_data.val();
        self.sums.r.next = self.multiplier.r.val();
        self.sums.swap.next =
            self.tag_now.val().get_bit(4) && (self.tag_now.val().get_bit(0) || self.tag_now.val().get_bit(1));
        self.complete.d.next = self.multiplier.out_valid.val();
        if self.multiplier.out_valid.val() {
            self.leaves.d.next = self.leaves.q.val() + self.one.val();
            self.tag_q.d.next = self.tag_now.val();
        }
        self.word_0.next = self.sums.word_0.val();
        self.word_1.next = self.sums.word_1.val();
        self.out_tag.next = self.zero_tag.val();
        if self.complete.q.val() {
            self.out_tag.next = self.tag_q.q.val();
        }
    }
}

gristmill_hdl_kit::ports!(SerialUnitRtl { in: a, b, w, tag; out: word_0, word_1, out_tag });

twin! {
    /// Butterflies in slots: with x = a + w*b and y = a - w*b, `word_0` = x and `word_1` = y,
    /// exchanged where the tag says that the first operand is in bank 1.
    ///
    /// The low byte of a tag is an issue word ([`super::schedule`]); an operation enters in a cycle
    /// in which it says what kind it is, [`SerialUnit::INTERVAL`] cycles or a multiple of them
    /// after the last one, or when the unit is empty. `latency()` cycles later its results and its tag stand on the outputs for
    /// that cycle; in others the tag is zero and the words mean nothing. Stores and successors
    /// are not exchanged. `b` may be any 256-bit number if `w` is reduced, as in
    /// [`super::Butterfly`].
    pub struct SerialUnit for SerialUnitRtl {
        in a: U<256>, b: U<256>, w: U<256>, tag: U<64>;
        out word_0: U<256>, word_1: U<256>, out_tag: U<64>
    }
}

impl SerialUnit {
    /// Cycles from slot to slot.
    pub const INTERVAL: usize = MontMulSerial256::INTERVAL;
    /// Bits of an issue word that say that there is an operation: load, butterfly, store, successor.
    pub const KINDS: u64 = 0b10_0111;

    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let native = Native::<4>::new(field);
        let rtl = SerialUnitRtl::new(field);
        Self::twin(rtl, SerialUnitRtl::LATENCY, fidelity, move |(a, b, w, tag)| {
            let kind = tag.limbs()[0];
            if kind & Self::KINDS == 0 {
                return (U::ZERO, U::ZERO, U::ZERO);
            }
            let (a, product) = (first(&a), native.mul(&first(&b), &first(&w)));
            let (x, y) = (U::from_limbs(&native.add(&a, &product)), U::from_limbs(&native.sub(&a, &product)));
            if kind & 16 != 0 && kind & 3 != 0 {
                (y, x, tag)
            } else {
                (x, y, tag)
            }
        })
    }
}
