//! Commands: the 64-byte descriptor in the submission ring.
//!
//! Sixteen 32-bit little-endian words:
//!
//! | word | holds |
//! |---|---|
//! | 0 | opcode in bits 7:0, flags in bits 15:8, command id in bits 31:16 |
//! | 1 | curve or field id in bits 7:0; address spaces: `a` bit 8, `b` bit 9, `c` bit 10 (0 host, 1 card); other bits zero |
//! | 2 | count: words (COPY, ZERO), points (MSM), log2 of the elements (NTT), elements (ELEMENTWISE) |
//! | 3 | epoch: what the EPOCH register reads |
//! | 4, 5 | address `a`, low and high: source, bases, input vector |
//! | 6, 7 | address `b`: scalars, factor blocks, second vector or one element |
//! | 8, 9 | address `c`: destination, segment sums, output vector |
//! | 10 | vectors after the first in bits 7:0 (MSM, NTT; cards with [`caps::BATCHES`](crate::caps::BATCHES)), else zero |
//! | 11 | under [`FLAG_COLUMNS`] log2 of the elements from row to row, of `a` in bits 4:0, of `c` in bits 12:8; else zero |
//! | 12-15 | zero |
//!
//! Every address is a multiple of 32. An operand that a command does not have (`a`, `b` of ZERO,
//! `b` of COPY, `b` of an NTT without factors, all of NOP) is zero, its space bit too.
//! Input and output of one command may be the same (NTT, ELEMENTWISE) but must not overlap otherwise.
//!
//! Under [`FLAG_COLUMNS`] an NTT is of 16 columns of 2^count elements: element r of column k is element `r 2^s + k` at `a`, s the log2 in word 11 (at least 4).
//! With `c`'s log2 results lie at `c` in the same way, and there must be factors after; without (zero) they lie column by column, and
//! there must be none. Factor blocks are [`Field::column_block_words`](crate::layout::Field::column_block_words) long, a sequence for each column. With v
//! vectors after the first there are 16 (v + 1) columns, at most 2^s, each 16 with factor blocks of their own behind those before.
//! `a`, and `c` with its log2, are then multiples of the bytes of 16 elements (512, of Goldilocks 128), and all 2^(count+s) elements there must exist. For cards with [`caps::COLUMNS`](crate::caps::COLUMNS).
//!
//! With v vectors after the first the command is done 1 + v times, one after the other: an MSM each time with the same bases, an NTT with the same
//! factor blocks; its other operands are as many vectors of `count` scalars, elements or sums, each behind the one before. The completion's work is
//! that of all; the index of a scalar that is too large counts through all of them.

use crate::layout::Space;

/// Bytes of a descriptor.
pub const DESCRIPTOR_BYTES: usize = 64;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Nothing; completes with Ok.
    Nop = 0,
    /// Copy `count` words from `a` to `c`.
    Copy = 1,
    /// Multi-scalar multiplication of `count` affine bases at `a` with the scalars at `b`; the
    /// segment sums go to `c`, see [`layout::msm_result_words`](crate::layout::msm_result_words).
    Msm = 2,
    /// Transform of 2^count elements from `a` to `c`, natural order to natural order, with the
    /// primitive 2^count-th root of unity w = g^((r-1)/2^count), g the field's smallest generator
    /// (5 for BN254 Fr, 7 for BLS12-381 Fr and Goldilocks): output k is the sum of input j times
    /// w^(jk), with w^-1 in place of w under [`FLAG_INVERSE`] (and no division by n: put 1/n into
    /// the factors after). [`FLAG_FACTORS_BEFORE`] multiplies input j, [`FLAG_FACTORS_AFTER`]
    /// output k, by the sequence of a factor block at `b`.
    Ntt = 3,
    /// Write `count` words of zero to `c`.
    Zero = 4,
    /// `count` elements, one a word, in Montgomery form and reduced: element i of `c` becomes a_i + b_i, a_i - b_i, a_i * b_i or
    /// a_i * b_i - c_i, as flags 1:0 say ([`Operation`]); b_i is element i of `b`, or under [`FLAG_SCALAR`] the one word there.
    /// The last of the four reads `c` too, which must be in card memory (else `BadFlags`).
    Elementwise = 5,
}

impl Opcode {
    /// Every opcode.
    pub const ALL: [Opcode; 6] =
        [Opcode::Nop, Opcode::Copy, Opcode::Msm, Opcode::Ntt, Opcode::Zero, Opcode::Elementwise];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Opcode::Nop => "nop",
            Opcode::Copy => "copy",
            Opcode::Msm => "msm",
            Opcode::Ntt => "ntt",
            Opcode::Zero => "zero",
            Opcode::Elementwise => "elementwise",
        }
    }
}

/// What an ELEMENTWISE command does with the elements of its operands: flags 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// c = a + b.
    Add = 0,
    /// c = a - b.
    Sub = 1,
    /// c = a * b.
    Mul = 2,
    /// c = a * b - c.
    MulSub = 3,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 4] = [Operation::Add, Operation::Sub, Operation::Mul, Operation::MulSub];
}

