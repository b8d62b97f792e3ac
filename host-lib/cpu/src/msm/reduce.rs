//! Buckets to their weighted sum, by running sums over many segments in lockstep.

use crate::{
    Coordinate,
    add::{Adder, Point, Points},
};
use ark_ec::{
    PrimeGroup,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::Zero;

/// Adds the sums of `(i + 1) * bucket i` of each window (the key is `window * buckets + i`, that of
/// `points[0]` is `first`) to `sums`, window by window.
pub(crate) fn weighted<P: SWCurveConfig<BaseField = F>, F: Coordinate>(
    adder: &mut Adder<F>,
    points: &[Point<F>],
    first: usize,
    buckets: usize,
) -> Vec<(usize, Projective<P>)> {
    let length = segment_length(points.len());
    // (window, weight below the first, range of points)
    let mut segments = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let weight = (first + start) % buckets;
        let end = points.len().min(start + length).min(start + buckets - weight);
        segments.push(((first + start) / buckets, weight, start..end));
        start = end;
    }
    let ranges: Vec<_> = segments.iter().map(|s| s.2.clone()).collect();
    let (sums, weighted) = lockstep(adder, points, &ranges);
    let mut out: Vec<(usize, Projective<P>)> = Vec::new();
    for ((window, weight, _), (sum, own)) in segments.iter().zip(sums.iter().zip(&weighted)) {
        let total = projective::<P>(own) + projective::<P>(sum).mul_bigint([*weight as u64]);
        match out.last_mut() {
            Some((last, value)) if last == window => *value += total,
            _ => out.push((*window, total)),
        }
    }
    out
}

/// A step costs an inversion, a segment three scalar additions: about a third of an inversion.
fn segment_length(points: usize) -> usize {
    ((points / 3).isqrt()).max(4)
}

/// For each range, the sum of its points and the sum of `(i + 1) * point i`.
fn lockstep<F: Coordinate>(
    adder: &mut Adder<F>,
    points: &[Point<F>],
    ranges: &[std::ops::Range<usize>],
) -> (Vec<Point<F>>, Vec<Point<F>>) {
    let n = ranges.len();
    let zero = Point { x: F::ZERO, y: F::ZERO };
    // Running sums of the points from the last to the first; then the sums of those.
    let mut state = vec![zero; 2 * n];
    let (mut pairs, mut places, mut out) = (Vec::new(), Vec::new(), vec![zero; 2 * n]);
    let steps = ranges.iter().map(|r| r.len()).max().unwrap_or(0);
    for step in 0..=steps {
        pairs.clear();
        places.clear();
        for (i, range) in ranges.iter().enumerate() {
            // The sum of sums is one step behind, so that both additions are of one batch.
            if step > range.len() {
                continue;
            }
            let (sum, total) = (state[i], state[n + i]);
            if !sum.is_infinity() {
                if total.is_infinity() {
                    state[n + i] = sum;
                } else {
                    pairs.push(((n + i) as u32, i as u32));
                    places.push(n + i);
                }
            }
            if step < range.len() {
                let at = range.end - 1 - step;
                if sum.is_infinity() {
                    state[i] = points[at];
                } else if !points[at].is_infinity() {
                    pairs.push((i as u32, (2 * n + at) as u32));
                    places.push(i);
                }
            }
        }
        let out = &mut out[..pairs.len()];
        adder.add(&Points(&state, points), &pairs, out);
        for (place, point) in places.iter().zip(out) {
            state[*place] = *point;
        }
    }
    let weighted = state.split_off(n);
    (state, weighted)
}

/// From working memory.
pub(crate) fn projective<P: SWCurveConfig<BaseField: Coordinate>>(point: &Point<P::BaseField>) -> Projective<P> {
    if point.is_infinity() {
        return Projective::zero();
    }
    Affine::<P>::new_unchecked(canonical(point.x), canonical(point.y)).into()
}

fn canonical<F: Coordinate>(value: F) -> F {
    #[cfg(target_arch = "x86_64")]
    return value.canonical();
    #[cfg(not(target_arch = "x86_64"))]
    return value;
}
