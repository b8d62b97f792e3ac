//! The factor sequence `s*g^i`, one element a cycle.
//!
//! A block of K seeds `s*g^0 .. s*g^(K-1)` and the ratio `g^K` (`abi::layout::factor_block_words`)
//! is read into a ring of K words and a register. Each element that is used goes at once through
//! a multiplier and comes back, times g^K, to its place in the ring, where it is element i + K.
//! It is wanted there after K uses at the earliest, so K must be at least the multiplier's latency
//! plus two; then the sequence needs no stalls however its user stops and goes.

use crate::field::{FieldParams, MontMul256};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::mem::Ram;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Source of factors.
#[derive(LogicBlock)]
pub struct FactorSource {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: read a block. No element may be in use or on its way back.
    pub load: Signal<In, Bit>,
    pub factor_data: Signal<In, U<256>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    /// The last block asked for is complete.
    pub loaded: Signal<Out, Bit>,
    /// Use one element: it is on `factor` in the next cycle.
    pub advance: Signal<In, Bit>,
    pub factor: Signal<Out, U<256>>,
    ring: Ram<U<256>>,
    multiplier: MontMul256,
    returning: Delay<Bits<32>>,
    ratio: DFF<U<256>>,
    loading: DFF<Bit>,
    loaded_q: DFF<Bit>,
    position: DFF<Bits<24>>,
    return_place: Signal<Local, Bits<32>>,
    zero: Constant<Bits<24>>,
    one: Constant<Bits<24>>,
    mask: Constant<Bits<24>>,
    seeds: Constant<Bits<24>>,
    in_use: Constant<Bits<32>>,
}

impl FactorSource {
    /// For blocks of 2^log_seeds seeds.
    pub fn new(field: &FieldParams, log_seeds: u32, fidelity: Fidelity) -> Self {
        let multiplier = MontMul256::new(field, fidelity);
        let latency = multiplier.latency();
        let least = (latency + 2).next_power_of_two().trailing_zeros();
        assert!(
            (least..=15).contains(&log_seeds),
            "2^{log_seeds} seeds: the multiplier's latency asks for 2^{least} at least, the capability word for 2^15 at most",
        );
        FactorSource {
            clock: Default::default(),
            reset: Default::default(),
            load: Default::default(),
            factor_data: Default::default(),
            factor_valid: Default::default(),
            factor_ready: Default::default(),
            loaded: Default::default(),
            advance: Default::default(),
            factor: Default::default(),
            ring: Ram::new(1 << log_seeds),
            multiplier,
            returning: Delay::new(latency + 1),
            ratio: Default::default(),
            loading: Default::default(),
            loaded_q: Default::default(),
            position: Default::default(),
            return_place: Default::default(),
            zero: Constant::new(0u64.to_bits()),
            one: Constant::new(1u64.to_bits()),
            mask: Constant::new(((1u64 << log_seeds) - 1).to_bits()),
            seeds: Constant::new((1u64 << log_seeds).to_bits()),
            in_use: Constant::new((1u64 << 24).to_bits()),
        }
    }
}

impl Logic for FactorSource {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ratio, loading, loaded_q, position);
        clock!(self, clock, ring, multiplier, returning);
        self.factor_ready.next = self.loading.q.val();
        self.loaded.next = self.loaded_q.q.val();
        self.factor.next = self.ring.read_data.val();

        // An element in use goes round: its place travels beside the multiplier.
        self.ring.read_address.next = self.position.q.val();
        self.multiplier.a.next = self.ring.read_data.val();
        self.multiplier.b.next = self.ratio.q.val();
        self.returning.d.next = bit_cast::<32, 24>(self.position.q.val());
        if self.advance.val() {
            self.returning.d.next = bit_cast::<32, 24>(self.position.q.val()) | self.in_use.val();
            self.position.d.next = (self.position.q.val() + self.one.val()) & self.mask.val();
        }
        self.return_place.next = self.returning.q.val();
        self.ring.write_address.next = bit_cast::<24, 32>(self.return_place.val());
        self.ring.write_data.next = self.multiplier.r.val();
        self.ring.write_enable.next = self.return_place.val().get_bit(24);

        if self.loading.q.val() {
            self.ring.write_address.next = self.position.q.val();
            self.ring.write_data.next = self.factor_data.val();
            self.ring.write_enable.next = false;
            if self.factor_valid.val() {
                self.position.d.next = self.position.q.val() + self.one.val();
                if self.position.q.val() == self.seeds.val() {
                    self.ratio.d.next = self.factor_data.val();
                    self.position.d.next = self.zero.val();
                    self.loading.d.next = false;
                    self.loaded_q.d.next = true;
                } else {
                    self.ring.write_enable.next = true;
                }
            }
        }
        if self.load.val() {
            self.position.d.next = self.zero.val();
            self.loading.d.next = true;
            self.loaded_q.d.next = false;
        }
        if self.reset.val() {
            self.position.d.next = self.zero.val();
            self.loading.d.next = false;
            self.loaded_q.d.next = false;
        }
    }
}
