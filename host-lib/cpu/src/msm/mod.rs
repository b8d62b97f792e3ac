//! Multi-scalar multiplication by Pippenger's buckets, with affine additions.
//!
//! 1. Scalars become signed digits ([`digits`]).
//! 2. Entries are sorted by bucket ([`sort`]).
//! 3. The entries of each bucket are added up, thousands of additions sharing one inversion
//!    ([`rounds`]).
//! 4. Buckets are summed by rows and columns of their weights, to one point for each bit ([`reduce`]).
//! 5. Bits are combined by doublings.
//!
//! Steps 2 to 4 are done in tasks over ranges of buckets: a *wave* of them, about one for each thread, is sorted, and then all
//! chunks of the wave are added up, in any order; so there are never more sorted entries than a wave's.

mod digits;
mod plan;
#[cfg(test)]
mod profile;
mod reduce;
mod rounds;
mod sort;
#[cfg(test)]
mod tests;

use crate::{
    Coordinate, Engine,
    add::{Adder, Bases, Point, Points},
};
use ark_ec::{
    AdditiveGroup, VariableBaseMSM,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{PrimeField, Zero};
use digits::Digits;
use plan::Plan;
use rayon::prelude::*;
use rounds::Rounds;
use sort::Sorted;
use std::{ops::Range, sync::Mutex};

/// Entries that a thread adds up at a time: their sums stay in its cache.
const CHUNK: usize = 65536;

/// Sum of `scalars[i] * points[i]`; the longer slice is cut to the shorter. Points need not be in
/// the prime-order subgroup, but on the curve.
pub fn msm<P>(engine: Engine, points: &[Affine<P>], scalars: &[P::ScalarField]) -> Projective<P>
where
    P: SWCurveConfig<BaseField: Coordinate>,
{
    let n = points.len().min(scalars.len());
    let (points, scalars) = (&points[..n], &scalars[..n]);
    let used = scalars.par_iter().filter(|s| !s.is_zero()).count();
    let simple = !P::COEFF_A.is_zero()
        || P::COEFF_B.is_zero()
        || n >= 1 << 31
        || P::ScalarField::MODULUS_BIT_SIZE > digits::LARGEST;
    if simple || used < plan::FEW {
        // Few scalars, or curves that the formulas are not for.
        return few(points, scalars);
    }
    let plan = Plan::new(P::ScalarField::MODULUS_BIT_SIZE, used, rayon::current_num_threads());
    run(engine, points, scalars, &plan)
}

/// By arkworks, leaving zeros out.
fn few<P: SWCurveConfig>(points: &[Affine<P>], scalars: &[P::ScalarField]) -> Projective<P> {
    let (points, scalars): (Vec<_>, Vec<_>) = points.iter().zip(scalars).filter(|(_, s)| !s.is_zero()).unzip();
    let scalars = zeroize::Zeroizing::new(scalars);
    Projective::<P>::msm_unchecked(&points, &scalars)
}

fn run<P>(engine: Engine, points: &[Affine<P>], scalars: &[P::ScalarField], plan: &Plan) -> Projective<P>
where
    P: SWCurveConfig<BaseField: Coordinate>,
{
    let digits = Digits::new(points, scalars, plan.width);
    let pool = Pool { engine, idle: Mutex::new(Vec::new()) };
    let tasks = plan.tasks(&digits.counts);
    let mut bits = vec![Projective::<P>::zero(); digits.windows * plan.width as usize];
    let (mut sums, mut sorted): (Vec<Point<P::BaseField>>, Vec<Sorted>) = Default::default();
    for group in plan.groups(&tasks) {
        // In parallel: pages are given by the first touch, which takes its time.
        let buckets = group.iter().map(|keys| keys.len()).sum();
        sums.clear();
        sums.par_extend((0..buckets).into_par_iter().with_min_len(CHUNK / 16).map(|_| Point::default()));
        let mut rest = &mut sums[..];
        for wave in plan.waves(group, &digits.counts) {
            if sorted.len() < wave.len() {
                sorted.resize_with(wave.len(), Sorted::default);
            }
            let sorted = &mut sorted[..wave.len()];
            sorted.par_iter_mut().zip(wave).with_max_len(1).for_each(|(sorted, keys)| sorted.fill(&digits, keys));
            let (own, others) = rest.split_at_mut(wave.iter().map(|keys| keys.len()).sum());
            rest = others;
            accumulate(points, sorted, own, &pool);
        }
        // Together, so that batches are large, but one part for each thread.
        let share = group.len().div_ceil(rayon::current_num_threads());
        let mut rest = &sums[..];
        let parts: Vec<_> = group
            .chunks(share)
            .map(|keys| {
                let (own, others) = rest.split_at(keys.iter().map(|keys| keys.len()).sum());
                rest = others;
                (keys, own)
            })
            .collect();
        let terms: Vec<_> = parts
            .into_par_iter()
            .with_max_len(1)
            .flat_map_iter(|(keys, sums)| pool.with(|rounds| reduce::weighted(rounds, keys, sums, digits.width)))
            .collect();
        for (bit, sum) in terms {
            bits[bit] += Projective::<P>::from(sum);
        }
    }
    let mut total = Projective::<P>::zero();
    for sum in bits.iter().rev() {
        total.double_in_place();
        total += sum;
    }
    total
}

/// Working memories, handed from thread to thread.
struct Pool<F: Coordinate> {
    engine: Engine,
    idle: Mutex<Vec<Rounds<F>>>,
}

impl<F: Coordinate> Pool<F> {
    fn with<T>(&self, f: impl FnOnce(&mut Rounds<F>) -> T) -> T {
        let lock = || self.idle.lock().unwrap_or_else(|e| e.into_inner());
        let old = lock().pop();
        let mut rounds = old.unwrap_or_else(|| Rounds::new(Adder::new(self.engine)));
        let result = f(&mut rounds);
        lock().push(rounds);
        result
    }
}

/// A piece of the sorted entries of a task: whole buckets, or a part of one bucket that is too large.
enum Piece<'a, F> {
    Buckets(&'a Sorted, Range<usize>, &'a mut [Point<F>]),
    /// The bucket by its place in the wave.
    Part(&'a Sorted, usize, Range<usize>),
}

/// The sums of the buckets of several tasks, one behind the other.
fn accumulate<P: SWCurveConfig<BaseField: Coordinate>>(
    points: &[Affine<P>],
    wave: &[Sorted],
    sums: &mut [Point<P::BaseField>],
    pool: &Pool<P::BaseField>,
) {
    let (mut pieces, mut rest, mut before) = (Vec::new(), &mut *sums, 0);
    for sorted in wave {
        let starts = &sorted.starts;
        let mut from = 0;
        while from < starts.len() - 1 {
            // As many buckets as fit, at least one.
            let limit = starts[from] as usize + CHUNK;
            let to = starts.partition_point(|s| *s as usize <= limit).saturating_sub(1).max(from + 1);
            let (own, others) = rest.split_at_mut(to - from);
            rest = others;
            let (start, end) = (starts[from] as usize, starts[to] as usize);
            if end - start > CHUNK {
                own[0] = Point::default();
                let part = |s: usize| Piece::Part(sorted, before + from, s..end.min(s + CHUNK));
                pieces.extend((start..end).step_by(CHUNK).map(part));
            } else if end > start {
                pieces.push(Piece::Buckets(sorted, from..to, own));
            }
            from = to;
        }
        before += starts.len() - 1;
    }
    let bases = Bases(points);
    let mut parts: Vec<(usize, Point<P::BaseField>)> = pieces
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|piece| {
            pool.with(|rounds| match piece {
                Piece::Buckets(Sorted { starts, entries }, keys, out) => {
                    let range = starts[keys.start] as usize..starts[keys.end] as usize;
                    rounds.sum(&bases, &entries[range], &starts[keys.start..=keys.end], out);
                    None
                }
                Piece::Part(Sorted { entries, .. }, key, range) => {
                    let mut out = [Point::default()];
                    let ends = [range.start as u32, range.end as u32];
                    rounds.sum(&bases, &entries[range], &ends, &mut out);
                    Some((key, out[0]))
                }
            })
        })
        .collect();
    if parts.is_empty() {
        return;
    }
    // Parts of one bucket are bases of a second sum.
    parts.sort_by_key(|p| p.0);
    let (keys, points): (Vec<usize>, Vec<_>) = parts.into_iter().unzip();
    let entries: Vec<u32> = (0..points.len() as u32).collect();
    let mut groups: Vec<u32> =
        (0..points.len()).filter(|i| *i == 0 || keys[*i] != keys[i - 1]).map(|i| i as u32).collect();
    groups.push(points.len() as u32);
    let mut out = vec![Point::default(); groups.len() - 1];
    pool.with(|rounds| rounds.sum(&Points(&points), &entries, &groups, &mut out));
    for (group, sum) in groups.iter().zip(out) {
        sums[keys[*group as usize]] = sum;
    }
}
