//! The butterfly of decimation in time: x = a + w*b, y = a - w*b, one a cycle.

use crate::field::native::Native;
use crate::field::{FieldParams, ModAdd, ModSub, MontMul256};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// A Montgomery multiplier, then an adder and a subtractor side by side.
#[derive(LogicBlock)]
pub struct ButterflyRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<256>>,
    pub b: Signal<In, U<256>>,
    pub w: Signal<In, U<256>>,
    pub x: Signal<Out, U<256>>,
    pub y: Signal<Out, U<256>>,
    multiplier: MontMul256,
    beside: Delay<U<256>>,
    adder: ModAdd<256>,
    subtractor: ModSub<256>,
}

impl ButterflyRtl {
    /// Over a field of 256-bit words; `fidelity` is that of the multiplier inside.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let multiplier = MontMul256::new(field, fidelity);
        let beside = Delay::new(multiplier.latency());
        let (adder, subtractor) = (ModAdd::new(field), ModSub::new(field));
        assert_eq!(adder.latency(), subtractor.latency(), "adder and subtractor end in the same cycle");
        ButterflyRtl {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            x: Default::default(),
            y: Default::default(),
            multiplier,
            beside,
            adder,
            subtractor,
        }
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        self.multiplier.latency() + self.adder.latency()
    }
}

impl Logic for ButterflyRtl {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, multiplier, beside, adder, subtractor);
        self.multiplier.a.next = self.b.val();
        self.multiplier.b.next = self.w.val();
        self.beside.d.next = self.a.val();
        self.adder.a.next = self.beside.q.val();
        self.adder.b.next = self.multiplier.r.val();
        self.subtractor.a.next = self.beside.q.val();
        self.subtractor.b.next = self.multiplier.r.val();
        self.x.next = self.adder.r.val();
        self.y.next = self.subtractor.r.val();
    }
}

gristmill_hdl_kit::ports!(ButterflyRtl { in: a, b, w; out: x, y });

twin! {
    /// The butterfly, one a cycle: x = a + w*b, y = a - w*b, all in Montgomery form and reduced.
    ///
    /// `b` may be any 256-bit number if `w` is reduced: a Montgomery product of numbers below
    /// 2^256 and p is below 2p before its last subtraction.
    pub struct Butterfly for ButterflyRtl { in a: U<256>, b: U<256>, w: U<256>; out x: U<256>, y: U<256> }
}

impl Butterfly {
    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let rtl = ButterflyRtl::new(field, Fidelity::Rtl);
        let latency = rtl.latency();
        let native = Native::<4>::new(field);
        Self::twin(rtl, latency, fidelity, move |(a, b, w)| {
            let (a, product) = (limbs(a), native.mul(&limbs(b), &limbs(w)));
            (U::from_limbs(&native.add(&a, &product)), U::from_limbs(&native.sub(&a, &product)))
        })
    }
}

fn limbs(word: U<256>) -> [u64; 4] {
    let all = word.limbs();
    [all[0], all[1], all[2], all[3]]
}
