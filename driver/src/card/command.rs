//! Builders of descriptors.

use super::info::CardInfo;
use crate::dma::{DmaBuffer, DmaSlice};
use crate::error::Error;
use crate::queue::Holds;
use gristmill_abi::command::{
    Descriptor, FLAG_COLUMNS, FLAG_FACTORS_AFTER, FLAG_FACTORS_BEFORE, FLAG_INVERSE, FLAG_MONTGOMERY,
    FLAG_REVERSED_INPUT, FLAG_REVERSED_OUTPUT, FLAG_SCALAR, MAX_VECTORS, Opcode, Operand, Operation,
};
use gristmill_abi::layout::{self, Curve, Field, WORD_BYTES};

/// Where an operand is.
#[derive(Clone, Debug)]
pub enum Place {
    /// Host memory: a part of a [`DmaBuffer`], kept until the command has ended.
    Host(DmaSlice),
    /// Card memory: a byte offset, a multiple of 32.
    Card(u64),
    /// A bare I/O address, which nothing checks or keeps: for memory that something else mapped,
    /// and for tests of faults.
    Iova(u64),
}

impl From<DmaSlice> for Place {
    fn from(slice: DmaSlice) -> Self {
        Place::Host(slice)
    }
}

impl From<&DmaBuffer> for Place {
    fn from(buffer: &DmaBuffer) -> Self {
        Place::Host(buffer.whole())
    }
}

/// Form of an MSM's scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarForm {
    /// The residue itself.
    Canonical,
    /// Times 2^256 modulo the group's order.
    Montgomery,
}

/// One command, to be given to [`Card::submit`](super::Card::submit). Counts are in words of 32
/// bytes, points, or elements; layouts and forms are those of `gristmill_abi::layout`.
#[derive(Clone, Debug)]
pub struct Command {
    opcode: u8,
    flags: u8,
    unit: u8,
    count: u32,
    vectors: u32,
    rows: [u8; 2],
    a: Option<Place>,
    b: Option<Place>,
    c: Option<Place>,
    budget: Option<u64>,
}

impl Command {
    fn new(opcode: Opcode, count: u32) -> Self {
        Command {
            opcode: opcode as u8,
            flags: 0,
            unit: 0,
            count,
            vectors: 1,
            rows: [0; 2],
            a: None,
            b: None,
            c: None,
            budget: None,
        }
    }

    /// Nothing; completes with Ok.
    pub fn nop() -> Self {
        Self::new(Opcode::Nop, 0)
    }

    /// Copies `words` words.
    pub fn copy(from: impl Into<Place>, to: impl Into<Place>, words: u32) -> Self {
        Command { a: Some(from.into()), c: Some(to.into()), ..Self::new(Opcode::Copy, words) }
    }

    /// Copies a whole slice of host memory, a multiple of 32 bytes, to a byte offset in card memory.
    pub fn copy_to_card(from: DmaSlice, to: u64) -> Self {
        let words = words_of(&from);
        Self::copy(from, Place::Card(to), words)
    }

    /// Fills a whole slice of host memory, a multiple of 32 bytes, from a byte offset in card memory.
    pub fn copy_from_card(from: u64, to: DmaSlice) -> Self {
        let words = words_of(&to);
        Self::copy(Place::Card(from), to, words)
    }

    /// Writes `words` words of zero.
    pub fn zero(at: impl Into<Place>, words: u32) -> Self {
        Command { c: Some(at.into()), ..Self::new(Opcode::Zero, words) }
    }

    /// Multi-scalar multiplication of `points` affine bases ([`Curve::affine_words`] each, times the multiples that the
    /// card takes of each, [`gristmill_abi::caps::Msm::log_multiples`]) with as many scalars (1 word each). [`CardInfo::msm_result_words`] words of segment sums go to `sums`.
    pub fn msm(
        curve: Curve,
        points: u32,
        bases: impl Into<Place>,
        scalars: impl Into<Place>,
        form: ScalarForm,
        sums: impl Into<Place>,
    ) -> Self {
        Command {
            flags: if form == ScalarForm::Montgomery { FLAG_MONTGOMERY } else { 0 },
            unit: curve as u8,
            a: Some(bases.into()),
            b: Some(scalars.into()),
            c: Some(sums.into()),
            ..Self::new(Opcode::Msm, points)
        }
    }

