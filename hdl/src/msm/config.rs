//! The engine's parameters and what follows from them.

use gristmill_abi::layout::{self, Curve};

/// Cycles from the adder's output until the sum can be an operand again, plus those from the
/// decision to issue until the adder's input: what a chain of dependent additions needs beyond
/// the adder's latency.
pub const TURNAROUND: usize = 3;

/// Sums that can be parked beside a pipelined adder ([`super::Parking`]): fewer leave cycles without an addition where scalars have few values, more
/// gain nothing. A LUT of an UltraScale+ device is a memory of as many bits.
pub const PARKING_PLACES: usize = 32;

/// Parameters of an MSM engine, all free at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsmConfig {
    /// The curve: how many bits a scalar has, and a coordinate.
    pub curve: Curve,
    /// Window width c in bits; a window has 2^(c-1) buckets.
    pub window_bits: usize,
    /// Segments S a window, a power of two: in how many parts its buckets are summed.
    pub segments: usize,
    /// Sums that can wait for their bucket (depth of the FIFO behind the adder), at least 8.
    pub stall_depth: usize,
    /// Point adders, each for as many windows.
    pub adders: usize,
    /// Multiples m of each base that a command brings, a power of two: P, 2^k P, 2^2k P and so on, one after the other, with k the bits of the
    /// windows ([`MsmConfig::slice_bits`] of all adders). A scalar is cut into m parts, each for one of them, so there are m points with
    /// 1/m of the windows: as many digits, and 1/m of the buckets for as large windows.
    pub multiples: usize,
}

impl MsmConfig {
    /// Parameters with the smallest number of segments that keeps an adder of `latency` busy
    /// while buckets are summed.
    pub fn for_latency(curve: Curve, window_bits: usize, stall_depth: usize, latency: usize) -> Self {
        let mut config = Self { curve, window_bits, segments: 1, stall_depth, adders: 1, multiples: 1 };
        while config.round_cycles() < latency + TURNAROUND && config.segments < config.buckets_per_window() {
            config.segments *= 2;
        }
        config
    }

    /// The same with as many segments as take the fewest cycles, for the summation and for the results, of which those of
    /// all adders go out one after the other.
    pub fn fit(self, latency: usize) -> Self {
        let cycles = |config: &Self| {
            let rounds = config.buckets_per_segment() + 1;
            rounds * config.round_cycles().max(latency + TURNAROUND) + config.result_words()
        };
        let segments = (0..self.window_bits).map(|log| Self { segments: 1 << log, ..self });
        segments.min_by_key(cycles).unwrap_or(self)
    }

    /// Windows that have buckets. A scalar has floor(bits / c) + 1 digits, since the last carry takes one of its own, and as many more, of zero, as
    /// make them a multiple of adders and multiples; a multiple's part of them is W.
    pub fn windows(&self) -> usize {
        self.adders * self.lane_windows()
    }

    /// Windows of one adder.
    pub fn lane_windows(&self) -> usize {
        (self.curve.scalar_bits() / self.window_bits + 1).div_ceil(self.adders * self.multiples)
    }

    /// Digits of a scalar.
    pub fn digits(&self) -> usize {
        self.windows() * self.multiples
    }

    /// Bits of a scalar that one adder takes of one multiple.
    pub fn slice_bits(&self) -> usize {
        self.window_bits * self.lane_windows()
    }

    /// Scalars are cut before they reach the recoder.
    pub fn slices(&self) -> bool {
        self.adders * self.multiples > 1
    }

    /// Buckets of one window, 2^(c-1).
    pub fn buckets_per_window(&self) -> usize {
        1 << (self.window_bits - 1)
    }

    /// Buckets of all windows.
    pub fn buckets(&self) -> usize {
        self.windows() * self.buckets_per_window()
    }

    /// Buckets of one adder.
    pub fn lane_buckets(&self) -> usize {
        self.lane_windows() * self.buckets_per_window()
    }

    /// Buckets of one segment.
    pub fn buckets_per_segment(&self) -> usize {
        self.buckets_per_window() / self.segments
    }

    /// Chains of dependent sums: segments of all windows.
    pub fn chains(&self) -> usize {
        self.windows() * self.segments
    }

    /// Chains of one adder.
    pub fn lane_chains(&self) -> usize {
        self.lane_windows() * self.segments
    }

    /// Slots of one round of the summation: two a chain of an adder.
    pub fn round_cycles(&self) -> usize {
        2 * self.lane_chains()
    }

    /// Words of a result.
    pub fn result_words(&self) -> usize {
        layout::msm_result_words(self.curve, self.windows(), self.segments)
    }

    /// The bound that cycles are held against: N*m*W + 2B for one adder, which has W windows and B buckets.
    pub fn bound_cycles(&self, points: usize) -> usize {
        points * self.multiples * self.lane_windows() + 2 * self.lane_buckets()
    }

    /// Panics unless an engine can be built: called by the constructors.
    pub fn assert_valid(&self) {
        assert!((2..=16).contains(&self.window_bits), "window_bits = {}: 2 to 16", self.window_bits);
        assert!(
            self.segments.is_power_of_two() && self.segments <= self.buckets_per_window(),
            "segments = {}: a power of two, at most the {} buckets of a window",
            self.segments,
            self.buckets_per_window()
        );
        assert!((1..=8).contains(&self.adders), "adders = {}: 1 to 8", self.adders);
        assert!(self.multiples.is_power_of_two() && self.multiples <= 8, "multiples = {}: 1, 2, 4, 8", self.multiples);
        assert!(self.lane_windows() >= 2, "adders = {}: an adder has two windows or more", self.adders);
        assert!((8..=1024).contains(&self.stall_depth), "stall_depth = {}: 8 to 1024", self.stall_depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_sizes() {
        let sim = MsmConfig::for_latency(Curve::Bn254, 8, 16, 200);
        assert_eq!((sim.windows(), sim.segments, sim.buckets(), sim.chains()), (32, 4, 4096, 128));
        assert_eq!(sim.bound_cycles(4096), 4096 * 32 + 8192);
        assert_eq!(sim.result_words(), 32 * 4 * 6);
        let tiny = MsmConfig::for_latency(Curve::Bn254, 4, 16, 200);
        assert_eq!((tiny.windows(), tiny.segments, tiny.buckets()), (64, 2, 512));
        // The bits of the scalar divide evenly: the last window holds only the carry.
        assert_eq!(
            MsmConfig { curve: Curve::Bn254, window_bits: 2, segments: 1, stall_depth: 8, adders: 1, multiples: 1 }
                .windows(),
            128
        );
        // One bit of a scalar more or less, nine words a segment.
        let wide = |curve| MsmConfig { curve, window_bits: 5, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
        assert_eq!((wide(Curve::Bls12_381).windows(), wide(Curve::Bls12_377).windows()), (52, 51));
        assert_eq!(wide(Curve::Bls12_377).result_words(), 51 * 9);
        // Adders share the windows; one of 17 windows fills up to nine each.
        let two = MsmConfig { window_bits: 15, adders: 2, ..sim };
        assert_eq!((two.windows(), two.lane_windows(), two.bound_cycles(10)), (18, 9, 90 + 2 * 9 * 16384));
        assert_eq!(MsmConfig { adders: 4, ..sim }.fit(62).segments, 4);
        // More latency than segments can hide: as many as there are buckets.
        assert_eq!(MsmConfig::for_latency(Curve::Bn254, 4, 16, 100_000).segments, 8);
    }
}
