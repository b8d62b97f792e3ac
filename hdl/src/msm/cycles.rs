//! How many cycles an MSM takes: the engine's order of work without its points.
//!
//! Which operand meets which bucket when, and so every stall, depends on the scalars' digits alone
//! (as long as no sum is infinity). So this walks the digits through recoder, tracker, FIFO and an
//! adder that is only a delay, cycle by cycle, as the RTL does: some nanoseconds a cycle instead
//! of some microseconds. Streams of bases and scalars are taken to be there in every cycle.
//!
//! Of the engine with a pipelined adder it tells every cycle and event exactly; with a serial one it goes in
//! beats and is within 1 % ([`super::tests`] holds both against the RTL).

use std::collections::VecDeque;

use gristmill_abi::layout::Curve;

use super::config::{PARKING_PLACES, TURNAROUND};
use super::recoder::SCALARS_AHEAD;
use super::{MsmConfig, Redc};
use crate::curve::{PointAdder256, PointAdder384, PointAdderSerial256};
use crate::field::Arithmetic;

/// Cycles of a serial engine's beat: operands move in one of so many.
const BEAT: usize = 4;
/// Cycles of a scalar in the reduction out of Montgomery form, and scalars that go round in it.
const REDUCTION: u64 = Redc::LATENCY as u64;
const REDUCING: u64 = 4;

/// What a command took, by phase and by event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// Operands into buckets.
    pub accumulation: u64,
    /// Buckets into segment sums.
    pub summation: u64,
    /// Segment sums out, with the cycles between phases.
    pub results: u64,
    /// Additions of two points into buckets, and into segment sums.
    pub useful_accumulation: u64,
    /// As above, of the summation.
    pub useful_summation: u64,
    /// A base or a scalar was awaited.
    pub input: u64,
    /// The bucket's sum was in flight, or the way to it was taken.
    pub bucket: u64,
    /// Zero digit, infinity, or a bucket that was empty.
    pub empty: u64,
    /// The adder drained, sums turned around, or results went out.
    pub drain: u64,
}

impl Cycles {
    /// From the cycle with `start` to the one with `done`, both included.
    pub fn total(&self) -> u64 {
        self.accumulation + self.summation + self.results
    }

    /// Useful additions of both phases.
    pub fn useful(&self) -> u64 {
        self.useful_accumulation + self.useful_summation
    }
}

impl std::ops::AddAssign for Cycles {
    fn add_assign(&mut self, other: Self) {
        self.accumulation += other.accumulation;
        self.summation += other.summation;
        self.results += other.results;
        self.useful_accumulation += other.useful_accumulation;
        self.useful_summation += other.useful_summation;
        self.input += other.input;
        self.bucket += other.bucket;
        self.empty += other.empty;
        self.drain += other.drain;
    }
}

/// The model of one engine.
#[derive(Clone, Copy, Debug)]
pub struct CycleModel {
    config: MsmConfig,
    arithmetic: Arithmetic,
    latency: usize,
    /// Cycles of an addition.
    interval: usize,
}

impl CycleModel {
    /// Of the engine of this configuration around the adder of this arithmetic.
    pub fn new(config: &MsmConfig, arithmetic: Arithmetic) -> Self {
        let (latency, interval) = match arithmetic {
            Arithmetic::Pipelined if config.curve == Curve::Bn254 => (PointAdder256::LATENCY, 1),
            Arithmetic::Pipelined => (PointAdder384::LATENCY, 1),
            Arithmetic::Serial => (PointAdderSerial256::LATENCY, PointAdderSerial256::INTERVAL),
        };
        Self { config: *config, arithmetic, latency, interval }
    }

    /// Coordinates come and go as one and a half words.
    fn is_wide(&self) -> bool {
        self.config.curve.affine_words() == 3
    }

    /// Cycles between two additions.
    pub fn interval(&self) -> u64 {
        self.interval as u64
    }

    /// The fewest cycles that an engine with one adder can take: N*W + 2B additions.
    pub fn bound(&self, points: u64) -> u64 {
        self.config.bound_cycles(points as usize) as u64 * self.interval as u64
    }

    /// A command of `points` points. `digits` fills its argument, which is empty, with the next
    /// point's digits without sign (0 to 2^(c-1)), window 0 first, up to the last that is not zero;
    /// it leaves it empty for the scalar 0 or the base at infinity. `montgomery`: scalars come in that form.
    ///
    /// With several adders each is run by itself, as if none waited for another: the phases are as long as the slowest's, the events
    /// are those of all. That is within 1 % of the RTL, not exact.
    pub fn run(&self, points: u64, montgomery: bool, digits: impl FnMut(&mut Vec<u32>) + Clone) -> Cycles {
        let mut all = Cycles::default();
        for lane in 0..self.config.adders {
            let mut cycles = self.run_lane(lane, points, montgomery, digits.clone());
            cycles.accumulation = cycles.accumulation.max(all.accumulation);
            (cycles.summation, cycles.results) = (cycles.summation, cycles.results + all.results);
            all = Cycles { accumulation: 0, summation: 0, results: 0, ..all };
            all += cycles;
        }
        all
    }

