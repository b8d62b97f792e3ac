//! Eight additions at a time.
//!
//! Forward: load eight pairs, store the differences of coordinates and the running products of dx, lane by
//! lane. One scalar inversion of the product of the lanes. Backward: unwind the inverses, and finish each
//! addition. Six products an addition: three for the inversion, slope, its square, y.

use super::{BATCH, Case, Pair, Point, Source};
use crate::{Coordinate, field::Vector, simd::Ifma};

/// Vectors that the loads run ahead of the arithmetic: enough for a miss to memory.
const AHEAD: usize = 6;

/// What the way back needs of eight additions.
#[derive(Clone, Copy)]
struct Slot<V> {
    /// Difference of x (or the tangent's denominator).
    dx: V,
    /// Product of all dx before this one.
    before: V,
    dy: V,
    x1: V,
    y1: V,
    x2: V,
}

/// Working memory.
pub(crate) struct Adder<V: Vector> {
    simd: Ifma,
    slots: Vec<Slot<V>>,
    /// Sums that need no arithmetic.
    known: Vec<(usize, Point<V::Scalar>)>,
}

impl<F: Coordinate<Vector = V>, V: Vector<Scalar = F>> Adder<V> {
    pub fn new(simd: Ifma) -> Self {
        let zero = V::load(simd, [&F::ZERO; 8]);
        let slot = Slot { dx: zero, before: zero, dy: zero, x1: zero, y1: zero, x2: zero };
        Adder { simd, slots: vec![slot; BATCH / 8], known: Vec::new() }
    }

    /// At most [`BATCH`] pairs.
    pub fn add(&mut self, source: &impl Source<F>, pairs: &[Pair], out: &mut [Point<F>]) {
        if pairs.is_empty() {
            return;
        }
        self.known.clear();
        // SAFETY: `self.simd` proves that the processor has the features that the two functions enable.
        unsafe {
            let products = forward(self.simd, source, pairs, &mut self.slots, &mut self.known);
            backward(self.simd, &self.slots, invert(products), out);
        }
        for (i, sum) in self.known.drain(..) {
            out[i] = sum;
        }
    }
}

/// Entries of eight pairs; the last pair again where they are fewer.
#[inline(always)]
fn eight(pairs: &[Pair], first: usize) -> [Pair; 8] {
    match pairs.get(first..first + 8).and_then(|p| p.try_into().ok()) {
        Some(eight) => eight,
        None => std::array::from_fn(|i| pairs[(first + i).min(pairs.len() - 1)]),
    }
}

/// x and y of eight points.
#[inline(always)]
fn load<V: Vector>(simd: Ifma, source: &impl Source<V::Scalar>, entries: [u32; 8]) -> (V, V) {
    let points = entries.map(|e| source.get(e));
    let mut negative = 0;
    for (i, p) in points.iter().enumerate() {
        negative |= u8::from(p.2) << i;
    }
    let x = V::load(simd, points.map(|p| p.0));
    let y = V::load(simd, points.map(|p| p.1));
    (x, y.negate_where(simd, negative))
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn forward<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    source: &impl Source<F>,
    pairs: &[Pair],
    slots: &mut [Slot<V>],
    known: &mut Vec<(usize, Point<F>)>,
) -> [F; 8] {
    let mut product = V::load(simd, [&F::ZERO; 8]);
    for (k, slot) in slots.iter_mut().enumerate().take(pairs.len().div_ceil(8)) {
        if let Some(next) = pairs.get(8 * (k + AHEAD)..8 * (k + AHEAD) + 8) {
            for &(a, b) in next {
                prefetch(source, a);
                prefetch(source, b);
            }
        }
        let eight = eight(pairs, 8 * k);
        let (x1, y1): (V, V) = load(simd, source, eight.map(|p| p.0));
        let (x2, y2): (V, V) = load(simd, source, eight.map(|p| p.1));
        let mut dx = V::difference(simd, &x2, &x1);
        let mut dy = V::difference(simd, &y2, &y1);
        let suspects = dx.maybe_zero(simd) | (x1.low() | y1.low()).zeros() | (x2.low() | y2.low()).zeros();
        if suspects != 0 {
            (dx, dy) = repair(simd, source, &eight, (dx, dy), suspects, |lane, sum| {
                if 8 * k + lane < pairs.len() {
                    known.push((8 * k + lane, sum));
                }
            });
        }
        let before = product;
        product = if k == 0 { dx } else { V::mul(simd, &product, &dx) };
        *slot = Slot { dx, before, dy, x1, y1, x2 };
    }
    let mut lanes = [F::ZERO; 8];
    product.reduced(simd).store(simd, lanes.each_mut());
    lanes
}

