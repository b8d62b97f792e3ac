//! The plan of a [`SegmentSum`](super::SegmentSum): which segments are added to which, level by level.

use num_bigint::BigUint;
use num_traits::{One, Zero};

/// Bits of a slice.
pub const SLICE_BITS: usize = 64;
/// The widest result of a slice.
pub const SUM_BITS: usize = 80;
/// Pairs of one sign cost up to that many bits more in the choice of pairs: a difference of two inputs is one addition
/// with an inverted operand, a sum of two negative ones has to be inverted later.
const SAME_SIGN: usize = 6;

/// Some bits of a small multiple of an input word, somewhere in the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Index of the input: those of x, then those of z.
    pub input: usize,
    /// 1, 3, 5 or 7.
    pub multiple: u8,
    /// The multiple's lowest bit in use, and how many.
    pub low: usize,
    pub bits: usize,
    /// Where that bit stands in the sum.
    pub position: usize,
    /// Subtracted.
    pub negative: bool,
}

impl Term {
    /// All `bits` of an input at a position.
    pub fn word(input: usize, bits: usize, position: usize) -> Self {
        Self { input, multiple: 1, low: 0, bits, position, negative: false }
    }

    /// The same, subtracted.
    pub fn minus(self) -> Self {
        Self { negative: true, ..self }
    }

    /// What is left of it above a position; `None` if nothing is.
    pub fn above(self, base: usize) -> Option<Self> {
        let cut = base.saturating_sub(self.position);
        (cut < self.bits).then(|| Self {
            low: self.low + cut,
            bits: self.bits - cut,
            position: self.position.max(base) - base,
            ..self
        })
    }
}

/// What a sum is made of.
#[derive(Clone, Debug)]
pub struct Request {
    /// Number of inputs x and z.
    pub inputs: [usize; 2],
    pub terms: Vec<Term>,
    /// Added, modulo 2^top. `None`: whatever saves an addition ([`Plan::excess`]).
    pub constant: Option<BigUint>,
    /// Number of slices; all have 64 bits but the last.
    pub slices: usize,
    pub last_bits: usize,
    /// Levels of additions.
    pub levels: usize,
    /// Bits by which a segment may stand over its slice before it is cut in two.
    pub slack: usize,
}

impl Request {
    /// Bits of the sum: it is computed modulo 2^top.
    pub fn top(&self) -> usize {
        (self.slices - 1) * SLICE_BITS + self.last_bits
    }

    fn slice_bits(&self, slice: usize) -> usize {
        if slice + 1 == self.slices {
            self.last_bits
        } else {
            SLICE_BITS
        }
    }
}

/// Bits of a word of the first level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index into [`Plan::words`].
    pub word: usize,
    pub low: usize,
    pub bits: usize,
    /// Where in the operand.
    pub at: usize,
}

/// What is added.
#[derive(Clone, Debug)]
pub enum Source {
    /// Pieces that do not overlap, lowest first.
    Pieces(Vec<Piece>),
    /// A register of the level before, by its index.
    Node(usize),
    Constant(u128),
}

/// An operand: `bits` of a source at `shift`, inverted or not.
#[derive(Clone, Debug)]
pub struct Operand {
    pub source: Source,
    pub bits: usize,
    pub shift: usize,
    pub inverted: bool,
}

/// A register: the sum of one operand or two, modulo 2^bits.
#[derive(Clone, Debug)]
pub struct Node {
    pub a: Operand,
    pub b: Option<Operand>,
    pub bits: usize,
}

/// What a slice's sum is, at the end.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The register and where its lowest bit stands; `None` if the slice is empty.
    pub node: Option<(usize, usize)>,
    /// Bits of the slice's sum.
    pub bits: usize,
}

/// Registers in the order in which they can be computed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Number of inputs x: a word's input counts on from there in z.
    pub first: usize,
    /// Input and multiple of the words that pieces are taken from.
    pub words: Vec<(usize, u8)>,
    /// Whether the words are registered first: where there are multiples.
    pub multiples: bool,
    pub nodes: Vec<Node>,
    pub outputs: Vec<Output>,
    /// The slices' sum minus what was asked for, modulo 2^top: 0 with a constant.
    pub excess: BigUint,
    /// Cycles from inputs to outputs.
    pub latency: usize,
}