    /// The windows of one adder.
    fn run_lane(&self, lane: usize, points: u64, montgomery: bool, mut digits: impl FnMut(&mut Vec<u32>)) -> Cycles {
        let mut engine = Engine::new(&self.config, self.arithmetic, self.latency, self.interval);
        let windows = self.config.lane_windows();
        let (mut turn, mut whole) = (0, vec![]);
        let slice = |out: &mut Vec<u32>| {
            if turn == 0 {
                whole.clear();
                digits(&mut whole);
            }
            let from = (turn * self.config.adders + lane) * windows;
            turn = (turn + 1) % self.config.multiples;
            let to = whole.len().min(from + windows);
            let part = whole.get(from..to).unwrap_or_default();
            out.extend(&part[..part.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1)]);
        };
        // The slicer has as many reductions as keep up.
        let montgomery = montgomery && !self.config.slices();
        let mut cycles =
            engine.accumulate(Source::new(points * self.config.multiples as u64, montgomery, self.is_wide()), slice);
        self.sum(&engine.slots, &mut cycles);
        cycles
    }

    /// The phases after accumulation: their length is fixed; which additions are useful is not.
    fn sum(&self, slots: &[u8], cycles: &mut Cycles) {
        let (chains, segment) = (self.config.lane_chains(), self.config.buckets_per_segment());
        let turnaround = (self.latency + TURNAROUND).div_ceil(self.interval);
        let drain = if self.interval == 1 { 0 } else { turnaround };
        let steps = (segment + 1) * turnaround.max(2 * chains) + drain;
        cycles.summation = (steps * self.interval) as u64;
        cycles.results = match self.arithmetic {
            // Begin, the first read of the chain memory, `done`, and the cycle with `start`.
            Arithmetic::Pipelined => (self.config.curve.segment_words() * chains) as u64 + 4,
            // A sum's three words go out through a register, in eight cycles.
            Arithmetic::Serial => (16 * chains) as u64 - 1,
        };
        for bucket in slots.chunks(segment) {
            let (mut plain, mut weighted) = (false, false);
            // From the highest bucket down; A takes the R of the round before. Then A once more.
            for full in bucket.iter().rev().map(|slot| slot & FULL != 0) {
                cycles.useful_summation += u64::from(plain && full) + u64::from(weighted && plain);
                weighted |= plain;
                plain |= full;
            }
            cycles.useful_summation += u64::from(weighted && plain);
        }
        let slots = ((2 * segment + 1) * chains) as u64;
        cycles.empty += slots - cycles.useful_summation;
        // The cycles of start and done have no event.
        cycles.drain += cycles.summation + cycles.results - 2 - slots;
    }
}

/// The digits of a scalar in canonical form, below 2^255, as [`CycleModel::run`] takes them: without signs,
/// up to the last that is not zero. Appended to `out`.
pub fn digits(config: &MsmConfig, scalar: &[u64; 4], out: &mut Vec<u32>) {
    let (c, half) = (config.window_bits, config.buckets_per_window() as u32);
    let (mut carry, mut length) = (0, out.len());
    for from in (0..config.digits()).map(|w| w * c) {
        let word = |i: usize| u128::from(scalar.get(i).copied().unwrap_or(0));
        let bits = (word(from / 64) | word(from / 64 + 1) << 64) >> (from % 64);
        let window = (bits as u32 & (2 * half - 1)) + carry;
        carry = u32::from(window > half);
        out.push(if carry == 1 { 2 * half - window } else { window });
        if window > 0 {
            length = out.len();
        }
    }
    out.truncate(length);
}

const FULL: u8 = 1;
const SEEN: u8 = 2;

/// Scalars and bases on their way to the digits, with streams that never pause.
struct Source {
    points_left: u64,
    scalars_left: u64,
    base_words_left: u64,
    /// Of three words that come for two coordinates, those that were taken ([`super::Widen`]); none if a word is a coordinate.
    taken: Option<u8>,
    montgomery: bool,
    /// A scalar as it came.
    raw: bool,
    ahead: usize,
    scalars: usize,
    bases: u64,
    /// In which cycle each scalar in the reduction is through.
    reducing: [u64; REDUCING as usize],
}

