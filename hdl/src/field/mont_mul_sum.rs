//! Two products and one reduction: r = (a*b + c*d)/R mod p, or (a*b - c*d)/R, one result a cycle.

use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::{ports, twin, word::U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::karatsuba::WideProduct;
use super::native::NativeWord;
use super::reduce::MontReduce;
use super::segment_sum::{Request, SegmentSum, Term, SLICE_BITS, SUM_BITS};
use super::FieldParams;

/// The RTL of [`MontMulSum`].
#[derive(LogicBlock)]
pub struct MontMulSumRtl<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub c: Signal<In, U<W>>,
    pub d: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    first: WideProduct<W>,
    second: WideProduct<W>,
    sum: SegmentSum<80>,
    reduce: MontReduce<W>,
    _slices: usize,
}

impl<const W: usize> MontMulSumRtl<W> {
    const SUM_LEVELS: usize = 1;
    /// Cycles from operands to result.
    pub const LATENCY: usize = WideProduct::<W>::LATENCY + Self::SUM_LEVELS + MontReduce::<W>::LATENCY;

    /// In a field of W-bit words; `minus` subtracts the second product.
    pub fn new(params: &FieldParams, minus: bool) -> Self {
        let (first, second) = (WideProduct::<W>::new(params), WideProduct::<W>::new(params));
        let slices = first.y.len();
        let mut terms = Vec::new();
        for (k, (&one, &two)) in first.bits().iter().zip(&second.bits()).enumerate() {
            terms.push(Term::word(k, one, SLICE_BITS * k));
            let term = Term::word(slices + k, two, SLICE_BITS * k);
            terms.push(if minus { term.minus() } else { term });
        }
        let sum = SegmentSum::new(&Request {
            inputs: [slices, slices],
            terms,
            constant: None,
            slices,
            last_bits: SLICE_BITS,
            levels: Self::SUM_LEVELS,
            slack: SUM_BITS - SLICE_BITS - 1,
        });
        let plan = sum.plan();
        let p = params.prime();
        let modulus = BigUint::one() << (2 * W);
        let mut excess = first.excess() + &plan.excess;
        if minus {
            // p^2 keeps the difference positive.
            excess = (excess + &modulus - second.excess()) + &modulus - &p * &p;
        } else {
            excess += second.excess();
        }
        let bits: Vec<_> = plan.outputs.iter().map(|output| output.bits).collect();
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            c: Default::default(),
            d: Default::default(),
            r: Default::default(),
            reduce: MontReduce::new(params, &bits, &(excess % &modulus)),
            first,
            second,
            sum,
            _slices: slices,
        }
    }
}

impl<const W: usize> Logic for MontMulSumRtl<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, first, second, sum, reduce);
        self.first.a.next = self.a.val();
        self.first.b.next = self.b.val();
        self.second.a.next = self.c.val();
        self.second.b.next = self.d.val();
        for k in 0..self._slices {
            self.sum.x[k].next = self.first.y[k].val();
            self.sum.z[k].next = self.second.y[k].val();
            self.reduce.t[k].next = self.sum.y[k].val();
        }
        self.r.next = self.reduce.r.val();
    }
}

ports!([const W: usize] MontMulSumRtl<W> { in: a, b, c, d; out: r });

twin! {
    /// r = (a*b + c*d)/R mod p, or (a*b - c*d)/R mod p, for reduced operands, one result a cycle:
    /// [`MontMulSumRtl`] or its twin.
    pub struct MontMulSum[const W: usize][W] for MontMulSumRtl<W> {
        in a: U<W>, b: U<W>, c: U<W>, d: U<W>;
        out r: U<W>
    }
}

impl<const W: usize> MontMulSum<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = MontMulSumRtl::<W>::LATENCY;

    /// In a field of W-bit words; `minus` subtracts the second product.
    pub fn new(params: &FieldParams, minus: bool, fidelity: Fidelity) -> Self {
        let native = NativeWord::new(params);
        Self::twin(MontMulSumRtl::new(params, minus), Self::LATENCY, fidelity, move |(a, b, c, d)| {
            let (first, second) = (native.mul(&a, &b), native.mul(&c, &d));
            (if minus { native.sub(&first, &second) } else { native.add(&first, &second) },)
        })
    }
}