#[inline(always)]
fn prefetch<F>(source: &impl Source<F>, entry: u32) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    let (x, y, _) = source.get(entry);
    // SAFETY: a prefetch is a hint and reads nothing; x86-64 always has it.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(x).cast());
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(y).cast());
        if size_of::<F>() > 64 {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(x).cast::<i8>().add(64));
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(y).cast::<i8>().add(64));
        }
    }
}

/// Settles the lanes that may be exceptional, exactly: a tangent's numerator and denominator where points
/// are equal; where the sum is known, it is told, and the lane gets a harmless denominator.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn repair<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    source: &impl Source<F>,
    pairs: &[Pair; 8],
    (dx, dy): (V, V),
    suspects: u8,
    mut known: impl FnMut(usize, Point<F>),
) -> (V, V) {
    let point = |entry| {
        let (x, y, negative) = source.get(entry);
        let (x, y) = (x.canonical(), y.canonical());
        Point { x, y: if negative { -y } else { y } }
    };
    let (mut dxs, mut dys, mut changed) = ([F::ONE; 8], [F::ONE; 8], 0);
    for lane in (0..8).filter(|lane| suspects >> lane & 1 == 1) {
        match Case::of(point(pairs[lane].0), point(pairs[lane].1)) {
            Case::Chord => continue,
            Case::Tangent { dx, dy } => (dxs[lane], dys[lane]) = (dx, dy),
            Case::Known(sum) => known(lane, sum),
        }
        changed |= 1 << lane;
    }
    let (dxs, dys) = (V::load(simd, dxs.each_ref()), V::load(simd, dys.each_ref()));
    (dx.select(changed, &dxs), dy.select(changed, &dys))
}

/// The scaled inverses of eight stored elements, by one inversion.
fn invert<F: Coordinate>(values: [F; 8]) -> [F; 8] {
    let values = values.map(F::canonical);
    let mut products = values;
    for i in 1..8 {
        products[i] = products[i - 1] * values[i];
    }
    let mut inverse = products[7].scaled_inverse().expect("no difference is zero: repair replaced those");
    let mut inverses = [F::ZERO; 8];
    for i in (1..8).rev() {
        inverses[i] = inverse * products[i - 1];
        inverse *= values[i];
    }
    inverses[0] = inverse;
    inverses
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn backward<F: Coordinate<Vector = V>, V: Vector<Scalar = F>>(
    simd: Ifma,
    slots: &[Slot<V>],
    inverses: [F; 8],
    out: &mut [Point<F>],
) {
    let mut inverse = V::load(simd, inverses.each_ref());
    for k in (0..out.len().div_ceil(8)).rev() {
        let slot = &slots[k];
        let own = if k == 0 { inverse } else { V::mul(simd, &inverse, &slot.before) };
        inverse = V::mul(simd, &inverse, &slot.dx);
        let slope = V::mul(simd, &own, &slot.dy);
        let x3 = V::mul(simd, &slope, &slope).minus(&slot.x1).minus(&slot.x2).reduced(simd);
        let run = V::shifted_difference(simd, &slot.x1, &x3);
        let y3 = V::mul(simd, &run, &slope).minus(&slot.y1).reduced(simd);
        let rest = &mut out[8 * k..];
        if let Some(eight) = rest.first_chunk_mut::<8>() {
            store(simd, x3, y3, eight);
        } else {
            let mut eight = [Point { x: F::ZERO, y: F::ZERO }; 8];
            store(simd, x3, y3, &mut eight);
            let n = rest.len();
            rest.copy_from_slice(&eight[..n]);
        }
    }
}

#[inline(always)]
fn store<F, V: Vector<Scalar = F>>(simd: Ifma, x: V, y: V, out: &mut [Point<F>; 8]) {
    x.store(simd, out.each_mut().map(|p| &mut p.x));
    y.store(simd, out.each_mut().map(|p| &mut p.y));
}
