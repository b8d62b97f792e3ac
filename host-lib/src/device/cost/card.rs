//! A card's time for an operation. Constants of cycles are fitted to the simulated card `sim`
//! (`gristmill bench msm --device sim --log-size 1` to `12`, `bench ntt` likewise to `14`), within 5 % for MSMs and for
//! transforms from 2^8 on that fit the card or its memory, 12 % for one in four steps over the link.

use super::host::TRANSFORMS;
use super::{Host, Op};
use crate::device::{Info, MsmInfo, NttInfo};
use crate::{Curve, Field};

/// Cycles of an operand of a window beyond one: the share that waits for its bucket, or has nothing to add.
const WAITS: f64 = 1.01;
/// Cycles of a window, and of a command.
const WINDOW: f64 = 30.0;
const COMMAND: f64 = 500.0;
/// Cycles of a transform besides.
const TRANSFORM: f64 = 400.0;
/// Cycles of an element's way in and out of a transform.
const ELEMENT: f64 = 2.7;
/// Of its way in and out of both passes of one in memory, and to the card and back.
const PASSES: f64 = 4.1;
const THERE_AND_BACK: f64 = 2.75;
/// Cycles of an element of a quotient beside its transforms.
/// Commands of a quotient's transforms.
const TOGETHER: f64 = 3.0;
const QUOTIENT: f64 = 8.0;
/// Bytes of a word.
const WORD: f64 = 32.0;

/// The way to the card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Bytes a second, in either direction.
    pub rate: f64,
    /// Seconds from a doorbell to the interrupt of an empty command.
    pub latency: f64,
}

impl Link {
    /// Share of a PCIe link's bits that are payload.
    const PAYLOAD: f64 = 0.8;

    /// A PCIe link of so many GT/s and lanes.
    pub fn pcie(gts: f64, lanes: u32) -> Self {
        // 8 of 10 bits carry data up to 5 GT/s, 128 of 130 above.
        let coding = if gts > 5.0 { 128.0 / 130.0 } else { 0.8 };
        Link { rate: gts * 1e9 / 8.0 * coding * f64::from(lanes) * Self::PAYLOAD, ..Link::default() }
    }
}

/// 8 GT/s, 8 lanes, where nothing is known; 50 us for the driver, an interrupt and a wake-up (an assumption, on the long side).
impl Default for Link {
    fn default() -> Self {
        Link { rate: 6.3e9, latency: 50e-6 }
    }
}

/// What the cost of an operation on a card depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    /// Clock in Hz.
    pub clock_hz: f64,
    /// Bytes of its own memory.
    pub memory: u64,
    /// The MSM engine, if there is one.
    pub msm: Option<MsmInfo>,
    /// Its curve.
    pub curve: Curve,
    /// The NTT engine, if there is one for a curve's scalar field.
    pub ntt: Option<NttInfo>,
    /// Its field.
    pub field: Field,
    /// Cycles from one addition of points to the next.
    pub addition: f64,
    /// Cycles from one butterfly to the next.
    pub butterfly: f64,
    /// The way to it.
    pub link: Link,
}

impl Card {
    /// An open card. Its registers do not say whether its arithmetic is digit-serial: what it counts will.
    pub fn of(info: &Info, link: Link) -> Self {
        // One at most, of a card.
        let curve = Curve::ALL.into_iter().find(|curve| info.has_curve(*curve));
        let field = Field::ALL.into_iter().find(|field| *field != Field::Goldilocks && info.has_field(*field));
        Card {
            curve: curve.unwrap_or(Curve::Bn254),
            field: field.unwrap_or(Field::Bn254Fr),
            clock_hz: info.clock_hz.unwrap_or(0) as f64,
            memory: info.card_mem_bytes.unwrap_or(0),
            msm: info.msm.filter(|_| curve.is_some()),
            ntt: info.ntt.filter(|_| field.is_some()),
            addition: 1.0,
            butterfly: 1.0,
            link,
        }
    }