    /// Transform of 2^`log_elements` elements ([`Field::vector_words`]) from `input` to `output`, which may
    /// be the same.
    pub fn ntt(field: Field, log_elements: u32, input: impl Into<Place>, output: impl Into<Place>) -> Self {
        Command {
            unit: field as u8,
            a: Some(input.into()),
            c: Some(output.into()),
            ..Self::new(Opcode::Ntt, log_elements)
        }
    }

    /// An NTT with the inverse root (and no division by the length).
    pub fn inverse(mut self) -> Self {
        self.flags |= FLAG_INVERSE;
        self
    }

    /// An NTT's factor blocks: before the transform, after it, or both, one after the other at
    /// `blocks`. See [`Field::factor_block_words`].
    pub fn factors(mut self, before: bool, after: bool, blocks: impl Into<Place>) -> Self {
        if before {
            self.flags |= FLAG_FACTORS_BEFORE;
        }
        if after {
            self.flags |= FLAG_FACTORS_AFTER;
        }
        self.b = Some(blocks.into());
        self
    }

    /// An NTT whose vectors come, or leave, with their index turned around: element i is where i with its bits turned around says. Factors
    /// go by words as they come and leave. For cards with [`CardInfo::orders`], not with [`columns`](Self::columns).
    pub fn reversed(mut self, input: bool, output: bool) -> Self {
        self.flags |= if input { FLAG_REVERSED_INPUT } else { 0 } | if output { FLAG_REVERSED_OUTPUT } else { 0 };
        self
    }

    /// An NTT of sixteen columns for each of its vectors: `log_elements` are those of a column, the input is a matrix with rows of 2^`input_row`
    /// elements, and the output one with rows of 2^`output_row` elements (which needs factors after), or else the columns one behind the
    /// other. For cards with [`CardInfo::columns`]; [`Opcode::Ntt`]'s module says where everything lies.
    pub fn columns(mut self, input_row: u8, output_row: Option<u8>) -> Self {
        self.flags |= FLAG_COLUMNS;
        self.rows = [input_row, output_row.unwrap_or(0)];
        self
    }

    /// Element-wise: element i of `c` becomes element i of `a`, combined with that of `b` by the operation. Elements are
    /// words in Montgomery form. [`Operation::MulSub`] reads `c` first, which must be in card memory.
    pub fn elementwise(
        field: Field,
        operation: Operation,
        elements: u32,
        a: impl Into<Place>,
        b: impl Into<Place>,
        c: impl Into<Place>,
    ) -> Self {
        Command {
            flags: operation as u8,
            unit: field as u8,
            a: Some(a.into()),
            b: Some(b.into()),
            c: Some(c.into()),
            ..Self::new(Opcode::Elementwise, elements)
        }
    }

    /// An element-wise command whose `b` is one word for all elements.
    pub fn by_scalar(mut self) -> Self {
        self.flags |= FLAG_SCALAR;
        self
    }

    /// An MSM with the same bases, or an NTT with the same factor blocks, for so many vectors (1 to 256): the scalars of
    /// an MSM, input and output of an NTT and the sums are as many, each behind the one before. For cards with [`CardInfo::batches`].
    pub fn vectors(mut self, vectors: u32) -> Self {
        self.vectors = vectors;
        self
    }

    /// Lets the command take so many card cycles instead of the driver's estimate.
    pub fn budget(mut self, cycles: u64) -> Self {
        self.budget = Some(cycles);
        self
    }

    /// A descriptor as it stands (id and epoch excepted), with the memory to keep: for tests of
    /// what a card refuses.
    pub fn raw(d: Descriptor) -> Self {
        let place = |o: Operand| match o.space {
            layout::Space::Host => Place::Iova(o.address),
            layout::Space::Card => Place::Card(o.address),
        };
        let (a, b, c) = (Some(place(d.a)), Some(place(d.b)), Some(place(d.c)));
        let vectors = u32::from(d.more) + 1;
        Command {
            opcode: d.opcode,
            flags: d.flags,
            unit: d.unit,
            count: d.count,
            vectors,
            rows: d.rows,
            a,
            b,
            c,
            budget: None,
        }
    }

    /// Sixteen columns.
    pub(super) fn has_columns(&self) -> bool {
        self.flags & FLAG_COLUMNS != 0 && self.opcode() == Some(Opcode::Ntt)
    }

    /// Vectors with their index turned around.
    pub(super) fn has_order(&self) -> bool {
        self.flags & (FLAG_REVERSED_INPUT | FLAG_REVERSED_OUTPUT) != 0 && self.opcode() == Some(Opcode::Ntt)
    }

