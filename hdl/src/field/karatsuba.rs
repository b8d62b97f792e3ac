//! The full product of two words, one a cycle, by one level of Karatsuba's method.
//!
//! With H = W/2, a = a0 + a1 2^H and b alike, and p0 = a0 b0, p1 = a1 b1, p2 = (a0 + a1)(b0 + b1):
//!
//! ```text
//! cycle 0        a0 + a1, b0 + b1                 p0 and p1: products of 26 x 34 bits
//! cycle 2        p2 likewise                      (4 cycles, two DSPs each)
//! cycle 4        p0 and p1: their sums            (SUM_LEVELS)
//! cycle 4 + s    p0 + p1 2^W - (p0 + p1) 2^H      (2 cycles)
//! cycle 6 + s    + p2 2^H
//! ```
//!
//! 3 (H + 1)^2 bits of product instead of 4 H^2: 120 DSPs for 256 bits (schoolbook: 150), 288 for 384 (345). A second
//! level would save 12 of the 120 for five times the sums. Sums are slices ([`super::segment_sum`]): no carry is
//! resolved, and the result is too large by a constant, [`WideProduct::excess`], that the reduction
//! subtracts at no cost.
//!
//! Source: A. Karatsuba, Yu. Ofman, "Multiplication of many-digital numbers by automatic computers", 1962; for
//! rectangular multipliers F. de Dinechin, M. Kumm, "Karatsuba with rectangular multipliers for FPGAs", ARITH 2018.

use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::dsp_row::{DspRow, PART_BITS, PRODUCT_BITS, ROW_BITS, ROW_LATENCY};
use super::half_sum::HalfSum;
use super::segment_sum::{Request, SegmentSum, Term, SLICE_BITS};
use super::FieldParams;

/// Levels of additions that sum up a half's products.
const fn half_levels(w: usize) -> usize {
    if w <= 256 {
        3
    } else {
        4
    }
}

/// How far segments may stand over their slices: those of products are cut early, so that the slices' sums, which the next
/// two sums take whole, stay short.
const HALF_SLACK: usize = 8;
const OUTER_SLACK: usize = 11;
const WHOLE_SLACK: usize = 13;

/// Slices of a product of two numbers of `bits` bits: y\[0\] + y\[1\] 2^64 + ... = a * b.
#[derive(LogicBlock)]
pub struct HalfProduct<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub y: Vec<Signal<Out, U<80>>>,
    row: Vec<DspRow<W>>,
    sum: SegmentSum<480>,
    _rows: usize,
    _slices: usize,
}

impl<const W: usize> HalfProduct<W> {
    /// Cycles from factors to product.
    pub const LATENCY: usize = ROW_LATENCY + half_levels(W);

    /// For factors of `bits` bits; higher ones must be zero.
    pub fn new(bits: usize) -> Self {
        let (rows, parts) = (bits.div_ceil(ROW_BITS), bits.div_ceil(PART_BITS));
        assert!(rows * ROW_BITS <= W, "HalfProduct<{W}> of {bits} bits");
        let mut terms = Vec::new();
        for row in 0..rows {
            for part in 0..parts {
                let room = |unit: usize, i: usize| unit.min(bits - unit * i);
                let product = room(ROW_BITS, row) + room(PART_BITS, part);
                let term = Term::word(row, product, ROW_BITS * row + PART_BITS * part);
                terms.push(Term { low: PRODUCT_BITS * part, ..term });
            }
        }
        let slices = (2 * bits).div_ceil(SLICE_BITS);
        let last_bits = 2 * bits - SLICE_BITS * (slices - 1);
        let request = Request {
            inputs: [rows, 0],
            terms,
            constant: None,
            slices,
            last_bits,
            levels: half_levels(W),
            slack: HALF_SLACK,
        };
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            y: vec![Default::default(); slices],
            row: (0..rows).map(|_| DspRow::new(bits)).collect(),
            sum: SegmentSum::new(&request),
            _rows: rows,
            _slices: slices,
        }
    }

    fn bits(&self) -> Vec<usize> {
        self.sum.plan().outputs.iter().map(|output| output.bits).collect()
    }
}

impl<const W: usize> Logic for HalfProduct<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum);
        for i in 0..self._rows {
            self.row[i].clock.next = self.clock.val();
            self.row[i].a.next = self.a.val().get_bits::<26>(i * 26);
            self.row[i].b.next = self.b.val();
            self.sum.x[i].next = self.row[i].r.val();
        }
        for k in 0..self._slices {
            self.y[k].next = self.sum.y[k].val();
        }
    }
}

