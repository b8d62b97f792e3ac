//! How long commands take on the pipelined engine, cycle by cycle of its controls.

/// The engine's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// log2 of the longest vector, of the seeds in a block, of the butterflies.
    pub log_max: u32,
    pub log_seeds: u32,
    pub log_wings: u32,
    /// Cycles from a group to the first one that sees its results.
    pub turnaround: u64,
    /// Cycles of a product.
    pub product: u64,
}

/// A command of the pipelined engine.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// log2 of the words of a vector.
    pub log_n: u32,
    pub columns: bool,
    pub before: bool,
    pub after: bool,
    /// Vectors leave with their index turned around.
    pub reversed: bool,
    /// How many there are.
    pub vectors: u64,
}

impl Shape {
    /// One vector in natural order.
    pub fn of(log_n: u32, before: bool, after: bool) -> Self {
        Shape { log_n, columns: false, before, after, reversed: false, vectors: 1 }
    }
}

/// Reads blocks of factors, one after the other, each as soon as its ring is free.
struct BlockReader {
    words: u64,
    /// The cycle from which a block may be asked for.
    from: u64,
    /// Cycles from which the two rings are free.
    free: [u64; 2],
}

impl BlockReader {
    /// The cycle from which the next block, of this kind, is there.
    fn next(&mut self, kind: usize) -> u64 {
        let begin = self.from.max(self.free[kind]) + 1;
        self.from = begin + self.words;
        self.free[kind] = u64::MAX;
        self.from
    }
}

/// Cycles by which the stages of long columns begin before the last word has been written: their first groups are of rows of the first column, the
/// last of which came 15 words before (or of the ninth one, 7 words before, at a group that is R/2^m behind the first).
pub const LEAD: u64 = 8;

impl Timing {
    /// log2 of the words from which on a store of 16 columns of R rows may begin like one of a vector: when the last group of the last stage has
    /// been issued. Groups go by rows within columns there, the last R/2 of them are of the last columns, and a store takes as long as R
    /// words to come to these (column by column), or 16 r to row r (else): in time, if R/2 is the turnaround or more.
    pub fn long_columns(&self) -> u32 {
        5 + self.turnaround.next_power_of_two().ilog2()
    }

    /// Whether the store waits for all of the last stage's results.
    fn apart(&self, shape: &Shape) -> bool {
        shape.reversed || (shape.columns && shape.log_n < self.long_columns())
    }

    /// Cycles of the stages of a vector.
    pub fn stages(&self, shape: &Shape) -> u64 {
        let (log_n, m) = (shape.log_n, self.log_wings + 1);
        let groups = ((1u64 << log_n) >> m).max(1);
        let stages = if shape.columns { log_n - 4 } else { log_n };
        let length = |s: u32| {
            let last = s + 1 == stages;
            match () {
                () if last && self.apart(shape) => groups,
                () if !last && s + m < log_n => groups.max(self.turnaround + (1 << s)),
                () => groups.max(self.turnaround),
            }
        };
        (0..stages).map(length).sum()
    }

    /// From `start` to `done` when all streams flow freely.
    pub fn cycles(&self, shape: &Shape) -> u64 {
        let n = 1u64 << shape.log_n;
        let apart = self.apart(shape);
        let stages = self.stages(shape);
        let block = (1u64 << self.log_seeds) + if shape.columns { 16 } else { 1 };
        let mut blocks = BlockReader { words: block, from: 1, free: [0, 0] };
        let kinds: Vec<usize> =
            [shape.before, shape.after].iter().enumerate().filter(|(_, on)| **on).map(|(k, _)| k).collect();
        let mut order = (0..shape.vectors).flat_map(|_| kinds.clone());
        let mut there: [std::collections::VecDeque<u64>; 2] = Default::default();
        // The cycle in which the next transfer is chosen; the last word of the one before; from when the stages are free.
        let (mut choose, mut end, mut free) = (1u64, 0, 0u64);
        let (mut loads, mut stores) = (0, 0);
        let mut computed = std::collections::VecDeque::new();
        while stores < shape.vectors {
            let load = loads < shape.vectors && loads - stores < 2;
            let kind = usize::from(!load);
            let scaled = kinds.contains(&kind);
            while scaled && there[kind].is_empty() {
                match order.next() {
                    Some(next) => there[next].push_back(blocks.next(next)),
                    None => break,
                }
            }
            let block_there = there[kind].pop_front().unwrap_or(0);
            let vector_there = if load { 0 } else { computed.pop_front().unwrap_or(0) };
            let at = choose.max(block_there).max(vector_there);
            end = at + n;
            choose = end + 1;
            if scaled {
                blocks.free[kind] = end + self.product + 5;
            }
            if load {
                let early = if shape.columns && shape.log_n >= self.long_columns() { LEAD } else { 0 };
                let begin = free.max(end + self.product + 1 - early);
                free = begin + stages + 1;
                computed.push_back(free + 1 + if apart { self.turnaround } else { 0 });
                loads += 1;
            } else {
                stores += 1;
            }
        }
        end + self.product + 7
    }
}
