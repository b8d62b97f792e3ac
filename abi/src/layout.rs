//! Address spaces, forms and layouts.
//!
//! * A *word* is 32 bytes: the unit of counts and the alignment of every operand.
//! * A field element of a 254-bit field is one word, little-endian. *Canonical* form is the
//!   residue itself, *Montgomery* form the residue times R = 2^256 modulo p. Elements of
//!   vectors and coordinates of points are in Montgomery form and reduced (below p).
//! * An element of Goldilocks is 8 bytes, little-endian, in canonical form. Four of them are a word, without gaps: element
//!   4i + j of a vector is bytes 8j to 8j + 7 of word i. So a vector has four elements at least ([`Field::least_log`]) and
//!   fills whole words ([`Field::vector_words`]). The card takes any 64-bit numbers modulo p and gives reduced ones.
//! * A coordinate of a curve takes [`Curve::coordinate_bytes`]: one word for BN254, 48 bytes for the BLS12
//!   curves, whose R is 2^384. Coordinates of a point, and points, follow each other without gaps.
//! * An affine point is `x, y` ([`Curve::affine_words`]); infinity is `0, 0`, which is on no curve offered.
//! * A projective point is `X, Y, Z`, homogeneous: x = X/Z, y = Y/Z; infinity has
//!   Z = 0. In Jacobian coordinates it is (XZ, YZ^2, Z). Two of them are [`Curve::segment_words`].
//! * A scalar is one word, canonical or Montgomery by flag, below the group's order.

/// Bytes of a word.
pub const WORD_BYTES: usize = 32;

/// Where an operand lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Space {
    /// Host memory: an IOVA.
    Host = 0,
    /// The card's own memory: a byte offset.
    Card = 1,
}

/// Curves (G1 of the pairing-friendly ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Curve {
    /// BN254 (alt_bn128), y^2 = x^3 + 3.
    Bn254 = 0,
    /// BLS12-381, y^2 = x^3 + 4.
    Bls12_381 = 1,
    /// BLS12-377, y^2 = x^3 + 1.
    Bls12_377 = 2,
}

/// Fields of vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Field {
    /// Scalar field of BN254.
    Bn254Fr = 0,
    /// Scalar field of BLS12-381.
    Bls12_381Fr = 1,
    /// Scalar field of BLS12-377.
    Bls12_377Fr = 2,
    /// 2^64 - 2^32 + 1.
    Goldilocks = 3,
}

impl Curve {
    /// Every curve with an id.
    pub const ALL: [Curve; 3] = [Curve::Bn254, Curve::Bls12_381, Curve::Bls12_377];

    /// Name in commands and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Curve::Bn254 => "bn254",
            Curve::Bls12_381 => "bls12-381",
            Curve::Bls12_377 => "bls12-377",
        }
    }

    /// From the id on the wire.
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Curve::Bn254),
            1 => Some(Curve::Bls12_381),
            2 => Some(Curve::Bls12_377),
            _ => None,
        }
    }

    /// Bytes of a coordinate: a field element in Montgomery form, R = 2^(8 * this).
    pub const fn coordinate_bytes(self) -> usize {
        match self {
            Curve::Bn254 => 32,
            Curve::Bls12_381 | Curve::Bls12_377 => 48,
        }
    }

    /// Words of an affine point: 2 or 3.
    pub const fn affine_words(self) -> usize {
        2 * self.coordinate_bytes() / WORD_BYTES
    }

    /// Words that the MSM writes for one segment, the weighted sum, then the plain sum: 6 or 9.
    pub const fn segment_words(self) -> usize {
        6 * self.coordinate_bytes() / WORD_BYTES
    }

    /// Bits of a scalar: of the group's order.
    pub const fn scalar_bits(self) -> usize {
        match self {
            Curve::Bn254 => 254,
            Curve::Bls12_381 => 255,
            Curve::Bls12_377 => 253,
        }
    }

    /// The scalar field.
    pub const fn scalar_field(self) -> Field {
        match self {
            Curve::Bn254 => Field::Bn254Fr,
            Curve::Bls12_381 => Field::Bls12_381Fr,
            Curve::Bls12_377 => Field::Bls12_377Fr,
        }
    }
}

impl Field {
    /// Every field with an id.
    pub const ALL: [Field; 4] = [Field::Bn254Fr, Field::Bls12_381Fr, Field::Bls12_377Fr, Field::Goldilocks];

