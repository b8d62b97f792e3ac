//! Factors: the sequences `s*g^i` before and after, one of each for every vector, from short blocks.
//!
//! A block is K seeds `s*g^0 .. s*g^(K-1)` and the ratio g^K. An element is used and at once sent through the one multiplier,
//! to come back as element i + K in its place of the ring: in time, if K is more than the multiplier's latency. The blocks
//! before and after have a ring each, so the next load's is read while a store uses its own; only one is in use at a
//! time, so the multiplier is one. With *columns* element i belongs to column i mod 16, and a block has 16 ratios.

use crate::field::{FieldMul, FieldParams};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

/// Source of factors of W bits.
#[derive(LogicBlock)]
pub struct FactorBlocks<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: a command of `more + 1` vectors begins, each with the blocks that the two flags say.
    pub start: Signal<In, Bit>,
    pub more: Signal<In, Bits<8>>,
    pub with_before: Signal<In, Bit>,
    pub with_after: Signal<In, Bit>,
    /// Blocks have 16 ratios. Stands during the command, from the cycle behind `start`.
    pub columns: Signal<In, Bit>,
    pub factor_data: Signal<In, U<W>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    /// The block of the next vector is here.
    pub before_there: Signal<Out, Bit>,
    pub after_there: Signal<Out, Bit>,
    /// Pulse: it will be used.
    pub take_before: Signal<In, Bit>,
    pub take_after: Signal<In, Bit>,
    /// Use one element of the block before, or `behind`: it is on `factor` in the next cycle.
    pub advance: Signal<In, Bit>,
    pub behind: Signal<In, Bit>,
    /// With `advance`: the last one of this block.
    pub last: Signal<In, Bit>,
    pub factor: Signal<Out, U<W>>,
    ring_0: Ram<U<W>>,
    ring_1: Ram<U<W>>,
    ratios_0: Ram<U<W>>,
    ratios_1: Ram<U<W>>,
    ratio_0: DFF<U<W>>,
    ratio_1: DFF<U<W>>,
    multiplier: FieldMul<W>,
    returning: Delay<U<32>>,
    freeing: Delay<Bits<2>>,
    behind_q: DFF<Bit>,
    loading: DFF<Bit>,
    /// Blocks are still to be read; of which kind the next one is; vectors behind it; in which ring there is one.
    active: DFF<Bit>,
    kind: DFF<Bit>,
    left: DFF<Bits<8>>,
    full_0: DFF<Bit>,
    full_1: DFF<Bit>,
    /// It has not been taken.
    there_0: DFF<Bit>,
    there_1: DFF<Bit>,
    before_q: DFF<Bit>,
    after_q: DFF<Bit>,
    /// Where the next seed goes, and where the next factor comes from.
    position: DFF<Bits<24>>,
    used: DFF<Bits<24>>,
    returned: Signal<Local, U<32>>,
    return_place: Signal<Local, Bits<24>>,
    freed: Signal<Local, Bits<2>>,
    complete: Signal<Local, Bit>,
    zero: Constant<Bits<24>>,
    one: Constant<Bits<24>>,
    mask: Constant<Bits<24>>,
    seeds: Constant<Bits<24>>,
    last_ratio: Constant<Bits<24>>,
    valid_bit: Constant<U<32>>,
    behind_bit: Constant<U<32>>,
    no_bits: Constant<U<32>>,
    free_none: Constant<Bits<2>>,
    free_before: Constant<Bits<2>>,
    free_after: Constant<Bits<2>>,
    none: Constant<Bits<8>>,
    single: Constant<Bits<8>>,
}

/// Bit of a returning place that says that there is one, and the one that says in which ring.
const VALID: u32 = 24;
const BEHIND: u32 = 25;

