//! Configurations of the card: what a constructor of RTL may vary, checked, with an identity.
//!
//! A configuration is a Rust value or TOML ([`CardConfig::from_toml`]); some are named
//! ([`CardConfig::named`]). Everything that depends on it (windows, buckets, the capability words)
//! is derived here, so that RTL, models and reports cannot disagree.

use gristmill_abi::caps;
use gristmill_abi::layout::{self, Curve, Field};
use gristmill_abi::registers::MAX_QUEUES;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::field::Arithmetic;
use crate::msm::MsmConfig;

/// Bytes of one beat on either bus.
pub const BUS_BYTES: u32 = 32;

/// Why a configuration is refused. Each message names the key, the value and the way out.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// No configuration of that name.
    #[error("no configuration is named `{name}`; named ones: {known}; or give a TOML file")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The text is not TOML of the right shape.
    #[error("the configuration does not parse: {message}; keys: {KEYS}")]
    Parse {
        /// The parser's message, with its line.
        message: String,
    },
    /// A value that the RTL cannot be built with.
    #[error("configuration key `{key}` is {value}: {way_out}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What to write instead.
        way_out: String,
    },
}

const KEYS: &str = "name, curve, window_bits, segments, stall_depth, log_max_points, ntt_log_max, queues, \
                    card_mem_bytes, clock_hz, arithmetic (optional: pipelined or serial), adders, multiples (optional, default 1), \
                    elementwise (optional, default false), butterflies (optional, default 1), ntt_field (optional: goldilocks; default: the curve's scalar field)";

fn one() -> u32 {
    1
}

/// Parameters of one card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardConfig {
    /// Name in reports; no effect on the RTL.
    pub name: String,
    /// Curve of the MSM engine, by [`Curve::name`]; its scalar field is the NTT's unless `ntt_field` says otherwise. Serial arithmetic: `bn254` only.
    pub curve: String,
    /// Window width c in bits; a window has 2^(c-1) buckets.
    pub window_bits: u32,
    /// Point adders of the MSM engine, 1 to 8, each for as many windows; more than one with pipelined arithmetic only.
    #[serde(default = "one")]
    pub adders: u32,
    /// Multiples of each base that MSM commands bring, 1, 2, 4 or 8 ([`MsmConfig::multiples`]); more than one with pipelined arithmetic only.
    #[serde(default = "one")]
    pub multiples: u32,
    /// Segments into which the buckets of one window are summed: a power of two, at most 2^(c-1).
    pub segments: u32,
    /// Sums that can wait for their bucket in the MSM engine.
    pub stall_depth: u32,
    /// log2 of the most points in one MSM command.
    pub log_max_points: u32,
    /// log2 of the longest vector of the NTT engine.
    pub ntt_log_max: u32,
    /// Butterflies of the NTT engine side by side, 1, 2, 4 or 8; more than one with pipelined arithmetic only.
    #[serde(default = "one")]
    pub butterflies: u32,
    /// Field of the NTT engine, by [`Field::name`]: `goldilocks`, with pipelined arithmetic only. Without it the curve's scalar field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ntt_field: Option<String>,
    /// Queue pairs, 1 to [`MAX_QUEUES`].
    pub queues: u32,
    /// Bytes of card memory (what the simulated card has, and straps); 0: a card without, whose operands
    /// all stand in host memory.
    pub card_mem_bytes: u64,
    /// Clock in Hz that a prediction of time uses; no effect on the RTL.
    pub clock_hz: u32,
    /// How the engines' field multipliers are built.
    #[serde(default)]
    pub arithmetic: Arithmetic,
    /// An engine for element-wise operations on vectors; with pipelined arithmetic and the curve's scalar field only.
    #[serde(default)]
    pub elementwise: bool,
}

