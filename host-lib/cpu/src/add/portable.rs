//! With arkworks' arithmetic, one addition at a time.

use super::{Case, Pair, Point, Source};
use ark_ff::{Field, serial_batch_inversion_and_mul};

/// Working memory.
#[derive(Default)]
pub(crate) struct Adder<F> {
    dx: Vec<F>,
    dy: Vec<F>,
}

impl<F: Field> Adder<F> {
    pub fn add(&mut self, source: &impl Source<F>, pairs: &[Pair], out: &mut [Point<F>]) {
        self.dx.clear();
        self.dy.clear();
        for (&[a, b], out) in pairs.iter().zip(out.iter_mut()) {
            let (p, q) = (source.point(a), source.point(b));
            let (dx, dy) = match Case::of(p, q) {
                Case::Chord => (q.x - p.x, q.y - p.y),
                Case::Tangent { dx, dy } => (dx, dy),
                Case::Known(sum) => {
                    *out = sum;
                    // Left out of the inversion, which skips zeros.
                    (F::ZERO, F::ZERO)
                }
            };
            self.dx.push(dx);
            self.dy.push(dy);
        }
        serial_batch_inversion_and_mul(&mut self.dx, &F::ONE);
        for (((&[a, b], out), inverse), dy) in pairs.iter().zip(out).zip(&self.dx).zip(&self.dy) {
            if inverse.is_zero() {
                continue;
            }
            let (p, q) = (source.point(a), source.get(b).0);
            let slope = *dy * inverse;
            let x = slope.square() - p.x - q;
            *out = Point { x, y: slope * (p.x - x) - p.y };
        }
    }
}