impl Source {
    fn new(points: u64, montgomery: bool, wide: bool) -> Self {
        Self {
            points_left: points,
            scalars_left: points,
            base_words_left: 2 * points,
            // The first word is taken in the cycle with `start`.
            taken: wide.then_some(u8::from(points > 0)),
            montgomery,
            raw: false,
            ahead: 0,
            scalars: 0,
            bases: 0,
            reducing: [0; REDUCING as usize],
        }
    }

    /// A point is complete.
    fn has_point(&self) -> bool {
        self.scalars > 0 && self.bases >= 2
    }

    /// The end of cycle `now`, in which a point left if `take`.
    fn step(&mut self, now: u64, take: bool) {
        let (raw, room) = (self.raw, self.raw && self.ahead < SCALARS_AHEAD);
        let mut arrives = room;
        let mut enters = room;
        if self.montgomery {
            let place = &mut self.reducing[(now % REDUCING) as usize];
            arrives = *place == now && now != 0;
            enters = room && *place <= now;
            if enters {
                *place = now + REDUCTION;
            }
        }
        if !raw && self.scalars_left > 0 {
            self.raw = true;
            self.scalars_left -= 1;
        }
        if enters {
            self.raw = false;
            self.ahead += 1;
        }
        let full = self.bases == 3;
        if take {
            self.scalars -= 1;
            self.ahead -= 1;
            self.bases -= 2;
            self.points_left -= 1;
        }
        self.scalars += usize::from(arrives);
        if self.taken == Some(0) && self.base_words_left > 0 {
            self.taken = Some(1);
        } else if !full && self.base_words_left > 0 {
            self.bases += 1;
            self.base_words_left -= 1;
            self.taken = self.taken.map(|taken| (taken + 1) % 3);
        }
    }
}

/// Who goes in a beat.
#[derive(Clone, Copy, Debug, Default)]
struct Gone {
    a: bool,
    b: bool,
    p: bool,
    /// `b` is parked.
    parks: bool,
}

/// Everything between the digits and the buckets. A bucket is its number in all windows.
struct Engine {
    half: usize,
    urgent: usize,
    /// Cycles of a beat, beats of an addition.
    beat: u64,
    beats: u64,
    /// What is known of each bucket.
    slots: Vec<u8>,
    /// The buckets of the additions under way, one place a beat.
    adder: Vec<Option<u32>>,
    results: VecDeque<u32>,
    head: Option<u32>,
    parked: VecDeque<u32>,
    /// How many can be parked; with a serial adder none are, and who goes is decided otherwise.
    places: usize,
    operand: Option<u32>,
    in_flight: u64,
}

impl Engine {
    fn new(config: &MsmConfig, arithmetic: Arithmetic, latency: usize, interval: usize) -> Self {
        let beat = match arithmetic {
            Arithmetic::Pipelined => 1,
            Arithmetic::Serial => BEAT,
        };
        Self {
            half: config.buckets_per_window(),
            urgent: config.stall_depth - 4,
            beat: beat as u64,
            beats: (interval / beat) as u64,
            slots: vec![0; config.lane_buckets()],
            // One cycle from the decision to the adder's inputs.
            adder: vec![None; (latency + 1).div_ceil(beat)],
            results: VecDeque::new(),
            head: None,
            parked: VecDeque::new(),
            places: if arithmetic == Arithmetic::Pipelined { PARKING_PLACES } else { 0 },
            operand: None,
            in_flight: 0,
        }
    }

    /// Who goes in this beat: the operand (`a`), the oldest sum (`b`, unless it is parked), the sum parked first (`p`).
    fn decide(&self, slot: bool) -> Gone {
        match self.places {
            0 => self.decide_paced(slot),
            _ => self.decide_banked(),
        }
    }

    fn is_full(&self, bucket: Option<u32>) -> bool {
        bucket.is_some_and(|b| self.slots[b as usize] & FULL != 0)
    }

    /// As [`super::PacedTracker`].
    fn decide_paced(&self, slot: bool) -> Gone {
        let (a_full, b_full) = (self.is_full(self.operand), self.is_full(self.head));
        let mut gone = Gone {
            a: self.operand.is_some() && (slot || !a_full),
            b: self.head.is_some() && (slot || !b_full),
            ..Gone::default()
        };
        if self.operand.is_some() && self.head.is_some() && a_full == b_full {
            if a_full || self.results.len() >= self.urgent {
                gone.a = false;
            } else {
                gone.b = false;
            }
        }
        gone
    }

