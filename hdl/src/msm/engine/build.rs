//! An engine of a configuration, around either adder.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::twin::Fidelity;
use rust_hdl::prelude::*;

use super::state::{Control, Head, Issue};
use super::Msm;
use crate::curve::{CurveParams, PointAdder, PointAdderSerial};
use crate::field::{model::Model, Arithmetic, FieldParams};
use crate::msm::config::{PARKING_PLACES, TURNAROUND};
use crate::msm::point::{Operand, Point, Tag};
use crate::msm::{BankedTracker, MsmConfig, Pace, PacedTracker, Parking, Recoder, Summation, TagRing};

impl<const L: usize, const W: usize, const LW: usize> Msm<L, W, LW> {
    /// An engine for `curve`, with scalars of the field `scalars` and a pipelined adder. Of a configuration with several
    /// adders it is one lane: it takes slices of scalars ([`super::super::Slicer`]) as they are.
    ///
    /// # Panics
    /// If the configuration cannot be built ([`MsmConfig::assert_valid`]).
    pub fn new(config: &MsmConfig, curve: &CurveParams, scalars: &FieldParams, fidelity: Fidelity) -> Self {
        Self::with_arithmetic(config, curve, scalars, Arithmetic::Pipelined, fidelity)
    }

    /// As [`Msm::new`], with an adder of this arithmetic.
    ///
    /// # Panics
    /// If the configuration cannot be built.
    pub fn with_arithmetic(
        config: &MsmConfig,
        curve: &CurveParams,
        scalars: &FieldParams,
        arithmetic: Arithmetic,
        fidelity: Fidelity,
    ) -> Self {
        match arithmetic {
            Arithmetic::Pipelined => Self::with_adder(config, curve, scalars, PointAdder::new(curve, fidelity)),
            Arithmetic::Serial => {
                Self::build(config, curve, scalars, vec![], vec![PointAdderSerial::new(curve, fidelity)])
            }
        }
    }

    /// As [`Msm::new`], around this adder. All control follows its latency.
    ///
    /// # Panics
    /// If the configuration cannot be built.
    pub fn with_adder(config: &MsmConfig, curve: &CurveParams, scalars: &FieldParams, adder: PointAdder<W>) -> Self {
        Self::build(config, curve, scalars, vec![adder], vec![])
    }

    /// Cycles between two additions of an adder of this arithmetic.
    pub fn interval(arithmetic: Arithmetic) -> usize {
        match arithmetic {
            Arithmetic::Pipelined => 1,
            Arithmetic::Serial => PointAdderSerial::<L, W, LW>::INTERVAL,
        }
    }

