//! The factor sequence `s*g^i`.
//!
//! A block of K seeds `s*g^0 .. s*g^(K-1)` and the ratio `g^K` (`abi::layout::factor_block_words`)
//! is read into a ring of K words and a register. Each element that is used is multiplied by g^K
//! and comes back to its place in the ring, where it is element i + K. It is wanted there after K
//! uses at the earliest, so K is chosen such that the sequence needs no stalls however its user
//! stops and goes.
//!
//! The engine's unit makes the successors, in a slot before each element's use, and four seeds are enough.

use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Least log_seeds: elements are used every 34 cycles at most and are back
/// within two such times.
const LEAST_LOG_SEEDS: u32 = 2;

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
    /// The element at `advance` in the cycle before; without one, the element to be used next.
    pub factor: Signal<Out, U<256>>,
    /// g^K.
    pub ratio: Signal<Out, U<256>>,
    /// An element times the ratio comes back. They come in the order of their use.
    pub back: Signal<In, Bit>,
    pub back_data: Signal<In, U<256>>,
    ring: Ram<U<256>>,
    ratio_q: DFF<U<256>>,
    loading: DFF<Bit>,
    loaded_q: DFF<Bit>,
    position: DFF<Bits<24>>,
    return_position: DFF<Bits<24>>,
    returned: Signal<Local, Bit>,
    product: Signal<Local, U<256>>,
    zero: Constant<Bits<24>>,
    one: Constant<Bits<24>>,
    mask: Constant<Bits<24>>,
    seeds: Constant<Bits<24>>,
}

impl FactorSource {
    /// For blocks of 2^log_seeds seeds.
    ///
    /// # Panics
    /// If they are fewer than four or more than 2^15.
    pub fn new(log_seeds: u32) -> Self {
        assert!(
            (LEAST_LOG_SEEDS..=15).contains(&log_seeds),
            "2^{log_seeds} seeds: the unit's latency asks for 2^{LEAST_LOG_SEEDS} at least, the capability word for 2^15 at most",
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
            ratio: Default::default(),
            back: Default::default(),
            back_data: Default::default(),
            // Small parts run out of block memories first.
            ring: Ram::with_style(1 << log_seeds, RamStyle::Distributed),
            ratio_q: Default::default(),
            loading: Default::default(),
            loaded_q: Default::default(),
            position: Default::default(),
            return_position: Default::default(),
            returned: Default::default(),
            product: Default::default(),
            zero: Constant::new(0u64.to_bits()),
            one: Constant::new(1u64.to_bits()),
            mask: Constant::new(((1u64 << log_seeds) - 1).to_bits()),
            seeds: Constant::new((1u64 << log_seeds).to_bits()),
        }
    }
}

impl Logic for FactorSource {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ratio_q, loading, loaded_q, position, return_position);
        clock!(self, clock, ring);
        self.factor_ready.next = self.loading.q.val();
        self.loaded.next = self.loaded_q.q.val();
        self.factor.next = self.ring.read_data.val();
        self.ratio.next = self.ratio_q.q.val();

        // An element in use goes round.
        self.ring.read_address.next = self.position.q.val();
        if self.advance.val() {
            self.position.d.next = (self.position.q.val() + self.one.val()) & self.mask.val();
        }
        self.returned.next = self.back.val();
        self.product.next = self.back_data.val();
        self.ring.write_address.next = self.return_position.q.val();
        self.ring.write_data.next = self.product.val();
        self.ring.write_enable.next = self.returned.val();
        if self.returned.val() {
            self.return_position.d.next = (self.return_position.q.val() + self.one.val()) & self.mask.val();
        }

        if self.loading.q.val() {
            self.ring.write_address.next = self.position.q.val();
            self.ring.write_data.next = self.factor_data.val();
            self.ring.write_enable.next = false;
            if self.factor_valid.val() {
                self.position.d.next = self.position.q.val() + self.one.val();
                if self.position.q.val() == self.seeds.val() {
                    self.ratio_q.d.next = self.factor_data.val();
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
            self.return_position.d.next = self.zero.val();
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