/// A row of a slice: a source and the largest value that it can have.
#[derive(Clone, Debug)]
struct Row {
    source: Source,
    shift: usize,
    max: u128,
    negative: bool,
}

impl Row {
    fn bits(&self) -> usize {
        bit_length(self.max)
    }

    fn end(&self) -> usize {
        self.shift + self.bits()
    }

    fn operand(&self, shift: usize) -> Operand {
        Operand { source: self.source.clone(), bits: self.bits(), shift: self.shift - shift, inverted: false }
    }
}

fn bit_length(x: u128) -> usize {
    (u128::BITS - x.leading_zeros()) as usize
}

/// 2^bits - 1.
pub(super) fn ones(bits: usize) -> u128 {
    (1u128 << bits) - 1
}

impl Plan {
    /// Plans a sum.
    ///
    /// # Panics
    /// If the rows are too many for the levels, a slice has nothing but negative terms, or a term's input is not there.
    pub fn new(request: &Request) -> Self {
        let inputs = request.inputs[0] + request.inputs[1];
        assert!(request.terms.iter().all(|term| term.input < inputs), "SegmentSum: a term of an input beyond {inputs}");
        let mut words: Vec<_> = request.terms.iter().map(|t| (t.input, t.multiple)).collect();
        words.sort_unstable();
        words.dedup();
        let rows: Vec<_> = (0..request.slices).map(|slice| pack(request, &words, slice)).collect();
        // The pairs decide what the inversions add, and only then is the constant known; the pairs do not depend on it.
        let first = Tree::new(request, rows.clone(), &BigUint::zero());
        let modulus = BigUint::one() << request.top();
        let excess = first.excess % &modulus;
        let (tree, excess) = match &request.constant {
            None => (Tree::new(request, rows, &BigUint::zero()), excess),
            Some(constant) => {
                let constant = (constant + &modulus - excess) % &modulus;
                (Tree::new(request, rows, &constant), BigUint::zero())
            }
        };
        let multiples = words.iter().any(|(_, multiple)| *multiple != 1);
        let latency = request.levels + multiples as usize;
        Self { first: request.inputs[0], words, multiples, nodes: tree.nodes, outputs: tree.outputs, excess, latency }
    }
}

/// A slice's terms, cut at its ends, side by side in as few rows as first-fit finds.
fn pack(request: &Request, words: &[(usize, u8)], slice: usize) -> Vec<Row> {
    let (start, room) = (slice * SLICE_BITS, request.slice_bits(slice));
    let mut segments = Vec::new();
    for term in &request.terms {
        let word = words.binary_search(&(term.input, term.multiple)).expect("every term's word is listed");
        let (mut low, mut bits, mut position) = (term.low, term.bits, term.position);
        // Walk through the slices that the term lies in, up to this one.
        while bits > 0 && position < request.top() {
            let at = (position / SLICE_BITS).min(request.slices - 1);
            let offset = position - at * SLICE_BITS;
            let end = request.slice_bits(at);
            let whole = offset + bits <= end + request.slack && at + 1 < request.slices;
            let taken = if whole { bits } else { bits.min(end - offset) };
            if at == slice {
                let piece = Piece { word, low, bits: taken, at: position - start };
                segments.push((term.negative, piece));
            }
            low += taken;
            bits -= taken;
            position += taken;
        }
    }
    segments.sort_unstable_by_key(|(negative, piece)| (*negative, piece.at, piece.bits, piece.word, piece.low));
    let mut bins: Vec<(bool, Vec<Piece>)> = Vec::new();
    for (negative, piece) in segments {
        let end = |pieces: &[Piece]| pieces.last().map_or(0, |last| last.at + last.bits);
        // The fullest row that has room.
        let free = bins.iter_mut().filter(|(sign, pieces)| *sign == negative && end(pieces) <= piece.at);
        match free.max_by_key(|(_, pieces)| end(pieces)) {
            Some((_, pieces)) => pieces.push(piece),
            None => bins.push((negative, vec![piece])),
        }
    }
    let mut rows: Vec<_> = bins
        .into_iter()
        .map(|(negative, mut pieces)| {
            let (shift, last) = (pieces[0].at, pieces[pieces.len() - 1]);
            pieces.iter_mut().for_each(|piece| piece.at -= shift);
            Row { source: Source::Pieces(pieces), shift, max: ones(last.at + last.bits - shift), negative }
        })
        .collect();
    if request.constant.is_some() && !rows.is_empty() {
        rows.push(Row { source: Source::Constant(0), shift: 0, max: ones(room), negative: false });
    }
    rows
}