impl<const W: usize> FactorBlocks<W> {
    /// For blocks of 2^log_seeds seeds.
    ///
    /// # Panics
    /// If they are fewer than the multiplier's latency asks for, or more than 2^15.
    pub fn new(field: &FieldParams, log_seeds: u32, fidelity: Fidelity) -> Self {
        let multiplier = FieldMul::new(field, fidelity);
        let least = (multiplier.latency() + 2).next_power_of_two().trailing_zeros();
        assert!(
            (least..=15).contains(&log_seeds),
            "2^{log_seeds} seeds: the multiplier's latency asks for 2^{least} at least, the capability word for 2^15 at most",
        );
        let ring = || Ram::with_style(1 << log_seeds, RamStyle::Auto);
        let ratios = || Ram::with_style(16, RamStyle::Distributed);
        FactorBlocks {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            more: Default::default(),
            with_before: Default::default(),
            with_after: Default::default(),
            columns: Default::default(),
            factor_data: Default::default(),
            factor_valid: Default::default(),
            factor_ready: Default::default(),
            before_there: Default::default(),
            after_there: Default::default(),
            take_before: Default::default(),
            take_after: Default::default(),
            advance: Default::default(),
            behind: Default::default(),
            last: Default::default(),
            factor: Default::default(),
            ring_0: ring(),
            ring_1: ring(),
            ratios_0: ratios(),
            ratios_1: ratios(),
            ratio_0: Default::default(),
            ratio_1: Default::default(),
            returning: Delay::new(multiplier.latency() + 1),
            freeing: Delay::new(multiplier.latency() + 2),
            multiplier,
            behind_q: Default::default(),
            loading: Default::default(),
            active: Default::default(),
            kind: Default::default(),
            left: Default::default(),
            full_0: Default::default(),
            full_1: Default::default(),
            there_0: Default::default(),
            there_1: Default::default(),
            before_q: Default::default(),
            after_q: Default::default(),
            position: Default::default(),
            used: Default::default(),
            returned: Default::default(),
            return_place: Default::default(),
            freed: Default::default(),
            complete: Default::default(),
            zero: Constant::new(0u64.to_bits()),
            one: Constant::new(1u64.to_bits()),
            mask: Constant::new(((1u64 << log_seeds) - 1).to_bits()),
            seeds: Constant::new((1u64 << log_seeds).to_bits()),
            last_ratio: Constant::new(((1u64 << log_seeds) + 15).to_bits()),
            valid_bit: Constant::new((1u64 << VALID).into()),
            behind_bit: Constant::new((1u64 << BEHIND).into()),
            no_bits: Constant::new(0u64.into()),
            free_none: Constant::new(0u64.to_bits()),
            free_before: Constant::new(1u64.to_bits()),
            free_after: Constant::new(2u64.to_bits()),
            none: Constant::new(0u64.to_bits()),
            single: Constant::new(1u64.to_bits()),
        }
    }
}