/// Slices of a product: y\[0\] + y\[1\] 2^64 + ... = a * b + excess modulo 2^(2W).
#[derive(LogicBlock)]
pub struct WideProduct<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub y: Vec<Signal<Out, U<80>>>,
    sum_a: HalfSum<W>,
    sum_b: HalfSum<W>,
    low: HalfProduct<W>,
    high: HalfProduct<W>,
    middle: HalfProduct<W>,
    /// low + high 2^W - (low + high) 2^H
    outer: SegmentSum<80>,
    /// + middle 2^H
    whole: SegmentSum<80>,
    half: Constant<Bits<10>>,
    lower: Constant<U<W>>,
    _low: usize,
    _high: usize,
    _middle: usize,
    _slices: usize,
}

impl<const W: usize> WideProduct<W> {
    const OUTER_LEVELS: usize = HalfSum::<W>::LATENCY;
    const WHOLE_LEVELS: usize = 1;
    /// Cycles from factors to product.
    pub const LATENCY: usize = HalfProduct::<W>::LATENCY + Self::OUTER_LEVELS + Self::WHOLE_LEVELS;

    /// For words of a field.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(W);
        let half = W / 2;
        let (low, high) = (HalfProduct::<W>::new(half), HalfProduct::<W>::new(W - half));
        let middle = HalfProduct::<W>::new(half + 1);
        let slices = 2 * W / SLICE_BITS;
        let sum = |inputs, terms, levels, slack| {
            SegmentSum::new(&Request { inputs, terms, constant: None, slices, last_bits: SLICE_BITS, levels, slack })
        };
        let (low_bits, high_bits) = (low.bits(), high.bits());
        let mut terms = Vec::new();
        for (k, &bits) in low_bits.iter().enumerate() {
            terms.push(Term::word(k, bits, SLICE_BITS * k));
            terms.push(Term::word(k, bits, SLICE_BITS * k + half).minus());
        }
        for (k, &bits) in high_bits.iter().enumerate() {
            terms.push(Term::word(low_bits.len() + k, bits, SLICE_BITS * k + W));
            terms.push(Term::word(low_bits.len() + k, bits, SLICE_BITS * k + half).minus());
        }
        let outer = sum([low_bits.len(), high_bits.len()], terms, Self::OUTER_LEVELS, OUTER_SLACK);
        let outer_bits: Vec<_> = outer.plan().outputs.iter().map(|output| output.bits).collect();
        let terms = outer_bits.iter().enumerate().map(|(k, &bits)| Term::word(k, bits, SLICE_BITS * k));
        let of_middle = middle.bits();
        let shifted = of_middle.iter().enumerate();
        let shifted = shifted.map(|(k, &bits)| Term::word(slices + k, bits, SLICE_BITS * k + half));
        let whole = sum([slices, of_middle.len()], terms.chain(shifted).collect(), Self::WHOLE_LEVELS, WHOLE_SLACK);
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            y: vec![Default::default(); slices],
            sum_a: HalfSum::new(),
            sum_b: HalfSum::new(),
            _low: low_bits.len(),
            _high: high_bits.len(),
            _middle: of_middle.len(),
            low,
            high,
            middle,
            outer,
            whole,
            half: Constant::new((half as u64).into()),
            lower: Constant::new(((BigUint::one() << half) - 1u32).into()),
            _slices: slices,
        }
    }

    /// What the slices' sum is too large by, modulo 2^(2W).
    pub fn excess(&self) -> BigUint {
        (&self.outer.plan().excess + &self.whole.plan().excess) % (BigUint::one() << (2 * W))
    }

    /// Bits of each slice.
    pub fn bits(&self) -> Vec<usize> {
        self.whole.plan().outputs.iter().map(|output| output.bits).collect()
    }
}

impl<const W: usize> Logic for WideProduct<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum_a, sum_b, low, high, middle, outer, whole);
        self.sum_a.a.next = self.a.val();
        self.sum_b.a.next = self.b.val();
        self.low.a.next = self.a.val() & self.lower.val();
        self.low.b.next = self.b.val() & self.lower.val();
        self.high.a.next = self.a.val() >> self.half.val();
        self.high.b.next = self.b.val() >> self.half.val();
        self.middle.a.next = self.sum_a.r.val();
        self.middle.b.next = self.sum_b.r.val();
        for k in 0..self._low {
            self.outer.x[k].next = self.low.y[k].val();
        }
        for k in 0..self._high {
            self.outer.z[k].next = self.high.y[k].val();
        }
        for k in 0..self._slices {
            self.whole.x[k].next = self.outer.y[k].val();
            self.y[k].next = self.whole.y[k].val();
        }
        for k in 0..self._middle {
            self.whole.z[k].next = self.middle.y[k].val();
        }
    }
}