impl CardConfig {
    /// Names that [`named`](Self::named) knows.
    pub const NAMES: [&'static str; 6] = ["tiny", "sim", "ecp5-85k", "acorn-cle215p", "vu9p", "u55c"];

    /// The smallest card: for tests. c = 4, NTT to 2^6, two queues, 64 KiB of card memory.
    pub fn tiny() -> Self {
        CardConfig {
            name: "tiny".into(),
            curve: "bn254".into(),
            window_bits: 4,
            adders: 1,
            multiples: 1,
            segments: 2,
            stall_depth: 16,
            log_max_points: 10,
            ntt_log_max: 6,
            butterflies: 1,
            ntt_field: None,
            queues: 2,
            card_mem_bytes: 64 << 10,
            clock_hz: 250_000_000,
            arithmetic: Arithmetic::Pipelined,
            elementwise: true,
        }
    }

    /// The simulated card: full width, one addition a cycle, small memories. c = 8, NTT to 2^13, four queues,
    /// 64 MiB.
    pub fn sim() -> Self {
        CardConfig {
            name: "sim".into(),
            curve: "bn254".into(),
            window_bits: 8,
            adders: 1,
            multiples: 1,
            segments: 2,
            stall_depth: 16,
            log_max_points: 24,
            ntt_log_max: 13,
            butterflies: 1,
            ntt_field: None,
            queues: 4,
            card_mem_bytes: 64 << 20,
            clock_hz: 250_000_000,
            arithmetic: Arithmetic::Pipelined,
            elementwise: true,
        }
    }

    /// The card on a Lattice ECP5-85K: digit-serial multipliers, no card memory. c = 5, NTT to 2^11, one queue.
    pub fn ecp5_85k() -> Self {
        CardConfig {
            name: "ecp5-85k".into(),
            curve: "bn254".into(),
            window_bits: 5,
            adders: 1,
            multiples: 1,
            segments: 1,
            stall_depth: 8,
            log_max_points: 24,
            ntt_log_max: 11,
            butterflies: 1,
            ntt_field: None,
            queues: 1,
            card_mem_bytes: 0,
            clock_hz: 60_000_000,
            arithmetic: Arithmetic::Serial,
            elementwise: false,
        }
    }

    /// The configuration of that name.
    pub fn named(name: &str) -> Result<Self, ConfigError> {
        match name {
            "tiny" => Ok(Self::tiny()),
            "sim" => Ok(Self::sim()),
            "ecp5-85k" => Ok(Self::ecp5_85k()),
            "acorn-cle215p" => Self::from_toml(include_str!("../../bitstreams/pcie/acorn-cle215p/card.toml")),
            "vu9p" => Self::from_toml(include_str!("../../bitstreams/pcie/vu9p/card.toml")),
            "u55c" => Self::from_toml(include_str!("../../bitstreams/pcie/u55c/card.toml")),
            _ => Err(ConfigError::UnknownName { name: name.into(), known: Self::NAMES.join(", ") }),
        }
    }

    /// Parses and validates TOML; every key must be there.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: CardConfig = toml::from_str(text).map_err(|e| ConfigError::Parse { message: e.to_string() })?;
        config.validate()?;
        Ok(config)
    }