    /// More than one vector.
    pub(super) fn is_batch(&self) -> bool {
        self.vectors > 1
    }

    pub(super) fn opcode(&self) -> Option<Opcode> {
        Opcode::ALL.into_iter().find(|o| *o as u8 == self.opcode)
    }

    /// The descriptor; id and epoch are the queue's to fill in.
    pub(super) fn descriptor(&self) -> Descriptor {
        let operand = |p: &Option<Place>| match p {
            None => Operand::NONE,
            Some(Place::Host(slice)) => Operand::host(slice.iova()),
            Some(Place::Card(address)) => Operand::card(*address),
            Some(Place::Iova(address)) => Operand::host(*address),
        };
        let (a, b, c) = (operand(&self.a), operand(&self.b), operand(&self.c));
        Descriptor {
            opcode: self.opcode,
            flags: self.flags,
            id: 0,
            unit: self.unit,
            count: self.count,
            more: (self.vectors.max(1) - 1) as u8,
            rows: self.rows,
            epoch: 0,
            a,
            b,
            c,
        }
    }

    /// The memory to keep until the command has ended.
    pub(super) fn into_holds(self) -> Holds {
        [self.a, self.b, self.c].map(|p| if let Some(Place::Host(slice)) = p { Some(slice) } else { None })
    }

    /// Words that the command uses of each operand.
    fn words(&self, info: &CardInfo) -> Result<[u64; 3], Error> {
        let (count, vectors) = (u64::from(self.count), u64::from(self.vectors));
        if vectors == 0 || vectors > MAX_VECTORS.into() {
            return Err(Error::BadCount { what: "vectors", count: vectors, problem: "give 1 to 256 to a command" });
        }
        Ok(match self.opcode() {
            None | Some(Opcode::Nop) => [0; 3],
            Some(Opcode::Copy) => [count, 0, count],
            Some(Opcode::Zero) => [0, 0, count],
            Some(Opcode::Elementwise) => [count, if self.flags & FLAG_SCALAR != 0 { 1 } else { count }, count],
            Some(Opcode::Msm) => match Curve::from_id(self.unit) {
                Some(curve) => {
                    let multiples = info.msm.map_or(0, |m| m.log_multiples);
                    let bases = (count * curve.affine_words() as u64) << multiples;
                    [bases, vectors * count, vectors * info.msm_words_written(curve) as u64]
                }
                // The card refuses a curve that there is not, before it touches an operand.
                None => [0; 3],
            },
            Some(Opcode::Ntt) => {
                if count > 40 {
                    let problem = "give the log2 of the number of elements";
                    return Err(Error::BadCount { what: "a transform's log2", count, problem });
                }
                let blocks =
                    (self.flags & FLAG_FACTORS_BEFORE != 0) as u64 + (self.flags & FLAG_FACTORS_AFTER != 0) as u64;
                if self.flags & FLAG_COLUMNS != 0 {
                    let [matrix, target] = self.rows.map(|row| 1u64 << (count + u64::from(row)).min(40));
                    let straight = vectors * (16 << count);
                    let block = Field::from_id(self.unit).map_or(0, |field| match info.ntt {
                        Some(ntt) => field.column_block_words(ntt.log_seeds.into()) as u64,
                        None => 0,
                    });
                    let output = if self.rows[1] > 0 { target } else { straight };
                    return Ok([matrix, vectors * blocks * block, output]);
                }
                let vector = Field::from_id(self.unit).map_or(1 << count, |field| field.vector_words(self.count));
                [vectors * vector, blocks * info.factor_block_words() as u64, vectors * vector]
            }
        })
    }

    /// Card cycles for its operands in host memory, over a way of so many bytes a second.
    fn line_cycles(&self, info: &CardInfo, bytes_per_second: u64) -> u64 {
        let words = self.words(info).unwrap_or_default();
        let in_host = |place: &Option<Place>| !matches!(place, None | Some(Place::Card(_)));
        let all = [&self.a, &self.b, &self.c].into_iter().zip(words);
        let words: u64 = all.filter(|(place, _)| in_host(place)).map(|(_, words)| words).sum();
        let cycles = u128::from(words) * WORD_BYTES as u128 * u128::from(info.clock_hz);
        u64::try_from(cycles / u128::from(bytes_per_second.max(1))).unwrap_or(u64::MAX)
    }