    /// A card of a configuration, open or not, built or not.
    #[cfg(all(feature = "sim", target_os = "linux"))]
    pub fn of_config(config: &gristmill_hdl::config::CardConfig, link: Link) -> Self {
        use gristmill_abi::caps;
        use gristmill_hdl::field::Arithmetic;
        let (msm, ntt) = (caps::Msm::decode(config.cap_msm()), caps::Ntt::decode(config.cap_ntt()));
        let (addition, butterfly) = match config.arithmetic {
            Arithmetic::Pipelined => (1.0, 1.0),
            Arithmetic::Serial => (68.0, 17.0),
        };
        let curve = config.curve_id();
        Card {
            curve,
            clock_hz: config.clock_hz.into(),
            memory: config.card_mem_bytes,
            msm: Some(MsmInfo {
                adders: msm.adders.into(),
                window_bits: msm.window_bits.into(),
                windows: msm.windows.into(),
                multiples: 1 << msm.log_multiples,
                segments: msm.segments.into(),
                max_points: 1 << msm.log_max_points,
            }),
            field: config.field_id(),
            // The model knows transforms over the curves' scalar fields, and no others.
            ntt: (config.field_id() != Field::Goldilocks).then(|| NttInfo {
                butterflies: ntt.butterflies.into(),
                max_elements: 1 << ntt.log_max,
                resident: config.field_id() == Field::Bn254Fr && config.elementwise && config.card_mem_bytes > 0,
                in_memory: match config.columns() && config.card_mem_bytes > 0 {
                    true => (1 << (2 * (ntt.log_max.saturating_sub(4)).min(12))).min(config.card_mem_bytes / 64),
                    false => 0,
                },
            }),
            addition,
            butterfly,
            link,
        }
    }

    /// Cycles of an operation, or `None` if the card does not offer it.
    pub fn cycles(&self, op: &Op) -> Option<f64> {
        if self.clock_hz <= 0.0 {
            return None;
        }
        match *op {
            Op::Msm { curve, points, .. } => {
                let msm = self.msm.as_ref().filter(|_| curve == self.curve)?;
                let windows = msm.windows as f64;
                let buckets = windows * (1u64 << (msm.window_bits.clamp(1, 32) - 1)) as f64;
                let digits = windows * msm.multiples.max(1) as f64;
                let slots = WAITS * points as f64 * digits + self.commands(msm, points) * 2.0 * buckets;
                let fixed = self.commands(msm, points) * (WINDOW * windows + COMMAND);
                Some(self.addition * slots / msm.adders.max(1) as f64 + fixed)
            }
            Op::Ntt { field, elements } => {
                let ntt = self.ntt.as_ref().filter(|_| field == self.field)?;
                let n = elements as u64;
                let copied = if n > ntt.max_elements && n <= ntt.in_memory { THERE_AND_BACK * n as f64 } else { 0.0 };
                Some(copied + self.transform(ntt, elements.max(1).ilog2(), ntt.max_elements.max(2).ilog2()))
            }
            Op::Quotient { elements } => {
                let fits = |ntt: &&NttInfo| {
                    ntt.resident && (2..=ntt.max_elements.max(ntt.in_memory)).contains(&(elements as u64))
                };
                let ntt = self.ntt.as_ref().filter(fits)?;
                let log = elements.ilog2();
                let n = elements as f64;
                let transforms = match elements as u64 <= ntt.max_elements {
                    // Equal ones are a command, in which one vector comes and one goes while another is in the butterflies.
                    true => {
                        let each = self.butterfly * n / 2.0 * f64::from(log) / ntt.butterflies.max(1) as f64;
                        TRANSFORMS * each.max(2.0 * n) + TOGETHER * (ELEMENT * n + TRANSFORM)
                    }
                    false => TRANSFORMS * self.transform(ntt, log, ntt.max_elements.max(2).ilog2()),
                };
                // Two vectors come, a product, a product and a difference: words read or written by turns.
                Some(transforms + QUOTIENT * n)
            }
        }
    }

