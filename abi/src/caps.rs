//! Capability words: what a card can do, read once at open.

/// CAPS: copies between host and card memory, and zeroing of card memory.
pub const COPY: u32 = 1 << 0;
/// CAPS: multi-scalar multiplication.
pub const MSM: u32 = 1 << 1;
/// CAPS: number-theoretic transform.
pub const NTT: u32 = 1 << 2;
/// CAPS: factors before and after a transform (coset and inverse transforms).
pub const NTT_FACTORS: u32 = 1 << 3;
/// CAPS: the recoder takes scalars in Montgomery form.
pub const MONTGOMERY_SCALARS: u32 = 1 << 4;
/// CAPS: element-wise operations on vectors.
pub const ELEMENTWISE: u32 = 1 << 5;
/// CAPS: MSM and NTT commands for several vectors.
pub const BATCHES: u32 = 1 << 6;
/// CAPS: transforms of columns, for vectors longer than the chip holds.
pub const COLUMNS: u32 = 1 << 7;
/// CAPS: transforms of vectors whose index is turned around, before or after.
pub const ORDERS: u32 = 1 << 16;
/// CAPS: bits 15:8 hold the number of queue pairs, see [`queues`].
pub const QUEUES_SHIFT: u32 = 8;

/// The number of queue pairs in a CAPS word.
pub const fn queues(caps: u32) -> u32 {
    caps >> QUEUES_SHIFT & 0xff
}

/// The `CAP_MSM` word: `adders[3:0] window_bits[8:4] windows[15:9] segments[23:16]
/// log2_max_points[29:24] log2_multiples[31:30]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msm {
    /// Point adders.
    pub adders: u8,
    /// Window width c in bits; a window has 2^(c-1) buckets.
    pub window_bits: u8,
    /// Windows W = floor(bits of the scalar field / c) + 1.
    pub windows: u8,
    /// Segments into which the buckets of one window are summed (a power of two).
    pub segments: u8,
    /// log2 of the most points in one command.
    pub log_max_points: u8,
    /// log2 of m, the multiples of each base that a command brings one after the other: P, 2^k P, ..., 2^((m-1) k) P, k = windows *
    /// window_bits. Scalars are cut into m parts of k bits, so windows are 1/m of those that a scalar's bits need.
    pub log_multiples: u8,
}

impl Msm {
    /// The word in the register.
    pub const fn encode(self) -> u32 {
        (self.adders as u32 & 0xf)
            | (self.window_bits as u32 & 0x1f) << 4
            | (self.windows as u32 & 0x7f) << 9
            | (self.segments as u32) << 16
            | (self.log_max_points as u32 & 0x3f) << 24
            | (self.log_multiples as u32 & 3) << 30
    }

    /// From the word in the register.
    pub const fn decode(word: u32) -> Self {
        Msm {
            adders: (word & 0xf) as u8,
            window_bits: (word >> 4 & 0x1f) as u8,
            windows: (word >> 9 & 0x7f) as u8,
            segments: (word >> 16) as u8,
            log_max_points: (word >> 24 & 0x3f) as u8,
            log_multiples: (word >> 30) as u8,
        }
    }
}

/// The `CAP_NTT` word: `log_max[5:0] butterflies[11:6] log_seeds[15:12]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ntt {
    /// log2 of the longest vector that fits on chip.
    pub log_max: u8,
    /// Butterfly units.
    pub butterflies: u8,
    /// log2 of the seeds in a factor block, see [`Field::factor_block_words`](crate::layout::Field::factor_block_words).
    pub log_seeds: u8,
}

impl Ntt {
    /// The word in the register.
    pub const fn encode(self) -> u32 {
        (self.log_max as u32 & 0x3f) | (self.butterflies as u32 & 0x3f) << 6 | (self.log_seeds as u32 & 0xf) << 12
    }

    /// From the word in the register.
    pub const fn decode(word: u32) -> Self {
        Ntt { log_max: (word & 0x3f) as u8, butterflies: (word >> 6 & 0x3f) as u8, log_seeds: (word >> 12 & 0xf) as u8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_round_trip() {
        let msm = Msm { adders: 2, window_bits: 15, windows: 17, segments: 128, log_max_points: 26, log_multiples: 2 };
        assert_eq!(Msm::decode(msm.encode()), msm);
        let ntt = Ntt { log_max: 20, butterflies: 8, log_seeds: 7 };
        assert_eq!(Ntt::decode(ntt.encode()), ntt);
    }
}
