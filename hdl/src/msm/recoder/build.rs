//! A recoder of a configuration, for either engine.

use gristmill_hdl_kit::fifo::Fifo;
use num_bigint::BigUint;
use num_traits::One;
use rust_hdl::prelude::*;

use super::state::State;
use super::{Recoder, SCALARS_AHEAD};
use crate::field::FieldParams;
use crate::msm::{MsmConfig, Redc, RedcSerial};

impl<const W: usize> Recoder<W> {
    /// For windows as `config` has them, scalars of the field `scalars`, coordinates of `bases`.
    pub fn new(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams) -> Self {
        Self::build(config, scalars, bases, false)
    }

    /// As [`Recoder::new`], for engines that take an operand only now and then.
    pub fn paced(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams) -> Self {
        Self::build(config, scalars, bases, true)
    }

    fn build(config: &MsmConfig, scalars: &FieldParams, bases: &FieldParams, paced: bool) -> Self {
        config.assert_valid();
        bases.assert_fits(W);
        assert!(!paced || W == 256, "a paced recoder has coordinates of 256 bits");
        let half = config.buckets_per_window() as u64;
        // A lane's slices of scalars have been checked and are in canonical form.
        let lane = config.slices();
        assert!(!(lane && paced), "a paced recoder takes whole scalars");
        let order = if lane { (BigUint::one() << 256) - 1u32 } else { scalars.prime() };
        let reductions = usize::from(!paced && !lane);
        let quarter = |j: usize| -> BigUint { (part(&bases.prime(), 64 * j, 64) << 1) + 1u32 };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            count: Default::default(),
            montgomery: Default::default(),
            base_data: Default::default(),
            base_valid: Default::default(),
            base_ready: Default::default(),
            scalar_data: Default::default(),
            scalar_valid: Default::default(),
            scalar_ready: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            beat: Default::default(),
            decide: Default::default(),
            op_will_go: Default::default(),
            op_empty: Default::default(),
            op_bucket: Default::default(),
            op_x: Default::default(),
            op_y: Default::default(),
            bucket_next: Default::default(),
            finished: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            state: Default::default(),
            redc: (0..reductions).map(|_| Redc::new(scalars)).collect(),
            redc_serial: (0..paced as usize).map(|_| RedcSerial::new(scalars)).collect(),
            scalars: if paced { Fifo::paced(SCALARS_AHEAD) } else { Fifo::new(SCALARS_AHEAD) },
            scalar: Default::default(),
            room: Default::default(),
            bases: Default::default(),
            ahead: Default::default(),
            take: Default::default(),
            skip: Default::default(),
            step: Default::default(),
            moves: Default::default(),
            begins: Default::default(),
            last: Default::default(),
            load: Default::default(),
            scalar_enters: Default::default(),
            base_enters: Default::default(),
            window_sum: Default::default(),
            size: Default::default(),
            negative: Default::default(),
            shifted: Default::default(),
            bucket: Default::default(),
            place: Default::default(),
            some: Default::default(),
            negate: Default::default(),
            rest_some: Default::default(),
            valid_scalar: Default::default(),
            reduces: Default::default(),
            reduced: Default::default(),
            reduced_valid: Default::default(),
            redc_valid: Default::default(),
            raw: Default::default(),
            next_scalar: Default::default(),
            next_x: Default::default(),
            next_y: Default::default(),
            not_y: Default::default(),
            quarter: (0..4).map(|_| Default::default()).collect(),
            less: Default::default(),
            equal: Default::default(),
            found_last: Default::default(),
            idle: Constant::new(State::default()),
            modulus: Constant::new(bases.prime().into()),
            order: Constant::new(order.into()),
            order_quarter: (0..4).map(|j| Constant::new(part(&scalars.prime(), 64 * j, 64).into())).collect(),
            modulus_quarter: (0..4).map(|j| Constant::new(quarter(j).into())).collect(),
            carry_in: Constant::new(1u64.into()),
            mask: Constant::new(((BigUint::one() << config.window_bits) - 1u32).into()),
            zero: Constant::new(0u64.into()),
            no_word: Constant::new(0u64.into()),
            half: Constant::new(half.into()),
            whole: Constant::new((2 * half).into()),
            shift: Constant::new((config.window_bits as u64).into()),
            last_window: Constant::new((config.lane_windows() as u64 - 1).into()),
            most_ahead: Constant::new((SCALARS_AHEAD as u64).into()),
            zero4: Constant::new(0u64.into()),
            one4: Constant::new(1u64.into()),
            two4: Constant::new(2u64.into()),
            three4: Constant::new(3u64.into()),
            zero8: Constant::new(0u64.into()),
            one8: Constant::new(1u64.into()),
            zero24: Constant::new(0u64.into()),
            one24: Constant::new(1u64.into()),
            zero32: Constant::new(0u64.into()),
            one32: Constant::new(1u64.into()),
            one40: Constant::new(1u64.into()),
            paced: Constant::new(paced),
            _pipelined: reductions,
            _serial: paced as usize,
        }
    }
}

/// So many bits of a number.
fn part(x: &BigUint, from: usize, bits: usize) -> BigUint {
    (x >> from) & ((BigUint::one() << bits) - 1u32)
}
