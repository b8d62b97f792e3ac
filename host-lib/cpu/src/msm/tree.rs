//! Buckets from sorted entries: in each round the entries of every bucket are added two by two, all
//! additions of a round with shared inversions, until one point is left in each. No addition depends on
//! another of its round, whatever the scalars are: a bucket that holds everything is a tree as any other.

use crate::{
    Coordinate,
    add::{Adder, Pair, Point, Points, Source},
};

/// Working memory of one thread.
pub(crate) struct Tree<F: Coordinate> {
    pub adder: Adder<F>,
    /// Sums of all rounds.
    arena: Vec<Point<F>>,
    pairs: Vec<Pair>,
    /// What is left of each bucket: positions in the arena.
    left: Vec<u32>,
    /// Key, start in `left`, number.
    active: Vec<(u32, u32, u32)>,
}

impl<F: Coordinate> Tree<F> {
    pub fn new(adder: Adder<F>) -> Self {
        Tree { adder, arena: Vec::new(), pairs: Vec::new(), left: Vec::new(), active: Vec::new() }
    }

    /// Sums of the entries `starts[k] .. starts[k + 1]` for each k, to `out[k]`; none gives infinity.
    pub fn sum(&mut self, source: &impl Source<F>, entries: &[u32], starts: &[u32], out: &mut [Point<F>]) {
        let zero = Point { x: F::ZERO, y: F::ZERO };
        out.fill(zero);
        self.arena.clear();
        self.pairs.clear();
        self.left.clear();
        self.active.clear();
        let base = starts[0];
        // First round: from the source. Single ones are copied.
        let mut singles = Vec::new();
        for (k, range) in starts.windows(2).enumerate() {
            let own = &entries[(range[0] - base) as usize..(range[1] - base) as usize];
            let first = self.left.len() as u32;
            for pair in own.chunks(2) {
                match *pair {
                    [a, b] => {
                        self.left.push(self.pairs.len() as u32);
                        self.pairs.push([a, b]);
                    }
                    [a] if own.len() == 1 => {
                        out[k] = source.point(a);
                    }
                    [a] => {
                        // Its place in the arena is known when all pairs are.
                        singles.push((self.left.len(), a));
                        self.left.push(0);
                    }
                    _ => {}
                }
            }
            let number = self.left.len() as u32 - first;
            if number > 0 {
                self.active.push((k as u32, first, number));
            }
        }
        // n entries take n - 1 sums, and room for the single ones.
        self.arena.resize(self.pairs.len(), zero);
        self.adder.add(source, &self.pairs, &mut self.arena);
        for (place, entry) in singles {
            self.left[place] = self.arena.len() as u32;
            self.arena.push(source.point(entry));
        }
        self.rounds(out);
    }

    fn rounds(&mut self, out: &mut [Point<F>]) {
        let zero = Point { x: F::ZERO, y: F::ZERO };
        loop {
            let done = self.arena.len();
            self.pairs.clear();
            let (left, pairs, arena) = (&mut self.left, &mut self.pairs, &self.arena);
            self.active.retain_mut(|(key, start, number)| {
                let (s, n) = (*start as usize, *number as usize);
                if n == 1 {
                    out[*key as usize] = arena[left[s] as usize];
                    return false;
                }
                for i in 0..n / 2 {
                    let pair = [left[s + 2 * i], left[s + 2 * i + 1]];
                    left[s + i] = (done + pairs.len()) as u32;
                    pairs.push(pair);
                }
                if n % 2 == 1 {
                    left[s + n / 2] = left[s + n - 1];
                }
                *number = n.div_ceil(2) as u32;
                true
            });
            if self.pairs.is_empty() {
                return;
            }
            self.arena.resize(done + self.pairs.len(), zero);
            let (old, new) = self.arena.split_at_mut(done);
            self.adder.add(&Points(old), &self.pairs, new);
        }
    }
}
