//! The engine for 64-bit elements behind streams of 256-bit words.

use super::{Gather, Spread};
use crate::ntt::{PipelinedNtt, GOLDILOCKS_VECTORS};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// [`PipelinedNtt`] in Goldilocks with the ports of that of 256-bit words: words of four elements, as
/// `abi::layout` says. `log_n` must be 2 to `log_max`. Elements may be any 64-bit number; factors must be reduced.
///
/// The engine takes and gives an element a cycle, so a word goes in or out in every fourth one.
#[derive(LogicBlock)]
pub struct PackedNtt {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub log_n: Signal<In, Bits<6>>,
    pub inverse: Signal<In, Bit>,
    pub factors_before: Signal<In, Bit>,
    pub factors_after: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub factor_data: Signal<In, U<256>>,
    pub factor_valid: Signal<In, Bit>,
    pub factor_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub done: Signal<Out, Bit>,
    pub ready: Signal<Out, Bit>,
    pub ev_butterfly: Signal<Out, Bit>,
    pub ev_busy: Signal<Out, Bit>,
    pub more: Signal<In, Bits<8>>,
    pub order: Signal<In, Bits<2>>,
    elements: Spread,
    factors: Spread,
    engine: PipelinedNtt<64>,
    results: Gather,
}

impl PackedNtt {
    /// For vectors of up to 2^log_max elements, log_max at least 2, and factor blocks of 2^log_seeds seeds, at least 2^4; 2^log_wings butterflies.
    pub fn new(log_max: u32, log_seeds: u32, log_wings: u32, fidelity: Fidelity) -> Self {
        assert!(log_max >= 2, "vectors of 2^{log_max} elements: four at least, which are a word");
        PackedNtt {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            factors_before: Default::default(),
            factors_after: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            factor_data: Default::default(),
            factor_valid: Default::default(),
            factor_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            done: Default::default(),
            ready: Default::default(),
            ev_butterfly: Default::default(),
            ev_busy: Default::default(),
            more: Default::default(),
            order: Default::default(),
            elements: Default::default(),
            factors: Default::default(),
            engine: PipelinedNtt::new(&GOLDILOCKS_VECTORS, log_max, log_seeds, log_wings, fidelity),
            results: Default::default(),
        }
    }

    /// The engine inside. Its [`timing`](PipelinedNtt::timing) is that of the whole.
    pub fn engine(&self) -> &PipelinedNtt<64> {
        &self.engine
    }
}

impl Logic for PackedNtt {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, elements, factors, engine, results);
        self.elements.reset.next = self.reset.val();
        self.engine.reset.next = self.reset.val();
        self.results.reset.next = self.reset.val();
        self.engine.start.next = self.start.val();
        self.engine.log_n.next = self.log_n.val();
        self.engine.inverse.next = self.inverse.val();
        self.engine.factors_before.next = self.factors_before.val();
        self.engine.factors_after.next = self.factors_after.val();
        self.engine.more.next = self.more.val();
        self.engine.order.next = self.order.val();
        self.done.next = self.engine.done.val();
        self.ready.next = self.engine.ready.val();
        self.ev_butterfly.next = self.engine.ev_butterfly.val();
        self.ev_busy.next = self.engine.ev_busy.val();

        self.elements.in_data.next = self.in_data.val();
        self.elements.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.elements.in_ready.val();
        self.engine.in_data.next = self.elements.out_data.val();
        self.engine.in_valid.next = self.elements.out_valid.val();
        self.elements.out_ready.next = self.engine.in_ready.val();

        // The engine takes a block without a pause; what is left of its last word is dropped when it has the ratio.
        self.factors.reset.next = !self.engine.factor_ready.val();
        self.factors.in_data.next = self.factor_data.val();
        self.factors.in_valid.next = self.factor_valid.val();
        self.factor_ready.next = self.factors.in_ready.val();
        self.engine.factor_data.next = self.factors.out_data.val();
        self.engine.factor_valid.next = self.factors.out_valid.val();
        self.factors.out_ready.next = self.engine.factor_ready.val();

        self.results.in_data.next = self.engine.out_data.val();
        self.results.in_valid.next = self.engine.out_valid.val();
        self.engine.out_ready.next = self.results.in_ready.val();
        self.out_data.next = self.results.out_data.val();
        self.out_valid.next = self.results.out_valid.val();
        self.results.out_ready.next = self.out_ready.val();
    }
}

gristmill_hdl_kit::ports!(PackedNtt {
    in: reset, start, log_n, inverse, factors_before, factors_after, in_data, in_valid, factor_data, factor_valid, out_ready,
        more, order;
    out: in_ready, factor_ready, out_data, out_valid, done, ready, ev_butterfly, ev_busy
});
