//! With arkworks' arithmetic, one addition at a time.

use super::{Case, Pair, Point, Source};
use ark_ff::Field;

/// Products that are formed side by side: a product waits longer for its operand than for the multiplier.
const CHAINS: usize = 4;
/// Pairs whose points are loaded ahead.
const AHEAD: usize = 16;

/// Working memory.
#[derive(Default)]
pub(crate) struct Adder<F> {
    rest: Vec<Rest<F>>,
    /// Of the denominators of each chain.
    products: [F; CHAINS],
}

/// What an addition needs beside the inverse.
struct Rest<F> {
    /// Denominator of the slope; zero where the sum is known.
    dx: F,
    /// Product of the denominators before it in its chain.
    before: F,
    dy: F,
    /// The first point, or the sum where it is known.
    point: Point<F>,
    /// The second one's x.
    x: F,
}

impl<F: Field> Adder<F> {
    /// The first `number` pairs; those behind them may be loaded ahead.
    pub fn begin(&mut self, left: &impl Source<F>, right: &impl Source<F>, pairs: &[Pair], number: usize) {
        self.rest.clear();
        self.products = [F::ONE; CHAINS];
        for (i, &[a, b]) in pairs[..number].iter().enumerate() {
            if let Some([a, b]) = pairs.get(i + AHEAD) {
                left.prefetch(*a);
                right.prefetch(*b);
            }
            let (p, q) = (left.point(a), right.point(b));
            let (dx, dy, point) = match Case::of(p, q) {
                Case::Chord => (q.x - p.x, q.y - p.y, p),
                Case::Tangent { dx, dy } => (dx, dy, p),
                Case::Known(sum) => (F::ZERO, F::ZERO, sum),
            };
            let product = &mut self.products[i % CHAINS];
            self.rest.push(Rest { dx, before: *product, dy, point, x: q.x });
            if !dx.is_zero() {
                *product *= dx;
            }
        }
    }

    pub fn finish(&mut self, out: &mut [Point<F>]) {
        let mut inverses = self.inverses();
        for ((i, rest), out) in self.rest.iter().enumerate().zip(out).rev() {
            *out = rest.point;
            if !rest.dx.is_zero() {
                let inverse = &mut inverses[i % CHAINS];
                let slope = rest.before * *inverse * rest.dy;
                *inverse *= rest.dx;
                let x = slope.square() - rest.point.x - rest.x;
                *out = Point { x, y: slope * (rest.point.x - x) - rest.point.y };
            }
        }
    }

    /// The inverses of the chains' products, by one inversion.
    fn inverses(&self) -> [F; CHAINS] {
        let mut before = self.products;
        let mut all = F::ONE;
        for (before, product) in before.iter_mut().zip(&self.products) {
            *before = all;
            all *= product;
        }
        // No factor of it is zero.
        let mut inverse = all.inverse().unwrap_or(F::ZERO);
        let mut inverses = self.products;
        for k in (0..CHAINS).rev() {
            inverses[k] = inverse * before[k];
            inverse *= self.products[k];
        }
        inverses
    }
}