    /// Cycles of a transform of 2^log elements: on chip, or by columns and rows as `split::ntt` cuts it.
    fn transform(&self, ntt: &NttInfo, log: u32, most: u32) -> f64 {
        let n = (1u64 << log) as f64;
        if log <= most {
            return self.butterfly * n / 2.0 * f64::from(log) / ntt.butterflies.max(1) as f64 + ELEMENT * n + TRANSFORM;
        }
        if 1u64 << log <= ntt.in_memory {
            // Two passes by tiles of 16 columns: one comes and one goes while another is in the butterflies, but for the first and the last.
            let butterflies = self.butterfly * n / 2.0 * f64::from(log) / ntt.butterflies.max(1) as f64;
            let ends = 2.0 * 16.0 * ((1u64 << log.div_ceil(2)) + (1u64 << (log / 2))) as f64;
            return butterflies.max(PASSES * n) + ends + 2.0 * TRANSFORM;
        }
        let rows = log.div_ceil(log.div_ceil(most));
        let columns = log - rows;
        (1u64 << columns) as f64 * self.transform(ntt, rows, most)
            + (1u64 << rows) as f64 * self.transform(ntt, columns, most)
    }

    /// Seconds of an operation that takes so many cycles: those, the link's, and the host's.
    pub(super) fn seconds(&self, op: &Op, cycles: f64, host: &Host) -> f64 {
        let compute = cycles / self.clock_hz;
        let (words, rate) = (host.copy, self.link.rate / WORD);
        match (*op, &self.msm, &self.ntt) {
            (Op::Msm { curve, points, resident }, Some(msm), _) => {
                let n = points as f64;
                let (base_words, segment_words) = (self.base_words(), curve.segment_words() as f64);
                let in_memory = self.holds(points);
                // Streamed while the engine works; bases that go to card memory are copied there before.
                let streamed = if in_memory { n } else { n * (1.0 + base_words) };
                let copied = if in_memory && !resident { n * base_words } else { 0.0 };
                let staged = n * if resident { 1.0 } else { 1.0 + base_words };
                let sums = self.commands(msm, points) * (msm.windows * msm.segments) as f64;
                let doublings = self.commands(msm, points) * (msm.windows * msm.window_bits) as f64;
                compute.max(streamed / rate)
                    + (copied + sums * segment_words) / rate
                    + 2.0 * staged * words
                    + (2.0 * sums + doublings) * host.addition(curve)
            }
            (Op::Ntt { elements, .. }, _, Some(ntt)) => {
                let n = elements as f64;
                if elements as u64 > ntt.max_elements && elements as u64 <= ntt.in_memory {
                    // There, and back again when it is done.
                    return compute + 2.0 * n / rate + 6.0 * n * words;
                }
                let levels = elements.max(2).ilog2().div_ceil(ntt.max_elements.max(2).ilog2());
                let (passes, cuts) = (f64::from(levels), f64::from(levels - 1));
                // One element a cycle each way is in the cycles; a slower link takes longer.
                let waits = (2.0 * n / rate - 2.0 * n / self.clock_hz).max(0.0);
                // Copied in and out, and once to be kept.
                compute + passes * (waits + 4.0 * n * words) + 2.0 * n * words + cuts * n * host.transpose
            }
            (Op::Quotient { elements }, ..) => {
                let n = elements as f64;
                compute + 2.0 * n / rate + 4.0 * n * words
            }
            _ => f64::INFINITY,
        }
    }

    /// Whether the bases of so many points find room in card memory.
    pub(super) fn holds(&self, points: usize) -> bool {
        points as f64 * self.base_words() * WORD <= self.memory as f64
    }

    /// Words of a base with its multiples.
    fn base_words(&self) -> f64 {
        (self.curve.affine_words() as u64 * self.msm.map_or(1, |msm| msm.multiples.max(1))) as f64
    }

    /// Commands that an MSM is cut into.
    fn commands(&self, msm: &MsmInfo, points: usize) -> f64 {
        points.div_ceil(msm.command_points(self.holds(points))).max(1) as f64
    }
}
