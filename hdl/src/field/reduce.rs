//! Montgomery reduction of slices, r = T/R mod p, by two products with constants in adders.
//!
//! ```text
//! m = T (-1/p) mod R       the odd multiples of T's lower slices, then TREE_LEVELS of additions
//! r = (T + m p) / R        the odd multiples of m, then the same
//! r mod p                  below 2p: one modular addition
//! ```
//!
//! -1/p mod R and p are written with odd digits of -7 to 7, of which at least four positions apart is one (non-adjacent form of
//! width 4): some 52 terms for 256 bits, each a shifted 1, 3, 5 or 7 times the other factor. m takes only what lies
//! below R, and m p only what lies above, so each costs half a product.
//!
//! *No carry is resolved before the end*: m is a sum of slices, so it may be R or a little more instead of m mod R; r
//! is then below T/R + p (1 + 2^-50), still below 2p for T < 2 p^2 and p < R/2, and for all but the last 2^-50 of T < R p. And **no low half is computed**: T + m p is
//! a multiple of R. If each term is cut off below R/2^8, the sum of what is left is a multiple of R/2^8 and too small by less than
//! R, since fewer than 2^8 terms are cut; so the exact quotient is the next integer.
//!
//! Source: P. Montgomery, "Modular multiplication without trial division", 1985; J. Solinas, "Efficient arithmetic on
//! Koblitz curves", 2000 (width-w non-adjacent form).

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::add_sub::ModAdd;
use super::join::Join;
use super::naf::{digits, Digit};
use super::segment_sum::{Request, SegmentSum, Term, SLICE_BITS};
use super::FieldParams;

/// Bits that are kept below R.
const GUARD_BITS: usize = 8;

/// Bits by which a term may stand over a slice of a product by a constant.
const SLACK: usize = 8;

/// Levels of additions of a product by a constant.
const fn tree_levels(w: usize) -> usize {
    if w <= 256 {
        6
    } else {
        7
    }
}

/// r = T/R mod p for T = t\[0\] + t\[1\] 2^64 + ... - excess modulo 2^(2W), T < 2 p^2 or T < R (1 - 2^-50) p.
#[derive(LogicBlock)]
pub struct MontReduce<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub t: Vec<Signal<In, U<80>>>,
    pub r: Signal<Out, U<W>>,
    quotient: SegmentSum<80>,
    /// T until m is there: its upper slices and the last one below R.
    late: Vec<Delay<U<80>>>,
    sum: SegmentSum<80>,
    low: Join<64, W>,
    high: Join<64, W>,
    top: Signal<Local, U<8>>,
    correct: ModAdd<W>,
    guard: Constant<Bits<10>>,
    top_place: Constant<Bits<10>>,
    _slices: usize,
    _all_slices: usize,
}

impl<const W: usize> MontReduce<W> {
    const PRODUCT_LATENCY: usize = 1 + tree_levels(W);
    /// Cycles from T to r.
    pub const LATENCY: usize = 2 * Self::PRODUCT_LATENCY + ModAdd::<W>::LATENCY;

    /// For slices of the given bits and a T that is `excess` too large.
    pub fn new(params: &FieldParams, bits: &[usize], excess: &BigUint) -> Self {
        params.assert_fits(W);
        let slices = W / SLICE_BITS;
        assert_eq!(bits.len(), 2 * slices, "MontReduce<{W}>: slices");
        let p = params.prime();
        let r = BigUint::one() << W;
        let minus_inverse = &r - p.modpow(&((&r >> 1) - 1u32), &r);
        let quotient = SegmentSum::new(&quotient(&minus_inverse, &bits[..slices], excess));
        let of_m: Vec<_> = quotient.plan().outputs.iter().map(|output| output.bits).collect();
        let sum = SegmentSum::new(&sum(&p, &of_m, bits, excess));
        Self {
            clock: Default::default(),
            t: vec![Default::default(); 2 * slices],
            r: Default::default(),
            quotient,
            late: (0..2 * slices).map(|k| Delay::new(if k + 1 < slices { 0 } else { Self::PRODUCT_LATENCY })).collect(),
            sum,
            low: Default::default(),
            high: Default::default(),
            top: Default::default(),
            correct: ModAdd::new(params),
            guard: Constant::new((GUARD_BITS as u64).into()),
            top_place: Constant::new(((W - GUARD_BITS) as u64).into()),
            _slices: slices,
            _all_slices: 2 * slices,
        }
    }
}