/// MSM: the scalars are in Montgomery form.
pub const FLAG_MONTGOMERY: u8 = 1 << 0;
/// NTT: use w^-1.
pub const FLAG_INVERSE: u8 = 1 << 0;
/// NTT: multiply the input by the sequence of the first factor block at `b`.
pub const FLAG_FACTORS_BEFORE: u8 = 1 << 1;
/// NTT: multiply the output by the sequence of the next factor block at `b`.
pub const FLAG_FACTORS_AFTER: u8 = 1 << 2;
/// NTT: of columns, see the module.
pub const FLAG_COLUMNS: u8 = 1 << 3;
/// NTT: the vector comes reversed: element i is where i with its log2(n) bits turned around says. Factors go by words as they come. For
/// cards with [`caps::ORDERS`](crate::caps::ORDERS), not with [`FLAG_COLUMNS`].
pub const FLAG_REVERSED_INPUT: u8 = 1 << 4;
/// NTT: the result leaves reversed; in the same way.
pub const FLAG_REVERSED_OUTPUT: u8 = 1 << 5;

/// ELEMENTWISE: the [`Operation`].
pub const FLAGS_OPERATION: u8 = 3;
/// ELEMENTWISE: `b` is one word, which stands for every element.
pub const FLAG_SCALAR: u8 = 1 << 2;

/// Most words in one COPY, ZERO or ELEMENTWISE, and most points in any MSM: counts fit 28 bits.
pub const MAX_COUNT: u32 = (1 << 28) - 1;

/// Most vectors in one command, the first included.
pub const MAX_VECTORS: u32 = 256;

/// An operand: where and at which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Address space.
    pub space: Space,
    /// IOVA or byte offset, a multiple of 32.
    pub address: u64,
}

impl Operand {
    /// An operand that a command does not have.
    pub const NONE: Operand = Operand { space: Space::Host, address: 0 };

    /// In host memory at an IOVA.
    pub const fn host(address: u64) -> Self {
        Operand { space: Space::Host, address }
    }

    /// In card memory at a byte offset.
    pub const fn card(address: u64) -> Self {
        Operand { space: Space::Card, address }
    }
}

/// A command. `opcode` and `unit` are raw, so that tests can send wrong ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// An [`Opcode`].
    pub opcode: u8,
    /// `FLAG_*`.
    pub flags: u8,
    /// Chosen by the host, returned in the completion.
    pub id: u16,
    /// A [`Curve`](crate::layout::Curve) (MSM) or [`Field`](crate::layout::Field) (NTT, ELEMENTWISE); else zero.
    pub unit: u8,
    /// Words, points, elements or log2 of elements.
    pub count: u32,
    /// Vectors after the first.
    pub more: u8,
    /// NTT of columns: log2 of the elements from row to row, of `a` and of `c`.
    pub rows: [u8; 2],
    /// Reset epoch.
    pub epoch: u32,
    /// Source, bases, input vector.
    pub a: Operand,
    /// Scalars, factor blocks, second vector.
    pub b: Operand,
    /// Destination.
    pub c: Operand,
}

impl Descriptor {
    /// The bytes in the ring.
    pub fn encode(&self) -> [u8; DESCRIPTOR_BYTES] {
        let spaces = (self.a.space as u32) << 8 | (self.b.space as u32) << 9 | (self.c.space as u32) << 10;
        let words = [
            self.opcode as u32 | (self.flags as u32) << 8 | (self.id as u32) << 16,
            self.unit as u32 | spaces,
            self.count,
            self.epoch,
            self.a.address as u32,
            (self.a.address >> 32) as u32,
            self.b.address as u32,
            (self.b.address >> 32) as u32,
            self.c.address as u32,
            (self.c.address >> 32) as u32,
            self.more.into(),
            self.rows[0] as u32 | (self.rows[1] as u32) << 8,
        ];
        let mut bytes = [0; DESCRIPTOR_BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From the bytes in the ring; `None` if a bit that must be zero is set.
    pub fn decode(bytes: &[u8; DESCRIPTOR_BYTES]) -> Option<Self> {
        let word = |i: usize| u32::from_le_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]]);
        let long = |i: usize| word(i) as u64 | (word(i + 1) as u64) << 32;
        let space = |bit: u32| if word(1) >> bit & 1 == 0 { Space::Host } else { Space::Card };
        if word(1) & !0x7ff != 0 || word(10) > 0xff || word(11) & !0x1f1f != 0 || bytes[48..].iter().any(|b| *b != 0) {
            return None;
        }
        Some(Descriptor {
            opcode: word(0) as u8,
            flags: (word(0) >> 8) as u8,
            id: (word(0) >> 16) as u16,
            unit: word(1) as u8,
            count: word(2),
            more: word(10) as u8,
            rows: [word(11) as u8, (word(11) >> 8) as u8],
            epoch: word(3),
            a: Operand { space: space(8), address: long(4) },
            b: Operand { space: space(9), address: long(6) },
            c: Operand { space: space(10), address: long(8) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_survive_a_round_trip() {
        let d = Descriptor {
            opcode: Opcode::Msm as u8,
            flags: FLAG_MONTGOMERY,
            id: 0xbeef,
            unit: 1,
            count: 0x1234_5678,
            more: 0xa5,
            rows: [9, 31],
            epoch: 7,
            a: Operand::card(0x0123_4567_89ab_cde0),
            b: Operand::host(0xfeed_0000_0000_0040),
            c: Operand::card(0x20),
        };
        assert_eq!(Descriptor::decode(&d.encode()), Some(d));
    }

    #[test]
    fn reserved_bits_are_refused() {
        let mut bytes = [0; DESCRIPTOR_BYTES];
        assert!(Descriptor::decode(&bytes).is_some());
        for at in (41..44).chain(46..64).chain([6, 7]) {
            bytes[at] = 1;
            assert_eq!(Descriptor::decode(&bytes), None, "byte {at}");
            bytes[at] = 0;
        }
    }
}
