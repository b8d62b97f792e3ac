//! What a card is and can do, from its identity and capability registers.

use crate::error::Error;
use crate::transport::{ALL_ONES, Transport};
use gristmill_abi::identity::SourceHash;
use gristmill_abi::layout::{self, Curve, Field};
use gristmill_abi::{ABI_VERSION, CARD_ID, caps, registers as reg};

/// Identity and capabilities, read once when the card is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardInfo {
    /// Version of the card's interface: major, minor.
    pub version: (u16, u16),
    /// Identity of the configuration.
    pub config_id: u32,
    /// Hash of the source that the card was built from; none if it is simulated (or older than
    /// version 1.2).
    pub source_hash: SourceHash,
    /// Copies and zeroing.
    pub copy: bool,
    /// The MSM engine, if there is one.
    pub msm: Option<caps::Msm>,
    /// The NTT engine, if there is one.
    pub ntt: Option<caps::Ntt>,
    /// Transforms take factors before and after.
    pub ntt_factors: bool,
    /// Scalars may be in Montgomery form.
    pub montgomery_scalars: bool,
    /// Element-wise operations on vectors.
    pub elementwise: bool,
    /// MSM and NTT commands for several vectors.
    pub batches: bool,
    /// NTT commands of columns.
    pub columns: bool,
    /// Transforms from and to vectors with their index turned around.
    pub orders: bool,
    /// Queue pairs.
    pub queues: u8,
    /// Curves offered.
    pub curves: Vec<Curve>,
    /// Fields offered for transforms.
    pub fields: Vec<Field>,
    /// Bytes a cycle to and from host memory.
    pub host_bus_bytes: u8,
    /// Bytes a cycle to and from card memory.
    pub card_bus_bytes: u8,
    /// Bytes of card memory.
    pub card_mem_bytes: u64,
    /// Cycles a second.
    pub clock_hz: u32,
}

/// The identity check that comes before anything else is believed.
pub(super) fn identify(transport: &mut dyn Transport) -> Result<(u16, u16), Error> {
    let id = transport.read32(reg::ID)?;
    let device = || transport.name().to_owned();
    match id {
        CARD_ID => {}
        ALL_ONES => return Err(Error::Gone { device: device() }),
        id => return Err(Error::NotACard { device: device(), id }),
    }
    let parts = |word: u32| ((word >> 16) as u16, word as u16);
    let (card, driver) = (parts(transport.read32(reg::VERSION)?), parts(ABI_VERSION));
    if card.0 != driver.0 {
        let older = if card.0 < driver.0 { "the card" } else { "the driver" };
        return Err(Error::Version { device: transport.name().into(), card, driver, older });
    }
    Ok(card)
}

impl CardInfo {
    pub(super) fn read(transport: &mut dyn Transport, version: (u16, u16)) -> Result<Self, Error> {
        let mut read = |offset| transport.read32(offset);
        let config_id = read(reg::CONFIG_ID)?;
        let mut source_hash = SourceHash::NONE;
        for ((offset, _), word) in SourceHash::NONE.registers().zip(&mut source_hash.0) {
            *word = read(offset)?;
        }
        let caps = read(reg::CAPS)?;
        let (msm, ntt) = (read(reg::CAP_MSM)?, read(reg::CAP_NTT)?);
        let (curves, fields) = (read(reg::CAP_CURVES)?, read(reg::CAP_FIELDS)?);
        let bus = read(reg::CAP_BUS)?;
        let memory = u64::from(read(reg::CARD_MEM_LO)?) | u64::from(read(reg::CARD_MEM_HI)?) << 32;
        let clock_hz = read(reg::CLOCK_HZ)?;
        let has = |bit| caps & bit != 0;
        let info = CardInfo {
            version,
            config_id,
            source_hash,
            copy: has(caps::COPY),
            msm: has(caps::MSM).then(|| caps::Msm::decode(msm)),
            ntt: has(caps::NTT).then(|| caps::Ntt::decode(ntt)),
            ntt_factors: has(caps::NTT_FACTORS),
            montgomery_scalars: has(caps::MONTGOMERY_SCALARS),
            elementwise: has(caps::ELEMENTWISE),
            batches: has(caps::BATCHES),
            columns: has(caps::COLUMNS),
            orders: has(caps::ORDERS),
            queues: (caps >> caps::QUEUES_SHIFT) as u8,
            curves: Curve::ALL.into_iter().filter(|c| curves >> *c as u8 & 1 == 1).collect(),
            fields: Field::ALL.into_iter().filter(|f| fields >> *f as u8 & 1 == 1).collect(),
            host_bus_bytes: bus as u8,
            card_bus_bytes: (bus >> 8) as u8,
            card_mem_bytes: memory,
            clock_hz,
        };
        info.check(transport.name(), msm, ntt, caps)?;
        Ok(info)
    }

    /// Refuses words that would make sizes or divisions go wrong later.
    fn check(&self, device: &str, msm_word: u32, ntt_word: u32, caps_word: u32) -> Result<(), Error> {
        let bad = |register, value, problem| Error::Capability { device: device.into(), register, value, problem };
        if self.queues == 0 {
            return Err(bad("CAPS", caps_word.into(), "no queues"));
        }
        if let Some(m) = self.msm {
            let fits = m.adders > 0 && m.windows > 0 && m.window_bits > 0 && m.log_max_points <= 28;
            if !fits || !m.segments.is_power_of_two() || u32::from(m.segments) > 1 << (m.window_bits - 1) {
                return Err(bad("CAP_MSM", msm_word.into(), "an engine of this shape cannot exist"));
            }
        }
        if let Some(n) = self.ntt.filter(|n| n.butterflies == 0 || n.log_max == 0 || n.log_max > 40) {
            tracing::debug!(?n, "bad NTT capability");
            return Err(bad("CAP_NTT", ntt_word.into(), "an engine of this shape cannot exist"));
        }
        if self.clock_hz == 0 {
            return Err(bad("CLOCK_HZ", 0, "a clock that stands still"));
        }
        Ok(())
    }

    /// The curve of the MSM engine; none without one, or if the driver does not know it.
    pub fn curve(&self) -> Option<Curve> {
        self.msm.and(self.curves.first().copied())
    }

    /// Words that an MSM command of this card writes, by its curve; 0 without an MSM engine.
    pub fn msm_result_words(&self) -> usize {
        self.curve().map_or(0, |curve| self.msm_words_written(curve))
    }

    /// Words that an MSM command over a curve writes; 0 without an MSM engine.
    pub(super) fn msm_words_written(&self, curve: Curve) -> usize {
        self.msm.map_or(0, |m| layout::msm_result_words(curve, m.windows.into(), m.segments.into()))
    }

    /// Words of one factor block of this card; 0 without an NTT engine.
    pub fn factor_block_words(&self) -> usize {
        let field = self.fields.first().copied().unwrap_or(Field::Bn254Fr);
        self.ntt.map_or(0, |n| field.factor_block_words(n.log_seeds.into()))
    }

    /// Whether a curve is offered.
    pub fn has_curve(&self, curve: Curve) -> bool {
        self.msm.is_some() && self.curves.contains(&curve)
    }

    /// Whether a field is offered for transforms.
    pub fn has_field(&self, field: Field) -> bool {
        self.ntt.is_some() && self.fields.contains(&field)
    }
}