/// The terms of a product of slices and a constant.
fn product(constant: &BigUint, bits: &[usize]) -> Vec<Term> {
    let mut terms = Vec::new();
    for Digit { value, position } in digits(constant) {
        for (input, &bits) in bits.iter().enumerate() {
            let multiple = value.unsigned_abs();
            let most = ((1u128 << bits) - 1) * u128::from(multiple);
            terms.push(Term {
                multiple,
                negative: value < 0,
                ..Term::word(input, (u128::BITS - most.leading_zeros()) as usize, SLICE_BITS * input + position)
            });
        }
    }
    terms
}

/// m = (t - excess) * minus_inverse mod R.
fn quotient(minus_inverse: &BigUint, bits: &[usize], excess: &BigUint) -> Request {
    let slices = bits.len();
    let width = SLICE_BITS * slices;
    let r = BigUint::one() << width;
    Request {
        inputs: [slices, 0],
        terms: product(minus_inverse, bits),
        constant: Some((&r - (excess % &r)) * minus_inverse % &r),
        slices,
        last_bits: SLICE_BITS,
        levels: tree_levels(width),
        slack: SLACK,
    }
}

/// (T + m p) / R in slices that start `GUARD_BITS` below R.
fn sum(p: &BigUint, m: &[usize], t: &[usize], excess: &BigUint) -> Request {
    let slices = m.len();
    let width = SLICE_BITS * slices;
    let base = width - GUARD_BITS;
    let mut terms = product(p, m);
    // T's slices further down are together less than a unit of the last place that is kept.
    let of_t = t.iter().enumerate().skip(slices - 1);
    terms.extend(of_t.map(|(k, &bits)| Term::word(slices + k, bits, SLICE_BITS * k)));
    // They and the constant are cut; so is what reaches below the last place.
    let (mut cut, mut cut_negative) = (2u32, 0u32);
    for term in terms.iter().filter(|term| term.position < base) {
        cut += 1;
        cut_negative += term.negative as u32;
    }
    assert!(cut < 1 << GUARD_BITS, "MontReduce: {cut} terms reach below R");
    // Cutting a positive term makes the sum smaller, cutting a negative one larger, by less than a unit: with a unit less
    // for each negative one it is too small in all cases, by less than R.
    let modulus = BigUint::one() << (2 * width);
    let constant = (&modulus - excess % &modulus) + (((BigUint::one() << GUARD_BITS) - 1u32) << base);
    let constant = constant + &modulus - (BigUint::from(cut_negative) << base);
    Request {
        inputs: [slices, 2 * slices],
        terms: terms.into_iter().filter_map(|term| term.above(base)).collect(),
        constant: Some((constant % &modulus) >> base),
        slices,
        last_bits: SLICE_BITS + GUARD_BITS,
        levels: tree_levels(width),
        slack: SLACK,
    }
}

impl<const W: usize> Logic for MontReduce<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, quotient, sum, correct);
        for k in 0..self._slices {
            self.quotient.x[k].next = self.t[k].val();
            self.sum.x[k].next = self.quotient.y[k].val();
        }
        for k in 0..self._all_slices {
            self.late[k].clock.next = self.clock.val();
            self.late[k].d.next = self.t[k].val();
            self.sum.z[k].next = self.late[k].q.val();
        }
        // Two words, what the slices hold and what they carry, without the guard bits. The last slice carries nothing
        // but is longer; the last assignment of a loop wins.
        self.high.part[0].next = 0.into();
        for k in 1..self._slices {
            self.high.part[k].next = self.sum.y[k - 1].val().get_bits::<16>(64).to_bits::<64>();
        }
        self.top.next = 0.into();
        for k in 0..self._slices {
            self.low.part[k].next = self.sum.y[k].val().get_bits::<64>(0);
            self.top.next = self.sum.y[k].val().get_bits::<8>(64);
        }
        self.correct.a.next =
            (self.low.whole.val() >> self.guard.val()) | (bit_cast_u::<W, 8>(self.top.val()) << self.top_place.val());
        self.correct.b.next = self.high.whole.val() >> self.guard.val();
        self.r.next = self.correct.r.val();
    }
}