    /// Around the one adder that is there.
    fn build(
        config: &MsmConfig,
        curve: &CurveParams,
        scalars: &FieldParams,
        adder: Vec<PointAdder<W>>,
        serial: Vec<PointAdderSerial<L, W, LW>>,
    ) -> Self {
        config.assert_valid();
        assert_eq!(8 * config.curve.coordinate_bytes(), W, "{}: words of another width", config.curve.name());
        assert_eq!(config.curve.name(), curve.name, "an engine for another curve");
        assert!(config.lane_buckets() <= 1 << 24, "{} buckets: at most 2^24", config.lane_buckets());
        let arithmetic = if serial.is_empty() { Arithmetic::Pipelined } else { Arithmetic::Serial };
        let interval = Self::interval(arithmetic);
        let latency: usize =
            adder.iter().map(PointAdder::latency).chain(serial.iter().map(PointAdderSerial::latency)).sum();
        let turnaround = latency + TURNAROUND;
        assert!(
            interval == 1 || interval.is_multiple_of(4),
            "an addition in {interval} cycles: a multiple of the beat's 4"
        );
        let turnaround_steps = turnaround.div_ceil(interval);
        // A pipelined adder's last sums arrive while the first go out; a serial one's would be late.
        let (drain, style) = match arithmetic {
            Arithmetic::Pipelined => (0, RamStyle::Ultra),
            Arithmetic::Serial => (turnaround_steps, RamStyle::Block),
        };
        // A block RAM of a small part has so many words or more, and without a bound to its address nothing stands before it.
        let words = |words: usize| match arithmetic {
            Arithmetic::Serial if words <= 1024 => words.next_power_of_two(),
            _ => words,
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            montgomery: Default::default(),
            base_data: Default::default(),
            base_valid: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            out_ready: Default::default(),
            base_ready: Default::default(),
            scalar_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            done: Default::default(),
            ready: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            ev_useful: Default::default(),
            ev_stall_input: Default::default(),
            ev_stall_bucket: Default::default(),
            ev_stall_empty: Default::default(),
            ev_stall_drain: Default::default(),
            control: Default::default(),
            issue: Default::default(),
            head: Default::default(),
            put: Default::default(),
            near: Default::default(),
            recoder: match arithmetic {
                Arithmetic::Pipelined => Recoder::new(config, scalars, &curve.field),
                Arithmetic::Serial => Recoder::paced(config, scalars, &curve.field),
            },
            banked: adder.iter().map(|_| BankedTracker::new(config.lane_buckets())).collect(),
            parking: adder.iter().map(|_| Parking::new(PARKING_PLACES)).collect(),
            odd: adder.iter().map(|_| Ram::with_style(config.lane_buckets() / 2, style).apart()).collect(),
            tracker: serial.iter().map(|_| PacedTracker::new(config.lane_buckets())).collect(),
            summation: Summation::new(config.lane_chains(), config.buckets_per_segment(), turnaround_steps, drain),
            buckets: Ram::with_style(words(config.lane_buckets() / (1 + adder.len())), style).apart(),
            chains: Ram::new(words(2 * config.lane_chains())).apart(),
            results: match arithmetic {
                Arithmetic::Pipelined => Fifo::new(config.stall_depth),
                Arithmetic::Serial => Fifo::paced(config.stall_depth),
            },
            pace: match arithmetic {
                Arithmetic::Pipelined => Pace::pipelined(),
                Arithmetic::Serial => Pace::serial(interval, latency),
            },
            tag: adder.iter().map(|adder| Delay::new(adder.latency())).collect(),
            ring: serial.iter().map(|_| TagRing::new(latency, interval)).collect(),
            _pipelined: adder.len(),
            _serial: serial.len(),
            _more: usize::from(W == 384),
            adder,
            serial,
            a_bucket: Default::default(),
            a_valid: Default::default(),
            b_valid: Default::default(),
            urgent_now: Default::default(),
            a_full: Default::default(),
            a_seen: Default::default(),
            a_reads: Default::default(),
            a_writes: Default::default(),
            b_reads: Default::default(),
            b_writes: Default::default(),
            b_parks: Default::default(),
            b_will_read: Default::default(),
            p_reads: Default::default(),
            p_writes: Default::default(),
            p_gone: Default::default(),
            waiting: Default::default(),
            b_slot: Default::default(),
            p_slot: Default::default(),
            a_odd: Default::default(),
            b_odd: Default::default(),
            p_odd: Default::default(),
            bucket_point: Default::default(),
            p_point: Default::default(),
            b_point: Default::default(),
            a_point: Default::default(),
            left: Default::default(),
            right: Default::default(),
            sum: Default::default(),
            tag_in: Default::default(),
            tag_out: Default::default(),
            sum_valid: Default::default(),
            running: Default::default(),
            slot: Default::default(),
            beat: Default::default(),
            bucket_z: Default::default(),
            chain_z: Default::default(),
            bucket_any: Default::default(),
            chain_any: Default::default(),
            chain_zero: Default::default(),
            left_zero: Default::default(),
            right_zero: Default::default(),
            head_go: Default::default(),
            head_next: Default::default(),
            head_bucket: Default::default(),
            read_bucket: Default::default(),
            issue_now: Default::default(),
            out_next: Default::default(),
            in_reset: Default::default(),
            put_now: Default::default(),
            put_address: Default::default(),
            put_point: Default::default(),
            chain_address: Default::default(),
            out_word: Default::default(),
            out_taken: Default::default(),
            idle: Constant::new(Control::default()),
            no_issue: Constant::new(Issue::default()),
            no_head: Constant::new(Head::default()),
            no_tag: Constant::new(Tag::default()),
            no_operand: Constant::new(Operand::default()),
            two16: Constant::new(2u64.into()),
            no_point: Constant::new(Point::default()),
            zero: Constant::new(0u64.into()),
            one: Constant::new(Model::new(&curve.field).r.into()),
            urgent: Constant::new((config.stall_depth as u64 - 4).into()),
            last_wiped: Constant::new((config.lane_buckets().max(turnaround + 5) as u64 - 1).into()),
            last_sum: Constant::new((2 * config.lane_chains() as u64 - 1).into()),
            word0: Constant::new(0u64.into()),
            word1: Constant::new(1u64.into()),
            word2: Constant::new(2u64.into()),
            zero16: Constant::new(0u64.into()),
            one16: Constant::new(1u64.into()),
            zero24: Constant::new(0u64.into()),
            one2: Constant::new(1u64.into()),
            one24: Constant::new(1u64.into()),
            _config: *config,
        }
    }

    /// The configuration it was built with.
    pub fn config(&self) -> &MsmConfig {
        &self._config
    }

    /// Whether a sum finds no place behind the adder in this cycle: must never be.
    #[cfg(test)]
    pub(in crate::msm) fn overflows(&self) -> bool {
        self.results.in_valid.val() && !self.results.in_ready.val()
    }
}