    /// Whether every host slice is as long as the command's use of it. What lies in card memory is
    /// the card's to check.
    pub(super) fn check(&self, info: &CardInfo) -> Result<(), Error> {
        let (Some(opcode), words) = (self.opcode(), self.words(info)?) else { return Ok(()) };
        for ((place, operand), words) in [(&self.a, "a"), (&self.b, "b"), (&self.c, "c")].into_iter().zip(words) {
            let needs = words * WORD_BYTES as u64;
            match place {
                Some(Place::Host(slice)) if slice.len() < needs => {
                    return Err(Error::ShortOperand { what: opcode.name(), operand, needs, has: slice.len() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Card cycles after which the command is given up: many times what it should need, and at
    /// least `least`. `line` is how fast host memory is reached, if that is what takes the time.
    pub(super) fn cycles(&self, info: &CardInfo, least: u64, line: Option<u64>) -> u64 {
        if let Some(budget) = self.budget {
            return budget;
        }
        let count = u64::from(self.count);
        let expected = match self.opcode() {
            None | Some(Opcode::Nop) => 0,
            // A word a cycle; slow memory needs several.
            Some(Opcode::Copy | Opcode::Zero) => 2 * count,
            // Up to three words read and one written for each.
            Some(Opcode::Elementwise) => 4 * count,
            // An addition a cycle and adder, and twice the buckets to sum them.
            Some(Opcode::Msm) => info.msm.map_or(0, |m| {
                let buckets = u64::from(m.windows) << (m.window_bits - 1);
                (((count * u64::from(m.windows)) << m.log_multiples) + 2 * buckets) / u64::from(m.adders)
            }),
            Some(Opcode::Ntt) => info.ntt.map_or(0, |n| {
                let columns = if self.flags & FLAG_COLUMNS != 0 { 16 } else { 1 };
                let elements = columns << count.min(36);
                elements * (2 + count / (2 * u64::from(n.butterflies)) + 1)
            }),
        };
        let on_the_line = line.map_or(0, |rate| self.line_cycles(info, rate));
        let worked = expected.saturating_mul(u64::from(self.vectors)).saturating_mul(WORST_CYCLES);
        least.saturating_add(worked).saturating_add(on_the_line.saturating_mul(16))
    }
}

/// Cycles for which an operation is waited that takes one on a pipelined card. The capability words do
/// not tell how a card multiplies: digit by digit it takes 68 for an addition and 17 for a butterfly's
/// product, and waits for its memory come on top.
const WORST_CYCLES: u64 = 256;

/// Whole words that a slice reaches into; a slice that ends inside a word is then too short.
fn words_of(slice: &DmaSlice) -> u32 {
    u32::try_from(slice.len().div_ceil(WORD_BYTES as u64)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gristmill_abi::caps;
    use gristmill_abi::identity::SourceHash;

    #[test]
    fn vectors_of_goldilocks_have_four_elements_a_word() {
        let mut info = CardInfo {
            version: (1, 2),
            config_id: 0,
            source_hash: SourceHash::NONE,
            copy: true,
            msm: None,
            ntt: Some(caps::Ntt { log_max: 6, butterflies: 1, log_seeds: 5 }),
            ntt_factors: true,
            montgomery_scalars: false,
            elementwise: false,
            batches: true,
            columns: true,
            orders: true,
            queues: 1,
            curves: vec![],
            fields: vec![Field::Goldilocks],
            host_bus_bytes: 32,
            card_bus_bytes: 32,
            card_mem_bytes: 0,
            clock_hz: 1,
        };
        let words = |field, info: &CardInfo| {
            let command = Command::ntt(field, 6, Place::Card(0), Place::Card(0)).factors(true, true, Place::Card(0));
            command.words(info).expect("a size")
        };
        assert_eq!(words(Field::Goldilocks, &info), [16, 2 * 9, 16]);
        info.fields = vec![Field::Bn254Fr];
        assert_eq!(words(Field::Bn254Fr, &info), [64, 2 * 33, 64]);
        let batch = |vectors| {
            let command = Command::ntt(Field::Bn254Fr, 6, Place::Card(0), Place::Card(0)).vectors(vectors);
            command.words(&info)
        };
        assert_eq!(batch(3).expect("a size"), [3 * 64, 0, 3 * 64]);
        assert!(batch(256).is_ok() && batch(0).is_err() && batch(257).is_err());
    }
}
