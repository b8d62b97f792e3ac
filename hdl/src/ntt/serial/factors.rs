//! The factor sequence `s*g^i`.
//!
//! A block of K seeds `s*g^0 .. s*g^(K-1)` and the ratio `g^K` (`abi::layout::factor_block_words`)
//! is read into a ring of K words and a register. Each element that is used is multiplied by g^K
//! and comes back to its place in the ring, where it is element i + K. It is wanted there after K
//! uses at the earliest, so K is chosen such that the sequence needs no stalls however its user
//! stops and goes.
//!
//! In an engine with columns a block may have 16 ratios in place of the one: element i is then of column i mod 16, and comes back times the ratio of
//! its column. So column k is a sequence of its own, with a start of its own: K/16 seeds, every sixteenth.
//!
//! In a pipelined engine that is the work of a multiplier of the sequence's own, one element a cycle:
//! K must be at least its latency plus two. In a serial one the engine's unit does it in a slot
//! before each element's use, and four seeds are enough.

use crate::field::{Arithmetic, FieldMul, FieldParams};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::mem::{Ram, RamStyle};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Least log_seeds of a serial engine: elements are used every 34 cycles at most and are back
/// within two such times.
const SERIAL_LOG_SEEDS: u32 = 2;

/// Source of factors of W bits.
#[derive(LogicBlock)]
pub struct FactorSource<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    /// Pulse: read a block. No element may be in use or on its way back.
    pub load: Signal<In, Bit>,
    pub factor_data: Signal<In, U<W>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    /// The last block asked for is complete.
    pub loaded: Signal<Out, Bit>,
    /// Use one element: it is on `factor` in the next cycle.
    pub advance: Signal<In, Bit>,
    /// The element at `advance` in the cycle before; without one, the element to be used next.
    pub factor: Signal<Out, U<W>>,
    /// g^K.
    pub ratio: Signal<Out, U<W>>,
    /// Serial: an element times the ratio comes back. They come in the order of their use.
    pub back: Signal<In, Bit>,
    pub back_data: Signal<In, U<W>>,
    /// Of an engine with columns, else none: blocks have 16 ratios. Stands while a block is read and used.
    pub columns: Vec<Signal<In, Bit>>,
    ratios: Vec<Ram<U<W>>>,
    last_ratio: Vec<Constant<Bits<24>>>,
    column: Vec<Constant<Bits<24>>>,
    ring: Ram<U<W>>,
    // Pipelined: one each; serial: none.
    multiplier: Vec<FieldMul<W>>,
    returning: Vec<Delay<Bit>>,
    ratio_q: DFF<U<W>>,
    loading: DFF<Bit>,
    loaded_q: DFF<Bit>,
    position: DFF<Bits<24>>,
    return_position: DFF<Bits<24>>,
    returned: Signal<Local, Bit>,
    product: Signal<Local, U<W>>,
    zero: Constant<Bits<24>>,
    one: Constant<Bits<24>>,
    mask: Constant<Bits<24>>,
    seeds: Constant<Bits<24>>,
    _own: usize,
    _columns: usize,
}

impl<const W: usize> FactorSource<W> {
    /// For blocks of 2^log_seeds seeds.
    pub fn new(field: &FieldParams, log_seeds: u32, arithmetic: Arithmetic, columns: bool, fidelity: Fidelity) -> Self {
        let columns = usize::from(columns);
        let multiplier = match arithmetic {
            Arithmetic::Pipelined => vec![FieldMul::new(field, fidelity)],
            Arithmetic::Serial => vec![],
        };
        let least = multiplier
            .first()
            .map_or(SERIAL_LOG_SEEDS, |own: &FieldMul<W>| (own.latency() + 2).next_power_of_two().trailing_zeros());
        assert!(
            (least..=15).contains(&log_seeds),
            "2^{log_seeds} seeds: the multiplier's latency asks for 2^{least} at least, the capability word for 2^15 at most",
        );
        // Small parts run out of block memories first.
        let style = match arithmetic {
            Arithmetic::Pipelined => RamStyle::Auto,
            Arithmetic::Serial => RamStyle::Distributed,
        };
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
            columns: (0..columns).map(|_| Default::default()).collect(),
            ratios: (0..columns).map(|_| Ram::with_style(16, RamStyle::Distributed)).collect(),
            last_ratio: vec![Constant::new(((1u64 << log_seeds) + 15).to_bits()); columns],
            column: vec![Constant::new(15u64.to_bits()); columns],
            _columns: columns,
            ring: Ram::with_style(1 << log_seeds, style),
            returning: multiplier.iter().map(|m| Delay::new(m.latency() + 1)).collect(),
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
            _own: multiplier.len(),
            multiplier,
        }
    }
}

impl<const W: usize> Logic for FactorSource<W> {
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
        for i in 0..self._own {
            self.multiplier[i].clock.next = self.clock.val();
            self.returning[i].clock.next = self.clock.val();
            self.multiplier[i].a.next = self.ring.read_data.val();
            self.multiplier[i].b.next = self.ratio_q.q.val();
            for j in 0..self._columns {
                if self.columns[j].val() {
                    self.multiplier[i].b.next = self.ratios[j].read_data.val();
                }
            }
            self.returning[i].d.next = self.advance.val();
            self.returned.next = self.returning[i].q.val();
            self.product.next = self.multiplier[i].r.val();
        }
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
        for i in 0..self._columns {
            self.ratios[i].clock.next = self.clock.val();
            self.ratios[i].read_address.next = self.position.q.val() & self.column[i].val();
            self.ratios[i].write_address.next = self.position.q.val() & self.column[i].val();
            self.ratios[i].write_data.next = self.factor_data.val();
            self.ratios[i].write_enable.next = false;
            if self.loading.q.val() && self.columns[i].val() && (self.position.q.val() & self.seeds.val()).any() {
                self.ring.write_enable.next = false;
                if self.factor_valid.val() {
                    self.ratios[i].write_enable.next = true;
                    self.position.d.next = self.position.q.val() + self.one.val();
                    self.loading.d.next = true;
                    self.loaded_q.d.next = false;
                    if self.position.q.val() == self.last_ratio[i].val() {
                        self.position.d.next = self.zero.val();
                        self.loading.d.next = false;
                        self.loaded_q.d.next = true;
                    }
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