/// The additions under construction.
struct Tree {
    nodes: Vec<Node>,
    outputs: Vec<Output>,
    /// What inversions add to the sum.
    excess: BigUint,
}

impl Tree {
    fn new(request: &Request, rows: Vec<Vec<Row>>, constant: &BigUint) -> Self {
        let mut tree = Self { nodes: Vec::new(), outputs: Vec::new(), excess: BigUint::zero() };
        for (slice, mut rows) in rows.into_iter().enumerate() {
            let part = (constant >> (slice * SLICE_BITS)) & ((BigUint::one() << request.slice_bits(slice)) - 1u32);
            for row in &mut rows {
                if let Source::Constant(value) = &mut row.source {
                    *value = part.iter_u64_digits().rev().fold(0, |value, digit| value << 64 | u128::from(digit));
                }
            }
            let limit = (slice + 1 == request.slices).then_some(request.last_bits);
            for _ in 0..request.levels {
                rows = tree.level(rows, slice, limit);
            }
            let output = match rows.as_slice() {
                [] => Output { node: None, bits: 0 },
                [Row { source: Source::Node(node), shift, max, negative: false }] => {
                    Output { node: Some((*node, *shift)), bits: shift + bit_length(*max) }
                }
                rows => panic!("SegmentSum: slice {slice}: {} levels leave {} rows", request.levels, rows.len()),
            };
            assert!(output.bits <= SUM_BITS, "SegmentSum: slice {slice} has {} bits", output.bits);
            tree.outputs.push(output);
        }
        tree
    }

    /// Adds rows in pairs, the cheapest first of each in turn; an odd one waits in a register.
    fn level(&mut self, mut rows: Vec<Row>, slice: usize, limit: Option<usize>) -> Vec<Row> {
        rows.sort_by_key(|row| (row.shift, row.end()));
        let mut rest = std::collections::VecDeque::from(rows);
        let mut sums = Vec::new();
        while let Some(row) = rest.pop_front() {
            let cost = |other: &Row| {
                let adder = row.end().max(other.end()).saturating_sub(row.shift.max(other.shift));
                adder + if row.negative == other.negative { SAME_SIGN } else { 0 }
            };
            let partner = (0..rest.len()).min_by_key(|i| cost(&rest[*i]));
            match partner.and_then(|i| rest.remove(i)) {
                Some(other) => sums.push(self.add(row, other, slice, limit)),
                None => {
                    let a = row.operand(row.shift);
                    let source = self.node(Node { bits: a.bits, a, b: None });
                    sums.push(Row { source, ..row });
                }
            }
        }
        sums
    }

    fn node(&mut self, node: Node) -> Source {
        self.nodes.push(node);
        Source::Node(self.nodes.len() - 1)
    }

    fn add(&mut self, row: Row, other: Row, slice: usize, limit: Option<usize>) -> Row {
        // The positive one first: its bits go straight to the carry chain, the other's through the logic before it.
        let (a, b) = if row.negative { (other, row) } else { (row, other) };
        let shift = a.shift.min(b.shift);
        let inverted = b.negative && !a.negative;
        let b_max = if inverted { ones(b.bits()) } else { b.max };
        if inverted {
            self.excess += BigUint::from(b_max) << (slice * SLICE_BITS + b.shift);
        }
        let mut max = (a.max << (a.shift - shift)) + (b_max << (b.shift - shift));
        if let Some(limit) = limit {
            max = max.min(ones(limit - shift));
        }
        let node =
            Node { a: a.operand(shift), b: Some(Operand { inverted, ..b.operand(shift) }), bits: bit_length(max) };
        let negative = a.negative && b.negative;
        Row { source: self.node(node), shift, max, negative }
    }
}
