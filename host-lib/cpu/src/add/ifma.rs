//! Sixteen additions at a time, as two vectors: what the second one does fills the time in which the first one waits for
//! its multiply-adds.
//!
//! Forward: load the pairs, store the differences of coordinates and the running products of dx, lane by
//! lane. One scalar inversion of the product of the lanes. Backward: unwind the inverses, and finish each
//! addition. Six products an addition: three for the inversion, slope, its square, y.

#![allow(clippy::needless_range_loop)] // As in the field.

use super::{BATCH, Case, Pair, Point, Source};
use crate::{
    Coordinate,
    field::Vector,
    simd::{Ifma, each8},
};

/// Additions at a time.
const WIDTH: usize = 16;
/// Pairs that the loads run ahead of the arithmetic: enough for a miss to memory.
const AHEAD: usize = 48;

/// What the way back needs of sixteen additions.
#[derive(Clone, Copy)]
struct Slot<V> {
    /// Difference of x (or the tangent's denominator).
    dx: [V; 2],
    /// Product of all dx before this one.
    before: [V; 2],
    dy: [V; 2],
    x1: [V; 2],
    y1: [V; 2],
    x2: [V; 2],
}

/// Working memory.
pub(crate) struct Adder<V: Vector> {
    simd: Ifma,
    slots: Vec<Slot<V>>,
    /// What [`forward`] leaves for [`backward`].
    inverses: [V; 2],
    /// Sums that need no arithmetic.
    known: Vec<(usize, Point<V::Scalar>)>,
}

impl<F: Coordinate<Vector = V>, V: Vector<Scalar = F>> Adder<V> {
    pub fn new(simd: Ifma) -> Self {
        let zero = [V::load(simd, [&F::ZERO; 8]); 2];
        let slot = Slot { dx: zero, before: zero, dy: zero, x1: zero, y1: zero, x2: zero };
        Adder { simd, slots: vec![slot; BATCH.div_ceil(WIDTH)], inverses: zero, known: Vec::new() }
    }

    /// Of the first `number` pairs, at most [`BATCH`]; those behind them are loaded ahead.
    pub fn begin(&mut self, left: &impl Source<F>, right: &impl Source<F>, pairs: &[Pair], number: usize) {
        self.known.clear();
        let slots = &mut self.slots[..number.div_ceil(WIDTH)];
        if number > 0 {
            // SAFETY: `self.simd` proves that the processor has the features that the functions enable.
            unsafe {
                let products = forward(self.simd, left, right, pairs, number, slots, &mut self.known);
                self.inverses = invert(self.simd, &products);
            }
        }
    }

    /// As many as begun.
    pub fn finish(&mut self, out: &mut [Point<F>]) {
        let slots = &self.slots[..out.len().div_ceil(WIDTH)];
        // SAFETY: `self.simd` proves that the processor has the features that the function enables.
        unsafe { backward(self.simd, slots, self.inverses, out) };
        for (i, sum) in self.known.drain(..) {
            out[i] = sum;
        }
    }
}

/// x and y of eight points, of which some are to be negated.
#[inline(always)]
fn load<V: Vector, S: Source<V::Scalar>>(simd: Ifma, source: &S, entries: [u32; 8], negative: u8) -> (V, V) {
    let points = each8(entries, |e| source.get(e));
    let x = V::load(simd, each8(points, |p| p.0));
    let y = V::load(simd, each8(points, |p| p.1));
    (x, if S::SIGNED { y.negate_where(simd, negative) } else { y })
}

/// Fills the slots with the first `end` pairs; the products of dx.
#[target_feature(enable = "avx512f,avx512ifma")]
fn forward<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    left: &impl Source<F>,
    right: &impl Source<F>,
    pairs: &[Pair],
    end: usize,
    slots: &mut [Slot<V>],
    known: &mut Vec<(usize, Point<F>)>,
) -> [V; 2] {
    let mut product = slots[0].dx;
    for (k, slot) in slots.iter_mut().enumerate() {
        for half in 0..2 {
            let first = WIDTH * k + 8 * half;
            if let Some(next) = pairs.get(first + AHEAD..first + AHEAD + 8) {
                for &[a, b] in next {
                    left.prefetch(a);
                    right.prefetch(b);
                }
            }
            let padding;
            let eight = match pairs.get(first..first + 8).and_then(<[Pair]>::first_chunk) {
                Some(eight) if first + 8 <= end => eight,
                _ => {
                    // The last pair again where they are fewer.
                    padding = std::array::from_fn(|i| pairs[(first + i).min(end - 1)]);
                    &padding
                }
            };
            let signs = simd.pairs(eight);
            let (x1, y1): (V, V) = load(simd, left, each8(eight.each_ref(), |p| p[0]), signs.meet(simd.splat(1)));
            let (x2, y2): (V, V) =
                load(simd, right, each8(eight.each_ref(), |p| p[1]), signs.meet(simd.splat(1 << 32)));
            let mut dx = V::difference(simd, &x2, &x1);
            let mut dy = V::difference(simd, &y2, &y1);
            let suspects = dx.maybe_zero(simd) | (x1.low() | y1.low()).zeros() | (x2.low() | y2.low()).zeros();
            if suspects != 0 {
                (dx, dy) = repair(simd, left, right, eight, (dx, dy), suspects, |lane, sum| {
                    if first + lane < end {
                        known.push((first + lane, sum));
                    }
                });
            }
            slot.dx[half] = dx;
            slot.dy[half] = dy;
            slot.x1[half] = x1;
            slot.y1[half] = y1;
            slot.x2[half] = x2;
        }
        slot.before = product;
        product = if k == 0 { slot.dx } else { self::product(simd, &product, &slot.dx) };
    }
    product
}

