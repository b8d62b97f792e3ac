//! The fully pipelined Montgomery multiplier: r = a*b/R mod p, one product a cycle.
//!
//! A full product ([`super::karatsuba`]) and its reduction ([`super::reduce`]): 10 + 16 cycles for 256 bits, 11 + 18
//! for 384. [`MontMulSum`](super::MontMulSum) reduces two products at once.

use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::{ports, twin, word::U};
use rust_hdl::prelude::*;

use super::karatsuba::WideProduct;
use super::native::NativeWord;
use super::reduce::MontReduce;
use super::FieldParams;

/// The RTL of [`MontMul`].
#[derive(LogicBlock)]
pub struct MontMulRtl<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    product: WideProduct<W>,
    reduce: MontReduce<W>,
    _slices: usize,
}

impl<const W: usize> MontMulRtl<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = WideProduct::<W>::LATENCY + MontReduce::<W>::LATENCY;

    /// A multiplier in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        let product = WideProduct::new(params);
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            reduce: MontReduce::new(params, &product.bits(), &product.excess()),
            _slices: product.y.len(),
            product,
        }
    }
}

impl<const W: usize> Logic for MontMulRtl<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, product, reduce);
        self.product.a.next = self.a.val();
        self.product.b.next = self.b.val();
        for k in 0..self._slices {
            self.reduce.t[k].next = self.product.y[k].val();
        }
        self.r.next = self.reduce.r.val();
    }
}

ports!([const W: usize] MontMulRtl<W> { in: a, b; out: r });

twin! {
    /// r = a*b/R mod p for reduced operands, one product a cycle: [`MontMulRtl`] or its twin.
    ///
    /// W is 256 or 384: [`MontMul256`](super::MontMul256) and [`MontMul384`](super::MontMul384).
    pub struct MontMul[const W: usize][W] for MontMulRtl<W> {
        in a: U<W>, b: U<W>;
        out r: U<W>
    }
}

impl<const W: usize> MontMul<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = MontMulRtl::<W>::LATENCY;

    /// A multiplier in a field of W-bit words.
    pub fn new(params: &FieldParams, fidelity: Fidelity) -> Self {
        let native = NativeWord::new(params);
        Self::twin(MontMulRtl::new(params), Self::LATENCY, fidelity, move |(a, b)| (native.mul(&a, &b),))
    }
}
