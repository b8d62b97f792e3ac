//! With arkworks' arithmetic, one addition at a time.

use super::{Case, Pair, Point, Source};
use ark_ff::{Field, serial_batch_inversion_and_mul};

/// Working memory.
#[derive(Default)]
pub(crate) struct Adder<F> {
    /// Denominators of the slopes, then their inverses; zero where the sum is known.
    dx: Vec<F>,
    rest: Vec<Rest<F>>,
}

/// What an addition needs beside the inverse.
struct Rest<F> {
    dy: F,
    /// The first point, or the sum where it is known.
    point: Point<F>,
    /// The second one's x.
    x: F,
}

impl<F: Field> Adder<F> {
    pub fn begin(&mut self, left: &impl Source<F>, right: &impl Source<F>, pairs: &[Pair]) {
        self.dx.clear();
        self.rest.clear();
        for &[a, b] in pairs {
            let (p, q) = (left.point(a), right.point(b));
            let (dx, dy, point) = match Case::of(p, q) {
                Case::Chord => (q.x - p.x, q.y - p.y, p),
                Case::Tangent { dx, dy } => (dx, dy, p),
                // Left out of the inversion, which skips zeros.
                Case::Known(sum) => (F::ZERO, F::ZERO, sum),
            };
            self.dx.push(dx);
            self.rest.push(Rest { dy, point, x: q.x });
        }
        serial_batch_inversion_and_mul(&mut self.dx, &F::ONE);
    }

    pub fn finish(&mut self, out: &mut [Point<F>]) {
        for ((inverse, rest), out) in self.dx.iter().zip(&self.rest).zip(out) {
            *out = rest.point;
            if !inverse.is_zero() {
                let slope = rest.dy * inverse;
                let x = slope.square() - rest.point.x - rest.x;
                *out = Point { x, y: slope * (rest.point.x - x) - rest.point.y };
            }
        }
    }
}