/// Settles the lanes that may be exceptional, exactly: a tangent's numerator and denominator where points
/// are equal; where the sum is known, it is told, and the lane gets a harmless denominator.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn repair<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    left: &impl Source<F>,
    right: &impl Source<F>,
    pairs: &[Pair; 8],
    (dx, dy): (V, V),
    suspects: u8,
    mut known: impl FnMut(usize, Point<F>),
) -> (V, V) {
    let (mut dxs, mut dys, mut changed) = ([F::ONE; 8], [F::ONE; 8], 0);
    for lane in (0..8).filter(|lane| suspects >> lane & 1 == 1) {
        match Case::of(exact(left, pairs[lane][0]), exact(right, pairs[lane][1])) {
            Case::Chord => continue,
            Case::Tangent { dx, dy } => (dxs[lane], dys[lane]) = (dx, dy),
            Case::Known(sum) => known(lane, sum),
        }
        changed |= 1 << lane;
    }
    let (dxs, dys) = (V::load(simd, dxs.each_ref()), V::load(simd, dys.each_ref()));
    (dx.select(changed, &dxs), dy.select(changed, &dys))
}

/// The point, with reduced coordinates.
fn exact<F: Coordinate>(source: &impl Source<F>, entry: u32) -> Point<F> {
    let (x, y) = source.get(entry);
    let (x, y) = (x.canonical(), y.canonical());
    Point { x, y: if source.negative(entry) { -y } else { y } }
}

/// The scaled inverse of each lane's product, by one inversion.
#[target_feature(enable = "avx512f,avx512ifma")]
fn invert<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(simd: Ifma, products: &[V; 2]) -> [V; 2] {
    let mut values = [F::ZERO; 8];
    V::mul(simd, &products[0], &products[1]).reduced(simd).store(simd, values.each_mut());
    let values = values.map(F::canonical);
    let mut before = values;
    for i in 1..8 {
        before[i] = before[i - 1] * values[i];
    }
    let mut inverse = before[7].scaled_inverse().expect("no difference is zero: repair replaced those");
    let mut inverses = [F::ZERO; 8];
    for i in (1..8).rev() {
        inverses[i] = inverse * before[i - 1];
        inverse *= values[i];
    }
    inverses[0] = inverse;
    let both = V::load(simd, inverses.each_ref());
    V::mul2(simd, [&both, &both], [&products[1], &products[0]])
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn backward<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    slots: &[Slot<V>],
    mut inverse: [V; 2],
    out: &mut [Point<F>],
) {
    for (k, slot) in slots.iter().enumerate().rev() {
        let own = if k == 0 { inverse } else { product(simd, &inverse, &slot.before) };
        inverse = product(simd, &inverse, &slot.dx);
        let slope = product(simd, &own, &slot.dy);
        let mut x3 = product(simd, &slope, &slope);
        let mut run = x3;
        for half in 0..2 {
            x3[half] = x3[half].minus(&slot.x1[half]).minus(&slot.x2[half]).reduced(simd);
            run[half] = V::shifted_difference(simd, &slot.x1[half], &x3[half]);
        }
        let mut y3 = product(simd, &run, &slope);
        for half in 0..2 {
            y3[half] = y3[half].minus(&slot.y1[half]).reduced(simd);
        }
        for half in 0..2 {
            let rest = out.get_mut(WIDTH * k + 8 * half..).unwrap_or_default();
            if let Some(eight) = rest.first_chunk_mut::<8>() {
                store(simd, x3[half], y3[half], eight);
            } else if !rest.is_empty() {
                let mut eight = [Point { x: F::ZERO, y: F::ZERO }; 8];
                store(simd, x3[half], y3[half], &mut eight);
                let n = rest.len();
                rest.copy_from_slice(&eight[..n]);
            }
        }
    }
}

#[inline(always)]
fn product<V: Vector>(simd: Ifma, a: &[V; 2], b: &[V; 2]) -> [V; 2] {
    V::mul2(simd, [&a[0], &a[1]], [&b[0], &b[1]])
}

#[inline(always)]
fn store<F, V: Vector<Scalar = F>>(simd: Ifma, x: V, y: V, out: &mut [Point<F>; 8]) {
    x.store(simd, each8(out.each_mut(), |p| &mut p.x));
    y.store(simd, each8(out.each_mut(), |p| &mut p.y));
}