    /// Name in commands and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Bn254Fr => "bn254-fr",
            Field::Bls12_381Fr => "bls12-381-fr",
            Field::Bls12_377Fr => "bls12-377-fr",
            Field::Goldilocks => "goldilocks",
        }
    }

    /// From the id on the wire.
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Field::Bn254Fr),
            1 => Some(Field::Bls12_381Fr),
            2 => Some(Field::Bls12_377Fr),
            3 => Some(Field::Goldilocks),
            _ => None,
        }
    }

    /// Elements in one word: 1, or 4 of Goldilocks.
    pub const fn elements_per_word(self) -> usize {
        match self {
            Field::Bn254Fr | Field::Bls12_381Fr | Field::Bls12_377Fr => 1,
            Field::Goldilocks => 4,
        }
    }

    /// log2 of the shortest vector that a transform takes: two elements, or four of Goldilocks, which are a word.
    pub const fn least_log(self) -> u32 {
        match self {
            Field::Bn254Fr | Field::Bls12_381Fr | Field::Bls12_377Fr => 1,
            Field::Goldilocks => 2,
        }
    }

    /// Words of a vector of 2^`log_elements` elements (at most 2^40).
    pub const fn vector_words(self, log_elements: u32) -> u64 {
        (1u64 << log_elements).div_ceil(self.elements_per_word() as u64)
    }

    /// Bytes of an element.
    pub const fn element_bytes(self) -> usize {
        WORD_BYTES / self.elements_per_word()
    }

    /// Words of one factor block: with K = 2^log_seeds, the seeds `s*g^0 .. s*g^(K-1)`, then `g^K`, as elements of
    /// vectors. The seeds fill K words, or K/4 of Goldilocks (K is 16 at least there); `g^K` has a word of its own and is its lowest
    /// element, the others mean nothing. The card continues the sequence, so element i is multiplied by
    /// `s*g^i`. A command with factors both before and after has the two blocks one after the other.
    pub const fn factor_block_words(self, log_seeds: u32) -> usize {
        (1usize << log_seeds).div_ceil(self.elements_per_word()) + 1
    }

    /// Words of one factor block of a command with columns: the first K/16 elements of each column's sequence, element r of column k in place
    /// `16 r + k`, then for each column its `g^(K/16)`. Of Goldilocks four of these elements are a word.
    pub const fn column_block_words(self, log_seeds: u32) -> usize {
        ((1usize << log_seeds) + 16).div_ceil(self.elements_per_word())
    }
}

/// Words that an MSM command writes: for each window (least significant first), for each segment
/// (lowest buckets first), a *weighted* sum A and a *plain* sum R, each projective.
///
/// With L = 2^(c-1) / segments buckets a segment, bucket d (digits +d and -d, d from 1) lies in
/// segment s = (d-1) / L, and A = sum of ((d-1) mod L + 1) * bucket d, R = sum of bucket d. So a
/// window is `sum over s of (A_s + s*L*R_s)`, and the MSM `sum over w of 2^(c*w) * window_w`.
pub const fn msm_result_words(curve: Curve, windows: usize, segments: usize) -> usize {
    windows * segments * curve.segment_words()
}

/// Words of one factor block of a field whose elements are words: as [`Field::factor_block_words`].
pub const fn factor_block_words(log_seeds: u32) -> usize {
    (1 << log_seeds) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_whole_words() {
        for field in Field::ALL {
            assert_eq!(Field::from_id(field as u8), Some(field));
            assert_eq!(
                field.vector_words(field.least_log()) as usize * field.elements_per_word(),
                1 << field.least_log()
            );
        }
        assert_eq!(Field::from_id(Field::ALL.len() as u8), None);
        assert_eq!(Field::ALL.map(|f| f.vector_words(10)), [1024, 1024, 1024, 256]);
        assert_eq!(Field::Bn254Fr.factor_block_words(7), factor_block_words(7));
        assert_eq!(Field::Goldilocks.factor_block_words(5), 8 + 1);
        assert_eq!((Field::Bn254Fr.column_block_words(7), Field::Goldilocks.column_block_words(5)), (128 + 16, 8 + 4));
    }

    #[test]
    fn points_are_whole_words() {
        for curve in Curve::ALL {
            let coordinate = curve.coordinate_bytes();
            assert_eq!(curve.affine_words() * WORD_BYTES, 2 * coordinate, "{}", curve.name());
            assert_eq!(curve.segment_words() * WORD_BYTES, 6 * coordinate, "{}", curve.name());
            assert_eq!(Curve::from_id(curve as u8), Some(curve));
        }
        assert_eq!(Curve::ALL.map(Curve::affine_words), [2, 3, 3]);
        assert_eq!(Curve::ALL.map(Curve::segment_words), [6, 9, 9]);
        assert_eq!(Curve::from_id(Curve::ALL.len() as u8), None);
        assert_eq!(msm_result_words(Curve::Bls12_377, 32, 2), 32 * 2 * 9);
    }
}
