//! Buckets from sorted entries: every bucket has a sum, and in round r the r-th entry of each bucket that has so many
//! is added to its sum, all additions of a round with shared inversions. Buckets are taken by falling length, so that a
//! round is a prefix of them and nothing is decided entry by entry. Long buckets are cut into parts of a length that leaves
//! enough of them for large batches, and the parts' sums are added in the same way, whatever the scalars are: a bucket that
//! holds everything is many parts. No addition depends on another of its round.

use crate::{
    Coordinate,
    add::{Adder, BATCH, Pair, Point, Points, Source},
};

/// Entries that are added up one after the other, to `to`: a bucket, or what comes behind those.
#[derive(Clone, Copy, Default)]
struct Part {
    start: u32,
    length: u32,
    to: u32,
}

/// Working memory of one thread.
pub(crate) struct Rounds<F: Coordinate> {
    adder: Adder<F>,
    parts: Vec<Part>,
    /// By falling length.
    sorted: Vec<Part>,
    sums: Vec<Point<F>>,
    pairs: Vec<Pair>,
    /// Parts of length n start here, those of length 0 behind all others.
    places: Vec<u32>,
}

/// Sums of parts whose buckets are not done: the bucket, and where its parts start in `points`.
struct Left<F> {
    points: Vec<Point<F>>,
    keys: Vec<u32>,
    starts: Vec<u32>,
}

impl<F: Coordinate> Rounds<F> {
    pub fn new(adder: Adder<F>) -> Self {
        Rounds { adder, parts: Vec::new(), sorted: Vec::new(), sums: Vec::new(), pairs: Vec::new(), places: Vec::new() }
    }

    /// Sums of the entries `starts[k] .. starts[k + 1]` for each k, to `out[k]`; none gives infinity. The first of `entries`
    /// is that of `starts[0]`.
    pub fn sum(&mut self, source: &impl Source<F>, entries: &[u32], starts: &[u32], out: &mut [Point<F>]) {
        out.fill(zero());
        let mut left = self.level(source, entries, starts, out);
        while !left.keys.is_empty() {
            let Left { points, keys, starts } = left;
            let entries: Vec<u32> = (0..points.len() as u32).collect();
            let mut sums = vec![zero(); keys.len()];
            left = self.level(&Points(&points), &entries, &starts, &mut sums);
            // Buckets that are still not done are numbered by `keys`.
            for key in &mut left.keys {
                *key = keys[*key as usize];
            }
            for (key, sum) in keys.iter().zip(sums) {
                out[*key as usize] = sum;
            }
        }
    }

    /// Cuts buckets into parts and adds those up. Buckets of several parts are left over.
    fn level(&mut self, source: &impl Source<F>, entries: &[u32], starts: &[u32], out: &mut [Point<F>]) -> Left<F> {
        let limit = (2 * entries.len()).div_ceil(BATCH).max(2) as u32;
        let mut left = Left { points: Vec::new(), keys: Vec::new(), starts: vec![0] };
        let base = starts[0];
        self.parts.clear();
        let mut others = out.len() as u32;
        for (k, range) in starts.windows(2).enumerate() {
            let (mut start, length) = (range[0] - base, range[1] - range[0]);
            if length <= limit {
                self.parts.push(Part { start, length, to: k as u32 });
                continue;
            }
            let mut rest = length;
            while rest > 0 {
                let length = rest.min(limit);
                self.parts.push(Part { start, length, to: others });
                (start, rest, others) = (start + length, rest - length, others + 1);
            }
            left.keys.push(k as u32);
            left.starts.push(others - out.len() as u32);
        }
        self.sort(limit as usize);
        self.rounds(source, entries);
        left.points.resize(others as usize - out.len(), zero());
        for (part, sum) in self.sorted.iter().zip(&self.sums) {
            match out.get_mut(part.to as usize) {
                Some(out) => *out = *sum,
                None => left.points[part.to as usize - out.len()] = *sum,
            }
        }
        left
    }

    /// Parts by falling length; `places` as its documentation says.
    fn sort(&mut self, longest: usize) {
        self.places.clear();
        self.places.resize(longest + 1, 0);
        for part in &self.parts {
            self.places[part.length as usize] += 1;
        }
        let mut total = 0;
        for place in self.places.iter_mut().rev() {
            (*place, total) = (total, total + *place);
        }
        self.sorted.resize(self.parts.len(), Part::default());
        for part in &self.parts {
            let place = &mut self.places[part.length as usize];
            self.sorted[*place as usize] = *part;
            *place += 1;
        }
        // Now each is the end of its length, the start of the next shorter one.
        self.places.rotate_left(1);
        if let Some(last) = self.places.last_mut() {
            *last = 0;
        }
    }

    fn rounds(&mut self, source: &impl Source<F>, entries: &[u32]) {
        // Parts longer than n.
        let longer = |n: usize| self.places.get(n).map_or(0, |p| *p as usize);
        self.sums.clear();
        self.sums.resize(longer(0), zero());
        let (two, one) = (longer(1), longer(0));
        self.pairs.clear();
        self.pairs.extend(self.sorted[..two].iter().map(|p| {
            let start = p.start as usize;
            [entries[start], entries[start + 1]]
        }));
        self.adder.add(source, &self.pairs, &mut self.sums[..two]);
        for (sum, part) in self.sums[two..one].iter_mut().zip(&self.sorted[two..one]) {
            *sum = source.point(entries[part.start as usize]);
        }
        for r in 2.. {
            let more = longer(r);
            if more == 0 {
                return;
            }
            self.pairs.clear();
            self.pairs
                .extend(self.sorted[..more].iter().enumerate().map(|(i, p)| [i as u32, entries[p.start as usize + r]]));
            self.adder.add_to(source, &self.pairs, &mut self.sums[..more]);
        }
    }
}

fn zero<F: Coordinate>() -> Point<F> {
    Point { x: F::ZERO, y: F::ZERO }
}
