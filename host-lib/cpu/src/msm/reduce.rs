//! Buckets to their weighted sum, without running sums: every addition is one of a large batch.
//!
//! A weight is split into high and low bits, v = 2^k h + l, so that sum v B_v = 2^k sum h R_h + sum l C_l with
//! R_h the sum of the buckets in a row (of one h) and C_l of those in a column (of one l). The rows and columns take two
//! additions a bucket, all of them free to go in any order, and leave two problems of the square root's
//! size. When few bits are left, the buckets are summed for each bit of their weight. What comes out is one point for each bit
//! of a window; the doublings that combine windows weight them for nothing more.

use super::{CHUNK, rounds::Rounds};
use crate::{
    Coordinate,
    add::{Point, Points},
};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use std::{borrow::Cow, ops::Range};

/// Weights of so many bits are taken bit by bit: half of the points for each bit, where rows and columns take all of
/// them twice and a further round of batches.
const BITS: u32 = 4;

/// Points whose sum is wanted, each times its weight, times 2^shift.
#[derive(Clone)]
struct Problem {
    shift: u32,
    /// Bits of the weights.
    bits: u32,
    /// Weight of the first point; those of the others follow one by one.
    first: usize,
    points: Range<usize>,
}

/// Points that are to be added up: the weights `v` of a problem with `(v >> at) & mask` = `value`.
struct Group {
    problem: usize,
    at: u32,
    mask: usize,
    value: usize,
}

/// The weighted sums of buckets as terms `(bit, point)`: `2^bit * point`. The weight of bucket i of window w is `(i + 1)
/// 2^(w * width)`; the key of a bucket is `w * buckets + i`. `buckets` holds those of each range of `keys`.
pub(crate) fn weighted<P: SWCurveConfig<BaseField = F>, F: Coordinate>(
    rounds: &mut Rounds<F>,
    keys: &[Range<usize>],
    buckets: &[Point<F>],
    width: u32,
) -> Vec<(usize, Affine<P>)> {
    let window = 1usize << (width - 1);
    let (mut problems, mut at) = (Vec::new(), 0);
    for keys in keys {
        let mut start = keys.start;
        while start < keys.end {
            let end = keys.end.min((start / window + 1) * window);
            let (shift, first) = ((start / window) as u32 * width, start % window + 1);
            problems.push(Problem { shift, bits: width, first, points: at..at + end - start });
            (start, at) = (end, at + end - start);
        }
    }
    let mut points = Cow::Borrowed(buckets);
    while problems.iter().any(|p| p.bits > BITS) {
        let (mut groups, mut next) = (Vec::new(), Vec::new());
        for (i, p) in problems.iter().enumerate() {
            let low = p.bits / 2;
            for (at, bits) in [(low, p.bits - low), (0, low)] {
                let mask = (1usize << bits) - 1;
                let start = groups.len();
                groups.extend((1..=mask).map(|value| Group { problem: i, at, mask, value }));
                next.push(Problem { shift: p.shift + at, bits, first: 1, points: start..groups.len() });
            }
        }
        points = Cow::Owned(sums(rounds, &points, &problems, &groups));
        problems = next;
    }
    let groups: Vec<Group> = (0..problems.len())
        .flat_map(|problem| (0..problems[problem].bits).map(move |at| Group { problem, at, mask: 1, value: 1 }))
        .collect();
    let sums = sums(rounds, &points, &problems, &groups);
    groups
        .iter()
        .zip(&sums)
        .filter(|(_, sum)| !sum.is_infinity())
        .map(|(g, sum)| ((problems[g.problem].shift + g.at) as usize, affine(sum)))
        .collect()
}

/// The sum of each group, about [`CHUNK`] points at a time.
fn sums<F: Coordinate>(
    rounds: &mut Rounds<F>,
    points: &[Point<F>],
    problems: &[Problem],
    groups: &[Group],
) -> Vec<Point<F>> {
    let mut out = vec![Point { x: F::ZERO, y: F::ZERO }; groups.len()];
    let finite: Vec<bool> = points.iter().map(|p| !p.is_infinity()).collect();
    let (mut entries, mut starts, mut done) = (Vec::new(), vec![0], 0);
    for (i, group) in groups.iter().enumerate() {
        let problem = &problems[group.problem];
        let mut put = |v: usize| {
            let at = v.wrapping_sub(problem.first).wrapping_add(problem.points.start);
            if problem.points.contains(&at) && finite[at] {
                entries.push(at as u32);
            }
        };
        // The weights with these bits: all settings of the bits above and below.
        let (low, above) = (1usize << group.at, group.at + group.mask.count_ones());
        for high in 0..1usize << (problem.bits - above) {
            let base = high << above | group.value << group.at;
            // Most rows of a part of a window are elsewhere.
            if base + low > problem.first && base < problem.first + problem.points.len() {
                (base..base + low).for_each(&mut put);
            }
        }
        starts.push(entries.len() as u32);
        if entries.len() >= CHUNK || i + 1 == groups.len() {
            rounds.sum(&Points(points), &entries, &starts, &mut out[done..=i]);
            entries.clear();
            starts.truncate(1);
            done = i + 1;
        }
    }
    out
}

/// From working memory, of a finite one.
fn affine<P: SWCurveConfig<BaseField: Coordinate>>(point: &Point<P::BaseField>) -> Affine<P> {
    Affine::new_unchecked(canonical(point.x), canonical(point.y))
}

fn canonical<F: Coordinate>(value: F) -> F {
    #[cfg(target_arch = "x86_64")]
    return value.canonical();
    #[cfg(not(target_arch = "x86_64"))]
    return value;
}