    /// As [`super::BankedTracker`].
    fn decide_banked(&self) -> Gone {
        let (a, b, p) = (self.operand, self.head, self.parked.front().copied());
        let (urgent, room) = (self.results.len() >= self.urgent, self.parked.len() < self.places);
        let wants = |x: Option<u32>| x.is_some() && !self.is_full(x);
        let same_bank = |x: Option<u32>, y: Option<u32>| (x.unwrap_or(0) ^ y.unwrap_or(0)) & 1 == 0;
        let (a_wants, b_wants) = (wants(a), wants(b));
        let a_writes = a_wants && !(b_wants && urgent && same_bank(a, b));
        let b_writes = b_wants && !(a_wants && !urgent && same_bank(a, b));
        let p_writes = wants(p) && !(a_wants && same_bank(a, p)) && !(b_wants && same_bank(b, p));
        let (a_takes, b_takes, p_takes) = (self.is_full(a), self.is_full(b), self.is_full(p));
        let b_reads = b_takes && (urgent || (!a_takes && !p_takes));
        let p_reads = p_takes && !b_reads && (!a_takes || !room);
        let a_reads = a_takes && !b_reads && !p_reads;
        Gone {
            a: a_writes || a_reads,
            b: b_writes || b_reads,
            p: p_writes || p_reads,
            parks: b.is_some() && !b_reads && !b_writes && room,
        }
    }

    /// Carries it out; what goes into the adder.
    fn carry_out(&mut self, gone: Gone) -> Option<u32> {
        let mut issue = None;
        let going = [(gone.a, self.operand), (gone.b, self.head), (gone.p, self.parked.front().copied())];
        for bucket in going.into_iter().filter_map(|(goes, bucket)| bucket.filter(|_| goes)) {
            let slot = &mut self.slots[bucket as usize];
            if *slot & FULL != 0 {
                issue = Some(bucket);
            }
            *slot = (*slot ^ FULL) | SEEN;
        }
        if gone.p {
            self.parked.pop_front();
        }
        if gone.parks {
            self.parked.extend(self.head);
        }
        self.in_flight = self.in_flight + u64::from(issue.is_some()) - u64::from(gone.b) - u64::from(gone.p);
        // The FIFO shows what stood in it before this beat.
        if self.head.is_none() || gone.b || gone.parks {
            self.head = self.results.pop_front();
        }
        issue
    }

    fn accumulate(&mut self, mut source: Source, mut digits: impl FnMut(&mut Vec<u32>)) -> Cycles {
        let mut cycles = Cycles::default();
        // The point whose digits go out, how many have gone; and whether the last beat's was a zero.
        let mut point: Vec<u32> = vec![];
        let (mut digit, mut active, mut no_digit) = (0, false, false);
        let (mut place, mut now) = (0, 0);
        for beat in 0.. {
            let slot = beat % self.beats == 0;
            let finished = source.points_left == 0 && !active && self.operand.is_none();
            let seen = self.operand.is_some_and(|b| self.slots[b as usize] & SEEN != 0);
            let waiting = self.operand.is_some();
            let over = finished && self.in_flight == 0 && slot;
            let gone = self.decide(slot);
            let issue = self.carry_out(gone);
            let event = match (issue, waiting) {
                (Some(_), _) => &mut cycles.useful_accumulation,
                (None, true) if seen || !gone.a => &mut cycles.bucket,
                (None, true) => &mut cycles.empty,
                (None, false) if finished => &mut cycles.drain,
                (None, false) if no_digit => &mut cycles.empty,
                (None, false) => &mut cycles.input,
            };
            *event += 1;
            self.results.extend(std::mem::replace(&mut self.adder[place], issue));
            place = if place + 1 == self.adder.len() { 0 } else { place + 1 };
            // The next digit.
            let load = self.operand.is_none() || gone.a;
            let step = active && load;
            if load {
                self.operand = None;
                no_digit = step;
            }
            if step {
                let size = point[digit] as usize;
                self.operand = (size > 0).then(|| (digit * self.half + size - 1) as u32);
                digit += 1;
            }
            let through = !active || (step && digit == point.len());
            active = !through;
            let take = through && source.has_point();
            if take {
                point.clear();
                digits(&mut point);
                digit = 0;
                active = !point.is_empty();
                no_digit |= load && !active;
            }
            source.step(now, take);
            for other in 1..self.beat {
                source.step(now + other, false);
            }
            now += self.beat;
            cycles.accumulation = now;
            if over {
                break;
            }
        }
        self.spread(&mut cycles);
        cycles
    }

    /// From beats to cycles: a serial adder's addition is one event, the cycles after it belong to the
    /// bucket that is awaited.
    fn spread(&self, cycles: &mut Cycles) {
        let idle = cycles.useful_accumulation * (self.beat - 1);
        for event in [&mut cycles.input, &mut cycles.bucket, &mut cycles.empty, &mut cycles.drain] {
            *event *= self.beat;
        }
        cycles.bucket += idle;
    }
}
