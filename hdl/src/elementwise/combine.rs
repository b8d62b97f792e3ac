//! The arithmetic of an element: one of four operations, chosen by a code that travels with the operands.

use crate::field::native::Native;
use crate::field::{FieldParams, ModAdd, ModSub, MontMul256};
use gristmill_abi::command::Operation;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// A Montgomery multiplier with a way around it, then an adder and a subtractor side by side.
#[derive(LogicBlock)]
pub struct CombineRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<256>>,
    pub b: Signal<In, U<256>>,
    pub c: Signal<In, U<256>>,
    pub op: Signal<In, U<2>>,
    pub r: Signal<Out, U<256>>,
    multiplier: MontMul256,
    /// The first operand of a sum or difference, the second of any.
    beside: Delay<U<256>>,
    second: Delay<U<256>>,
    op_there: Delay<U<2>>,
    adder: ModAdd<256>,
    subtractor: ModSub<256>,
    op_out: Delay<U<2>>,
    first: Signal<Local, U<256>>,
    code: Signal<Local, U<2>>,
    code_there: Signal<Local, U<2>>,
    code_out: Signal<Local, U<2>>,
    zero: Constant<U<256>>,
}

impl CombineRtl {
    /// Over a field of 256-bit words; `fidelity` is that of the multiplier inside.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let multiplier = MontMul256::new(field, fidelity);
        let (adder, subtractor) = (ModAdd::new(field), ModSub::new(field));
        assert_eq!(adder.latency(), subtractor.latency(), "adder and subtractor end in the same cycle");
        let (product, sum) = (multiplier.latency(), adder.latency());
        CombineRtl {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            c: Default::default(),
            op: Default::default(),
            r: Default::default(),
            multiplier,
            beside: Delay::new(product),
            second: Delay::new(product),
            op_there: Delay::new(product),
            adder,
            subtractor,
            op_out: Delay::new(sum),
            first: Default::default(),
            code: Default::default(),
            code_there: Default::default(),
            code_out: Default::default(),
            zero: Constant::new(U::ZERO),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        self.multiplier.latency() + self.adder.latency()
    }
}

impl Logic for CombineRtl {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, multiplier, beside, second, op_there, adder, subtractor, op_out);
        self.code.next = self.op.val();
        self.multiplier.a.next = self.a.val();
        self.multiplier.b.next = self.b.val();
        self.beside.d.next = self.a.val();
        // Sums and differences: b. Products: nothing, or c.
        self.second.d.next = self.b.val();
        if self.code.val().get_bit(1) {
            self.second.d.next = self.zero.val();
            if self.code.val().get_bit(0) {
                self.second.d.next = self.c.val();
            }
        }
        self.op_there.d.next = self.code.val();

        self.code_there.next = self.op_there.q.val();
        self.first.next = self.beside.q.val();
        if self.code_there.val().get_bit(1) {
            self.first.next = self.multiplier.r.val();
        }
        self.adder.a.next = self.first.val();
        self.adder.b.next = self.second.q.val();
        self.subtractor.a.next = self.first.val();
        self.subtractor.b.next = self.second.q.val();
        self.op_out.d.next = self.code_there.val();

        self.code_out.next = self.op_out.q.val();
        self.r.next = self.subtractor.r.val();
        if !self.code_out.val().any() {
            self.r.next = self.adder.r.val();
        }
    }
}

gristmill_hdl_kit::ports!(CombineRtl { in: a, b, c, op; out: r });

twin! {
    /// One result a cycle, of operands in Montgomery form and reduced, by `op` (the codes of
    /// [`Operation`]): 0: a + b, 1: a - b, 2: a * b, 3: a * b - c.
    pub struct Combine for CombineRtl { in a: U<256>, b: U<256>, c: U<256>, op: U<2>; out r: U<256> }
}

impl Combine {
    /// Over a field of 256-bit words.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        let rtl = CombineRtl::new(field, Fidelity::Rtl);
        let latency = rtl.latency();
        let native = Native::<4>::new(field);
        Self::twin(rtl, latency, fidelity, move |(a, b, c, op)| {
            let (a, b, c) = (limbs(a), limbs(b), limbs(c));
            let code = op.limbs()[0];
            let r = match Operation::ALL.into_iter().find(|o| *o as u64 == code) {
                None | Some(Operation::Add) => native.add(&a, &b),
                Some(Operation::Sub) => native.sub(&a, &b),
                Some(Operation::Mul) => native.mul(&a, &b),
                Some(Operation::MulSub) => native.sub(&native.mul(&a, &b), &c),
            };
            (U::from_limbs(&r),)
        })
    }
}

fn limbs(word: U<256>) -> [u64; 4] {
    let all = word.limbs();
    [all[0], all[1], all[2], all[3]]
}