    /// The configuration as TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|e| ConfigError::Parse { message: e.to_string() })
    }

    /// Checks every value against what the RTL and the capability words can hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        fn bad<T>(key: &'static str, value: impl ToString, way_out: impl Into<String>) -> Result<T, ConfigError> {
            Err(ConfigError::Value { key, value: value.to_string(), way_out: way_out.into() })
        }
        if self.name.is_empty() {
            return bad("name", "empty", "give the configuration a name");
        }
        if !Curve::ALL.into_iter().any(|curve| curve.name() == self.curve) {
            let known = Curve::ALL.map(Curve::name).join(", ");
            return bad("curve", &self.curve, format!("choose one of {known}"));
        }
        if self.arithmetic == Arithmetic::Serial && self.curve_id() != Curve::Bn254 {
            return bad("curve", &self.curve, "serial arithmetic has `bn254` only: choose that, or `pipelined`");
        }
        if !(1..=8).contains(&self.adders) {
            return bad("adders", self.adders, "choose 1 to 8");
        }
        if ![1, 2, 4, 8].contains(&self.multiples) {
            return bad("multiples", self.multiples, "choose 1, 2, 4 or 8");
        }
        if self.arithmetic == Arithmetic::Serial {
            for (key, value) in [("adders", self.adders), ("multiples", self.multiples)] {
                if value > 1 {
                    return bad(key, value, "choose 1 with serial arithmetic, or `pipelined`");
                }
            }
        }
        if self.elementwise && self.arithmetic == Arithmetic::Serial {
            return bad("elementwise", self.elementwise, "choose false with serial arithmetic, or `pipelined`");
        }
        if self.elementwise && self.field_id() == Field::Goldilocks {
            return bad(
                "elementwise",
                self.elementwise,
                "choose false with `ntt_field = \"goldilocks\"`: it takes words for elements",
            );
        }
        if !(3..=16).contains(&self.window_bits) {
            return bad("window_bits", self.window_bits, "choose 3 to 16");
        }
        if (self.scalar_bits() / self.window_bits + 1).div_ceil(self.adders * self.multiples) < 2 {
            return bad("adders", self.adders, "an adder has two windows or more: choose fewer, or smaller windows");
        }
        let most = self.buckets().min(128);
        if !self.segments.is_power_of_two() || self.segments > most {
            return bad("segments", self.segments, format!("choose a power of two, at most {most}"));
        }
        if !(8..=1024).contains(&self.stall_depth) {
            return bad("stall_depth", self.stall_depth, "choose 8 to 1024");
        }
        if !(1..=27).contains(&self.log_max_points) {
            return bad("log_max_points", self.log_max_points, "choose 1 to 27");
        }
        if !(1..=20).contains(&self.ntt_log_max) {
            return bad("ntt_log_max", self.ntt_log_max, "choose 1 to 20");
        }
        if !matches!(self.butterflies, 1 | 2 | 4 | 8) {
            return bad("butterflies", self.butterflies, "choose 1, 2, 4 or 8");
        }
        if self.butterflies > 1 && self.arithmetic == Arithmetic::Serial {
            let way_out = "it needs pipelined arithmetic: choose `arithmetic = \"pipelined\"`, or 1";
            return bad("butterflies", self.butterflies, way_out);
        }
        if self.butterflies >= 1 << self.ntt_log_max {
            return bad("butterflies", self.butterflies, "choose fewer than 2^ntt_log_max, or a longer ntt_log_max");
        }
        if let Some(name) = &self.ntt_field {
            let own = self.curve_id().scalar_field().name();
            if name != own && name != Field::Goldilocks.name() {
                return bad("ntt_field", name, format!("choose `goldilocks`, or leave it out for the curve's {own}"));
            }
            if self.field_id() == Field::Goldilocks && self.arithmetic == Arithmetic::Serial {
                return bad(
                    "ntt_field",
                    name,
                    "it needs pipelined arithmetic: choose `arithmetic = \"pipelined\"`, or leave it out",
                );
            }
            if self.ntt_log_max < self.field_id().least_log() {
                return bad("ntt_log_max", self.ntt_log_max, format!("choose 2 to 20 with `ntt_field = \"{name}\"`"));
            }
        }
        if !(1..=MAX_QUEUES).contains(&self.queues) {
            return bad("queues", self.queues, format!("choose 1 to {MAX_QUEUES}"));
        }
        if !self.card_mem_bytes.is_multiple_of(4096) || self.card_mem_bytes >= 1 << 40 {
            return bad("card_mem_bytes", self.card_mem_bytes, "choose a multiple of 4096 below 2^40");
        }
        if self.clock_hz == 0 {
            return bad("clock_hz", self.clock_hz, "choose the clock that predictions shall use, in Hz");
        }
        Ok(())
    }

    /// The curve.
    pub fn curve_id(&self) -> Curve {
        Curve::ALL.into_iter().find(|c| c.name() == self.curve).unwrap_or(Curve::Bn254)
    }

    /// The field of vectors: the curve's scalar field, or what `ntt_field` names.
    pub fn field_id(&self) -> Field {
        let named = |name: &String| Field::ALL.into_iter().find(|field| field.name() == name);
        self.ntt_field.as_ref().and_then(named).unwrap_or(self.curve_id().scalar_field())
    }

    /// Commands for several vectors: cards with pipelined arithmetic (a serial card is small, and waits for its link).
    pub fn batches(&self) -> bool {
        self.arithmetic == Arithmetic::Pipelined
    }

    /// Transforms from and to vectors with their index turned around: cards with pipelined arithmetic.
    pub fn orders(&self) -> bool {
        self.arithmetic == Arithmetic::Pipelined
    }

    /// Transforms of columns: cards with pipelined arithmetic whose chip holds 16 columns of two elements.
    pub fn columns(&self) -> bool {
        self.arithmetic == Arithmetic::Pipelined && self.ntt_log_max > 4
    }

    /// Words of 16 elements of a vector.
    pub fn row_words(&self) -> usize {
        16 / self.field_id().elements_per_word()
    }

    /// Bits of a scalar.
    pub fn scalar_bits(&self) -> u32 {
        self.curve_id().scalar_bits() as u32
    }

    /// Windows with buckets: as [`MsmConfig::windows`].
    pub fn windows(&self) -> u32 {
        (self.scalar_bits() / self.window_bits + 1).div_ceil(self.adders * self.multiples) * self.adders
    }

    /// Whether the counters of the MSM engine take in how many adders do a thing in a cycle: with several, and with coordinates of 384 bits.
    pub(crate) fn counts_adders(&self) -> bool {
        self.msm().slices() || self.curve_id() != Curve::Bn254
    }

    /// Buckets of one window, 2^(c-1).
    pub fn buckets(&self) -> u32 {
        1 << (self.window_bits - 1)
    }

    /// Buckets of one segment.
    pub fn segment_buckets(&self) -> u32 {
        self.buckets() / self.segments
    }

    /// Words that one MSM writes.
    pub fn msm_result_words(&self) -> u32 {
        layout::msm_result_words(self.curve_id(), self.windows() as usize, self.segments as usize) as u32
    }

    /// log2 of the seeds in a factor block that the card takes: a pipelined sequence needs 32 (one of Goldilocks 16, and a row of columns more),
    /// a serial one four. No more than that, for a block is read over the link for every vector that has factors.
    pub fn log_seeds(&self) -> u32 {
        match self.arithmetic {
            Arithmetic::Pipelined => 5,
            Arithmetic::Serial => 2,
        }
    }

    /// Words of one factor block.
    pub fn factor_block_words(&self) -> u32 {
        self.field_id().factor_block_words(self.log_seeds()) as u32
    }

    /// The `CAP_MSM` word.
    pub fn cap_msm(&self) -> u32 {
        caps::Msm {
            adders: self.adders as u8,
            log_multiples: self.multiples.ilog2() as u8,
            window_bits: self.window_bits as u8,
            windows: self.windows() as u8,
            segments: self.segments as u8,
            log_max_points: self.log_max_points as u8,
        }
        .encode()
    }

    /// The `CAP_NTT` word.
    pub fn cap_ntt(&self) -> u32 {
        let (log_max, butterflies) = (self.ntt_log_max as u8, self.butterflies as u8);
        caps::Ntt { log_max, butterflies, log_seeds: self.log_seeds() as u8 }.encode()
    }

    /// The MSM engine of this card.
    pub fn msm(&self) -> MsmConfig {
        MsmConfig {
            curve: self.curve_id(),
            window_bits: self.window_bits as usize,
            segments: self.segments as usize,
            stall_depth: self.stall_depth as usize,
            adders: self.adders as usize,
            multiples: self.multiples as usize,
        }
    }

    /// Identity of the hardware that this configuration makes: a 32-bit FNV-1a hash of its
    /// parameters. The name and the clock of predictions make no other hardware and stay out.
    pub fn config_id(&self) -> u32 {
        let mut text = format!(
            "curve={};window_bits={};segments={};stall_depth={};log_max_points={};ntt_log_max={};queues={};card_mem_bytes={}",
            self.curve,
            self.window_bits,
            self.segments,
            self.stall_depth,
            self.log_max_points,
            self.ntt_log_max,
            self.queues,
            self.card_mem_bytes
        );
        // Named only where it is not the default, as it stood before there was a choice.
        if self.arithmetic == Arithmetic::Serial {
            text += ";arithmetic=serial";
        }
        if self.adders != 1 {
            text += &format!(";adders={}", self.adders);
        }
        if self.multiples != 1 {
            text += &format!(";multiples={}", self.multiples);
        }
        if self.butterflies != 1 {
            text += &format!(";butterflies={}", self.butterflies);
        }
        if self.elementwise {
            text += ";elementwise";
        }
        if self.field_id() != self.curve_id().scalar_field() {
            text += &format!(";ntt_field={}", self.field_id().name());
        }
        text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }

    /// Seconds that this many cycles would take at the configuration's clock: a prediction, since
    /// no board has run at it.
    pub fn predicted_seconds(&self, cycles: u64) -> f64 {
        cycles as f64 / f64::from(self.clock_hz)
    }
}

#[cfg(test)]
mod tests;