impl<const W: usize> Logic for FactorBlocks<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ratio_0, ratio_1, behind_q, loading, active, kind, left, full_0, full_1);
        dff_setup!(self, clock, there_0, there_1, before_q, after_q, position, used);
        clock!(self, clock, ring_0, ring_1, ratios_0, ratios_1, multiplier, returning, freeing);
        self.factor_ready.next = self.loading.q.val();
        self.before_there.next = self.there_0.q.val();
        self.after_there.next = self.there_1.q.val();
        if self.take_before.val() {
            self.there_0.d.next = false;
        }
        if self.take_after.val() {
            self.there_1.d.next = false;
        }

        // An element in use goes round.
        self.ring_0.read_address.next = self.used.q.val();
        self.ring_1.read_address.next = self.used.q.val();
        self.ratios_0.read_address.next = self.used.q.val();
        self.ratios_1.read_address.next = self.used.q.val();
        self.behind_q.d.next = self.behind.val();
        self.returning.d.next = self.no_bits.val();
        self.freeing.d.next = self.free_none.val();
        if self.advance.val() {
            self.used.d.next = (self.used.q.val() + self.one.val()) & self.mask.val();
            self.returning.d.next = bit_cast_bu::<32, 24>(self.used.q.val()) | self.valid_bit.val();
            if self.behind.val() {
                self.returning.d.next =
                    (bit_cast_bu::<32, 24>(self.used.q.val()) | self.valid_bit.val()) | self.behind_bit.val();
            }
            if self.last.val() {
                self.used.d.next = self.zero.val();
                self.freeing.d.next = self.free_before.val();
                if self.behind.val() {
                    self.freeing.d.next = self.free_after.val();
                }
            }
        }
        self.factor.next = self.ring_0.read_data.val();
        self.multiplier.a.next = self.ring_0.read_data.val();
        self.multiplier.b.next = self.ratio_0.q.val();
        if self.columns.val() {
            self.multiplier.b.next = self.ratios_0.read_data.val();
        }
        if self.behind_q.q.val() {
            self.factor.next = self.ring_1.read_data.val();
            self.multiplier.a.next = self.ring_1.read_data.val();
            self.multiplier.b.next = self.ratio_1.q.val();
            if self.columns.val() {
                self.multiplier.b.next = self.ratios_1.read_data.val();
            }
        }
        self.returned.next = self.returning.q.val();
        self.return_place.next = bit_cast_ub::<24, 24>(self.returned.val().get_bits::<24>(0));
        self.ring_0.write_address.next = self.return_place.val();
        self.ring_0.write_data.next = self.multiplier.r.val();
        self.ring_0.write_enable.next = self.returned.val().get_bit(24) && !self.returned.val().get_bit(25);
        self.ring_1.write_address.next = self.return_place.val();
        self.ring_1.write_data.next = self.multiplier.r.val();
        self.ring_1.write_enable.next = self.returned.val().get_bit(24) && self.returned.val().get_bit(25);

        // Blocks, one after the other, as soon as the ring of their kind is free.
        self.freed.next = self.freeing.q.val();
        if self.freed.val().get_bit(0) {
            self.full_0.d.next = false;
        }
        if self.freed.val().get_bit(1) {
            self.full_1.d.next = false;
        }
        self.ratios_0.write_address.next = self.position.q.val();
        self.ratios_0.write_data.next = self.factor_data.val();
        self.ratios_0.write_enable.next = false;
        self.ratios_1.write_address.next = self.position.q.val();
        self.ratios_1.write_data.next = self.factor_data.val();
        self.ratios_1.write_enable.next = false;
        self.complete.next = false;
        if self.loading.q.val() {
            if self.kind.q.val() {
                self.ring_1.write_address.next = self.position.q.val();
                self.ring_1.write_data.next = self.factor_data.val();
                self.ring_1.write_enable.next = false;
            } else {
                self.ring_0.write_address.next = self.position.q.val();
                self.ring_0.write_data.next = self.factor_data.val();
                self.ring_0.write_enable.next = false;
            }
            if self.factor_valid.val() {
                self.position.d.next = self.position.q.val() + self.one.val();
                if (self.position.q.val() & self.seeds.val()).any() {
                    if self.kind.q.val() {
                        self.ratio_1.d.next = self.factor_data.val();
                        self.ratios_1.write_enable.next = true;
                    } else {
                        self.ratio_0.d.next = self.factor_data.val();
                        self.ratios_0.write_enable.next = true;
                    }
                    self.complete.next = (!self.columns.val()) || (self.position.q.val() == self.last_ratio.val());
                } else {
                    if self.kind.q.val() {
                        self.ring_1.write_enable.next = true;
                    } else {
                        self.ring_0.write_enable.next = true;
                    }
                }
            }
        } else {
            self.position.d.next = self.zero.val();
            if self.active.q.val() {
                self.loading.d.next = !self.full_0.q.val();
                if self.kind.q.val() {
                    self.loading.d.next = !self.full_1.q.val();
                }
            }
        }
        if self.complete.val() {
            self.loading.d.next = false;
            if self.kind.q.val() {
                self.full_1.d.next = true;
                self.there_1.d.next = true;
            } else {
                self.full_0.d.next = true;
                self.there_0.d.next = true;
            }
            if (!self.kind.q.val()) && self.after_q.q.val() {
                self.kind.d.next = true;
            } else {
                self.kind.d.next = !self.before_q.q.val();
                self.left.d.next = self.left.q.val() - self.single.val();
                if self.left.q.val() == self.none.val() {
                    self.active.d.next = false;
                }
            }
        }
        if self.start.val() {
            self.active.d.next = self.with_before.val() || self.with_after.val();
            self.kind.d.next = !self.with_before.val();
            self.before_q.d.next = self.with_before.val();
            self.after_q.d.next = self.with_after.val();
            self.left.d.next = self.more.val();
            self.used.d.next = self.zero.val();
        }
        if self.reset.val() {
            self.active.d.next = false;
            self.loading.d.next = false;
            self.full_0.d.next = false;
            self.full_1.d.next = false;
            self.there_0.d.next = false;
            self.there_1.d.next = false;
        }
    }
}
